#!/usr/bin/env python3
"""The claims of docs/opensearch.md about the index template, and the queries of README.md, against a real OpenSearch or Elasticsearch."""
import json
import re
import subprocess
from collections import Counter, defaultdict

import search_support  # it knows where the others are
import support
from run_support import banner, write
from search_support import SearchCase, progress, source

BANNER = banner()


def setUpModule():
    search_support.use_one_server()


def questions():
    """The commands below "Three queries without a dashboard", by the comment above each."""
    block = re.search(r"^## Three queries without a dashboard$.*?^```sh\n(.*?)^```$", (support.ROOT / "README.md").read_text(), re.M | re.S).group(1)
    return dict(re.findall(r"^# (.*)\n(curl (?s:.*?))(?=\n\n|\Z)", block, re.M))


class Questions(SearchCase):
    """They are answered, and the answer is what the documents say."""

    def setUp(self):
        super().setUp()
        logs = [support.log(name) for name in ("3.5.9/basic.default", "3.5.9/fail.default", "4.3.0/basic.default")]
        self.documents = [document for log in logs for document in support.parse(log).documents]
        self.search(logs).finish()
        self.server.ask("POST", f"/{self.prefix}*/_refresh")

    def ask(self, name):
        command = questions()[name].replace("http://localhost:9200", self.server.url).replace("monitor-yarn-", f"{self.prefix}-")
        return json.loads(subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, timeout=60, check=True).stdout)

    def of_kind(self, kind):
        return [document for document in self.documents if document["kind"] == kind]

    def test_duration_by_query(self):
        wanted = defaultdict(list)
        for document in self.of_kind("progress"):
            metrics = document["metrics"]
            wanted[metrics["name"] or "(no name)"].append(metrics["durationMs"]["triggerExecution"])
        buckets = self.ask("95th percentile of batch duration, by query")["aggregations"]["queries"]["buckets"]
        self.assertEqual({bucket["key"]: bucket["doc_count"] for bucket in buckets}, {name: len(all) for name, all in wanted.items()})
        for bucket in buckets:
            durations = sorted(wanted[bucket["key"]])
            # Servers estimate it, each in its own way, between the two that are next to it.
            place = 0.95 * (len(durations) - 1)
            least, most = durations[max(0, int(place) - 1)], durations[-1]
            self.assertTrue(least <= bucket["ms"]["values"]["95.0"] <= most, (bucket, durations))

    def test_rows_by_day(self):
        wanted = Counter()
        for document in self.of_kind("progress"):
            wanted[document["@timestamp"][:10]] += document["metrics"]["numInputRows"]
        buckets = self.ask("rows per day")["aggregations"]["days"]["buckets"]
        self.assertEqual({bucket["key_as_string"][:10]: bucket["rows"]["value"] for bucket in buckets}, dict(wanted))

    def test_last_failures(self):
        failures = [document for document in self.of_kind("query") if document["query"]["phase"] == "terminated"]
        self.assertGreater(len(failures), 1)
        found = [hit["_source"] for hit in self.ask("the latest failures")["hits"]["hits"]]
        self.assertEqual([one["@timestamp"] for one in found], sorted((one["@timestamp"] for one in failures), reverse=True)[:5])
        self.assertEqual(
            {one["error"]["class"] for one in found}, {one["error"]["class"] for one in failures if one["@timestamp"] >= found[-1]["@timestamp"]}
        )


class Forged(SearchCase):
    def reads(self, *texts):
        write(self.log, BANNER + b"".join(texts))
        runner = self.search(self.log)
        runner.start_until_marker()
        (runner.folder / "driver-has-exited").write_bytes(b"")
        runner.wait()
        return runner

    def test_numbers_and_dates_that_are_none_are_passed_over(self):
        """And what is right in the same event is found."""
        values = ("x", "", 10**30, -1e300, True, None, [1, "x"], "2026-11-21")
        runner = self.reads(
            *(
                progress(
                    number,
                    numInputRows=value,
                    inputRowsPerSecond=value,
                    durationMs={"addBatch": value, "triggerExecution": 7},
                    eventTime={"avg": value, "watermark": value},
                    stateOperators=[{"numRowsTotal": value, "operatorName": value}],
                )
                for number, value in enumerate(values)
            )
        )
        self.assertEqual(self.dead_letters(runner), [])
        self.assertEqual(self.numbers(), list(range(len(values))))
        found = self.server.get(f"/{self.prefix}*/_search", {"size": 0, "query": {"term": {"metrics.durationMs.triggerExecution": 7}}})
        self.assertEqual(found["hits"]["total"]["value"], len(values))

    def test_what_only_a_forger_writes_is_a_dead_letter_and_stops_nobody(self):
        forged = (
            progress(1, durationMs=5),
            progress(2, sources=[1]),
            progress(3, **{"numInputRows.x": 1}),
            progress(4, **{"a..b": 1}),
            progress(5, stateOperators="none"),
            progress(6, numInputRows=3).replace(b'"numInputRows" : 3', b'"numInputRows" : 3,"more" : 1,"more" : 2'),
        )
        runner = self.reads(progress(0), *forged, progress(7))
        self.assertEqual(runner.code, 3, runner.said()[-4000:])
        self.assertEqual(self.numbers(), [0, 7])
        letters = self.dead_letters(runner)
        self.assertEqual(sorted(letter["document"]["metrics"]["batchId"] for letter in letters), [1, 2, 3, 4, 5, 6])
        for letter in letters:
            self.assertRegex(letter["cause"], r"(document|mapper)_parsing_exception")

    def test_arrays_as_deep_as_the_parser_lets_them_be(self):
        deep = 1
        for _ in range(190):
            deep = [deep]
        runner = self.reads(progress(0, observedMetrics={"mine": {"x": deep}}), progress(1, sources=[source(deep, deep, deep)]))
        self.assertEqual(self.dead_letters(runner), [])
        self.assertEqual(self.numbers(), [0, 1])


class Template(SearchCase):
    def template(self):
        (one,) = self.server.get(f"/_index_template/{self.prefix}")["index_templates"]
        return one["index_template"]

    def test_a_user_takes_it_over_by_removing_the_mark(self):
        write(self.log, BANNER + progress(1))
        self.search(self.log).finish()
        theirs = self.template()
        self.assertIn("sparktail", theirs.pop("_meta"))
        theirs["template"]["settings"]["index"]["number_of_shards"] = "2"
        self.server.put(f"/_index_template/{self.prefix}", theirs)
        again = self.search(self.log, "again")
        again.finish()
        self.assertRegex(again.said(), "warning: .*has no mark of sparktail: it is yours")
        self.assertEqual(self.template(), theirs)

    def test_an_older_one_is_replaced_and_a_newer_one_is_left(self):
        write(self.log, BANNER + progress(1))
        self.search(self.log).finish()
        ours = self.template()
        for version, shards in ((0, "1"), (1 << 20, "2")):
            other = json.loads(json.dumps(ours))
            other["_meta"]["sparktail"]["version"] = version
            other["template"]["settings"]["index"]["number_of_shards"] = "2"
            self.server.put(f"/_index_template/{self.prefix}", other)
            self.search(self.log, f"over-{version}").finish()
            self.assertEqual(self.template()["template"]["settings"]["index"]["number_of_shards"], shards)


if __name__ == "__main__":
    support.main()
