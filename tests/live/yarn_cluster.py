"""A real YARN that a test starts: ZooKeeper, two ResourceManagers that fail over, NodeManagers that survive a restart, and the
history server; and Spark applications that are submitted to it."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import spark_env
from kafka_broker import quiet_port
from run_support import in_the_child
from yarn_jars import ensure_yarn

JAVA_OPTIONS = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.net.preferIPv4Stack=true",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.util", "java.net")),
]
MAINS = {
    "zk": "org.apache.zookeeper.server.quorum.QuorumPeerMain",
    "rm": "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager",
    "nm": "org.apache.hadoop.yarn.server.nodemanager.NodeManager",
    "jhs": "org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer",
}
# How long a loaded machine may take to start it.
START = 240


class YarnCluster:
    def __init__(self, nodes=2, spark="3.5.9", realm=None):
        """`realm`: a KerberosRealm, of which all web pages and REST answers want to know the user (SPNEGO)."""
        self.realm = realm
        # As the service's principal names it.
        self.host = "localhost" if realm else "127.0.0.1"
        self.jars = ensure_yarn()
        self.spark = spark_env.ensure_spark(spark)
        self.java = spark_env.find_java() / "bin" / "java"
        self.folder = Path(tempfile.mkdtemp(prefix="sparktail-yarn-"))
        self.nodes = [f"nm{number}" for number in range(1, nodes + 1)]
        self.processes = {}
        self.submits = []
        self.ports = set()
        self.zk = self._port()
        self.rm_ports = {rm: {key: self._port() for key in ("address", "scheduler", "tracker", "admin", "webapp")} for rm in ("rm1", "rm2")}
        self.nm_ports = {nm: {key: self._port() for key in ("address", "localizer", "webapp", "collector")} for nm in self.nodes}
        self.jhs_ports = {key: self._port() for key in ("address", "webapp", "admin")}
        self._configure()

    def _port(self):
        port = quiet_port(self.ports)
        self.ports.add(port)
        return port

    # ---- addresses

    def rm_url(self, rm):
        return f"http://{self.host}:{self.rm_ports[rm]['webapp']}"

    @property
    def rm_urls(self):
        return [self.rm_url("rm1"), self.rm_url("rm2")]

    @property
    def history_url(self):
        return f"http://{self.host}:{self.jhs_ports['webapp']}"

    # ---- configuration

    def _configure(self):
        yarn = {
            "yarn.resourcemanager.ha.enabled": "true",
            "yarn.resourcemanager.cluster-id": "sparktail",
            "yarn.resourcemanager.ha.rm-ids": "rm1,rm2",
            "yarn.resourcemanager.recovery.enabled": "true",
            "yarn.resourcemanager.store.class": "org.apache.hadoop.yarn.server.resourcemanager.recovery.ZKRMStateStore",
            "yarn.resourcemanager.zk-timeout-ms": "5000",
            "yarn.resourcemanager.bind-host": self.host,
            "yarn.resourcemanager.am.max-attempts": "3",
            "yarn.scheduler.minimum-allocation-mb": "128",
            "yarn.log-aggregation-enable": "true",
            "yarn.nodemanager.remote-app-log-dir": f"file://{self.folder}/aggregated",
            "yarn.log.server.url": f"{self.history_url}/jobhistory/logs",
            "yarn.nodemanager.pmem-check-enabled": "false",
            "yarn.nodemanager.vmem-check-enabled": "false",
            "yarn.nodemanager.resource.memory-mb": "6144",
            "yarn.nodemanager.resource.cpu-vcores": "12",
            # The test compares with the file that the container wrote.
            "yarn.nodemanager.delete.debug-delay-sec": "3600",
            "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "99.9",
            "yarn.nodemanager.recovery.enabled": "true",
            "yarn.nodemanager.recovery.supervised": "true",
        }
        names = {"address": "address", "scheduler": "scheduler.address", "tracker": "resource-tracker.address"}
        names |= {"admin": "admin.address", "webapp": "webapp.address"}
        for rm, ports in self.rm_ports.items():
            yarn[f"yarn.resourcemanager.hostname.{rm}"] = self.host
            for key, name in names.items():
                yarn[f"yarn.resourcemanager.{name}.{rm}"] = f"{self.host}:{ports[key]}"
        core = {"fs.defaultFS": "file:///", "hadoop.tmp.dir": self.folder / "tmp", "hadoop.zk.address": f"127.0.0.1:{self.zk}"}
        if self.realm:
            core |= self._web_authentication()
        scheduler = {
            "yarn.scheduler.capacity.maximum-am-resource-percent": "1.0",
            "yarn.scheduler.capacity.root.queues": "default",
            "yarn.scheduler.capacity.root.default.capacity": "100",
        }
        history = {f"mapreduce.jobhistory.{name}": f"{self.host}:{self.jhs_ports[key]}"
                   for key, name in (("address", "address"), ("webapp", "webapp.address"), ("admin", "admin.address"))}
        # All processes of one machine: without the id they can't tell which ResourceManager is theirs.
        for role in ("rm1", "rm2", *self.nodes, "jhs", "client"):
            settings = {**yarn, "yarn.resourcemanager.ha.id": role if role.startswith("rm") else "rm1"}
            if role in self.nm_ports:
                ports = self.nm_ports[role]
                settings |= {
                    "yarn.nodemanager.address": f"{self.host}:{ports['address']}",
                    "yarn.nodemanager.localizer.address": f"{self.host}:{ports['localizer']}",
                    "yarn.nodemanager.webapp.address": f"{self.host}:{ports['webapp']}",
                    "yarn.nodemanager.collector-service.address": f"{self.host}:{ports['collector']}",
                    "yarn.nodemanager.local-dirs": self.folder / role / "local",
                    "yarn.nodemanager.log-dirs": self.folder / role / "logs",
                    "yarn.nodemanager.recovery.dir": self.folder / role / "recovery",
                }
            folder = self.folder / "conf" / role
            self._write(folder / "core-site.xml", core)
            self._write(folder / "yarn-site.xml", settings)
            self._write(folder / "capacity-scheduler.xml", scheduler)
            self._write(folder / "mapred-site.xml", history)
            (folder / "log4j.properties").write_text(
                "log4j.rootLogger=INFO,C\nlog4j.appender.C=org.apache.log4j.ConsoleAppender\nlog4j.appender.C.target=System.err\n"
                "log4j.appender.C.layout=org.apache.log4j.PatternLayout\n"
                "log4j.appender.C.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n\n"
            )
        (self.folder / "conf" / "zk").mkdir()
        (self.folder / "zoo.cfg").write_text(
            f"tickTime=1000\ndataDir={self.folder}/zk\nclientPort={self.zk}\nclientPortAddress=127.0.0.1\n"
            "admin.enableServer=false\nmaxClientCnxns=0\n"
        )

    def _web_authentication(self):
        secret = self.folder / "secret"
        secret.write_text("of the test")
        name = "hadoop.http.authentication"
        return {
            "hadoop.http.filter.initializers": "org.apache.hadoop.security.AuthenticationFilterInitializer",
            f"{name}.type": "kerberos",
            f"{name}.simple.anonymous.allowed": "false",
            f"{name}.signature.secret.file": secret,
            f"{name}.kerberos.principal": "HTTP/localhost@LAB.TEST",
            f"{name}.kerberos.keytab": self.realm.keytab("service"),
        }

    @staticmethod
    def _write(path, settings):
        path.parent.mkdir(parents=True, exist_ok=True)
        properties = "".join(f"<property><name>{k}</name><value>{v}</value></property>\n" for k, v in settings.items())
        path.write_text(f'<?xml version="1.0"?>\n<configuration>\n{properties}</configuration>\n')

    # ---- their lives

    def start(self):
        self.launch("zk")
        for role in ("rm1", "rm2", *self.nodes, "jhs"):
            self.launch(role)
        self.until(self.active_rm, "a ResourceManager is active")
        self.until(lambda: self.registered() == len(self.nodes), "all NodeManagers are registered")
        return self

    def launch(self, role):
        kind = role.rstrip("0123456789")
        conf = self.folder / "conf" / role
        arguments = [str(self.folder / "zoo.cfg")] if role == "zk" else []
        with open(self.folder / f"{role}.log", "ab") as log:
            self.processes[role] = subprocess.Popen(
                [self.java, "-Xmx384m", *JAVA_OPTIONS, *self._realm_options(), f"-Dhadoop.log.dir={self.folder}", f"-Dyarn.log.dir={self.folder}",
                 "-cp", f"{conf}:{self.jars}/*", MAINS[kind], *arguments],
                cwd=self.folder, env={**self._environment(), "HADOOP_CONF_DIR": str(conf)},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=in_the_child(),
            )

    def _realm_options(self):
        return [f"-Djava.security.krb5.conf={self.realm.config}"] if self.realm else []

    def kill(self, role):
        self.processes[role].kill()
        self.processes[role].wait()

    def remove(self):
        for application in self.running():
            self._end(application)
        for process in (*self.submits, *self.processes.values()):
            if process.poll() is None:
                process.kill()
            process.wait()
        # Containers are not children of ours: they are known by the folder in which they work.
        for pid in self.containers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.folder, True)

    def _end(self, application):
        url = self.active_rm()
        if url:
            url += f"/ws/v1/cluster/apps/{application}/state"
            self._curl(url, "-X", "PUT", "-H", "Content-Type: application/json", "-d", '{"state":"KILLED"}')

    def containers(self, marker=""):
        """Processes that work in a container's folder, by the text in their command line."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                is_ours = os.readlink(entry / "cwd").startswith(str(self.folder))
                line = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            known = any(process.pid == int(entry.name) for process in self.processes.values())
            if is_ours and not known and marker in line:
                found.append(int(entry.name))
        return found

    # ---- what they say

    def _curl(self, url, *arguments):
        """The answer's body; empty if there is none."""
        environment = dict(os.environ)
        if self.realm:
            environment |= {**self.realm.environment, "KRB5_CLIENT_KTNAME": str(self.realm.keytab("alice"))}
            arguments = ("--negotiate", "-u", ":", *arguments)
        command = ["curl", "--silent", "--fail", "--noproxy", "*", "--max-time", "10", *arguments, url]
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True).stdout

    def get(self, url):
        try:
            return json.loads(self._curl(url))
        except ValueError:
            return None

    def active_rm(self):
        for url in self.rm_urls:
            info = self.get(f"{url}/ws/v1/cluster/info")
            if info and info["clusterInfo"]["haState"] == "ACTIVE":
                return url
        return None

    def ask(self, path):
        url = self.active_rm()
        return self.get(f"{url}/ws/v1/cluster/{path}") if url else None

    def registered(self):
        answer = self.ask("nodes?states=RUNNING")
        return len(((answer or {}).get("nodes") or {}).get("node") or [])

    def running(self):
        answer = self.ask("apps?states=RUNNING,ACCEPTED")
        return [app["id"] for app in ((answer or {}).get("apps") or {}).get("app") or []]

    def application(self, name):
        """The report of the newest application of that name."""
        answer = self.ask("apps")
        apps = [app for app in ((answer or {}).get("apps") or {}).get("app") or [] if app["name"] == name]
        return max(apps, key=lambda app: app["startedTime"], default=None)

    def log_of(self, container, file="stderr"):
        """The file that a container wrote."""
        found = [path for nm in self.nodes for path in self.folder.glob(f"{nm}/logs/*/{container}/{file}")]
        return found[0] if found else None

    def until(self, condition, what, deadline=START):
        end = time.monotonic() + deadline
        while True:
            value = condition()
            if value:
                return value
            dead = [role for role, process in self.processes.items() if process.poll() not in (None, -9)]
            if dead or time.monotonic() > end:
                role = dead[0] if dead else "rm1"
                tail = (self.folder / f"{role}.log").read_text("utf-8", "replace")[-3000:]
                raise AssertionError(f"not within {deadline} s, or {dead} ended: {what}; the end of {role}.log:\n{tail}")
            time.sleep(0.2)

    # ---- applications

    def _environment(self):
        environment = {
            key: value
            for key, value in os.environ.items()
            if not re.match(r"SPARK_|HADOOP_|PYSPARK_|PYTHON|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS", key)
        }
        return {**environment, "LANG": "C.UTF-8", "JAVA_HOME": str(self.spark.java_home), "SPARK_LOCAL_IP": "127.0.0.1"}

    def submit(self, name, mode, app, *arguments, **conf):
        """By spark-submit, which goes on in the background; in client mode the driver is in it."""
        client = self.folder / "conf" / "client"
        settings = {
            "spark.yarn.jars": f"local:{self.spark.home}/jars/*",
            "spark.yarn.stagingDir": f"file://{self.folder}/staging",
            "spark.yarn.maxAppAttempts": "2",
            "spark.yarn.submit.waitAppCompletion": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.executor.memoryOverhead": "256m",
            "spark.driver.memoryOverhead": "256m",
            "spark.sql.shuffle.partitions": "2",
            "spark.local.dir": self.folder / "spark",
            **{f"spark.yarn.appMasterEnv.{k}": v for k, v in (("PYSPARK_PYTHON", self.spark.python), ("SPARK_LOCAL_IP", "127.0.0.1"), ("LANG", "C.UTF-8"))},
            **{f"spark.executorEnv.{k}": v for k, v in (("SPARK_LOCAL_IP", "127.0.0.1"), ("LANG", "C.UTF-8"))},
            **conf,
        }
        command = [self.spark.home / "bin" / "spark-submit", "--name", name, "--master", "yarn", "--deploy-mode", mode,
                   "--num-executors", "1", "--executor-cores", "2", "--executor-memory", "512m", "--driver-memory", "512m"]
        for key, value in settings.items():
            command += ["--conf", f"{key}={value}"]
        environment = {**self._environment(), "HADOOP_CONF_DIR": str(client), "YARN_CONF_DIR": str(client),
                       "PYSPARK_PYTHON": str(self.spark.python), "PYSPARK_DRIVER_PYTHON": str(self.spark.python)}
        with open(self.folder / f"submit-{name}.log", "ab") as log:
            process = subprocess.Popen(
                [str(part) for part in (*command, app, *arguments)], cwd=self.folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=in_the_child(),
            )
        self.submits.append(process)
        return process
