#!/usr/bin/env python3
"""Events into a real OpenSearch or Elasticsearch: each once in its index, whatever is killed or refused meanwhile."""

import json
import shutil
import threading
from collections import Counter, defaultdict

import search_support  # it knows where the others are
import run_support
import support
from kill_support import KillCase
from ports import quiet_port
from run_support import banner, corpus, counts, documents, events, rng, write
from search_support import WAITS, SearchCase, fields_of, one_server_or_full, progress, source
from support import without_source

BANNER = banner()
LOGS = (
    "3.1.3/basic.default",
    "3.5.9/basic.default",
    "3.5.9/fail.default",
    "3.5.9/kafka.default",
    "3.5.9/stateful.default",
    "4.3.0/basic.default",
)


def setUpModule():
    search_support.use_one_server()


def truth_of(logs):
    """Progress events as Spark's own listener wrote them."""
    return [line for log in logs for line in log.with_suffix(".truth.ndjson").read_text("utf-8").split("\n") if line]


class EndToEnd(SearchCase):
    def setUp(self):
        super().setUp()
        self.logs = [support.log(name) for name in LOGS]

    def run_over(self, name):
        """A run of its own over copies of the logs under paths of their own."""
        paths = [write(self.folder / name / "logs" / log.parent.name / log.name, log.read_bytes()) for log in self.logs]
        runner = self.search(paths, name)
        runner.finish()
        self.assertEqual(self.dead_letters(runner), [])

    def test_the_index_holds_what_spark_says(self):
        """And the same after the same logs are read again and again, from other paths."""
        self.run_over("first")
        first = self.found()
        parsed = [line for log in self.logs for line in support.parse(log).lines]
        self.check(parsed, first, clean=without_source)
        truth = truth_of(self.logs)
        self.assertGreater(len(truth), 80)
        texts = [json.dumps(json.loads(line)) for line in truth]
        got = [json.dumps(document["metrics"]) for document in documents(first) if document["kind"] == "progress"]
        self.assertEqual(Counter(got), Counter(texts))
        for name in ("second", "third"):
            self.run_over(name)
            self.assertEqual(Counter(self.found()), Counter(first))

    def test_aggregations(self):
        self.run_over("run")
        self.found()
        truth = [json.loads(line) for line in truth_of(self.logs)]
        self.check_rows_by_day(truth)
        self.check_durations_by_query(truth)

    def aggregate(self, **aggregations):
        query = {"size": 0, "query": {"term": {"kind": "progress"}}, "aggs": aggregations}
        return self.server.get(f"/{self.prefix}*/_search", query)["aggregations"]

    def check_rows_by_day(self, truth):
        wanted = Counter()
        for event in truth:
            wanted[event["timestamp"][:10]] += event["numInputRows"]
        days = {"date_histogram": {"field": "@timestamp", "fixed_interval": "1d", "min_doc_count": 1}}
        rows = {"rows": {"sum": {"field": "metrics.numInputRows"}}}
        buckets = self.aggregate(days={**days, "aggs": rows})["days"]["buckets"]
        self.assertEqual({bucket["key_as_string"][:10]: bucket["rows"]["value"] for bucket in buckets}, dict(wanted))

    def check_durations_by_query(self, truth):
        wanted = defaultdict(list)
        for event in truth:
            if event["name"] is not None and "triggerExecution" in event["durationMs"]:
                wanted[event["name"]].append(event["durationMs"]["triggerExecution"])
        field = {"field": "metrics.durationMs.triggerExecution"}
        each = {"percentiles": {"percentiles": {**field, "percents": [50, 95]}}, "stats": {"stats": field}}
        buckets = self.aggregate(names={"terms": {"field": "metrics.name", "size": 1000}, "aggs": each})["names"]["buckets"]
        self.assertEqual({bucket["key"] for bucket in buckets}, set(wanted))
        for bucket in buckets:
            values = sorted(wanted[bucket["key"]])
            stats = bucket["stats"]
            self.assertEqual((stats["count"], stats["sum"], stats["max"]), (len(values), sum(values), values[-1]))
            for percent in (50, 95):
                # Servers interpolate, each in its own way, between the neighbours.
                at = percent / 100 * len(values)
                low, high = values[max(0, int(at) - 1)], values[min(len(values) - 1, int(at) + 1)]
                value = bucket["percentiles"]["values"][f"{percent}.0"]
                self.assertTrue(low <= value <= high, f"p{percent} of {bucket['key']} is {value}, not in {low} to {high}")

    def test_an_index_a_kind(self):
        sink = {"index": f"{self.prefix}-{{kind}}-%Y%m%d"}
        runner = self.search(support.log("3.5.9/fail.default"), sink=sink)
        runner.finish()
        for hit in self.hits():
            self.assertTrue(hit["_index"].startswith(f"{self.prefix}-{hit['_source']['kind']}-"), hit["_index"])
        self.check(support.parse(support.log("3.5.9/fail.default")).lines, self.found(), clean=without_source)

    def test_a_data_stream(self):
        write(self.log, corpus("3.5.9/basic.default"))
        runner = self.search(self.log, sink={"index": f"{self.prefix}-{{environment}}", "data_stream": True}).start_until_marker()
        if self.server.name.startswith("elasticsearch-7"):
            # This build has no data streams; a bulk to such a name would make an ordinary index of it.
            self.says(runner, WAITS + ".*sparktail setup")
            self.assertEqual(self.hits(), [])
            return
        (runner.folder / "driver-has-exited").write_bytes(b"")
        self.assertEqual(runner.wait(), 0, runner.said()[-4000:])
        self.check(support.parse(self.log).lines, self.found(), clean=without_source)
        self.assertTrue(all(hit["_index"].startswith(".ds-") for hit in self.hits()))


