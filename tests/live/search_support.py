"""Shared by the tests of search servers: one server a file of tests, `sparktail run` with a sink into it, and the account of
what its indices hold."""

import atexit
import json
import os
import random
import re
import sys
import unittest
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "tests" / "outside"), str(_ROOT / "deploy" / "demo")]

import run_support  # noqa: E402
import support  # noqa: E402
from run_support import RunCase  # noqa: E402
from seed import SCALE  # noqa: E402
from search_server import SearchServer  # noqa: E402

SERVER = os.environ.get("SPARKTAIL_TEST_SEARCH") or "opensearch-2.19.4"

# For tests that start the server again, which takes half a minute each time: an ordinary run has them for one server.
one_server_or_full = unittest.skipUnless(
    SERVER == "opensearch-2.19.4" or SCALE >= 10, "an ordinary run has it for opensearch-2.19.4 only"
)

# In its own log, of a sink that can't go on now: later, and at its start.
WAITS = "(?:sink search is paused|waiting for sink search): "

_server = None


def use_one_server():
    """To be called in setUpModule(). The modules of a process share the server."""
    global _server
    if _server is None:
        _server = SearchServer(SERVER)
        atexit.register(_server.remove)
        _server.start()


def progress(number, **members):
    """A progress event as Spark prints it, whose members are those given where they are."""
    event = {
        "id": support.uuid(1),
        "runId": support.uuid(2),
        "name": "q",
        "timestamp": f"2026-11-21T15:{number // 60 % 60:02d}:{number % 60:02d}.000Z",
        "batchId": number,
        "numInputRows": 10,
        "inputRowsPerSecond": 0.0,
        "processedRowsPerSecond": 6.129597197898424,
        "durationMs": {"addBatch": 100, "triggerExecution": 120},
        "stateOperators": [],
        "sources": [source(number, number + 1)],
        "sink": {"description": "MemorySink", "numOutputRows": 10},
        **members,
    }
    text = json.dumps(event, indent=2, separators=(",", " : "))
    return f"26/11/21 15:34:03 INFO MicroBatchExecution: Streaming query made progress: {text}\n".encode()


def source(start, end, latest=None, **members):
    offsets = {"startOffset": start, "endOffset": end, "latestOffset": latest}
    return {"description": "a source", **offsets, "numInputRows": 10, **members}


def fields_of(mapping):
    """Names of all fields of a mapping, objects and sub-fields included."""
    found = []
    for key in ("properties", "fields"):
        for name, field in mapping.get(key, {}).items():
            found += [name, *(f"{name}.{below}" for below in fields_of(field))]
    return found


class SearchCase(RunCase):
    def setUp(self):
        super().setUp()
        self.server = _server
        # A test that has failed may have left it so.
        if self.server.alive():
            self.server.thaw()
        else:
            self.server.start()
        self.log = self.folder / "logs" / "driver.log"
        self.fresh()

    def fresh(self):
        """Names that nobody has used; each test begins with such."""
        self.prefix = f"t{random.SystemRandom().randrange(1 << 32):08x}"

    @classmethod
    def restart_server(cls, **settings):
        """With other settings, until the end of the class."""
        _server.stop()
        _server.settings = settings
        _server.start()
        if settings:
            cls.addClassCleanup(cls.restart_server)

    def sink(self, **options):
        names = {"index": f"{self.prefix}-{{environment}}-%Y%m%d", "template_name": self.prefix}
        return {"name": "search", "urls": [self.server.url], "commit_interval": "50ms", **names, **options}

    def search(self, paths, name="run", *, sink=None, **options):
        """A runner whose only sink is the server; runner.delivered("search") are the documents that are there by now."""
        product = self.server.product
        runner = self.runner(paths, name, sinks=(product,), sink=self.sink(**(sink or {})), **options)
        runner.deliveries["search"] = self.found
        return runner

    def hits(self):
        """All documents of the test, in whatever index."""
        if not self.server.alive():
            return []
        self.server.ask("POST", f"/{self.prefix}*/_refresh")
        status, page = self.server.ask("POST", f"/{self.prefix}*/_search?scroll=1m", {"size": 2000, "sort": ["_doc"]})
        if status == 503:
            # An index has just been made.
            return []
        self.assertEqual(status, 200, page)
        found = []
        while page["hits"]["hits"]:
            found += page["hits"]["hits"]
            page = self.server.get("/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
        if found:
            self.server.ask("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})
        return found

    def found(self):
        """Their texts. What an index says of itself is right too: the id, the day."""
        hits = self.hits()
        for hit in hits:
            document = hit["_source"]
            self.assertEqual(hit["_id"], document["id"])
            if not hit["_index"].startswith("."):
                day = document.get("@timestamp", "undated")[:10].replace("-", "")
                self.assertTrue(hit["_index"].endswith(f"-{day}"), f"{day} is in {hit['_index']}")
        return [json.dumps(hit["_source"], ensure_ascii=False, separators=(",", ":")) for hit in hits]

    def numbers(self):
        return sorted(
            number for number in (hit["_source"].get("metrics", {}).get("batchId") for hit in self.hits()) if number is not None
        )

    def has(self, runner, numbers):
        """Waits for the progress events of these batches; no other came, and each once."""
        numbers = sorted(numbers)
        runner.until(
            lambda: set(numbers) <= set(self.numbers()),
            lambda: f"batches {sorted(set(numbers) - set(self.numbers()))[:20]} came",
        )
        self.assertEqual(self.numbers(), numbers)

    def says(self, runner, pattern):
        """Waits until its log has a line that matches; it goes on running."""
        match = runner.until(lambda: re.search(pattern, runner.said()), f"it says {pattern}")
        self.assertFalse(runner.ended(), runner.said())
        return match

    def dead_letters(self, runner):
        folder = runner.state / "dead-letter" / "search"
        return [json.loads(line) for path in sorted(folder.glob("*.ndjson")) for line in run_support.file_lines(path)]
