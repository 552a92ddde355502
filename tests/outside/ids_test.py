"""Ids, computed here from the log's own bytes, against those sparktail gives."""
import re
import unittest

import reader
import support
import xxh3
from support import line, log, names, parse, progress_record, uuid

# Made with libxxhash 0.8.1, of the first N bytes of PATTERN.
PATTERN = bytes((i * 131 + 7) & 255 for i in range(5000))
VECTORS = {
    0: "99aa06d3014798d86001c324468d497f",
    1: "495b62073ef70ca44c5cca45d0f4811f",
    2: "f1b5eec902a1eb5e29c60963cbfa4e6e",
    3: "390cdc5b4a895dd76e3e2670e61106ac",
    4: "aa6e2f274640a3f43d668af6f2a44d77",
    5: "d9da89da8d7e169a62853c5f1a6eda6e",
    8: "6a86a3bda6af4e3d61ddbe7f31a6100d",
    9: "664c7ca18afd62558c7b67fd458a936b",
    13: "0fca68419295820b32a1d2559b803bd3",
    16: "7f9a218b0425449ae2ce54a7c19c730d",
    17: "66fc23f6439dbd778d96ef110fcdebb4",
    32: "49a11ee743d6d342fd357cf6cb2dda18",
    33: "7228d9284a8116f6f8994653f4bfe6da",
    64: "e0faf20e0e0fe0ddba7e015a54f14be1",
    65: "9397df27b7a9871385326f4078a61329",
    96: "fb78ac185ef554438b8720f565dcf40c",
    97: "9cfc8c7d6e7815c8bb385623e598c6d4",
    128: "aec730751478556cff361dec1385710a",
    129: "98cd36ccbb5579264545b3a09738e31a",
    160: "832af93acbf14d0b10963bc4f63e0de8",
    191: "09c837328ea1c7869e291024d5135c77",
    240: "5293e17bf553903d3f2c53e72293711f",
    241: "b53840fe3fedf161956cae592c67279e",
    256: "d0d2829a226d0edbb15e550733c5dfac",
    1024: "f69630613f24324d70bd377d9574f4bb",
    1025: "621af7b8277effa466c4487c41e127a7",
    1088: "0b03b0c7bdc5b078f43dc77e28a9acbc",
    1089: "2c6b6278224b15b2313bc7ee32bbfa2e",
    2048: "56b77f207158a2ba8b46caa67dab3a30",
    2049: "9d5d5fbfe401ce28581cd184fd9b76c5",
    5000: "61bedb627e4a5fdfe4007929540f095c",
}

LOGS = (
    "3.1.3/basic.default",
    "3.1.3/fail.pid_prefix",
    "3.5.9/avail.default",
    "3.5.9/basic.iso_thread",
    "3.5.9/fail.default",
    "3.5.9/idle.default",
    "3.5.9/oom.default",
    "4.3.0/fail.default",
)
PROGRESS_FIELDS = ("id", "runId", "batchId", "timestamp")
UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NAMED = re.compile(rb"\[id = (" + UUID + rb"), runId = (" + UUID + rb")\]")


def hashed(*fields):
    return xxh3.xxh3_128(b"\n".join(field if isinstance(field, bytes) else str(field).encode() for field in fields))


def line_at(content, offset):
    return content[offset:].partition(b"\n")[0].removesuffix(b"\r")


def stream_of(content):
    """The stream's name where no path proves another: the hash of its first complete line."""
    return hashed(line_at(content, 0)) if b"\n" in content else ""


def expected_id(document, content, stream):
    kind = document["kind"]
    if kind == "progress":
        metrics = document["metrics"]
        return hashed(kind, metrics["id"], metrics["runId"], metrics["batchId"], metrics["timestamp"])
    offset = document["source"]["offset"]
    header = line_at(content, offset)
    what = document["query"]["phase"] if kind == "query" else document["rule"]
    named = NAMED.search(header)
    if kind == "query" and what != "idle" and named:
        return hashed(kind, what, *named.groups())
    return hashed(kind, what, stream, offset, header, 0)


class Hash(unittest.TestCase):
    def test_vectors_of_the_reference_library(self):
        for size, digest in VECTORS.items():
            self.assertEqual(xxh3.xxh3_128(PATTERN[:size]), digest, f"{size} bytes")


