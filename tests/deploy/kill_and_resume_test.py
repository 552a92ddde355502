#!/usr/bin/env python3
"""The demo with the real program: nothing is lost or doubled, and it would say so."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("SPARKTAIL_BIN") or ROOT / "build" / "release" / "sparktail").resolve()
LOGS = [ROOT / "tests" / "data" / "3.5.9" / f"{name}.default.log" for name in ("fail", "stateful")]


class KillAndResume(unittest.TestCase):
    def demo(self, out, *options):
        command = [sys.executable, "-B", ROOT / "deploy" / "demo" / "kill_and_resume.py", "--sparktail", BINARY]
        done = subprocess.run([*command, "--out", out, *options, *LOGS], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, timeout=300, check=False)
        return done.returncode, done.stdout.decode()

    def test_all_is_there_and_what_is_not_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "out")
            code, said = self.demo(out)
            self.assertEqual(code, 0, said)
            self.assertIn("SIGKILL", said)
            code, said = self.demo(out, "--compare-only")
            self.assertEqual(code, 0, said)
            self.assertIn("nothing lost, nothing doubled", said)
            events = out / "events.ndjson"
            lines = events.read_bytes().splitlines(keepends=True)
            for changed in (lines[1:], [*lines, lines[0]]):
                events.write_bytes(b"".join(changed))
                code, said = self.demo(out, "--compare-only")
                self.assertEqual(code, 1, said)


if __name__ == "__main__":
    unittest.main()
