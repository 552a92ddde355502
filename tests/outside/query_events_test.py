"""Starts and ends of queries, against what Spark's own listener bus wrote down."""
import unittest
from collections import Counter

import support
from support import line, listener_events, log, names, ndjson, parse, uuid

IDLE_LINE = b"Streaming query has been idle and waiting for new data more than "
# The JVM died of the error: the end of this query is in the log, and the event log had already closed.
ONLY_IN_LOG = {"3.5.9/oom.default": [("a770c0d5-295f-4981-8f65-52b3975cd6c7", "b7203659-5d3e-4c4e-bc94-268ecf08d905")]}


def key(value):
    return value["id"], value["runId"]


def queries(result, *phases):
    return [one for one in result.of_kind("query") if one["query"]["phase"] in phases]


def short(path):
    return f"{path.parent.name}/{path.name.removesuffix('.log')}"


class Recorded(unittest.TestCase):
    maxDiff = 4000

    def each(self):
        found = 0
        for path in support.logs():
            if path.with_name(path.name.removesuffix(".log") + ".events.ndjson").exists():
                found += 1
                yield path, parse("--only", "query", path)
        self.assertGreater(found, 10)

    def test_started(self):
        for path, result in self.each():
            with self.subTest(log=short(path)):
                events = Counter((*key(event), event["name"]) for event in listener_events(path, "QueryStartedEvent"))
                found = Counter((*key(one["query"]), one["query"].get("name")) for one in queries(result, "started"))
                self.assertEqual(found, events)

    def test_terminated(self):
        for path, result in self.each():
            with self.subTest(log=short(path)):
                events = [key(event) for event in listener_events(path, "QueryTerminatedEvent") if event["exception"]]
                events += ONLY_IN_LOG.get(short(path), [])
                self.assertEqual(Counter(key(one["query"]) for one in queries(result, "terminated")), Counter(events))

    def test_stopped(self):
        for path, result in self.each():
            with self.subTest(log=short(path)):
                events = [key(event) for event in listener_events(path, "QueryTerminatedEvent") if not event["exception"]]
                self.assertEqual(Counter(key(one["query"]) for one in queries(result, "stopped")), Counter(events))

    def test_errors(self):
        seen = 0
        for path, result in self.each():
            with self.subTest(log=short(path)):
                events = {key(event): event["exception"] for event in listener_events(path, "QueryTerminatedEvent")}
                for one in queries(result, "terminated"):
                    error = one["error"]
                    self.assertEqual(one["log"]["level"], "ERROR")
                    self.assertTrue(one["log"]["logger"].endswith("MicroBatchExecution"), one["log"])
                    if key(one["query"]) not in events:
                        self.assertEqual(error["class"], "java.lang.IllegalStateException")
                        self.assertEqual(error["message"].split("\n")[0], "SparkContext has been shutdown")
                        continue
                    seen += 1
                    first = events[key(one["query"])].split("\n")[0]
                    self.assertEqual(f"{error['class']}: {error['message']}".split("\n")[0], first)
                    self.assertIn("\n\tat ", "\n" + error["stack"])
                    # Where it begins is sparktail's choice; from there on it is Spark's, to the last line.
                    self.assertTrue(events[key(one["query"])].rstrip().endswith(error["stack"].rstrip()))
        self.assertGreaterEqual(seen, 8)

    def test_message_of_many_lines_and_the_causes(self):
        """A message may hold lines like `{` and `}`: they are no end of the record."""
        fake = [one for one in queries(parse(log("3.5.9/fail.default")), "terminated") if "not-a-progress" in str(one)]
        self.assertEqual([one["error"]["class"] for one in fake], ["py4j.Py4JException"])
        for name in ("3.5.9/fail.default", "3.1.3/fail.pid_prefix"):
            with self.subTest(log=name):
                events = {key(event): event["exception"] for event in listener_events(log(name), "QueryTerminatedEvent")}
                for one in queries(parse(log(name)), "terminated"):
                    exception = events[key(one["query"])]
                    text = exception.split(": ", 1)[1]
                    # How much of a long message is the message is sparktail's choice; it begins as the exception's does.
                    self.assertTrue(text.startswith(one["error"]["message"]), one["error"]["message"])
                    for text in exception.split("\n"):
                        if text.startswith("Caused by: "):
                            self.assertIn(text, one["error"]["stack"])

    def test_running(self):
        for path, result in self.each():
            with self.subTest(log=short(path)):
                for one in result.documents:
                    self.assertEqual(one["running"], one["query"]["phase"] not in ("stopped", "terminated"))
                    self.assertIn(one["query"]["attribution"], ("query", "app"))
                    if one["query"]["attribution"] == "app":
                        self.assertFalse({"id", "runId", "name"} & one["query"].keys())
                    else:
                        self.assertTrue({"id", "runId"} <= one["query"].keys())

    def test_idle_is_counted_and_never_given_to_the_wrong_query(self):
        idle = 0
        for path, result in self.each():
            with self.subTest(log=short(path)):
                found = queries(result, "idle")
                self.assertEqual(len(found), path.read_bytes().count(IDLE_LINE))
                idle += len(found)
                events = Counter(key(event) for event in listener_events(path, "QueryIdleEvent"))
                self.assertEqual(len(found), events.total())
                given = Counter(key(one["query"]) for one in found if one["query"]["attribution"] == "query")
                self.assertLessEqual(given, events)
        self.assertGreater(idle, 10)

    def test_resumed(self):
        found = [one["query"] for path, result in self.each() for one in queries(result, "resumed")]
        self.assertEqual([(one["batchId"], one["attribution"]) for one in found], [(5, "app")])

    def test_every_line_about_queries_is_there_in_order(self):
        for path, result in self.each():
            with self.subTest(log=short(path)):
                offsets = [one["source"]["offset"] for one in result.documents]
                self.assertEqual(offsets, sorted(set(offsets)))

    def test_checkpoints(self):
        for path, result in self.each():
            with self.subTest(log=short(path)):
                content = path.read_text(encoding="utf-8")
                for one in queries(result, "started"):
                    text = f"runId = {one['query']['runId']}]. Use {one['query']['checkpoint']} to store the query checkpoint."
                    self.assertIn(text, content)

    def test_nothing_else_is_taken_for_a_query(self):
        for name in ("3.5.9/dstream.default", "3.5.9/pymode-default-warn"):
            self.assertEqual(parse(log(name)).documents, [])

    def test_names_of_progress_and_start_agree(self):
        for path in support.logs():
            started = {key(event): event["name"] for event in ndjson(path.with_suffix(".events.ndjson")) if "name" in event}
            for one in parse("--only", "progress", path).documents:
                if started:
                    self.assertEqual(one["metrics"]["name"], started[key(one["metrics"])])