class Mappings(SearchCase):
    def all_get_in(self, *texts, numbers=None, **options):
        write(self.log, BANNER + b"".join(texts))
        runner = self.search(self.log, **options)
        runner.finish()
        self.assertEqual(self.dead_letters(runner), [])
        self.assertEqual(self.numbers(), list(range(len(texts))) if numbers is None else numbers)
        self.check(support.parse(self.log).lines, self.found(), clean=without_source)
        self.check_mappings()

    def check_mappings(self):
        """No event adds a field."""
        mappings = self.server.get(f"/{self.prefix}*/_mapping")
        self.assertTrue(mappings)
        for index, mapping in mappings.items():
            fields = fields_of(mapping["mappings"])
            self.assertLess(len(fields), 200, f"{index}: {fields}")
            self.assertIn("metrics.durationMs.triggerExecution", fields)

    def test_a_mapping_does_not_grow_with_topics(self):
        offsets = {f"topic-{topic}": {str(partition): 12345 for partition in range(100)} for topic in range(500)}
        metrics = {f"topic-{topic}.lag": "1" for topic in range(500)}
        self.all_get_in(progress(0, sources=[source(offsets, offsets, offsets, metrics=metrics)]), progress(1))

    # Spark prints objects, numbers, strings and null as offsets.
    RATE = source(3, 4, 5)
    KAFKA = source(
        {"t": {"0": 1, "1": 2}}, {"t": {"0": 3, "1": 4}}, {"t": {"0": 5, "1": 6}}, metrics={"avgOffsetsBehindLatest": "1.0"}
    )
    FIRST = source(None, {"t": {"0": 3}})
    TEXT = source('{"seq":1}', "x", "2026-11-21T15:00:00.000Z")
    LIST = source([1, {"a": 1}], [[2]], [])

    def test_a_rate_source_before_a_kafka_source(self):
        self.all_get_in(
            *(progress(n, sources=[s]) for n, s in enumerate((self.RATE, self.KAFKA, self.FIRST, self.TEXT, self.LIST)))
        )

    def test_a_kafka_source_before_a_rate_source(self):
        self.all_get_in(
            *(progress(n, sources=[s]) for n, s in enumerate((self.KAFKA, self.LIST, self.TEXT, self.FIRST, self.RATE)))
        )

    def test_sources_of_all_kinds_in_one_event(self):
        self.all_get_in(progress(0, sources=[self.RATE, self.KAFKA, self.FIRST, self.TEXT, self.LIST]))

    # What one user calls a number is a text or an object to another; and names that no index would take as a field's.
    CLASHES = [
        {"a": 1},
        {"a": "text"},
        {"a": {"b": 1}},
        {"a": {"b": {"c": [1, "x", None]}}},
        {"a.b": 1, "a": 2},
        {"a": None},
        {"a": True},
        {"a": "2026-11-21"},
        {"a": 1e300, "b": 18446744073709551615},
        {".": 1, "..": 2, ".a": 3, "a.": 4, "a..b": 5, "": 6, " ": 7},
        {"*": 1, "_id": 2, "_source": {"x": 1}, "@timestamp": "no date", "id": {}},
        {"x" * 600: 1, "long": "y" * 40000},
        {f"name-{number}": number for number in range(1500)},
    ]

    def clash(self, event):
        """Each kind of value before each other one, in one index."""
        texts = [event(number, metrics) for number, metrics in enumerate(self.CLASHES + self.CLASHES[::-1])]
        self.all_get_in(*texts)

    def test_custom_metrics(self):
        operator = {"operatorName": "x", "numRowsTotal": 1, "memoryUsedBytes": 1}
        self.clash(lambda number, metrics: progress(number, stateOperators=[{**operator, "customMetrics": metrics}]))

    def test_observed_metrics(self):
        self.clash(lambda number, metrics: progress(number, observedMetrics={"mine": metrics, **metrics}))

    def test_metrics_of_sources_and_sinks(self):
        sink = {"description": "x", "numOutputRows": 1}
        self.clash(lambda n, metrics: progress(n, sources=[source(1, 2, metrics=metrics)], sink={**sink, "metrics": metrics}))

    def test_long_names_and_texts(self):
        """No term is too long for the index."""
        long = "ä" * 40000
        self.all_get_in(
            progress(0, name=long),
            progress(1, sources=[source(1, 2, description=long)], sink={"description": long, "numOutputRows": 1}),
            progress(2, durationMs={"addBatch": 1, long[:300]: 2, "triggerExecution": 3}),
        )

    def test_members_that_spark_may_add(self):
        self.all_get_in(
            progress(0, durationMs={"newPhase": 1, "triggerExecution": 2}, eventTime={"watermark": "1970-01-01T00:00:00.000Z"}),
            progress(1, durationMs={"triggerExecution": 2}, eventTime={"avg": "2026-11-21T15:00:00.000Z", "more": {}}),
            progress(2, newMember={"a": 1}),
            progress(3, newMember="x"),
        )

    def test_recorded_events_of_all_kinds(self):
        """Logs of each version and each kind of query in the corpus."""
        logs = support.logs()
        runner = self.search(logs)
        runner.finish()
        self.assertEqual(self.dead_letters(runner), [])
        # Some of these logs are copies of one run, in another form.
        wanted = {document["id"] for log in logs for document in support.parse(log).documents}
        found = [hit["_id"] for hit in self.hits()]
        self.assertEqual(set(found), wanted)
        self.assertEqual(len(found), len(wanted))
        self.check_mappings()


