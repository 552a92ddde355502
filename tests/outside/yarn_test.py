#!/usr/bin/env python3
"""The source of YARN, over a cluster that only answers (fake_yarn.py): whatever goes wrong, no byte is lost and none comes
twice."""
import itertools
import json
import time

import fake_yarn
import run_support
import support
from fake_yarn import Answer
from run_support import RunCase, documents, eventually, rng
from support import SCALE

FAST = {"poll_interval": "200ms", "read_interval": "50ms", "heartbeat_interval": "1s", "error_min_sleep": "20ms", "error_max_sleep": "50ms"}
CLOSING = run_support.CLOSING


def job(number, completed, stages, status="SUCCEEDED", description="a job"):
    one = {"jobId": number, "name": "count at App.scala:7", "description": description, "submissionTime": "2026-11-21T15:59:00.000GMT"}
    if completed is not None:
        one["completionTime"] = f"2026-11-21T15:59:{completed:06.3f}GMT"
    return {**one, "stageIds": stages, "status": status if completed is not None else "RUNNING", "numTasks": 4}


def stage(number, status="COMPLETE"):
    return [{"status": status, "stageId": number, "attemptId": 0, "numTasks": 2, "name": "count [at] App.scala:7"}]


class YarnCase(RunCase):
    def setUp(self):
        super().setUp()
        self.clusters = []

    def cluster(self, **options):
        cluster = fake_yarn.Cluster(**options)
        self.addCleanup(cluster.close)
        return cluster

    def yarn_runner(self, cluster, name="run", more=None, **source):
        runner = self.runner([], name, sinks=("file",), more=more)
        runner.config["sources"] = [
            {
                "kind": "yarn",
                "name": "prod",
                "resource_managers": [rm.url for rm in cluster.rms],
                **FAST,
                **source,
            }
        ]
        return runner

    def progress(self, runner):
        return [d["metrics"]["batchId"] for d in documents(runner.lines()) if d["kind"] == "progress"]

    def of_kind(self, runner, kind):
        return [d for d in documents(runner.lines()) if d["kind"] == kind]

    def comes(self, runner, numbers):
        runner.until(lambda: set(self.progress(runner)) >= set(numbers), lambda: f"{numbers} come, not {self.progress(runner)}")
        self.assertEqual(sorted(self.progress(runner)), sorted(numbers))

    def check_log(self, runner, one, attempt=0, file="stderr"):
        """The delivered events are those that `parse` finds in the log."""
        log = self.folder / "whole.log"
        log.write_bytes(bytes(one.attempts[attempt].logs[file]))
        kinds = ("progress", "query", "signal")
        ids = [d["id"] for d in documents(run_support.parsed(log)) if d["kind"] == "progress"]
        got = [
            d["id"]
            for d in documents(runner.lines())
            if d["kind"] in kinds[:1] and d["containerId"] == one.attempts[attempt].container
        ]
        self.assertEqual(got, ids)