class Made(unittest.TestCase):
    """Lines in Spark's words, for what the recorded logs don't show."""

    started = "Starting {}. Use file:/ck/a to store the query checkpoint."
    idle = line(IDLE_LINE.decode() + "3000 ms.")

    def phases(self, content):
        found = []
        for one in parse("--only", "query", stdin=content).documents:
            found.append((one["query"]["phase"], one["query"].get("id"), one["query"]["attribution"]))
        return found

    def start(self, number):
        return line(self.started.format(names(number)))

    def test_an_idle_line_belongs_to_the_only_query(self):
        banner = line("Running Spark version 3.5.9", logger="SparkContext")
        found = self.phases(banner + self.start(1) + self.idle)
        self.assertEqual(found, [("started", uuid(1), "query"), ("idle", uuid(1), "query")])

    def test_an_idle_line_of_two_queries_belongs_to_the_application(self):
        banner = line("Running Spark version 3.5.9", logger="SparkContext")
        stop = line(f"Query {names(1)} was stopped")
        found = self.phases(banner + self.start(1) + self.start(3) + self.idle + stop + self.idle)
        self.assertEqual(found[2:], [("idle", None, "app"), ("stopped", uuid(1), "query"), ("idle", uuid(3), "query")])

    def test_an_idle_line_without_a_banner_belongs_to_the_application(self):
        """Nothing is known of queries that ran before the first line."""
        self.assertEqual(self.phases(self.start(1) + self.idle)[1:], [("idle", None, "app")])

    def test_a_new_run_in_the_file_forgets_the_queries_of_the_last(self):
        banner = line("Running Spark version 3.5.9", logger="SparkContext")
        found = self.phases(banner + self.start(1) + banner + self.start(3) + self.idle)
        self.assertEqual(found[-1], ("idle", uuid(3), "query"))

    def test_stopped_after_the_end_is_no_event(self):
        dead = line(f"Query {names(1)} terminated with error", level="ERROR") + b"java.lang.Exception: x\n\tat a.b(c:1)\n"
        stop = line(f"Query {names(1)} was stopped")
        self.assertEqual([phase for phase, _, _ in self.phases(dead + stop + stop)], ["terminated"])
        self.assertEqual([phase for phase, _, _ in self.phases(stop + stop)], ["stopped"])

    def test_the_words_count_only_at_the_start_of_the_message(self):
        text = f"Query {names(1)} was stopped"
        for content in (
            line(f"Killing all running tasks: {text}", logger="TaskSchedulerImpl"),
            line(f"{text} SQLSTATE: XXKDA", logger="DAGScheduler"),
            line("x", level="ERROR") + f"java.lang.Exception: {text}\n{text}\n".encode(),
            text.encode() + b"\n",
        ):
            with self.subTest(content=content):
                self.assertEqual(self.phases(content), [])

    def test_starting_a_new_query_is_no_event(self):
        self.assertEqual(self.phases(line("Starting new streaming query.")), [])

    def test_names_that_look_like_the_words_around_them(self):
        phases = ("started", "stopped")
        for name in ("a [id = x, runId = y]", "] was stopped", "Query q terminated with error", 'x "y" \\ \t z', "x]. Use y"):
            with self.subTest(name=name):
                content = line(self.started.format(names(1, name))) + line(f"Query {names(1, name)} was stopped")
                found = [one["query"] for one in parse("--only", "query", stdin=content).documents]
                found = [(one["phase"], one["name"], one["id"]) for one in found]
                self.assertEqual(found, [(phase, name, uuid(1)) for phase in phases])

    def test_an_unnamed_query_has_no_name(self):
        content = line(self.started.format(names(1, "").strip()))
        (one,) = parse("--only", "query", stdin=content).documents
        self.assertNotIn("name", one["query"])


if __name__ == "__main__":
    support.main()
