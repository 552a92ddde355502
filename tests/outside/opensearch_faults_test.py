#!/usr/bin/env python3
"""Faults of a search server, or of a proxy before it: after each, every event is in the index or in the dead letters,
never in both, never in neither. The server is a fake (bad_search_server.py). F… are the numbers of docs/failures.md."""

import base64
import json
import re
import ssl
import sys
import time
from collections import Counter
from email.utils import formatdate

import bad_search_server as bad
import run_support
import sigv4
import support
from bad_search_server import BadSearchServer
from run_support import RunCase, counts, eventually, events, rng, write

sys.path.append(str(support.ROOT / "tests" / "live"))
from certificates import Certificates  # noqa: E402

INDEX = "events-%Y%m%d"
# Of all events here.
TODAY = "events-20261121"
BANNER = run_support.banner()
# In its own log, of a sink that can't go on now: later, and at its start.
WAITS = "(?:sink opensearch is paused|waiting for sink opensearch): "
MIB = support.MIB


def number_of(text):
    return json.loads(text).get("metrics", {}).get("batchId")


def large_events(numbers, size):
    extra = b',\n  "x" : "' + b"x" * size + b'"'
    stamps = {number: f"2026-11-21T15:{number // 60 % 60:02d}:{number % 60:02d}.000Z" for number in numbers}
    return b"".join(support.progress_record(number, time=stamp, extra=extra) for number, stamp in stamps.items())


class FaultCase(RunCase):
    def setUp(self):
        super().setUp()
        self.server = BadSearchServer().start()
        self.addCleanup(self.server.close)
        self.log = self.folder / "logs" / "driver.log"

    def search(self, name="run", *, more=None, http=False, kind="opensearch", **options):
        """A runner whose only sink is the server."""
        sink = {"name": "opensearch", "urls": [self.server.url], "index": INDEX, **options}
        sink = {"commit_interval": "50ms", "request_timeout": "2s", "bulk_bytes": "16KiB", **sink}
        runner = self.runner(self.log, name, sinks=(kind,), sink=sink, more=more, http=http)
        runner.deliveries["opensearch"] = self.server.documents
        return runner

    def dead_letters(self, runner):
        folder = runner.state / "dead-letter" / "opensearch"
        return [json.loads(line) for path in sorted(folder.glob("*.ndjson")) for line in run_support.file_lines(path)]

    def numbers(self):
        """Batches in the index."""
        return {number for number in map(number_of, self.server.documents()) if number is not None}

    def has(self, runner, numbers):
        numbers = set(numbers)
        runner.until(lambda: numbers <= self.numbers(), lambda: f"batches {sorted(numbers - self.numbers())[:20]} came")

    def finish(self, runner, once=True):
        """Waits until every event of the log is somewhere and settled, and stops it; the account is right."""
        wanted = {document["id"] for document in support.parse(self.log).documents}
        runner.until(
            lambda: wanted <= self.found(runner), lambda: f"{len(wanted - self.found(runner))} of {len(wanted)} events came"
        )
        runner.until(lambda: self.settled(runner) > self.log.stat().st_size - 500, runner.offsets)
        runner.stop(3 if self.dead_letters(runner) else 0)
        self.account(runner, once)

    def settled(self, runner):
        return max((cursor["offset"] for cursor in runner.offsets()), default=0)

    def found(self, runner):
        """Ids in the index and in the dead letters."""
        ids = {json.loads(text)["id"] for text in self.server.documents()}
        return ids | {letter["document"]["id"] for letter in self.dead_letters(runner)}

    def sent(self):
        """How often each event was."""
        return Counter(item.id for request in self.server.bulks() for item in bad.items_of(request.text))

    def account(self, runner, once=True):
        """Every event of the log is in the index of its day under its id, or in the dead letters; each once. After a kill there
        may be a dead letter a second time; and what was sent more than once may be in both, if the server changed its mind."""
        for index, documents in self.server.index.items():
            for key, text in documents.items():
                document = json.loads(text)
                self.assertEqual(document["id"], key)
                self.assertEqual(index, f"events-{document['@timestamp'][:10].replace('-', '')}")
        letters = self.dead_letters(runner)
        if not once:
            letters = list({letter["document"]["id"]: letter for letter in letters}.values())
            stored = {json.loads(text)["id"] for text in self.server.documents()}
            repeated = stored & {key for key, count in self.sent().items() if count > 1}
            letters = [letter for letter in letters if letter["document"]["id"] not in repeated]
        lines = self.server.documents() + [json.dumps(letter["document"]) for letter in letters]
        self.check(support.parse(self.log).lines, lines, clean=support.without_source)
        for letter in letters:
            self.assertEqual(letter["sink"], "opensearch")
            self.assertTrue(letter["cause"])
            self.assertRegex(letter["index"], r"^events-(\d{8}|undated)$")
            self.assertRegex(letter["time"], r"^\d{4}-\d\d-\d\dT.*Z$")

    def says(self, runner, pattern):
        """Waits until its log has a line that matches; it goes on running."""
        match = runner.until(lambda: re.search(pattern, runner.said()), f"it says {pattern}")
        self.assertFalse(runner.ended(), runner.said())
        return match

    def survives(self, *script, numbers=range(200), **options):
        """The first requests have these faults. All comes through."""
        write(self.log, BANNER + events(*numbers))
        self.server.script = list(script)
        runner = self.search(**options).start()
        runner.until(lambda: not self.server.script, lambda: f"{len(self.server.script)} faults are still to come")
        self.finish(runner)
        return runner

    def nothing_is_settled(self, runner):
        """No event is; what stands before the first one may be."""
        self.assertLessEqual(self.settled(runner), len(BANNER))

    def pauses(self, fault, pattern="", **options):
        """While the server answers so, nothing is settled and it says why; then it goes on by itself."""
        self.server.always = fault
        write(self.log, BANNER + events(*range(40)))
        runner = self.search(**options).start()
        self.says(runner, WAITS + pattern)
        self.assertEqual(self.dead_letters(runner), [])
        self.nothing_is_settled(runner)
        self.server.always = None
        self.has(runner, range(40))
        self.finish(runner)
        self.assertEqual(self.dead_letters(runner), [])
        return runner


