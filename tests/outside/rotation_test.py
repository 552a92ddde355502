#!/usr/bin/env python3
"""Files that are renamed, truncated, replaced, copied, moved and deleted, running and stopped. The numbers are those of
docs/failures.md."""
import gzip
import os
import shutil
import signal
import tempfile
from pathlib import Path

import run_support
import support
from run_support import METRIC_BEHIND, METRIC_LOST, METRIC_QUEUE, METRIC_TRUNCATIONS
from run_support import RunCase, banner, eventually, events, metric, write

# Of a new driver's log, the part that is the same in each.
BANNER = banner()
QUICK = {"rotate_wait": "200ms"}


class Case(RunCase):
    def setUp(self):
        super().setUp()
        self.logs = self.folder / "logs"
        self.log = self.logs / "driver.log"

    def started(self, content, numbers, path=None, **options):
        """A runner that has read a first log with these batches."""
        write(path or self.log, content)
        runner = self.runner(options.pop("paths", [self.logs / "driver.log"]), http=True, source=QUICK, **options)
        runner.start()
        self.has_batches(runner, numbers)
        return runner

    def read_before(self, content, numbers, **options):
        """A runner that has read a first log with these batches, and is down."""
        runner = self.started(content, numbers, **options)
        runner.stop()
        return runner

    def stuck(self, **source):
        """A runner that has read some of the log, of which standard output is not read; and the end to read from."""
        runner = self.runner(
            self.log, sinks=("stdout",), sink={"queue_bytes": "1MiB"}, http=True, source={**QUICK, **source}
        )
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        runner.start(stdout=writer)
        os.close(writer)
        seen = []

        def still():
            """Some is behind, and has been for a while, since the queue is full."""
            metrics = runner.metrics()
            seen.append(metric(metrics, METRIC_BEHIND))
            is_full = (metric(metrics, METRIC_QUEUE) or 0) >= support.MIB
            return is_full and seen[-1] and len(seen) > 10 and len(set(seen[-10:])) == 1

        runner.until(still, "it is stuck")
        return runner, reader

    def read_until(self, reader, wanted, runner):
        """Reads the pipe until a batch has come; returns all batches that came."""
        got = b""
        while f'"batchId":{wanted},'.encode() not in got or not got.endswith(b"\n"):
            piece = os.read(reader, 1 << 16)
            self.assertTrue(piece, f"its standard output has ended:\n{runner.said()}")
            got += piece
        documents = run_support.documents(got.decode().splitlines())
        return [document["metrics"]["batchId"] for document in documents if document["kind"] == "progress"]

    def paused(self, runner):
        """It sees nothing of what happens until it is to go on."""
        runner.signal(signal.SIGSTOP)
        eventually(lambda: "State:\tT" in Path(f"/proc/{runner.process.pid}/status").read_text(), "it is stopped")

    def go_on(self, runner):
        runner.signal(signal.SIGCONT)

    def replace_with_same_inode(self, path, content, new_path=None):
        """Deletes a file, and makes one that has its inode; False if the file system does not give it again."""
        inode = path.stat().st_ino
        path.unlink()
        spare = []
        found = False
        for number in range(200):
            probe = path.with_name(f".probe{number}")
            probe.write_bytes(b"")
            spare.append(probe)
            if probe.stat().st_ino == inode:
                write(probe, content)
                probe.rename(new_path or path)
                found = True
                break
        for probe in spare:
            probe.unlink(missing_ok=True)
        if not found:
            write(new_path or path, content)
        return found

    def shift(self):
        """driver.log.1 is free afterwards."""
        last = 0
        while (self.logs / f"driver.log.{last + 1}").exists():
            last += 1
        for number in range(last, 0, -1):
            (self.logs / f"driver.log.{number}").rename(self.logs / f"driver.log.{number + 1}")

    def rename(self):
        self.shift()
        self.log.rename(self.logs / "driver.log.1")


