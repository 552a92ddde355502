#!/usr/bin/env python3
"""Raw log lines in a real Kafka, as node agents put them there: read, parsed and written on, each event once."""
import itertools
import shutil

import kafka_support  # it knows where the others are
import raw_messages
import run_support
import support
from kafka_client import Writer
from kafka_support import SHORT, KafkaCase
from run_support import CLOSING, banner, corpus, counts, documents, events, progress_ids, rng, without_noise
from support import without_source

BANNER = banner()
# A killed member's partitions are given to others soon.
MEMBER = {"session.timeout.ms": "3000", "heartbeat.interval.ms": "500"}
LOGS = ("3.5.9/fail.default", "4.3.0/basic.default", "3.5.9/avail.default")


def setUpModule():
    kafka_support.use_one_broker()


class Case(KafkaCase):
    def setUp(self):
        super().setUp()
        self.raw = self.topic.replace("events", "raw")
        self.group = self.topic.replace("events", "group")
        self.raw_writer = Writer(self.broker.address())

    def source(self, **options):
        return {
            "kind": "kafka",
            "brokers": [self.broker.address()],
            "topics": [self.raw],
            "group": self.group,
            "properties": MEMBER,
            "record_timeout": "60s",
            **options,
        }

    def member(self, name="run", *, sources=None, files=True, **options):
        """From Kafka to Kafka, and to a file."""
        runner = self.kafka([], name, more={"instance": f"{self.instance}-{name}"}, **options)
        runner.config["sources"] = sources or [self.source()]
        if files:
            runner.config["sinks"].append({"kind": "file", "path": str(runner.output)})
        return runner

    def send(self, messages, topic=None, **options):
        """(key, value) pairs."""
        for key, value in messages:
            self.raw_writer.send(topic or self.raw, value, key=key, **options)
        self.raw_writer.flush()

    def text(self, number, name=None):
        """A driver's log of its own: no other number has the same events."""
        return without_noise(corpus(name or LOGS[number % len(LOGS)], number)) + CLOSING

    def has_all_of(self, runner, texts, sinks=("kafka", "file")):
        """Each document of these logs came once, and no other, and is as in the plain log."""
        expected = [line for text in texts for line in support.parse(stdin=text).lines]
        ids = [document["id"] for document in documents(expected)]
        self.arrives(runner, ids, sinks=sinks)
        runner.stop()
        for sink in sinks:
            self.check(expected, runner.delivered(sink), sink, clean=without_source)
        self.check_records(self.committed())
        self.assertEqual(self.admin.open_transactions(self.number), [])
        self.assertEqual(run_support.disorder(runner.delivered("kafka")), [])


class Envelopes(Case):
    def put(self, number, form):
        """Two drivers into one partition of a topic; returns their texts."""
        topic = self.admin.create_topic(f"{self.raw}-{form}")
        random = rng(self.id(), form)
        make, _ = raw_messages.FORMS[form]
        texts = [self.text(number), self.text(number + 1)]
        streams = {f"pod-{at}".encode(): make(text, random) for at, text in enumerate(texts)}
        self.send(raw_messages.interleaved(streams, random), topic)
        return texts

    def test_told_from_the_message(self):
        texts = [text for at, form in enumerate(raw_messages.FORMS) for text in self.put(2 * at, form)]
        runner = self.member(sources=[self.source(topics=[f"regex:^{self.raw}-.*"])]).start()
        self.has_all_of(runner, texts)

    def test_told_by_the_configuration(self):
        """Each with an envelope in the configuration, in one process."""
        sources, texts = [], []
        for at, (form, (_, envelope)) in enumerate(raw_messages.FORMS.items()):
            texts += self.put(2 * at, form)
            topic = f"{self.raw}-{form}"
            sources.append(self.source(name=form, topics=[topic], group=f"{self.group}-{form}", envelope=envelope))
        self.has_all_of(self.member(sources=sources).start(), texts)

    def test_a_field_of_ones_own(self):
        self.admin.create_topic(self.raw)
        text = self.text(1)
        values = raw_messages.vector(text, None)
        self.send((None, value.replace(b'"message"', b'"payload"')) for value in values)
        self.has_all_of(self.member(sources=[self.source(envelope="json", message_field="payload")]).start(), [text])

    def test_messages_that_are_none(self):
        """Unreadable messages are skipped, and the messages after them are read."""
        self.admin.create_topic(self.raw)
        lines = raw_messages.filebeat(BANNER + events(1), None)
        self.send((b"pod", value) for value in lines)
        for value in (b"", b"{", b"[]", b"{}", b'{"message":7}', b'{"message":null}', b"\xff\xfe\x00", b'{"message":{"a":1}}'):
            self.send([(b"other", value), (b"pod", value)])
        self.send([(b"pod", None)])
        self.send((b"pod", value) for value in raw_messages.filebeat(events(2), None))
        runner = self.member(sources=[self.source(envelope="json")]).start()
        self.has(runner, [1, 2])
        runner.stop()
        self.came([1, 2])