class ClusterModeTest(YarnCase):
    def test_a_log_is_followed_to_its_end(self):
        cluster = self.cluster()
        one = cluster.submit("orange.Boot")
        cluster.submit("other").write(run_support.events(77))
        one.write(run_support.banner() + run_support.events(1, 2))
        runner = self.yarn_runner(cluster, applications=["orange.Boot"]).start()
        self.comes(runner, [1, 2])
        one.write(run_support.events(3))
        self.comes(runner, [1, 2, 3])
        one.write(run_support.events(4) + CLOSING)
        one.end()
        self.comes(runner, [1, 2, 3, 4])
        runner.until(
            lambda: any(cursor["ended"] for cursor in runner.offsets() if cursor["stream"].endswith("/stderr")), "its log ends"
        )
        runner.stop()
        document = next(d for d in documents(runner.lines()) if d["kind"] == "progress")
        self.assertEqual(document["appName"], "orange.Boot")
        self.assertEqual(document["appId"], one.id)
        self.assertEqual(document["containerId"], one.attempt.container)
        self.assertEqual(document["attempt"], 1)
        self.assertEqual(document["deployMode"], "cluster")
        self.assertEqual(document["source"]["name"], "prod")
        self.assertEqual(document["source"]["host"], "127.0.0.1")
        self.assertEqual(document["source"]["path"], f"{one.id}/{one.attempt.container}/stderr")
        self.check_log(runner, one)

    def test_stdout_is_read_too(self):
        cluster = self.cluster()
        one = cluster.submit("a")
        one.write(run_support.events(1), "stdout")
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1])
        runner.stop()

    def test_a_big_backlog_comes_in_pieces(self):
        cluster = self.cluster()
        one = cluster.submit("a")
        noise = "26/11/21 15:34:03 INFO Executor: заказы-naïve-日本-😀 <b>&\"q\"'\n".encode()
        one.write(run_support.events(1) + noise * 150_000 + run_support.events(2) + b"\xff\xfe\n" + noise * 20_000 + run_support.events(3))
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1, 2, 3])
        runner.stop()
        self.check_log(runner, one)

    def test_a_node_without_text(self):
        cluster = self.cluster()
        cluster.with_text = False
        one = cluster.submit("a")
        text = run_support.events(*range(30)) + "заказы 日本\n".encode()
        runner = self.yarn_runner(cluster).start()
        random_source = rng(self.id())
        for piece in run_support.cut_anywhere(text, random_source, 4096):
            one.write(piece)
            time.sleep(0.001)
        self.comes(runner, range(30))
        one.end()
        runner.until(lambda: [c for c in runner.offsets() if c["ended"]], "it ends")
        runner.stop()
        self.check_log(runner, one)

    def test_a_new_attempt_is_a_new_stream(self):
        cluster = self.cluster(nodes=2)
        one = cluster.submit("a")
        one.write(run_support.events(1))
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1])
        cluster.between_attempts.add(one.id)
        one.write(run_support.events(2))  # its last words
        one.attempt.running = False
        self.comes(runner, [1, 2])
        one.next_attempt(1)
        cluster.between_attempts.clear()
        one.write(run_support.events(3))
        self.comes(runner, [1, 2, 3])
        runner.until(lambda: sum(c["ended"] for c in runner.offsets()) == 2, "the first attempt's logs end")
        runner.stop()
        attempts = {d["metrics"]["batchId"]: d["attempt"] for d in documents(runner.lines()) if d["kind"] == "progress"}
        self.assertEqual(attempts, {1: 1, 2: 1, 3: 2})

    def test_an_attempt_before_the_start_is_read(self):
        cluster = self.cluster(nodes=2)
        one = cluster.submit("a")
        one.write(run_support.events(1) + CLOSING)
        one.next_attempt(1)
        one.write(run_support.events(2))
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1, 2])
        runner.stop()

    def test_the_last_bytes_come_from_the_history_server(self):
        cluster = self.cluster()
        one = cluster.submit("a")
        one.write(run_support.events(1))
        runner = self.yarn_runner(cluster, history_server=cluster.history.url).start()
        self.comes(runner, [1])
        with cluster.lock:
            one.write(run_support.events(2) + CLOSING)
            one.end()
            one.kept = False
        runner.until(lambda: cluster.history.asked > 2, "the history server is asked")
        one.uploaded = True
        self.comes(runner, [1, 2])
        runner.until(lambda: sum(c["ended"] for c in runner.offsets()) == 2, "its logs end")
        runner.stop()
        self.check_log(runner, one)

    def test_what_can_not_be_read_is_told_of(self):
        cluster = self.cluster()
        one = cluster.submit("a")
        one.write(run_support.events(1))
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1])
        with cluster.lock:
            one.end()
            one.kept = False
        # Of stderr, and of stdout.
        runner.until(lambda: runner.said().count("history_server") == 2, "it says what to give")
        runner.until(lambda: sum(c["ended"] for c in runner.offsets()) == 2, "both logs end")
        runner.stop()
        self.assertEqual(runner.said().count("history_server"), 2)

    def test_ended_while_nobody_looked(self):
        cluster = self.cluster()
        one = cluster.submit("a")
        one.write(run_support.events(1))
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1])
        runner.until(lambda: self.of_kind(runner, "app"), "it reports")
        runner.stop()
        one.write(run_support.events(2) + CLOSING)
        one.end()
        two = cluster.submit("b")
        two.write(run_support.events(3) + CLOSING)
        two.end()
        runner.start()
        self.comes(runner, [1, 2, 3])
        runner.stop()

    def test_start_at_the_end(self):
        cluster = self.cluster()
        one = cluster.submit("a")
        one.write(run_support.banner() + run_support.events(1))
        runner = self.yarn_runner(cluster, start_at="end").start()
        runner.until(lambda: any(c["offset"] for c in runner.offsets()), "it has read what there is")
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 60))
        one.write(support.progress_record(5, time=now) + CLOSING)
        self.comes(runner, [5])
        later = cluster.submit("later")
        later.write(run_support.events(6))
        self.comes(runner, [5, 6])
        runner.stop()

    def test_only_what_is_chosen(self):
        cluster = self.cluster()
        for number, (name, user, queue, tags) in enumerate(
            [("etl-a", "etl", "root.x", "gold"), ("etl-b", "root", "root.x", "gold"), ("etl-c", "etl", "root.y", "gold"),
             ("etl-d", "etl", "root.x", "iron"), ("my-etl", "etl", "root.x", "gold")]
        ):
            one = cluster.submit(name)
            one.user, one.queue, one.tags = user, queue, tags
            one.write(run_support.events(number))
        runner = self.yarn_runner(cluster, applications=["regex:etl-.*"], users=["etl"], queues=["x"], tags=["gold"]).start()
        self.comes(runner, [0])
        runner.until(lambda: cluster.rms[0].asked > 8, "it has looked often enough")
        self.comes(runner, [0])
        runner.stop()


