#!/usr/bin/env python3
"""The demo's table, and its comparisons: do they see each way in which events can be wrong?"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "demo"
sys.dont_write_bytecode = True
sys.path.insert(0, str(DEMO))
import kill_and_resume  # noqa: E402
import spark_live  # noqa: E402
import summary  # noqa: E402

ID, RUN = "5f0c4a52-0000-4000-8000-00000000000a", "5f0c4a52-0000-4000-8000-00000000000b"


def metrics(batch=0, name="orders", took=1500, rows=30):
    return {
        "id": ID,
        "runId": RUN,
        "name": name,
        "timestamp": f"2026-11-21T15:48:{batch:02d}.000Z",
        "batchId": batch,
        "numInputRows": rows,
        "rate": 1.5,
        "durationMs": {"triggerExecution": took},
        "stateOperators": [{"operatorName": "stateStoreSave"}],
    }


def progress(derived=None, **changes):
    event = {"@timestamp": "2026-11-21T15:48:00.000Z", "kind": "progress", "id": "0" * 32, "appName": "shop"}
    return {**event, "metrics": metrics(**changes), "derived": derived or {}}


def query(phase, error=None, name="orders"):
    about = {"phase": phase, "id": ID, "runId": RUN, "name": name}
    event = {"@timestamp": "2026-11-21T15:49:07.000Z", "kind": "query", "id": "1" * 32, "appName": "shop", "query": about}
    return {**event, "error": error} if error else event


def page(events, columns=100):
    lines = [json.dumps(event, ensure_ascii=False).encode() for event in events]
    return summary.page_of(summary.read_events(lines), columns, summary.Style(False))


class Table(unittest.TestCase):
    def test_a_query_has_its_row(self):
        state = {"stateRows": 2635230, "stateBytes": 924016415, "watermarkDelayMs": 12000}
        events = [progress(batch=number, took=1000 * (number + 1)) for number in range(19)]
        row = next(line for line in page([*events, progress(state, batch=19, took=20000)]) if "orders" in line)
        # 20 batches of 30 rows, from 15:48:00 to the end of the last one at 15:48:39
        cells = ["orders", "open", "600", "15.4", "20", "10.0 s", "19.0 s", "20.0 s", "2.6M", "881 MiB", "12.0 s"]
        self.assertEqual(re.split(r"\s{2,}", row.strip()), cells)

    def test_a_query_without_state_has_none(self):
        event = progress({"stateRows": 0, "stateBytes": 0})
        event["metrics"]["stateOperators"] = []
        row = next(line for line in page([event]) if "orders" in line)
        self.assertEqual(row.split()[-3:], [summary.BLANK] * 3)

    def test_it_fits_the_page(self):
        name = '注文 "за вікнами" ' * 5
        derived = {"stateRows": 10**9, "stateBytes": 10**15, "watermarkDelayMs": 10**12}
        events = [progress(derived, name=name, took=10**7, rows=10**9), progress(derived, batch=1, name=name, rows=10**9)]
        events.append(query("terminated", {"class": "a.b." + "C" * 200, "message": "long " * 200}, name))
        for columns in (80, 100, 120):
            for line in page(events, columns):
                self.assertLessEqual(summary.width(line), columns, line)

    def test_widths_of_other_scripts(self):
        self.assertEqual(summary.width("注文"), 4)
        self.assertEqual(summary.width("e\u0301"), 1)
        self.assertEqual(summary.cut("注文注文", 5), "注文…")

    def test_control_bytes_are_shown_not_sent(self):
        evil = "a\x1b[31m\x07\u202e\x9b\nb"
        shown = "\n".join(page([progress(name=evil), query("terminated", {"class": evil, "message": evil}, evil)]))
        self.assertFalse(set(shown) & set("\x1b\x07\u202e\x9b"))
        self.assertIn("\\x1b[31m", shown)

    def test_what_went_wrong(self):
        lost = "Job aborted due to stage failure: Task 1 in stage 7.0 failed 1 times, most recent failure: "
        lost += "Lost task 1.0 in stage 7.0 (TID 8) (localhost executor driver): java.lang.RuntimeException: no price"
        self.assertEqual(summary.root_cause(lost, ""), "java.lang.RuntimeException: no price")
        traceback = 'said: Traceback (most recent call last):\n  File "app.py", line 1\n    raise\nValueError: boom\n\n\tat a.b'
        self.assertEqual(summary.root_cause(traceback, ""), "ValueError: boom")
        text = "\n".join(page([query("terminated", {"class": "x.Y", "message": "m"})]))
        self.assertIn("15:49:07  orders  terminated with x.Y", text)
        self.assertIn("failed", text)
        self.assertIn("nothing: no query failed", "\n".join(page([progress(), query("stopped")])))

    def test_nonsense_is_counted_and_does_no_harm(self):
        broken = [b"{", b"[]", b"7", b'{"kind":"progress"}', b'{"kind":"progress","metrics":{"timestamp":"no"}}', b"\xff\n"]
        read = summary.read_events([*broken, b"\n", json.dumps(progress(took="soon", name=7)).encode()])
        self.assertEqual(read.unreadable, len(broken))
        self.assertTrue(summary.page_of(read, 80, summary.Style(False)))

    def test_the_command(self):
        def run(text, *options):
            command = [sys.executable, DEMO / "summary.py", *options]
            return subprocess.run(command, input=text.encode(), capture_output=True, check=False)

        self.assertEqual(run("").stdout, b"no events\n")
        done = run(json.dumps(progress()))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertIn(b"\x1b[", run(json.dumps(progress()), "--colour", "always").stdout)
        self.assertEqual(run("", os.path.join("no", "such", "file")).returncode, 1)


class Comparison(unittest.TestCase):
    """The listener's events and the matching documents; each test changes the documents."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.record, self.events = Path(folder.name, "record"), Path(folder.name, "events")
        exception = "x.Y: no price\n\tat a.b(C.scala:1)\n"
        self.seen = [
            {"event": "started", "id": ID, "runId": RUN, "name": "orders"},
            {"event": "progress", "json": json.dumps(metrics())},
            {"event": "progress", "json": json.dumps(metrics(batch=1))},
            {"event": "idle", "id": ID, "runId": RUN},
            {"event": "terminated", "id": ID, "runId": RUN, "exception": exception},
        ]
        death = {"class": "x.Y", "message": "no price", "stack": "\tat a.b(C.scala:1)"}
        documents = [query("started"), progress(), progress(batch=1), query("terminated", death)]
        self.lines = [json.dumps(document, separators=(",", ":")) for document in documents]

    def wrong(self, lines):
        self.record.write_text("".join(json.dumps(event) + "\n" for event in self.seen), encoding="utf-8")
        self.events.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return [kind for kind, tally in spark_live.compare(self.record, self.events).items() if not tally.equal]

    def test_equal(self):
        self.assertEqual(self.wrong(self.lines), [])

    def test_missing_and_doubled(self):
        kinds = ["started", "progress", "progress", "terminated"]
        for number, kind in enumerate(kinds):
            self.assertEqual(self.wrong(self.lines[:number] + self.lines[number + 1 :]), [kind])
            self.assertEqual(self.wrong([*self.lines, self.lines[number]]), [kind])

    def test_different(self):
        changes = {
            ('"rate":1.5', '"rate":1.50'): "progress",
            ('"numInputRows":30,"rate":1.5', '"rate":1.5,"numInputRows":30'): "progress",
            ('"numInputRows":30,', ""): "progress",
            ('"numInputRows":30,', '"numInputRows":30,"numInputRows":30,'): "progress",
            ('"class":"x.Y"', '"class":"x.Z"'): "terminated",
            ('"message":"no price"', '"message":"no prices"'): "terminated",
        }
        for (old, new), kind in changes.items():
            changed = [line.replace(old, new) for line in self.lines]
            self.assertNotEqual(changed, self.lines, old)
            self.assertEqual(self.wrong(changed), [kind], new)

    def test_an_ending_of_the_other_kind(self):
        changed = [line.replace('"phase":"terminated"', '"phase":"stopped"') for line in self.lines]
        self.assertEqual(self.wrong(changed), ["stopped", "terminated"])

    def test_too_little_happened(self):
        self.assertEqual(self.wrong(self.lines), [])
        self.assertTrue(spark_live.failures(spark_live.compare(self.record, self.events)))


