#!/usr/bin/env python3
"""Writes recorded driver logs into files that grow and rotate while `sparktail run` follows them, kills it with SIGKILL
half-way and starts it again. Then compares the content of its sinks with the events that Spark's own listener recorded
together with the logs.

For a log X.log, X.truth.ndjson has the listener's progress events and X.events.ndjson all its events.
"""
import argparse
import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import spark_live
from summary import Style, printable, size, use_colours

SECONDS = 8.0  # duration of the writing
STEPS = 200
ROTATE_BYTES = 120 * 1024
KILL_AT, START_AT = 0.5, 0.65  # shares of all bytes
TIMEOUT_S = 60
PROGRESS, ENDS = "progress of batches", "starts, idle times, ends"
KINDS = (PROGRESS, ENDS)


class DemoError(Exception):
    """The demonstration failed; the message says why."""


# ---------------------------------------------------------------- the driver


class Driver:
    """Writes one recorded log as a driver would: a little at a time, with lines cut anywhere. Now and then it renames the
    file to .1 (.1 to .2, and so on) and begins a new one, between two lines but possibly in the middle of an event."""

    def __init__(self, recorded: Path, path: Path):
        self.text = recorded.read_bytes()
        self.path = path
        self.written = 0
        self.rotations = 0
        path.parent.mkdir(parents=True)
        self._begun = 0  # where the current file begins
        self._file = open(path, "wb", buffering=0)

    def write_until(self, end: int) -> None:
        if self.written - self._begun >= ROTATE_BYTES:
            line_end = self.text.find(b"\n", self.written) + 1 or len(self.text)
            self._write(line_end)
            self._rotate()
        self._write(max(end, self.written))

    def close(self) -> None:
        self._file.close()

    def _write(self, end: int) -> None:
        self._file.write(self.text[self.written : end])
        self.written = end

    def _rotate(self) -> None:
        self.rotations += 1
        for number in range(self.rotations, 0, -1):
            older = self.path if number == 1 else self._rotated(number - 1)
            older.rename(self._rotated(number))
        self._file.close()
        self._file = open(self.path, "wb", buffering=0)
        self._begun = self.written

    def _rotated(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


# ---------------------------------------------------------------- sparktail


class Tail:
    """`sparktail run` over the drivers' logs, and its deliveries."""

    def __init__(self, sparktail: Path, out: Path):
        self.events, self.history, self.said = out / "events.ndjson", out / "history.db", out / "sparktail.log"
        self.exited = out / "drivers-have-exited"
        self.command = [sparktail, "run", "--file", f"{out}/logs/*/driver.log", "--output", self.events]
        self.command += ["--sqlite", self.history, "--state-dir", out / "state"]
        self.command += ["--until-exit", "--exit-marker", self.exited]
        self.process = None

    def start(self) -> None:
        with open(self.said, "ab") as said:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def kill(self) -> None:
        self.check_alive()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            self.fail(f"sparktail exited by itself, with exit code {self.process.returncode}")

    def wait(self) -> None:
        self.exited.touch()
        try:
            code = self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.fail(f"sparktail did not exit within {TIMEOUT_S} s after the drivers")
        if code != 0:
            self.fail(f"sparktail exited with exit code {code}")

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def fail(self, why: str) -> None:
        lines = self.said.read_text(errors="replace").splitlines()[-20:]
        raise DemoError("\n".join([f"{why}; the end of {self.said}:", *lines]))

    def delivered(self) -> int:
        return self.events.read_bytes().count(b"\n") if self.events.exists() else 0


# ---------------------------------------------------------------- what happens


def play(sparktail: Path, logs: list, out: Path, say) -> None:
    """Plays the demonstration, from the drivers' first line to their last."""
    shutil.rmtree(out, ignore_errors=True)
    drivers = [Driver(log, out / "logs" / log.name.split(".")[0] / "driver.log") for log in logs]
    total = sum(len(driver.text) for driver in drivers)
    tail = Tail(sparktail, out)
    begin = time.monotonic()

    def report_step(what: str) -> None:
        say(f"    {time.monotonic() - begin:4.1f} s  {what}")

    def rotations() -> int:
        return sum(driver.rotations for driver in drivers)

    try:
        tail.start()
        report_step(f"sparktail runs, process {tail.process.pid}")
        was_killed = is_dead = False
        for step in range(1, STEPS + 1):
            time.sleep(max(0.0, begin + SECONDS * step / STEPS - time.monotonic()))
            for driver in drivers:
                driver.write_until(len(driver.text) * step // STEPS)
            written = sum(driver.written for driver in drivers)
            if not was_killed and written >= total * KILL_AT:
                tail.kill()
                was_killed = is_dead = True
                report_step(f"SIGKILL: {size(written)} written, {rotations()} rotations, {tail.delivered()} events delivered")
            if is_dead and written >= total * START_AT:
                is_dead = False
                tail.start()
                report_step(f"sparktail runs again, process {tail.process.pid}; by now {size(written)} written, "
                            f"{rotations()} rotations")
        report_step(f"the drivers have exited: {size(total)} written, {rotations()} rotations")
        tail.wait()
        report_step(f"sparktail has read the rest and exited: {tail.delivered()} events delivered")
    finally:
        tail.close()
        for driver in drivers:
            driver.close()


# ---------------------------------------------------------------- what came out


@dataclass
class Tally:
    expected: int = 0
    delivered: int = 0
    lost: list = field(default_factory=list)
    doubled: list = field(default_factory=list)
    unknown: list = field(default_factory=list)  # delivered, but not seen by the listener

    @property
    def good(self) -> bool:
        return self.expected > 0 and not (self.lost or self.doubled or self.unknown)


def frozen(value):
    """A hashable copy of what spark_live.exact() returns."""
    return tuple(map(frozen, value)) if isinstance(value, (list, tuple)) else value


def query_key(phase: str, event: dict) -> tuple:
    # The log line of an idle query often does not name the query.
    return (phase,) if phase == "idle" else (phase, event.get("id"), event.get("runId"))


def expected_events(log: Path) -> dict:
    """The events that the listener saw: kind → Counter."""
    prefix = str(log)[: -len(".log")]
    progress = Counter(frozen(spark_live.exact(line)) for line in spark_live.read_lines(Path(prefix + ".truth.ndjson")))
    others = Counter()
    for line in spark_live.read_lines(Path(prefix + ".events.ndjson")):
        event = json.loads(line)
        what = event["Event"].removesuffix("Event").rpartition("$Query")[2].lower()
        if what == "terminated" and event["exception"] is None:
            what = "stopped"
        if what in ("started", "idle", "stopped", "terminated"):
            others[query_key(what, event)] += 1
    return {PROGRESS: progress, ENDS: others}


def found_events(documents) -> dict:
    """The events in a sink: kind → Counter."""
    found = {PROGRESS: Counter(), ENDS: Counter()}
    for text in documents:
        event = json.loads(text)
        if event["kind"] == "progress":
            found[PROGRESS][frozen(dict(spark_live.exact(text))["metrics"])] += 1
        elif event["kind"] == "query":
            found[ENDS][query_key(event["query"]["phase"], event["query"])] += 1
        else:
            found[ENDS][event["kind"], event.get("rule"), event["id"]] += 1
    return found


def compare(expected: Counter, found: Counter) -> Tally:
    tally = Tally(expected.total(), found.total())
    tally.lost = list((expected - found).elements())
    for event in (found - expected).elements():
        (tally.doubled if event in expected else tally.unknown).append(event)
    return tally


def documents_of(tail: Tail) -> dict:
    """Documents by sink: name → list of documents."""
    with contextlib.closing(sqlite3.connect(f"file:{tail.history}?mode=ro", uri=True)) as history:
        rows = [document for (document,) in history.execute("SELECT document FROM events")]
    return {tail.events.name: spark_live.read_lines(tail.events), tail.history.name: rows}


def tallies_of(logs: list, sinks: dict) -> dict:
    """Tallies by sink and kind: (name, kind) → Tally."""
    expected = {kind: Counter() for kind in KINDS}
    for log in logs:
        for kind, events in expected_events(log).items():
            expected[kind] += events
    tallies = {}
    for sink, documents in sinks.items():
        found = found_events(documents)
        for kind in KINDS:
            tallies[sink, kind] = compare(expected[kind], found[kind])
    return tallies


def report(tallies: dict, style: Style) -> list:
    """The comparison as a table, followed by one line per difference."""
    columns = "  {:<14} {:<25} {:>8}  {:>9}  {:>4}  {:>7}"
    lines = [style.bold(columns.format("sink", "events", "expected", "delivered", "lost", "doubled"))]
    shown = None
    for (sink, kind), tally in tallies.items():
        counts = (tally.expected, tally.delivered, len(tally.lost), len(tally.doubled))
        line = columns.format(sink if sink != shown else "", kind, *counts)
        lines.append(line if tally.good else style.bad(line))
        shown = sink
    lines.append("")
    wrong = []
    for (sink, kind), tally in tallies.items():
        if tally.expected == 0:
            wrong.append(f"{sink}: the listener saw no {kind}, so the comparison proves nothing")
        for what in ("lost", "doubled", "unknown"):
            wrong += [f"{sink}: {what}: {printable(str(event))[:300]}" for event in getattr(tally, what)]
    return lines + ([style.bad("  " + line) for line in wrong] or [style.good("  nothing lost, nothing doubled, nothing changed")])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sparktail", type=Path, required=True, help="the program to test")
    parser.add_argument("--out", type=Path, required=True, help="folder for logs, events and state; emptied first")
    parser.add_argument("--compare-only", action="store_true", help="only compare the files in --out")
    parser.add_argument("--colour", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("logs", nargs="+", type=Path, metavar="LOG", help="a recorded log, with the listener's events beside it")
    arguments = parser.parse_args()
    style = Style(use_colours(arguments.colour))
    try:
        if not arguments.compare_only:
            play(arguments.sparktail, arguments.logs, arguments.out, lambda text: print(text, flush=True))
            return 0
        tallies = tallies_of(arguments.logs, documents_of(Tail(arguments.sparktail, arguments.out)))
    except (DemoError, OSError, sqlite3.Error) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(report(tallies, style)))
    return 0 if all(tally.good for tally in tallies.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
