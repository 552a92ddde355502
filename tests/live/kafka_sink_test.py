#!/usr/bin/env python3
"""Events into a real Kafka: each once, whatever is killed, frozen, away or deleted meanwhile. F… are the numbers of
docs/failures.md."""
import json
import os
import shutil
import time
from collections import Counter

import kafka_support  # it knows where the others are
import run_support
import support
from kafka_client import headers_of
from kafka_support import LONGER_THAN_SHORT, SHORT, WAITS, KafkaCase, wait_for_time
from kill_support import KillCase
from run_support import CLOSING, banner, corpus, counts, documents, events, holds, progress_ids, rng, write
from support import listener_events, metrics_text, without_source

BANNER = banner()


def settled_of(text):
    """Where the last line begins: it may go on."""
    return text.rindex(b"\n", 0, -1) + 1


def setUpModule():
    kafka_support.use_one_broker()


class EndToEnd(KafkaCase):
    LOGS = ("3.1.3/basic.default", "3.5.9/basic.default", "3.5.9/fail.default", "3.5.9/kafka.default", "4.3.0/basic.default")

    def test_a_reader_finds_what_spark_says(self):
        logs = [support.log(name) for name in self.LOGS]
        paths = [write(self.folder / "logs" / name.replace("/", "-"), log.read_bytes()) for name, log in zip(self.LOGS, logs)]
        topics = {f"{self.topic}-{kind}": kind for kind in ("progress", "query", "signal")}
        runner = self.kafka(paths, sink={"topic": f"{self.topic}-{{kind}}"}, read=topics)
        runner.finish()
        records = self.committed([topic for topic in topics if topic in self.admin.topics()])
        self.assertEqual(self.admin.open_transactions(self.number), [])
        self.check_records(records)
        self.check_repeats(records)
        for record in records:
            self.assertEqual(topics[record.topic], headers_of(record)["kind"])
        self.check_progress([record for record in records if topics[record.topic] == "progress"], logs)
        self.check_queries([json.loads(record.value) for record in records if topics[record.topic] == "query"], logs)
        parsed = [line for log in logs for line in support.parse(log).lines]
        self.check(parsed, [record.value.decode() for record in records], clean=without_source)

    def check_progress(self, records, logs):
        """Spark's own text, byte for byte, in order a query; one partition a query, or there would be no order."""
        truth = [line for log in logs for line in log.with_suffix(".truth.ndjson").read_text("utf-8").split("\n") if line]
        texts = [record.value.decode() for record in records]
        self.assertGreater(len(truth), 80)
        self.assertEqual(Counter(map(metrics_text, texts)), Counter(truth))
        self.assertEqual(run_support.disorder(texts), [])
        places = {(record.key, record.partition) for record in records}
        self.assertEqual(len(places), len({key for key, _ in places}))

    def check_queries(self, found, logs):
        wanted = []
        for log in logs:
            wanted += [(event["id"], event["runId"], "started") for event in listener_events(log, "QueryStartedEvent")]
            for event in listener_events(log, "QueryTerminatedEvent"):
                wanted.append((event["id"], event["runId"], "terminated" if event["exception"] else "stopped"))
        queries = [document["query"] for document in found]
        phases = [(q["id"], q["runId"], q["phase"]) for q in queries if q["phase"] in ("started", "stopped", "terminated")]
        self.assertEqual(Counter(phases), Counter(wanted))


class EndToEndAtLeastOnce(EndToEnd):
    DELIVERY = "at_least_once"


