"""Ports of servers that tests start."""

import random
import socket
from pathlib import Path


def quiet_port(taken=()):
    """A free port which the kernel gives to no client: one of its own would be taken while the server is away, and a
    client that keeps knocking on such a port may even be connected with itself."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(10000, lowest)
        if port in taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
