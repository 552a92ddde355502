#!/usr/bin/env python3
"""Measures `sparktail run` over a simulated YARN: 500 applications whose logs grow by 10 KB a second each, and beside it a
monitor in Python that asks for one log after the other, on the same cluster.

    yarn.py [--sparktail PATH] [--applications N] [--bytes-per-second N] [--seconds S] [--rounds N] [--no-python] [--csv DIRECTORY]

The cluster is one process of its own (this program with --serve), that answers as a ResourceManager and as one NodeManager. CPU is user and system time of the
process (/proc/PID/stat) over the measured seconds, after a warm-up; memory is its greatest resident set (VmHWM). Exit 1 if sparktail
is behind at the end of a round, or missed a limit in all of them.
"""
import argparse
import asyncio
import csv
import html
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
WARM_UP = 15
LIMIT_CPU = 25.0  # % of a core
LIMIT_MEMORY = 128  # MiB
FIELDS = ("time", "round", "name", "applications", "megabytesPerSecond", "seconds", "cpuPercent", "memoryMiB", "megabytesRead", "commit")
CLUSTER = 1795275091581
NOISE = b"26/11/21 15:34:03 INFO TaskSetManager: Finished task 3.0 in stage 12.0 (TID 77) in 12 ms on worker1 (executor 1) (4/8)\n"


def progress(number):
    return (
        b'26/11/21 15:34:03 INFO MicroBatchExecution: Streaming query made progress: {\n  "id" : "11111111-2222-3333-4444-555555555555",\n'
        b'  "runId" : "66666666-7777-8888-9999-000000000000",\n  "name" : "rates",\n  "timestamp" : "2026-11-21T15:00:00.000Z",\n'
        b'  "batchId" : %d,\n  "numInputRows" : 3,\n  "durationMs" : {\n    "triggerExecution" : 12\n  },\n  "stateOperators" : [ ],\n'
        b'  "sources" : [ {\n    "description" : "RateSource[1]"\n  } ],\n  "sink" : {\n    "description" : "console"\n  }\n}\n' % number
    )


