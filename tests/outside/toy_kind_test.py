#!/usr/bin/env python3
"""A kind of sink that is only its folder and one row (tests/toy): every command knows it."""
import json
import os
import unittest
import urllib.request
from pathlib import Path

import run_support
import support
from support import DATA

RUNNER = Path(os.environ.get("SPARKTAIL_TOY_BIN") or support.ROOT / "build" / "dev" / "sparktail_with_toy").resolve()
LOG = DATA / "3.5.9" / "basic.default.log"


class ToyKind(support.TempCase):
    def setUp(self):
        super().setUp()
        self.box = self.folder / "box"
        self.log = self.file(LOG.read_bytes())
        self.runner = run_support.Runner(
            self.folder / "run", [self.log], sinks=("toy",), sink={"path": str(self.box)}, more={"environment": "test"}, http=True
        )
        self.addCleanup(self.runner.kill)
        self.config = self.runner.config_path
        self.config.write_text(json.dumps(self.runner.config))

    def command(self, *arguments):
        binary, support.BINARY = support.BINARY, RUNNER
        try:
            return support.sparktail(*arguments)
        finally:
            support.BINARY = binary

    def start(self, *arguments):
        return self.runner.start(command=[RUNNER, "run", "-c", self.config, *arguments])

    def toys(self):
        path = self.box / "toys.ndjson"
        return path.read_bytes().splitlines() if path.exists() else []

    def test_sparktail_without_the_row_does_not_know_it(self):
        result = support.sparktail("check", "-c", self.config)
        self.assertEqual(result.code, 2)
        self.assertIn("unknown kind", result.err)
        self.assertNotIn("toy,", support.sparktail("check", "--print-config-reference").out.decode())

    def test_check_and_setup_ask_the_row(self):
        before = self.command("check", "-c", self.config)
        self.assertEqual(before.code, 1, before.err)
        self.assertIn(f"FAILED   sink toy: the box {self.box} is missing: sparktail setup creates it", before.out.decode())
        setup = self.command("setup", "-c", self.config)
        self.assertEqual(setup.code, 0, setup.err)
        self.assertIn(f"ok       sink toy: created the box {self.box}", setup.out.decode())
        self.assertIn("found the box", self.command("setup", "-c", self.config).out.decode())
        after = self.command("check", "-c", self.config)
        self.assertEqual(after.code, 0, after.out)
        self.assertIn(f"the box {self.box} is there", after.out.decode())

    def test_its_options_are_in_the_reference_and_are_checked(self):
        self.assertIn("`kind: toy`", self.command("check", "--print-config-reference").out.decode())
        schema = json.loads(self.command("check", "--print-json-schema").out)
        self.assertIn("toy", json.dumps(schema))
        self.runner.config["sinks"][0]["path"] = "/bin"
        self.config.write_text(json.dumps(self.runner.config, indent=1))
        result = self.command("check", "-c", self.config)
        self.assertEqual(result.code, 2)
        self.assertIn("sinks[0].path: toys are not kept in a bin", result.err)
        # A source must not read what it writes.
        self.runner.config["sinks"][0]["path"] = str(self.folder)
        self.runner.config["sources"][0]["paths"] = [str(self.folder / "*.ndjson")]
        self.config.write_text(json.dumps(self.runner.config, indent=1))
        self.assertIn("matches what sinks[0]", self.command("check", "-c", self.config).err)

    def test_run_delivers_each_event_once_and_cursors_are_listed_and_moved(self):
        self.command("setup", "-c", self.config)
        marker = self.file(b"", "marker")
        arguments = ("--until-exit", "--exit-marker", marker)
        expected = support.parse(self.log).documents
        self.assertEqual(self.start(*arguments).wait(), 0, self.runner.error_path.read_text())
        self.assertEqual([json.loads(line)["id"] for line in self.toys()], [document["id"] for document in expected])
        listed = self.command("offsets", "list", "--json", "-c", self.config)
        self.assertEqual(listed.code, 0, listed.err)
        (cursor,) = listed.documents
        self.assertEqual((cursor["sink"], cursor["behind"]), ("toy", 0))

        self.assertEqual(self.start(*arguments).wait(), 0)
        self.assertEqual(len(self.toys()), len(expected), "nothing is delivered again")

        moved = self.command("offsets", "set", "-c", self.config, cursor["stream"], "beginning")
        self.assertEqual(moved.code, 0, moved.err)
        self.assertEqual(self.start(*arguments).wait(), 0)
        self.assertEqual(len(self.toys()), 2 * len(expected))

    def test_its_measures_are_on_the_page(self):
        self.command("setup", "-c", self.config)
        expected = len(support.parse(self.log).documents)
        self.start()
        labels = '{component_id="toy",component_kind="sink",component_type="toy"}'

        def page():
            try:
                with urllib.request.urlopen(self.runner.url + "/metrics", timeout=support.ANSWER) as answer:
                    return answer.read().decode()
            except OSError:
                return ""

        run_support.eventually(
            lambda: f"sparktail_toy_toys_total{labels} {expected}\n" in page(), "the toys are counted", alive=self.runner
        )
        self.assertIn("# HELP sparktail_toy_toys_total Events that a toy sink put into its box\n", page())
        self.assertIn("# TYPE sparktail_toy_toys_total counter\n", page())
        self.assertIn("# HELP sparktail_bulk_requests_total ", page(), "kinds without a sink are described, too")


if __name__ == "__main__":
    support.main()
