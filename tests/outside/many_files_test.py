#!/usr/bin/env python3
"""A day of rotation in minutes, thousands of files, and what is no log in a glob."""
import os
import resource
import shutil
import socket
import stat
from pathlib import Path

import run_support
import support
from run_support import METRIC_LOST, RunCase, banner, eventually, events, metric, write
from support import MIB, SCALE

BANNER = banner()
HEAD = BANNER[:3000].rpartition(b"\n")[0] + b"\n"


class Day(RunCase):
    def test_24_hours_of_rotation(self):
        """A log that rotates each minute, of which ten older files are kept, and containers that come and go."""
        rotations = 1440 if SCALE > 1 else 480
        log = self.folder / "logs" / "driver.log"
        runner = self.runner(
            [log, self.folder / "logs" / "*" / "stderr"],
            source={"rotate_wait": "100ms", "record_timeout": "100ms"},
            sink={"commit_interval": "10ms"},
        )
        write(log, BANNER)
        runner.start()
        runner.until(runner.offsets, "the log is known")
        memory, descriptors, sizes = [], [], []
        numbers = 0
        for rotation in range(rotations):
            write(log, events(numbers), append=True)
            numbers += 1
            if rotation % 4 == 0:
                container = write(self.folder / "logs" / f"container_{rotation}" / "stderr", BANNER + events(10000 + rotation))
            if rotation % 8 == 7:
                # Keeps up, as a day's log would let it: ten files are kept.
                wanted = numbers + rotation // 4 + 1
                runner.until(lambda wanted=wanted: len(runner.lines()) >= wanted, f"rotation {rotation} is delivered")
                for folder in log.parent.glob("container_*"):
                    shutil.rmtree(folder)
                memory.append(runner.resident())
                descriptors.append(len(runner.descriptors()))
                sizes.append(sum(path.stat().st_size for path in runner.state.glob("offsets.db*")))
            self.rotate(log, 10)
        wanted = [*range(numbers), *range(10000, 10000 + rotations, 4)]
        self.has_batches(runner, wanted)
        # Old files are forgotten by descriptors at once, by the state in time.
        runner.until(lambda: len(runner.descriptors()) <= min(descriptors) + 2, lambda: f"descriptors: {runner.descriptors()}")
        quarter = len(memory) // 4
        if not support.sanitized():
            self.assertLess(max(memory[-quarter:]) - max(memory[quarter : 2 * quarter]), 4 * MIB, memory)
        self.assertLess(max(descriptors), 90, descriptors)
        # A row of a cursor is about a kilobyte; there are two sinks.
        streams = rotations + rotations // 4
        self.assertLess(max(sizes), 8 * MIB + streams * 2 * 3000, sizes)
        runner.stop()

    def rotate(self, log, keep):
        for number in range(keep, 0, -1):
            source = log.with_name(f"{log.name}.{number}")
            if source.exists():
                if number == keep:
                    source.unlink()
                else:
                    source.rename(log.with_name(f"{log.name}.{number + 1}"))
        log.rename(log.with_name(f"{log.name}.1"))
        write(log, b"")


class Many(RunCase):
    def test_2000_files_at_once_with_a_low_limit(self):
        """The soft limit of open files is raised to the hard one."""
        logs = self.folder / "logs"
        for number in range(2000):
            write(logs / f"app{number % 40}" / f"{number}.log", HEAD + events(number))
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        runner = self.runner(logs / "*" / "*.log")
        runner.start(limits={resource.RLIMIT_NOFILE: (256, hard)})
        self.has_batches(runner, range(2000))
        limit = Path(f"/proc/{runner.process.pid}/limits").read_text()
        self.assertRegex(limit, rf"Max open files\s+{hard}\s")
        for number in range(0, 2000, 7):
            write(logs / f"app{number % 40}" / f"{number}.log", events(5000 + number), append=True)
        self.has_batches(runner, [*range(2000), *range(5000, 7000, 7)])
        runner.stop()

    def test_more_files_than_may_be_open(self):
        """The hard limit is low: they are read, if need be one after the other."""
        logs = self.folder / "logs"
        for number in range(300):
            write(logs / f"{number}.log", HEAD + events(number))
        runner = self.runner(logs / "*.log", http=True)
        runner.start(limits={resource.RLIMIT_NOFILE: (128, 128)})
        self.has_batches(runner, range(300))
        for start in (5000, 6000):
            for number in range(300):
                write(logs / f"{number}.log", events(start + number), append=True)
        self.has_batches(runner, [*range(300), *range(5000, 5300), *range(6000, 6300)])
        self.assertEqual(metric(runner.metrics(), METRIC_LOST), 0)
        self.assertLessEqual(len(self.open_logs(runner)), 64)
        runner.stop()

    def test_idle_files_are_closed_and_read_on(self):
        logs = self.folder / "logs"
        for number in range(50):
            write(logs / f"{number}.log", BANNER + events(number))
        runner = self.runner(logs / "*.log", source={"close_idle": "1s"}).start()
        self.has_batches(runner, range(50))
        runner.until(lambda: not self.open_logs(runner), "idle files are closed")
        write(logs / "7.log", events(100), append=True)
        (logs / "8.log").rename(logs / "8.log.1")
        write(logs / "8.log.1", events(101), append=True)
        write(logs / "8.log", events(102))
        self.has_batches(runner, [*range(50), 100, 101, 102])
        runner.until(lambda: not self.open_logs(runner), "idle files are closed again")
        runner.stop()

    def open_logs(self, runner):
        return [name for name in runner.descriptors().values() if name.startswith(str(self.folder / "logs"))]


