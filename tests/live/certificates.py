"""Certificates for tests, made with openssl: two authorities, a server, a client, and one that has expired."""
import subprocess
from pathlib import Path

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, stdin=subprocess.DEVNULL)


class Certificates:
    """PEM files in a folder: NAME.pem, NAME.key, and both in NAME.both.pem, as Kafka's key stores are."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        for name in ("ca", "foreign-ca"):
            _openssl("req", "-x509", *NEW_KEY, "-days", 2, "-subj", f"/CN={name}", "-keyout", self.key(name), "-out", self.pem(name))
        (self.folder / "extensions").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._sign("server", 2)
        self._sign("client", 2)
        self._sign("expired", -1)

    def pem(self, name):
        return self.folder / f"{name}.pem"

    def key(self, name):
        return self.folder / f"{name}.key"

    def both(self, name):
        return self.folder / f"{name}.both.pem"

    def _sign(self, name, days):
        request = self.folder / f"{name}.csr"
        _openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", self.key(name), "-out", request)
        authority = ["-CA", self.pem("ca"), "-CAkey", self.key("ca"), "-CAcreateserial"]
        extensions = ["-extfile", self.folder / "extensions"]
        _openssl("x509", "-req", "-in", request, *authority, "-days", days, *extensions, "-out", self.pem(name))
        self.both(name).write_text(self.key(name).read_text() + self.pem(name).read_text())