class Settings(KafkaCase):
    def test_the_topic_of_cursors(self):
        write(self.log, BANNER + events(1, 2))
        runner = self.kafka(self.log).start()
        self.has(runner, [1, 2])
        runner.stop()
        self.assertEqual(self.admin.settings(self.offsets_topic)["cleanup.policy"], "compact")
        values = {record.key.decode(): json.loads(record.value) for record in self.committed(self.offsets_topic) if record.value}
        claim = values.pop(f"{self.instance}/kafka")
        self.assertEqual(claim["pid"], runner.process.pid)
        self.assertTrue(claim["host"] and claim["started"] and claim["process"])
        ((key, cursor),) = values.items()
        self.assertTrue(key.startswith(f"{self.instance}/kafka/"), key)
        self.assertEqual({cursor["offset"]}, self.settled(runner))
        self.assertEqual(cursor["offset"], settled_of(BANNER + events(1, 2)))

    def test_a_topic_of_cursors_that_would_forget_them_is_refused(self):
        self.admin.create_topic(self.offsets_topic, cleanup_policy="delete")
        write(self.log, BANNER + events(1))
        runner = self.kafka(self.log).start()
        runner.until(lambda: self.offsets_topic in runner.said() and "compact" in runner.said(), "it says what is wrong")
        self.assertNotIn(self.topic, self.admin.topics())

    def test_settings_of_topics_that_it_makes(self):
        write(self.log, BANNER + events(1))
        runner = self.kafka(self.log, sink={"partitions": 5, "replication_factor": 1}).start()
        self.has(runner, [1])
        runner.stop()
        self.assertEqual(self.admin.topics()[self.topic], 5)

    def test_every_compression(self):
        for compression in ("none", "gzip", "snappy", "lz4", "zstd"):
            with self.subTest(compression=compression):
                self.fresh()
                write(self.log, BANNER + events(1, 2))
                runner = self.kafka(self.log, compression, sink={"compression": compression}).start()
                self.has(runner, [1, 2])
                runner.stop()

    def test_flags_instead_of_a_configuration(self):
        write(self.log, BANNER + events(1, 2, 3))
        runner = self.with_reader(self.runner(self.log), self.topic)
        flags = ["--file", self.log, "--kafka", f"{self.broker.address()}/{self.topic}", "--instance", self.instance]
        environment = {**os.environ, "XDG_STATE_HOME": str(self.folder / "home")}
        runner.start(command=[support.BINARY, "run", *flags], env=environment)
        self.has(runner, [1, 2, 3])
        runner.stop()
        self.assertIn("sparktail-offsets", self.admin.topics())

    def refused(self, runner, name):
        """Before it does anything, with the option's name."""
        runner.start()
        self.assertEqual(runner.wait(), 2, runner.said())
        self.assertIn(name, runner.said())

    def test_exactly_once_needs_an_instance(self):
        runner = self.kafka(self.log)
        del runner.config["instance"]
        self.refused(runner, "instance")

    def test_what_would_break_the_promise_is_refused(self):
        for name, value in (("enable.idempotence", "false"), ("acks", "1"), ("transactional.id", "x"), ("no.such.thing", "1")):
            with self.subTest(property=name):
                self.refused(self.kafka(self.log, name, sink={"properties": {name: value}}), name)


class Kills(KillCase, KafkaCase):
    """Kills of sparktail, of the broker, and both frozen, in random order."""

    KINDS = [
        ("app1/driver.log", "app1/driver.log*", "rename", "header", "plain"),
        ("pods/ns_job-driver_1/spark/0.log", "containers/job-driver.log", "kubelet", "line", "cri"),
        ("app3/driver.log", "app3/driver.log", "copytruncate", "header", "plain"),
    ]
    # It has more to do at its start than with other sinks: kills are to hit all of it, and what comes behind.
    DELAYS = (0.01, 0.06, 0.2, 0.6, 1.5)

    def life(self, name, plans, sinks, **options):
        self.running, writers = super().life(name, plans, sinks=sinks, **options)
        return self.with_reader(self.running, self.topic), writers

    def before_kill(self, number, kills):
        random = rng(self.id(), "broker", number)
        if not self.broker.alive():
            if number >= self.broker_is_back:
                self.broker.start()
        elif self.plan.get(number) == "kill":
            self.broker.kill()
            self.broker_is_back = number + random.randrange(1, 4)
        elif self.plan.get(number) == "freeze":
            self.broker.freeze()
            # Shorter than every time-out, and longer.
            wait_for_time(random.choice([0.3, 1, 3, LONGER_THAN_SHORT]), alive=self.running)
            self.broker.thaw()

    def after_kills(self):
        if not self.broker.alive():
            self.broker.start()

    def test_random_kills(self):
        kills, broker_kills, freezes = counts(100), counts(20), counts(10)
        numbers = rng(self.id(), "plan").sample(range(1, kills), broker_kills + freezes)
        self.plan = {number: "kill" if at < broker_kills else "freeze" for at, number in enumerate(numbers)}
        plans = self.prepare(self.KINDS, kills, ("file",))
        expected = self.uncut(plans, sinks=("file",)).lines()
        wanted = {"kafka": [document["id"] for document in documents(expected)]}
        sink = self.sink(properties=SHORT)
        runner = self.killed(plans, kills, wanted, sinks=("kafka",), sink=sink, more={"instance": self.instance})
        self.assertGreater(runner.lives, kills)
        records = self.committed()
        self.check_records(records)
        repeats = self.check_repeats(records)
        once = list({headers_of(record)["id"]: record.value.decode() for record in records}.values())
        self.check(expected, once, f"after {kills} kills, seed {run_support.SEED}", clean=without_source)
        self.assertEqual(self.admin.open_transactions(self.number), [])
        if self.DELIVERY == "exactly_once":
            self.assertEqual(repeats, 0)
            self.assertEqual(run_support.disorder(once), [])


