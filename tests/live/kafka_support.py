"""Shared by the tests of Kafka: one broker a file of tests, `sparktail run` with a sink of Kafka, and the account of what a
reader finds in its topics."""
import json
import os
import random
import re
import sys
import time
import unittest
from datetime import datetime, timezone
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "tests" / "outside"), str(_ROOT / "deploy" / "demo")]

import run_support  # noqa: E402
from kafka_broker import KafkaBroker  # noqa: E402
from kafka_client import Admin, Reader, dump, headers_of  # noqa: E402
from run_support import RunCase  # noqa: E402

VERSION = os.environ.get("SPARKTAIL_TEST_KAFKA") or "4.1.0"

# Time-outs so short that a test can outlast each of them.
SHORT = {
    "transaction.timeout.ms": "4000",
    "message.timeout.ms": "3000",
    "socket.timeout.ms": "2000",
    "request.timeout.ms": "2000",
    "reconnect.backoff.max.ms": "500",
}
# In seconds: longer than all of these.
LONGER_THAN_SHORT = 9

# In its own log, of a sink that can't go on now: later, and at its start.
WAITS = "(?:sink kafka is paused|waiting for sink kafka): "

_broker = None


def use_one_broker(**options):
    """To be called in setUpModule()."""
    global _broker
    _broker = KafkaBroker(VERSION, **options)
    unittest.addModuleCleanup(_broker.remove)
    _broker.start()


def key_wanted(document):
    """The id of the query, else of the application."""
    if document["kind"] == "progress":
        return document["metrics"]["id"]
    return document.get("query", {}).get("id") or document.get("appId")


def milliseconds(stamp):
    """The time in `@timestamp`; None stays None."""
    if stamp is None:
        return None
    moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f%z" if "." in stamp else "%Y-%m-%dT%H:%M:%S%z")
    return round((moment.astimezone(timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() * 1000)


def wait_for_time(seconds, alive):
    """For what is about time itself: an outage that is longer than a time-out."""
    end = time.monotonic() + seconds
    run_support.eventually(lambda: time.monotonic() > end, f"{seconds} s are over", seconds + 60, alive=alive)


class KafkaCase(RunCase):
    DELIVERY = "exactly_once"

    def setUp(self):
        super().setUp()
        self.broker = _broker
        # A test that has failed may have left it so.
        if self.broker.alive():
            self.broker.thaw()
        else:
            self.broker.start()
        self.admin = Admin(self.broker.address())
        self.log = self.folder / "logs" / "driver.log"
        self.fresh()

    def fresh(self):
        """Names of topics and of the process that nobody has used; each test begins with such."""
        self.number = number = f"{random.SystemRandom().randrange(1 << 32):08x}"
        self.topic = f"events-{number}"
        self.offsets_topic = f"cursors-{number}"
        self.instance = f"prod-{number}"

    def sink(self, **options):
        """Options of a sink of Kafka."""
        options = {"topic": self.topic, "delivery": self.DELIVERY, "commit_interval": "50ms", **options}
        if options["delivery"] == "exactly_once":
            options = {"offsets_topic": self.offsets_topic, **options}
        return {"brokers": [self.broker.address()], **options}

    def kafka(self, paths, name="run", *, sink=None, more=None, read=None, **options):
        """A runner whose only sink is Kafka; runner.delivered("kafka") are the values that a read-committed reader of the topics
        `read` has found so far."""
        sink = self.sink(**(sink or {}))
        more = {"instance": self.instance, **(more or {})}
        runner = self.runner(paths, name, sinks=("kafka",), sink=sink, more=more, **options)
        return self.with_reader(runner, read or sink["topic"])

    def with_reader(self, runner, topics):
        runner.reader = Reader(self.broker.address(), topics)
        self.addCleanup(runner.reader.close)
        runner.deliveries["kafka"] = lambda: [record.value.decode() for record in runner.reader.more()]
        return runner

    def committed(self, topics=None):
        """Records which a read-committed reader finds that comes now."""
        return dump(self.broker.address(), topics or self.topic)

    def has(self, runner, numbers):
        """Waits for the progress events of these batches; no other came, and each once, if that is promised."""
        numbers = set(numbers)
        runner.until(
            lambda: numbers <= set(self.batch_numbers(runner, "kafka")),
            lambda: f"batches {sorted(numbers - set(self.batch_numbers(runner, 'kafka')))[:20]} came",
        )
        self.check_batches(runner.reader.records, numbers)

    def came(self, numbers, topics=None):
        """Checks that a new reader finds these batches; the process has exited."""
        self.check_batches(self.committed(topics), set(numbers))
        self.assertEqual(self.admin.open_transactions(self.number), [])

    def check_batches(self, records, numbers):
        found = [json.loads(record.value) for record in records]
        found = [document["metrics"]["batchId"] for document in found if document["kind"] == "progress"]
        self.assertEqual(sorted(set(found)), sorted(numbers))
        repeats = self.check_repeats(records)
        if self.DELIVERY == "exactly_once":
            self.assertEqual(repeats, 0)
            self.assertEqual(found, sorted(found), "the order")

    def says(self, runner, pattern):
        """Waits until its log has a line that matches; it goes on running."""
        match = runner.until(lambda: re.search(pattern, runner.said()), f"it says {pattern}")
        self.assertFalse(runner.ended(), runner.said())
        return match

    def check_records(self, records):
        """Key, headers and timestamp of each record are those of its document."""
        for record in records:
            text = record.value.decode()
            document = json.loads(text)
            self.assertNotIn("\n", text)
            wanted = {
                "id": document["id"],
                "kind": document["kind"],
                "schema": "sparktail/1",
                "content-type": "application/json",
            }
            self.assertEqual(headers_of(record), wanted)
            self.assertEqual(record.key.decode() if record.key is not None else None, key_wanted(document), text[:300])
            stamp = milliseconds(document.get("@timestamp"))
            if stamp is not None:
                self.assertEqual(record.timestamp, stamp, text[:300])

    def check_repeats(self, records):
        """An event that came more than once is the same each time: id, key and document. Returns how often that was."""
        first = {}
        for record in records:
            same = record.key, record.value, headers_of(record)
            self.assertEqual(first.setdefault(headers_of(record)["id"], same), same)
        return len(records) - len(first)

    def settled(self, runner):
        """Offsets of its cursors, as its own state has them."""
        return {cursor["offset"] for cursor in runner.offsets()}

    def dead_letters(self, runner):
        folder = runner.state / "dead-letter"
        return [json.loads(line) for path in sorted(folder.glob("*/*.ndjson")) for line in run_support.file_lines(path)]
