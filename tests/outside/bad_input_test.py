"""Input that is no log, or a hostile one: no crash, bounded memory, linear time, and nothing good behind it lost."""
import json
import random
import re
import unittest

import support
from support import MIB, SCALE, batches, line, names, parse, parse_fed, progress_record, uuid

MEMORY = 96 * MIB
# Below this much CPU time, start-up and noise are too much of what is measured.
MEASURABLE = 0.3
OPEN = b"26/11/21 15:34:03 INFO MicroBatchExecution: Streaming query made progress: {"
GOOD = progress_record(41) + line(f"Query {names(1)} was stopped") + progress_record(42)
UTC = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def repeated(piece, total):
    """About `total` bytes of `piece`, in chunks of about a MiB."""
    chunk = piece * max(1, MIB // len(piece))
    for _ in range(max(1, total // len(chunk))):
        yield chunk


def counted(chunks, sizes):
    for chunk in chunks:
        sizes.append(len(chunk))
        yield chunk


class Case(support.TempCase):
    def check(self, chunks, *arguments, good=(41, 42), memory=MEMORY):
        """Feeds the bad input; `good` are the batch ids which must come out at the end."""
        sizes = []
        result = parse_fed(counted(chunks, sizes), "--stats", *arguments)
        self.assertEqual(result.code, 0, result.err[-2000:])
        found = batches(result)
        self.assertEqual(tuple(found[-len(good) :] if good else found), good)
        self.assertEqual(support.stats(result)["bytes"], sum(sizes))
        if not support.sanitized():
            self.assertLess(result.max_rss, memory, f"{result.max_rss / MIB:.0f} MiB")
        return result

    def only_good(self, result):
        self.assertEqual(batches(result), [41, 42])
        return result


class Noise(Case):
    def test_empty(self):
        self.assertEqual(self.check([], good=()).documents, [])

    def test_newlines_alone(self):
        self.only_good(self.check([b"\n" * MIB, b"\r\n" * MIB, GOOD]))

    def test_binary(self):
        noise = random.Random(20261121)
        self.only_good(self.check([*(noise.randbytes(MIB) for _ in range(8 * SCALE)), b"\n", GOOD]))

    def test_binary_right_before_an_event_and_between(self):
        noise = random.Random(7)
        pieces = []
        for batch in range(50):
            pieces += [noise.randbytes(noise.randrange(20000)).replace(b"{", b"?"), b"\n", progress_record(batch)]
        self.assertEqual(batches(self.check(pieces, good=(48, 49))), list(range(50)))

    def test_no_newline_at_all(self):
        size = 1024 * MIB if SCALE >= 10 else 64 * MIB
        for piece in (b"x", b"\0", b"{", b'"', b"\xff", b"Streaming query made progress: {"):
            with self.subTest(piece=piece):
                result = self.check(repeated(piece, size), good=())
                self.assertEqual(result.documents, [])

    def test_a_line_of_100_mib(self):
        for head in (b"", b"26/11/21 15:34:03 INFO X: ", b"\tat "):
            with self.subTest(head=head):
                result = self.check([progress_record(40), head, *repeated(b"x", 100 * MIB), b"\n", GOOD])
                self.assertEqual(batches(result), [40, 41, 42])
                self.assertGreaterEqual(support.skipped(result), 1, "what was skipped is not counted")

    def test_nuls(self):
        self.only_good(self.check([b"\0" * 5000, b"\n", line("a\0b"), b"\0\n", GOOD]))

    def test_crlf(self):
        for name in ("3.5.9/fail.default", "3.5.9/basic.iso_thread", "3.1.3/fail.pid_prefix"):
            with self.subTest(log=name):
                content = support.log(name).read_bytes()
                unix, dos = parse(stdin=content), parse(stdin=content.replace(b"\n", b"\r\n"))
                self.assertGreater(len(unix.documents), 10)
                for left, right in zip(unix.documents, dos.documents, strict=True):
                    # Offsets differ, and with them the ids of what has no ids of its own.
                    for one in (left, right):
                        del one["source"], one["id"]
                    error = right.get("error", {})
                    self.assertNotIn("\r", error.get("class", "") + error.get("message", ""))
                    if "stack" in error:
                        error["stack"] = error["stack"].replace("\r", "")
                    self.assertEqual(left, right)
                ids = [[one["id"] for one in part.of_kind("progress")] for part in (unix, dos)]
                self.assertEqual(*ids)

    def test_byte_order_mark(self):
        self.only_good(self.check([b"\xef\xbb\xbf" + GOOD]))

    def test_impossible_stamps(self):
        idle = "Streaming query has been idle and waiting for new data more than 3 ms."
        for stamp in (
            "00/00/00 00:00:00",
            "26/13/21 15:34:03",
            "26/02/30 15:34:03",
            "26/11/21 25:61:61",
            "26/11/21 24:00:00",
            "0000-00-00 00:00:00,000",
            "0000-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999+14:00",
            "2026-11-21T15:34:03.000+99:99",
            "2026-11-21 15:34:60,999",
        ):
            with self.subTest(stamp=stamp):
                bad = line(f"Query {names(5)} was stopped", stamp=stamp) + line(idle, stamp=stamp)
                result = self.check([bad, progress_record(40, stamp=stamp), bad, GOOD])
                for one in result.documents:
                    if "@timestamp" in one:
                        self.assertRegex(one["@timestamp"], UTC)

    def test_every_cut_of_a_header(self):
        """The end of what is there, or of a buffer, can be anywhere in a header."""
        thread = f"stream execution thread for {names(1)}"
        for header in (
            f"[c] 2026-11-21 16:03:38,438 WARN  s.P [{thread}] Query {names(1)} was stopped",
            f"2026-11-21T15:50:26.814Z INFO  [{thread}] org.apache.X:60 - Starting {names(1)}. Use /c to store the query checkpoint.",
            f"26/11/21 15:34:03 ERROR X: Query {names(1)} terminated with error",
            "26/11/21 15:34:03 INFO X: Streaming query made progress: {",
        ):
            with self.subTest(header=header):
                cuts = [self.file(header[:cut].encode(), f"{cut}.log") for cut in range(1, len(header) + 1)]
                # Each file is a stream of its own; one process reads them all, unless it has to be told which one is wrong.
                if parse(*cuts).code:
                    self.assertEqual({cut.name: code for cut in cuts if (code := parse(cut).code)}, {})
                    self.fail("all of them in one process")

    def test_impossible_time_of_a_progress(self):
        for time in ("0000-00-00T00:00:00.000Z", "2026-13-21T00:00:00.000Z", "yesterday", "", "9" * 100):
            with self.subTest(time=time):
                result = self.check([progress_record(40, time=time), GOOD])
                for one in result.of_kind("progress"):
                    self.assertRegex(one["@timestamp"], r"^\d{4}-\d\d-\d\dT")


class BrokenJson(Case):
    def signals(self, result):
        return [(one["rule"], one["fields"]["reason"]) for one in result.of_kind("signal")]

    def test_unterminated(self):
        record = progress_record(40)
        # In the whole record, behind each line but the last: `}` alone would end it.
        for cut in range(record.index(b"\n") + 1, len(record) - 3, 37):
            with self.subTest(cut=cut):
                result = self.only_good(self.check([record[:cut], b"\n", GOOD, record[:cut]]))
                reasons = ["next_header", "end_of_stream"]
                self.assertEqual(self.signals(result), [("progress_incomplete", reason) for reason in reasons])
                self.assertEqual(support.stats(result)["skipped.incomplete"], 2)

    def test_unterminated_string_with_braces(self):
        bad = OPEN + b'\n  "id" : "}}}}{{{{\n'
        result = self.only_good(self.check([bad, GOOD]))
        self.assertEqual(len(self.signals(result)), 1)

    def test_an_open_event_of_100_mib(self):
        for piece in (b"v", b"\n", b'  "k" : 1,\n', b"{", b"\\"):
            with self.subTest(piece=piece):
                start = b'\n  "id" : "' if piece in b"v\\" else b"\n"
                result = self.check([OPEN, start, *repeated(piece, 100 * MIB), b"\n", GOOD])
                self.only_good(result)
                self.assertEqual(self.signals(result), [("progress_incomplete", "max_event_bytes")])
                self.assertGreaterEqual(support.skipped(result), 1)

    def test_an_open_event_of_15_mib_is_an_event(self):
        extra = b',\n  "observedMetrics" : {\n    "x" : "' + b"v" * 15 * MIB + b'"\n  }'
        result = self.check([progress_record(40, extra=extra), GOOD])
        self.assertEqual(batches(result), [40, 41, 42])

    def test_deep(self):
        for depth in (100, 10_000, 1_000_000):
            for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
                with self.subTest(depth=depth, opening=opening):
                    extra = b',\n  "observedMetrics" : ' + opening * depth + b"1" + closing * depth
                    result = self.check([progress_record(40, extra=extra), GOOD])
                    lost = len(self.signals(result))
                    self.assertEqual(len(batches(result)) + lost, 3)
                    self.assertEqual(support.skipped(result), lost)
                    if depth == 100:
                        self.assertEqual(lost, 0)

    def test_deep_and_never_closed(self):
        for piece in (b"{", b"[", b'{"a":'):
            with self.subTest(piece=piece):
                result = self.only_good(self.check([OPEN, b"\n", piece * 10_000, b"\n", GOOD]))
                self.assertEqual(self.signals(result), [("progress_incomplete", "next_header")])

    def test_malformed(self):
        record = progress_record(40)
        for old, new in (
            (b'"batchId" : 40', b'"batchId" : forty'),
            (b'"name" :', b'"name" "name" :'),
            (b'"q"', b'"q\0"'),
            (b'"q"', b'"\\q"'),
            (b"[ ]", b"[ , ]"),
        ):
            with self.subTest(new=new):
                result = self.only_good(self.check([record.replace(old, new), GOOD]))
                self.assertEqual(self.signals(result), [("progress_incomplete", "malformed")])
                self.assertEqual(support.stats(result)["skipped.malformed"], 1)

    def test_forged(self):
        record = progress_record(40)
        for content in (
            record.replace(uuid(1).encode(), b"' OR 1=1 --"),
            record.replace(uuid(2).encode(), b"x" * 36),
            record.replace(b'"sources" :', b'"sauces" :'),
            record.replace(b'"sink" :', b'"sunk" :'),
            record.replace(b'"2026-11-21T15:34:01.000Z"', b'"now"'),
            record.replace(b": Streaming", b": I say: Streaming"),
            line("x", level="ERROR") + b"java.lang.Exception: Streaming query made progress: {\n" + record.partition(b"\n")[2],
            record[record.index(b"Streaming") :],
        ):
            with self.subTest(content=content[:120]):
                result = self.only_good(self.check([content, GOOD]))
                self.assertEqual(self.signals(result), [])
                self.assertEqual(len(result.documents), 3)

    def test_braces_and_quotes_in_strings(self):
        """F28: a bracket counter without eyes for strings breaks here."""
        opening = "Streaming query made progress: {"
        for name in ("}", "{", '"', "\\", '\\"', "}\n}", "{" * 1000, "]]]", '"}', opening, "\u2028\x85\x0b"):
            with self.subTest(name=name):
                result = self.check([progress_record(40, name=name), GOOD])
                self.assertEqual(batches(result), [40, 41, 42])
                self.assertEqual(result.documents[0]["metrics"]["name"], name)

    def test_another_writers_line_in_the_middle(self):
        """F29: the event is lost or restored, never wrong, and the next one is whole."""
        record = progress_record(40)
        rows = record.splitlines(keepends=True)
        header = line("interloper", logger="X")
        for other in (b"[GC pause 12 ms]\n", b"hello\n", b"}\n", b"{\n", b'"\n', header, OPEN + b"\n"):
            for at in range(1, len(rows), 5):
                with self.subTest(other=other, at=at):
                    result = self.check([*rows[:at], other, *rows[at:], GOOD])
                    first = [one["metrics"] for one in result.of_kind("progress") if one["metrics"].get("batchId") == 40]
                    self.assertIn(first, ([], [json.loads(record.partition(b"progress: ")[2])]))
                    self.assertTrue(set(batches(result)) <= {40, 41, 42})


class Utf8(Case):
    def test_invalid_bytes_in_a_name(self):
        for bad, good in (
            (b"\xff", "\ufffd"),
            (b"a\xc3", "a\ufffd"),
            (b"\xff\xfe", "\ufffd\ufffd"),
            # How many stand for a sequence of these is nowhere promised.
            (b"\xe2\x82", None),
            (b"\xed\xa0\x80", None),
            (b"\xc0\xaf", None),
            (b"\xf5\x80\x80\x80", None),
        ):
            with self.subTest(bad=bad):
                result = self.check([progress_record(40, name=b'"<' + bad + b'>"'), GOOD])
                first, *others = result.of_kind("progress")
                self.assertEqual(first["metrics"]["batchId"], 40)
                self.assertIs(first["source"]["invalidUtf8"], True)
                self.assertRegex(first["metrics"]["name"], "^<a?\ufffd+>$")
                if good:
                    self.assertEqual(first["metrics"]["name"], f"<{good}>")
                for other in others:
                    self.assertNotIn("invalidUtf8", other["source"])

    def test_invalid_bytes_in_a_query_event(self):
        text = line(f"Query {names(1, 'NAME')} terminated with error", level="ERROR")
        text += b"java.lang.X: bad \xff text\n\tat a.b(c:1)\n"
        result = self.check([text.replace(b"NAME", b"n\xfe"), GOOD])
        first = result.of_kind("query")[0]
        self.assertEqual((first["query"]["name"], first["error"]["message"]), ("n\ufffd", "bad \ufffd text"))
        self.assertIs(first["source"]["invalidUtf8"], True)

    def test_control_characters_are_escaped_json(self):
        text = line(f"Query {names(1)} terminated with error", level="ERROR")
        text += b"java.lang.X: \x1b[31m\x00\x07 red\n\tat a.b(c:1)\n"
        result = self.check([text, GOOD])
        self.assertEqual(result.of_kind("query")[0]["error"]["message"], "\x1b[31m\0\7 red")
        self.assertNotIn(b"\x1b", result.out)


class Floods(Case):
    def test_many_openings(self):
        words = b"Streaming query made progress: {"
        count = 1_000_000 if SCALE >= 10 else 250_000
        for piece in (words + b"\n", words, OPEN + b"\n", OPEN):
            with self.subTest(piece=piece):
                self.only_good(self.check([*repeated(piece, len(piece) * count), b"\n", GOOD], "--only", "progress"))

    def test_bounded_memory_over_many_queries(self):
        start = line("Starting {}. Use file:/ck to store the query checkpoint.").decode()

        def starts():
            for block in range(500):
                yield b"".join(start.format(names(1000 * block + one)).encode() for one in range(1000))

        self.only_good(self.check([line("Running Spark version 3.5.9", logger="SparkContext"), *starts(), GOOD], "--only", "progress"))

    def test_a_name_of_a_mebibyte_in_every_place(self):
        name = "n" * MIB
        lines = [line(f"{text}{name}", logger="SparkContext") for text in ("Running Spark version ", "Submitted application: ")]
        for number in range(1, 40):
            lines.append(line(f"Starting {names(number, name)}. Use file:/{name} to store the query checkpoint."))
        self.only_good(self.check([*lines, GOOD], "--only", "progress"))


class LinearTime(Case):
    def cpu(self, make, size, arguments=()):
        result = parse_fed(make(size), "--only", "progress", *arguments)
        self.assertEqual(result.code, 0)
        self.assertEqual(batches(result)[-2:], [41, 42])
        return result.cpu

    def check_linear(self, make, *arguments, most=(64 if SCALE >= 10 else 16) * MIB):
        """Doubles the input until it takes time enough to measure, or is so large that it shows anyway."""
        size = 2 * MIB
        once = self.cpu(make, size, arguments)
        while once < MEASURABLE and size < most:
            size *= 2
            once = self.cpu(make, size, arguments)
        if once < MEASURABLE:
            return
        twice = self.cpu(make, 2 * size, arguments)
        for _ in range(2):
            if twice / once < 3.5:
                break
            # A neighbour on the machine can cost CPU time too: the least of three tells what the work is.
            once, twice = (min(one, self.cpu(make, n, arguments)) for one, n in ((once, size), (twice, 2 * size)))
        self.assertLess(twice / once, 3.5, f"twice of {size} bytes")

    def flood(self, piece, head=b""):
        return lambda size: [head, *repeated(piece, size), b"\n", GOOD]

    def test_lines(self):
        for name, make in {
            "long line": self.flood(b"x"),
            "long line with a header": self.flood(b"x", line("")[:-1]),
            "openings without a header": self.flood(b"Streaming query made progress: {"),
            "openings a line": self.flood(b"Streaming query made progress: {\n"),
            "records never closed": self.flood(OPEN + b"\n"),
            "headers in one line": self.flood(OPEN),
            "brackets in a header": self.flood(b"[", b"26/11/21 15:34:03 INFO ["),
            "bracket prefixes": self.flood(b"[x] "),
            "spaces": self.flood(b" "),
            "empty lines": self.flood(b"\n"),
            "carriage returns": self.flood(b"\r"),
            "digits": self.flood(b"26/11/21 "),
            "threads never closed": self.flood(b"2026-11-21T15:50:26.814Z INFO  [stream execution thread for \n"),
            "query names": self.flood(b"26/11/21 15:34:03 INFO MicroBatchExecution: Query q [id = \n"),
            "ids in one line": self.flood(b"[id = " + uuid(1).encode() + b", runId = ", line("Query ")[:-1]),
        }.items():
            with self.subTest(name):
                self.check_linear(make)

    def test_a_hostile_line_is_no_more_work_than_hostile_records(self):
        """Linear with a huge factor is a stop too: each opening in an endless line must not read its window again."""
        words = b"Streaming query made progress: {"
        size = 16 * MIB if SCALE >= 10 else 4 * MIB
        records = max(self.cpu(self.flood(OPEN + b"\n"), size), 0.05)
        self.assertLess(self.cpu(self.flood(words), size) / records, 30)

    def test_records(self):
        dead = line(f"Query {names(1)} terminated with error", level="ERROR")
        for name, make in {
            "open event": self.flood(b'  "k" : 1,\n', OPEN + b"\n"),
            "open string": self.flood(b"v", OPEN + b'\n  "id" : "'),
            "escapes": self.flood(b"\\\\", OPEN + b'\n  "id" : "'),
            "braces": self.flood(b"{", OPEN + b"\n"),
            "stack": self.flood(b"\tat a.b.c(D.java:1)\n", dead + b"java.lang.X: m\n"),
            "message": self.flood(b"m\n", dead + b"java.lang.X: m\n"),
            "causes": self.flood(b"Caused by: java.lang.X: m\n", dead + b"java.lang.X: m\n"),
            "terminated": self.flood(dead + b"java.lang.X: m\n\tat a.b(c:1)\n"),
            "malformed": self.flood(progress_record(1).replace(b"[ ]", b"[ , ]")),
            "forged": self.flood(progress_record(1).replace(b'"sink"', b'"sunk"')),
        }.items():
            with self.subTest(name):
                self.check_linear(make)

    def test_a_broken_large_event(self):
        """Looking for another writer's text at each 8,192 bytes must not be quadratic in the event."""
        row = b'    "k" : "' + b"v" * 60 + b'",\n'
        start = OPEN + progress_record(7).partition(b"{")[2].rpartition(b"\n}")[0] + b',\n  "observedMetrics" : {\n'
        end = b'    "z" : 1\n  }\n}\n'

        def make(size):
            event = start + row * (size // len(row)) + end
            for at in range(0, len(event), 8192):
                yield event[at : at + 8192]
                if at and at % (every * 8192) == 0:
                    yield foreign
            yield GOOD

        for limit in ("16MiB", "128MiB") if SCALE >= 10 else ("16MiB",):
            for every in (1, 50):
                for foreign in (b"FOREIGN print\n", b'"\n', b"{ } FOREIGN print\nand more\n"):
                    with self.subTest(limit=limit, every=every, foreign=foreign):
                        self.check_linear(make, "--max-event-bytes", limit)


if __name__ == "__main__":
    support.main(workers=2)
