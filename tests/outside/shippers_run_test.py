#!/usr/bin/env python3
"""How log shippers lose and double events: lines, wrappings, state, sinks and lifecycle of `sparktail run`. The numbers
are those of docs/failures.md; rotation_test.py and kill_test.py have the others."""
import os
import re
import resource
import shutil
import signal
import time
import unittest

import run_support
import support
from run_support import RunCase, banner, eventually, events, holds, write
from support import BINARY, line, names, progress_record

BANNER = banner()


class Case(RunCase):
    def setUp(self):
        super().setUp()
        self.logs = self.folder / "logs"
        self.log = self.logs / "driver.log"
        self.logs.mkdir()

    def piped(self, runner, **options):
        """Starts it with a pipe as standard output, which nobody reads yet; returns the end to read from."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        runner.start(stdout=writer, **options)
        os.close(writer)
        return reader

    def read_until(self, reader, wanted, runner):
        """Reads the pipe until a batch has come; returns all batches that came."""
        got = b""
        while f'"batchId":{wanted},'.encode() not in got or not got.endswith(b"\n"):
            piece = os.read(reader, 1 << 16)
            self.assertTrue(piece, f"its standard output has ended:\n{runner.said()}")
            got += piece
        documents = run_support.documents(got.decode().splitlines())
        return [document["metrics"]["batchId"] for document in documents if document["kind"] == "progress"]


class Lines(Case):
    def test_F20_the_last_line_has_no_newline_when_the_JVM_is_killed(self):
        last = line(f"Query {names(1)} was stopped").rstrip(b"\n")
        write(self.log, BANNER + events(1) + last)
        runner = self.runner(self.log, source={"record_timeout": "1s"}).start()
        runner.until(lambda: '"phase":"stopped"' in "".join(runner.lines()), "the last line is delivered")
        runner.kill()
        runner.start()
        write(self.log, b"\n" + events(2), append=True)
        self.has_batches(runner, [1, 2])
        runner.stop()
        for sink in ("file", "sqlite"):
            self.assertEqual(sum('"phase":"stopped"' in text for text in runner.delivered(sink)), 1)

    def test_F20_an_open_event_at_the_end_of_a_deleted_file_is_told_of(self):
        write(self.log, BANNER + events(1) + events(2)[:200])
        runner = self.runner(self.log, source={"record_timeout": "1s", "rotate_wait": "200ms"}).start()
        self.has_batches(runner, [1])
        self.log.unlink()
        runner.until(lambda: '"rule":"progress_incomplete"' in "".join(runner.lines()), "a signal tells of it")
        runner.stop()

    def test_F21_half_a_record_is_delivered_in_time_and_never_again(self):
        error = f"Query {names(1)} terminated with error"
        half = line(error, level="ERROR") + b"java.lang.IllegalStateException: gone\n\tat a.B.c(D.java:1)\n"
        rest = b"\tat a.B.d(D.java:2)\nCaused by: java.io.IOException: x\n\tat e.F.g(H.java:3)\n"
        for name, restart in (("alive", None), ("killed", "kill"), ("stopped", "stop")):
            with self.subTest(between=name):
                write(self.log, BANNER + events(1) + half)
                runner = self.runner(self.log, name, source={"record_timeout": "1s"}).start()
                runner.until(lambda: len(runner.lines()) == 2 and len(runner.rows()) == 2, "the half record has come")
                if restart:
                    getattr(runner, restart)()
                    runner.start()
                write(self.log, rest + events(2), append=True)
                self.has_batches(runner, [1, 2])
                runner.stop()
                for sink in ("file", "sqlite"):
                    ends = [text for text in runner.delivered(sink) if '"phase":"terminated"' in text]
                    self.assertEqual(len(ends), 1, f"{sink}: {ends}")

    def test_F21_a_half_event_is_not_delivered_in_time(self):
        """A progress event ends where its braces end, however long that takes."""
        write(self.log, BANNER + events(1)[:300])
        runner = self.runner(self.log, source={"record_timeout": "100ms"}).start()
        runner.until(lambda: len(runner.offsets()) > 0, "the log is known")
        holds(lambda: not runner.lines(), "half an event was delivered", count=30)
        write(self.log, events(1)[300:], append=True)
        self.has_batches(runner, [1])
        runner.stop()

    def test_F25_parts_of_lines_of_two_streams_interleave(self):
        """Each stream has an event of its own, both in parts of 100 bytes, one part of this and one of that."""
        out, error = events(1), events(2)
        parts = []
        wrapped = [run_support.cri([(stream, text)], 100).splitlines(True) for stream, text in ((b"stdout", out), (b"stderr", error))]
        for number in range(max(map(len, wrapped))):
            parts += [lines[number] for lines in wrapped if number < len(lines)]
        path = self.logs / "0.log"
        runner = self.runner(path).start()
        for begin in range(0, len(parts), 7):
            write(path, b"".join(parts[begin : begin + 7]), append=True)
        self.has_batches(runner, [1, 2])
        runner.stop()
        # One line a part, each stream with offsets of its own.
        for document in run_support.documents(runner.lines()):
            self.assertEqual(document["source"]["offset"], 0)

    def test_F25_parts_without_an_end_take_bounded_memory(self):
        part = b"2026-11-21T15:00:00.000000000Z stderr P " + b"x" * 16000 + b"\n"
        path = self.logs / "0.log"
        runner = self.runner(path, more={"max_event_bytes": "1MiB"}).start()
        write(path, run_support.cri([(b"stderr", BANNER + events(1))]))
        self.has_batches(runner, [1])
        before = runner.resident()
        for _ in range(60):
            write(path, part * 64, append=True)
        write(path, b"2026-11-21T15:00:01.000000000Z stderr F \n", append=True)
        write(path, run_support.cri([(b"stderr", events(2))]), append=True)
        self.has_batches(runner, [1, 2])
        if not support.sanitized():
            self.assertLess(runner.resident() - before, 24 << 20)
        runner.stop()

    def test_F26_files_that_live_for_less_than_a_second(self):
        runner = self.runner(self.logs / "*" / "stderr", source={"rotate_wait": "200ms"}, http=True).start()
        runner.until(runner.ready, "it is ready")
        write(self.logs / "first" / "stderr", BANNER + events(0))
        self.has_batches(runner, [0])
        wanted = [0]
        for number in range(1, 21):
            # The folder is new as well, as that of a container is.
            path = write(self.logs / f"container_{number}" / "stderr", BANNER + events(number))
            eventually(lambda name=str(path): name in runner.descriptors().values(), "it is open", alive=runner)
            write(path, events(1000 + number), append=True)
            shutil.rmtree(path.parent)
            wanted += [number, 1000 + number]
        self.has_batches(runner, wanted)
        runner.stop()


class State(Case):
    """F47, F49, F50, F53: what is known of the past."""

    def damaged(self, name, damage, kill=False):
        write(self.log, BANNER + events(*range(20)))
        runner = self.runner(self.log, name).start()
        self.has_batches(runner, range(20))
        runner.kill() if kill else runner.stop()
        damage(runner.state / "offsets.db")
        return runner

    DAMAGES = {
        "zeroed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
        "cut short": lambda path: os.truncate(path, path.stat().st_size // 2 + 100),
        "garbage": lambda path: path.write_bytes(run_support.rng("garbage").randbytes(path.stat().st_size)),
        "garbage inside": lambda path: overwrite(path, 4096, b"\xa5" * (path.stat().st_size - 4096)),
        "another's": lambda path: path.write_bytes(b"root:x:0:0:root:/root:/bin/bash\n" * 100),
    }

    def test_F47_a_damaged_state_is_told_of_and_recovered_from(self):
        for name, damage in self.DAMAGES.items():
            with self.subTest(damage=name):
                runner = self.damaged(name.replace(" ", "-"), damage)
                runner.start()
                self.assertEqual(runner.wait(), 1)
                said = runner.said()
                self.assertIn(str(runner.state / "offsets.db"), said)
                self.assertIn("--recover", said)
                write(self.log, events(30), append=True)
                runner.start("--recover")
                self.has_batches(runner, [*range(20), 30])
                runner.stop()
                # And it is as good as ever.
                write(self.log, events(31), append=True)
                runner.start()
                self.has_batches(runner, [*range(20), 30, 31])
                runner.stop()

    def test_F47_an_empty_state_is_as_a_new_one_or_refused(self):
        """Power loss may leave a file of no bytes: SQLite takes it for a new database."""
        runner = self.damaged("empty", lambda path: os.truncate(path, 0))
        write(self.log, events(30), append=True)
        runner.start()
        eventually(lambda: runner.ended() or 30 in self.batch_numbers(runner, "sqlite"), "an outcome")
        if runner.ended():
            self.assertEqual(runner.code, 1)
            self.assertIn("--recover", runner.said())
            runner.start("--recover")
        self.has_batches(runner, [*range(20), 30], sinks=("sqlite",))
        runner.stop()

    def test_F49_a_torn_write_ahead_log(self):
        def tear(path):
            wal = path.with_name(path.name + "-wal")
            if wal.exists():
                os.truncate(wal, wal.stat().st_size * 2 // 3)

        def spoil(path):
            wal = path.with_name(path.name + "-wal")
            if wal.exists() and wal.stat().st_size > 8192:
                overwrite(wal, wal.stat().st_size - 5000, b"\xa5" * 5000)

        for name, damage in (("torn", tear), ("spoilt", spoil)):
            with self.subTest(damage=name):
                runner = self.damaged(name, damage, kill=True)
                write(self.log, events(30), append=True)
                runner.start()
                self.has_batches(runner, [*range(20), 30])
                runner.stop()

    def test_F50_killed_right_after_each_delivery(self):
        runner = self.runner(self.log, sink={"commit_interval": "1ms"})
        write(self.log, BANNER)
        runner.start()
        random = run_support.rng(self.id())
        for number in range(run_support.counts(400)):
            size = runner.output.stat().st_size if runner.output.exists() else 0
            write(self.log, events(number), append=True)
            # The moment is between the sink and the cursor, or close by.
            runner.until(lambda size=size: runner.output.exists() and runner.output.stat().st_size > size, "it delivers")
            time.sleep(random.choice([0, 0, 0.001, 0.003]) * random.random())
            runner.kill()
            runner.start()
        self.has_batches(runner, range(number + 1))
        runner.stop()

    def test_F53_a_second_process_refuses_and_names_the_first(self):
        write(self.log, BANNER + events(1))
        first = self.runner(self.log).start()
        self.has_batches(first, [1])
        done = support.sparktail("run", "-c", first.config_path, timeout=run_support.DEADLINE)
        self.assertEqual(done.code, 1, done.err)
        self.assertRegex(done.err, rf"\b{first.process.pid}\b")
        self.assertIn(str(first.state), done.err)
        for arguments in (("set", "x", "0"), ("forget", "x")):
            done = support.sparktail("offsets", *arguments, "--state-dir", first.state, timeout=run_support.DEADLINE)
            self.assertEqual(done.code, 1, done.err)
            self.assertRegex(done.err, rf"\b{first.process.pid}\b")
        write(self.log, events(2), append=True)
        self.has_batches(first, [1, 2])
        first.kill()
        # Its lock went with it.
        first.start()
        write(self.log, events(3), append=True)
        self.has_batches(first, [1, 2, 3])
        first.stop()

    def test_F53_two_states_and_one_output(self):
        """The file is locked as well: two writers would cut back each other's lines."""
        write(self.log, BANNER + events(1))
        first = self.runner(self.log, "first", sinks=("file",)).start()
        self.has_batches(first, [1], sinks=("file",))
        second = self.runner(self.log, "second", sinks=("file",))
        second.config["sinks"][0]["path"] = str(first.output)
        second.start()
        self.assertEqual(second.wait(), 1)
        self.assertIn(str(first.output), second.said())
        first.stop()
        self.assertEqual(self.batch_numbers(first), [1])

    @unittest.skipIf(os.geteuid() == 0 and not shutil.which("setpriv"), "root may write everywhere")
    def test_F53_a_state_that_cant_be_written(self):
        write(self.log, BANNER + events(1))
        runner = self.runner(self.log).start()
        self.has_batches(runner, [1])
        runner.stop()
        os.chmod(self.folder, 0o755)
        os.chmod(runner.folder, 0o755)
        os.chmod(runner.state, 0o555)
        command = [BINARY, "run", "-c", runner.config_path]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        runner.start(command=command)
        self.assertEqual(runner.wait(), 1)
        self.assertIn(str(runner.state), runner.said())
        self.assertRegex(runner.said(), "(?i)permission denied|read-only|not permitted")
        os.chmod(runner.state, 0o700)