class Ids(support.TempCase):
    def check(self, result, content, stream=None):
        stream = stream_of(content) if stream is None else stream
        documents = result.documents
        self.assertTrue(documents)
        for document in documents:
            self.assertRegex(document["id"], r"^[0-9a-f]{32}$")
            self.assertEqual(document["id"], expected_id(document, content, stream), document)
        self.assertEqual(len({document["id"] for document in documents}), len(documents), "an id is there twice")

    def test_every_document_of_recorded_logs(self):
        for name in LOGS:
            with self.subTest(log=name):
                self.check(parse(log(name)), log(name).read_bytes())

    def test_progress_ids_without_any_help_of_sparktail(self):
        for path in support.logs():
            with self.subTest(log=path.name):
                expected = []
                for text in reader.read(path):
                    fields = [re.search(rf'"{key}":"?([^",]*)"?,', text)[1] for key in PROGRESS_FIELDS]
                    expected.append(hashed("progress", *fields))
                self.assertEqual([document["id"] for document in parse("--only", "progress", path).documents], expected)

    def test_file_and_stdin_give_the_same_documents(self):
        for name in LOGS:
            with self.subTest(log=name):
                from_file = parse(log(name)).documents
                from_stdin = parse(stdin=log(name).read_bytes()).documents
                for left, right in zip(from_file, from_stdin, strict=True):
                    self.assertEqual(left["source"].pop("path"), str(log(name)))
                    self.assertEqual((left["source"].pop("name"), right["source"].pop("name")), ("file", "stdin"))
                    self.assertEqual(left, right)

    def test_offsets_point_at_the_record(self):
        marks = {"progress": b"Streaming query made progress: {", "query": b"", "signal": b""}
        for name in LOGS:
            content = log(name).read_bytes()
            for document in parse(log(name)).documents:
                offset = document["source"]["offset"]
                with self.subTest(log=name, offset=offset):
                    self.assertTrue(offset == 0 or content[offset - 1 : offset] == b"\n")
                    self.assertIn(marks[document["kind"]], line_at(content, offset))

    def test_a_containers_path_names_the_stream(self):
        container = "application_1700000000000_0042/container_e12_1700000000000_0042_01_000001/stderr"
        content = log("3.5.9/idle.default").read_bytes()
        result = parse(self.file(content, f"logs/{container}"))
        self.check(result, content, container)
        self.assertIn("idle", [document["query"]["phase"] for document in result.of_kind("query")])
        for document in result.documents:
            self.assertEqual(document["appId"], "application_1700000000000_0042")
            self.assertEqual(document["containerId"], "container_e12_1700000000000_0042_01_000001")
            self.assertEqual(document["attempt"], 1)

    def test_signals_have_ids(self):
        cut = progress_record(1).partition(b'  "stateOperators"')[0]
        content = line("hello") + cut + progress_record(2) + cut
        result = parse(stdin=content)
        self.check(result, content)
        self.assertEqual([document["kind"] for document in result.documents], ["signal", "progress", "signal"])

    def test_a_thread_that_names_the_query_names_a_resumed_one(self):
        head = f"2026-11-21T15:50:26.814Z INFO  [stream execution thread for {names(1)}] org.apache.spark.X:60 - "
        resuming = "Resuming at batch 5 with committed offsets {} and available offsets {}\n"
        content = (head + resuming).encode()
        result = parse(stdin=content)
        self.assertEqual([document["query"]["phase"] for document in result.documents], ["resumed"])
        self.assertEqual(result.documents[0]["id"], hashed("query", "resumed", uuid(1), uuid(2)))
        self.check(result, content)

    def test_lines_end_in_crlf_or_lf_with_the_same_header_in_the_id(self):
        content = line("hello") + line("Streaming query has been idle and waiting for new data more than 3000 ms.")
        for ending in (b"\n", b"\r\n"):
            changed = content.replace(b"\n", ending)
            with self.subTest(ending=ending):
                self.check(parse(stdin=changed), changed)

    def test_a_cut_off_only_line_has_no_stream(self):
        content = line("Streaming query has been idle and waiting for new data more than 3000 ms.").rstrip(b"\n")
        self.check(parse(stdin=content), content, stream="")


if __name__ == "__main__":
    support.main()
