#!/usr/bin/env python3
"""Whom the source of YARN trusts: certificates, gateways, proxies, and who gets its credentials. The cluster only answers
(fake_yarn.py)."""
import base64
import json
import os
import ssl
import sys
import urllib.parse

import fake_yarn
import run_support
import support
from fake_yarn import Answer
from run_support import documents, file_lines
from yarn_test import FAST, YarnCase

sys.path.append(str(support.ROOT / "tests" / "live"))
from certificates import Certificates  # noqa: E402

PASSWORD = "open-sesame-7319"
LOGIN = {"auth": "basic", "username": "etl", "password": PASSWORD}
PROOF = base64.b64encode(f"etl:{PASSWORD}".encode()).decode()
HEADER = f"Basic {PROOF}"
PREFIX = "/gateway/default/yarn"
CLOSING = run_support.CLOSING


class TrustCase(YarnCase):
    def server(self, cluster, answer=lambda path: fake_yarn.login_page()):
        """One more server, which is not of the cluster."""
        server = fake_yarn.Server(cluster, answer).start()
        self.addCleanup(server.stop)
        return server

    def goes_on(self, runner, server, count=6):
        """Waits until a server of the cluster was asked so often again."""
        asked = server.asked
        runner.until(lambda: server.asked >= asked + count, "it goes on")

    def ends(self, runner, count=2):
        runner.until(lambda: sum(cursor["ended"] for cursor in runner.offsets()) == count, "its logs end")

    def reads_all(self, cluster, runner, one):
        """A log, from its beginning to its end: of a first attempt, from the NodeManager, and from the history server."""
        one.write(run_support.events(1) + CLOSING)
        one.next_attempt(0)
        one.write(run_support.banner() + run_support.events(2))
        runner.start()
        self.comes(runner, [1, 2])
        one.write(run_support.events(3))
        self.comes(runner, [1, 2, 3])
        with cluster.lock:
            one.write(run_support.events(4) + CLOSING)
            one.end()
            one.kept = False
            one.uploaded = True
        self.comes(runner, [1, 2, 3, 4])
        self.ends(runner, 4)
        runner.stop()
        self.check_log(runner, one, 0)
        self.check_log(runner, one, 1)

    def check_of(self, runner):
        runner.config_path.write_text(json.dumps(runner.config))
        return support.sparktail("check", "-c", runner.config_path)


