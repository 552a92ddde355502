"""A real broker of Apache Kafka (KRaft, one node) that a test starts, kills, freezes and starts again."""
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import run_support
import spark_env
from certificates import Certificates
from kafka_jars import ensure_kafka
from ports import quiet_port

JAVA_OPTIONS = [
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Djava.net.preferIPv4Stack=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
]
STARTED = b"Kafka Server started"
# How long a loaded machine may take to start it.
START = 180

# Users of the SASL listeners. `guest` may do nothing but what a test allows it to do; the others may do all.
PLAIN_PASSWORD = "plain-secret"
SCRAM_PASSWORD = "scram-secret"
GUEST_PASSWORD = "guest-secret"
SCRAM_MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-512")

# Listeners beside PLAINTEXT. EXPIRED is a SASL_SSL listener with a certificate of yesterday.
SECURE = {"SASL_PLAINTEXT": "SASL_PLAINTEXT", "SSL": "SSL", "SASL_SSL": "SASL_SSL", "EXPIRED": "SASL_SSL"}


class BrokerError(Exception):
    """The broker does not start; the message holds the end of what it said."""


class KafkaBroker:
    """Its data and its ports stay the same through any number of lives."""

    def __init__(self, version="4.1.0", *, secure=False, properties=None):
        self.version = version
        self.jars = ensure_kafka(version)
        self.java = spark_env.find_java() / "bin" / "java"
        self.folder = Path(tempfile.mkdtemp(prefix="sparktail-kafka-"))
        self.certificates = Certificates(self.folder / "tls") if secure else None
        self.properties = properties or {}
        self.ports = {}
        self.process = None
        self.log = self.folder / "server.log"

    def address(self, listener="PLAINTEXT"):
        return f"127.0.0.1:{self.ports[listener]}"

    # ---- its life

    def start(self):
        new = not self.ports
        for _ in range(10):
            if new:
                self._choose_ports()
            if self._format_and_start():
                return self
            if b"Address already in use" not in self._said():
                break
            # Somebody took a port meanwhile: another one for a new broker, else patience.
            time.sleep(0.2)
        raise BrokerError(f"Kafka {self.version} does not start:\n{self._tail()}")

    def stop(self):
        """SIGTERM, and SIGKILL for one that does not listen to it."""
        if self.alive():
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        if self.alive():
            self.process.kill()
            self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, True)

    def wait_until_started(self):
        """True once it is registered; an answering port alone may be another's. False if it has ended."""
        end = time.monotonic() + START
        while STARTED not in self._said():
            if not self.alive():
                return False
            if time.monotonic() > end:
                self.kill()
                raise BrokerError(f"Kafka {self.version} has not started within {START} s:\n{self._tail()}")
            time.sleep(0.05)
        return True

    def launch(self):
        """Starts it and does not wait."""
        self.log_begin = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self._command(), "kafka.Kafka", self._config_path()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=run_support.in_the_child(),
            )

    def _choose_ports(self):
        self.ports = {}
        for name in ("PLAINTEXT", "CONTROLLER", *(SECURE if self.certificates else ())):
            self.ports[name] = quiet_port(self.ports.values())

    def _format_and_start(self):
        self._config_path().write_text("".join(f"{key}={value}\n" for key, value in self._config().items()))
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()
        self.launch()
        return self.wait_until_started()

    def _format(self):
        users = []
        for mechanism in SCRAM_MECHANISMS if self.certificates else ():
            users += ["--add-scram", f"{mechanism}=[name=alice,password={SCRAM_PASSWORD}]"]
        format_it = ["kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", self._config_path(), *users]
        done = subprocess.run(
            [*self._command(), *format_it], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BrokerError(f"formatting the folder of Kafka {self.version} failed:\n{(done.stdout + done.stderr)[-2000:]}")

    def _command(self):
        return [self.java, *JAVA_OPTIONS, f"-Dkafka.logs.dir={self.folder}", "-cp", f"{self.jars}/*"]

    def _said(self):
        with open(self.log, "rb") as log:
            log.seek(self.log_begin)
            return log.read()

    def _tail(self):
        return self._said().decode("utf-8", "replace")[-3000:]

    # ---- its configuration

    def _config_path(self):
        return self.folder / "server.properties"

    def _config(self):
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", **(SECURE if self.certificates else {})}
        listeners = {name: f"{name}://{self.address(name)}" for name in protocols}
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{self.address('CONTROLLER')}",
            "controller.listener.names": "CONTROLLER",
            "listeners": ",".join(listeners.values()),
            "advertised.listeners": ",".join(url for name, url in listeners.items() if name != "CONTROLLER"),
            "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": self.folder / "data",
            "num.partitions": 2,
            # Records have the time of their event, and recorded logs are old.
            "log.retention.ms": -1,
            # What a test relies on is made by itself, or by sparktail.
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "log.cleaner.dedupe.buffer.size": 10485760,
            # Or a restart after kill -9 waits for the old registration to expire.
            "broker.session.timeout.ms": 1500,
            "broker.heartbeat.interval.ms": 250,
            **(self._secure_config() if self.certificates else {}),
            **self.properties,
        }

    def _secure_config(self):
        users = f'user_alice="{PLAIN_PASSWORD}" user_guest="{GUEST_PASSWORD}"'
        plain = f'org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="b" {users};'
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        config = {
            "sasl.enabled.mechanisms": ",".join(["PLAIN", *SCRAM_MECHANISMS]),
            "connection.failed.authentication.delay.ms": 0,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.certificates.both("server"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.certificates.pem("ca"),
            "listener.name.ssl.ssl.client.auth": "required",
            "listener.name.expired.ssl.keystore.type": "PEM",
            "listener.name.expired.ssl.keystore.location": self.certificates.both("expired"),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS;User:alice;User:CN=client",
        }
        for listener in ("sasl_plaintext", "sasl_ssl", "expired"):
            config[f"listener.name.{listener}.plain.sasl.jaas.config"] = plain
            for mechanism in SCRAM_MECHANISMS:
                config[f"listener.name.{listener}.{mechanism.lower()}.sasl.jaas.config"] = scram
        return config
