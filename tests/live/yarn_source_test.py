#!/usr/bin/env python3
"""The source of YARN against a real YARN with real Spark applications: what is delivered is what their listeners report, and
what their containers' files hold, whatever is killed meanwhile."""
import json
import os
import re
import signal
import sys
import time
import unittest
from collections import Counter
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "tests" / "outside"), str(_ROOT / "deploy" / "demo")]

import run_support  # noqa: E402
import support  # noqa: E402
from run_support import RunCase, counts, documents, rng  # noqa: E402
from yarn_cluster import YarnCluster  # noqa: E402

LONG = 300
HERE = Path(__file__).resolve().parent
_cluster = None


def setUpModule():
    global _cluster
    _cluster = YarnCluster()
    unittest.addModuleCleanup(_cluster.remove)
    _cluster.start()


class YarnTest(RunCase):
    def yarn_runner(self, **source):
        runner = self.runner([], sinks=("file",))
        runner.config["sources"] = [
            {"kind": "yarn", "name": "real", "resource_managers": _cluster.rm_urls, "history_server": _cluster.history_url,
             "poll_interval": "1s", "read_interval": "300ms", "heartbeat_interval": "5s", **source}
        ]
        runner.config["sinks"][0]["commit_interval"] = "100ms"
        return runner

    def records(self, path):
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def progress(self, runner):
        return [d for d in documents(runner.lines()) if d["kind"] == "progress"]

    def wait(self, runner, condition, what):
        return runner.until(condition, what, deadline=LONG)

    def test_cluster_mode_through_all_that_is_killed(self):
        record, stop = self.folder / "record.ndjson", self.folder / "stop"
        runner = self.yarn_runner(applications=["streaming"]).start()
        _cluster.submit("streaming", "cluster", HERE / "yarn_streaming_app.py", record, stop)
        self.wait(runner, lambda: len(self.progress(runner)) >= 3, "progress comes")
        app = _cluster.application("streaming")
        first = app["amContainerLogs"].split("/")[-2]

        # sparktail
        random = rng(self.id())
        for _ in range(counts(50)):
            time.sleep(random.random())  # not a wait: the moment itself
            runner.kill()
            runner.start()
        count = len(self.progress(runner))
        self.wait(runner, lambda: len(self.progress(runner)) > count, "it goes on after kills")

        # The NodeManager of the ApplicationMaster; its containers live on.
        node = self.node_of(app)
        _cluster.kill(node)
        self.wait(runner, lambda: "cannot be read" in runner.said(), "that it is away is said")
        _cluster.launch(node)
        count = len(self.progress(runner))
        self.wait(runner, lambda: len(self.progress(runner)) > count + 1, "it goes on after the NodeManager's restart")

        # The active ResourceManager.
        active = "rm1" if _cluster.active_rm() == _cluster.rm_url("rm1") else "rm2"
        _cluster.kill(active)
        _cluster.until(_cluster.active_rm, "the other one takes over")
        _cluster.until(lambda: app["id"] in _cluster.running(), "it knows the application")
        count = len(self.progress(runner))
        self.wait(runner, lambda: len(self.progress(runner)) > count + 1, "it goes on after the fail-over")
        _cluster.launch(active)

        # The ApplicationMaster.
        for pid in _cluster.containers("org.apache.spark.deploy.yarn.ApplicationMaster"):
            os.kill(pid, signal.SIGKILL)
        self.wait(runner, lambda: any(d["attempt"] == 2 for d in self.progress(runner)), "the second attempt is followed")
        count = len(self.progress(runner))
        self.wait(runner, lambda: len(self.progress(runner)) > count + 2, "it goes on")
        second = next(d["containerId"] for d in self.progress(runner) if d["attempt"] == 2)

        # The end.
        stop.touch()
        self.wait(runner, lambda: (_cluster.application("streaming") or {}).get("state") == "FINISHED", "it ends")
        self.wait(
            runner,
            lambda: sum(c["ended"] for c in runner.offsets() if c["stream"].endswith("/stderr")) == 2,
            lambda: f"both logs end: {runner.offsets()}",
        )
        self.wait(runner, lambda: [d for d in documents(runner.lines()) if d["kind"] == "app" and not d["running"]], "it is said to have ended")
        runner.stop()
        self.check_container(runner, first)
        self.check_container(runner, second)
        # What the listener of the last attempt saw is what its log says.
        key = lambda progress: (progress["id"], progress["runId"], progress["batchId"], progress["timestamp"])
        got = Counter(key(d["metrics"]) for d in self.progress(runner))
        self.assertEqual([k for k, n in got.items() if n > 1], [], "none comes twice")
        reported = {key(progress) for progress in self.records(record)}
        self.assertGreater(len(reported), 5)
        self.assertEqual(reported - set(got), set(), "none is lost")
        names = {d["metrics"]["name"] for d in self.progress(runner)}
        self.assertEqual(names, {"заказы-naïve-日本-😀 <b>&\"q\"'"})
        self.assertEqual({d["deployMode"] for d in self.progress(runner)}, {"cluster"})

    def node_of(self, app):
        """The NodeManager of its ApplicationMaster."""
        return next(nm for nm in _cluster.nodes if f":{_cluster.nm_ports[nm]['webapp']}/" in app["amContainerLogs"])

    def test_the_end_comes_from_the_history_server(self):
        """The application ends while nobody looks, and its NodeManager is away."""
        record, stop = self.folder / "record.ndjson", self.folder / "stop"
        runner = self.yarn_runner(applications=["short"]).start()
        _cluster.submit("short", "cluster", HERE / "yarn_streaming_app.py", record, stop)
        self.wait(runner, lambda: len(self.progress(runner)) >= 2, "progress comes")
        runner.kill()
        stop.touch()
        short = lambda: _cluster.application("short") or {}
        _cluster.until(lambda: short().get("logAggregationStatus") == "SUCCEEDED", "its logs are uploaded")
        container = short()["amContainerLogs"].split("/")[-2]
        node = self.node_of(short())
        _cluster.kill(node)
        try:
            runner.start()
            ended = lambda: [c for c in runner.offsets() if c["stream"].endswith(f"{container}/stderr") and c["ended"]]
            self.wait(runner, ended, lambda: f"its log ends: {runner.offsets()}")
            runner.stop()
        finally:
            _cluster.launch(node)
            _cluster.until(lambda: _cluster.registered() == len(_cluster.nodes), "its NodeManager is back")
        self.check_container(runner, container)
        key = lambda progress: (progress["runId"], progress["batchId"], progress["timestamp"])
        got = Counter(key(d["metrics"]) for d in self.progress(runner))
        self.assertEqual(Counter(map(key, self.records(record))), got)

    def check_container(self, runner, container):
        """The file was read byte for byte: the cursor is at its end, and the events are those of the whole file."""
        log = _cluster.log_of(container)
        cursor = next(c for c in runner.offsets() if c["stream"].endswith(f"{container}/stderr"))
        self.assertEqual(cursor["offset"], log.stat().st_size, container)
        strip = lambda d: {k: v for k, v in d.items() if k in ("kind", "metrics", "query", "error", "log", "derived")}
        expected = [strip(d) for d in documents(run_support.parsed(log))]
        got = [strip(d) for d in documents(runner.lines()) if d.get("containerId") == container and d["source"].get("path", "").endswith("stderr")]
        self.assertEqual(got, expected)
        self.assertGreater(len(expected), 2)

    def test_client_mode(self):
        record, stop = self.folder / "record.ndjson", self.folder / "stop"
        runner = self.yarn_runner(applications=["jobs"]).start()
        submitted = _cluster.submit("jobs", "client", HERE / "yarn_batch_app.py", record, stop)
        jobs = lambda: [d for d in documents(runner.lines()) if d["kind"] == "job"]
        self.wait(runner, lambda: len(jobs()) >= 5, "jobs come")
        runner.kill()
        count = len(self.records(record))
        _cluster.until(lambda: len(self.records(record)) > count + 3, "jobs end meanwhile")
        runner.start()
        stop.touch()
        last = lambda: self.records(record)[-1]["job"]
        self.wait(runner, lambda: jobs()[-1]["job"]["jobId"] == last(), "all come")
        submitted.wait(LONG)
        runner.stop()
        expected = {one["job"]: one["stages"] for one in self.records(record)}
        got = jobs()
        self.assertEqual(Counter(d["job"]["jobId"] for d in got), Counter(expected.keys()))
        for document in got:
            number = document["job"]["jobId"]
            self.assertEqual(sorted(stage["stageId"] for stage in document["stages"]), expected[number])
            self.assertEqual({stage["status"] for stage in document["stages"]}, {"COMPLETE"})
            self.assertEqual(document["deployMode"], "client")

    def test_dstreams(self):
        stop = self.folder / "stop"
        runner = self.yarn_runner(applications=["dstreams"]).start()
        _cluster.submit("dstreams", "cluster", HERE / "yarn_dstream_app.py", stop)
        batches = lambda: [d for d in documents(runner.lines()) if d["kind"] == "batch"]
        self.wait(runner, lambda: len(batches()) >= 4, "batches come")
        runner.kill()
        runner.start()
        count = len(batches())
        self.wait(runner, lambda: len(batches()) > count + 3, "it goes on")
        app = _cluster.application("dstreams")
        table = support.sparktail("batches", *(part for url in _cluster.rm_urls for part in ("--master", url)), "--application-id", app["id"])
        stop.touch()
        self.wait(runner, lambda: (_cluster.application("dstreams") or {}).get("state") == "FINISHED", "it ends")
        runner.stop()
        log = _cluster.log_of(app["amContainerLogs"].split("/")[-2]).read_text("utf-8")
        said = {
            int(time_ms): (round(float(total) * 1000), round(float(execution) * 1000))
            for total, time_ms, execution in re.findall(r"Total delay: ([0-9.]+) s for time (\d+) ms \(execution: ([0-9.]+) s\)", log)
        }
        got = {d["batch"]["time"]: (d["batch"]["totalDelayMs"], d["batch"]["processingMs"]) for d in batches()}
        self.assertEqual(len(got), len(batches()), "none comes twice")
        # Those that the log names, from the first one on without a gap; the last ones may have ended with the driver.
        wanted = sorted(said)[: len(got)]
        self.assertEqual(wanted, sorted(got))
        for time_ms in wanted:
            (log_total, log_processing), (total, processing) = said[time_ms], got[time_ms]
            self.assertEqual(processing, log_processing)
            # The log counts from the batch's time, the driver's REST API from when its jobs were made.
            self.assertLessEqual(total, log_total)
            self.assertLess(log_total - total, 5000)
        self.assertEqual(table.code, 0, table.err)
        first = table.out.decode().splitlines()[0].split()
        self.assertEqual(first[1], f"{got[wanted[0]][1] / 1000:.3f}")
        self.assertIn("processing time", table.out.decode())


if __name__ == "__main__":
    unittest.main()
