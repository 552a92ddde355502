#!/usr/bin/env python3
"""Events into a real Solr: each is one document, whatever is killed or refused meanwhile."""

import json
import re
import unittest
from decimal import Decimal, InvalidOperation

import search_support  # it knows where the others are
import run_support
import support
from kill_support import KillCase
from run_support import banner, counts, documents, events, rng, write
from search_server import SolrServer
from search_support import progress

BANNER = banner()
WAITS = "(?:sink solr is paused|waiting for sink solr): "
# Solr's own.
INTERNAL = {"_version_", "_root_", "_nest_path_"}

_server = None


def setUpModule():
    global _server
    _server = SolrServer()
    unittest.addModuleCleanup(_server.remove)
    _server.start()


def same(value):
    """Solr says numbers and booleans as it likes, and leaves out milliseconds that are 0."""
    if isinstance(value, bool):
        return str(value).lower()
    text = re.sub(r"(T\d\d:\d\d:\d\d)\.000Z$", r"\1Z", str(value))
    try:
        return Decimal(text).normalize()
    except InvalidOperation:
        return text


def flat(value, path="", found=None):
    """{joined names: [values]}, as Solr keeps a nested document."""
    found = {} if found is None else found
    if isinstance(value, dict):
        for key, entry in value.items():
            flat(entry, f"{path}.{key}" if path else key, found)
    elif isinstance(value, list):
        for entry in value:
            flat(entry, path, found)
    elif value is not None and path not in INTERNAL:
        found.setdefault(path, []).append(same(value))
    return found


def without_path(fields):
    return {name: values for name, values in fields.items() if not name.startswith("source.")}


class SolrCase(run_support.RunCase):
    def setUp(self):
        super().setUp()
        self.server = _server
        if self.server.alive():
            self.server.thaw()
        else:
            self.server.start()
        self.update({"delete": {"query": "*:*"}})
        self.log = self.folder / "logs" / "driver.log"

    def update(self, command):
        self.server.get(f"/solr/{self.server.CORE}/update?commit=true", command)

    def sink(self, **options):
        return {"urls": [self.server.solr_url], "collection": self.server.CORE, "commit_interval": "50ms", **options}

    def solr(self, paths, name="run", *, sink=None, **options):
        runner = self.runner(paths, name, sinks=("solr",), sink=self.sink(**(sink or {})), **options)
        runner.deliveries["solr"] = self.found
        return runner

    def found(self):
        """Texts of the documents, as they are kept."""
        if not self.server.alive():
            return []
        self.update({"commit": {}})
        said = self.server.get(f"/solr/{self.server.CORE}/select?q=*:*&rows=100000")
        return [json.dumps(document, separators=(",", ":")) for document in said["response"]["docs"]]

    def numbers(self):
        found = [document.get("metrics.batchId") for document in documents(self.found())]
        return sorted(number for number in found if number is not None)

    def has(self, runner, numbers):
        numbers = sorted(numbers)
        runner.until(lambda: set(numbers) <= set(self.numbers()), f"batches {numbers[:20]} came")
        self.assertEqual(self.numbers(), numbers)

    def check_documents(self, expected):
        wanted = {document["id"]: without_path(flat(document)) for document in documents(expected)}
        found = documents(self.found())
        got = {document["id"]: without_path(flat(document)) for document in found}
        self.assertEqual(set(got), set(wanted))
        self.assertEqual(len(found), len(wanted))
        for key, fields in wanted.items():
            self.assertEqual(got[key], fields)

    def dead_letters(self, runner):
        folder = runner.state / "dead-letter" / "solr"
        return [json.loads(line) for path in sorted(folder.glob("*.ndjson")) for line in run_support.file_lines(path)]


class EndToEnd(SolrCase):
    LOGS = ("3.1.3/basic.default", "3.5.9/fail.default", "3.5.9/kafka.default", "4.3.0/basic.default")

    def test_the_collection_holds_what_spark_says(self):
        """And the same after the same logs are read again, from another path."""
        logs = [support.log(name) for name in self.LOGS]
        parsed = [line for log in logs for line in support.parse(log).lines]
        for name in ("first", "second"):
            paths = [write(self.folder / name / "logs" / log.parent.name / log.name, log.read_bytes()) for log in logs]
            runner = self.solr(paths, name)
            runner.finish()
            self.assertEqual(self.dead_letters(runner), [])
            self.check_documents(parsed)

    def test_a_bad_document_goes_alone(self):
        """Solr stores what came before it, and nothing that came behind it."""
        bad = {3, 60, 61, 99}
        texts = [progress(number, **({"note": "no number"} if number in bad else {"note": 5})) for number in range(100)]
        write(self.log, BANNER + b"".join(texts))
        runner = self.solr(self.log)
        runner.finish(3)
        self.assertEqual(self.numbers(), sorted(set(range(100)) - bad))
        letters = self.dead_letters(runner)
        self.assertEqual(sorted(letter["document"]["metrics"]["batchId"] for letter in letters), sorted(bad))
        for letter in letters:
            self.assertIn("metrics.note", letter["cause"])

    def test_away_and_back(self):
        write(self.log, BANNER + events(1))
        runner = self.solr(self.log).start()
        self.has(runner, [1])
        self.server.kill()
        write(self.log, events(2, 3), append=True)
        runner.until(lambda: re.search(WAITS, runner.said()), "it says that it waits")
        self.server.start()
        self.has(runner, [1, 2, 3])
        runner.stop()

    def test_a_collection_that_is_not_there_pauses(self):
        write(self.log, BANNER + events(1))
        runner = self.solr(self.log, sink={"collection": "nobody-made-it"}).start()
        runner.until(lambda: re.search(WAITS + ".*nobody-made-it", runner.said()), "it says which")
        self.assertFalse(runner.ended())
        self.assertEqual(self.dead_letters(runner), [])
        runner.stop()


class Kills(KillCase, SolrCase):
    KINDS = [
        ("app1/driver.log", "app1/driver.log*", "rename", "header", "plain"),
        ("pods/ns_job-driver_1/spark/0.log", "containers/job-driver.log", "kubelet", "line", "cri"),
    ]
    DELAYS = (0.01, 0.06, 0.2, 0.6)

    def life(self, name, plans, sinks, **options):
        runner, writers = super().life(name, plans, sinks=sinks, **options)
        runner.deliveries["solr"] = self.found
        return runner, writers

    def before_kill(self, number, kills):
        if not self.server.alive():
            self.server.start()
        elif number in self.server_kills:
            self.server.kill()

    def after_kills(self):
        if not self.server.alive():
            self.server.start()

    def test_random_kills(self):
        kills = counts(50)
        self.server_kills = set(rng(self.id(), "plan").sample(range(1, kills), counts(10)))
        plans = self.prepare(self.KINDS, kills, ("file",))
        expected = self.uncut(plans, sinks=("file",)).lines()
        wanted = {"solr": [document["id"] for document in documents(expected)]}
        runner = self.killed(plans, kills, wanted, sinks=("solr",), sink=self.sink())
        self.assertGreater(runner.lives, kills)
        self.check_documents(expected)
        self.assertEqual(self.dead_letters(runner), [])


if __name__ == "__main__":
    support.main()
