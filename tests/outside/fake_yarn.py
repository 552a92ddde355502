"""A YARN cluster that only answers: ResourceManagers, NodeManagers, a history server, and drivers behind the proxy, as those of
Hadoop 3.3.6 and Spark 3.5 were seen to answer (tests/data/yarn has what they said). Tests decide what is in it, and what goes
wrong."""
import json
import re
import socket
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ENTITIES = {
    int(line.split("\t")[0][2:], 16): line.rstrip("\n").split("\t")[1]
    for line in (Path(__file__).parent.parent / "data/yarn/html4-entities.tsv").read_text("utf-8").splitlines()
}
JSON = "application/json;charset=utf-8"
HTML = "text/html;charset=utf-8"
TEXT = "text/plain;charset=utf-8"
CLUSTER_TIME = 1795275091581


class Answer:
    def __init__(self, body=b"", kind=JSON, status=200, location=None):
        self.body = body.encode() if isinstance(body, str) else body
        self.kind = kind
        self.status = status
        self.location = location
        self.cut = None  # so many bytes are sent of it, and the connection is closed


def page(content):
    return Answer(
        '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n<html>\n'
        '  <link rel="stylesheet" href="/static/yarn.css">\n  <h1>\n    Logs for container\n  </h1>\n'
        f'        <td class="content">\n          {content}\n        </td>\n</html>\n',
        HTML,
    )


def login_page():
    return Answer("<html><title>Company login</title><form>user <pre>password</pre></form></html>", HTML)