class Plain(FaultCase):
    def test_nothing_goes_wrong(self):
        runner = self.survives()
        self.assertEqual(self.dead_letters(runner), [])
        ids = [item.id for request in self.server.bulks() for item in bad.items_of(request.text)]
        self.assertEqual(max(Counter(ids).values()), 1)
        for request in self.server.bulks():
            self.assertEqual(request.headers["content-encoding"], "gzip")
            self.assertRegex(request.headers["content-type"], "^application/(x-ndjson|json)|vnd.elasticsearch")
            self.assertLessEqual(len(request.text), 20 << 10)
        self.assertGreater(len(self.server.bulks()), 5)
        # What is settled is not sent again.
        before = len(self.server.bulks())
        write(self.log, events(200), append=True)
        runner.start()
        self.finish(runner)
        (last,) = self.server.bulks()[before:]
        self.assertEqual(len(bad.items_of(last.text)), 1)

    def test_it_is_elasticsearch_by_another_name(self):
        self.survives(kind="elasticsearch")

    def test_without_compression(self):
        self.survives(compression="none")
        self.assertNotIn("content-encoding", self.server.bulks()[0].headers)

    def test_the_template_is_there_before_the_first_document(self):
        self.survives()
        paths = [(request.method, request.path.rpartition("/")[0]) for request in self.server.requests]
        self.assertLess(paths.index(("PUT", "/_index_template")), paths.index(("POST", "")))

    def test_several_connections_but_not_more(self):
        self.server.always = bad.slow(0.05)
        self.survives(numbers=range(400), connections=3)
        self.assertLessEqual(self.server.most_busy, 3)
        self.assertGreater(self.server.most_busy, 1)

    def test_undated_events(self):
        """A day that can't be is no index's name."""
        old = support.progress_record(1, time="1999-11-21T15:00:00.000Z")
        new = support.progress_record(2, time="2999-11-21T15:00:00.000Z")
        write(self.log, BANNER + old + new + events(3))
        runner = self.search().start()
        self.has(runner, [1, 2, 3])
        self.assertEqual(sorted(self.server.index), [TODAY, "events-undated"])
        self.assertEqual(len(self.server.index["events-undated"]), 2)


