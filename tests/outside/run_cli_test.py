#!/usr/bin/env python3
"""The command line of `sparktail run`, `offsets` and `check`: usage, configuration, signals, exit codes, HTTP."""
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from datetime import datetime, timedelta, timezone

import run_support
import support
from run_support import DEADLINE, RunCase, banner, eventually, events, holds, metric, write
from support import BINARY, TIMEOUT, sparktail

BANNER = banner()


class Case(RunCase):
    def setUp(self):
        super().setUp()
        self.logs = self.folder / "logs"
        self.log = self.logs / "driver.log"
        self.state = self.folder / "flags-state"
        self.logs.mkdir()

    def run_flags(self, *arguments, **options):
        return sparktail("run", "--state-dir", self.state, *arguments, **options)

    def refused(self, result, *patterns, code=2):
        self.assertEqual(result.code, code, result.err)
        self.assertEqual(result.out, b"")
        for pattern in patterns:
            self.assertRegex(result.err, pattern)


class Usage(Case):
    def test_bad_usage(self):
        for arguments, pattern in (
            (("--flie", "x"), "--file"),
            (("--file", self.log, "--start-at", "sometime"), "start-at|start_at"),
            (("--file", self.log, "--max-event-bytes", "many"), "max-event-bytes|max_event_bytes"),
            (("--file", self.log, "--timezone", "Mars/Olympus"), "Mars/Olympus"),
            (("--file", self.log, "--http", "nowhere"), "http"),
            (("--file", self.log, "--http", "127.0.0.1:99999"), "http"),
            (("--file", self.log, "--log-level", "loud"), "loud"),
            (("--file", self.log, "--watch", "closely"), "closely"),
            (("--file", self.log, "--exit-marker", "x"), "until-exit"),
            (("--file",), "--file"),
            (("driver.log",), "driver.log"),
            ((), "--file"),
        ):
            with self.subTest(arguments=arguments):
                self.refused(self.run_flags(*arguments, cwd=self.folder), pattern)

    def test_a_configuration_and_flags(self):
        config = self.file(b"sources: [{kind: file, paths: [/nowhere/x]}]\nsinks: [{kind: stdout}]\n", "c.yaml")
        for flags in (("--file", "x"), ("--output", "x"), ("--sqlite", "x"), ("--instance", "x"), ("--environment", "x")):
            with self.subTest(flag=flags[0]):
                self.refused(sparktail("run", "-c", config, *flags), flags[0])

    def test_help(self):
        for command in ("run", "offsets", "check"):
            result = sparktail(command, "--help")
            self.assertEqual((result.code, result.err), (0, ""))
            self.assertIn(b"Usage", result.out)
        self.assertIn(b"run", sparktail("--help").out)

    def test_bad_usage_of_offsets_and_check(self):
        for arguments in (
            ("offsets",),
            ("offsets", "lits"),
            ("offsets", "set"),
            ("offsets", "set", "x", "many", "--state-dir", self.folder),
            ("offsets", "forget", "--state-dir", self.folder),
            ("offsets", "forget", "x", "--all", "--state-dir", self.folder),
            ("offsets", "set", "x", "0", "--all", "--state-dir", self.folder),
            ("offsets", "list", "--all", "--state-dir", self.folder),
            ("check",),
            ("check", "-c", self.folder / "missing.yaml"),
        ):
            with self.subTest(arguments=arguments):
                result = sparktail(*arguments)
                self.assertEqual(result.code, 2, result.err)
                self.assertTrue(result.err)


