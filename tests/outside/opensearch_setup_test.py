"""`sparktail setup` and `sparktail check` of a sink of OpenSearch, with dashboards before it: a small server of HTTP in their place."""
import base64
import json
import subprocess
import sys
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import support
from support import sparktail

PASSWORD = "p4ss"
LOGIN = "Basic " + base64.b64encode(f"monitor:{PASSWORD}".encode()).decode()


class Server(ThreadingHTTPServer):
    """A cluster with index state management, and its dashboards below /dashboards. It keeps what it is given."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.templates, self.policies, self.objects, self.writes = {}, {}, {}, []
        self.aliases = {"monitor-yarn-pro-20261126": {}}
        threading.Thread(target=self.serve_forever).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def end(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode() if not isinstance(value, bytes) else value
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != LOGIN:
            return self.answer(401, {"error": {"type": "security_exception", "reason": "who are you?"}, "status": 401})
        path, _, query = self.path.partition("?")
        last = path.rpartition("/")[2]
        if path.startswith("/dashboards/"):
            return self.dashboards(path, query, body)
        if path == "/":
            return self.answer(200, {"version": {"distribution": "opensearch", "number": "2.19.4"}})
        if path.startswith("/_index_template/"):
            return self.kept(self.server.templates, last, body, self.template)
        if path.startswith("/_plugins/_ism/policies/"):
            return self.kept(self.server.policies, last, body, lambda name, it: {"_seq_no": 1, "_primary_term": 1, **it})
        if path.endswith("/_alias"):
            return self.answer(200, {index: {"aliases": its} for index, its in self.server.aliases.items()})
        if path == "/_aliases":
            self.server.writes.append(self.path)
            for action in json.loads(body)["actions"]:
                for index in action["add"]["indices"]:
                    self.server.aliases[index][action["add"]["alias"]] = {}
            return self.answer(200, {"acknowledged": True})
        return self.answer(400, {"error": f"no handler found for uri [{self.path}] and method [{self.command}]"})

    do_GET = do_PUT = do_POST = do

    @staticmethod
    def template(name, it):
        return {"index_templates": [{"name": name, "index_template": it}]}

    def kept(self, things, name, body, show):
        if self.command == "PUT":
            self.server.writes.append(self.path)
            things[name] = json.loads(body)
            return self.answer(200, {"acknowledged": True})
        if name in things:
            return self.answer(200, show(name, things[name]))
        return self.answer(404, {"error": {"type": "resource_not_found_exception", "reason": name}, "status": 404})

    def dashboards(self, path, query, body):
        # Without them a browser could be made to do it.
        if not self.headers.get("osd-xsrf") or not self.headers.get("kbn-xsrf"):
            return self.answer(400, {"statusCode": 400, "error": "Bad Request", "message": "Request must contain a kbn-xsrf header."})
        if path.endswith("/api/saved_objects/_export"):
            (wanted,) = json.loads(body)["objects"]
            if wanted["id"] in self.server.objects:
                return self.answer(200, json.dumps(self.server.objects[wanted["id"]]).encode() + b"\n")
            missing = {**wanted, "error": {"statusCode": 404}}
            return self.answer(400, {"statusCode": 400, "message": "Bad Request", "attributes": {"objects": [missing]}})
        assert (path, query) == ("/dashboards/api/saved_objects/_import", "overwrite=true"), self.path
        self.server.writes.append(self.path)
        form = message_from_bytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        (part,) = form.get_payload()
        assert part.get_param("name", header="content-disposition") == "file"
        assert part.get_filename().endswith(".ndjson")
        for line in part.get_payload(decode=True).decode().strip().split("\n"):
            one = json.loads(line)
            self.server.objects[one["id"]] = one
        return self.answer(200, {"success": True, "successCount": len(self.server.objects)})


class Setup(support.TempCase):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.end)

    def configuration(self, **options):
        sink = {"kind": "opensearch", "urls": [self.server.url], "auth": "basic", "username": "monitor", "password": PASSWORD,
                "retention": "30d", "alias": "spark", "dashboards_url": f"{self.server.url}/dashboards/", **options}
        sources = [{"kind": "file", "paths": [f"{self.folder}/*.log"]}]
        return self.file(json.dumps({"state_dir": f"{self.folder}/state", "sources": sources, "sinks": [sink]}).encode(), "sparktail.yaml")

    def told(self, *arguments, code=0):
        result = sparktail(*arguments)
        self.assertEqual(result.code, code, result.err + result.out.decode())
        text = result.out.decode()
        self.assertNotIn(PASSWORD, text + result.err)
        return text

    def test_what_is_missing_is_made_once(self):
        path = self.configuration()
        first = self.told("setup", "-c", path)
        for line in ("OpenSearch 2.19.4 responds", "created the policy sparktail", "created the index template sparktail",
                     "added the alias spark to indices that lacked it: 1", "created the dashboard sparktail-overview"):
            self.assertIn(f"ok       sink opensearch: {line}", first)
        self.assertIn("5 ok, 0 warnings, 0 failed", first)
        self.assertEqual(len(self.server.writes), 4)
        self.assertEqual(len(self.server.objects), 13)
        self.assertIn("monitor-yarn-*-*", self.server.templates["sparktail"]["index_patterns"])

        second = self.told("setup", "-c", path)
        self.assertIn("found the index template sparktail", second)
        self.assertEqual(len(self.server.writes), 4)

        check = self.told("check", "-c", path)
        self.assertIn("ok       sink opensearch: found the dashboard sparktail-overview", check)
        self.assertEqual(len(self.server.writes), 4)

    def test_wrong_credentials_are_told(self):
        for command in ("setup", "check"):
            text = self.told(command, "-c", self.configuration(password="other"), code=1)
            self.assertIn("HTTP 401, security_exception: who are you?", text)
        self.assertEqual(self.server.writes, [])

    def test_two_sinks_do_not_share_a_template(self):
        self.told("setup", "-c", self.configuration())
        text = self.told("setup", "-c", self.configuration(index="other-%Y"), code=1)
        self.assertIn("give this sink a template_name of its own", text)
        self.told("setup", "-c", self.configuration(index="other-%Y", template_name="other"))
        self.assertEqual(sorted(self.server.templates), ["other", "sparktail"])
        self.assertEqual(len(self.server.objects), 26)

    def test_what_is_a_users_is_left(self):
        path = self.configuration()
        self.told("setup", "-c", path)
        del self.server.templates["sparktail"]["_meta"]
        self.server.policies["sparktail"]["policy"]["description"] = "mine"
        self.server.objects["sparktail-overview"]["attributes"]["description"] = "mine"
        text = self.told("setup", "-c", path)
        self.assertEqual(text.count("it is yours"), 3, text)
        self.assertEqual(len(self.server.writes), 4)


class SavedObjects(support.TempCase):
    def test_the_file_is_what_its_script_writes(self):
        script = support.ROOT / "deploy" / "dashboards" / "make_opensearch.py"
        self.assertEqual(subprocess.run([sys.executable, script, "--check"], timeout=60).returncode, 0,
                         "run deploy/dashboards/make_opensearch.py")


if __name__ == "__main__":
    support.main(workers=4)
