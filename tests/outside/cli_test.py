"""The command line of `sparktail parse`: options, messages, exit codes, pipes."""
import os
import re
import select
import socket
import subprocess
import unicodedata
import unittest
from datetime import datetime, timedelta

import support
from support import ANSWER, BINARY, TIMEOUT, line, log, names, parse, progress_record, sparktail, without_source

BASIC = "3.5.9/basic.default"
IDLE = "3.5.9/idle.default"


def time_of(document):
    return datetime.fromisoformat(document["@timestamp"])


class Case(support.TempCase):
    def assert_message(self, result, *patterns):
        """Each pattern is found in stderr, in messages that begin with the program's name."""
        messages = [text for text in result.err.split("\n") if text.startswith("sparktail: ")]
        self.assertTrue(messages, f"no message that begins with `sparktail: `:\n{result.err}")
        for pattern in patterns:
            self.assertRegex(result.err, pattern)

    def assert_no_control_bytes(self, result):
        text = result.raw_err.decode("utf-8")  # Invalid UTF-8 is for no terminal either.
        bad = {character for character in text if unicodedata.category(character) == "Cc"} - {"\n"}
        self.assertEqual(bad, set(), repr(text[:2000]))


class Options(Case):
    def test_unknown_option_names_it_and_the_nearest(self):
        for wrong, near in (
            ("--onyl", "--only"),
            ("--app-nmae", "--app-name"),
            ("--timezon", "--timezone"),
            ("--stat", "--stats"),
            ("--max-event-byte", "--max-event-bytes"),
        ):
            with self.subTest(option=wrong):
                result = parse(wrong, "x", log(BASIC))
                self.assertEqual((result.code, result.out), (2, b""))
                self.assert_message(result, f"{wrong}(?![a-z])", f"{near}(?![a-z])")

    def test_impossible_values_are_wrong_usage_and_named(self):
        for option, value in (
            ("--only", "progres"),
            ("--only", "progress,quory"),
            ("--only", ""),
            ("--timezone", "Mars/Olympus"),
            ("--timezone", "../../etc/passwd"),
            ("--max-event-bytes", "many"),
            ("--max-event-bytes", "-1"),
            ("--max-event-bytes", "0"),
            ("--max-event-bytes", "99999999999999999999999"),
            ("--max-event-bytes", "10XiB"),
        ):
            with self.subTest(option=option, value=value):
                result = parse(option, value, log(BASIC))
                self.assertEqual((result.code, result.out), (2, b""))
                self.assert_message(result, re.escape(option))

    def test_nearest_kind_is_named(self):
        self.assert_message(parse("--only", "progres", log(BASIC)), r"\bprogress\b")

    def test_option_without_its_value(self):
        result = parse("--only")
        self.assertEqual(result.code, 2)
        self.assert_message(result, "--only")

    def test_unknown_command_names_the_nearest(self):
        result = sparktail("prase", log(BASIC))
        self.assertEqual((result.code, result.out), (2, b""))
        self.assert_message(result, "prase", r"\bparse\b")

    def test_help_has_examples(self):
        for arguments in (("parse", "--help"), ("--help",)):
            with self.subTest(arguments=arguments):
                result = sparktail(*arguments)
                self.assertEqual((result.code, result.err), (0, ""))
                self.assertRegex(result.out.decode(), r"(?m)^.*\bsparktail parse\b.+$")
        text = parse("--help").out.decode()
        self.assertRegex(text, "(?i)examples?")
        for option in ("only", "app-id", "app-name", "environment", "timezone", "max-event-bytes", "stats"):
            self.assertIn(f"--{option}", text)

    def test_version(self):
        result = sparktail("--version")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertRegex(result.out.decode(), r"\d+\.\d+")

    def test_only_picks_kinds(self):
        content = log(IDLE).read_bytes() + progress_record(7).partition(b'  "sink"')[0]
        path = self.file(content)
        everything = parse(path).documents
        self.assertEqual({document["kind"] for document in everything}, {"progress", "query", "signal"})
        for kinds in (("progress",), ("query",), ("signal",), ("progress", "signal"), ("query", "progress")):
            with self.subTest(kinds=kinds):
                result = parse("--only", ",".join(kinds), path)
                self.assertEqual(result.code, 0)
                self.assertEqual(result.documents, [one for one in everything if one["kind"] in kinds])

    def test_app_and_environment_override_the_log(self):
        plain = parse(log(BASIC)).documents
        self.assertEqual({one["environment"] for one in plain}, {"default"})
        self.assertEqual({one["appName"] for one in plain}, {"cap-basic"})
        self.assertTrue(all(one["appId"].startswith("local-") for one in plain))
        given = parse("--app-id", "app-1", "--app-name", 'My "app"', "--environment", "pro", log(BASIC)).documents
        for before, after in zip(plain, given, strict=True):
            self.assertEqual(after, before | {"appId": "app-1", "appName": 'My "app"', "environment": "pro"})

    def test_option_and_value_in_one_word(self):
        self.assertEqual(parse("--environment=pro", log(BASIC)).out, parse("--environment", "pro", log(BASIC)).out)

    def test_timezone_shifts_stamps_of_the_layout_not_of_the_progress(self):
        utc = parse(log(IDLE)).documents
        kyiv = parse("--timezone", "Europe/Kyiv", log(IDLE)).documents
        self.assertTrue({"progress", "query"} <= {one["kind"] for one in utc})
        for before, after in zip(utc, kyiv, strict=True):
            shift = timedelta(hours=2 if before["kind"] == "query" else 0)  # November: UTC+2.
            self.assertEqual(time_of(before) - time_of(after), shift)
            self.assertEqual(before | {"@timestamp": ""}, after | {"@timestamp": ""})
        for one in kyiv:
            self.assertRegex(one["@timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_timezone_leaves_stamps_alone_which_name_their_zone(self):
        path = log("3.5.9/basic.iso_thread")
        self.assertEqual(parse("--timezone", "Europe/Kyiv", path).out, parse(path).out)

    def test_query_stamp_is_the_records(self):
        result = parse("--timezone", "Europe/Kyiv", stdin=line(f"Query {names(1)} was stopped", stamp="26/07/01 12:00:00"))
        self.assertEqual([one["@timestamp"] for one in result.documents], ["2026-07-01T09:00:00.000Z"])

    def test_max_event_bytes(self):
        large = progress_record(2, extra=b',\n  "observedMetrics" : {\n    "x" : "' + b"v" * 20000 + b'"\n  }')
        path = self.file(progress_record(1) + large + progress_record(3))
        self.assertEqual(support.batches(parse(path)), [1, 2, 3])
        for limit in ("8192", "8KiB"):
            with self.subTest(limit=limit):
                result = parse("--max-event-bytes", limit, "--stats", path)
                self.assertEqual(support.batches(result), [1, 3])
                signals = result.of_kind("signal")
                self.assertEqual([one["rule"] for one in signals], ["progress_incomplete"])
                self.assertEqual(signals[0]["fields"]["reason"], "max_event_bytes")
                self.assertEqual(signals[0]["source"]["offset"], len(progress_record(1)))
                self.assertGreaterEqual(support.skipped(result), 1)

    def test_stats(self):
        paths = [log(BASIC), log(IDLE)]
        result = parse("--stats", *paths)
        documents = result.documents
        found = support.stats(result)
        self.assertEqual(found["bytes"], sum(path.stat().st_size for path in paths))
        self.assertEqual(found["events"], len(documents))
        for kind in ("progress", "query", "signal"):
            self.assertEqual(found[f"events.{kind}"], len([one for one in documents if one["kind"] == kind]))
        self.assertGreater(found["records"], len(documents))
        self.assertLessEqual(found["records"], sum(path.read_bytes().count(b"\n") for path in paths))
        for why in ("not_progress", "incomplete", "malformed", "over_long"):
            self.assertEqual(found[f"skipped.{why}"], 0)
        self.assertEqual(found["restored"], 0)
        self.assertIn("speed", found)
        self.assertRegex(result.err, r"(?m)^speed: .*MB/s$")
        self.assertEqual(result.out, parse(*paths).out)

    def test_stats_count_a_forged_progress(self):
        forged = progress_record(1).replace(support.uuid(1).encode(), b"../../etc/passwd")
        found = support.stats(parse("--stats", stdin=forged + progress_record(2)))
        self.assertEqual((found["events.progress"], found["skipped.not_progress"]), (1, 1))


class Inputs(Case):
    def check_the_others_are_read(self, bad, *patterns):
        good = log(BASIC)
        for arguments in ((bad, good), (good, bad)):
            with self.subTest(arguments=arguments):
                result = parse(*arguments)
                self.assertEqual(result.code, 1)
                self.assertEqual(result.out, parse(good).out)
                self.assert_message(result, *patterns)

    def test_missing_file(self):
        self.check_the_others_are_read(self.folder / "gone.log", r"gone\.log", "(?i)no such file|does not exist|not found")

    def test_directory(self):
        self.check_the_others_are_read(self.folder, re.escape(str(self.folder)), "(?i)directory")

    def test_unreadable_file(self):
        if os.geteuid() == 0:
            bad = "/proc/self/mem"  # Opens, and fails at its first read, for root too.
        else:
            bad = self.file(b"x", "secret.log")
            bad.chmod(0)
        self.check_the_others_are_read(bad, re.escape(str(bad)))

    def test_socket(self):
        path = self.folder / "socket.log"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            self.check_the_others_are_read(path, r"socket\.log")

    def test_name_with_control_bytes_is_escaped(self):
        result = parse(self.folder / "a\x1b]0;title\x07\x1b[31m\r.log")
        self.assertEqual(result.code, 1)
        self.assert_message(result)
        self.assert_no_control_bytes(result)

    def test_files_in_order(self):
        paths = [log(BASIC), log("3.1.3/basic.default"), log(IDLE)]
        self.assertEqual(parse(*paths).out, b"".join(parse(path).out for path in paths))

    def test_a_new_file_begins_without_the_identity_of_the_last(self):
        path = self.file(progress_record(1))
        last = parse(log(BASIC), path).documents[-1]
        for key in ("appName", "appId", "sparkVersion"):
            self.assertNotIn(key, last)

    def test_stdin_between_files(self):
        first, last, content = log(BASIC), log(IDLE), log("3.1.3/basic.default").read_bytes()
        result = parse(first, "-", last, stdin=content)
        self.assertEqual(result.code, 0)
        self.assertEqual(result.out, parse(first).out + parse(stdin=content).out + parse(last).out)
        self.assertEqual({one["source"]["name"] for one in result.documents}, {"file", "stdin"})

    def test_dash_alone_is_stdin(self):
        content = log(BASIC).read_bytes()
        self.assertEqual(parse("-", stdin=content).out, parse(stdin=content).out)

    def test_double_dash_ends_the_options(self):
        path = self.file(log(BASIC).read_bytes(), "--stats")
        result = parse("--", "--stats", cwd=self.folder)
        self.assertEqual(result.code, 0, result.err)
        plain = [without_source(one) for one in parse(path).documents]
        self.assertEqual([without_source(one) for one in result.documents], plain)
        self.assertEqual(result.documents[0]["source"]["path"], "--stats")

    def test_a_pipe_named_as_a_file(self):
        """The pipe that a shell makes for `sparktail parse <(zcat old.log.gz)`."""
        read, write = os.pipe()
        child = subprocess.Popen(
            [BINARY, "parse", f"/dev/fd/{read}"], pass_fds=[read], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        os.close(read)
        try:
            os.write(write, progress_record(1))
            self.assertTrue(select.select([child.stdout, child.stderr], [], [], ANSWER)[0])
            os.write(write, progress_record(2))
            os.close(write)
            out, err = child.communicate(timeout=TIMEOUT)
        finally:
            child.kill()
            child.wait()
        self.assertEqual((out.count(b"\n"), err, child.returncode), (2, b"", 0))


class NoEvent(Case):
    def check(self, result, *patterns):
        self.assertEqual((result.code, result.out), (0, b""))
        self.assert_message(result, r"(?i)\bno\b.*\bevents?\b", *patterns)
        self.assert_no_control_bytes(result)

    def test_info_is_off(self):
        self.check(parse(log("3.5.9/pymode-default-warn")), r"\bINFO\b", r"pymode-default-warn\.log")

    def test_unknown_layout_shows_a_line(self):
        for name, start in (("3.5.9/fail.json_ecs", '{"@timestamp":"'), ("4.3.0/basic.structured", '{"ts":"')):
            with self.subTest(log=name):
                self.check(parse(log(name)), "(?i)layout", re.escape(start))

    def test_empty(self):
        self.check(parse(self.file(b"")), "(?i)empty")
        self.check(parse(stdin=b""), "(?i)empty")

    def test_binary(self):
        self.check(parse(self.file(bytes(range(256)) * 4096)), r"driver\.log")

    def test_escape_sequences_in_lines_do_not_reach_the_terminal(self):
        attack = b"\x1b]0;owned\x07\x1b[2J\x9b31m \xc2\x9b31m \x7f\x08\x08 text\r"
        header = line("x")[:-1]
        for content in (attack + b"\n", (attack + b"\n") * 1000, b"{" + attack + b"}\n", header + attack + b"\n"):
            with self.subTest(content=content[:40]):
                self.check(parse("--stats", self.file(content)))

    def test_other_files_are_still_read(self):
        result = parse(log("3.5.9/pymode-default-warn"), log(BASIC))
        self.assertEqual((result.code, result.out), (0, parse(log(BASIC)).out))
        self.assert_message(result, r"pymode-default-warn\.log.*\n?.*INFO|INFO.*\n?.*pymode-default-warn\.log")

    def test_a_log_with_events_says_nothing(self):
        self.assertEqual(parse(log(BASIC)).err, "")

    def test_events_of_another_kind_than_asked_for_are_no_wrong_file(self):
        result = parse("--only", "signal", log(BASIC))
        self.assertEqual((result.code, result.out), (0, b""))
        self.assertNotRegex(result.err, r"(?i)layout|INFO")


class Pipes(Case):
    def test_closed_stdout_is_no_error(self):
        child = subprocess.Popen(
            [BINARY, "parse", *[log("3.5.9/soak.default")] * 5], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.assertTrue(child.stdout.readline().startswith(b"{"))
        child.stdout.close()
        with child.stderr:
            err = child.stderr.read()
        self.assertEqual((child.wait(TIMEOUT), err), (0, b""))

    def test_stdout_closed_before_the_first_document(self):
        read, write = os.pipe()
        os.close(read)
        child = subprocess.Popen([BINARY, "parse", log(BASIC)], stdout=write, stderr=subprocess.PIPE)
        os.close(write)
        _, err = child.communicate(timeout=TIMEOUT)
        self.assertEqual((child.returncode, err), (0, b""))

    def test_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [BINARY, "parse", log(BASIC)], stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False
            )
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"(?m)^sparktail: .*(?i:space)")

    def fed(self, pieces):
        child = subprocess.Popen([BINARY, "parse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        out = self.folder / "out"
        try:
            # One log's documents do not fit a pipe: something has to read while this side writes.
            with open(out, "wb") as file:
                reader = subprocess.Popen(["cat"], stdin=child.stdout, stdout=file)
            child.stdout.close()
            try:
                for piece in pieces:
                    os.write(child.stdin.fileno(), piece)
            except BrokenPipeError:
                pass  # The exit code below tells why it stopped reading.
            child.stdin.close()
            self.assertEqual((child.wait(TIMEOUT), reader.wait(TIMEOUT)), (0, 0))
        finally:
            child.kill()
            child.wait()
        return out.read_bytes()

    def test_byte_by_byte_without_the_last_newline(self):
        """F19, F20, F22: neither the cuts of a pipe nor a missing newline changes a document."""
        content = log(BASIC).read_bytes()
        end = content.rindex(b"\n}\n") + 2  # Ends with the last progress, cut right behind its brace.
        content = content[:end]
        whole = parse(stdin=content + b"\n")
        self.assertEqual(whole.documents[-1]["kind"], "progress")
        self.assertEqual(self.fed(content[at : at + 1] for at in range(end)), whole.out)

    def test_byte_by_byte_in_other_layouts(self):
        """A header of these holds a query's name and ids in its thread: it can be cut in the middle of them."""
        for name in ("3.1.3/fail.pid_prefix", "3.5.9/basic.iso_thread"):
            with self.subTest(log=name):
                content = log(name).read_bytes()
                self.assertEqual(self.fed(content[at : at + 1] for at in range(len(content))), parse(stdin=content).out)

    def test_a_last_query_line_without_newline(self):
        content = log(BASIC).read_bytes() + line(f"Query {names(1)} was stopped").rstrip(b"\n")
        whole = parse(stdin=content + b"\n")
        self.assertEqual(whole.documents[-1]["query"]["phase"], "stopped")
        self.assertEqual(self.fed([content]), whole.out)
        self.assertEqual(parse(self.file(content)).documents[-1]["query"], whole.documents[-1]["query"])

    def test_an_event_comes_out_while_the_pipe_is_open(self):
        child = subprocess.Popen([BINARY, "parse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            for batch in range(3):
                os.write(child.stdin.fileno(), progress_record(batch))
                ready, _, _ = select.select([child.stdout], [], [], ANSWER)
                self.assertTrue(ready, f"batch {batch} was kept back")
                self.assertIn(b'"batchId":%d,' % batch, os.read(child.stdout.fileno(), 1 << 16))
            child.stdin.close()
            self.assertEqual((child.stdout.read(), child.wait(TIMEOUT)), (b"", 0))
        finally:
            child.kill()
            child.wait()
            child.stdout.close()

    def test_interrupt(self):
        child = subprocess.Popen(
            [BINARY, "parse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            # Its first document tells that it runs, and not in the middle of its start.
            os.write(child.stdin.fileno(), progress_record(1))
            self.assertTrue(select.select([child.stdout], [], [], ANSWER)[0])
            child.send_signal(2)
            # Ended by the signal itself, or by an exit that says so: a shell shows 130 for both.
            self.assertIn(child.wait(TIMEOUT), (130, -2))
        finally:
            child.kill()
            child.wait()
            child.stdin.close()
            child.stdout.close()


if __name__ == "__main__":
    support.main()