class WholeRequests(FaultCase):
    def test_429(self):
        self.survives(*[bad.refused(429)] * 3)

    def test_503(self):
        self.survives(*[bad.refused(503)] * 3)

    def test_500_502_504(self):
        self.survives(bad.refused(500), bad.refused(502), bad.refused(504))

    def test_retry_after_is_obeyed(self):
        self.check_retry_after(bad.refused(429, retry_after="2"))

    def test_retry_after_of_503_is_obeyed(self):
        self.check_retry_after(bad.refused(503, retry_after="2"))

    def test_retry_after_as_a_date_is_obeyed(self):
        def fault(exchange):
            # Of whole seconds.
            bad.refused(503, retry_after=formatdate(time.time() + 3, usegmt=True))(exchange)

        self.check_retry_after(fault)

    def check_retry_after(self, fault):
        write(self.log, BANNER + events(*range(30)))
        self.server.script = [fault]
        runner = self.search(connections=1).start()
        runner.until(lambda: len(self.server.bulks()) > 1, "it tries again")
        first, second = self.server.bulks()[:2]
        self.assertGreaterEqual(second.time - first.time, 1.95)
        self.finish(runner)

    def test_401_that_heals(self):
        self.pauses(bad.refused(401), ".*401")

    def test_403_that_heals(self):
        self.pauses(bad.refused(403), ".*403")

    def test_a_redirect_is_not_followed(self):
        other = BadSearchServer().start()
        self.addCleanup(other.close)
        for status in (301, 302, 307, 308):
            with self.subTest(status=status):
                self.pauses(bad.redirect(other.url, status), name=str(status))
                self.server.index.clear()
        self.assertEqual(other.requests, [])

    def test_a_page_of_a_proxy(self):
        self.survives(bad.proxy_page(502), bad.proxy_page(503), bad.proxy_page(200), bad.proxy_page(504))

    def test_a_whole_request_is_refused_because_of_one_document(self):
        """It is found by halving, and stands alone in the dead letters."""
        self.server.whole_poison = lambda text: number_of(text) in (17, 60)
        runner = self.survives()
        self.assertEqual({number_of(json.dumps(letter["document"])) for letter in self.dead_letters(runner)}, {17, 60})
        for letter in self.dead_letters(runner):
            self.assertIn("it is whole_poison", letter["cause"])

    def test_every_document_is_refused_with_its_request(self):
        """Halved down to single ones, they would all go to the dead letters: something else is wrong."""
        self.refuses_all(bad.refused(400))

    def test_every_document_is_too_large(self):
        self.refuses_all(bad.refused(413, b""))

    def refuses_all(self, fault):
        self.server.always = fault
        write(self.log, BANNER + events(*range(300)))
        runner = self.search().start()
        self.says(runner, WAITS)
        self.assertLessEqual(len(self.dead_letters(runner)), 100)
        self.server.always = None
        self.finish(runner)

    def test_other_statuses_settle_nothing(self):
        """Responses of a wrong URL, a proxy, a server that is not a search server."""
        for status in (402, 404, 405, 406, 407, 410, 411, 415, 421, 422, 431, 451):
            with self.subTest(status=status):
                self.pauses(bad.refused(status, {"message": "no"}), f".*{status}", name=str(status))
                self.server.index.clear()

    def test_a_retry_after_that_is_none(self):
        self.survives(*[bad.refused(503, retry_after=value) for value in ("-5", "soon", "", "1e3", "0")])

    def test_a_retry_after_of_an_hour_can_be_left(self):
        """It says that it waits, and it can be stopped meanwhile."""
        self.server.always = bad.refused(503, retry_after="3600")
        write(self.log, BANNER + events(*range(20)))
        runner = self.search(more={"shutdown_timeout": "2s"}).start()
        self.says(runner, WAITS + ".*503")
        runner.stop()
        self.server.always = None
        runner.start()
        self.finish(runner)

    def test_a_stop_while_nothing_is_answered(self):
        self.server.always = bad.silence
        write(self.log, BANNER + events(*range(20)))
        runner = self.search(request_timeout="60s", more={"shutdown_timeout": "2s"}).start()
        runner.until(self.server.bulks, "something was sent")
        runner.stop()
        self.server.always = None
        runner.start()
        self.finish(runner)

    def test_a_node_that_is_away(self):
        write(self.log, BANNER + events(*range(50)))
        self.server.close()
        runner = self.search().start()
        self.says(runner, WAITS)
        self.server.start()
        self.finish(runner)

    def test_a_node_that_goes_away_while_it_is_written_to(self):
        write(self.log, BANNER + events(*range(50)))
        runner = self.search().start()
        self.has(runner, range(50))
        self.server.close()
        write(self.log, events(*range(50, 100)), append=True)
        self.says(runner, WAITS)
        self.server.start()
        self.finish(runner)

    def test_a_sick_node_is_rested(self):
        """The other one gets nearly all; when it is well again it gets its share."""
        other = BadSearchServer(cluster=self.server).start()
        self.addCleanup(other.close)
        other.always = bad.refused(503)
        write(self.log, BANNER + events(*range(400)))
        runner = self.search(urls=[self.server.url, other.url]).start()
        self.has(runner, range(400))
        self.assertLess(len(other.bulks()), len(self.server.bulks()) / 2)
        other.always = None
        tried = len(other.bulks())
        at = 400

        def gets_some():
            nonlocal at
            write(self.log, events(at), append=True)
            at += 1
            return len(other.bulks()) > tried

        runner.until(gets_some, "the node that is well again gets something")
        self.finish(runner)

    def test_a_node_that_is_gone_is_no_pause(self):
        other = BadSearchServer(cluster=self.server).start()
        gone = other.url
        other.close()
        write(self.log, BANNER + events(*range(100)))
        runner = self.search(urls=[gone, self.server.url]).start()
        self.finish(runner)


