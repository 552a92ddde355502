#!/usr/bin/env python3
"""The schema for Solr in docs/opensearch.md accepts the whole corpus, and the query there works."""
import json
import re
import subprocess
import unittest
from collections import defaultdict

import search_support  # it knows where the others are
import run_support
import search_server
import support
from search_server import SolrServer
from search_support import progress, source

PAGE = (support.ROOT / "docs" / "opensearch.md").read_text()

_server = None


def setUpModule():
    global _server
    search_server.SOLR_SCHEMA = re.search(r"^```xml\n(.*?)^```$", PAGE, re.M | re.S).group(1)
    _server = SolrServer()
    unittest.addModuleCleanup(_server.remove)
    _server.start()


class Schema(run_support.RunCase):
    def setUp(self):
        super().setUp()
        # One core for all tests.
        _server.ask("POST", f"/solr/{_server.CORE}/update?commit=true", {"delete": {"query": "*:*"}})

    def deliver(self, paths, name="run"):
        sink = {"urls": [_server.solr_url], "collection": _server.CORE}
        runner = self.runner(paths, name, sinks=("solr",), sink=sink)
        runner.start_until_marker()
        (runner.folder / "driver-has-exited").write_bytes(b"")
        self.assertEqual(runner.wait(), 0, runner.said()[-4000:])
        _server.get(f"/solr/{_server.CORE}/update?commit=true")

    def ask(self, query):
        return _server.get(f"/solr/{_server.CORE}/select", query)

    def test_the_corpus_gets_in_and_is_found_by_type(self):
        logs = support.logs()
        documents = {document["id"]: document for log in logs for document in support.parse(log).documents}
        # The second time they overwrite themselves.
        for name in ("first", "second"):
            self.deliver(logs, name)
            self.assertEqual(self.ask({"query": "*:*", "limit": 0})["response"]["numFound"], len(documents))
        rows = sum(document["metrics"]["numInputRows"] for document in documents.values() if document["kind"] == "progress")
        found = self.ask({"query": "kind:progress", "limit": 0, "facet": {"rows": "sum(metrics.numInputRows)"}})
        self.assertEqual(found["facets"]["rows"], rows)

    def test_the_question_of_the_page(self):
        log = support.log("3.5.9/basic.default")
        wanted = defaultdict(int)
        for document in support.parse(log).of_kind("progress"):
            wanted[document["metrics"]["name"]] += 1
        self.deliver([log])
        command = re.search(r"`(curl [^`]*percentile[^`]*)`", PAGE).group(1)
        command = command.replace("http://localhost:8983/solr/spark", f"{_server.solr_url}/{_server.CORE}")
        said = json.loads(subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, timeout=60, check=True).stdout)
        buckets = said["facets"]["queries"]["buckets"]
        self.assertEqual({bucket["val"]: bucket["count"] for bucket in buckets}, {name: n for name, n in wanted.items() if name})
        self.assertTrue(all(bucket["p95"] > 0 for bucket in buckets))

    def test_check_knows_its_key(self):
        def check(collection):
            sink = {"kind": "solr", "urls": [_server.solr_url], "collection": collection}
            sources = [{"kind": "file", "paths": [f"{self.folder}/*.log"]}]
            config = {"state_dir": f"{self.folder}/state", "sources": sources, "sinks": [sink]}
            return support.sparktail("check", "-c", self.file(json.dumps(config).encode(), "check.yaml"))

        self.file(run_support.banner(), "driver.log")
        self.assertIn("with id as its unique key", check(_server.CORE).out.decode())
        missing = check("nowhere")
        self.assertEqual(missing.code, 1)
        self.assertIn("cannot look for the collection nowhere: HTTP 404", missing.out.decode())

    def test_names_of_others_make_no_fields(self):
        offsets = {f"topic-{topic}": {"0": 1, "1": 2} for topic in range(200)}
        log = self.folder / "driver.log"
        log.write_bytes(run_support.banner() + progress(0, sources=[source(offsets, offsets, offsets)]) + progress(1, sources=[source(1, None, "x")]))
        self.deliver([log])
        self.assertEqual(self.ask({"query": "*:*", "limit": 0})["response"]["numFound"], 2)
        fields = _server.get(f"/solr/{_server.CORE}/admin/luke?numTerms=0&wt=json")["fields"]
        self.assertFalse([name for name in fields if "topic-" in name])


if __name__ == "__main__":
    support.main()
