#!/usr/bin/env python3
"""TLS, logins and rights of a real Kafka: what is right works, and what is wrong is told in words that name what to do, while
nothing is lost."""
import unittest

import kafka_support  # it knows where the others are
import support
from kafka_broker import GUEST_PASSWORD, PLAIN_PASSWORD, SCRAM_PASSWORD, SECURE
from kafka_support import VERSION, WAITS, KafkaCase
from run_support import banner, events, holds, write

BANNER = banner()
SCRAM = "SCRAM-SHA-512"


def setUpModule():
    kafka_support.use_one_broker(secure=True)


class Case(KafkaCase):
    def secure(self, listener, name="run", **options):
        """A runner that reaches the broker through this listener; its reader needs no rights."""
        sink = {"brokers": [self.broker.address(listener)], "security_protocol": SECURE[listener].lower(), **options}
        if SECURE[listener].endswith("SSL"):
            sink.setdefault("ssl_ca", self.pem("ca"))
        return self.kafka(self.log, name, sink=sink, http=True)

    def pem(self, name):
        return str(self.broker.certificates.pem(name))

    def login(self, mechanism="PLAIN", user="alice", password=PLAIN_PASSWORD):
        return {"sasl_mechanism": mechanism, "sasl_username": user, "sasl_password": password}

    def delivers(self, runner):
        write(self.log, BANNER + events(1, 2))
        runner.start()
        self.has(runner, [1, 2])
        runner.stop()
        self.came([1, 2])

    def waits(self, runner, *words):
        """It says why, keeps no password, delivers nothing, and does not give up."""
        runner.start()
        for word in words:
            self.says(runner, rf"(?i){WAITS}.*{word}")
        self.assertNotIn("secret", runner.said())
        runner.until(lambda: "kafka" in runner.get("/readyz")[1], "/readyz says why")
        self.assertFalse(runner.ready())
        holds(lambda: not runner.ended(), "it has ended")
        runner.stop()

    def waits_and_then_delivers(self, wrong, right, *words):
        write(self.log, BANNER + events(1, 2))
        self.waits(wrong, *words)
        wrong.config["sinks"] = right.config["sinks"]
        wrong.start()
        self.has(wrong, [1, 2])
        wrong.stop()


class Works(Case):
    def test_PLAIN_over_TLS(self):
        self.delivers(self.secure("SASL_SSL", **self.login()))

    def test_PLAIN(self):
        self.delivers(self.secure("SASL_PLAINTEXT", **self.login()))

    def test_client_certificate(self):
        self.delivers(self.secure("SSL", ssl_certificate=self.pem("client"), ssl_key=str(self.broker.certificates.key("client"))))


class WorksAtLeastOnce(Works):
    DELIVERY = "at_least_once"


class Scram(Case):
    """Debian's librdkafka 2.0.2 fails against Kafka 4, whatever the password."""

    @unittest.skipIf(VERSION.startswith("4."), "librdkafka < 2.6.1 can't")
    def test_over_TLS(self):
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            with self.subTest(mechanism=mechanism):
                self.fresh()
                self.delivers(self.secure("SASL_SSL", mechanism, **self.login(mechanism, password=SCRAM_PASSWORD)))

    @unittest.skipIf(VERSION.startswith("4."), "librdkafka < 2.6.1 can't")
    def test_wrong_password(self):
        wrong = self.secure("SASL_SSL", **self.login(SCRAM, password="another-secret"))
        right = self.secure("SASL_SSL", "right", **self.login(SCRAM, password=SCRAM_PASSWORD))
        self.waits_and_then_delivers(wrong, right, "sasl_password")

    @unittest.skipIf(VERSION.startswith("4."), "librdkafka < 2.6.1 can't")
    def test_a_user_that_is_made_while_it_waits(self):
        write(self.log, BANNER + events(1, 2))
        user = f"late-{self.instance}"
        self.admin.allow(user, "TOPIC", "*", "ALL")
        self.admin.allow(user, "TRANSACTIONAL_ID", "*", "ALL")
        self.admin.allow(user, "BROKER", "kafka-cluster", "ALL")
        runner = self.secure("SASL_SSL", **self.login(SCRAM, user, "late-secret")).start()
        self.says(runner, f"(?i){WAITS}.*sasl_password")
        self.admin.make_scram_user(user, "late-secret", SCRAM)
        self.has(runner, [1, 2])
        runner.stop()

    @unittest.skipUnless(VERSION.startswith("4."), "older ones take it")
    def test_against_kafka_4_it_says_what_is_the_matter(self):
        login = self.login(SCRAM, password=SCRAM_PASSWORD)
        right = self.secure("SASL_SSL", "right", **self.login())
        self.waits_and_then_delivers(self.secure("SASL_SSL", **login), right, "librdkafka", "SCRAM", r"2\.6\.1")