class FailOverTest(YarnCase):
    def test_the_other_resource_manager_is_found(self):
        cluster = self.cluster(rms=2)
        one = cluster.submit("a")
        one.write(run_support.events(1))
        runner = self.yarn_runner(cluster, applications=["a"]).start()
        self.comes(runner, [1])
        cluster.active = None
        cluster.rms[0].stop()
        one.write(run_support.events(2))
        self.comes(runner, [1, 2])  # NodeManagers go on
        runner.until(lambda: "warning: source prod" in runner.said(), "it says so")
        # The new one does not list the application at first.
        one.listed = False
        reports = len(self.of_kind(runner, "app"))
        cluster.active = 1
        one.write(run_support.events(3))
        runner.until(lambda: len(self.of_kind(runner, "app")) > reports + 1, "it reports again")
        one.listed = True
        one.write(run_support.events(4))
        self.comes(runner, [1, 2, 3, 4])
        runner.stop()
        self.assertEqual(runner.said().count("warning: source prod"), 1)
        self.assertTrue(all(d["running"] for d in self.of_kind(runner, "app")), "it has not ended")

    def test_both_say_that_they_are_active(self):
        cluster = self.cluster(rms=2)
        one = cluster.submit("a")
        runner = self.yarn_runner(cluster).start()
        one.write(run_support.events(1))
        self.comes(runner, [1])
        info = json.dumps({"clusterInfo": {"haState": "ACTIVE", "startedOn": 1}})
        cluster.rms[1].fault = lambda path, answer: Answer(info) if path.endswith("/info") else answer
        one.write(run_support.events(2))
        self.comes(runner, [1, 2])
        asked = cluster.rms[0].asked
        runner.until(lambda: cluster.rms[0].asked > asked + 6, "it stays with the first one")
        runner.stop()
        self.assertNotIn(f"active ResourceManager is {cluster.rms[1].url}", runner.said())