@one_server_or_full
class Kills(KillCase, SearchCase):
    """Kills of sparktail and of the server, in random order, while events flow."""

    KINDS = [
        ("app1/driver.log", "app1/driver.log*", "rename", "header", "plain"),
        ("pods/ns_job-driver_1/spark/0.log", "containers/job-driver.log", "kubelet", "line", "cri"),
        ("app3/driver.log", "app3/driver.log", "copytruncate", "header", "plain"),
    ]
    # It has more to do at its start than with other sinks: kills are to hit all of it, and what comes behind.
    DELAYS = (0.01, 0.06, 0.2, 0.6, 1.5)

    def life(self, name, plans, sinks, **options):
        runner, writers = super().life(name, plans, sinks=sinks, **options)
        runner.deliveries["search"] = self.found
        return runner, writers

    def before_kill(self, number, kills):
        if not self.server.alive():
            if number >= self.server_is_back:
                self.server.start()
        elif number in self.server_kills:
            self.server.kill()
            self.server_is_back = number + rng(self.id(), "server", number).randrange(1, 4)

    def after_kills(self):
        if not self.server.alive():
            self.server.start()

    def test_random_kills(self):
        kills = counts(100)
        self.server_kills = set(rng(self.id(), "plan").sample(range(1, kills), counts(10)))
        plans = self.prepare(self.KINDS, kills, ("file",))
        expected = self.uncut(plans, sinks=("file",)).lines()
        wanted = {"search": [document["id"] for document in documents(expected)]}
        runner = self.killed(plans, kills, wanted, sinks=(self.server.product,), sink=self.sink())
        self.assertGreater(runner.lives, kills)
        self.check(expected, self.found(), f"after {kills} kills, seed {run_support.SEED}", clean=without_source)
        self.assertEqual(self.dead_letters(runner), [])