class KillAndResume(unittest.TestCase):
    """The listener's events and those of two sinks; each test changes those of one sink."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.log = self.folder / "shop.log"
        batches = [metrics(), metrics(batch=1)]
        self.log.with_suffix(".truth.ndjson").write_text("".join(json.dumps(batch) + "\n" for batch in batches))
        about = {"id": ID, "runId": RUN}
        prefix = "org.apache.spark.sql.streaming.StreamingQueryListener$Query"
        seen = [
            {"Event": prefix + "StartedEvent", **about},
            {"Event": "progress", "progress": batches[0]},
            {"Event": prefix + "IdleEvent", **about},
            {"Event": prefix + "TerminatedEvent", **about, "exception": None},
        ]
        self.log.with_suffix(".events.ndjson").write_text("".join(json.dumps(event) + "\n" for event in seen))
        documents = [query("started"), progress(), progress(batch=1), query("idle"), query("stopped")]
        self.lines = [json.dumps(document, separators=(",", ":")) for document in documents]

    def wrong(self, lines):
        tallies = kill_and_resume.tallies_of([self.log], {"good": self.lines, "tried": lines})
        text = "\n".join(kill_and_resume.report(tallies, summary.Style(False)))
        wrong = {
            (sink, what): len(getattr(tally, what))
            for (sink, _), tally in tallies.items()
            for what in ("lost", "doubled", "unknown")
            if getattr(tally, what)
        }
        self.assertEqual("nothing lost, nothing doubled" in text, not wrong)
        for sink, what in wrong:
            self.assertIn(f"{sink}: {what}: ", text)
        return wrong

    def test_equal(self):
        self.assertEqual(self.wrong(self.lines), {})

    def test_lost_and_doubled(self):
        for number, line in enumerate(self.lines):
            self.assertEqual(self.wrong(self.lines[:number] + self.lines[number + 1 :]), {("tried", "lost"): 1})
            self.assertEqual(self.wrong([*self.lines, line]), {("tried", "doubled"): 1})

    def test_changed(self):
        for old, new in (('"rate":1.5', '"rate":1.50'), ('"phase":"stopped"', '"phase":"terminated"')):
            changed = [line.replace(old, new, 1) for line in self.lines]
            different = sum(a != b for a, b in zip(changed, self.lines))
            self.assertEqual(self.wrong(changed), {("tried", "lost"): different, ("tried", "unknown"): different})

    def test_a_signal_is_unknown(self):
        signal = json.dumps({"kind": "signal", "rule": "progress_incomplete", "id": "2" * 32})
        self.assertEqual(self.wrong([*self.lines, signal]), {("tried", "unknown"): 1})

    def test_the_driver_writes_its_log_and_rotates_between_lines(self):
        text = b"".join(b"%d: %s\n" % (number, b"x" * (number % 300)) for number in range(3000))
        self.log.write_bytes(text)
        driver = kill_and_resume.Driver(self.log, self.folder / "logs" / "driver.log")
        for end in range(0, len(text), 997):
            driver.write_until(end)
        driver.write_until(len(text))
        driver.close()
        self.assertEqual(driver.written, len(text))
        self.assertGreaterEqual(driver.rotations, 3)
        rotated = [driver.path.with_name(f"driver.log.{number}") for number in range(driver.rotations, 0, -1)]
        for file in rotated:
            self.assertTrue(file.read_bytes().endswith(b"\n"))
        self.assertEqual(b"".join(file.read_bytes() for file in [*rotated, driver.path]), text)


class NewLines(unittest.TestCase):
    def test_whole_lines_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "events")
            lines = spark_live.NewLines(path)
            self.assertEqual(lines.read(), [])
            for text, wanted in ((b"a\nb", [b"a"]), (b"c", []), (b"\n\n", [b"bc", b""])):
                with open(path, "ab") as file:
                    file.write(text)
                self.assertEqual(lines.read(), wanted)


if __name__ == "__main__":
    unittest.main()