class CutAnswers(FaultCase):
    """It took effect, or half of it did, and no word of that came back."""

    def test_a_truncated_body(self):
        self.survives(bad.cut_short, bad.half_json, bad.cut_in_the_head, bad.cut_in_a_chunk)

    def test_no_http(self):
        self.survives(bad.no_http, bad.no_http)

    def test_a_reset(self):
        self.survives(bad.reset_before, bad.reset_after, bad.reset_half_way)

    def test_slow_loris(self):
        runner = self.survives(bad.drip, bad.drip, request_timeout="1s")
        self.assertEqual(self.dead_letters(runner), [])

    def test_no_answer(self):
        self.survives(bad.silence, request_timeout="1s")

    def test_what_is_not_answered_is_not_settled(self):
        """Killed then, it is sent again."""
        self.server.always = bad.silence
        write(self.log, BANNER + events(*range(20)))
        runner = self.search(request_timeout="60s").start()
        runner.until(self.numbers, "the server has some")
        self.nothing_is_settled(runner)
        runner.kill()
        self.server.always = None
        runner.start()
        self.finish(runner)

    def test_an_answer_in_chunks(self):
        runner = self.survives(*[bad.in_chunks] * 4)
        self.assert_each_came_once(runner)

    def test_a_compressed_answer(self):
        runner = self.survives(*[bad.zipped] * 4)
        self.assert_each_came_once(runner)

    def test_connections_that_are_closed_after_each_answer(self):
        runner = self.survives(*[bad.closing] * 8)
        self.assert_each_came_once(runner)

    def test_connections_that_are_closed_unannounced(self):
        self.survives(*[bad.closing_unannounced] * 8)

    def test_old_and_new_ways_to_answer(self):
        runner = self.survives(*[bad.without_length, bad.early_hints] * 3)
        self.assert_each_came_once(runner)

    def test_json_that_is_no_answer(self):
        self.survives(*bad.says({}, [], None, 1, "x"))

    def test_json_without_items(self):
        no_items = [{"took": 1, "errors": False}, *({"errors": False, "items": items} for items in (None, {}, [None]))]
        self.survives(*bad.says(*no_items))

    def test_json_that_is_deep_or_none(self):
        deep = b"[" * 100000
        self.survives(*bad.says({"error": "x", "status": 500}, deep, b'{"items":' + deep, b"\xff\xfe{}", b""))

    def test_items_that_are_odd(self):
        self.survive_items(None, {}, [], "created", {"create": None})

    def test_items_that_say_nothing(self):
        self.survive_items({"create": {}}, *({"create": {"status": status}} for status in (None, "x", 0, 1e30)))

    def survive_items(self, *items):
        self.survives(*[bad.odd_items(lambda answer, item=item: item) for item in items], numbers=range(400))

    def test_more_answers_than_questions(self):
        self.survives(bad.too_many_items, bad.too_many_items)

    def assert_each_came_once(self, _):
        ids = Counter(item.id for request in self.server.bulks() for item in bad.items_of(request.text))
        self.assertEqual([key for key, count in ids.items() if count > 1], [])

    def test_errors_false_with_items_missing(self):
        self.survives(bad.items_missing, bad.no_items, bad.items_missing)

    def test_errors_false_that_is_not_true(self):
        self.survives(bad.false_errors, bad.false_errors)

    def test_an_answer_of_64_mib(self):
        for form in ("json", "nonsense", "endless", "gzip"):
            with self.subTest(form=form):
                runner = self.survives(bad.huge(64 * MIB, form), bad.huge(64 * MIB, form), name=form, request_timeout="30s")
                self.assertEqual(self.dead_letters(runner), [])
                self.server.index.clear()

    def test_memory_stays_whatever_is_answered(self):
        write(self.log, BANNER + events(*range(200)))
        self.server.script = [bad.huge(64 * MIB, form) for form in ("json", "nonsense", "endless", "gzip")]
        self.bounded_memory()

    def test_memory_stays_whatever_head_an_answer_has(self):
        write(self.log, BANNER + events(*range(200)))
        self.server.script = [bad.endless_head(128 * MIB), bad.endless_hints(128 * MIB)]
        self.bounded_memory()

    def bounded_memory(self):
        runner = self.search(request_timeout="30s").start()
        runner.until(lambda: not self.server.script, "all bad answers came")
        self.has(runner, range(200))
        if not support.sanitized():
            self.assertLess(peak(runner), 96 * MIB)
        self.finish(runner)


def peak(runner):
    """The peak of resident memory, in bytes."""
    with open(f"/proc/{runner.process.pid}/status", encoding="utf-8") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) << 10


