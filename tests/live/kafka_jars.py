"""The jars of Apache Kafka."""
import maven


def ensure_kafka(version, say=print):
    """The folder with the jars of that version."""
    return maven.ensure("kafka", version, _fetch, "45 MB", say)


def _fetch(version, scratch):
    # Kafka brings no binding for slf4j: without one the broker says nothing.
    return maven.copy_jars([("org.apache.kafka", "kafka_2.13", version), ("org.slf4j", "slf4j-simple", "1.7.36")], scratch)