class TlsTest(TrustCase):
    def setUp(self):
        super().setUp()
        self.certificates = Certificates(self.folder / "tls")
        self.ours = {"ssl_ca": str(self.certificates.pem("ca"))}
        self.foreign = {"ssl_ca": str(self.certificates.pem("foreign-ca"))}

    def context(self, name="server"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates.pem(name), self.certificates.key(name))
        return context

    def change(self, server, tls):
        """It speaks otherwise from now on, at the same port."""
        server.stop()
        server.tls = tls
        server.start()

    def test_an_own_authority(self):
        cluster = self.cluster(rms=2, tls=self.context())
        runner = self.yarn_runner(cluster, history_server=cluster.history.url, **self.ours, **LOGIN)
        self.assertEqual({url[:8] for url in runner.config["sources"][0]["resource_managers"]}, {"https://"})
        self.reads_all(cluster, runner, cluster.submit("a"))
        for server in cluster.servers():
            self.assertEqual({proof for _, proof in server.requests}, {HEADER})
        self.assertNotIn("ssl_ca", runner.said())
        self.assertNotIn("insecure_skip_verify", runner.said())

    def test_another_authority_is_not_trusted(self):
        for name, trusted in (("foreign", self.foreign), ("system", {})):
            with self.subTest(name):
                cluster = self.cluster(rms=2, tls=self.context())
                cluster.submit("a").write(run_support.events(1))
                runner = self.yarn_runner(cluster, name, applications=["a"], **trusted, **LOGIN).start()
                runner.until(lambda: "warning: " in runner.said(), "it says so")
                opened = cluster.rms[0].opened
                runner.until(lambda: cluster.rms[0].opened > opened + 3, "it tries again")
                runner.stop()
                warnings = [line for line in runner.said().splitlines() if "warning: " in line]
                self.assertEqual(len(warnings), 1, warnings)
                self.assertRegex(warnings[0], "source prod: no ResourceManager is active: .*certificate.*ssl_ca")
                self.assertEqual([server.requests for server in cluster.servers()], [[]] * 4)
                # Nor is it said that the application does not run.
                self.assertEqual(runner.lines(), [])

    def test_a_node_of_another_authority_is_not_trusted(self):
        cluster = self.cluster(tls=self.context())
        self.change(cluster.nodes[0], self.context("foreign-ca"))
        cluster.submit("a").write(run_support.events(1))
        runner = self.yarn_runner(cluster, **self.ours, **LOGIN).start()
        runner.until(lambda: "cannot be read" in runner.said(), "it says so")
        opened = cluster.nodes[0].opened
        runner.until(lambda: cluster.nodes[0].opened > opened + 5, "it tries again")
        self.assertEqual(cluster.nodes[0].requests, [])
        self.assertEqual(self.progress(runner), [])
        self.assertEqual(runner.said().count("ssl_ca"), 1)
        self.change(cluster.nodes[0], self.context())
        self.comes(runner, [1])
        runner.stop()

    def cluster_with_a_plain_node(self):
        cluster = self.cluster(tls=self.context())
        self.change(cluster.nodes[0], None)
        one = cluster.submit("a")
        one.write(run_support.events(1) + CLOSING)
        return cluster, one

    def test_no_credentials_over_less_than_the_resource_manager_speaks(self):
        cluster, one = self.cluster_with_a_plain_node()
        runner = self.yarn_runner(cluster, end_wait="0s", **self.ours, **LOGIN).start()
        runner.until(lambda: "credentials are not sent over http" in runner.said(), "it says so")
        self.goes_on(runner, cluster.rms[0], 20)
        self.assertEqual(runner.said().count("credentials are not sent over http"), 1)
        one.end()
        runner.until(lambda: "cannot be read after byte 0" in runner.said(), "it gives up")
        self.ends(runner)
        runner.stop()
        self.assertEqual(cluster.nodes[0].opened, 0)

    def test_the_history_server_has_what_such_a_node_may_not_be_asked_for(self):
        cluster, one = self.cluster_with_a_plain_node()
        runner = self.yarn_runner(cluster, history_server=cluster.history.url, **self.ours, **LOGIN).start()
        runner.until(lambda: "credentials are not sent over http" in runner.said(), "it says so")
        with cluster.lock:
            one.end()
            one.uploaded = True
        self.comes(runner, [1])
        self.ends(runner)
        runner.stop()
        self.assertEqual(cluster.nodes[0].opened, 0)

    def test_check_sends_no_credentials_to_such_a_node(self):
        cluster, _ = self.cluster_with_a_plain_node()
        done = self.check_of(self.yarn_runner(cluster, **self.ours, **LOGIN))
        self.assertEqual(done.code, 1)
        self.assertIn("credentials are not sent over http", done.out.decode())
        self.assertEqual(cluster.nodes[0].opened, 0)

    def test_who_has_no_credentials_loses_none(self):
        cluster, _ = self.cluster_with_a_plain_node()
        runner = self.yarn_runner(cluster, **self.ours)
        done = self.check_of(runner)
        self.assertEqual(done.code, 0, done.out)
        runner.start()
        self.comes(runner, [1])
        runner.stop()

    def test_a_redirect_to_less_is_not_followed(self):
        cluster = self.cluster(tls=self.context())
        cluster.submit("a").write(run_support.events(1))
        stranger = self.server(cluster)
        self.change(stranger, None)
        for server in (*cluster.rms, *cluster.nodes):
            server.fault = lambda path, answer: Answer("", "text/plain", 307, stranger.url + path)
        runner = self.yarn_runner(cluster, **self.ours, **LOGIN).start()
        self.goes_on(runner, cluster.rms[0])
        cluster.rms[0].fault = None
        self.goes_on(runner, cluster.nodes[0])
        self.assertEqual(stranger.opened, 0)
        cluster.nodes[0].fault = None
        self.comes(runner, [1])
        runner.stop()


