"""`sparktail check`: reports, exit codes, the reference and the schema."""
import json
import os
import unittest

import support
from support import log, sparktail


class Check(support.TempCase):
    def configuration(self, text):
        return self.file(text.format(folder=self.folder).encode(), "sparktail.yaml")

    def good(self):
        self.file(log("3.5.9/basic.default").read_bytes(), "logs/driver.log")
        return self.configuration(
            "state_dir: {folder}/state\n"
            "sources: [{{kind: file, paths: ['{folder}/logs/*.log']}}]\n"
            "sinks:\n- {{kind: file, path: {folder}/events.ndjson}}\n- {{kind: sqlite, path: {folder}/history.db}}\n"
        )

    def test_what_works_is_ok_and_nothing_is_changed(self):
        path = self.good()
        before = sorted(os.walk(self.folder))
        result = sparktail("check", "-c", path)
        self.assertEqual((result.code, result.err), (0, ""), result.out.decode())
        self.assertRegex(result.lines[-1], r"^\d+ ok, \d+ warnings?, 0 failed$")
        self.assertIn("31 events (23 progress)", result.out.decode())
        self.assertEqual(sorted(os.walk(self.folder)), before)

    def test_what_does_not_work_fails(self):
        path = self.configuration(
            "state_dir: {folder}/state\nsources: [{{kind: file, paths: ['{folder}/*.log']}}]\n"
            "sinks: [{{kind: file, path: {folder}/none/events.ndjson}}]\n"
        )
        result = sparktail("check", "-c", path)
        self.assertEqual(result.code, 1)
        self.assertRegex(result.out.decode(), r"(?m)^FAILED +sink file: .*none does not exist; make it")

    def test_a_wrong_configuration_is_wrong_usage_for_every_command(self):
        path = self.configuration("sources: [{{kind: file, pathes: [/a]}}]\nsinks: [{{kind: sqllite}}]\n")
        for command in (["check"], ["run"], ["offsets", "list"]):
            with self.subTest(command=command):
                result = sparktail(*command, "-c", path)
                self.assertEqual((result.code, result.out), (2, b""))
                self.assertIn(f"sparktail: {path}:1: sources[0].pathes: unknown key; did you mean paths?", result.err)
                self.assertIn(f"sparktail: {path}:2: sinks[0].kind: unknown kind: ", result.err)

    def test_secrets_come_from_the_environment_and_files(self):
        self.file(b"events\n", "name")
        path = self.configuration(
            "state_dir: '${{HOME}}/state'\nsources: [{{kind: file, paths: ['{folder}/*.log']}}]\n"
            "sinks: [{{kind: file, path: '{folder}/${{file:{folder}/name}}.ndjson'}}]\n"
        )
        result = sparktail("check", "-c", path)
        self.assertEqual(result.code, 0, result.err)
        self.assertIn(f"{self.folder}/events.ndjson can be made", result.out.decode())

    def test_the_reference_and_the_schema_are_those_of_the_documentation(self):
        for option, name in (("--print-config-reference", "configuration.md"), ("--print-json-schema", "sparktail.schema.json")):
            result = sparktail("check", option)
            self.assertEqual(result.code, 0)
            self.assertEqual(result.out.decode(), (support.ROOT / "docs" / name).read_text())
        self.assertEqual(json.loads(result.out)["$schema"], "https://json-schema.org/draft/2020-12/schema")


if __name__ == "__main__":
    support.main()