class KillsAtLeastOnce(Kills):
    DELIVERY = "at_least_once"


class Names(KafkaCase):
    """The cursors belong to the name and are in Kafka: who has the name goes on from them, and nobody else."""

    def test_a_lost_state(self):
        """A new machine, or an emptied folder."""
        text = corpus("3.5.9/basic.default") + CLOSING
        cuts = [0, len(text) // 5, len(text) // 2 + 33, len(text) * 3 // 4, len(text)]
        runner = self.kafka(self.log)
        for number, (begin, end) in enumerate(zip(cuts, cuts[1:])):
            middle = (begin + end) // 2
            write(self.log, text[begin:middle], append=True)
            runner.start()
            self.arrives(runner, progress_ids(text[:begin]), sinks=["kafka"])
            write(self.log, text[middle:end], append=True)
            if number % 2:
                runner.kill()
            else:
                runner.stop()
            shutil.rmtree(runner.state)
        runner.start()
        self.arrives(runner, progress_ids(text), sinks=["kafka"])
        runner.stop()
        self.check(support.parse(stdin=text).lines, [r.value.decode() for r in self.committed()], clean=without_source)
        self.assertEqual(self.admin.open_transactions(self.number), [])

    def test_F54_another_process_goes_on_where_a_killed_one_was(self):
        write(self.log, BANNER + events(*range(20)))
        first = self.kafka(self.log, "first").start()
        self.has(first, range(20))
        write(self.log, events(*range(20, 40)), append=True)
        first.kill()
        second = self.kafka(self.log, "second").start()
        self.has(second, range(40))
        write(self.log, events(40), append=True)
        self.has(second, range(41))
        second.stop()
        self.came(range(41))

    def test_a_zombie_is_fenced(self):
        """Two processes with one name: the older one stops, says who has its name, and nothing is doubled."""
        write(self.log, BANNER + events(*range(10)))
        older = self.kafka(self.log, "older").start()
        self.has(older, range(10))
        newer = self.kafka(self.log, "newer", http=True).start()
        newer.until(newer.ready, "it is ready")
        write(self.log, events(*range(10, 20)), append=True)
        self.check_fenced(older, newer)
        write(self.log, events(*range(20, 30)), append=True)
        self.has(newer, range(30))
        newer.stop()
        self.came(range(30))

    def test_a_zombie_that_was_frozen_is_fenced(self):
        """A machine that stood still for so long that another took over wakes up with events in its hands."""
        write(self.log, BANNER + events(*range(10)))
        older = self.kafka(self.log, "older").start()
        self.has(older, range(10))
        older.signal(run_support.signal.SIGSTOP)
        write(self.log, events(*range(10, 20)), append=True)
        newer = self.kafka(self.log, "newer").start()
        self.has(newer, range(20))
        older.signal(run_support.signal.SIGCONT)
        self.check_fenced(older, newer)
        newer.stop()
        self.came(range(20))

    def check_fenced(self, older, newer):
        self.assertEqual(older.wait(), 1, older.said())
        self.assertRegex(older.said(), rf"sink kafka stopped: .*another process has the name.*pid {newer.process.pid}\b")


class Outages(KafkaCase):
    def short(self, **options):
        return self.kafka(self.log, sink={"properties": SHORT, **options}, http=True)

    def test_F31_the_broker_is_away_for_longer_than_every_time_out(self):
        write(self.log, BANNER + events(*range(5)))
        runner = self.short().start()
        self.has(runner, range(5))
        # In the middle of a transaction, if it can be.
        write(self.log, events(*range(5, 10)), append=True)
        self.broker.kill()
        write(self.log, events(*range(10, 20)), append=True)
        self.says(runner, "sink kafka is paused: ")
        wait_for_time(LONGER_THAN_SHORT, alive=runner)
        write(self.log, events(*range(20, 30)), append=True)
        # What is not delivered is not settled.
        self.assertLessEqual(max(self.settled(runner)), len(BANNER + events(*range(10))))
        self.broker.start()
        self.has(runner, range(30))
        write(self.log, events(*range(30, 40)), append=True)
        self.has(runner, range(40))
        runner.stop()
        self.came(range(40))

    def test_F32_a_broker_that_does_not_answer_has_nothing(self):
        """Frozen, its kernel still takes what is sent to it."""
        first = BANNER + events(*range(5))
        write(self.log, first)
        runner = self.short().start()
        self.has(runner, range(5))
        runner.until(lambda: self.settled(runner) == {settled_of(first)}, runner.offsets)
        self.broker.freeze()
        write(self.log, events(*range(5, 15)), append=True)
        self.says(runner, "sink kafka is paused: ")
        self.assertEqual(self.settled(runner), {settled_of(first)})
        runner.kill()
        self.broker.thaw()
        runner.start()
        self.has(runner, range(15))
        runner.stop()
        self.came(range(15))

    def test_F33_frozen_for_longer_than_every_time_out(self):
        write(self.log, BANNER + events(0))
        runner = self.short().start()
        self.has(runner, [0])
        self.broker.freeze()
        write(self.log, events(*range(1, 200)), append=True)
        wait_for_time(LONGER_THAN_SHORT, alive=runner)
        self.broker.thaw()
        self.has(runner, range(200))
        runner.stop()
        self.came(range(200))

    def test_F52_reading_goes_on_after_a_full_queue(self):
        """Far more than the queue holds comes while the broker is frozen: memory stays, and all is read once there is room."""
        padding = b',\n  "padding" : "' + b"x" * 20000 + b'"'
        write(self.log, BANNER + events(0))
        runner = self.short(queue_bytes="1MiB").start()
        self.has(runner, [0])
        self.broker.freeze()
        before = runner.resident()
        write(self.log, b"".join(support.progress_record(number, extra=padding) for number in range(1, 400)), append=True)
        self.says(runner, WAITS)
        if not support.sanitized():
            self.assertLess(runner.resident() - before, 64 << 20)
        self.broker.thaw()
        self.has(runner, range(400))
        write(self.log, events(400), append=True)
        self.has(runner, range(401))
        runner.stop()

    def test_the_broker_is_away_at_the_start(self):
        self.broker.stop()
        write(self.log, BANNER + events(1, 2))
        runner = self.short().start()
        self.says(runner, WAITS)
        runner.until(lambda: runner.get("/healthz")[0] == 200, "it lives")
        runner.until(lambda: "sink kafka" in runner.get("/readyz")[1], "/readyz says why")
        # Without transactions there is nothing to do before the first event: such a sink pauses, and a paused one is ready.
        self.assertEqual(runner.ready(), self.DELIVERY == "at_least_once")
        # It can be stopped while it waits, and waits again.
        runner.stop()
        runner.start()
        runner.until(lambda: runner.get("/healthz")[0] == 200, "it lives")
        holds(lambda: not runner.ended(), "it has ended")
        self.broker.start()
        runner.until(runner.ready, "it is ready")
        self.has(runner, [1, 2])
        runner.stop()

    def test_F50_killed_while_what_was_sent_is_being_committed(self):
        """Just when a reader sees the first event of a write, the rest is on its way and no cursor has moved, or has just."""
        random = rng(self.id())
        write(self.log, BANNER + events(0))
        runner = self.kafka(self.log, sink={"commit_interval": "10ms"}).start()
        self.has(runner, [0])
        for last in range(0, 5 * counts(40), 5):
            write(self.log, events(*range(last + 1, last + 6)), append=True)
            runner.until(lambda number=last: max(self.batch_numbers(runner, "kafka")) > number, "the next one came")
            # The moment itself.
            time.sleep(0.02 * random.random())
            runner.kill()
            runner.start()
        self.has(runner, range(last + 6))
        runner.stop()
        self.came(range(last + 6))


class OutagesAtLeastOnce(Outages):
    DELIVERY = "at_least_once"


class Topics(KafkaCase):
    def test_F36_a_deleted_topic_comes_back(self):
        """The topic's old messages are gone, but later events are delivered without a restart."""
        write(self.log, BANNER + events(1))
        runner = self.kafka(self.log, sink={"properties": SHORT}).start()
        self.has(runner, [1])
        self.admin.delete_topic(self.topic)
        write(self.log, events(2, 3), append=True)
        runner.until(lambda: {2, 3} <= self.batches_now(), "what came later is in the new topic")
        write(self.log, events(4), append=True)
        runner.until(lambda: {2, 3, 4} <= self.batches_now(), "and what came after that")
        runner.stop()
        self.came([2, 3, 4])

    def batches_now(self):
        if self.topic not in self.admin.topics():
            return set()
        found = [json.loads(record.value) for record in self.committed()]
        return {document["metrics"]["batchId"] for document in found if document["kind"] == "progress"}

    def test_a_topic_that_it_may_not_make_is_waited_for(self):
        write(self.log, BANNER + events(1))
        runner = self.kafka(self.log, sink={"create_topics": False, "properties": SHORT}).start()
        self.says(runner, rf"{WAITS}.*({self.topic}|{self.offsets_topic})\b")
        holds(lambda: not runner.ended(), "it has ended")
        self.admin.create_topic(self.topic)
        if self.DELIVERY == "exactly_once":
            self.admin.create_topic(self.offsets_topic, cleanup_policy="compact")
        self.has(runner, [1])
        runner.stop()


class TopicsAtLeastOnce(Topics):
    DELIVERY = "at_least_once"


class Forgotten(KafkaCase):
    # In ms; a week and a day by default.
    IDLE = {
        "transactional.id.expiration.ms": 1500,
        "transaction.remove.expired.transaction.cleanup.interval.ms": 300,
        "producer.id.expiration.ms": 1500,
        "producer.id.expiration.check.interval.ms": 300,
    }

    def test_F35_the_broker_has_forgotten_the_producer(self):
        """After a week without an event the next one is a fatal error to the producer."""
        self.restart_broker(self.IDLE)
        self.addCleanup(self.restart_broker, {})
        write(self.log, BANNER + events(1))
        runner = self.kafka(self.log).start()
        self.has(runner, [1])
        for last in (2, 4):
            wait_for_time(5, alive=runner)
            write(self.log, events(last, last + 1), append=True)
            self.has(runner, range(1, last + 2))
        runner.stop()

    def restart_broker(self, properties):
        self.broker.stop()
        self.broker.properties = properties
        self.broker.start()


class ForgottenAtLeastOnce(Forgotten):
    DELIVERY = "at_least_once"


class Refused(KafkaCase):
    def big(self, number, size):
        """Its text is random, so that no compression makes it small."""
        noise = rng(self.id(), number).randbytes(size // 2).hex().encode()
        return support.progress_record(number, extra=b',\n  "x" : "' + noise + b'"')

    def refuses(self, topic_settings, size):
        self.admin.create_topic(self.topic, **topic_settings)
        write(self.log, BANNER + events(1) + self.big(2, size) + events(3, 4))
        runner = self.kafka(self.log)
        runner.finish(3)
        self.came([1, 3, 4])
        (letter,) = self.dead_letters(runner)
        self.assertEqual(letter["document"]["metrics"]["batchId"], 2)
        self.assertRegex(letter["cause"], "(?i)large|size")

    def test_F34_an_event_too_large_for_any_topic(self):
        self.refuses({}, 6 << 20)

    def test_F34_an_event_too_large_for_this_topic(self):
        self.refuses({"max_message_bytes": 50000}, 200000)

    def test_F34_it_goes_on_behind_an_event_that_is_too_large(self):
        """While it follows a log, and after a kill."""
        self.admin.create_topic(self.topic, max_message_bytes=50000)
        write(self.log, BANNER + events(1))
        runner = self.kafka(self.log).start()
        self.has(runner, [1])
        write(self.log, self.big(2, 200000) + events(3), append=True)
        self.has(runner, [1, 3])
        runner.kill()
        write(self.log, events(4) + self.big(5, 200000) + events(6), append=True)
        runner.start()
        self.has(runner, [1, 3, 4, 6])
        runner.stop(3)
        numbers = {letter["document"]["metrics"]["batchId"] for letter in self.dead_letters(runner)}
        self.assertEqual(numbers, {2, 5})

    def test_events_that_are_too_large_together_are_all_delivered(self):
        """The limit is one of batches, which a client makes of many events: each of them alone is small enough."""
        self.admin.create_topic(self.topic, max_message_bytes=20000)
        write(self.log, BANNER + b"".join(self.big(number, 5000) for number in range(60)))
        runner = self.kafka(self.log, sink={"commit_interval": "1s"})
        runner.finish()
        self.came(range(60))
        self.assertEqual(self.dead_letters(runner), [])


class RefusedAtLeastOnce(Refused):
    DELIVERY = "at_least_once"


if __name__ == "__main__":
    support.main()
