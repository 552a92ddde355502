"""A realm LAB.TEST with a KDC of its own (krb5kdc, of Debian's krb5-kdc), as tests/support/kerberos_realm.h has it for C++."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from ports import quiet_port
from run_support import in_the_child

# Not in everybody's PATH.
SBIN = Path("/usr/sbin")
START = 60


class KerberosRealm:
    """The service is HTTP/localhost, the user alice. `environment` is for all who take part."""

    def __init__(self, life="1h"):
        self.folder = Path(tempfile.mkdtemp(prefix="sparktail-realm-"))
        self.port = quiet_port()
        self.kdc = None
        self.config = self.folder / "krb5.conf"
        self.environment = {"KRB5_CONFIG": str(self.config), "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf")}
        self._configure(life)
        self._run("kdb5_util", "create", "-r", "LAB.TEST", "-s", "-P", "master")
        for name in ("alice", "HTTP/localhost"):
            self._run("kadmin.local", "-r", "LAB.TEST", "-q", f"addprinc -randkey {name}")
        self._run("kadmin.local", "-r", "LAB.TEST", "-q", f"ktadd -norandkey -k {self.keytab('alice')} alice")
        self._run("kadmin.local", "-r", "LAB.TEST", "-q", f"ktadd -norandkey -k {self.keytab('service')} HTTP/localhost")
        self.start()

    def keytab(self, name):
        return self.folder / f"{name}.keytab"

    def start(self):
        with open(self.folder / "kdc.out", "ab") as log:
            self.kdc = subprocess.Popen(
                [SBIN / "krb5kdc", "-n", "-r", "LAB.TEST"], env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=in_the_child(),
            )
        end = time.monotonic() + START
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.kdc.poll() is None and time.monotonic() < end, (self.folder / "kdc.out").read_text()
            time.sleep(0.05)

    def stop(self):
        self.kdc.terminate()
        self.kdc.wait()

    def remove(self):
        if self.kdc.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, True)

    def _configure(self, life):
        kdc = f"127.0.0.1:{self.port}"
        self.config.write_text(
            "[libdefaults]\n default_realm = LAB.TEST\n dns_lookup_kdc = false\n dns_lookup_realm = false\n"
            " dns_canonicalize_hostname = false\n rdns = false\n udp_preference_limit = 1\n"
            f" default_ccache_name = FILE:{self.folder}/ccache\n[realms]\n LAB.TEST = {{\n  kdc = {kdc}\n }}\n"
            "[domain_realm]\n localhost = LAB.TEST\n"
        )
        (self.folder / "kdc.conf").write_text(
            f"[kdcdefaults]\n kdc_listen = {kdc}\n kdc_tcp_listen = {kdc}\n[realms]\n LAB.TEST = {{\n"
            f"  database_name = {self.folder}/principal\n  key_stash_file = {self.folder}/stash\n  max_life = {life}\n }}\n"
        )

    def _run(self, program, *arguments):
        done = subprocess.run(
            [SBIN / program, *map(str, arguments)], env={**os.environ, **self.environment}, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
