#!/usr/bin/env python3
"""`cmake --install`: a stripped program, and a man page and completions that name every command and every option."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

BUILD = Path(os.environ["SPARKTAIL_BUILD"])


def output(*command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True, **options).stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="sparktail-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        output("cmake", "--install", BUILD, "--prefix", cls.folder)
        cls.program = cls.folder / "bin" / "sparktail"
        cls.man = cls.folder / "share" / "man" / "man1" / "sparktail.1"
        cls.bash = cls.folder / "share" / "bash-completion" / "completions" / "sparktail"
        cls.zsh = cls.folder / "share" / "zsh" / "site-functions" / "_sparktail"
        # {command: its options}, as --help says them; "" is the program itself.
        text = output(cls.program, "--help")
        names = re.findall(r"^  ([a-z][\w-]*) ", text[text.index("Subcommands:") : text.index("Examples:")], re.M)
        cls.options = {name: cls.options_of(name) for name in names}
        cls.options[""] = cls.options_of()

    @classmethod
    def options_of(cls, *command):
        lines = re.findall(r"^  (-.*)", output(cls.program, *command, "--help"), re.M)
        return {name for line in lines for name in re.findall(r"(?:^|,)(--?[\w-]+)", line.split()[0])}

    def test_the_help_was_understood(self):
        self.assertLessEqual({"parse", "run", "replay", "offsets", "check", "setup"}, set(self.options))
        self.assertIn("--version", self.options[""])
        self.assertLessEqual({"-c", "--config", "--until-exit", "--file"}, self.options["run"])

    def test_the_program_is_stripped_and_runs(self):
        self.assertNotIn(".debug_info", output("readelf", "-S", "-W", self.program))
        self.assertNotIn(".symtab", output("readelf", "-S", "-W", self.program))
        self.assertRegex(output(self.program, "--version"), r"^sparktail \d+\.\d+\.\d+\n$")

    def test_the_unit_is_there(self):
        self.assertTrue((self.folder / "lib" / "systemd" / "system" / "sparktail.service").is_file())

    def sections(self):
        """Of the man page: {command: text}."""
        parts = re.split(r"^\.SS sparktail (.*?) \[OPTION\].*$", self.man.read_text().replace("\\-", "-"), flags=re.M)
        return {"": parts[0], **dict(zip(parts[1::2], parts[2::2]))}

    def test_the_man_page_names_all(self):
        sections = self.sections()
        self.assertEqual(set(sections), set(self.options))
        for command, options in self.options.items():
            names = set(re.findall(r"\\fB(-.*?)\\fR", sections[command]))
            self.assertEqual(names, options, command)

    def test_the_man_page_is_formatted_without_a_warning(self):
        if shutil.which("groff") is None:
            self.skipTest("no groff here")
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", self.man], capture_output=True, timeout=60, check=True)
        self.assertEqual(done.stderr.decode(), "")

    def complete(self, *words):
        """What bash offers for the last of these words."""
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sparktail; printf "%s\\n" "${COMPREPLY[@]}"'
        return set(output("bash", "-c", script, "bash", self.bash, *words).split())

    def test_bash_completes_commands_and_options(self):
        commands = set(self.options) - {""}
        self.assertEqual(self.complete("sparktail", ""), commands | self.options[""])
        self.assertEqual(self.complete("sparktail", "re"), {name for name in commands if name.startswith("re")})
        for command in commands:
            self.assertEqual(self.complete("sparktail", command, "-"), self.options[command], command)
        # File names are what bash itself offers.
        self.assertEqual(self.complete("sparktail", "parse", "dri"), set())

    def test_zsh_completes_commands_and_options(self):
        text = self.zsh.read_text()
        self.assertTrue(text.startswith("#compdef sparktail\n"))
        for command, options in self.options.items():
            case = re.search(rf"^    {command or re.escape('*')}\)\n(.*?)^      ;;$", text, re.M | re.S)[1]
            self.assertEqual(set(re.findall(r"'\*(-[\w-]+)\[", case)), options, command)
            if command:
                self.assertRegex(text, rf"'{command}:\w")
        if shutil.which("zsh"):
            output("zsh", "-n", self.zsh)


if __name__ == "__main__":
    unittest.main()
