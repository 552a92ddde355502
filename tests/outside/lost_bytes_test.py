#!/usr/bin/env python3
"""SIGKILL at random moments, over a log that is truncated without a copy while nobody looks: what is lost is said, to the
byte, and all else is delivered once."""
import os
import re
import shutil
import time

import run_support
import support
from run_support import RunCase, progress_ids, rng
from seed import SCALE


class LostBytes(RunCase):
    def setUp(self):
        super().setUp()
        self.log = self.folder / "logs" / "driver.log"
        self.copy = self.log.with_name("driver.log.1")
        self.written = 0  # records
        self.records = []  # of what is in the log now: id, and where the record ends
        self.wanted = []  # ids of all that was there to be read
        self.old = set()  # streams of what was in the log before
        self.heard = 0  # characters of the own log

    def write(self, count):
        """Nothing but events: what is not settled was not read."""
        numbers = range(self.written, self.written + count)
        texts = [support.progress_record(n, time=f"2026-11-21T15:{n // 60 % 60:02d}:{n % 60:02d}.000Z") for n in numbers]
        end = self.log.stat().st_size if self.log.exists() else 0
        ids = progress_ids(b"".join(texts))
        self.assertEqual(len(ids), count)
        for text, key in zip(texts, ids):
            end += len(text)
            self.records.append((key, end))
        run_support.write(self.log, b"".join(texts), append=True)
        self.written += count

    def truncate(self, end):
        """No file has what comes after `end` any more."""
        self.wanted += [key for key, at in self.records if at <= end]
        self.records = []
        os.truncate(self.log, 0)

    def place(self, runner):
        """The stream of what is in the log now, and how far it is delivered."""
        found = [(cursor["stream"], cursor["offset"]) for cursor in runner.offsets() if cursor["stream"] not in self.old]
        self.assertLessEqual(len(found), 1)
        return found[0] if found else (None, 0)

    def check_what_is_said(self, runner, lost):
        """A life that is killed at once may leave it to the next one to say it again, but not another number."""
        said = runner.said()
        numbers = {int(number) for number in re.findall(r"(\d+) bytes were lost", said[self.heard :])}
        self.heard = len(said)
        self.assertEqual(numbers, {lost} - {0}, f"seed {run_support.SEED}; it said:\n{said[-3000:]}")

    def test_what_was_seen_and_not_read_is_counted(self):
        random = rng(self.id())
        runner = self.runner(self.log, sinks=("file",), sink={"queue_bytes": "1MiB", "commit_interval": "1ms"})
        self.write(3)
        rounds, lost, losses, lost_bytes = 0, 0, 0, 0
        while rounds < (300 if SCALE >= 10 else 12) or losses == 0:
            rounds += 1
            before = self.place(runner)
            runner.start()
            self.wait_for_output(runner, random)
            runner.kill()
            stream, end = self.place(runner)
            # A life that has not come so far has perhaps not seen how large the log is.
            has_seen = (stream, end) != before
            what = random.choice(["truncate"] * 3 + ["copytruncate", "append"]) if has_seen else "append"
            if what != "append":
                self.check_what_is_said(runner, lost)
                self.old.add(stream)
                size = self.log.stat().st_size
                lost = size - end if what == "truncate" else 0
                losses, lost_bytes = losses + (lost > 0), lost_bytes + lost
                if what == "copytruncate":
                    self.copy.unlink(missing_ok=True)
                    shutil.copyfile(self.log, self.copy)
                self.truncate(size - lost)
            self.write(random.choice([1, 30, 6000, 6000]))
        self.wanted += [key for key, _ in self.records]
        runner.start()
        self.arrives(runner, self.wanted, sinks=["file"])
        runner.stop()
        self.check_what_is_said(runner, lost)
        self.only_once(runner.lines(), self.wanted, f"seed {run_support.SEED}")
        print(f"{rounds} kills, {losses} losses of {lost_bytes} bytes, {len(self.wanted)} events", flush=True)

    def wait_for_output(self, runner, random):
        """Until it delivers, and a random moment longer; or not so long."""
        deadline = time.monotonic() + random.choice([0.05, 2, 2, 2])
        size = None
        while time.monotonic() < deadline:
            before, size = size, runner.output.stat().st_size if runner.output.exists() else 0
            # The first thing it does is to cut off what was not committed.
            if before is not None and size > before:
                break
            time.sleep(0.001)
        time.sleep(0.06 * random.random())


if __name__ == "__main__":
    support.main()