class NoLogs(RunCase):
    def setUp(self):
        super().setUp()
        self.logs = self.folder / "logs"
        write(self.logs / "a.log", BANNER + events(1))
        write(self.logs / "z.log", BANNER + events(2))

    def others_go_on(self, *words, source=None, command=None, prepare=None):
        """Each of the words is told of in one message of its own, and the logs are read."""
        runner = self.runner(self.logs / "*.log", source=source)
        if prepare:
            prepare(runner)
        runner.start(command=command(runner) if command else None)
        self.has_batches(runner, [1, 2])
        for word in words:
            runner.until(lambda word=word: word in runner.said(), f"{word} is told of")
        # Looked at again and again, told of once.
        for number in range(3, 8):
            write(self.logs / "z.log", events(number), append=True)
            write(self.logs / f"new{number}.log", BANNER + events(number + 10))
        self.has_batches(runner, [1, 2, *range(3, 8), *range(13, 18)])
        for word in words:
            messages = [text for text in runner.said().splitlines() if word in text]
            self.assertEqual(len(messages), 1, messages)
        runner.stop()
        return runner

    def test_a_folder(self):
        (self.logs / "folder.log").mkdir()
        runner = self.others_go_on("folder.log")
        self.assertRegex(runner.said(), "(?i)directory")

    def test_a_fifo(self):
        os.mkfifo(self.logs / "fifo.log")
        self.others_go_on("fifo.log")

    def test_a_socket(self):
        path = self.logs / "socket.log"
        with socket.socket(socket.AF_UNIX) as listener:
            os.chdir(self.logs)
            listener.bind("socket.log")
            self.assertTrue(path.exists())
            self.others_go_on("socket.log")

    def test_a_device(self):
        try:
            os.mknod(self.logs / "device.log", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
        except PermissionError:
            self.skipTest("only root can make one")
        self.others_go_on("device.log")

    def test_a_dangling_link(self):
        (self.logs / "link.log").symlink_to(self.logs / "nowhere")
        self.others_go_on("link.log")

    def test_links_in_a_circle(self):
        (self.logs / "link.log").symlink_to(self.logs / "link.log")
        self.others_go_on("link.log")

    def test_a_link_that_comes_to_life(self):
        (self.logs / "link.log").symlink_to(self.folder / "target")
        runner = self.others_go_on("link.log")
        runner.start()
        write(self.folder / "target", BANNER + events(50))
        eventually(lambda: 50 in self.batch_numbers(runner), "the log behind the link is read", alive=runner)
        runner.stop()

    def test_an_unreadable_file(self):
        path = write(self.logs / "secret.log", BANNER + events(60))
        path.chmod(0)
        command = None
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                self.skipTest("root may read all")

            def command(runner):
                run = [support.BINARY, "run", "-c", runner.config_path]
                return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *run]

        def open_to_others(runner):
            self.folder.chmod(0o755)
            runner.folder.chmod(0o777)

        runner = self.others_go_on("secret.log", command=command, prepare=open_to_others)
        self.assertRegex(runner.said(), "(?i)permission denied")

    def test_one_file_by_two_globs_and_two_names(self):
        """Read once: by two globs, and by a link beside it."""
        (self.logs / "link.log").symlink_to(self.logs / "a.log")
        os.link(self.logs / "z.log", self.logs / "hard.log")
        runner = self.runner([self.logs / "*.log", self.logs / "a*", self.logs / "a.log"]).start()
        self.has_batches(runner, [1, 2])
        write(self.logs / "a.log", events(3), append=True)
        write(self.logs / "z.log", events(4), append=True)
        self.has_batches(runner, [1, 2, 3, 4])
        runner.stop()

    def test_names_of_all_kinds(self):
        names = ["with space.log", "üñí.log", "new\nline.log", "quote\"'.log", "-dash.log", "[x].log", "\x1b[31mred.log"]
        for number, name in enumerate(names):
            write(self.logs / name, BANNER + events(100 + number))
        write(Path(os.fsdecode(os.fsencode(self.logs) + b"/bytes\xff.log")), BANNER + events(200))
        runner = self.runner(self.logs / "*.log").start()
        self.has_batches(runner, [1, 2, *range(100, 100 + len(names)), 200])
        runner.stop()
        self.assertNotIn("\x1b", runner.said())
        self.assertEqual(len(runner.offsets()), 2 * (3 + len(names)))


if __name__ == "__main__":
    support.main(workers=2)
