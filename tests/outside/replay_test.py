"""`sparktail replay`: what a sink had refused, corrected and sent again, beside `run`, killed and stopped in between."""
import contextlib
import gzip
import json
import re
import sqlite3

import bad_search_server as bad
import run_support
import support
from bad_search_server import BadSearchServer
from run_support import RunCase, counts, events, rng, write
from support import sparktail

INDEX = "events-%Y%m%d"


def number_of(text):
    return json.loads(text).get("metrics", {}).get("batchId")


def event(number, size=0):
    """A document, smaller than a real one."""
    return {
        "@timestamp": f"2026-11-21T15:{number // 60 % 60:02d}:{number % 60:02d}.000Z",
        "kind": "progress",
        "id": f"{number:032x}",
        "metrics": {"batchId": number, "text": "x" * size},
    }


def letter(document, sink="search"):
    """The line that dead letters have of it."""
    line = {"time": "2026-11-21T16:00:00.000Z", "sink": sink, "index": "i", "cause": "why", "document": document}
    return json.dumps(line, separators=(",", ":")) + "\n"


class ReplayCase(RunCase):
    def setUp(self):
        super().setUp()
        self.server = BadSearchServer().start()
        self.addCleanup(self.server.close)
        self.log = self.folder / "logs" / "driver.log"

    def search(self, **options):
        """A runner whose only sink is the server; it may replay, too."""
        sink = {"name": "search", "urls": [self.server.url], "index": INDEX, "commit_interval": "20ms", **options}
        runner = self.runner(self.log, sinks=("opensearch",), sink=sink)
        runner.config_path.write_text(json.dumps(runner.config))
        return runner

    def history(self):
        runner = self.runner(self.log, sinks=("sqlite",), sink={"name": "search", "commit_interval": "5ms"})
        runner.config_path.write_text(json.dumps(runner.config))
        return runner

    def replay(self, runner, *files, expected=0):
        """Beside whatever the runner does; what it said."""
        done = sparktail("replay", "-c", runner.config_path, *files)
        self.assertEqual(done.code, expected, done.err)
        return done.err

    def start_replay(self, runner, *files):
        return runner.start(command=[support.BINARY, "replay", "-c", runner.config_path, *files])

    def dead_letters(self, state):
        return sorted((state / "dead-letter" / "search").glob("*.ndjson"))

    def file(self, name, *lines):
        path = self.folder / name
        path.write_text("".join(lines))
        return path

    def in_the_index(self):
        return sorted(map(number_of, self.server.documents()))


def corrected(paths):
    """The lines of dead letters, their documents as the server takes them."""
    lines = []
    for path in paths:
        for line in run_support.file_lines(path):
            one = json.loads(line)
            one["document"]["corrected"] = True
            lines.append(json.dumps(one) + "\n")
    return lines


class Corrected(ReplayCase):
    def setUp(self):
        super().setUp()
        self.server.poison = lambda text: (number_of(text) or 0) % 3 == 1 and '"corrected"' not in text

    def run_until_all_is_somewhere(self, *numbers):
        write(self.log, run_support.banner() + events(*numbers))
        self.runner_ = self.search().start()
        wanted = {document["id"] for document in support.parse(self.log).documents}
        self.runner_.until(lambda: self.found() >= wanted, lambda: f"{len(wanted - self.found())} events came")
        return self.runner_, wanted

    def found(self):
        letters = (json.loads(line) for path in self.dead_letters(self.runner_.state) for line in run_support.file_lines(path))
        return {json.loads(text)["id"] for text in self.server.documents()} | {one["document"]["id"] for one in letters}

    def test_what_was_corrected_gets_into_the_index_beside_run(self):
        runner, wanted = self.run_until_all_is_somewhere(*range(30))
        refused = self.dead_letters(runner.state)
        lines = corrected(refused)
        self.assertEqual(len(lines), 10)
        said = self.replay(runner, self.file("corrected.ndjson", *lines))
        self.assertIn("sparktail: sent 10 events to sink search\n", said)
        documents = [json.loads(text) for text in self.server.documents()]
        self.assertEqual({document["id"] for document in documents}, wanted)
        self.assertEqual(len(documents), len(wanted))
        self.assertEqual(sum("corrected" in document for document in documents), 10)
        self.assertFalse(runner.ended(), runner.said())
        # Its state and its dead letters are as they were.
        self.assertEqual(self.dead_letters(runner.state), refused)
        write(self.log, events(*range(30, 60)), append=True)
        runner.until(lambda: set(range(60)) - set(range(31, 60, 3)) <= set(self.in_the_index()), "it goes on")
        runner.stop(expected=3)

    def test_what_is_refused_again_is_found_and_sent_later(self):
        runner, wanted = self.run_until_all_is_somewhere(*range(30))
        said = self.replay(runner, *self.dead_letters(runner.state), expected=3)
        self.assertIn("sent 0 events to sink search (and 10 that it rejected again)", said)
        (folder,) = re.findall(r"events that were rejected again are in (\S+)$", said, re.M)
        self.assertEqual(folder, f"{next((runner.state / 'replay').iterdir())}/dead-letter/search")
        # Asked once more it sends nothing, and says the same.
        bulks = len(self.server.bulks())
        said = self.replay(runner, *self.dead_letters(runner.state), expected=3)
        self.assertIn("10 events had been sent before; events that were rejected again are in " + folder, said)
        self.assertEqual(len(self.server.bulks()), bulks)
        again = self.file("again.ndjson", *corrected(sorted(support.Path(folder).iterdir())))
        self.replay(runner, again)
        self.assertEqual({json.loads(text)["id"] for text in self.server.documents()}, wanted)
        runner.stop(expected=3)


