#!/usr/bin/env python3
"""A real Spark against sparktail: the events of its log, tailed while it runs, must be those of its own listener.

    spark_live_test.py SPARKTAIL [--spark-version VERSION] [--keep DIRECTORY]

Needs Java 17 or 21 (deploy/setup.sh --live). Installs pyspark from PyPI once and keeps it in the user's cache.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))
import spark_env  # noqa: E402
import spark_live  # noqa: E402

TIMEOUT_S = 300


def without_source(event: dict) -> dict:
    return {key: value for key, value in event.items() if key != "source"}


def parse_file(sparktail: Path, log: Path) -> list:
    done = subprocess.run([sparktail, "parse", log], capture_output=True, check=False, timeout=TIMEOUT_S)
    if done.returncode:
        raise spark_live.RunError(f"sparktail parse {log}: exit code {done.returncode}\n{done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_same_as_file(sparktail: Path, run: spark_live.Run) -> list:
    """The log read once more, by `sparktail parse`: same events, same ids."""
    live = [json.loads(line) for line in spark_live.read_lines(run.events)]
    again = parse_file(sparktail, run.log)
    if len(live) != len(again):
        return [f"{len(live)} events from the tailed log, {len(again)} from the same log, parsed"]
    for number, (a, b) in enumerate(zip(live, again), 1):
        if without_source(a) != without_source(b):
            return [f"event {number} is not the same from the tailed log and from the parsed one:\n  {a}\n  {b}"]
    return []


def check_ids(run: spark_live.Run) -> list:
    ids = [json.loads(line)["id"] for line in spark_live.read_lines(run.events)]
    return [] if len(ids) == len(set(ids)) else [f"{len(ids)} events have only {len(set(ids))} different ids"]


def check_identity(run: spark_live.Run, version: str) -> list:
    """Each event names its application."""
    wanted = {"appName": "sparktail-demo", "sparkVersion": version}
    for line in spark_live.read_lines(run.events):
        event = json.loads(line)
        got = {key: event.get(key) for key in wanted}
        if got != wanted:
            return [f"an event belongs to {got}, expected {wanted}: {line[:300]}"]
    return []


def check(sparktail: Path, version: str, directory: Path) -> list:
    spark = spark_env.ensure_spark(version)
    run = spark_live.run(sparktail, spark, directory, TIMEOUT_S)
    tallies = spark_live.compare(run.record, run.events)
    print(f"Spark {version}: {run.live_events} events came out while it was running")
    print(spark_live.report(tallies))
    wrong = spark_live.failures(tallies)
    return wrong + check_same_as_file(sparktail, run) + check_ids(run) + check_identity(run, version)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sparktail", type=Path, help="the program under test")
    parser.add_argument("--spark-version", default="3.5.9", help="a version of pyspark on PyPI (default %(default)s)")
    parser.add_argument("--keep", type=Path, help="folder that keeps log, events and the listener's record")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sparktail-live-") as scratch:
        directory = arguments.keep or Path(scratch) / "run"
        try:
            wrong = check(arguments.sparktail.resolve(), arguments.spark_version, directory.resolve())
        except (spark_env.SetupError, spark_live.RunError) as error:
            wrong = [str(error)]
    for line in wrong:
        print(f"FAILED: {line}")
    print("failed" if wrong else "passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
