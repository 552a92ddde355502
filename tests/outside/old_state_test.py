#!/usr/bin/env python3
"""What an older version left behind is taken over: cursors in offsets.db, the length of an output file, a history.

tests/data/state-0.1.tar.gz was written by the version before the sources moved into folders of their own (4b8c123). It
had read three logs up to the middle of a record: a plain one, one in CRI's wrapping, and one that was rotated while
it ran. Cursors hold absolute paths and are protected by checksums, so the folder has to be the one of then."""
import fcntl
import json
import shutil
import sqlite3
import subprocess
import tarfile
import unittest
from pathlib import Path

import support
from run_support import CLOSING, WRAPPINGS, corpus
from support import BINARY, DATA, TIMEOUT

FOLDER = Path("/tmp/sparktail-0.1")
# How many bytes of each log were there.
PLAIN, CRI, ROTATED_AT, ROTATED = 144234, 217174, 46329, 144234

CONFIGURATION = f"""
instance: old
state_dir: {FOLDER}/state
environment: test
sources:
  - {{kind: file, name: logs, paths: ["{FOLDER}/logs/*.log"], watch: poll, poll_interval: 20ms, rotate_wait: 100ms}}
sinks:
  - {{kind: file, name: events, path: {FOLDER}/events.ndjson, commit_interval: 20ms}}
  - {{kind: sqlite, name: history, path: {FOLDER}/history.db, commit_interval: 20ms}}
"""


def event(document):
    """What is said of it wherever its log is cut: the id and the source of an event that names no ids are another file's."""
    others = {key: value for key, value in document.items() if key not in ("id", "source", "environment")}
    return json.dumps(others, sort_keys=True)


class OldState(unittest.TestCase):
    def setUp(self):
        self.lock = open("/tmp/sparktail-0.1.lock", "w")
        self.addCleanup(self.lock.close)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        shutil.rmtree(FOLDER, ignore_errors=True)
        self.addCleanup(shutil.rmtree, FOLDER)
        with tarfile.open(DATA / "state-0.1.tar.gz") as archive:
            archive.extractall(FOLDER)
        (FOLDER / "state").chmod(0o700)

    def test_reading_resumes_where_it_stopped(self):
        plain = corpus("3.5.9/fail.default")
        wrapped = corpus("3.5.9/basic.default")
        rotated = corpus("3.5.9/fail.default", 3)
        logs = FOLDER / "logs"
        logs.mkdir()
        before = (FOLDER / "events.ndjson").read_text().splitlines()
        (logs / "plain.log").write_bytes(plain + CLOSING)
        (logs / "cri.log").write_bytes(WRAPPINGS["cri"]([(b"stderr", wrapped + CLOSING)]))
        (logs / "rotated.log.1").write_bytes(rotated[:ROTATED_AT])
        (logs / "rotated.log").write_bytes(rotated[ROTATED_AT:] + CLOSING)
        (FOLDER / "c.yaml").write_text(CONFIGURATION)
        (FOLDER / "marker").touch()
        done = subprocess.run(
            [BINARY, "run", "-c", FOLDER / "c.yaml", "--until-exit", "--exit-marker", FOLDER / "marker"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("lost", done.stderr)

        expected = [event(d) for text in (plain, wrapped, rotated) for d in support.parse(stdin=text + CLOSING).documents]
        lines = (FOLDER / "events.ndjson").read_text().splitlines()
        # The identity of the output file is another one in this test: it is only appended to.
        self.assertEqual(lines[: len(before)], before)
        self.assertGreater(len(lines), len(before))
        self.assertEqual(sorted(map(event, map(json.loads, lines))), sorted(expected))
        with sqlite3.connect(FOLDER / "history.db") as history:
            stored = [row[0] for row in history.execute("SELECT id FROM events")]
        self.assertEqual(sorted(stored), sorted(json.loads(line)["id"] for line in lines))


if __name__ == "__main__":
    unittest.main()