class Refusals(SearchCase):
    """The server is right, and does not take it."""

    def pauses(self, runner, pattern):
        self.says(runner, WAITS + pattern)
        self.assertEqual(self.dead_letters(runner), [])

    def put_setting(self, name, value):
        self.server.put(f"/{self.prefix}*/_settings", {name: value})

    def blocked(self, name, pattern):
        write(self.log, BANNER + events(1, 2))
        runner = self.search(self.log).start()
        self.has(runner, [1, 2])
        self.put_setting(name, True)
        write(self.log, events(3, 4), append=True)
        self.pauses(runner, pattern)
        self.put_setting(name, None)
        self.has(runner, [1, 2, 3, 4])
        runner.stop()

    def test_a_write_block(self):
        self.blocked("index.blocks.write", f".*{self.prefix}-default-20261121")

    def test_a_disk_that_is_nearly_full(self):
        self.blocked("index.blocks.read_only_allow_delete", "")

    def test_an_index_that_may_not_be_made(self):
        name = "action.auto_create_index"
        self.addCleanup(self.server.put, "/_cluster/settings", {"persistent": {name: None}})
        self.server.put("/_cluster/settings", {"persistent": {name: "false"}})
        write(self.log, BANNER + events(1, 2))
        runner = self.search(self.log).start()
        self.pauses(runner, f".*{self.prefix}-default-20261121")
        self.server.put("/_cluster/settings", {"persistent": {name: None}})
        self.has(runner, [1, 2])
        runner.stop()

    def test_a_template_that_is_refused(self):
        """Somebody else's is for the same indices, with the same priority."""
        write(self.log, BANNER + events(1, 2))
        runner = self.search(self.log).start()
        self.has(runner, [1, 2])
        runner.stop()
        (ours,) = self.server.get(f"/_index_template/{self.prefix}")["index_templates"]
        self.server.get(f"/_index_template/{self.prefix}", method="DELETE")
        self.server.put(f"/_index_template/{self.prefix}-theirs", {**ours["index_template"], "_meta": {}})
        again = self.search(self.log, "again").start()
        self.pauses(again, ".*sparktail setup")
        self.server.get(f"/_index_template/{self.prefix}-theirs", method="DELETE")
        again.until(lambda: self.server.ask("GET", f"/_index_template/{self.prefix}")[0] == 200, "the template is there")
        write(self.log, events(3), append=True)
        self.has(again, [1, 2, 3])
        again.stop()

    def make_index_of_small_batches(self, index):
        """It takes no batch number over 127."""
        mapping = {"dynamic": False, "properties": {"metrics": {"properties": {"batchId": {"type": "byte"}}}}}
        self.server.put(f"/{index}", {"mappings": mapping})

    def test_an_event_that_the_index_refuses(self):
        """Somebody has made the index with another type for a field: that event stands in the dead letters, others pass."""
        self.make_index_of_small_batches(f"{self.prefix}-default-20261121")
        write(self.log, BANNER + events(1, 2, 1000, 3))
        runner = self.search(self.log)
        runner.finish(3)
        self.assertEqual(self.numbers(), [1, 2, 3])
        (letter,) = self.dead_letters(runner)
        self.assertEqual(letter["document"]["metrics"]["batchId"], 1000)
        self.assertEqual(letter["index"], f"{self.prefix}-default-20261121")
        self.assertRegex(letter["cause"], r"parsing_exception.*metrics\.batchId")

    def test_a_corrected_dead_letter_is_sent_again(self):
        """Once, and where it belongs, however often it is replayed."""
        index = f"{self.prefix}-default-20261121"
        self.make_index_of_small_batches(index)
        write(self.log, BANNER + events(1, 1000))
        runner = self.search(self.log)
        runner.finish(3)
        (path,) = (runner.state / "dead-letter" / "search").glob("*.ndjson")
        self.replay(runner, path, 3)
        self.assertEqual(self.numbers(), [1])
        (letter,) = [json.loads(line) for line in run_support.file_lines(path)]
        letter["document"]["metrics"]["batchId"] = 7
        corrected = write(self.folder / "corrected.ndjson", json.dumps(letter).encode() + b"\n")
        for _ in range(2):
            self.replay(runner, corrected, 0)
            self.assertEqual(self.numbers(), [1, 7])
        (hit,) = [hit for hit in self.hits() if hit["_source"]["metrics"]["batchId"] == 7]
        self.assertEqual((hit["_index"], hit["_id"]), (index, letter["document"]["id"]))

    def replay(self, runner, path, expected):
        done = support.sparktail("replay", "-c", runner.config_path, path)
        self.assertEqual(done.code, expected, done.err)