class ReportTest(YarnCase):
    def test_each_name_is_reported_on(self):
        cluster = self.cluster()
        one = cluster.submit("here")
        runner = self.yarn_runner(cluster, applications=["here", "missing"], more=None).start()
        runner.until(lambda: len(self.of_kind(runner, "app")) >= 4, "there are reports")
        one.end("FAILED", "FAILED", "User application exited with status 1")
        runner.until(
            lambda: [d for d in self.of_kind(runner, "app") if d["appName"] == "here" and not d["running"]], "it has ended"
        )
        ended = len(self.of_kind(runner, "app"))
        runner.until(lambda: len(self.of_kind(runner, "app")) > ended + 2, "it is still reported on")
        runner.stop()
        reports = self.of_kind(runner, "app")
        first = next(d for d in reports if d["appName"] == "here")
        self.assertTrue(first["running"])
        self.assertEqual(first["appId"], one.id)
        self.assertEqual(
            first["app"],
            {"state": "RUNNING", "finalStatus": "UNDEFINED", "user": "root", "queue": "root.etl", "attempts": 1,
             "containers": 2, "memoryMB": 1536, "vcores": 2},
        )
        last = [d for d in reports if d["appName"] == "here"][-1]
        self.assertFalse(last["running"])
        self.assertEqual(last["app"]["diagnostics"], "User application exited with status 1")
        self.assertNotIn("containers", last["app"])
        missing = [d for d in reports if d["appName"] == "missing"]
        self.assertEqual({d["running"] for d in missing}, {False})
        self.assertNotIn("appId", missing[0])
        self.assertEqual(len({d["id"] for d in reports}), len(reports))


class DriverTest(YarnCase):
    def test_jobs_with_their_stages_each_once(self):
        cluster = self.cluster()
        one = cluster.submit("client-app", mode="client")
        one.write(run_support.events(99))  # the launcher's log is not read
        one.jobs = [job(0, None, [0]), job(1, 1.5, [1, 2]), job(2, 2.25, [3])]
        one.stages = {0: stage(0), 1: stage(1), 3: stage(3, "FAILED")}
        runner = self.yarn_runner(cluster).start()
        runner.until(lambda: len(self.of_kind(runner, "job")) == 2, "jobs come")
        runner.stop()
        with cluster.lock:
            one.jobs[0] = job(0, 9.0, [0])
            one.jobs.append(job(3, 9.0, [4]))
            one.stages[4] = stage(4)
        runner.start()
        runner.until(lambda: len(self.of_kind(runner, "job")) == 4, "the others come")
        looks = cluster.rms[0].asked
        runner.until(lambda: cluster.rms[0].asked > looks + 30, "it looks on")
        runner.stop()
        jobs = self.of_kind(runner, "job")
        self.assertEqual([d["job"]["jobId"] for d in jobs], [1, 2, 0, 3])
        self.assertEqual(jobs[0]["job"], one.jobs[1])
        self.assertEqual(jobs[0]["stages"], stage(1))
        self.assertEqual(jobs[1]["stages"], stage(3, "FAILED"))
        self.assertEqual(jobs[0]["@timestamp"], "2026-11-21T15:59:01.500Z")
        self.assertEqual(jobs[0]["deployMode"], "client")
        self.assertEqual(self.progress(runner), [])

    def test_batches_of_dstreams(self):
        cluster = self.cluster()
        one = cluster.submit("ds")

        def batch(number, status="COMPLETED"):
            done = {"schedulingDelay": 5, "processingTime": 70, "totalDelay": 75} if status == "COMPLETED" else {}
            return {"batchId": 1795276744000 + number * 1000, "status": status, "inputSize": 3, **done}

        one.batches = [batch(0), batch(1), batch(2, "PROCESSING"), batch(3, "QUEUED")]
        runner = self.yarn_runner(cluster).start()
        runner.until(lambda: len(self.of_kind(runner, "batch")) == 2, "batches come")
        runner.kill()
        one.batches = [batch(0), batch(1), batch(2), batch(3)]
        runner.start()
        runner.until(lambda: len(self.of_kind(runner, "batch")) == 4, "the others come")
        runner.stop()
        batches = self.of_kind(runner, "batch")
        self.assertEqual([d["batch"]["time"] for d in batches], [1795276744000 + n * 1000 for n in range(4)])
        self.assertEqual(
            batches[0]["batch"],
            {"time": 1795276744000, "schedulingDelayMs": 5, "processingMs": 70, "totalDelayMs": 75, "records": 3, "status": "completed"},
        )

    def test_batches_of_an_old_spark_are_rebuilt_of_jobs(self):
        cluster = self.cluster()
        one = cluster.submit("ds", mode="client")
        one.old_spark = True
        text = 'Streaming job from <a href="/streaming/batch/?id={}">[output operation 0, batch time 15:59:10]</a>'
        first, second = 1795276739000, 1795276740000
        one.jobs = [job(0, 1.0, [], description=text.format(first)), job(1, 3.0, [], description=text.format(first)),
                    job(2, None, [], description=text.format(second))]
        runner = self.yarn_runner(cluster).start()
        runner.until(lambda: self.of_kind(runner, "batch"), "a batch comes")
        runner.stop()
        self.assertEqual(
            [d["batch"] for d in self.of_kind(runner, "batch")],
            [{"time": first, "schedulingDelayMs": 1000, "processingMs": 3000, "totalDelayMs": 4000, "jobs": 2, "status": "completed"}],
        )