class GatewayTest(TrustCase):
    def test_all_goes_through_the_gateway(self):
        for with_text in (True, False):
            with self.subTest(with_text=with_text):
                cluster = self.cluster(rms=2, prefix=PREFIX)
                cluster.with_text = with_text
                runner = self.yarn_runner(
                    cluster, f"run-{with_text}", url_prefix=PREFIX, history_server=cluster.history.url + "/"
                )
                client = cluster.submit("client", mode="client")
                client.jobs = [{"jobId": 0, "name": "count", "submissionTime": "2026-11-21T15:59:00.000GMT",
                                "completionTime": "2026-11-21T15:59:09.000GMT", "stageIds": [7], "status": "SUCCEEDED"}]
                client.stages = {7: [{"stageId": 7}]}
                self.reads_all(cluster, runner, cluster.submit("a"))
                self.assertEqual([d["stages"] for d in self.of_kind(runner, "job")], [[{"stageId": 7}]])
                for server in cluster.servers():
                    paths = [path for path, _ in server.requests]
                    self.assertTrue(paths)
                    self.assertEqual([path for path in paths if not path.startswith(PREFIX + "/")], [])

    def test_an_address_that_a_gateway_has_made_is_told_of(self):
        """As Apache Knox rewrites them: what is asked for there would be another thing."""
        cluster = self.cluster()
        one = cluster.submit("a")
        one.write(run_support.events(1))
        made = f"{cluster.nodes[0].url}{PREFIX}/nodemanager/node/containerlogs/{one.attempt.container}/root?scheme=http&host=w"
        cluster.logs_url = lambda one, attempt: made
        runner = self.yarn_runner(cluster).start()
        runner.until(lambda: "not an address of a NodeManager" in runner.said(), "it says so")
        self.goes_on(runner, cluster.rms[0], 20)
        runner.stop()
        self.assertEqual(runner.said().count(made), 1)
        self.assertEqual(cluster.nodes[0].opened, 0)
        done = self.check_of(runner)
        self.assertEqual(done.code, 1)
        self.assertIn(made, done.out.decode())

    def test_check_goes_through_it_too(self):
        cluster = self.cluster(prefix=PREFIX)
        cluster.submit("a").write(run_support.events(1))
        done = self.check_of(self.yarn_runner(cluster, url_prefix=PREFIX))
        self.assertEqual(done.code, 0, done.out)
        self.assertIn("(a): its log can be read", done.out.decode())