class Configuration(Case):
    GOOD = """\
state_dir: @/state
sources:
  - kind: file
    name: logs
    paths: ['@/logs/*.log']
sinks:
  - kind: file
    path: '@/out.ndjson'
"""

    def config(self, text, name="sparktail.yaml"):
        return self.file(text.replace("@", str(self.folder)).encode(), name)

    def test_errors_name_file_line_and_key(self):
        """The mistake is in line 5, unless the case says otherwise."""
        good = self.GOOD
        cases = {
            "unknown key": (good.replace("paths:", "pahts:"), 5, ["pahts", "paths"]),
            "unknown key at the top": (good.replace("state_dir", "state_dri"), 1, ["state_dri", "state_dir"]),
            "wrong type": (good.replace("['@/logs/*.log']", "{a: b}"), 5, ["paths"]),
            "unknown kind": (good.replace("kind: file\n    name", "kind: flie\n    name"), 3, ["flie", "file"]),
            "unknown kind of sink": (good.replace("kind: file\n    path:", "kind: kafak\n    path:"), 7, ["kafak"]),
            "no number": (good.replace("name: logs", "poll_interval: soon"), 4, ["poll_interval", "soon"]),
            "out of range": (good.replace("name: logs", "poll_interval: 0s"), 4, ["poll_interval"]),
            "unknown zone": (good.replace("name: logs", "timezone: Mars/Olympus"), 4, ["timezone", "Mars/Olympus"]),
            "unknown sink": (good.replace("name: logs", "sinks: [elsewhere]"), 4, ["elsewhere"]),
            "twice": (good.replace("    name: logs\n", "    name: logs\n    name: more\n"), 5, ["name"]),
            "no variable": (good.replace("name: logs", "name: '${SPARKTAIL_NO_SUCH_VARIABLE}'"), 4, ["SPARKTAIL_NO_SUCH_VARIABLE"]),
            "no secret": (good.replace("name: logs", "name: '${file:/no/such/file}'"), 4, ["/no/such/file"]),
            "no YAML": (good.replace("name: logs", "name: [logs"), None, []),
            "a name twice": (good + "  - {kind: file, path: '@/b', name: x}\n  - {kind: file, path: '@/c', name: x}\n", 10, ["x"]),
            "no sources": ("state_dir: @/state\nsinks: [{kind: stdout}]\n", None, ["sources"]),
            "no sinks": ("state_dir: @/state\nsources: [{kind: file, paths: ['@/x']}]\n", None, ["sinks"]),
            "no paths": (good.replace("    paths: ['@/logs/*.log']\n", ""), None, ["paths"]),
            "a list": ("- a\n", 1, []),
        }
        for name, (text, number, words) in cases.items():
            config = self.config(text)
            for command in (("run", "-c"), ("check", "-c")):
                with self.subTest(error=name, command=command[0]):
                    result = sparktail(*command, config, timeout=60)
                    place = f"{config}:{number}" if number else str(config)
                    self.refused(result, re.escape(place) + r"\b", *map(re.escape, words))
        self.assertFalse((self.folder / "state").exists(), "a bad configuration leaves nothing behind")

    def test_empty_and_missing_and_binary(self):
        for content in (b"", b"\n# nothing\n", run_support.rng(self.id()).randbytes(1000), b"\0", b"a: &a [*a]\n", b"x" * 1000000):
            with self.subTest(content=content[:20]):
                self.refused(sparktail("run", "-c", self.file(content, "bad.yaml"), timeout=60), "bad.yaml")
        self.refused(sparktail("run", "-c", self.folder / "missing.yaml"), "missing.yaml")
        self.refused(sparktail("run", "-c", self.folder), re.escape(str(self.folder)))

    def test_variables_are_replaced_once_and_in_scalars_only(self):
        write(self.logs / "a.log", BANNER + events(1))
        write(self.folder / "secret", b"pro\n")
        os.environ["SPARKTAIL_TEST_NAME"] = "${HOME}: x"
        self.addCleanup(os.environ.pop, "SPARKTAIL_TEST_NAME")
        text = self.GOOD.replace("name: logs", "environment: '${SPARKTAIL_TEST_NAME}/${file:@/secret}'")
        result = sparktail("run", "-c", self.config(text), "--until-exit", "--exit-marker", write(self.folder / "m", b""))
        self.assertEqual(result.code, 0, result.err)
        document = json.loads((self.folder / "out.ndjson").read_text().splitlines()[0])
        self.assertEqual(document["environment"], "${HOME}: x/pro")

    def test_check_says_what_works(self):
        write(self.logs / "a.log", BANNER + events(1))
        result = sparktail("check", "-c", self.config(self.GOOD))
        self.assertEqual(result.code, 0, result.err + result.out.decode())
        bad = self.config(self.GOOD.replace("@/out.ndjson", "/proc/no/such/file"))
        result = sparktail("check", "-c", bad)
        self.assertEqual(result.code, 1, result.err + result.out.decode())
        self.assertIn("/proc/no/such", result.err + result.out.decode())
        self.assertFalse((self.folder / "out.ndjson").exists(), "check delivers nothing")

    def test_references(self):
        reference = sparktail("check", "--print-config-reference")
        schema = sparktail("check", "--print-json-schema")
        self.assertEqual((reference.code, schema.code), (0, 0))
        json.loads(schema.out)
        for key in ("state_dir", "paths", "record_timeout", "retention", "commit_interval"):
            self.assertIn(key, reference.out.decode())
            self.assertIn(key, schema.out.decode())

    def test_sinks_of_a_source(self):
        write(self.logs / "a.log", BANNER + events(1))
        write(self.logs / "b.txt", BANNER + events(2))
        text = f"""
state_dir: @/state
sources:
  - {{kind: file, name: one, paths: ['@/logs/*.log'], sinks: [first, both]}}
  - {{kind: file, name: two, paths: ['@/logs/*.txt'], sinks: [both], environment: other}}
sinks:
  - {{kind: file, name: first, path: '@/first'}}
  - {{kind: file, name: both, path: '@/both'}}
"""
        marker = write(self.folder / "m", b"")
        result = sparktail("run", "-c", self.config(text), "--until-exit", "--exit-marker", marker)
        self.assertEqual(result.code, 0, result.err)
        found = {name: run_support.documents(run_support.file_lines(self.folder / name)) for name in ("first", "both")}
        self.assertEqual([d["metrics"]["batchId"] for d in found["first"]], [1])
        self.assertEqual(sorted((d["metrics"]["batchId"], d["environment"], d["source"]["name"]) for d in found["both"]),
                         [(1, "default", "one"), (2, "other", "two")])

    def test_one_of_several_sinks_cant_be_opened(self):
        write(self.log, BANNER + events(1))
        runner = self.runner(self.log)
        runner.config["sinks"].append({"kind": "file", "name": "bad", "path": "/proc/no/such/file"})
        runner.start()
        self.assertEqual(runner.wait(), 1)
        self.assertIn("/proc/no/such/file", runner.said())
        self.assertRegex(runner.said(), r"\bbad\b")


