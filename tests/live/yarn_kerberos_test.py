#!/usr/bin/env python3
"""The source of YARN against a real YARN whose pages and REST answers want SPNEGO, and a real KDC."""
import json
import os
import sys
import unittest
from collections import Counter
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "tests" / "outside"), str(_ROOT / "deploy" / "demo")]

import support  # noqa: E402
from kerberos_realm import KerberosRealm  # noqa: E402
from run_support import RunCase, documents  # noqa: E402
from yarn_cluster import YarnCluster  # noqa: E402

LONG = 300
HERE = Path(__file__).resolve().parent
_realm = _cluster = None


def setUpModule():
    global _realm, _cluster
    # Tickets that end while the test runs: they have to be renewed.
    _realm = KerberosRealm(life="20s")
    unittest.addModuleCleanup(_realm.remove)
    os.environ |= _realm.environment
    _cluster = YarnCluster(nodes=1, realm=_realm)
    unittest.addModuleCleanup(_cluster.remove)
    _cluster.start()


class YarnKerberosTest(RunCase):
    def yarn_runner(self, name="run", **source):
        runner = self.runner([], name, sinks=("file",))
        runner.config["sources"] = [
            {"kind": "yarn", "name": "real", "resource_managers": _cluster.rm_urls, "history_server": _cluster.history_url,
             "applications": ["streaming"], "poll_interval": "1s", "read_interval": "300ms", **source}
        ]
        return runner

    def progress(self, runner):
        return [d for d in documents(runner.lines()) if d["kind"] == "progress"]

    def test_tickets_are_got_and_renewed(self):
        record, stop = self.folder / "record.ndjson", self.folder / "stop"
        _cluster.submit("streaming", "cluster", HERE / "yarn_streaming_app.py", record, stop)
        anonymous = self.yarn_runner("anonymous").start()
        anonymous.until(lambda: "401" in anonymous.said(), "it is said that a log-in is wanted", deadline=LONG)
        anonymous.stop()
        self.assertEqual(self.progress(anonymous), [])

        login = {"auth": "kerberos", "kerberos_keytab": str(_realm.keytab("alice"))}
        runner = self.yarn_runner(**login).start()
        runner.until(lambda: len(self.progress(runner)) >= 3, "progress comes", deadline=LONG)
        runner.config_path.write_text(json.dumps(runner.config))
        checked = support.sparktail("check", "-c", runner.config_path)
        self.assertIn("(streaming): its log can be read", checked.out.decode())

        # As many batches of a second as outlast two tickets; then without a KDC.
        count = len(self.progress(runner))
        runner.until(lambda: len(self.progress(runner)) > count + 45, "it goes on with new tickets", deadline=LONG)
        _realm.stop()
        runner.until(lambda: "no Kerberos ticket for alice@LAB.TEST" in runner.said(), "it is said that there is no KDC", deadline=LONG)
        _realm.start()
        count = len(self.progress(runner))
        runner.until(lambda: len(self.progress(runner)) > count + 3, "it goes on with the KDC", deadline=LONG)

        stop.touch()
        container = _cluster.application("streaming")["amContainerLogs"].split("/")[-2]
        ended = lambda: [c for c in runner.offsets() if c["stream"].endswith(f"{container}/stderr") and c["ended"]]
        runner.until(ended, "its log ends", deadline=LONG)
        runner.stop()
        self.assertEqual(ended()[0]["offset"], _cluster.log_of(container).stat().st_size)
        reported = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
        key = lambda progress: (progress["runId"], progress["batchId"], progress["timestamp"])
        got = Counter(key(d["metrics"]) for d in self.progress(runner))
        self.assertEqual(Counter(map(key, reported)), got)


if __name__ == "__main__":
    unittest.main()