def overwrite(path, position, content):
    with open(path, "r+b") as file:
        file.seek(position)
        file.write(content)


class FullDisk(Case):
    """F48."""

    def setUp(self):
        super().setUp()
        # Large enough for all, once the ballast is gone.
        self.disk = run_support.small_disk("16m")
        if self.disk is None:
            self.skipTest("no file system may be mounted here")
        self.addCleanup(run_support.unmount, self.disk)

    def fill(self):
        ballast = self.disk / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            for size in (1 << 16, 4096, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    pass
        return ballast

    def test_F48_a_disk_that_is_full_at_the_start(self):
        write(self.log, BANNER + events(1))
        ballast = self.fill()
        runner = self.runner(self.log)
        runner.state = self.disk / "state"
        runner.config["state_dir"] = str(runner.state)
        runner.start()
        self.assertEqual(runner.wait(), 1)
        self.assertIn(f"make room on the disk of {runner.state}", runner.said())
        ballast.unlink()
        runner.start()
        self.has_batches(runner, [1])
        runner.stop()

    def full(self, **paths):
        """Fills the disk in mid-life; it pauses, says so, and goes on when there is room."""
        write(self.log, BANNER + events(*range(3)))
        runner = self.runner(self.log, http=True)
        if "state" in paths:
            runner.state = paths["state"]
            runner.config["state_dir"] = str(runner.state)
        if "output" in paths:
            runner.output = paths["output"]
            runner.config["sinks"][0]["path"] = str(runner.output)
        if "database" in paths:
            runner.database = paths["database"]
            runner.config["sinks"][1]["path"] = str(runner.database)
        runner.start()
        self.has_batches(runner, range(3))
        ballast = self.fill()
        write(self.log, events(*range(3, 1200)), append=True)
        runner.until(lambda: re.search(r"(?i)no space left|disk .*full|full", runner.said()), "it says so")
        # The healthy one goes on, if it keeps its cursors elsewhere.
        if "output" in paths:
            self.has_batches(runner, range(1200), sinks=("sqlite",))
        self.assertFalse(runner.ended())
        ballast.unlink()
        self.has_batches(runner, range(1200))
        runner.stop()
        return runner

    def test_F48_for_the_events(self):
        self.full(output=self.disk / "events.ndjson")

    def test_F48_for_the_history(self):
        self.full(database=self.disk / "history.db")

    def test_F48_for_the_state(self):
        self.full(state=self.disk / "state")

    def test_F48_killed_while_full(self):
        write(self.log, BANNER + events(*range(3)))
        runner = self.runner(self.log)
        runner.output = self.disk / "events.ndjson"
        runner.config["sinks"][0]["path"] = str(runner.output)
        runner.start()
        self.has_batches(runner, range(3))
        ballast = self.fill()
        write(self.log, events(*range(3, 100)), append=True)
        runner.until(lambda: re.search(r"(?i)no space left|full", runner.said()), "it says so")
        runner.kill()
        ballast.unlink()
        runner.start()
        self.has_batches(runner, range(100))
        runner.stop()

    def test_F48_full_at_the_start(self):
        self.fill()
        write(self.log, BANNER + events(1))
        runner = self.runner(self.log)
        runner.state = self.disk / "state"
        runner.config["state_dir"] = str(runner.state)
        runner.start()
        eventually(lambda: re.search(r"(?i)no space left|full", runner.said()), "it says so")
        (self.disk / "ballast").unlink()
        eventually(lambda: runner.ended() or 1 in self.batch_numbers(runner), "it has ended, or goes on")
        if runner.ended():
            self.assertEqual(runner.code, 1)
            runner.start()
        self.has_batches(runner, [1])
        runner.stop()


class Sinks(Case):
    def test_F48_a_file_that_may_not_grow(self):
        """RLIMIT_FSIZE: without care SIGXFSZ kills the process."""
        write(self.log, BANNER + events(*range(200)))
        runner = self.runner(self.log, sinks=("file",))
        runner.start(limits={resource.RLIMIT_FSIZE: (100 << 10, 100 << 10)})
        runner.until(lambda: re.search(r"(?i)too large", runner.said()), "it says so")
        runner.kill()
        self.assertNotEqual(runner.code, -signal.SIGXFSZ)
        runner.start()
        self.has_batches(runner, range(200), sinks=("file",))
        runner.stop()

    def test_F52_a_reader_of_stdout_that_stopped_and_goes_on(self):
        many = range(1500)
        write(self.log, BANNER + events(*many))
        runner = self.runner(self.log, sinks=("stdout", "file"), sink={"queue_bytes": "1MiB"}, http=True)
        reader = self.piped(runner)
        runner.until(lambda: run_support.metric(runner.metrics(), run_support.METRIC_BEHIND), "the reading has stopped")
        before = runner.cpu()
        holds(lambda: not runner.ended(), "it ended")
        self.assertLess(runner.cpu() - before, 0.3, "it waits for the sink in a busy loop")
        self.assertEqual(runner.get("/healthz")[0], 200)
        got = self.read_until(reader, 1499, runner)
        self.assertEqual(got, list(many))
        write(self.log, events(1500), append=True)
        self.assertEqual(self.read_until(reader, 1500, runner), [1500])
        self.has_batches(runner, range(1501), sinks=("file",))
        runner.stop()

    def test_F55_a_stop_waits_for_what_is_on_its_way(self):
        many = range(300)
        write(self.log, BANNER + events(*many))
        runner = self.runner(self.log, sinks=("stdout",), sink={"commit_interval": "1h"})
        reader = self.piped(runner)
        first = os.read(reader, 1)
        runner.signal(signal.SIGTERM)
        got = bytearray(first)
        while piece := os.read(reader, 1 << 16):
            got += piece
        self.assertEqual(runner.wait(), 0, runner.said())
        numbers = [document["metrics"]["batchId"] for document in run_support.documents(got.decode().splitlines())]
        self.assertEqual(numbers, list(range(len(numbers))))
        # The next one goes on where this one ended: at least once, and here exactly.
        reader = self.piped(runner)
        write(self.log, events(300), append=True)
        rest = self.read_until(reader, 300, runner)
        self.assertEqual([*numbers, *rest], list(range(301)))
        runner.stop()

    def test_F55_a_stop_gives_up_after_shutdown_timeout(self):
        """The cursors cover the rest, so that is no failure."""
        write(self.log, BANNER + events(*range(1500)))
        runner = self.runner(self.log, sinks=("stdout",), more={"shutdown_timeout": "1s"})
        reader = self.piped(runner)
        first = os.read(reader, 1)
        runner.until(lambda: self.blocked(runner), "it waits for its reader")
        begin = time.monotonic()
        runner.signal(signal.SIGTERM)
        self.assertEqual(runner.wait(), 0)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertRegex(runner.said(), "stdout")
        got = bytearray(first)
        while piece := os.read(reader, 1 << 16):
            got += piece
        whole = got[: got.rfind(b"\n") + 1].decode().splitlines()
        had = [document["metrics"]["batchId"] for document in run_support.documents(whole)]
        write(self.log, events(1500), append=True)
        reader = self.piped(runner)
        rest = self.read_until(reader, 1500, runner)
        # At least once, and in order.
        self.assertEqual(sorted({*had, *rest}), list(range(1501)))
        self.assertEqual(rest, list(range(rest[0], 1501)))
        runner.stop()

    def blocked(self, runner):
        for task in os.listdir(f"/proc/{runner.process.pid}/task"):
            try:
                with open(f"/proc/{runner.process.pid}/task/{task}/wchan") as file:
                    if "pipe" in file.read():
                        return True
            except OSError:
                pass
        return False

    def test_F55_stopped_at_random_moments(self):
        random = run_support.rng(self.id())
        write(self.log, BANNER)
        runner = self.runner(self.log, sink={"commit_interval": "1h"})
        total = 0
        for _ in range(run_support.counts(200)):
            runner.start()
            more = random.randrange(1, 30)
            write(self.log, events(*range(total, total + more)), append=True)
            total += more
            time.sleep(random.random() * random.choice([0.01, 0.1]))
            runner.stop()
        runner.start()
        self.has_batches(runner, range(total))
        runner.stop()


if __name__ == "__main__":
    support.main(workers=4)
