"""SIGKILL at random moments, over logs that are being written and rotated: what its tests share."""
import time
from collections import namedtuple

import run_support
import support
from run_support import CLOSING, METRIC_READ, RunCase, corpus, cut, documents, metric, progress_ids, rng
from run_support import without_noise

# No pause of the writer is so long that a clock decides, so the uncut run and the killed one see the same.
SOURCE = {"record_timeout": "60s", "rotate_wait": "30s"}

# One log: its path, a glob, how it is rotated, and where a rotation may cut it.
Plan = namedtuple("Plan", "path glob rotation where wrapping texts")


def text_of(names, first):
    return b"".join(without_noise(corpus(name, first + number)) for number, name in enumerate(names)) + CLOSING


class KillCase(RunCase):
    # Seconds at most from the last write to the kill.
    DELAYS = (0.01, 0.06, 0.15, 0.15, 0.4)

    def plans(self, kinds, lives):
        """`lives` scales the amount of text, so that each kill hits a log that is being written."""
        names = ["3.5.9/basic.default", "3.5.9/avail.default", "3.1.3/basic.default", "3.5.9/files.default", "3.5.9/fail.default"]
        plans = []
        for number, (path, glob, rotation, where, wrapping) in enumerate(kinds):
            # Each log has other events: an id is to be found once.
            runs = max(2, lives // 12)
            text = text_of([names[(number + run) % len(names)] for run in range(runs)], number * 60)
            wrapped = run_support.WRAPPINGS[wrapping]([(b"stderr", text)])
            texts = cut(wrapped, max(3, lives // 8), rng(self.id(), number, "cut"), where)
            plans.append((Plan(path, glob, rotation, where, wrapping, texts), text))
        return plans

    def life(self, name, plans, **options):
        """A runner and its writers in a folder of their own, nothing written yet."""
        logs = self.folder / name / "logs"
        writers = []
        for plan, _ in plans:
            path = logs / plan.path
            writers.append(self.writer(path, plan.texts, plan.rotation, plan.path))
            if plan.path.startswith("pods/"):
                # As kubelet does it: what users name is a link.
                link = logs / plan.glob
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)
        paths = [logs / plan.glob for plan, _ in plans]
        return self.runner(paths, name, source=SOURCE, **options), writers

    def uncut(self, plans, **options):
        """Nobody kills it, and it keeps up with each rotation."""
        runner, writers = self.life("uncut", plans, http=True, **options)
        runner.start()
        self.make_known(runner, writers, plans)
        for writer in writers:
            while writer.step():
                if writer.rotation_is_next:
                    written = sum(other.written for other in writers)
                    runner.until(lambda: (metric(runner.metrics(), METRIC_READ) or 0) >= written, "it keeps up")
        self.settle(runner)
        for sink in self.sinks:
            if self.ids:
                self.only_once(runner.delivered(sink), self.ids, f"uncut, {sink}")
        return runner

    def killed(self, plans, kills, wanted, **options):
        runner, writers = self.life("killed", plans, **options)
        random = rng(self.id(), "kills")
        runner.start()
        self.make_known(runner, writers, plans)
        steps = sum(len(plan.texts) * 2 + sum(map(len, plan.texts)) // 1700 for plan, _ in plans)
        early = 0
        for number in range(kills):
            runner.config["sinks"] = [
                {**sink, "commit_interval": random.choice(["5ms", "20ms", "100ms", "1s"])} for sink in runner.config["sinks"]
            ]
            if runner.ended():
                runner.start()
            self.go_on(writers, random, int(steps / kills * random.random() * 1.4))
            # Not a wait: the moment itself. One in five is in the middle of the start.
            delay = random.choice(self.DELAYS) * random.random()
            early += delay < 0.01
            time.sleep(delay)
            self.before_kill(number, kills)
            self.assertFalse(runner.ended(), f"it ended with {runner.code} before kill {number}:\n{runner.said()[-3000:]}")
            runner.kill()
            self.go_on(writers, random, int(steps / kills * random.random() * 0.6))
        while writers:
            self.go_on(writers, random, 100)
        self.after_kills()
        runner.serve()
        runner.start()
        runner.until(runner.ready, "what the last life had not committed is cut off")
        for sink, ids in wanted.items():
            try:
                self.arrives(runner, ids, sinks=[sink])
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.account_of(runner, sink, ids)}") from None
        runner.stop()
        return runner

    def account_of(self, runner, sink, ids):
        """Where the missing events stand in the logs, which are all there yet, and how far each log was read."""
        missing = set(ids) - {document["id"] for document in documents(runner.delivered(sink))}
        lines = [f"{len(missing)} events are missing in {sink}:"]
        for path in sorted(path for path in (runner.folder / "logs").rglob("*") if path.is_file()):
            places = [d["source"]["offset"] for d in support.parse(path).documents if d["id"] in missing]
            lines.append(f"  {path}: {path.stat().st_size} bytes, missing events at {places}")
        return "\n".join([*lines, *(f"  {cursor}" for cursor in runner.offsets())])

    def before_kill(self, number, kills):
        """For those who let more go wrong than sparktail itself."""

    def after_kills(self):
        """All is to be well again from here on."""

    def go_on(self, writers, random, steps):
        for _ in range(steps):
            if not writers:
                return
            writer = random.choice(writers)
            if not writer.step():
                writers.remove(writer)

    def make_known(self, runner, writers, plans):
        """Lets sparktail see the beginning of each log: a log that was never seen can't be found among its siblings."""
        for writer in writers:
            while writer.path.read_bytes().count(b"\n") < 3:
                writer.step()
        runner.until(lambda: len({cursor["path"] for cursor in runner.offsets()}) >= len(plans), "it knows all logs")

    def settle(self, runner):
        """Waits until all is delivered."""
        if self.ids:
            self.arrives(runner, self.ids, sinks=self.sinks)
        for sink in self.sinks:
            runner.until(
                lambda sink=sink: len(runner.delivered(sink)) >= self.count,
                lambda sink=sink: f"{self.count} events are in {sink}, of which {len(runner.delivered(sink))} came",
            )
        runner.until(lambda: all(cursor["ended"] or cursor.get("behind", 0) < 5000 for cursor in runner.offsets()), runner.offsets)
        runner.stop()

    def prepare(self, kinds, kills, sinks):
        self.sinks = sinks
        plans = self.plans(kinds, kills)
        # Where no event is cut within a line, it is known what comes.
        whole = all(plan.where != "byte" for plan, _ in plans)
        self.ids = [key for _, text in plans for key in progress_ids(text)] if whole else []
        self.count = sum(len(support.parse(stdin=text).lines) for _, text in plans) if whole else 0
        return plans

    def scenario(self, kinds, kills, sinks=("file", "sqlite"), **options):
        plans = self.prepare(kinds, kills, sinks)
        uncut = self.uncut(plans, sinks=sinks, **options)
        wanted = {sink: [document["id"] for document in documents(uncut.delivered(sink))] for sink in sinks}
        killed = self.killed(plans, kills, wanted, sinks=sinks, **options)
        for sink in sinks:
            expected = [line.replace(str(uncut.folder), str(killed.folder)) for line in uncut.delivered(sink)]
            got = killed.delivered(sink)
            self.check(expected, got, f"{sink}, after {kills} kills, seed {run_support.SEED}")
            self.assertEqual(run_support.disorder(got), [])
        self.assertGreater(len(expected), len(kinds) * 10)
