#!/usr/bin/env python3
"""The systemd unit: is it understood by systemd, and as closed as it claims to be?"""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "sparktail.service"
# systemd's own measure, ten times the number it prints: 0 is closed, 100 open. What is left is the network, for sinks and
# the HTTP port, and reading files of others, which is what the service is for.
MOST_EXPOSED = 20


def settings():
    """Pairs of the unit, in their order."""
    lines = (line for line in UNIT.read_text().splitlines() if line and line[0] not in "#[")
    return [tuple(line.split("=", 1)) for line in lines]


class Systemd(unittest.TestCase):
    def analyze(self, *arguments):
        """Runs systemd-analyze on a copy of the unit whose program exists."""
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd-analyze here: apt-get install systemd")
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder) / UNIT.name
            unit.write_text(UNIT.read_text().replace("/usr/bin/sparktail", shutil.which("true")))
            command = ["systemd-analyze", *arguments, unit]
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=60, text=True)

    def test_systemd_understands_it(self):
        result = self.analyze("verify", "--man=no")
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_it_is_closed(self):
        result = self.analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("Overall exposure level", result.stdout)

    def test_it_waits_longer_than_a_shutdown_takes(self):
        # Configuration::shutdown_timeout is 25 s by default.
        timeout = dict(settings())["TimeoutStopSec"]
        self.assertGreater(int(re.fullmatch(r"(\d+)s", timeout)[1]), 25)

    def test_it_and_its_example_mean_the_same_places(self):
        unit = dict(settings())
        example = (FOLDER / "sparktail.yaml").read_text()
        self.assertIn(f"state_dir: /var/lib/{unit['StateDirectory']} ", example)
        for path in re.findall(r"^\s+path: (.*)$", example, re.M):
            self.assertTrue(path.startswith(f"/var/lib/{unit['StateDirectory']}/"), path)
        self.assertIn("-c /etc/sparktail/sparktail.yaml", unit["ExecStart"])
        self.assertIn("-c /etc/sparktail/sparktail.yaml", unit["ExecStartPre"])


if __name__ == "__main__":
    unittest.main()