class Items(FaultCase):
    def test_F37_an_item_that_is_429_in_a_200_comes_again(self):
        """And only that."""
        self.survives(*[bad.per_item(201, 429, 201)] * 5)
        first = {item.id for item in bad.items_of(self.server.bulks()[0].text)[::3]}
        self.assertEqual({self.sent()[key] for key in first}, {1})

    def test_F37b_400_429_and_201_in_one_answer(self):
        runner = self.survives(bad.per_item(400, 429, 201), bad.per_item(400, 429, 409, 201))
        refused = {item.id for item in bad.items_of(self.server.bulks()[0].text)[::3]}
        letters = {letter["document"]["id"]: letter for letter in self.dead_letters(runner)}
        self.assertLessEqual(refused, set(letters))
        for key in refused:
            self.assertIn("failed to parse field [x] of type [long]", letters[key]["cause"])
            self.assertEqual(letters[key]["index"], TODAY)

    def test_F38_one_item_that_succeeds_hides_no_other(self):
        def only_the_first(exchange):
            bad.per_item(201, *[503] * (len(exchange.items) - 1))(exchange)

        self.survives(*[only_the_first] * 4)

    def test_503_of_items(self):
        self.survives(*[bad.per_item(503)] * 3)

    def test_mixed_answers(self):
        self.survives(*[bad.per_item(400, 429, 409, 201)] * 3, *[bad.per_item(201, 503, 409)] * 3)

    def test_F39_a_poison_document_goes_alone(self):
        """It is refused for ever; all others are delivered, at once and later."""
        self.server.poison = lambda text: number_of(text) in (3, 50, 199, 210)
        write(self.log, BANNER + events(*range(200)))
        runner = self.search().start()
        self.has(runner, set(range(200)) - {3, 50, 199})
        write(self.log, events(*range(200, 220)), append=True)
        self.has(runner, set(range(220)) - {3, 50, 199, 210})
        self.finish(runner)
        letters = sorted(letter["document"]["metrics"]["batchId"] for letter in self.dead_letters(runner))
        self.assertEqual(letters, [3, 50, 199, 210])
        self.assertEqual(max(self.sent().values()), 1)

    def test_F40_409_is_success(self):
        """All is in the index already, of another run over the same log."""
        write(self.log, BANNER + events(*range(200)))
        first = self.search("first").start()
        self.finish(first)
        before = json.dumps(self.server.index)
        for name in ("second", "third"):
            runner = self.search(name).start()
            self.finish(runner)
            self.assertEqual(self.dead_letters(runner), [])
            self.assertNotIn("paused", runner.said())
        self.assertEqual(json.dumps(self.server.index), before)
        self.assertEqual(set(self.sent().values()), {3})

    def test_F41_413_is_halved(self):
        """Down to an event that is too large alone: that is a dead letter."""
        self.server.limit = 5000
        write(self.log, BANNER + events(*range(50)) + large_events([50], 6000) + events(*range(51, 100)))
        runner = self.search(bulk_bytes="64KiB").start()
        self.finish(runner)
        (letter,) = self.dead_letters(runner)
        self.assertEqual(letter["document"]["metrics"]["batchId"], 50)
        self.assertRegex(letter["cause"], "413|large")
        # It has learnt how much is taken.
        self.assertLess(len(self.server.bulks()), 200)

    def test_F42_401_and_403_pause(self):
        """Not a single event is given up, however many there are."""
        for status in (401, 403):
            with self.subTest(status=status):
                self.server.always = bad.refused(status)
                write(self.log, BANNER + events(*range(300)))
                runner = self.search(str(status)).start()
                self.says(runner, f"{WAITS}.*{status}")
                tried = len(self.server.bulks())
                runner.until(lambda tried=tried: len(self.server.bulks()) > tried + 1, "it tries again")
                self.assertEqual(self.dead_letters(runner), [])
                self.server.always = None
                self.finish(runner)
                self.server.index.clear()

    def test_F42_an_index_that_is_blocked_pauses(self):
        self.pauses(bad.per_item(403), f".*{TODAY}.*blocked")

    def test_F42_a_flood_stage_block_is_waited_for(self):
        reason = "[TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];"
        error = {"type": "cluster_block_exception", "reason": f"index [{TODAY}] blocked by: {reason}"}

        def flood(exchange):
            exchange.answer(200, exchange.body([bad.item_answer(item, 429, error) for item in exchange.items]))

        self.pauses(flood)

    def test_an_index_that_is_missing_pauses(self):
        self.pauses(bad.per_item(404), f".*{TODAY}")

    def test_F43_an_answer_of_megabytes_is_read(self):
        """Or asked for in smaller portions; never for ever."""
        self.server.script = [bad.long_reasons(409, 64 << 10)] * 4
        self.survives(*self.server.script, numbers=range(400), bulk_bytes="256KiB")
        self.assertLess(len(self.server.bulks()), 200)

    def test_F43_refusals_with_long_reasons(self):
        """Dead letters have the reason, cut if it must be."""
        self.server.script = [bad.long_reasons(400, 100 << 10)]
        runner = self.survives(*self.server.script, numbers=range(60))
        self.assertTrue(self.dead_letters(runner))
        for letter in self.dead_letters(runner):
            self.assertIn("mapper_parsing_exception", letter["cause"])
            self.assertLess(len(letter["cause"]), 8 << 10)

    def test_a_failure_store_is_counted_apart(self):
        """Elasticsearch took it, but not into the index that was meant."""

        def fault(exchange):
            answers = exchange.apply()
            for answer in answers[:3]:
                answer["create"]["failure_store"] = "used"
            exchange.answer(200, exchange.body(answers))

        self.server.script = [fault]
        write(self.log, BANNER + events(*range(20)))
        runner = self.search(http=True, bulk_bytes="1MiB").start()
        self.has(runner, range(20))
        count = "sparktail_bulk_failure_store_events_total"
        runner.until(lambda: run_support.metric(runner.metrics(), count) == 3, "three are counted")
        self.finish(runner)
        self.assertEqual(self.dead_letters(runner), [])

    def test_an_event_that_is_larger_than_a_request_may_be(self):
        """It goes alone."""
        write(self.log, BANNER + events(*range(50)) + large_events([50], 200000) + events(*range(51, 100)))
        runner = self.search().start()
        self.finish(runner)
        self.assertEqual(self.dead_letters(runner), [])
        (alone,) = [request for request in self.server.bulks() if len(request.text) > 100000]
        self.assertEqual(len(bad.items_of(alone.text)), 1)

    def test_an_event_that_is_twice_in_the_log(self):
        """Both are one document."""
        write(self.log, BANNER + events(1, 2, 1, 2, 3))
        runner = self.search().start()
        self.has(runner, [1, 2, 3])
        runner.until(lambda: self.settled(runner) > self.log.stat().st_size - 500, runner.offsets)
        runner.stop()
        self.assertEqual(len(self.server.documents()), 3)

    def test_reasons_with_control_bytes(self):
        """They reach no terminal, and the dead letters are still NDJSON."""
        reason = "\x1b[31mred\x1b]0;title\x07\n2026-11-26T00:00:00.000Z info: forged\r\x00\u2028\x9b"
        error = {"type": "mapper_parsing_exception", "reason": reason}

        def fault(exchange):
            exchange.answer(200, exchange.body([bad.item_answer(item, 400, error) for item in exchange.items]))

        runner = self.survives(fault, numbers=range(20))
        self.assertIn("forged", runner.said())
        self.assertNotRegex(runner.said(), "[\x00-\x08\x0b-\x1f\x7f-\x9f]|\n2026-11-26T00:00")
        self.assertIn(reason, self.dead_letters(runner)[0]["cause"])

    def test_dead_letters_that_are_full_pause(self):
        """Nothing is thrown away for want of room."""
        self.server.poison = lambda text: number_of(text) % 2
        write(self.log, BANNER + large_events(range(300), 20000))
        runner = self.search(bulk_bytes="64KiB", dead_letter_bytes="1MiB").start()
        self.says(runner, WAITS + ".*dead")
        kept = len(self.dead_letters(runner))
        self.assertGreater(kept, 20)
        self.server.poison = None
        self.finish(runner)

    def test_F44_memory_stays_while_the_server_takes_nothing(self):
        self.server.always = bad.per_item(429)
        write(self.log, BANNER + large_events(range(1500), 20000))
        runner = self.search(queue_bytes="1MiB", bulk_bytes="1MiB").start()
        self.says(runner, WAITS)
        tried = len(self.server.bulks())
        runner.until(lambda: len(self.server.bulks()) > tried, "it tries again")
        if not support.sanitized():
            self.assertLess(peak(runner), 96 * MIB)
        self.server.always = None
        self.finish(runner)

    def test_100_refusals_without_a_success_pause(self):
        """Something is wrong with the index, not with the events."""
        self.server.always = bad.per_item(400)
        write(self.log, BANNER + events(*range(400)))
        runner = self.search().start()
        self.says(runner, WAITS)
        tried = len(self.server.bulks())
        runner.until(lambda: len(self.server.bulks()) > tried + 1, "it tries again")
        self.assertLessEqual(len(self.dead_letters(runner)), 100)
        self.server.always = None
        self.finish(runner)

    def test_refusals_with_successes_between_them_do_not_pause(self):
        self.server.poison = lambda text: number_of(text) % 2 == 1
        runner = self.survives(numbers=range(400))
        self.assertNotIn("paused", runner.said())
        self.assertEqual(len(self.dead_letters(runner)), 200)

    def test_a_template_that_is_refused_pauses(self):
        """It names the command that somebody with more rights can use."""
        self.server.guard = lambda request: (403, bad.refusal(403)) if request.method == "PUT" else None
        write(self.log, BANNER + events(1, 2))
        runner = self.search().start()
        self.says(runner, WAITS + ".*sparktail setup")
        self.assertEqual(self.server.bulks(), [])
        self.server.guard = None
        self.finish(runner)

    def test_no_template_if_none_is_wanted(self):
        self.survives(manage_template=False)
        self.assertEqual({request.method for request in self.server.requests} - {"GET", "HEAD"}, {"POST"})