def make_chunk(size):
    """The lines that one application writes in a second: a progress event, and noise."""
    text = progress(7)
    return text + NOISE * max(1, (size - len(text)) // len(NOISE))


class Cluster:
    """Logs are not kept: each is the same second of text again and again, as long as the clock says."""

    def __init__(self, applications, bytes_per_second):
        self.count = applications
        self.chunk = make_chunk(bytes_per_second)
        self.began = time.monotonic()
        self.bodies = 0

    def length(self, number):
        # All of them at moments of their own.
        seconds = time.monotonic() - self.began + number / self.count
        return int(seconds) * len(self.chunk)

    def window(self, begin, end):
        size = len(self.chunk)
        first = begin // size * size
        return (self.chunk * ((end - first) // size + 1))[begin - first : begin - first + end - begin]

    def app(self, number):
        return {
            "id": f"application_{CLUSTER}_{number:04d}", "name": f"app-{number}", "user": "root", "queue": "default",
            "state": "RUNNING", "finalStatus": "UNDEFINED", "masterNodeId": "worker:8041",
            "amContainerLogs": f"http://{self.address}/node/containerlogs/container_{CLUSTER}_{number:04d}_01_000001/root",
        }

    def answer(self, path):
        url = urllib.parse.urlsplit(path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/ws/v1/cluster/info":
            return "application/json", b'{"clusterInfo":{"haState":"ACTIVE","startedOn":1}}'
        if url.path == "/ws/v1/cluster/apps":
            apps = [self.app(number) for number in range(self.count)] if "RUNNING" in query["states"][0].upper() else []
            return "application/json", json.dumps({"apps": {"app": apps}}).encode()
        if url.path.endswith("/environment"):
            return "application/json", b'{"sparkProperties":[["spark.submit.deployMode","cluster"]]}'
        match = re.fullmatch(r"/ws/v1/node/containerlogs/container_\d+_(\d+)_01_000001/(\w+)", url.path)
        if match:
            length = self.length(int(match[1])) if match[2] == "stderr" else 0
            size = min(-int(query["size"][0]), length)
            head = (
                f"Container: c on worker:8041\nLogAggregationType: LOCAL\n====================\nLogType:{match[2]}\n"
                f"LogLastModifiedTime:now\nLogLength:{length}\nLogContents:\n"
            )
            tail = f"End of LogType:{match[2]}.This log file belongs to a running container (c) and so may not be complete.\n*******\n\n"
            return "text/plain;charset=utf-8", head.encode() + self.window(length - size, length) + tail.encode()
        match = re.match(r"/node/containerlogs/container_\d+_(\d+)_01_000001/root/(\w+)/", url.path)
        if match:
            start = int(query["start"][0])
            length = self.length(int(match[1])) if match[2] == "stderr" else 0
            end = min(length, int(query.get("end", [str(length)])[0]))
            text = html.escape(self.window(start, max(start, end)).decode(), quote=True)
            page = f'<html><link href="/static/yarn.css"><td class="content"><pre>{text}</pre></td></html>\n'
            return "text/html;charset=utf-8", page.encode()
        return "text/plain", None

    async def serve(self, reader, writer):
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                path = request.split(b" ", 2)[1].decode()
                kind, body = self.answer(path)
                status = "200 OK" if body is not None else "404 Not Found"
                body = b"no streaming listener attached" if body is None else body
                writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=512)
        self.address = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        print(self.address, flush=True)
        await server.serve_forever()


def one_after_the_other(address, interval):
    """As a monitor in Python does it: asks for each log from where it was left, as a page, and takes the events out."""
    import requests  # only this one needs it

    offsets = {}
    session = requests.Session()
    decoder = json.JSONDecoder()
    while True:
        began = time.monotonic()
        apps = session.get(f"http://{address}/ws/v1/cluster/apps?states=RUNNING&applicationTypes=spark").json()["apps"]["app"]
        for app in apps:
            start = offsets.get(app["id"], 0)
            page = session.get(f"{app['amContainerLogs']}/stderr/?start={start}").text
            text = html.unescape(page[page.index("<pre>") + 5 : page.index("</pre>")])
            offsets[app["id"]] = start + len(text.encode())
            for found in re.finditer("Streaming query made progress: ", text):
                try:
                    decoder.raw_decode(text, found.end())
                except ValueError:
                    pass
        print(json.dumps({"cycle": time.monotonic() - began, "bytes": sum(offsets.values())}), flush=True)
        time.sleep(max(0, interval - (time.monotonic() - began)))


def cpu(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid):
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def measure(pid, seconds):
    """% of a core, and MiB."""
    time.sleep(WARM_UP)
    before, began = cpu(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu(pid) - before) / (time.monotonic() - began) * 100, memory(pid)


def metric(port, name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def measure_sparktail(arguments, address, folder):
    port = free_port()
    configuration = {
        "state_dir": str(folder / "state"), "http": f"127.0.0.1:{port}",
        "sources": [{"kind": "yarn", "resource_managers": [f"http://{address}"], "poll_interval": "30s", "read_interval": "5s",
                     "requests_per_host": 16}],
        "sinks": [{"kind": "file", "path": str(folder / "events.ndjson")}],
    }
    (folder / "sparktail.yaml").write_text(json.dumps(configuration))
    with open(folder / "stderr.txt", "wb") as error:
        process = subprocess.Popen([arguments.sparktail, "run", "-c", folder / "sparktail.yaml"], stderr=error, stdin=subprocess.DEVNULL)
    try:
        used, resident = measure(process.pid, arguments.seconds)
        read = metric(port, "sparktail_component_received_bytes_total")
        return used, resident, read
    finally:
        process.terminate()
        process.wait()


def measure_python(arguments, address):
    process = subprocess.Popen([sys.executable, __file__, "--monitor", address], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        used, resident = measure(process.pid, arguments.seconds)
        return used, resident
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def one_round(arguments):
    """Rows of (name, % of a core, MiB, MB read), and whether sparktail was behind."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", "--applications", str(arguments.applications), "--bytes-per-second", str(arguments.bytes_per_second)],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    try:
        address = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory(prefix="sparktail-bench-") as scratch:
            began = time.monotonic()
            used, resident, read = measure_sparktail(arguments, address, Path(scratch))
            written = (time.monotonic() - began) * rate_of(arguments)
        print(f"sparktail   {used:6.1f} % of a core  {resident:6.1f} MiB  {read / 1e6:8.1f} MB read of some {written / 1e6:.1f}", flush=True)
        rows = [("sparktail", used, resident, read / 1e6)]
        if not arguments.no_python:
            used, resident = measure_python(arguments, address)
            print(f"one by one  {used:6.1f} % of a core  {resident:6.1f} MiB  (Python, requests)", flush=True)
            rows.append(("one by one", used, resident, ""))
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    # Logs are asked for each 5 s, and a log of the server is some seconds older than sparktail.
    return rows, read < written - rate_of(arguments) * 12


def rate_of(arguments):
    """Bytes a second, of all applications."""
    return arguments.applications * len(make_chunk(arguments.bytes_per_second))


def write_csv(directory, arguments, rounds):
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "yarn.csv"
    is_new = not path.exists()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    with open(path, "a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(FIELDS)
        for number, (stamp, rows) in enumerate(rounds, 1):
            for name, used, resident, read in rows:
                read = round(read, 1) if read else read
                writer.writerow((stamp, number, name, arguments.applications, rate_of(arguments) / 1e6, arguments.seconds,
                                 round(used, 2), round(resident, 1), read, commit))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sparktail", type=Path, default=ROOT / "build/release/sparktail")
    parser.add_argument("--applications", type=int, default=500)
    parser.add_argument("--bytes-per-second", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--csv", type=Path, help="folder to whose yarn.csv the raw runs are added")
    parser.add_argument("--no-python", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--monitor", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return asyncio.run(Cluster(arguments.applications, arguments.bytes_per_second).run())
    if arguments.monitor:
        return one_after_the_other(arguments.monitor, 5)
    print(f"{arguments.applications} applications, {rate_of(arguments) / 1e6:.1f} MB/s together, {arguments.seconds:.0f} s a round")
    rounds, behind = [], False
    for _ in range(arguments.rounds):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S")
        rows, was_behind = one_round(arguments)
        rounds.append((stamp, rows))
        behind = behind or was_behind
    if arguments.csv:
        write_csv(arguments.csv, arguments, rounds)
    used = min(rows[0][1] for _, rows in rounds)
    resident = min(rows[0][2] for _, rows in rounds)
    missed = [what for what, wrong in (("behind", behind), ("CPU", used >= LIMIT_CPU), ("memory", resident >= LIMIT_MEMORY)) if wrong]
    if missed:
        print("missed:", ", ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