class Server:
    """One HTTP server of the cluster. `fault(path, answer)` may give another answer."""

    def __init__(self, cluster, answer):
        self.cluster = cluster
        self.answer = answer
        self.tls = cluster.tls
        self.fault = None
        self.asked = 0
        self.opened = 0  # connections, also those on which nothing was asked
        self.requests = []  # the path of each as it came, and what it proves itself with
        self.port = 0
        self.server = None
        self.connections = set()

    def start(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.asked += 1
                server.requests.append((self.path, self.headers.get("Authorization")))
                prefix = server.cluster.prefix
                path = self.path.removeprefix(prefix)
                with server.cluster.lock:
                    foreign = not self.path.startswith(prefix)
                    answer = Answer("no such gateway", HTML, 404) if foreign else server.answer(path)
                if server.fault:
                    answer = server.fault(path, answer) or answer
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(len(answer.body)))
                if answer.location:
                    self.send_header("Location", answer.location)
                self.end_headers()
                self.wfile.write(answer.body[: answer.cut])
                if answer.cut is not None:
                    self.close_connection = True

            def log_message(self, *_):
                pass

            def handle(self):
                server.opened += 1
                server.connections.add(self.connection)
                try:
                    super().handle()
                except (OSError, ValueError):
                    pass  # closed, by whomever
                finally:
                    server.connections.discard(self.connection)

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Quiet(("127.0.0.1", self.port), Handler)
        if self.tls:
            # Who is slow, or does not trust us, holds up its own thread only.
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        """It is away; start() brings it back, at the same address."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
            for connection in list(self.connections):
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.address}"


class Attempt:
    def __init__(self, application, number, node):
        self.number = number
        self.node = node
        cluster, short = application.id.split("_")[1:]
        self.container = f"container_e01_{cluster}_{short}_{number:02d}_000001"
        self.logs = {"stderr": bytearray(), "stdout": bytearray()}
        self.running = True
        self.finished = 0


class Application:
    def __init__(self, number, name, node, mode="cluster"):
        self.id = f"application_{CLUSTER_TIME}_{number:04d}"
        self.name = name
        self.user = "root"
        self.queue = "root.etl"
        self.tags = ""
        self.tracking_url = f"http://elsewhere:1/proxy/{self.id}/"
        self.state = "RUNNING"
        self.final = "UNDEFINED"
        self.diagnostics = ""
        self.finished = 0
        self.mode = mode
        self.listed = True  # by the ResourceManager
        self.attempts = [Attempt(self, 1, node)]
        self.uploaded = False  # its logs are at the history server
        self.kept = True  # the NodeManagers still know it
        self.jobs = []
        self.stages = {}
        self.batches = None  # a list, if it has DStreams
        self.old_spark = False  # has no /streaming

    @property
    def attempt(self):
        return self.attempts[-1]

    def write(self, data, file="stderr"):
        self.attempt.logs[file] += data

    def end(self, state="FINISHED", final="SUCCEEDED", diagnostics=""):
        self.state, self.final, self.diagnostics = state, final, diagnostics
        self.finished = int(time.time() * 1000)
        self.attempt.running = False

    def next_attempt(self, node):
        self.attempt.running = False
        self.attempt.finished = 1
        self.attempts.append(Attempt(self, len(self.attempts) + 1, node))


class Cluster:
    def __init__(self, rms=1, nodes=1, tls=None, prefix=""):
        self.lock = threading.RLock()
        self.tls = tls  # an ssl.SSLContext
        self.prefix = prefix  # of a gateway, before all paths
        self.applications = {}
        self.active = 0  # None: no ResourceManager is
        self.between_attempts = set()  # ids
        self.rms = [Server(self, lambda path, i=i: self.rm(i, path)).start() for i in range(rms)]
        self.nodes = [Server(self, lambda path, i=i: self.node(i, path)).start() for i in range(nodes)]
        self.history = Server(self, self.history_answer).start()
        self.with_text = True  # NodeManagers have the REST for logs

    def close(self):
        for server in self.servers():
            server.stop()

    def servers(self):
        return *self.rms, *self.nodes, self.history

    def submit(self, name, node=0, mode="cluster"):
        with self.lock:
            application = Application(len(self.applications) + 1, name, node, mode)
            self.applications[application.id] = application
            return application

    # ------------------------------------------------------------ ResourceManager

    def rm(self, number, path):
        url = urllib.parse.urlsplit(path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/ws/v1/cluster/info":
            state = "ACTIVE" if self.active == number else "STANDBY"
            info = {"id": CLUSTER_TIME, "startedOn": CLUSTER_TIME, "haState": state, "resourceManagerVersion": "3.3.6"}
            return Answer(json.dumps({"clusterInfo": info}))
        if self.active is None:
            return Answer("Can not find any active RM. Will retry in next 6 seconds.", TEXT, 307)
        if self.active != number:
            location = self.rms[self.active].url + path
            return Answer(f"This is standby RM. The redirect url is: {path}", TEXT, 307, location)
        if url.path == "/ws/v1/cluster/apps":
            states = query["states"][0].lower().split(",")
            since = int(query.get("finishedTimeBegin", ["0"])[0])
            apps = [
                self.app(one)
                for one in self.applications.values()
                if one.listed and self.state(one).lower() in states and (not since or one.finished >= since)
            ]
            return Answer('{"apps":' + ('{"app":[' + ",".join(apps) + "]}" if apps else "{}") + "}")
        match = re.fullmatch(r"/ws/v1/cluster/apps/(application_\d+_\d+)(/appattempts)?", url.path)
        if match:
            one = self.applications.get(match[1])
            if one is None:
                exception = {"exception": "NotFoundException", "message": f"app with id: {match[1]} not found"}
                return Answer(json.dumps({"RemoteException": exception}), status=404)
            if match[2]:
                return Answer(json.dumps({"appAttempts": {"appAttempt": [self.attempt(one, a) for a in one.attempts]}}))
            return Answer('{"app":' + self.app(one) + "}")
        match = re.fullmatch(r"/proxy/(application_\d+_\d+)/api/v1/applications/\1/(.*)", url.path)
        if match and match[1] in self.applications:
            return self.driver(self.applications[match[1]], match[2], query)
        return Answer("no such page", HTML, 404)

    def state(self, one):
        return "ACCEPTED" if one.id in self.between_attempts else one.state

    def logs_url(self, one, attempt):
        return f"{self.nodes[attempt.node].url}/node/containerlogs/{attempt.container}/{one.user}"

    def app(self, one):
        app = {
            "id": one.id,
            "user": one.user,
            "name": one.name,
            "queue": one.queue,
            "state": self.state(one),
            "finalStatus": one.final,
            "trackingUrl": one.tracking_url,
            "diagnostics": one.diagnostics,
            "applicationType": "SPARK",
            "applicationTags": one.tags,
            "startedTime": CLUSTER_TIME,
            "finishedTime": one.finished,
            "allocatedMB": -1 if one.finished else 1536,
            "allocatedVCores": -1 if one.finished else 2,
            "runningContainers": -1 if one.finished else 2,
        }
        if one.id not in self.between_attempts:
            app["amContainerLogs"] = self.logs_url(one, one.attempt)
            app["masterNodeId"] = f"worker{one.attempt.node}:8041"
        twice = '"resourceSecondsMap":{"entry":{"key":"memory-mb","value":"1"},"entry":{"key":"vcores","value":"2"}}'
        return json.dumps(app)[:-1] + "," + twice + "}"

    def attempt(self, one, attempt):
        return {
            "id": attempt.number,
            "containerId": attempt.container,
            "nodeId": f"worker{attempt.node}:8041",
            "logsLink": self.logs_url(one, attempt),
            "finishedTime": attempt.finished,
        }

    # ------------------------------------------------------------ driver

    def driver(self, one, what, query):
        if one.state != "RUNNING":
            return Answer("", HTML, 302, f"{self.rms[0].url}/cluster/app/{one.id}")
        if what == "environment":
            properties = [["spark.app.id", one.id], ["spark.submit.deployMode", one.mode]]
            return Answer(json.dumps({"runtime": {}, "sparkProperties": properties}, indent=2))
        if what == "jobs":
            return Answer(json.dumps(one.jobs[::-1], indent=2))
        if what.startswith("stages/"):
            stage = one.stages.get(int(what[7:]))
            if stage is None:
                return Answer(f"unknown stage: {what[7:]}", TEXT, 404)
            return Answer(json.dumps(stage, indent=2))
        if what == "streaming/batches" and not one.old_spark:
            if one.batches is None:
                return Answer(f"no streaming listener attached to {one.name}", TEXT, 404)
            return Answer(json.dumps(one.batches[::-1], indent=2))
        return Answer("<html><h2>HTTP ERROR 404</h2></html>", HTML, 404)

    # ------------------------------------------------------------ logs

    def find(self, container):
        for one in self.applications.values():
            for attempt in one.attempts:
                if attempt.container == container:
                    return one, attempt
        return None, None

    def node(self, number, path):
        url = urllib.parse.urlsplit(path)
        query = urllib.parse.parse_qs(url.query)
        match = re.fullmatch(r"/ws/v1/node/containerlogs/(\w+)/(\w+)", url.path)
        if match and self.with_text:
            one, attempt = self.find(match[1])
            if one is None or not one.kept or attempt.node != number or match[2] not in attempt.logs:
                return Answer("", TEXT, 307, f"{self.history.url}/ws/v1/history/containers/{match[1]}/logs/{match[2]}")
            return self.text(attempt, match[2], int(query["size"][0]), "LOCAL")
        match = re.fullmatch(r"/node/containerlogs/(\w+)/(\w+)/(\w+)/?", url.path)
        if not match:
            return Answer("<html>no such page</html>", HTML, 404)
        one, attempt = self.find(match[1])
        if one is None or not one.kept or attempt.node != number:
            location = f"{self.history.url}/jobhistory/logs/worker{number}:8041/{match[1]}/{match[1]}/root/{match[3]}"
            return Answer(f"Redirecting to log server : {location}", TEXT, 307, location)
        if match[3] not in attempt.logs:
            return page("<h1>\n  java.lang.Exception: Cannot find this log on the local disk.\n </h1>")
        return self.html(attempt.logs[match[3]], query)

    def history_answer(self, path):
        url = urllib.parse.urlsplit(path)
        query = urllib.parse.parse_qs(url.query)
        match = re.fullmatch(r"/ws/v1/history/containerlogs/(\w+)/(\w+)", url.path)
        if match:
            one, attempt = self.find(match[1])
            if one is not None and one.uploaded:
                return self.text(attempt, match[2], int(query["size"][0]), "AGGREGATED")
        if url.path.startswith("/jobhistory/logs/"):
            return page("<h1>\n Logs not available for container. Aggregation may not be complete.\n </h1>")
        return Answer("<html>not found</html>", HTML, 404)

    @staticmethod
    def text(attempt, file, size, kind):
        log = bytes(attempt.logs[file])
        content = log[len(log) - min(-size, len(log)) :] if size <= 0 else log[:size]
        end = f"End of LogType:{file}"
        if kind == "AGGREGATED":
            end = "\n" + end
        else:
            end += "."
            if attempt.running:
                end += f"This log file belongs to a running container ({attempt.container}) and so may not be complete."
        head = (
            f"Container: {attempt.container} on worker:8041\nLogAggregationType: {kind}\n{'=' * 60}\nLogType:{file}\n"
            f"LogLastModifiedTime:Sat Nov 21 15:34:24 +0000 2026\nLogLength:{len(log)}\nLogContents:\n"
        )
        return Answer(head.encode() + content + end.encode() + b"\n" + b"*" * 60 + b"\n\n", TEXT)

    @staticmethod
    def html(log, query):
        log = bytes(log)
        start = int(query.get("start", ["-4096"])[0])
        if start < 0:
            start = max(0, len(log) + start)
        if start > len(log):
            return page(f"<h1>\n Invalid start and end values. Start: [{start}], end[{len(log)}]\n </h1>")
        end = int(query.get("end", [str(len(log))])[0])
        text = log[start:].decode("utf-8", "replace")[: max(0, end - start)]
        return page("<pre>" + text.translate(ENTITIES) + "</pre>")