class Start(FaultCase):
    """Responses to the requests for the server's version and template."""

    def others(self, answer):
        """Responses to requests other than bulks."""
        return lambda request: None if request.path.endswith("/_bulk") else answer

    def test_nonsense(self):
        """Whatever it is told, it does not end, and goes on when the server does."""
        answers = [
            (200, b""),
            (200, b"null"),
            (200, b"[]"),
            (200, b"{}"),
            (200, b'{"version":7}'),
            (200, b'{"version":{"number":7}}'),
            (200, b'{"version":{"number":"999999999999.x","distribution":[]}}'),
            (200, b"[" * 100000),
            (200, bad.PROXY_PAGE),
            (500, bad.PROXY_PAGE),
            (503, {}),
            (429, {}),
            (401, bad.refusal(401)),
            (403, bad.refusal(403)),
            (404, b""),
            (405, {}),
        ]
        for number, answer in enumerate(answers):
            with self.subTest(answer=str(answer)[:60]):
                self.server.guard = self.others(answer)
                write(self.log, BANNER + events(1, 2, 3))
                runner = self.search(f"run-{number}").start()
                runner.until(lambda: self.server.requests, "it asks")
                runner.until(
                    lambda runner=runner: re.search(WAITS, runner.said()) or self.server.documents(), "it waits, or delivers"
                )
                self.server.guard = None
                self.finish(runner)
                self.assertEqual(self.dead_letters(runner), [])
                self.server.index.clear()
                self.server.stored.clear()
                self.server.requests.clear()

    def test_an_answer_of_64_mib(self):
        body = b" " * (64 * MIB)
        self.server.guard = self.others((200, body))
        write(self.log, BANNER + events(1, 2, 3))
        runner = self.search().start()
        runner.until(lambda: len(self.server.requests) > 3, "it asks again")
        if not support.sanitized():
            self.assertLess(peak(runner), 96 * MIB)
        self.server.guard = None
        self.finish(runner)

    def test_a_path_before_the_server(self):
        """As a proxy has it."""
        self.survives(urls=[self.server.url + "/search/one/"])
        self.assertEqual({request.path for request in self.server.bulks()}, {"/search/one/_bulk"})

    def test_credentials_in_a_url_are_not_told(self):
        url = self.server.url.replace("//", "//alice:s3cret-of-the-test@")
        write(self.log, BANNER + events(1))
        runner = self.search(urls=[url]).start()
        runner.until(lambda: runner.ended() or self.server.documents(), "it refuses, or delivers")
        self.assertNotIn("s3cret-of-the-test", runner.said())
        if not runner.ended():
            token = base64.b64encode(b"alice:s3cret-of-the-test").decode()
            self.assertEqual(self.server.bulks()[0].headers.get("authorization"), f"Basic {token}")


