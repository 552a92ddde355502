"""The small reader, sparktail and Spark's own account of the progress must agree."""
import json
import subprocess
import sys
import unittest
from collections import Counter

import reader
import support
from support import listener_events, metrics_text, ndjson, parse

KEY = ("runId", "batchId", "timestamp")
# The JVM died: Spark's account is its event log, where progress has another form (offsets as strings, no rates).
NO_TRUTH = ("oom.default",)


def ordered(text):
    """A JSON value in which the order of keys and the text of numbers count."""
    return json.loads(text, object_pairs_hook=tuple, parse_float=str)


def keyed(values):
    return Counter(tuple(value[key] for key in KEY) for value in values)


class Reader(unittest.TestCase):
    maxDiff = 4000

    def test_the_corpus_is_there(self):
        self.assertGreaterEqual(len(support.logs()), 15)
        self.assertGreater(sum(len(reader.read(path)) for path in support.logs()), 400)

    def test_equals_sparks_own_objects(self):
        for path in support.logs():
            truth = path.with_name(path.name.removesuffix(".log") + ".truth.ndjson")
            if any(name in path.name for name in NO_TRUTH) or not truth.exists():
                continue
            with self.subTest(log=path.name):
                expected = ndjson(truth, object_pairs_hook=tuple, parse_float=str)
                found = [ordered(text) for text in reader.read(path)]
                self.assertEqual(Counter(map(repr, found)), Counter(map(repr, expected)))
                self.assertEqual(keyed(map(dict, found)), keyed(map(dict, expected)))

    def test_equals_the_event_log_where_no_truth_was_left(self):
        for path in support.logs(NO_TRUTH):
            with self.subTest(log=path.name):
                keys = ("id", *KEY)
                events = [event["progress"] for event in listener_events(path, "QueryProgressEvent")]
                found = [json.loads(text) for text in reader.read(path)]
                self.assertTrue(found)
                self.assertEqual(
                    sorted(tuple(value[key] for key in keys) for value in found),
                    sorted(tuple(value[key] for key in keys) for value in events),
                )

    def test_sparktail_prints_the_same_in_the_same_order(self):
        for path in support.logs():
            with self.subTest(log=path.name):
                result = parse("--only", "progress", path)
                self.assertEqual(result.code, 0, result.err)
                self.assertEqual([metrics_text(line) for line in result.lines], reader.read(path))

    def test_envelope(self):
        for path in support.logs():
            # `python app.py` turns INFO on after the context has come up: such a log has no banner.
            banner = b"Running Spark version" in path.read_bytes()
            for document in parse("--only", "progress", path).documents:
                with self.subTest(log=path.name, batch=document["metrics"]["batchId"]):
                    self.assertEqual(document["@timestamp"], document["metrics"]["timestamp"])
                    self.assertEqual((document["kind"], document["running"]), ("progress", True))
                    self.assertEqual(document["source"]["path"], str(path))
                    if banner:
                        self.assertEqual(document["sparkVersion"], path.parent.name)
                    else:
                        self.assertNotIn("sparkVersion", document)

    def test_derived_state_adds_up(self):
        for path in support.logs(["stateful", "rocksdb", "soak"]):
            for document in parse("--only", "progress", path).documents:
                operators = document["metrics"]["stateOperators"]
                derived = document.get("derived", {})
                with self.subTest(log=path.name, offset=document["source"]["offset"]):
                    if operators:
                        self.assertEqual(derived["stateRows"], sum(one["numRowsTotal"] for one in operators))
                        self.assertEqual(derived["stateBytes"], sum(one["memoryUsedBytes"] for one in operators))

    def test_the_reader_is_a_command(self):
        path = support.log("3.1.3/basic.default")
        done = subprocess.run(
            [sys.executable, support.HERE / "reader.py", path], capture_output=True, timeout=support.TIMEOUT, check=True
        )
        self.assertEqual(done.stdout.decode().split("\n")[:-1], reader.read(path))


if __name__ == "__main__":
    support.main()