class Wrong(Case):
    def test_password(self):
        wrong = self.secure("SASL_SSL", **self.login(password="another-secret"))
        self.waits_and_then_delivers(wrong, self.secure("SASL_SSL", "right", **self.login()), "sasl_password")

    def test_mechanism(self):
        wrong = self.secure("SASL_SSL", **self.login("OAUTHBEARER"), oauth_token_command="echo nothing")
        del wrong.config["sinks"][0]["sasl_username"], wrong.config["sinks"][0]["sasl_password"]
        self.waits_and_then_delivers(wrong, self.secure("SASL_SSL", "right", **self.login()), "")

    def test_the_brokers_certificate_has_expired(self):
        right = self.secure("SASL_SSL", "right", **self.login())
        self.waits_and_then_delivers(self.secure("EXPIRED", **self.login()), right, "certificate", "ssl_ca", "valid")

    def test_the_brokers_certificate_is_of_another_authority(self):
        wrong = self.secure("SASL_SSL", **self.login(), ssl_ca=self.pem("foreign-ca"))
        self.waits_and_then_delivers(wrong, self.secure("SASL_SSL", "right", **self.login()), "certificate", "ssl_ca")

    def test_no_client_certificate(self):
        key = str(self.broker.certificates.key("client"))
        right = self.secure("SSL", "right", ssl_certificate=self.pem("client"), ssl_key=key)
        self.waits_and_then_delivers(self.secure("SSL"), right, "certificate")

    def test_a_file_that_is_missing(self):
        runner = self.secure("SASL_SSL", **self.login(), ssl_ca="/no/such/file.pem").start()
        self.assertIn(runner.wait(), (1, 2), runner.said())
        self.assertIn("/no/such/file.pem", runner.said())


class Rights(Case):
    """`guest` may do what it is given, nothing else. Each right is given while sparktail waits for it."""

    def setUp(self):
        super().setUp()
        self.name = f"sparktail/{self.instance}/kafka"
        self.admin.create_topic(self.topic)
        write(self.log, BANNER + events(1, 2))

    def guest(self, **options):
        return self.secure("SASL_SSL", create_topics=False, **self.login("PLAIN", "guest", GUEST_PASSWORD), **options)

    def allow_cursors(self):
        self.admin.create_topic(self.offsets_topic, cleanup_policy="compact")
        self.admin.allow("guest", "TOPIC", self.offsets_topic, "READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS")

    def test_on_the_topic(self):
        self.allow_cursors()
        self.admin.allow("guest", "TRANSACTIONAL_ID", self.name, "WRITE", "DESCRIBE")
        runner = self.guest().start()
        self.says(runner, rf"{WAITS}.*{self.topic}\b.*Write")
        self.admin.allow("guest", "TOPIC", self.topic, "WRITE", "DESCRIBE")
        self.has(runner, [1, 2])
        runner.stop()
        self.came([1, 2])

    def test_on_the_transactional_id(self):
        self.allow_cursors()
        self.admin.allow("guest", "TOPIC", self.topic, "WRITE", "DESCRIBE")
        runner = self.guest().start()
        self.says(runner, f"(?i){WAITS}.*(right|Write).*transactional")
        self.admin.allow("guest", "TRANSACTIONAL_ID", self.name, "WRITE", "DESCRIBE")
        self.has(runner, [1, 2])
        runner.stop()

    def test_on_the_topic_of_cursors(self):
        self.admin.create_topic(self.offsets_topic, cleanup_policy="compact")
        self.admin.allow("guest", "TOPIC", self.topic, "WRITE", "DESCRIBE")
        self.admin.allow("guest", "TRANSACTIONAL_ID", self.name, "WRITE", "DESCRIBE")
        runner = self.guest().start()
        self.says(runner, rf"{WAITS}.*{self.offsets_topic}\b")
        self.admin.allow("guest", "TOPIC", self.offsets_topic, "READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS")
        self.has(runner, [1, 2])
        runner.stop()

    def test_at_least_once_needs_no_more_than_the_topic(self):
        runner = self.guest(delivery="at_least_once").start()
        self.says(runner, rf"{WAITS}.*{self.topic}\b.*Write")
        self.admin.allow("guest", "TOPIC", self.topic, "WRITE", "DESCRIBE")
        self.has(runner, [1, 2])
        runner.stop()


if __name__ == "__main__":
    support.main()