class Flags(Case):
    def start(self, *arguments, **options):
        runner = self.runner(self.log)
        runner.start(command=[BINARY, "run", "--state-dir", runner.state, *arguments], **options)
        return runner

    def test_stdout_is_the_default(self):
        write(self.log, BANNER + events(1))
        runner = self.start("--file", self.log, "--environment", "pro", "--instance", "me")
        eventually(lambda: self.batch_numbers(runner, "stdout") == [1], "it comes to standard output", alive=runner)
        runner.stop()
        self.assertEqual(run_support.documents(runner.delivered("stdout"))[0]["environment"], "pro")

    def test_output_and_sqlite_and_two_globs(self):
        write(self.log, BANNER + events(1))
        write(self.logs / "b" / "stderr", BANNER + events(2))
        runner = self.runner(self.log)
        runner.start(
            command=[
                BINARY, "run", "--file", self.logs / "*.log", "--file", self.logs / "*" / "stderr", "--output", runner.output,
                "--sqlite", runner.database, "--state-dir", runner.state, "--watch", "poll", "--log-format", "json",
            ]
        )  # fmt: skip
        self.has_batches(runner, [1, 2])
        write(self.log, events(3), append=True)
        self.has_batches(runner, [1, 2, 3])
        runner.stop()
        for text in runner.said().splitlines():
            self.assertIsInstance(json.loads(text), dict)

    def test_a_relative_path(self):
        write(self.log, BANNER + events(1))
        runner = self.start("--file", "logs/*.log", "--output", "out.ndjson", cwd=self.folder)
        out = self.folder / "out.ndjson"
        eventually(lambda: len(run_support.file_lines(out)) == 1, "it is delivered", alive=runner)
        runner.stop()
        # From elsewhere it is the same file, and read on.
        write(self.log, events(2), append=True)
        runner.start(command=[BINARY, "run", "--state-dir", runner.state, "--file", self.log, "--output", out], cwd="/")
        eventually(lambda: len(run_support.file_lines(out)) == 2, "it is delivered", alive=runner)
        runner.stop()
        self.assertEqual(len(run_support.file_lines(out)), 2)

    def test_stats(self):
        write(self.log, BANNER + events(*range(3)))
        result = self.run_flags(
            "--file", self.log, "--output", self.folder / "a.ndjson", "--until-exit", "--exit-marker", self.log, "--stats"
        )
        self.assertEqual(result.code, 0, result.err)
        size, lines = self.log.stat().st_size, (self.folder / "a.ndjson").read_bytes()
        count = len(lines.splitlines())
        self.assertIn(f"\nbytes: {size}\nevents: {count} (progress 3, ", result.err)
        self.assertIn("\nlost_bytes: 0\n", result.err)
        self.assertIn(f"\nsink file: events {count}, bytes {len(lines) - count}, dead_letters 0\n", result.err)
        self.assertNotRegex(result.err, "(?m)^(records|speed): ")

    def test_closed_stdout_is_no_error(self):
        write(self.log, BANNER + events(*range(10)))
        reader, writer = os.pipe()
        runner = self.start("--file", self.log, stdout=writer)
        os.close(writer)
        os.read(reader, 10)
        os.close(reader)
        write(self.log, events(*range(10, 20)), append=True)
        self.assertEqual(runner.wait(), 0, runner.said())

    def test_stdout_that_is_closed_while_nothing_comes(self):
        write(self.log, BANNER + events(1))
        reader, writer = os.pipe()
        runner = self.start("--file", self.log, stdout=writer)
        os.close(writer)
        os.read(reader, 10)
        runner.until(runner.offsets, "it is delivered")
        os.close(reader)
        self.assertEqual(runner.wait(), 0, runner.said())

    def test_stdout_that_is_closed_from_the_start(self):
        write(self.log, BANNER + events(1))
        done = subprocess.run(
            ["sh", "-c", f"exec '{BINARY}' run --file '{self.log}' --state-dir '{self.state}' >&-"],
            capture_output=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
        self.assertIn(done.returncode, (0, 1))
        self.assertTrue(done.returncode == 0 or done.stderr)

    def test_dev_full(self):
        write(self.log, BANNER + events(1))
        with open("/dev/full", "wb") as full:
            runner = self.start("--file", self.log, stdout=full)
        runner.until(lambda: re.search("(?i)no space left", runner.said()), "it says so")
        runner.kill()

    def test_state_is_for_its_owner_only(self):
        write(self.log, BANNER + events(1))
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        runner = self.runner(self.log).start()
        self.has_batches(runner, [1])
        self.assertEqual(runner.state.stat().st_mode & 0o777, 0o700)
        for path in runner.state.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        runner.stop()

    def test_default_state_dir(self):
        write(self.log, BANNER + events(1))
        home = self.folder / "xdg"
        runner = self.runner(self.log)
        environment = {**os.environ, "XDG_STATE_HOME": str(home)}
        runner.start(command=[BINARY, "run", "--file", self.log], env=environment)
        eventually(lambda: (home / "sparktail" / "offsets.db").exists(), "the state is there", alive=runner)
        runner.stop()


class Signals(Case):
    def running(self, **options):
        write(self.log, BANNER + events(1))
        runner = self.runner(self.log, **options).start()
        self.has_batches(runner, [1])
        return runner

    def test_sigterm_and_sigint_end_well(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                runner = self.runner(self.log, number.name)
                write(self.log, BANNER + events(1))
                runner.start()
                self.has_batches(runner, [1])
                runner.signal(number)
                self.assertEqual(runner.wait(), 0, runner.said())

    def test_a_second_sigint_leaves_at_once(self):
        write(self.log, BANNER + events(*range(1500)))
        runner = self.runner(self.log, sinks=("stdout",), more={"shutdown_timeout": "1h"})
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        runner.start(stdout=writer)
        os.close(writer)
        self.assertTrue(os.read(reader, 1))
        runner.until(runner.catches_signals, "it catches signals")
        said = runner.said()
        runner.signal(signal.SIGINT)
        eventually(lambda: runner.said() != said or runner.ended(), "it has noticed the first")
        self.assertFalse(runner.ended(), "it is still waiting")
        runner.signal(signal.SIGINT)
        self.assertEqual(runner.wait(), 130, runner.said())

    def test_signals_in_the_start(self):
        write(self.log, BANNER + events(*range(50)))
        random = run_support.rng(self.id())
        runner = self.runner(self.log)
        for _ in range(run_support.counts(200)):
            runner.start()
            time.sleep(random.random() * 0.02)  # the moment
            runner.signal(random.choice([signal.SIGTERM, signal.SIGINT]))
            code = runner.wait()
            # Before it can catch a signal, the signal ends it.
            self.assertIn(code, (0, -signal.SIGTERM, -signal.SIGINT), runner.said())
        runner.start()
        self.has_batches(runner, range(50))
        runner.stop()

    def test_sighup_reopens_the_log(self):
        own = self.folder / "own.log"
        runner = self.running(more={"log": {"path": str(own), "level": "debug"}})
        self.assertTrue(own.exists())
        moved = own.rename(self.folder / "own.log.1")
        runner.signal(signal.SIGHUP)
        runner.until(own.exists, "the log is made anew")
        write(self.log, events(2), append=True)
        self.has_batches(runner, [1, 2])
        size = moved.stat().st_size
        runner.stop()
        self.assertEqual(moved.stat().st_size, size)
        self.assertGreater(own.stat().st_size, 0)

    def test_other_signals_do_no_harm(self):
        runner = self.running()
        for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT):
            runner.signal(number)
        write(self.log, events(2), append=True)
        self.has_batches(runner, [1, 2])
        runner.stop()


class UntilExit(Case):
    STOPPED = support.line("Successfully stopped SparkContext", logger="SparkContext")

    def test_the_marker_ends_it(self):
        write(self.log, BANNER + events(1))
        marker = self.folder / "exited"
        runner = self.runner(self.log).start("--until-exit", "--exit-marker", marker)
        self.has_batches(runner, [1])
        write(self.log, events(*range(2, 200)), append=True)
        marker.write_bytes(b"")
        self.assertEqual(runner.wait(), 0, runner.said())
        self.assertEqual(sorted(self.batch_numbers(runner)), list(range(1, 200)))
        self.assertEqual(sorted(self.batch_numbers(runner, "sqlite")), list(range(1, 200)))

    def test_the_marker_is_there_from_the_start(self):
        write(self.log, BANNER + events(*range(100)) + support.progress_record(100)[:-3])
        marker = write(self.folder / "exited", b"")
        runner = self.runner(self.log).start("--until-exit", "--exit-marker", marker)
        self.assertEqual(runner.wait(), 0, runner.said())
        self.assertEqual(self.batch_numbers(runner), list(range(100)))
        self.assertIn('"rule":"progress_incomplete"', runner.lines()[-1])

    def test_a_driver_that_stops_and_goes(self):
        """A writer of its own process, which ends after SparkContext has stopped."""
        write(self.log, BANNER)
        runner = self.runner(self.log).start("--until-exit")
        with open(self.log, "ab", buffering=0) as writer:
            writer.write(events(*range(20)))
            self.has_batches(runner, range(20))
            writer.write(self.STOPPED + events(20))
            self.has_batches(runner, range(21))
            holds(lambda: not runner.ended(), "it ended while the driver still had its log open", count=30)
            writer.write(run_support.CLOSING)
        self.assertEqual(runner.wait(), 0, runner.said())
        self.assertEqual(self.batch_numbers(runner), list(range(21)))

    def test_a_driver_that_has_not_stopped(self):
        """No writer, but no end either: it may be restarted, or be between two opens."""
        write(self.log, BANNER + events(1))
        runner = self.runner(self.log).start("--until-exit")
        self.has_batches(runner, [1])
        holds(lambda: not runner.ended(), "it ended without a sign of the driver's end", count=30)
        runner.stop()

    def test_a_new_driver_in_the_same_log(self):
        """The first one stopped, a second one runs."""
        with open(self.log, "ab", buffering=0) as writer:
            writer.write(BANNER + events(1) + self.STOPPED + BANNER + events(2))
            runner = self.runner(self.log).start("--until-exit")
            self.has_batches(runner, [1, 2])
        holds(lambda: not runner.ended(), "it ended while the second driver was running", count=30)
        write(self.log, self.STOPPED, append=True)
        self.assertEqual(runner.wait(), 0, runner.said())

    def test_a_stuck_sink_is_waited_for_and_told_of(self):
        write(self.log, BANNER + events(*range(1500)))
        marker = write(self.folder / "exited", b"")
        runner = self.runner(self.log, sinks=("stdout",))
        reader, writer = os.pipe()
        runner.start("--until-exit", "--exit-marker", marker, stdout=writer)
        os.close(writer)
        got = bytearray()
        while piece := os.read(reader, 1 << 16):
            got += piece
        os.close(reader)
        self.assertEqual(runner.wait(), 0, runner.said())
        self.assertEqual(got.count(b"\n"), 1500)

    def test_logs_that_are_rotated_at_the_end(self):
        write(self.log, BANNER + events(1))
        marker = self.folder / "exited"
        runner = self.runner(self.log).start("--until-exit", "--exit-marker", marker)
        self.has_batches(runner, [1])
        write(self.log, events(2), append=True)
        self.log.rename(self.logs / "driver.log.1")
        write(self.log, events(3))
        marker.write_bytes(b"")
        self.assertEqual(runner.wait(), 0, runner.said())
        self.assertEqual(self.batch_numbers(runner), [1, 2, 3])


class Http(Case):
    def test_health_readiness_metrics(self):
        write(self.log, BANNER + events(*range(10)))
        runner = self.runner(self.log, http=True).start()
        runner.until(runner.ready, "it is ready")
        self.has_batches(runner, range(10))
        self.assertEqual(runner.get("/healthz")[0], 200)
        self.assertEqual(runner.get("/nothing")[0], 404)
        runner.until(lambda: metric(runner.metrics(), run_support.METRIC_BEHIND) == 0, "nothing is behind")
        metrics = runner.metrics()
        size = self.log.stat().st_size
        self.assertEqual(metric(metrics, run_support.METRIC_READ), size, runner.get("/metrics")[1])
        for sink in ("file", "sqlite"):
            self.assertEqual(metric(metrics, run_support.METRIC_SENT, component_id=sink), 10)
        self.assertEqual(metric(metrics, run_support.METRIC_LOST) or 0, 0)
        # The last batch of the query.
        self.assertIn(9, [value for (name, _), value in metrics.items() if "batch" in name])
        runner.stop()

    def test_bytes_that_another_process_cuts_off_an_output_are_counted(self):
        write(self.log, BANNER + events(*range(3)))
        runner = self.runner(self.log, http=True, sinks=["file"]).start()
        # What is not committed yet would be written again, and so not be lost.
        runner.until(lambda: metric(runner.metrics(), run_support.METRIC_SENT, component_id="file") == 3, "all is committed")
        size = runner.output.stat().st_size
        os.truncate(runner.output, 0)
        write(self.log, events(3), append=True)

        def lost():
            return metric(runner.metrics(), run_support.METRIC_LOST_IN_SINK, component_id="file")

        self.assertGreaterEqual(runner.until(lost, "the loss is counted"), size)
        runner.stop()

    def test_values_of_logs_do_no_harm_in_metrics(self):
        evil = 'a"b\\c\n# {evil="1"} 7'
        write(self.log, BANNER + support.progress_record(1, name=evil))
        runner = self.runner(self.log, http=True).start()
        self.has_batches(runner, [1])
        text = runner.until(lambda: runner.get("/metrics")[1], "metrics")
        for line in text.splitlines():
            self.assertTrue(line.startswith("#") or run_support.METRIC.fullmatch(line), line)
        runner.stop()

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            result = self.run_flags("--file", self.log, "--http", f"127.0.0.1:{port}", timeout=60)
        self.refused(result, str(port), code=1)

    def test_not_ready_when_a_sink_is_paused(self):
        write(self.log, BANNER + events(1))
        with open("/dev/full", "wb") as full:
            runner = self.runner(self.log, sinks=("stdout",), http=True).start(stdout=full)
        runner.until(lambda: runner.get("/healthz")[0] == 200, "it is alive")
        runner.until(lambda: re.search("(?i)no space left", runner.said()), "it says so")
        runner.kill()


class Offsets(Case):
    def test_list_beside_a_running_process(self):
        write(self.log, BANNER + events(*range(5)))
        runner = self.runner(self.log).start()
        self.has_batches(runner, range(5))
        runner.stop()
        size = self.log.stat().st_size
        before = runner.offsets()
        self.assertEqual({cursor["sink"] for cursor in before}, {"file", "sqlite"})
        # The last line may yet go on.
        last = len(self.log.read_bytes().splitlines(keepends=True)[-1])
        self.assertEqual({cursor["offset"] for cursor in before}, {size - last})
        runner.start()
        write(self.log, events(5), append=True)
        self.has_batches(runner, range(6))
        runner.until(
            lambda: {cursor["offset"] for cursor in runner.offsets()} == {self.log.stat().st_size - last},
            "the cursors are at the end",
        )
        text = sparktail("offsets", "list", "-c", runner.config_path)
        self.assertEqual(text.code, 0, text.err)
        self.assertIn(str(self.log), text.out.decode())
        runner.stop()

    def test_set_and_forget(self):
        write(self.log, BANNER + events(*range(5)))
        runner = self.runner(self.log).start()
        self.has_batches(runner, range(5))
        runner.stop()
        stream = runner.offsets()[0]["stream"]
        where = ("--state-dir", runner.state)
        third = len(BANNER + events(0, 1, 2))
        result = sparktail("offsets", "set", *where, "--sink", "file", stream, str(third))
        self.assertEqual(result.code, 0, result.err)
        runner.start()
        write(self.log, events(5), append=True)
        self.arrives(runner, run_support.progress_ids(events(5)))
        runner.stop()
        self.assertEqual(self.batch_numbers(runner), [0, 1, 2, 3, 4, 3, 4, 5])
        self.assertEqual(self.batch_numbers(runner, "sqlite"), [0, 1, 2, 3, 4, 5])
        result = sparktail("offsets", "set", *where, "--sink", "file", stream, "beginning")
        self.assertEqual(result.code, 0, result.err)
        runner.start()
        runner.until(lambda: len(self.batch_numbers(runner)) == 14, "it begins anew")
        runner.stop()
        result = sparktail("offsets", "forget", *where, stream)
        self.assertEqual(result.code, 0, result.err)
        runner.start()
        runner.until(lambda: len(self.batch_numbers(runner)) == 20, "the file sink begins anew")
        runner.stop()
        self.assertEqual(self.batch_numbers(runner, "sqlite"), [0, 1, 2, 3, 4, 5], "its ids are unique")

    def test_a_history_keeps_its_cursors_itself(self):
        write(self.log, BANNER + events(*range(5)))
        runner = self.runner(self.log).start()
        self.has_batches(runner, range(5))
        stream = runner.offsets()[0]["stream"]
        where = ("--sink", "sqlite", "-c", runner.config_path)
        for arguments in (("set", stream, "beginning"), ("forget", stream), ("forget", "--all")):
            result = sparktail("offsets", *arguments, *where)
            self.refused(result, f"in use by another sparktail, process {runner.process.pid} ", code=1)
        runner.stop()
        listed = sparktail("offsets", "list", "--json", *where)
        self.assertEqual([cursor["store"] for cursor in run_support.offsets_of(listed.out)], [str(runner.database)])
        files = sorted(path.name for path in runner.folder.rglob("*.db*"))
        self.assertEqual(files, ["history.db", "offsets.db"], "looking leaves nothing behind")
        third = len(BANNER + events(0, 1, 2))
        for arguments, again in (
            (("set", stream, str(third)), [3, 4]),
            (("set", stream, "beginning"), range(5)),
            (("forget", stream), range(5)),
            (("forget", "--all"), range(5)),
        ):
            with self.subTest(arguments=arguments):
                with contextlib.closing(sqlite3.connect(runner.database)) as history, history:
                    history.execute("DELETE FROM events")
                result = sparktail("offsets", *arguments, *where)
                self.assertEqual((result.code, result.err), (0, ""))
                runner.start()
                self.has_batches(runner, again, sinks=["sqlite"])
                runner.stop()
        self.assertEqual(self.batch_numbers(runner), [0, 1, 2, 3, 4], "the file sink was not moved")

    def test_forget_all(self):
        write(self.log, BANNER + events(*range(3)))
        runner = self.runner([self.log], sinks=["file"]).start()
        self.has_batches(runner, range(3), sinks=["file"])
        runner.stop()
        result = sparktail("offsets", "forget", "--all", "--json", "-c", runner.config_path)
        self.assertEqual((result.code, result.out, result.err), (0, b'{"forgotten":1}\n', ""))
        self.assertEqual(runner.offsets(), [])
        runner.start()
        runner.until(lambda: len(self.batch_numbers(runner)) == 6, "it begins anew")
        runner.stop()
        result = sparktail("offsets", "forget", "--all", "--sink", "file", "-c", runner.config_path)
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(result.out.decode(), f"forgot 1 cursor in {runner.state}/offsets.db\n")

    def test_unknown_streams_and_no_state(self):
        result = sparktail("offsets", "list", "--state-dir", self.folder / "nothing")
        self.assertNotEqual(result.code, 0)
        self.assertFalse((self.folder / "nothing").exists(), "looking makes nothing")
        write(self.log, BANNER + events(1))
        runner = self.runner(self.log).start()
        self.has_batches(runner, [1])
        runner.stop()
        for arguments in (("set", "no/such", "0"), ("forget", "no/such")):
            result = sparktail("offsets", arguments[0], "--state-dir", runner.state, *arguments[1:])
            self.assertEqual(result.code, 1, result.err)
            self.assertIn("no/such", result.err)


class StartAt(Case):
    def test_end(self):
        write(self.log, BANNER + events(1, 2))
        runner = self.runner(self.log, source={"start_at": "end"}, http=True).start()
        runner.until(lambda: len(runner.offsets()) == 2, "it is known")
        write(self.log, events(3), append=True)
        # A new file is read from its beginning.
        write(self.logs / "driver.log.new", b"")
        self.has_batches(runner, [3])
        document = run_support.documents(runner.lines())[0]
        self.assertEqual(document["appName"], "cap-basic")
        runner.stop()
        write(self.log, events(4), append=True)
        runner.start()
        self.has_batches(runner, [3, 4])
        runner.stop()

    def test_end_is_for_the_first_start_only(self):
        write(self.log, BANNER + events(1))
        runner = self.runner(self.logs / "*.log", source={"start_at": "end"}).start()
        runner.until(lambda: len(runner.offsets()) == 2, "it is known")
        write(self.logs / "later.log", BANNER + events(2))
        self.has_batches(runner, [2])
        runner.stop()

    def test_a_first_start_that_finds_nothing_is_one(self):
        for name, first in (("nothing", None), ("an empty file", b"")):
            with self.subTest(found=name):
                logs = self.folder / name
                logs.mkdir()
                if first is not None:
                    write(logs / "driver.log", first)
                runner = self.runner(logs / "*.log", name + " run", source={"start_at": "end"}, http=True).start()
                runner.until(runner.ready, "it is ready")
                runner.stop()
                write(logs / "driver.log", BANNER + events(1, 2))
                runner.start()
                self.has_batches(runner, [1, 2])
                runner.stop()

    def test_a_duration(self):
        now = datetime.now(timezone.utc)
        text = BANNER
        for number, age in enumerate((48, 5, 3, 1, 0)):
            then = now - timedelta(hours=age, minutes=5)
            stamp, iso = then.strftime("%y/%m/%d %H:%M:%S"), then.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            text += support.progress_record(number, stamp=stamp, time=iso)
        write(self.log, text)
        runner = self.runner(self.log, source={"start_at": "4h"}).start()
        self.has_batches(runner, [2, 3, 4])
        runner.stop()
        runner.start()
        # This one has a time of today as well, in the past or in the future.
        stamp = datetime.now(timezone.utc)
        late = support.progress_record(9, time=stamp.strftime("%Y-%m-%dT%H:%M:%S.000Z"), stamp=stamp.strftime("%y/%m/%d %H:%M:%S"))
        write(self.log, late, append=True)
        self.has_batches(runner, [2, 3, 4, 9])
        runner.stop()


if __name__ == "__main__":
    support.main(workers=4)
