"""Operations of a test on a broker, beside sparktail: topics, rights, messages, and a reader of its own. By confluent-kafka from
PyPI, which has a librdkafka of its own, much newer than Debian's."""
import sys
import time
from collections import namedtuple

import spark_env

_VENV = spark_env.ensure_package("confluent-kafka-2.16.1", "confluent-kafka==2.16.1", "10 MB")
sys.path += map(str, _VENV.glob("lib/python3*/site-packages"))

import confluent_kafka  # noqa: E402
from confluent_kafka import admin  # noqa: E402

Record = namedtuple("Record", "topic partition offset key value headers timestamp")

# How long a broker may take to answer: it is slow after its start, on a loaded machine.
ANSWER = 60
QUIET = {"log_level": 0, "socket.keepalive.enable": True}


def headers_of(record):
    """Headers as text; a name that is there twice is an error of the writer."""
    pairs = [(name, value.decode()) for name, value in record.headers]
    assert len(dict(pairs)) == len(pairs), f"a header is there twice: {pairs}"
    return dict(pairs)


class Admin:
    def __init__(self, address):
        self.client = admin.AdminClient({"bootstrap.servers": address, **QUIET})

    @staticmethod
    def _results(futures):
        return {key: future.result(ANSWER) for key, future in futures.items()}

    def create_topic(self, name, partitions=1, **settings):
        """Settings with `_` for `.`, as max_message_bytes=1000."""
        config = {key.replace("_", "."): str(value) for key, value in settings.items()}
        topic = admin.NewTopic(name, num_partitions=partitions, replication_factor=1, config=config)
        self._results(self.client.create_topics([topic], operation_timeout=ANSWER))
        return name

    def delete_topic(self, name):
        self._results(self.client.delete_topics([name], operation_timeout=ANSWER))

    def topics(self):
        """{name: number of partitions}"""
        found = self.client.list_topics(timeout=ANSWER).topics
        return {name: len(topic.partitions) for name, topic in found.items() if not topic.error}

    def settings(self, topic):
        resource = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, topic)
        entries = self._results(self.client.describe_configs([resource], request_timeout=ANSWER))[resource]
        return {name: entry.value for name, entry in entries.items()}

    def change_setting(self, topic, name, value):
        entry = admin.ConfigEntry(name, str(value), incremental_operation=admin.AlterConfigOpType.SET)
        resource = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        self._results(self.client.incremental_alter_configs([resource], request_timeout=ANSWER))

    def allow(self, user, kind, name, *operations):
        """`kind` is TOPIC, GROUP, TRANSACTIONAL_ID or BROKER; the name * stands for all."""
        bindings = [
            admin.AclBinding(
                admin.ResourceType[kind],
                name,
                admin.ResourcePatternType.LITERAL,
                f"User:{user}",
                "*",
                admin.AclOperation[operation],
                admin.AclPermissionType.ALLOW,
            )
            for operation in operations
        ]
        self._results(self.client.create_acls(bindings, request_timeout=ANSWER))

    def make_scram_user(self, user, password, mechanism):
        info = admin.ScramCredentialInfo(admin.ScramMechanism[mechanism.replace("-", "_")], 4096)
        change = admin.UserScramCredentialUpsertion(user, info, password.encode())
        self._results(self.client.alter_user_scram_credentials([change], request_timeout=ANSWER))

    def ends(self, topic, committed):
        """{partition: offset behind the last record}; of read-committed readers, behind the last that they may see."""
        level = confluent_kafka.IsolationLevel.READ_COMMITTED if committed else confluent_kafka.IsolationLevel.READ_UNCOMMITTED
        partitions = [confluent_kafka.TopicPartition(topic, number) for number in range(self.topics()[topic])]
        wanted = {partition: admin.OffsetSpec.latest() for partition in partitions}
        found = self._results(self.client.list_offsets(wanted, isolation_level=level, request_timeout=ANSWER))
        return {partition.partition: result.offset for partition, result in found.items()}

    def open_transactions(self, part):
        """Topics, of those that have `part` in their name, in which a transaction has neither been committed nor aborted."""
        topics = [name for name in self.topics() if part in name and not name.startswith("__")]
        return [name for name in topics if self.ends(name, True) != self.ends(name, False)]


class Reader:
    """Reads topics from their beginning on, a little further at each call; they may be made later."""

    def __init__(self, address, topics, committed=True):
        self.topics = [topics] if isinstance(topics, str) else list(topics)
        self.consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": address,
                "group.id": "reader",  # unused, but must be there
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed" if committed else "read_uncommitted",
                "allow.auto.create.topics": False,
                "topic.metadata.refresh.interval.ms": 500,
                "reconnect.backoff.max.ms": 200,
                **QUIET,
            }
        )
        self.assigned = set()
        self.at_end = set()
        self.records = []

    def close(self):
        self.consumer.close()

    def more(self, timeout=0.1):
        """All records so far, after a look for new ones. A broker that is away is none of a reader's business."""
        self._assign()
        if not self.assigned:
            return self.records
        while True:
            messages = self.consumer.consume(10000, timeout)
            for message in messages:
                place = message.topic(), message.partition()
                if message.error():
                    if message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                        self.at_end.add(place)
                    continue
                self.records.append(
                    Record(
                        *place,
                        message.offset(),
                        message.key(),
                        message.value(),
                        message.headers() or [],
                        message.timestamp()[1] if message.timestamp()[0] else None,
                    )
                )
            if len(messages) < 10000:
                return self.records

    def to_the_end(self):
        """All records up to where the topics end now; for a new reader."""
        end = time.monotonic() + ANSWER
        while not self.assigned or self.assigned != self.at_end:
            if time.monotonic() > end:
                raise AssertionError(f"{self.topics}: the ends of {self.assigned - self.at_end} were not reached in {ANSWER} s")
            self.more()
        return self.records

    def _assign(self):
        if len({topic for topic, _ in self.assigned}) == len(self.topics):
            return
        try:
            known = self.consumer.list_topics(timeout=5).topics
        except confluent_kafka.KafkaException:
            return
        new = set()
        for topic in self.topics:
            if topic in known and not known[topic].error:
                new |= {(topic, number) for number in known[topic].partitions} - self.assigned
        if new:
            first = confluent_kafka.OFFSET_BEGINNING
            self.consumer.incremental_assign([confluent_kafka.TopicPartition(*place, first) for place in sorted(new)])
            self.assigned |= new


def dump(address, topics, committed=True):
    """The messages that a new reader finds."""
    reader = Reader(address, topics, committed)
    try:
        return reader.to_the_end()
    finally:
        reader.close()


class Writer:
    """Raw messages, as node agents send them; complete once flush() has returned."""

    def __init__(self, address, **properties):
        self.failed = []
        self.producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": address,
                "enable.idempotence": True,
                "linger.ms": 5,
                "queue.buffering.max.kbytes": 1 << 18,
                "queue.buffering.max.messages": 1000000,
                **QUIET,
                **properties,
            }
        )

    def send(self, topic, value, key=None, partition=None, headers=None):
        options = {"partition": partition} if partition is not None else {}
        while True:
            try:
                self.producer.produce(topic, value, key=key, headers=headers, on_delivery=self._report, **options)
                break
            except BufferError:
                self.producer.poll(0.1)
        self.producer.poll(0)

    def flush(self):
        left = self.producer.flush(ANSWER)
        assert not left and not self.failed, f"{left} messages are left, failed: {self.failed[:3]}"

    def _report(self, error, _):
        if error:
            self.failed.append(error)