class AnyOrder(FaultCase):
    KINDS = [
        bad.refused(429), bad.refused(503), bad.refused(429, retry_after="0"), bad.refused(401), bad.refused(403), bad.proxy_page(502),
        bad.proxy_page(200), bad.per_item(201, 429), bad.per_item(429, 503, 409), bad.per_item(403), bad.per_item(404), bad.cut_short,
        bad.half_json, bad.cut_in_the_head, bad.cut_in_a_chunk, bad.no_http, bad.reset_before, bad.reset_after, bad.reset_half_way,
        bad.in_chunks, bad.zipped, bad.closing, bad.items_missing, bad.no_items, bad.false_errors, bad.slow(0.2), bad.silence,
        bad.huge(2 * MIB, "nonsense"), bad.closing_unannounced, bad.without_length, bad.early_hints, bad.too_many_items,
        bad.refused(413, b""), bad.refused(404), *bad.says({}, [], {"errors": False, "items": [None]}),
    ]  # fmt: skip

    def test_any_faults_in_any_order(self):
        """With poison among the documents, and kills."""
        random = rng(self.id())
        wishes = rng(self.id(), "server")
        lock = self.server.lock

        def any_of_them(exchange):
            with lock:
                fault = wishes.choice(self.KINDS) if wishes.random() < 0.6 else None
            if fault:
                fault(exchange)
            else:
                exchange.answer_well()

        self.server.poison = lambda text: (number_of(text) or 0) % 37 == 5
        write(self.log, BANNER)
        runner = self.search(request_timeout="1s", commit_interval="20ms").start()
        self.server.always = any_of_them
        at = 0
        for _ in range(counts(100)):
            write(self.log, events(*range(at, at + 20)), append=True)
            at += 20
            tried = len(self.server.bulks())
            wanted = tried + random.randrange(1, 5)
            eventually(
                lambda wanted=wanted: len(self.server.bulks()) >= wanted or self.all_there(runner, at), "it tries", alive=runner
            )
            if random.random() < 0.3:
                runner.kill()
                runner.start()
        self.server.always = None
        # The last life has a dead letter of its own: its exit code speaks of no other life's.
        write(self.log, events(*range(at, at + 37)), append=True)
        self.finish(runner, once=False)

    def all_there(self, runner, at):
        there = self.numbers() | {letter["document"]["metrics"]["batchId"] for letter in self.dead_letters(runner)}
        return set(range(at)) <= there


class CredentialsCase(FaultCase):
    SECRET = "s3cret-of-the-test"

    def delivers_with(self, right, **options):
        """`right` says of a request whether its credentials are; without them it is refused, and nothing of them is told."""
        refused = []

        def guard(request):
            if right(request):
                return None
            refused.append(request)
            return 401, bad.refusal(401)

        self.server.guard = guard
        write(self.log, BANNER + events(*range(50)))
        runner = self.search(**options).start()
        self.finish(runner)
        self.assertEqual([(request.method, request.path, request.headers) for request in refused], [])
        self.assertNotIn(self.SECRET, runner.said())
        state = b"".join(path.read_bytes() for path in runner.state.rglob("*") if path.is_file())
        self.assertNotIn(self.SECRET.encode(), state)
        return runner