@one_server_or_full
class Limits(SearchCase):
    """A server that takes little at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.restart_server(
            **{"http.max_content_length": "1mb", "thread_pool.write.size": 1, "thread_pool.write.queue_size": 1}
        )

    def test_413(self):
        """Requests that are too large are halved; an event that is too large alone is a dead letter."""
        noise = [rng(self.id(), number).randbytes(20000).hex() for number in range(100)]
        huge = "x" * (3 << 20)
        texts = [progress(number, note=text) for number, text in enumerate([*noise[:50], huge, *noise[50:]])]
        write(self.log, BANNER + b"".join(texts))
        runner = self.search(self.log, sink={"bulk_bytes": "4MiB", "commit_interval": "1s"})
        runner.finish(3)
        self.assertEqual(self.numbers(), [number for number in range(101) if number != 50])
        (letter,) = self.dead_letters(runner)
        self.assertEqual(letter["document"]["metrics"]["batchId"], 50)

    def test_429(self):
        """Others write so much that the queue of the server is full again and again."""
        over = threading.Event()
        others = [threading.Thread(target=self.hammer, args=(over, number)) for number in range(8)]
        for other in others:
            other.start()
        try:
            writer = self.writer(self.log, [BANNER + events(*range(counts(10000)))], "rename")
            writer.step()
            runner = self.search(self.log, sink={"bulk_bytes": "16KiB", "commit_interval": "20ms", "connections": 4}).start()
            writer.finish()
            runner.until(lambda: self.rejected() > 20, "requests are refused")
        finally:
            over.set()
            for other in others:
                other.join()
        self.has(runner, range(counts(10000)))
        runner.stop()
        self.assertEqual(self.dead_letters(runner), [])

    def hammer(self, over, number):
        action = json.dumps({"index": {"_index": f"hammer-{self.prefix}-{number % 4}"}}) + "\n"
        body = "".join(action + json.dumps({"n": at, "text": "word " * 20}) + "\n" for at in range(300))
        while not over.is_set():
            self.server.ask("POST", "/_bulk", body, "application/x-ndjson")

    def rejected(self):
        (node,) = self.server.get("/_nodes/stats/thread_pool")["nodes"].values()
        return node["thread_pool"]["write"]["rejected"]


class Setup(SearchCase):
    def config(self, **options):
        runner = self.search(self.log, sink=options)
        path = self.folder / "setup.yaml"
        path.write_text(json.dumps(runner.config))
        return path

    def setup_with(self, config):
        done = support.sparktail("setup", "-c", config)
        self.assertEqual(done.code, 0, done.err)
        return done

    def state(self):
        """All that setup may change, as the server has it."""
        templates = self.server.get("/_index_template")["index_templates"]
        kept = {template["name"]: template for template in templates if template["name"].startswith(self.prefix)}
        version = self.server.get("/_cluster/state/version")["version"]
        return kept, version

    def test_the_second_time_changes_nothing(self):
        config = self.config(alias=f"{self.prefix}-all")
        first = self.setup_with(config)
        before = self.state()
        self.assertIn(self.prefix, before[0])
        self.assertIn(self.prefix, first.out.decode())
        second = self.setup_with(config)
        self.assertEqual(self.state(), before)
        self.assertNotEqual(second.out, first.out)
        # What runs then changes nothing either, and the alias has its events.
        write(self.log, BANNER + events(1, 2))
        runner = self.search(self.log, sink={"alias": f"{self.prefix}-all"})
        runner.finish()
        self.assertEqual(self.state()[0], before[0])
        self.server.get(f"/{self.prefix}*/_refresh", method="POST")
        self.assertEqual(self.server.get(f"/{self.prefix}-all/_count")["count"], 2)

    def test_a_changed_configuration_changes_the_template(self):
        self.setup_with(self.config())
        before = self.state()
        self.setup_with(self.config(shards=3))
        after = self.state()
        self.assertNotEqual(after[0], before[0])
        self.assertEqual(after[0][self.prefix]["index_template"]["template"]["settings"]["index"]["number_of_shards"], "3")

    def test_check_tells_what_works(self):
        write(self.log, BANNER)
        done = support.sparktail("check", "-c", self.config())
        self.assertEqual(done.code, 0, done.err)
        nobody = f"127.0.0.1:{quiet_port()}"
        done = support.sparktail("check", "-c", self.config(urls=[f"http://{nobody}"]))
        self.assertEqual(done.code, 1, done.out)
        self.assertIn(nobody, done.out.decode() + done.err)


class Outages(SearchCase):
    def test_frozen_for_longer_than_the_time_out(self):
        write(self.log, BANNER + events(0))
        runner = self.search(self.log, sink={"request_timeout": "1s"}).start()
        self.has(runner, [0])
        self.server.freeze()
        write(self.log, events(*range(1, 200)), append=True)
        self.says(runner, WAITS)
        self.server.thaw()
        self.has(runner, range(200))
        runner.stop()

    @one_server_or_full
    def test_away_at_the_start_and_later(self):
        self.server.stop()
        write(self.log, BANNER + events(1, 2))
        runner = self.search(self.log).start()
        self.says(runner, WAITS)
        self.server.start()
        self.has(runner, [1, 2])
        self.server.kill()
        write(self.log, events(3, 4), append=True)
        self.says(runner, WAITS)
        runner.kill()
        shutil.rmtree(runner.state)
        self.server.start()
        runner.start()
        self.has(runner, [1, 2, 3, 4])
        runner.stop()


if __name__ == "__main__":
    support.main()
