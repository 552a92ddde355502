#!/usr/bin/env python3
"""Runs a real Spark while `sparktail run --until-exit` follows its log, and compares the events with those that a
StreamingQueryListener inside that application recorded."""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import spark_env
from summary import printable

HERE = Path(__file__).resolve().parent
PROGRESS_WANTED = 3
KINDS = ("started", "progress", "stopped", "terminated")


class RunError(Exception):
    """The application or sparktail failed; the message names it and shows its last output."""


@dataclass
class Run:
    """The files of one run, and the events seen during it."""

    directory: Path
    live_events: int = 0  # events that came out while the application was still running

    @property
    def log(self) -> Path:
        return self.directory / "driver.log"

    @property
    def events(self) -> Path:
        return self.directory / "events.ndjson"

    @property
    def said(self) -> Path:
        return self.directory / "sparktail.log"

    @property
    def record(self) -> Path:
        return self.directory / "listener.ndjson"


@dataclass
class Tally:
    """How the events of one kind compare."""

    expected: int = 0
    found: int = 0
    missing: list = field(default_factory=list)
    different: list = field(default_factory=list)
    surplus: list = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not (self.missing or self.different or self.surplus)


class NewLines:
    """The whole lines appended to a file since the last read(); the file may not exist yet."""

    def __init__(self, path: Path):
        self._path = path
        self._read = 0

    def read(self) -> list:
        if not self._path.exists():
            return []
        with open(self._path, "rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole.splitlines()


def run(sparktail: Path, spark: spark_env.Spark, directory: Path, timeout: float, on_event=lambda event: None) -> Run:
    """Runs one application from start to end. It writes its log to a file, which sparktail follows until it is complete."""
    shutil.rmtree(directory, ignore_errors=True)
    scratch = directory / "scratch"
    scratch.mkdir(parents=True)
    result = Run(directory)
    seen = directory / "seen"
    arguments = [result.record, scratch / "checkpoints", PROGRESS_WANTED, seen]
    command, environment = spark_env.submit_command(spark, HERE / "streaming_app.py", arguments, scratch)
    with open(directory / "application.out", "wb") as application_out, open(result.log, "wb") as log:
        # Its own session: spark-submit starts a JVM, which starts Python, and a time-out must stop all three.
        application = subprocess.Popen(
            command,
            env=environment,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=application_out,
            stderr=log,
            start_new_session=True,
        )
    tail_command = [sparktail, "run", "--until-exit", "--file", result.log, "--output", result.events]
    with open(result.said, "wb") as said:
        tail = subprocess.Popen(
            [*tail_command, "--state-dir", directory / "state"], stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        late = not follow(result, application, tail, NewLines(result.events), seen, time.monotonic() + timeout, on_event)
        stop(application)
        codes = {"spark-submit": application.wait(), "sparktail": tail.wait() if tail.poll() is not None else None}
    finally:
        stop(application)
        if tail.poll() is None:
            tail.kill()
        tail.wait()
    check_end(result, codes, late, timeout)
    shutil.rmtree(scratch, ignore_errors=True)
    return result


def follow(result: Run, application, tail, lines: NewLines, seen: Path, deadline: float, on_event) -> bool:
    """Reads events as they come, until sparktail exits or the application fails. False if the deadline passes."""
    while time.monotonic() < deadline:
        ended = tail.poll() is not None
        is_running = application.poll() is None
        for line in lines.read():
            event = parse_event(line)
            if is_running:
                result.live_events += 1
                if event["kind"] == "progress":
                    seen.touch()
            on_event(event)
        if ended or application.poll():
            return True
        time.sleep(0.05)
    return False


def parse_event(line: bytes) -> dict:
    try:
        return json.loads(line)
    except ValueError as error:
        raise RunError(f"sparktail wrote a line that is not JSON ({error}): {line[:300]!r}") from error


def stop(application: subprocess.Popen) -> None:
    if application.poll() is None:
        os.killpg(application.pid, signal.SIGKILL)


def check_end(result: Run, codes: dict, late: bool, timeout: float) -> None:
    if late:
        who = "the application" if codes["spark-submit"] else "sparktail"
        why = f"{who} did not exit within {timeout:.0f} s ({result.live_events} events had been delivered by then)"
    elif any(codes.values()):
        why = "failed: " + ", ".join(f"{name} with exit code {code}" for name, code in codes.items() if code)
    else:
        return
    shown = [why]
    for file in (result.log, result.directory / "application.out", result.said):
        lines = file.read_text(errors="replace").splitlines()[-12:] if file.exists() else []
        shown += [f"--- the end of {file}", *lines]
    raise RunError("\n".join(shown))


def exact(text: str):
    """JSON including everything that must not change: order of keys, text of numbers, duplicate keys."""
    return json.loads(text, object_pairs_hook=list, parse_float=lambda t: ("number", t), parse_int=lambda t: ("number", t))


def read_lines(path: Path) -> list:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]


def expected_events(record: Path) -> dict:
    """The events that the listener saw: kind → key → expected content."""
    expected = {kind: {} for kind in KINDS}
    for line in read_lines(record):
        event = json.loads(line)
        kind = event["event"]
        if kind == "progress":
            progress = json.loads(event["json"])
            key = (progress["id"], progress["runId"], progress["batchId"], progress["timestamp"])
            expected["progress"][key] = exact(event["json"])
        elif kind == "started":
            expected["started"][event["id"], event["runId"]] = event["name"]
        elif kind == "terminated":
            ended = "stopped" if event["exception"] is None else "terminated"
            expected[ended][event["id"], event["runId"]] = event["exception"]
    return expected


def found_events(events: Path) -> dict:
    """The events that sparktail wrote: kind → list of (key, content)."""
    found = {kind: [] for kind in KINDS}
    for line in read_lines(events):
        event = json.loads(line)
        if event["kind"] == "progress":
            metrics = event["metrics"]
            key = (metrics["id"], metrics["runId"], metrics["batchId"], metrics["timestamp"])
            found["progress"].append((key, dict(exact(line))["metrics"]))
        elif event["kind"] == "query" and event["query"]["phase"] in KINDS:
            query, error = event["query"], event.get("error", {})
            says = {"started": query.get("name"), "stopped": None, "terminated": error}[query["phase"]]
            found[query["phase"]].append(((query["id"], query["runId"]), says))
    return found


def difference(kind: str, expected, found) -> str:
    """A text about the difference; empty if there is none."""
    if kind == "terminated":
        # The listener has one text: class, message and stack as Java prints them.
        start = ": ".join(part for part in (found.get("class"), found.get("message")) if part).rstrip()
        return "" if start and expected.startswith(start) else f"expected {expected[:300]!r}, found {start!r}"
    return "" if expected == found else f"expected {json_text(expected)}, found {json_text(found)}"


def json_text(value) -> str:
    return json.dumps(value, ensure_ascii=False)


def compare(record: Path, events: Path) -> dict:
    """Tallies by kind: kind → Tally."""
    expected, found = expected_events(record), found_events(events)
    tallies = {}
    for kind in KINDS:
        tally = tallies[kind] = Tally(len(expected[kind]), len(found[kind]))
        times = Counter(key for key, _ in found[kind])
        tally.missing = [key for key in expected[kind] if key not in times]
        tally.surplus = [key for key in times if key not in expected[kind] or times[key] > 1]
        for key, says in found[kind]:
            text = key in expected[kind] and difference(kind, expected[kind][key], says)
            if text:
                tally.different.append(f"{key}: {text}")
    return tallies


def report(tallies: dict) -> str:
    """The comparison as a table, followed by one line per difference."""
    columns = "{:<12} {:>8} {:>6} {:>8} {:>10} {:>8}"
    lines = [columns.format("event", "expected", "found", "missing", "different", "surplus")]
    for kind, tally in tallies.items():
        counts = (len(tally.missing), len(tally.different), len(tally.surplus))
        lines.append(columns.format(kind, tally.expected, tally.found, *counts))
    for kind, tally in tallies.items():
        lines += [f"missing {kind}: {key}" for key in tally.missing]
        lines += [f"different {kind}: {text}" for text in tally.different]
        lines += [f"surplus {kind}: {key}" for key in tally.surplus]
    return "\n".join(lines)


def failures(tallies: dict) -> list:
    """The failures, one sentence each; a run in which too little happened proves nothing."""
    wrong = [f"{kind} events differ from those of the listener" for kind, tally in tallies.items() if not tally.equal]
    least = {"started": 3, "progress": 2 * PROGRESS_WANTED + 1, "stopped": 2, "terminated": 1}
    for kind, count in least.items():
        if tallies[kind].expected < count:
            wrong.append(f"the listener saw {tallies[kind].expected} {kind} events, but at least {count} were expected")
    return wrong


def show_live(event: dict) -> None:
    """One short line for an event as it comes in."""
    if event["kind"] == "progress":
        metrics = event["metrics"]
        name, what = metrics["name"], f"batch {metrics['batchId']}, {metrics['numInputRows']} rows"
    elif event["kind"] == "query":
        name, what = event["query"].get("name"), event["query"]["phase"]
    else:
        name, what = None, event.get("rule", event["kind"])
    print(printable(f"  {event['@timestamp'][11:19]}  {name or '(no name)'}: {what}"), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sparktail", type=Path, required=True, help="the program to test")
    parser.add_argument("--spark-version", default="3.5.9", help="a version of pyspark on PyPI (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for log, events and record; emptied first")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for the application (default %(default)s)")
    parser.add_argument("--setup-only", action="store_true", help="only install Spark")
    parser.add_argument("--compare-only", action="store_true", help="only compare the files of a run in --out")
    arguments = parser.parse_args()
    try:
        if not arguments.compare_only:
            spark = spark_env.ensure_spark(arguments.spark_version)
            if arguments.setup_only:
                return 0
            run(arguments.sparktail.resolve(), spark, arguments.out.resolve(), arguments.timeout, show_live)
            return 0
        files = Run(arguments.out)
        tallies = compare(files.record, files.events)
    except (spark_env.SetupError, RunError) as error:
        print(error, file=sys.stderr)
        return 1
    print(report(tallies))
    wrong = failures(tallies)
    print("\n".join(wrong) if wrong else "all equal")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