class CredentialsTest(TrustCase):
    def test_they_go_to_the_cluster_and_to_nobody_else(self):
        cluster = self.cluster(rms=2, nodes=2)
        stranger = self.server(cluster)
        one, moved, client = cluster.submit("a", 0), cluster.submit("moved", 1), cluster.submit("client", 0, "client")
        one.tracking_url = moved.tracking_url = client.tracking_url = stranger.url
        driver_asked = set()

        def to_the_driver(path, answer):
            """Drivers send whoever asks to their own address; only this one's deploy mode is told."""
            if not path.startswith("/proxy/") or path.endswith("/environment") and client.id in path:
                return answer
            driver_asked.add(path.split("/")[2])
            return Answer("", "text/html", 302, stranger.url + path)

        cluster.rms[0].fault = to_the_driver
        cluster.rms[1].fault = lambda path, answer: Answer("This is standby RM.", "text/plain", 307, stranger.url + path)
        one.write(run_support.events(1))
        moved.write(run_support.events(2) + CLOSING)
        moved.kept = False
        moved.uploaded = True
        # Its NodeManager names the history server, which is not configured.
        runner = self.yarn_runner(cluster, **LOGIN).start()
        self.comes(runner, [1])
        self.goes_on(runner, cluster.nodes[1])
        self.goes_on(runner, cluster.rms[1])
        runner.until(lambda: len(driver_asked) == 3, "each driver is asked")
        # Nor is it when there is nobody else to ask.
        with cluster.lock:
            moved.end()
        runner.until(lambda: "set `history_server`" in runner.said(), "it says what is missing")
        self.ends(runner)
        runner.stop()
        self.assertEqual(stranger.opened, 0)
        self.assertEqual(cluster.history.opened, 0)
        for server in (*cluster.rms, *cluster.nodes):
            self.assertEqual({proof for _, proof in server.requests}, {HEADER})

    def test_the_history_server_gets_them_if_it_is_configured(self):
        cluster = self.cluster()
        stranger = self.server(cluster)
        cluster.nodes[0].fault = (
            lambda path, answer: Answer("", "text/plain", 307, stranger.url + path) if answer.status == 307 else answer
        )
        runner = self.yarn_runner(cluster, history_server=cluster.history.url, **LOGIN)
        self.reads_all(cluster, runner, cluster.submit("a"))
        self.assertEqual({proof for _, proof in cluster.history.requests}, {HEADER})
        self.assertEqual(stranger.opened, 0)

    def test_check_follows_no_redirect(self):
        cluster = self.cluster(rms=2)
        stranger = self.server(cluster)
        cluster.submit("a").write(run_support.events(1))
        away = lambda path, answer: Answer("", "text/plain", 307, stranger.url + path)  # noqa: E731
        cluster.rms[0].fault = lambda path, answer: away(path, answer) if path.startswith("/proxy/") else answer
        cluster.rms[1].fault = cluster.nodes[0].fault = away
        done = self.check_of(self.yarn_runner(cluster, **LOGIN))
        self.assertEqual(done.code, 1)
        self.assertIn("its log can't be read", done.out.decode())
        self.assertEqual(stranger.opened, 0)
        self.assertEqual({proof for _, proof in cluster.nodes[0].requests}, {HEADER})
        self.assertNotIn(PASSWORD, done.out.decode() + done.err)

    def test_the_password_is_written_nowhere(self):
        cluster = self.cluster(rms=2)
        one = cluster.submit("a")
        one.write(run_support.events(1))
        runner = self.yarn_runner(cluster, more={"log": {"level": "debug"}}, **LOGIN).start()
        self.comes(runner, [1])
        refusal = Answer("", "text/html", 401)
        for server in (*cluster.rms, *cluster.nodes):
            server.fault = lambda path, answer: refusal
        runner.until(lambda: runner.said().count("it denies access (401)") >= 2, "it says so")
        # All is there that it keeps while it runs, and what a life leaves behind.
        runner.kill()
        self.check_secret(runner)
        for server in (*cluster.rms, *cluster.nodes):
            server.fault = None
        runner.start()
        one.write(run_support.events(2))
        self.comes(runner, [1, 2])
        runner.stop()
        self.check_secret(runner)

    def check_secret(self, runner):
        paths = [path for path in runner.folder.rglob("*") if path.is_file() and path != runner.config_path]
        self.assertTrue({runner.error_path, runner.state / "offsets.db"} <= set(paths), paths)
        for path in paths:
            content = path.read_bytes()
            for secret in (PASSWORD, PROOF):
                self.assertNotIn(secret.encode(), content, path)