class Interrupted(ReplayCase):
    def files(self, count, size):
        """Files of three processes: the last line of one is cut, and one line can't be sent."""
        lines = [letter(event(number, size)) for number in range(count)]
        third = count // 3
        return [
            self.file("1.ndjson", *lines[:third], letter(event(0))[:50]),
            self.file("2.ndjson", *lines[third : 2 * third]),
            self.file("3.ndjson", *lines[2 * third :], '{"sink":"search","document":"no JSON"}\n'),
        ]

    def killed(self, runner, files, count, delivered):
        """Killed at random moments while it has something to do, then left alone. Returns what was left to the last life, and the requests before it."""
        random, hits = rng(self.id()), 0
        for _ in range(counts(40)):
            self.start_replay(runner, *files)
            goal = delivered() + random.randrange(count // 6)
            run_support.eventually(lambda goal=goal: runner.ended() or delivered() >= goal, f"{goal} events came")
            runner.kill()
            hits += 0 < delivered() < count
        self.assertGreater(hits, 0, "it was killed in the middle")
        left, bulks = count - delivered(), len(self.server.bulks())
        code = self.start_replay(runner, *files).wait()
        # A line of its files could not be sent.
        self.assertEqual(code, 3, runner.said())
        self.assertIn("1 line skipped", runner.said())
        self.assertIn(f"1.ndjson:{count // 3 + 1}: skipped: the line is cut", runner.said())
        return left, bulks

    def test_killed_it_goes_on_until_all_is_in_the_index_once(self):
        count, size = 600, 20_000
        self.server.always = bad.slow(0.01)
        runner = self.search(bulk_bytes="64KiB", connections=1, commit_bytes="64KiB")
        left, bulks = self.killed(runner, self.files(count, size), count, lambda: len(self.server.documents()))
        self.assertEqual(self.in_the_index(), list(range(count)))
        sent = sum(len(bad.items_of(request.text)) for request in self.server.bulks()[bulks:])
        # A batch, of 1 MiB, is committed as a whole.
        self.assertLess(sent, left + 2 * support.MIB // size, "it goes on, and does not begin anew")

    def test_killed_it_goes_on_until_all_is_in_the_history_once(self):
        count = 30_000
        runner = self.history()
        self.killed(runner, self.files(count, 700), count, lambda: self.rows(runner, "events"))
        self.assertEqual(sorted(map(number_of, runner.rows())), list(range(count)))
        self.assertEqual(self.rows(runner, "cursors WHERE stream LIKE 'replay:%' AND ended"), 3)

    def rows(self, runner, table):
        if not runner.database.exists():
            return 0
        try:
            with contextlib.closing(sqlite3.connect(f"file:{runner.database}?mode=ro", uri=True)) as database:
                return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        except sqlite3.OperationalError:
            return 0  # it is being made

    def test_stopped_it_says_that_not_all_is_sent(self):
        count = 3000
        self.server.always = bad.slow(0.05)
        runner = self.search(bulk_bytes="16KiB", connections=1, queue_bytes="1MiB")
        files = self.files(count, 700)
        self.start_replay(runner, *files)
        runner.until(self.server.documents, "some came")
        runner.signal(15)
        self.server.always = None
        self.assertEqual(runner.wait(), 1, runner.said())
        self.assertIn("not all events are sent: run the same command again to resume", runner.said())
        self.assertLess(len(self.server.documents()), count)
        self.replay(runner, *files, expected=3)
        self.assertEqual(self.in_the_index(), list(range(count)))


class Wrong(ReplayCase):
    def expect_wrong(self, *files, code=2, says):
        said = self.replay(self.runner_, *files, expected=code)
        self.assertRegex(said, says)
        self.assertEqual(self.server.requests, [])
        self.assertFalse(self.runner_.state.exists())

    def test_nothing_is_sent_if_a_file_is_wrong(self):
        self.runner_ = self.search()
        good = self.file("good.ndjson", letter(event(1)))
        write(self.log, run_support.banner() + events(1))
        self.expect_wrong(good, self.log, says=r"driver\.log:1: this is not a dead letter: .*logs are for sparktail run")
        packed = self.folder / "packed.gz"
        packed.write_bytes(gzip.compress(good.read_bytes()))
        self.expect_wrong(good, packed, says=r"packed\.gz:1: this is not a dead letter")
        pretty = self.file("pretty.ndjson", letter(event(1)), json.dumps(json.loads(letter(event(2))), indent=2))
        self.expect_wrong(good, pretty, says=r"pretty\.ndjson:2: .*\(as jq -c writes them\)")
        parsed = self.file("parsed.ndjson", json.dumps(event(3)) + "\n")
        self.expect_wrong(good, parsed, says=r'parsed\.ndjson:1: .* it has no "document"')
        elsewhere = self.file("elsewhere.ndjson", letter(event(4), "saerch"))
        self.expect_wrong(good, elsewhere, says=r"elsewhere\.ndjson:1: .* no sink saerch; did you mean --sink search\?")
        self.expect_wrong(good, self.folder, says="it is a directory")
        self.expect_wrong(good, self.folder / "none", code=1, says="none: No such file or directory")
        # A sparse file costs a gigabyte of nothing: it is one line.
        endless = self.file("endless.ndjson", letter(event(5)))
        with open(endless, "r+b") as file:
            file.truncate(1 << 30)
        self.expect_wrong(good, endless, says=r"endless\.ndjson:2: the line is longer than 17MiB")


if __name__ == "__main__":
    support.main(workers=4)