class Credentials(CredentialsCase):
    def header(self, value):
        return lambda request: request.headers.get("authorization") == value

    def test_basic(self):
        token = base64.b64encode(f"alice:{self.SECRET}".encode()).decode()
        self.delivers_with(self.header(f"Basic {token}"), auth="basic", username="alice", password=self.SECRET)

    def test_api_key(self):
        self.delivers_with(self.header(f"ApiKey {self.SECRET}"), auth="api_key", api_key=self.SECRET)

    def test_bearer(self):
        self.delivers_with(self.header(f"Bearer {self.SECRET}"), auth="bearer", token=self.SECRET)

    def test_a_token_from_a_file_that_is_renewed(self):
        path = self.folder / "token"
        path.write_text(f"{self.SECRET}-1\n")
        valid = ["1"]
        self.server.guard = lambda request: (
            None if request.headers.get("authorization") == f"Bearer {self.SECRET}-{valid[0]}" else (401, bad.refusal(401))
        )
        write(self.log, BANNER + events(1))
        runner = self.search(auth="bearer", token_file=str(path)).start()
        self.has(runner, [1])
        valid[0] = "2"
        write(self.log, events(2), append=True)
        self.says(runner, WAITS + ".*401")
        path.write_text(f"{self.SECRET}-2\n")
        self.has(runner, [1, 2])
        self.finish(runner)
        self.assertNotIn(self.SECRET, runner.said())

    def test_wrong_ones_pause_without_telling_them(self):
        self.server.guard = lambda request: (401, bad.refusal(401))
        write(self.log, BANNER + events(1))
        runner = self.search(auth="basic", username="alice", password=self.SECRET).start()
        self.says(runner, WAITS + ".*401")
        self.assertNotIn(self.SECRET, runner.said())
        self.server.guard = None
        self.finish(runner)

    def test_a_redirect_gets_none(self):
        other = BadSearchServer().start()
        self.addCleanup(other.close)
        self.pauses(bad.redirect(other.url), auth="basic", username="alice", password=self.SECRET)
        self.assertEqual(other.requests, [])


class SigV4(CredentialsCase):
    KEYS = {"access_key": "AKIDEXAMPLE", "secret_key": CredentialsCase.SECRET, "region": "eu-west-1"}

    def signed(self, service="es", session_token=None, **options):
        complaints = []

        def right(request):
            complaints.append(sigv4.complaint(request, **self.KEYS, service=service, session_token=session_token))
            return not complaints[-1]

        options = {
            "auth": "sigv4",
            "aws_region": "eu-west-1",
            "aws_access_key": "AKIDEXAMPLE",
            "aws_secret_key": self.SECRET,
            **options,
        }
        if service != "es":
            options["aws_service"] = service
        if session_token:
            options["aws_session_token"] = session_token
        runner = self.delivers_with(right, **options)
        self.assertEqual(set(complaints), {""})
        return runner

    def test_F45_sigv4_of_a_compressed_body(self):
        self.signed()
        self.assertEqual({request.headers.get("content-encoding") for request in self.server.bulks()}, {"gzip"})

    def test_F45_sigv4_of_a_plain_body(self):
        self.signed(compression="none")

    def test_F45_sigv4_of_serverless(self):
        self.signed("aoss")

    def test_F45_sigv4_with_a_session(self):
        self.signed(session_token="a/session+token==")

    def test_F45_a_wrong_signature_pauses(self):
        """As AWS refuses it: 403, and no JSON of a search server's."""
        keys = {**self.KEYS, "secret_key": "another"}
        refusal = {"message": "The request signature we calculated does not match the signature you provided."}
        self.server.guard = lambda request: (403, refusal) if sigv4.complaint(request, **keys, service="es") else None
        write(self.log, BANNER + events(1))
        options = {"aws_region": "eu-west-1", "aws_access_key": "AKIDEXAMPLE", "aws_secret_key": self.SECRET}
        runner = self.search(auth="sigv4", **options).start()
        self.says(runner, WAITS + ".*403")
        self.assertEqual(self.dead_letters(runner), [])
        self.server.guard = None
        self.finish(runner)


class Tls(FaultCase):
    def setUp(self):
        super().setUp()
        self.certificates = Certificates(self.folder / "tls")

    def serve(self, name="server", client=False):
        self.server.close()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates.pem(name), self.certificates.key(name))
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificates.pem("ca"))
        self.server = BadSearchServer(tls=context).start()
        self.addCleanup(self.server.close)
        write(self.log, BANNER + events(*range(20)))

    def delivers(self, **options):
        runner = self.search(**options).start()
        self.finish(runner)
        return runner

    def waits(self, **options):
        runner = self.search(**options).start()
        self.says(runner, WAITS)
        self.assertEqual(self.server.requests, [])
        return runner

    def test_an_own_authority(self):
        self.serve()
        runner = self.delivers(ssl_ca=str(self.certificates.pem("ca")))
        self.assertNotIn("insecure_skip_verify", runner.said())

    def test_another_authority_is_not_trusted(self):
        self.serve()
        self.waits(ssl_ca=str(self.certificates.pem("foreign-ca")))

    def test_an_expired_certificate_is_not_trusted(self):
        self.serve("expired")
        self.waits(ssl_ca=str(self.certificates.pem("ca")))

    def test_a_client_certificate(self):
        self.serve(client=True)
        ours = {"ssl_certificate": str(self.certificates.pem("client")), "ssl_key": str(self.certificates.key("client"))}
        self.delivers(ssl_ca=str(self.certificates.pem("ca")), **ours)

    def test_a_client_certificate_that_is_missing(self):
        self.serve(client=True)
        self.waits(ssl_ca=str(self.certificates.pem("ca")))

    def test_insecure_skip_verify_shouts(self):
        self.serve("expired")
        runner = self.delivers(insecure_skip_verify=True)
        self.assertRegex(runner.said(), "(?i)(warning|error).*insecure_skip_verify")


if __name__ == "__main__":
    support.main(workers=4)