class FaultTest(YarnCase):
    def faults(self, random_source):
        """One answer in three is wrong, each in its way."""

        def fault(path, answer):
            which = random_source.randrange(24)
            if which == 0:
                answer.cut = random_source.randrange(len(answer.body) + 1)
            elif which == 1:
                return Answer("<html><pre>stack</pre></html>", "text/html", 500)
            elif which == 2:
                return fake_yarn.login_page()
            elif which == 3:
                answer.kind = random_source.choice(["application/octet-stream", "text/html", "text/plain", ""])
            elif which == 4:
                return fake_yarn.page("<pre></pre>")
            elif which == 5:
                return Answer(answer.body[: random_source.randrange(len(answer.body) + 1)], answer.kind)
            elif which == 6:
                return Answer("", "text/plain", 307)
            elif which == 7:
                return Answer(b"", answer.kind)
            return answer

        return fault

    def test_no_byte_comes_twice(self):
        for with_text in (True, False):
            with self.subTest(with_text=with_text):
                cluster = self.cluster(rms=2, nodes=2)
                cluster.with_text = with_text
                random_source = rng(self.id(), with_text)
                for server in (*cluster.rms, *cluster.nodes):
                    server.fault = self.faults(random_source)
                apps = [cluster.submit(f"a{number}", number % 2) for number in range(4)]
                texts = [run_support.corpus("3.5.9/basic.default", number) + CLOSING for number in range(4)]
                wanted = [key for text in texts for key in run_support.progress_ids(text)]
                runner = self.yarn_runner(cluster, f"run-{with_text}").start()
                cuts = [run_support.cut(text, 20, random_source, "byte") for text in texts]
                for pieces in itertools.zip_longest(*cuts, fillvalue=b""):
                    for app, piece in zip(apps, pieces):
                        app.write(piece)
                    asked = cluster.nodes[0].asked
                    runner.until(lambda: cluster.nodes[0].asked > asked + 5, "it goes on")
                self.arrives(runner, wanted, sinks=["file"])
                runner.stop()
                self.only_once(runner.lines(), wanted)

    def test_a_log_that_shrinks(self):
        cluster = self.cluster()
        one = cluster.submit("a")
        one.write(run_support.events(1, 2))
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1, 2])
        whole = bytes(one.attempt.logs["stderr"])
        one.attempt.logs["stderr"] = bytearray(whole[: len(whole) // 2])
        runner.until(lambda: "bytes have been read" in runner.said(), "it is told of")
        asked = cluster.nodes[0].asked
        runner.until(lambda: cluster.nodes[0].asked > asked + 6, "it looks on")
        one.attempt.logs["stderr"] = bytearray(whole + run_support.events(3))
        self.comes(runner, [1, 2, 3])
        runner.stop()
        self.assertEqual(runner.said().count("bytes have been read"), 1)

    def test_a_sick_node_is_said_once_and_slows_nobody(self):
        cluster = self.cluster(nodes=2)
        sick, well = cluster.submit("sick", 0), cluster.submit("well", 1)
        cluster.nodes[0].fault = lambda path, answer: Answer("oops", "text/html", 500)
        well.write(run_support.events(1))
        sick.write(run_support.events(9))
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1])
        runner.until(lambda: cluster.nodes[0].asked > 12, "the sick one is asked again")
        self.assertEqual(runner.said().count("it returned status 500"), 1)
        cluster.nodes[0].fault = None
        self.comes(runner, [1, 9])
        runner.until(lambda: "reading works again" in runner.said(), "that it is over is said")
        runner.stop()

    def test_a_node_that_restarts(self):
        cluster = self.cluster()
        one = cluster.submit("a")
        one.write(run_support.events(1))
        runner = self.yarn_runner(cluster).start()
        self.comes(runner, [1])
        cluster.nodes[0].stop()
        one.write(run_support.events(2))
        runner.until(lambda: "cannot be read" in runner.said(), "it is told of")
        cluster.nodes[0].start()
        self.comes(runner, [1, 2])
        runner.stop()

    def test_kills(self):
        cluster = self.cluster(nodes=2)
        random_source = rng(self.id())
        apps = [cluster.submit(f"a{number}", number % 2) for number in range(3)]
        kills = 5 * SCALE
        texts = [b"".join(run_support.corpus("3.5.9/basic.default", number * 60 + n) for n in range(2)) + CLOSING for number in range(3)]
        wanted = [key for text in texts for key in run_support.progress_ids(text)]
        runner = self.yarn_runner(cluster)
        runner.config["sinks"][0]["commit_interval"] = "20ms"
        cuts = [run_support.cut_anywhere(text, random_source, 30000) for text in texts]
        for kill in range(kills):
            if runner.ended():
                runner.start()
            for app, pieces in zip(apps, cuts):
                for _ in range(max(1, len(pieces) // (kills - kill))):
                    if pieces:
                        app.write(pieces.pop(0))
            # Not a wait: the moment itself.
            time.sleep(random_source.random() * 0.6)
            runner.kill()
        for app, pieces in zip(apps, cuts):
            app.write(b"".join(pieces))
        runner.start()
        self.arrives(runner, wanted, sinks=["file"])
        runner.stop()
        self.only_once(runner.lines(), wanted)


class CheckTest(YarnCase):
    def check_of(self, cluster, **source):
        runner = self.yarn_runner(cluster, **source)
        runner.config_path.write_text(json.dumps(runner.config))
        return support.sparktail("check", "-c", runner.config_path)

    def test_what_works_is_said_of_each_application(self):
        cluster = self.cluster(rms=2)
        one = cluster.submit("here")
        one.write(run_support.events(1))
        cluster.submit("client-app", mode="client")
        done = self.check_of(cluster, applications=["here", "missing", "client-app"])
        out = done.out.decode()
        self.assertEqual(done.code, 0, out)
        self.assertIn("is active, Hadoop 3.3.6", out)
        self.assertIn("is on standby", out)
        self.assertIn("(here): its log can be read", out)
        self.assertIn("(client-app): client mode", out)
        self.assertIn("no application named missing runs now", out)

    def test_what_does_not_work_too(self):
        cluster = self.cluster()
        cluster.submit("here")
        cluster.nodes[0].fault = lambda path, answer: fake_yarn.login_page()
        done = self.check_of(cluster)
        self.assertEqual(done.code, 1)
        self.assertIn("its log can't be read", done.out.decode())
        self.assertIn("Company login", done.out.decode())
        cluster.rms[0].fault = lambda path, answer: Answer("", "text/html", 401)
        done = self.check_of(cluster)
        self.assertEqual(done.code, 1)
        self.assertIn("check `auth`", done.out.decode())


if __name__ == "__main__":
    support.main(workers=4)
