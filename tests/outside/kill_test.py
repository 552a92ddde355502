#!/usr/bin/env python3
"""SIGKILL at random moments, over logs that are being written and rotated: nothing lost, nothing doubled, and each
document as in a run that nobody killed."""
import support
from kill_support import KillCase
from run_support import counts


class Kill(KillCase):
    def test_logs_that_are_renamed(self):
        kinds = [
            ("app1/driver.log", "app1/driver.log", "rename", "header", "plain"),
            ("app2/stderr", "app2/stderr*", "late_rename", "header", "plain"),
            ("app3/stderr", "app3/std*", "rename", "line", "plain"),
        ]
        self.scenario(kinds, counts(400))

    def test_logs_of_containers(self):
        kinds = [
            ("pods/ns_job-driver_1/spark/0.log", "containers/job-driver.log", "kubelet", "line", "cri"),
            ("docker/c1-json.log", "docker/*-json.log", "rename", "line", "docker"),
        ]
        self.scenario(kinds, counts(200))

    def test_logs_that_are_copied_and_truncated(self):
        kinds = [
            ("app1/driver.log", "app1/driver.log", "copytruncate", "line", "plain"),
            ("app2/driver.log", "app2/driver.log*", "copytruncate", "header", "plain"),
            ("app3/driver.log", "app3/driver.log", "copytruncate_hole", "line", "plain"),
        ]
        self.scenario(kinds, counts(300))

    def test_logs_that_are_cut_within_a_line(self):
        kinds = [("app1/driver.log", "app1/driver.log", "copytruncate", "byte", "plain")]
        self.scenario(kinds, counts(100))

    def test_sinks_that_rotate(self):
        kinds = [("app1/driver.log", "app1/driver.log", "rename", "header", "plain")]
        self.scenario(kinds, counts(100), sink={"rotate_bytes": "8KiB"}, sinks=("file",))


if __name__ == "__main__":
    support.main(workers=2)
