"""The examples of the documentation: each `$ command` of a console block is run, and must print the lines below it.

`…` stands for any text within a line, and as the last line for any further lines. The examples of one document run one after
the other in one folder, which has links to the files of the project; files that they create stay there."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import support

DOCUMENTS = ["README.md"] + sorted(f"docs/{name}" for name in os.listdir(support.ROOT / "docs") if name.endswith(".md"))


def examples(text):
    """Yields (command, expected lines)."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for example in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = example.partition("\n")
            yield command, output.splitlines()


def pattern(line):
    return ".*".join(re.escape(part) for part in line.split("…"))


class Documents(unittest.TestCase):
    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for entry in support.ROOT.iterdir():
            Path(folder.name, entry.name).symlink_to(entry)
        return folder.name

    def run_example(self, command, folder):
        environment = dict(os.environ, PATH=f"{support.BINARY.parent}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
        return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60).stdout.decode()

    def test_examples_are_true(self):
        count = 0
        for name in DOCUMENTS:
            folder = self.folder()
            for command, expected in examples((support.ROOT / name).read_text()):
                with self.subTest(document=name, command=command):
                    count += 1
                    found = self.run_example(command, folder).splitlines()
                    if expected and expected[-1] == "…":
                        expected, found = expected[:-1], found[:len(expected) - 1]
                    self.assertEqual(len(found), len(expected), "\n".join(found))
                    for line, wanted in zip(found, expected):
                        self.assertRegex(line, f"^{pattern(wanted)}$")
        self.assertGreaterEqual(count, 3)

    def test_links_lead_somewhere(self):
        for name in DOCUMENTS:
            folder = (support.ROOT / name).parent
            for target in re.findall(r"\]\(([^)#:]+)\)", (support.ROOT / name).read_text()):
                with self.subTest(document=name, target=target):
                    self.assertTrue((folder / target).exists())

    def test_every_option_of_parse_is_in_its_help(self):
        usage = subprocess.run([support.BINARY, "parse", "--help"], stdout=subprocess.PIPE, timeout=60).stdout.decode()
        for option in ("--only", "--app-id", "--app-name", "--environment", "--timezone", "--max-event-bytes", "--stats"):
            self.assertIn(option, usage)


if __name__ == "__main__":
    support.main()