class ProxyTest(TrustCase):
    def test_that_of_the_environment_is_not_used(self):
        cluster = self.cluster()
        proxy = self.server(cluster)
        env = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            env[name] = env[name.upper()] = proxy.url
        runner = self.yarn_runner(cluster, history_server=cluster.history.url, **LOGIN)
        start = runner.start
        runner.start = lambda: start(env=env)
        self.reads_all(cluster, runner, cluster.submit("a"))
        self.assertEqual(proxy.opened, 0)

    def test_that_of_the_configuration_is(self):
        cluster = self.cluster()
        by_address = {server.address: server for server in cluster.servers()}

        def forward(url):
            parts = urllib.parse.urlsplit(url)
            return by_address[parts.netloc].answer(parts._replace(scheme="", netloc="").geturl())

        proxy = self.server(cluster, forward)
        runner = self.yarn_runner(cluster, history_server=cluster.history.url, proxy=proxy.url)
        self.reads_all(cluster, runner, cluster.submit("a"))
        self.assertEqual([server.opened for server in cluster.servers()], [0, 0, 0])


class TwoClustersTest(TrustCase):
    def test_each_goes_to_its_own_sinks(self):
        """Their applications and containers have the same ids."""
        clusters = {name: self.cluster() for name in ("pro", "pre")}
        apps = {name: cluster.submit("a") for name, cluster in clusters.items()}
        self.assertEqual(apps["pro"].attempt.container, apps["pre"].attempt.container)
        runner = self.runner([], sinks=())
        paths = {name: runner.folder / f"{name}.ndjson" for name in ("pro", "pre", "both")}
        runner.config["sinks"] = [{"kind": "file", "name": name, "path": str(path)} for name, path in paths.items()]
        runner.config["sources"] = [
            {
                "kind": "yarn",
                "name": f"of-{name}",
                "environment": name,
                "sinks": [name, "both"],
                "resource_managers": [cluster.rms[0].url],
                "applications": ["a"],
                **FAST,
            }
            for name, cluster in clusters.items()
        ]

        def numbers(name):
            return sorted(d["metrics"]["batchId"] for d in documents(file_lines(paths[name])) if d["kind"] == "progress")

        def come(pro, pre):
            for name, wanted in {"pro": pro, "pre": pre, "both": pro + pre}.items():
                runner.until(lambda: set(numbers(name)) >= set(wanted), lambda: f"{wanted} in {name}, not {numbers(name)}")
                self.assertEqual(numbers(name), wanted, name)

        apps["pro"].write(run_support.events(1, 2, 3))
        apps["pre"].write(run_support.events(11))
        runner.start()
        come([1, 2, 3], [11])
        clusters["pre"].rms[0].stop()
        runner.until(lambda: "warning: source of-pre" in runner.said(), "one cluster is away")
        apps["pro"].write(run_support.events(4))
        come([1, 2, 3, 4], [11])
        runner.stop()
        # Each goes on at its own byte.
        clusters["pre"].rms[0].start()
        apps["pre"].write(run_support.events(12))
        apps["pro"].write(run_support.events(5))
        runner.start()
        come([1, 2, 3, 4, 5], [11, 12])
        apps["pre"].end()
        ended = {"pro": True, "pre": False}

        def reports(name):
            return [d for d in documents(file_lines(paths[name])) if d["kind"] == "app"]

        for name, running in ended.items():
            runner.until(lambda: reports(name) and reports(name)[-1]["running"] == running, f"it is reported on {name}")
        runner.stop()
        self.assertNotIn("source of-pro", "\n".join(line for line in runner.said().splitlines() if "warning: " in line))
        self.assertTrue(all(d["running"] for d in reports("pro")))
        for name in ("pro", "pre"):
            found = {(d["environment"], d["source"]["name"]) for d in documents(file_lines(paths[name]))}
            self.assertEqual(found, {(name, f"of-{name}")})
        whole = [sorted(file_lines(paths[name])) for name in ("pro", "pre", "both")]
        self.assertEqual(sorted(whole[0] + whole[1]), whole[2])


if __name__ == "__main__":
    support.main(workers=4)