class Streams(Case):
    def test_drivers_of_one_partition_are_parsed_apart(self):
        self.admin.create_topic(self.raw)
        texts = [self.text(number) for number in range(counts(100))]
        streams = {f"ns/pod-{at}".encode(): raw_messages.lines(text, None) for at, text in enumerate(texts)}
        self.send(raw_messages.interleaved(streams, rng(self.id())))
        self.has_all_of(self.member().start(), texts)

    def test_without_a_key_a_partition_is_one_stream(self):
        self.admin.create_topic(self.raw, 3)
        texts = [self.text(number) for number in range(3)]
        for partition, text in enumerate(texts):
            self.send(((None, line) for line in raw_messages.lines(text, None)), partition=partition)
        self.has_all_of(self.member().start(), texts)

    def test_an_open_record_is_read_again_by_who_has_the_partition_next(self):
        """Half an event is there when its reader is killed and its state is lost: offsets never pass it."""
        self.admin.create_topic(self.raw)
        lines = raw_messages.lines(BANNER + events(1, 2), None)
        cut = len(lines) - 12
        other = raw_messages.lines(self.text(3), None)
        self.send((b"pod", line) for line in lines[:cut])
        self.send((b"other", line) for line in other)
        first = self.member("first").start()
        self.arrives(first, progress_ids(self.text(3)), sinks=["kafka"])
        self.assertIn(1, self.batch_numbers(first, "kafka"))
        first.kill()
        shutil.rmtree(first.state)
        second = self.member("second", files=False).start()
        self.send((b"pod", line) for line in lines[cut:] + [CLOSING.rstrip()])
        self.has_all_of(second, [BANNER + events(1, 2) + CLOSING, self.text(3)], sinks=("kafka",))

    def test_start_at_the_end(self):
        self.admin.create_topic(self.raw)
        self.send((b"pod", line) for line in raw_messages.lines(BANNER + events(1), None))
        runner = self.member(sources=[self.source(start_at="end")], files=False)
        runner.serve()
        runner.start()
        runner.until(runner.ready, "it is ready")
        # Where it began shows once something new has come: a driver of its own each time, for each is a whole log.
        for number in itertools.count(2):
            self.send((b"pod-%d" % number, line) for line in raw_messages.lines(BANNER + events(number), None))
            if runner.delivered("kafka"):
                break
            self.assertLess(number, 2000, "nothing came")
            run_support.time.sleep(0.05)
        self.assertNotIn(1, self.batch_numbers(runner, "kafka"))
        runner.stop()


class Kills(Case):
    def test_killed_and_cut_off_while_it_reads(self):
        """From Kafka to Kafka and to a file, with the broker killed as well."""
        self.admin.create_topic(self.raw, 2)
        kills = counts(30)
        texts = [self.text(number) for number in range(4 * max(1, kills // 5))]
        streams = {f"pod-{at}".encode(): raw_messages.lines(text, None) for at, text in enumerate(texts)}
        random = rng(self.id())
        messages = list(raw_messages.interleaved(streams, random))
        runner = self.member(sink={"properties": SHORT, "commit_interval": "20ms"}).start()
        part = len(messages) // (kills + 1) + 1
        broker_kill = random.randrange(kills)
        for number in range(kills):
            self.send(messages[number * part : (number + 1) * part])
            # The moment itself; its start takes most of it.
            run_support.time.sleep(random.choice([0.05, 0.3, 1, 2]) * random.random())
            self.assertFalse(runner.ended(), runner.said()[-3000:])
            runner.kill()
            if number == broker_kill:
                self.broker.kill()
            if random.random() < 0.5:
                runner.start()
            if number == broker_kill:
                self.broker.start()
            if runner.ended():
                runner.start()
        self.send(messages[kills * part :])
        self.has_all_of(runner, texts)


class Group(Case):
    def test_three_share_six_partitions_while_one_is_killed_and_one_is_added(self):
        """50 drivers write all the while, and each event comes once."""
        self.admin.create_topic(self.raw, 6)
        self.admin.create_topic(self.topic, 3)
        random = rng(self.id())
        names = ("3.5.9/avail.default", "3.5.9/files.default", "3.5.9/idle.default")
        texts = [b"".join(self.text(number + 50 * run, names[(number + run) % 3]) for run in range(max(1, counts(30) // 10)))
                 for number in range(50)]
        streams = {f"ns/driver-{at}".encode(): raw_messages.lines(text, None) for at, text in enumerate(texts)}
        messages = list(raw_messages.interleaved(streams, random))
        quarter = len(messages) // 4
        members = [self.member(f"member-{number}", files=False, sink={"commit_interval": "100ms"}) for number in range(4)]
        for member in members[:3]:
            member.start()
        self.send(messages[:quarter])
        members[0].until(lambda: self.all_have_something(members[:3]), "each of the three has partitions and events")
        self.send(messages[quarter : 2 * quarter])
        members[1].kill()
        self.send(messages[2 * quarter : 3 * quarter])
        members[3].start()
        self.send(messages[3 * quarter :])
        expected = [line for text in texts for line in support.parse(stdin=text).lines]
        self.arrives(members[0], [document["id"] for document in documents(expected)], sinks=["kafka"])
        for member in (members[0], members[2], members[3]):
            member.stop()
        records = self.committed()
        self.check(expected, [r.value.decode() for r in records], f"seed {run_support.SEED}", clean=without_source)
        self.check_records(records)
        self.assertEqual(run_support.disorder(record.value.decode() for record in records), [])
        self.assertEqual(self.admin.open_transactions(self.number), [])

    def all_have_something(self, members):
        return all(member.offsets() for member in members)


if __name__ == "__main__":
    support.main()