class Identity(Case):
    def test_F1_a_new_file_has_the_inode_of_one_that_was_read(self):
        runner = self.read_before(BANNER + events(*range(5)), range(5))
        same = self.replace_with_same_inode(self.log, BANNER + events(*range(10, 30)))
        runner.start()
        self.has_batches(runner, [*range(5), *range(10, 30)])
        runner.stop()
        if not same:
            self.skipTest("this file system did not give the inode again; the rest held")

    def test_F1_a_file_elsewhere_has_the_inode_of_one_that_was_read(self):
        other = self.logs / "app2" / "driver.log"
        other.parent.mkdir(parents=True)
        paths = [self.logs / "driver.log", self.logs / "*" / "driver.log"]
        runner = self.read_before(BANNER + events(*range(5)), range(5), paths=paths)
        self.replace_with_same_inode(self.log, BANNER + events(*range(10, 30)), other)
        runner.start()
        self.has_batches(runner, [*range(5), *range(10, 30)])
        runner.stop()

    def test_F1_the_inode_is_reused_for_less_than_was_read(self):
        runner = self.read_before(BANNER + events(*range(20)), range(20))
        self.replace_with_same_inode(self.log, BANNER + events(50))
        runner.start()
        self.has_batches(runner, [*range(20), 50])
        write(self.log, events(51), append=True)
        self.has_batches(runner, [*range(20), 50, 51])
        runner.stop()

    def test_F2_truncated_while_down_and_shorter_than_before(self):
        runner = self.read_before(BANNER + events(*range(20)), range(20))
        os.truncate(self.log, 0)
        write(self.log, BANNER + events(*range(30, 35)), append=True)
        runner.start()
        self.has_batches(runner, [*range(20), *range(30, 35)])
        eventually(lambda: metric(runner.metrics(), METRIC_TRUNCATIONS) == 1, "the truncation is counted", alive=runner)
        runner.stop()

    def test_F2_truncated_while_down_into_the_middle_of_what_was_read(self):
        first = BANNER + events(*range(10))
        runner = self.read_before(first + events(*range(10, 20)), range(20))
        os.truncate(self.log, len(first))
        write(self.log, events(*range(30, 33)), append=True)
        runner.start()
        # What was read before may come from the beginning again; a file sink knows no ids.
        self.arrives(runner, run_support.progress_ids(events(*range(30, 33))))
        runner.stop()

    def test_F2_empty_while_down_and_written_later(self):
        runner = self.read_before(BANNER + events(*range(20)), range(20))
        os.truncate(self.log, 0)
        runner.start()
        runner.until(runner.ready, "it is ready")
        write(self.log, BANNER + events(40), append=True)
        self.has_batches(runner, [*range(20), 40])
        runner.stop()

    def test_F2_what_was_unread_of_a_truncated_file_is_counted_to_the_byte(self):
        """Known to be there, since a stuck sink kept it from being read, and cut off without a copy."""
        write(self.log, BANNER + events(*range(3000)))
        runner, reader = self.stuck()
        behind = metric(runner.metrics(), METRIC_BEHIND)
        os.truncate(self.log, 0)
        write(self.log, BANNER + events(5000), append=True)
        numbers = self.read_until(reader, 5000, runner)
        self.assertEqual(numbers, [*range(len(numbers) - 1), 5000])
        runner.until(lambda: metric(runner.metrics(), METRIC_TRUNCATIONS) == 1, "the truncation is counted")
        self.assertEqual(metric(runner.metrics(), METRIC_LOST), behind, runner.said())
        # What came is what stood before the loss.
        content = BANNER + events(*range(3000))
        self.assertEqual(len(numbers) - 1, len(run_support.progress_ids(content[: len(content) - int(behind)])))
        runner.stop()

    def test_F2_what_a_copy_still_has_is_not_lost(self):
        write(self.log, BANNER + events(*range(3000)))
        runner, reader = self.stuck()
        shutil.copyfile(self.log, self.logs / "driver.log.1")
        os.truncate(self.log, 0)
        write(self.log, BANNER + events(5000), append=True)
        self.assertEqual(self.read_until(reader, 5000, runner), [*range(3000), 5000])
        self.assertEqual(metric(runner.metrics(), METRIC_LOST), 0, runner.said())
        runner.stop()

    def test_F3_truncated_while_down_and_grown_past_the_old_offset(self):
        runner = self.read_before(BANNER + events(*range(5)), range(5))
        os.truncate(self.log, 0)
        write(self.log, BANNER + events(*range(30, 90)), append=True)
        runner.start()
        self.has_batches(runner, [*range(5), *range(30, 90)])
        runner.stop()

    def test_F3_truncated_and_grown_between_two_looks(self):
        runner = self.started(BANNER + events(*range(5)), range(5))
        self.paused(runner)
        os.truncate(self.log, 0)
        write(self.log, BANNER + events(*range(30, 90)), append=True)
        self.go_on(runner)
        self.has_batches(runner, [*range(5), *range(30, 90)])
        eventually(lambda: metric(runner.metrics(), METRIC_TRUNCATIONS) == 1, "the truncation is counted", alive=runner)
        runner.stop()

    def test_F3_truncated_and_grown_to_the_same_size(self):
        runner = self.started(BANNER + events(*range(10, 15)), range(10, 15))
        self.paused(runner)
        os.truncate(self.log, 0)
        write(self.log, BANNER + events(*range(30, 35)), append=True)
        self.go_on(runner)
        self.has_batches(runner, [*range(10, 15), *range(30, 35)])
        runner.stop()
        os.truncate(self.log, 0)
        write(self.log, BANNER + events(*range(40, 45)), append=True)
        runner.start()
        self.has_batches(runner, [*range(10, 15), *range(30, 35), *range(40, 45)])
        runner.stop()

    def test_F4_copytruncate_with_the_same_banner_each_time(self):
        """Lines written right before the copy are read from the copy: alive, killed, and looking away."""
        runner = self.started(BANNER + events(0), [0])
        wanted = [0]
        for life in range(1, 10):
            write(self.log, events(life * 10), append=True)
            wanted.append(life * 10)
            self.has_batches(runner, wanted)
            if life % 3 == 1:
                runner.kill()
            elif life % 3 == 2:
                self.paused(runner)
            write(self.log, events(life * 10 + 1), append=True)
            wanted.append(life * 10 + 1)
            self.shift()
            shutil.copyfile(self.log, self.logs / "driver.log.1")
            os.truncate(self.log, 0)
            write(self.log, BANNER, append=True)
            if life % 3 == 1:
                runner.start()
            elif life % 3 == 2:
                self.go_on(runner)
        self.has_batches(runner, wanted)
        runner.stop()

    def test_F5_a_copy_is_not_sent_again(self):
        first = BANNER + events(*range(20))
        runner = self.started(first, range(20), paths=[self.logs / "driver.log*"])
        with open(self.logs / "driver.log.1", "wb", buffering=0) as copy:
            for piece in run_support.cut_anywhere(first, run_support.rng(self.id()), 4096):
                copy.write(piece)
        os.truncate(self.log, 0)
        write(self.log, BANNER + events(30), append=True)
        self.has_batches(runner, [*range(20), 30])
        runner.stop()
        runner.start()
        write(self.log, events(31), append=True)
        self.has_batches(runner, [*range(20), 30, 31])
        runner.stop()

    def test_F5_a_copy_that_is_found_at_the_start_is_not_sent_again(self):
        """The process starts between the copy and the truncation; the copy may not be complete yet."""
        first = BANNER + events(*range(20))
        for part in (0, 100, len(first) // 2, len(first)):
            for killed in (False, True):
                with self.subTest(copied=part, killed=killed):
                    shutil.rmtree(self.logs, True)
                    name = f"{part}{killed}"
                    runner = self.started(first, range(20), paths=[self.logs / "driver.log*"], name=name)
                    runner.kill() if killed else runner.stop()
                    with open(self.logs / "driver.log.1", "wb", buffering=0) as copy:
                        copy.write(first[:part])
                        runner.start()
                        runner.until(runner.ready, "it is ready")
                        copy.write(first[part:])
                    os.truncate(self.log, 0)
                    write(self.log, events(30), append=True)
                    self.has_batches(runner, [*range(20), 30])
                    runner.stop()

    def test_F6_a_hole_of_nuls_is_skipped(self):
        runner = self.started(BANNER + events(*range(5)), range(5))
        for size in (4096, 1 << 20, 64 << 20):
            numbers = self.batch_numbers(runner)
            os.truncate(self.log, 0)
            with open(self.log, "r+b", buffering=0) as file:
                file.seek(size)
                file.write(events(size % 1009 + 100))
            self.has_batches(runner, [*numbers, size % 1009 + 100])
            write(self.log, events(size % 1009 + 200), append=True)
            self.has_batches(runner, [*numbers, size % 1009 + 100, size % 1009 + 200])
        kinds = {document["kind"] for document in run_support.documents(runner.lines())}
        self.assertEqual(kinds, {"progress"})
        runner.stop()

    def test_F6_a_file_of_zeros_made_in_advance(self):
        write(self.log, bytes(1 << 20))
        runner = self.runner(self.log)
        runner.start()
        with open(self.log, "r+b", buffering=0) as file:
            file.write(BANNER + events(1))
            file.seek(1 << 20)
            file.write(events(2))
        eventually(lambda: 2 in self.batch_numbers(runner), "the event behind the zeros", alive=runner)
        runner.stop()

    def test_F12_files_with_equal_heads_are_both_read(self):
        files = {name: range(number * 10, number * 10 + 3) for number, name in enumerate(("a", "b", "c", "d"))}
        for name, numbers in files.items():
            write(self.logs / name / "stderr", BANNER + events(*numbers))
        wanted = [number for numbers in files.values() for number in numbers]
        runner = self.runner(self.logs / "*" / "stderr")
        runner.start()
        self.has_batches(runner, wanted)
        for number, name in enumerate(files):
            write(self.logs / name / "stderr", events(100 + number), append=True)
        wanted += range(100, 104)
        self.has_batches(runner, wanted)
        runner.stop()
        for number, name in enumerate(files):
            write(self.logs / name / "stderr", events(200 + number), append=True)
        runner.start()
        self.has_batches(runner, [*wanted, *range(200, 204)])
        runner.stop()

    def test_F12_files_that_begin_alike_grow_apart(self):
        """They are equal when they are first seen."""
        names = ["a", "b", "c"]
        for name in names:
            write(self.logs / name / "stderr", BANNER[:200])
        runner = self.runner(self.logs / "*" / "stderr")
        runner.start()
        runner.until(lambda: len(runner.offsets()) >= 3, "all three are known")
        runner.kill()
        for number, name in enumerate(names):
            write(self.logs / name / "stderr", BANNER[200:] + events(number), append=True)
        runner.start()
        self.has_batches(runner, range(3))
        runner.stop()

    def test_F13_files_smaller_than_any_fingerprint(self):
        line = support.line(f"Query {support.names(1)} was stopped")
        sizes = {"a": line, "b": line.replace(b"15:34", b"15:35"), "empty": b"", "one": b"x", "newline": b"\n"}
        for name, content in sizes.items():
            write(self.logs / name / "stderr", content)
        runner = self.runner(self.logs / "*" / "stderr", source={"record_timeout": "1s"})
        runner.start()
        runner.until(lambda: len(runner.lines()) >= 2, "both small files are read")
        runner.stop()
        # They grow past every fingerprint.
        for number, name in enumerate(sizes):
            write(self.logs / name / "stderr", b"\n" + BANNER + events(number), append=True)
        runner.start()
        self.has_batches(runner, range(5))
        self.assertEqual(len(runner.lines()), 7)
        runner.stop()

    def test_F14_the_files_are_on_another_device(self):
        folders = [Path(tempfile.mkdtemp(prefix="sparktail-", dir=place)) for place in ("/dev/shm", self.folder)]
        for folder in folders:
            self.addCleanup(shutil.rmtree, folder, True)
        if folders[0].stat().st_dev == folders[1].stat().st_dev:
            self.skipTest("/dev/shm and the temporary directory are one file system")
        link = self.folder / "volume"
        link.symlink_to(folders[1])
        write(folders[1] / "driver.log", BANNER + events(*range(5)))
        write(folders[1] / "driver.log.1", BANNER + events(*range(20, 25)))
        runner = self.runner(link / "driver.log*")
        runner.start()
        wanted = [*range(5), *range(20, 25)]
        self.has_batches(runner, wanted)
        runner.stop()
        for name in ("driver.log", "driver.log.1"):
            shutil.move(folders[1] / name, folders[0] / name)
        link.unlink()
        link.symlink_to(folders[0])
        write(folders[0] / "driver.log", events(6), append=True)
        runner.start()
        self.has_batches(runner, [*wanted, 6])
        runner.stop()


class Renamed(Case):
    def test_F7_renamed_and_compressed(self):
        paths = [self.logs / "driver.log*"]
        for name, options in (("all", {"paths": paths}), ("one", {})):
            with self.subTest(glob=name):
                shutil.rmtree(self.logs, True)
                runner = self.started(BANNER + events(*range(5)), range(5), name=name, **options)
                self.rename()
                write(self.log, events(6))
                self.has_batches(runner, [*range(5), 6])
                self.compress(self.logs / "driver.log.1")
                write(self.log, events(7), append=True)
                self.has_batches(runner, [*range(5), 6, 7])
                runner.stop()
                self.rename()
                self.compress(self.logs / "driver.log.1")
                write(self.log, events(8))
                runner.start()
                self.has_batches(runner, [*range(5), 6, 7, 8])
                runner.stop()

    def compress(self, path):
        write(f"{path}.gz", gzip.compress(path.read_bytes()))
        path.unlink()

    def test_F8_an_offset_of_plain_text_is_not_used_in_compressed_bytes(self):
        runner = self.read_before(BANNER + events(*range(5)), range(5))
        # In place, under the old name.
        write(self.log, gzip.compress(BANNER + events(*range(5)) + run_support.rng(self.id()).randbytes(200000)))
        runner.start()
        other = self.logs / "driver.log.new"
        write(other, BANNER + events(9))
        runner.until(runner.ready, "it is ready")
        other.rename(self.log)
        self.has_batches(runner, [*range(5), 9])
        runner.stop()

    def test_F11_it_rotates_faster_than_it_is_read(self):
        for name, glob in (("one", "driver.log"), ("all", "driver.log*")):
            with self.subTest(glob=glob):
                shutil.rmtree(self.logs, True)
                runner = self.started(BANNER + events(0), [0], paths=[self.logs / glob], name=name)
                self.paused(runner)
                for number in range(1, 6):
                    write(self.log, events(number * 10), append=True)
                    self.rename()
                    write(self.log, events(number * 10 + 1))
                self.go_on(runner)
                self.has_batches(runner, [0, *(number * 10 + part for number in range(1, 6) for part in (0, 1))])
                runner.stop()

    def test_F11_rotated_with_much_unread_behind_a_slow_sink(self):
        many = range(3000)
        write(self.log, BANNER + events(*many))
        runner, reader = self.stuck()
        self.rename()
        write(self.log, events(5000))
        self.rename()
        write(self.log, events(5001))
        self.assertEqual(self.read_until(reader, 5001, runner), [*many, 5000, 5001])
        self.assertEqual(metric(runner.metrics(), METRIC_LOST), 0)
        runner.stop()

    def test_F11_copied_and_truncated_more_than_once_while_nobody_looked(self):
        for name, glob in (("one", "driver.log"), ("all", "driver.log*")):
            for down in (False, True):
                with self.subTest(glob=glob, down=down):
                    shutil.rmtree(self.logs, True)
                    runner = self.started(BANNER + events(0), [0], paths=[self.logs / glob], name=f"{name}{down}")
                    runner.stop() if down else self.paused(runner)
                    for number in range(1, 4):
                        write(self.log, events(number * 10, number * 10 + 1), append=True)
                        self.shift()
                        shutil.copyfile(self.log, self.logs / "driver.log.1")
                        os.truncate(self.log, 0)
                    write(self.log, events(99), append=True)
                    runner.start() if down else self.go_on(runner)
                    wanted = [0, *(number * 10 + part for number in range(1, 4) for part in (0, 1)), 99]
                    self.has_batches(runner, wanted)
                    self.assertEqual(metric(runner.metrics(), METRIC_LOST), 0)
                    runner.stop()

    def test_F11_what_is_written_to_the_renamed_file(self):
        """The writer has not noticed yet: logrotate's delaycompress is for that."""
        runner = self.started(BANNER + events(0), [0])
        with open(self.log, "ab", buffering=0) as file:
            self.rename()
            file.write(events(1))
            self.has_batches(runner, [0, 1])
            file.write(events(2)[:300])
            write(self.log, b"")
            file.write(events(2)[300:])
        write(self.log, events(3), append=True)
        self.has_batches(runner, range(4))
        self.assertEqual(run_support.disorder(runner.lines()), [])
        runner.stop()

    def test_F15_rotated_into_a_folder(self):
        archive = self.logs / "old"
        archive.mkdir(parents=True)
        for name, glob in (("one", "driver.log"), ("all", "**/driver*")):
            with self.subTest(glob=glob):
                for path in self.logs.rglob("driver*"):
                    path.unlink()
                runner = self.started(BANNER + events(0), [0], paths=[self.logs / glob], name=name)
                self.paused(runner)
                write(self.log, events(1), append=True)
                self.log.rename(archive / "driver.1.log")
                write(self.log, events(2))
                self.go_on(runner)
                self.has_batches(runner, [0, 1, 2])
                runner.stop()
                if name == "one":
                    continue  # nobody would find it there
                write(self.log, events(3), append=True)
                self.log.rename(archive / "driver.2.log")
                write(self.log, events(4))
                runner.start()
                self.has_batches(runner, range(5))
                runner.stop()

    def test_F16_an_empty_file_is_renamed_and_written_then(self):
        for name, glob in (("one", "driver.log"), ("all", "driver*")):
            with self.subTest(glob=glob):
                shutil.rmtree(self.logs, True)
                runner = self.started(b"", [], paths=[self.logs / glob], name=name)
                runner.until(runner.ready, "it is ready")
                with open(self.log, "ab", buffering=0) as file:
                    self.log.rename(self.logs / "driver.log.1")
                    write(self.log, BANNER + events(1))
                    self.has_batches(runner, [1])
                    file.write(BANNER + events(2))
                write(self.log, events(3), append=True)
                self.arrives(runner, run_support.progress_ids(events(1, 3)))
                if name == "all":
                    self.has_batches(runner, [1, 2, 3])
                runner.stop()

    def test_F17_25_rotated_siblings_appear_while_down(self):
        for name, glob in (("one", "driver.log"), ("all", "driver.log*")):
            with self.subTest(glob=glob):
                shutil.rmtree(self.logs, True)
                runner = self.read_before(BANNER + events(0), [0], paths=[self.logs / glob], name=name)
                write(self.log, events(1), append=True)
                for number in range(2, 27):
                    self.rename()
                    write(self.log, events(number))
                runner.start()
                self.has_batches(runner, range(27))
                self.assertEqual(run_support.disorder(runner.lines()), [])
                for number in range(27, 30):
                    self.rename()
                    write(self.log, events(number))
                self.has_batches(runner, range(30))
                runner.stop()

    def test_F18_deleted_files_are_let_go(self):
        runner = self.started(BANNER + events(0), [0], paths=[self.logs / "*.log"])
        for number in range(1, 20):
            write(self.logs / f"{number}.log", BANNER + events(number))
        self.has_batches(runner, range(20))
        for path in self.logs.glob("*.log"):
            path.unlink()
        runner.until(
            lambda: not [name for name in runner.descriptors().values() if str(self.logs) in name and "deleted" in name],
            "no deleted file is open",
        )
        runner.stop()

    def test_F18_deleted_files_that_a_stuck_sink_keeps_open_are_bounded(self):
        """They are let go beyond `deleted_bytes`, and what was not read of them is counted."""
        write(self.log, BANNER + events(*range(3000)))
        runner, _ = self.stuck(deleted_bytes="100KiB")
        behind = metric(runner.metrics(), METRIC_BEHIND)
        self.log.unlink()
        runner.until(
            lambda: not [name for name in runner.descriptors().values() if "deleted" in name], "the deleted file is let go"
        )
        eventually(
            lambda: (metric(runner.metrics(), METRIC_LOST) or 0) == behind,
            lambda: f"{metric(runner.metrics(), METRIC_LOST)} of {behind} bytes are counted as lost",
            alive=runner,
        )
        runner.kill()

    def test_F24_an_event_cut_by_rotation_is_delivered_once(self):
        self.cut_by_rotation("driver.log", down=False)

    def test_F24_an_event_cut_by_rotation_while_down_is_delivered_once(self):
        self.cut_by_rotation("driver.log", down=True)

    def test_F24_an_event_cut_by_rotation_among_siblings_is_delivered_once(self):
        self.cut_by_rotation("driver.log*", down=False)

    def test_F24_an_event_cut_by_rotation_among_siblings_while_down_is_delivered_once(self):
        self.cut_by_rotation("driver.log*", down=True)

    def cut_by_rotation(self, glob, down):
        lines = events(1).splitlines(keepends=True)
        for cut in (1, 2, len(lines) // 2, len(lines) - 2):
            with self.subTest(cut=cut):
                shutil.rmtree(self.logs, True)
                begin = BANNER + events(0) + b"".join(lines[:cut])
                runner = self.started(begin, [0], paths=[self.logs / glob], name=str(cut))
                if down:
                    runner.kill()
                self.rename()
                write(self.log, b"".join(lines[cut:]) + events(2))
                if down:
                    runner.start()
                self.has_batches(runner, [0, 1, 2])
                one = next(d for d in run_support.documents(runner.lines()) if d["metrics"]["batchId"] == 1)
                # It belongs to the older file.
                self.assertEqual(one["source"]["offset"], len(BANNER + events(0)))
                runner.kill()
                # Not again after a restart either.
                runner.start()
                write(self.log, events(3), append=True)
                self.has_batches(runner, range(4))
                runner.stop()


if __name__ == "__main__":
    support.main(workers=4)
