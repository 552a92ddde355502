"""Shared by the tests of `sparktail run`: logs that grow and rotate, the process that reads them, and the account of
what it delivered."""
import ctypes
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import support
from seed import SEED, counts, rng
from support import BINARY

# How long something may take that must come: machines are slow, and shared.
DEADLINE = int(os.environ.get("SPARKTAIL_TEST_DEADLINE") or 90) * (4 if support.sanitized() else 1)
# Closes an open record, and is no event.
CLOSING = b"26/11/21 15:59:59 INFO ShutdownHookManager: Shutdown hook called\n"

print(f"SPARKTAIL_TEST_SEED={SEED}", flush=True)


# Names of metrics, each of a source or a sink (component_id).
METRIC_READ = "sparktail_component_received_bytes_total"
METRIC_SENT = "sparktail_component_sent_events_total"
METRIC_BEHIND = "sparktail_source_behind_bytes"
METRIC_QUEUE = "sparktail_buffer_byte_size"
METRIC_LOST = "sparktail_source_lost_bytes_total"
METRIC_LOST_IN_SINK = "sparktail_sink_lost_bytes_total"
METRIC_TRUNCATIONS = "sparktail_source_truncations_total"

# ---------------------------------------------------------------- waiting


def eventually(condition, what, deadline=DEADLINE, alive=None):
    """Waits until `condition()` is true, and returns its value; `alive` is a Runner that must not end meanwhile."""
    end = time.monotonic() + deadline
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if alive is not None and alive.ended():
            value = condition()
            if value:
                return value
            what = what() if callable(what) else what
            raise AssertionError(f"sparktail ended with {alive.code} before {what}; it said:\n{alive.said()[-4000:]}")
        if time.monotonic() > end:
            said = f"; it said:\n{alive.said()[-4000:]}" if alive is not None else ""
            raise AssertionError(f"not within {deadline} s: {what() if callable(what) else what}{said}")
        time.sleep(pause)
        pause = min(0.05, pause * 1.5)


def holds(condition, what, count=20):
    """For what must not happen: looks several times; a proof it is not."""
    for _ in range(count):
        if not condition():
            raise AssertionError(what)
        time.sleep(0.02)


# ---------------------------------------------------------------- log text

UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def variant(text, number):
    """The log as if from another run, on another day: no event has the id of another variant's. Sizes stay."""
    if number == 0:
        return text
    digits = list(b"0123456789abcdef")
    random.Random(number).shuffle(digits)
    table = bytes.maketrans(b"0123456789abcdef", bytes(digits))
    text = UUID.sub(lambda match: match.group().translate(table), text)
    month, day = 1 + number % 10, 1 + number // 10 % 28
    text = text.replace(b"26/11/21 ", b"26/%02d/%02d " % (month, day))
    return text.replace(b"2026-11-21", b"2026-%02d-%02d" % (month, day))


def corpus(name, number=0):
    return variant(support.log(name).read_bytes(), number)


def banner(number=0):
    """Spark's lines before the first event: alike in every run, and longer than any fingerprint."""
    text = corpus("3.5.9/basic.default", number)
    return text[: text.index(b"INFO MicroBatchExecution: Starting ")].rpartition(b"\n")[0] + b"\n"


def events(*numbers):
    """Progress events of these batch numbers, with some noise."""
    return b"".join(
        support.progress_record(number, time=f"2026-11-21T15:{number // 60 % 60:02d}:{number % 60:02d}.000Z")
        + support.line(f"Resources are clean for {number}", logger="BlockManager")
        for number in numbers
    )


def without_noise(text, keep=8):
    """Leaves out most lines of no interest between events, so that kills and rotations hit what matters more often."""
    events = re.compile(rb"MicroBatchExecution|Running Spark version|StreamExecution|Submitted application|Exception")
    kept, run, inside = [], 0, False
    for number, line in enumerate(text.splitlines(keepends=True)):
        header = re.match(rb"\d\d/\d\d/\d\d |\d{4}-\d\d-\d\d", line)
        if header:
            inside = bool(events.search(line)) or number < 20
            run = 0 if inside else run + 1
        if inside or run <= keep:
            kept.append(line)
    return b"".join(kept)


# Of a record, wrapped or not.
HEADER = re.compile(rb'(?:^| F |"log":")(?:\d\d/\d\d/\d\d |\d{4}-\d\d-\d\d )', re.M)


def cut(text, count, random_source, where="line"):
    """Cuts into `count` parts at most, as rotation may do it: before a header, between two lines, or at any byte. The first one
    has some lines, so that it can be seen before it is rotated."""
    least = 3000
    if where == "byte":
        ends = range(least, len(text))
    else:
        pattern = rb"\n(?=\d\d/\d\d/\d\d |\d{4}-\d\d-\d\d)" if where == "header" else rb"\n(?=.)"
        ends = [match.end() for match in re.finditer(pattern, text) if match.end() > least]
    cuts = [0]
    # A part without a header would not be read before the next one comes.
    for end in sorted(random_source.sample(ends, count - 1)):
        if HEADER.search(text, cuts[-1] + 1, end):
            cuts.append(end)
    cuts.append(len(text))
    return [text[begin:end] for begin, end in zip(cuts, cuts[1:])]


def cut_anywhere(text, random_source, largest=16384):
    """Pieces of very different sizes, of which most end within a line."""
    pieces, begin = [], 0
    while begin < len(text):
        end = begin + max(1, int(largest ** random_source.random()))
        pieces.append(text[begin:end])
        begin = end
    return pieces


# ---------------------------------------------------------------- wrappings


def cri(parts, largest=16384):
    """Kubernetes' own form: parts are (stream, text) in order; a line longer than `largest` goes in parts P … F."""
    out, stamp = [], 0
    for stream, text in parts:
        for line in text.splitlines(keepends=True):
            body, ending = (line[:-1], b"F") if line.endswith(b"\n") else (line, b"P")
            pieces = [body[at : at + largest] for at in range(0, len(body), largest)] or [b""]
            for number, piece in enumerate(pieces):
                stamp += 1
                tag = ending if number == len(pieces) - 1 else b"P"
                time_text = b"2026-11-21T15:%02d:%02d.%09dZ" % (stamp // 60000 % 60, stamp // 1000 % 60, stamp % 1000 * 1000000)
                out.append(time_text + b" " + stream + b" " + tag + b" " + piece + b"\n")
    return b"".join(out)


def docker(parts, largest=16384):
    """Docker's json-file: a part of a longer line has no newline at its end."""
    out, stamp = [], 0
    for stream, text in parts:
        # Characters stay whole: Docker makes U+FFFD of those that it cuts, so the content is another.
        for line in text.decode("utf-8").split("\n"):
            line += "\n"
            for at in range(0, len(line), largest):
                stamp += 1
                piece = json.dumps(line[at : at + largest], ensure_ascii=False)
                # Go's encoder escapes these as well.
                for plain, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
                    piece = piece.replace(plain, escaped)
                time_text = f"2026-11-21T15:{stamp // 60000 % 60:02d}:{stamp // 1000 % 60:02d}.{stamp % 1000 * 1000000:09d}Z"
                out.append(f'{{"log":{piece},"stream":"{stream.decode()}","time":"{time_text}"}}\n'.encode())
    return b"".join(out)


WRAPPINGS = {"plain": lambda parts, **_: b"".join(text for _, text in parts), "cri": cri, "docker": docker}


# ---------------------------------------------------------------- logs that grow and rotate


class LogWriter:
    """Writes texts into one log, rotating it between two of them, one small step a call of step(); so a test can do
    something else, such as killing the reader, between any two steps of writing and of rotating.

    rotation:
      rename          driver.log.1 becomes .2 and so on, driver.log becomes .1, a new one is made (log4j2, logrotate)
      late_rename     as rename, but the writer goes on in the renamed file for a while
      kubelet         0.log becomes 0.log.<time>, a new one is made
      copytruncate    the log is copied to .1 and truncated; the writer appends (O_APPEND)
      copytruncate_hole  as copytruncate, but the writer keeps its position: NULs from 0 up to it
      truncate        truncated without a copy
      recreate        deleted, and made anew: the inode may be the same again
    """

    def __init__(self, path, texts, rotation, random_source, largest=16384):
        self.path = Path(path)
        self.texts = list(texts)
        self.rotation = rotation
        self.random = random_source
        self.largest = largest
        self.rotation_is_next = False
        self.written = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.fd = self._open()
        self._steps = self._life()

    def step(self):
        """False if there is nothing left to do."""
        return next(self._steps, None) is not None

    def finish(self):
        while self.step():
            pass

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def sibling(self, number):
        return self.path.with_name(f"{self.path.name}.{number}")

    def _open(self):
        append = os.O_APPEND if self.rotation != "copytruncate_hole" else 0
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | append, 0o644)

    def _write(self, piece):
        os.write(self.fd, piece)
        self.written += len(piece)

    def _life(self):
        for number, text in enumerate(self.texts):
            pieces = cut_anywhere(text, self.random, self.largest)
            if number > 0:
                yield from getattr(self, "_" + self.rotation)(pieces)
            for left, piece in reversed(list(enumerate(reversed(pieces)))):
                self._write(piece)
                self.rotation_is_next = left == 0
                yield "written"
            self.rotation_is_next = False
        self.close()

    def _shift(self):
        last = 0
        while self.sibling(last + 1).exists():
            last += 1
        for number in range(last, 0, -1):
            self.sibling(number).rename(self.sibling(number + 1))
            yield "shifted"

    def _rename(self, _):
        yield from self._shift()
        self.path.rename(self.sibling(1))
        yield "renamed"
        self.close()
        self.fd = self._open()
        yield "opened"

    def _late_rename(self, pieces):
        """Late lines belong to the older file; they are removed from the caller's pieces."""
        yield from self._shift()
        self.path.rename(self.sibling(1))
        yield "renamed"
        for _ in range(self.random.randrange(min(4, len(pieces)))):
            self._write(pieces.pop(0))
            yield "written late"
        self._end_line(pieces)
        self.close()
        self.fd = self._open()
        yield "opened"

    def _end_line(self, pieces):
        """A writer opens its new file between two lines."""
        rest = b"".join(pieces)
        end = rest.find(b"\n") + 1
        self._write(rest[:end])
        pieces[:] = cut_anywhere(rest[end:], self.random, self.largest)

    def _kubelet(self, _):
        number = sum(1 for _ in self.path.parent.glob(self.path.name + ".*"))
        self.path.rename(f"{self.path}.20261121-1534{number:02d}")
        yield "renamed"
        self.close()
        self.fd = self._open()
        yield "opened"

    def _copytruncate(self, _):
        yield from self._shift()
        content = self.path.read_bytes()
        with open(self.sibling(1), "wb", buffering=0) as copy:
            yield "copy begun"
            for piece in cut_anywhere(content, self.random, 262144):
                copy.write(piece)
                yield "copied"
        os.ftruncate(self.fd, 0)
        yield "truncated"

    def _copytruncate_hole(self, pieces):
        yield from self._copytruncate(pieces)
        # It is read as well.
        self.written += os.lseek(self.fd, 0, os.SEEK_CUR)

    def _truncate(self, _):
        os.ftruncate(self.fd, 0)
        yield "truncated"

    def _recreate(self, _):
        self.path.unlink()
        yield "deleted"
        self.close()
        self.fd = self._open()
        yield "opened"


def write(path, content, append=False):
    """At once, as a writer that closes the file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab" if append else "wb", buffering=0) as file:
        file.write(content)
    return path


# ---------------------------------------------------------------- the process


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def in_the_child(limits=None):
    def prepare():
        # A test that is killed leaves nothing behind.
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        for name, value in (limits or {}).items():
            resource.setrlimit(name, value)

    return prepare


class Runner:
    """`sparktail run` with its state and its sinks in one folder, through any number of lives."""

    def __init__(self, folder, paths, *, sinks=("file", "sqlite"), source=None, sink=None, more=None, http=False):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state = self.folder / "state"
        self.output = self.folder / "events.ndjson"
        self.database = self.folder / "history.db"
        self.error_path = self.folder / "stderr.txt"
        self.out_path = self.folder / "stdout.txt"
        self.config_path = self.folder / "sparktail.yaml"
        self.process = None
        self.code = None
        self.lives = 0
        kinds = {"file": {"path": str(self.output)}, "sqlite": {"path": str(self.database)}, "stdout": {}}
        self.config = {
            "state_dir": str(self.state),
            "sources": [{"kind": "file", "paths": [str(path) for path in paths], **(source or {})}],
            "sinks": [{"kind": kind, **kinds.get(kind, {}), **(sink or {})} for kind in sinks],
            **(more or {}),
        }
        # How to read back what a sink got.
        self.deliveries = {"file": self.lines, "sqlite": self.rows, "stdout": lambda: file_lines(self.out_path)}
        self.url = None
        if http:
            self.serve()

    def serve(self):
        """From the next start on it tells of itself."""
        address = f"127.0.0.1:{free_port()}"
        self.config["http"] = address
        self.url = f"http://{address}"

    def start(self, *arguments, stdout=None, limits=None, command=None, **options):
        # JSON is YAML.
        self.config_path.write_text(json.dumps(self.config, indent=1))
        assert self.process is None or self.ended(), "it runs already"
        self.code = None
        self.lives += 1
        command = command or [BINARY, "run", "-c", self.config_path, *arguments]
        with open(self.error_path, "ab") as error, open(self.out_path, "ab") as out:
            self.process = subprocess.Popen(
                list(map(os.fspath, command)),
                stdin=subprocess.DEVNULL,
                stdout=out if stdout is None else stdout,
                stderr=error,
                preexec_fn=in_the_child(limits),
                **options,
            )
        return self

    def ended(self):
        if self.process is None:
            return True
        if self.code is None:
            self.code = self.process.poll()
        return self.code is not None

    def kill(self):
        """SIGKILL; nothing if it does not run."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGCONT)
                self.process.kill()
            self.code = self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, deadline=DEADLINE):
        try:
            self.code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"sparktail does not end; it said:\n{self.said()[-4000:]}") from None
        return self.code

    def stop(self, expected=0, deadline=DEADLINE):
        """SIGTERM, as an init system does it."""
        if self.ended():
            raise AssertionError(f"sparktail had ended with {self.code}; it said:\n{self.said()[-4000:]}")
        self.until(self.catches_signals, "it catches signals")
        self.signal(signal.SIGTERM)
        code = self.wait(deadline)
        if code != expected:
            raise AssertionError(f"exit code {code}, not {expected}; it said:\n{self.said()[-4000:]}")

    def start_until_marker(self):
        """A life that ends when finish() says so."""
        return self.start("--until-exit", "--exit-marker", self.folder / "driver-has-exited")

    def finish(self, expected=0, deadline=DEADLINE):
        """The driver has exited: it delivers all there is, and ends."""
        (self.folder / "driver-has-exited").write_bytes(b"")
        if self.ended():
            self.start_until_marker()
        code = self.wait(deadline)
        if code != expected:
            raise AssertionError(f"exit code {code}, not {expected}; it said:\n{self.said()[-4000:]}")

    def catches_signals(self):
        """Before that, in its first moments, SIGTERM ends it as it ends any process."""
        try:
            text = Path(f"/proc/{self.process.pid}/status").read_text()
        except FileNotFoundError:
            return self.ended()
        caught = int(re.search(r"SigCgt:\s+([0-9a-f]+)", text)[1], 16) | int(re.search(r"SigBlk:\s+([0-9a-f]+)", text)[1], 16)
        return caught >> (signal.SIGTERM - 1) & 1

    def until(self, condition, what, deadline=DEADLINE):
        return eventually(condition, what, deadline, alive=self)

    def said(self):
        return self.error_path.read_text("utf-8", "replace") if self.error_path.exists() else ""

    # ---- what it delivered

    def lines(self):
        """Complete lines of the file sink, those of its rotated files first."""

        def age(path):
            stamp, _, number = path.name.removeprefix(f"{self.output.name}.").partition(".")
            return stamp, int(number or 0)

        rotated = sorted(self.output.parent.glob(f"{self.output.name}.*"), key=age)
        return [line for path in (*rotated, self.output) for line in file_lines(path)]

    def rows(self):
        return database_documents(self.database)

    def delivered(self, sink):
        return self.deliveries[sink]()

    # ---- what it says of itself

    def get(self, path):
        """(status, body); status 0 if nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self):
        status, text = self.get("/metrics")
        return parse_metrics(text) if status == 200 else {}

    def ready(self):
        return self.get("/readyz")[0] == 200

    def offsets(self):
        """The output of `offsets list`, beside the process; nothing before its state exists."""
        if not (self.state / "offsets.db").exists():
            return []
        done = support.sparktail("offsets", "list", "--json", "--state-dir", self.state, timeout=DEADLINE)
        if done.code != 0:
            raise AssertionError(f"offsets list: exit code {done.code}: {done.err}")
        return offsets_of(done.out)

    def descriptors(self):
        folder = Path(f"/proc/{self.process.pid}/fd")
        found = {}
        for entry in folder.iterdir():
            try:
                found[entry.name] = os.readlink(entry)
            except OSError:
                pass  # closed meanwhile
        return found

    def resident(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) << 10

    def cpu(self):
        """Seconds of CPU so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def file_lines(path):
    """Complete lines, as text."""
    if not Path(path).exists():
        return []
    return Path(path).read_bytes().decode("utf-8").split("\n")[:-1]


def database_documents(path):
    """The document of each row, in the order of delivery."""
    if not Path(path).exists():
        return []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=DEADLINE)
    try:
        return [row[0] for row in connection.execute("SELECT document FROM events ORDER BY rowid")]
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "unable to open" in str(error):
            return []  # it has just been made
        raise
    finally:
        connection.close()


METRIC = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", re.M)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    """{(name, ((label, value), …)): number}"""
    return {
        (name, tuple(sorted(LABEL.findall(labels)))): float(value) for name, labels, value in METRIC.findall(text)
    }


def metric(metrics, name, **labels):
    """The sum over all series of that name with these labels; None if there is none."""
    wanted = set(labels.items())
    found = [value for (key, pairs), value in metrics.items() if key == name and wanted <= set(pairs)]
    return sum(found) if found else None


def offsets_of(out):
    """The output of `offsets list --json`: one object per cursor."""
    return [json.loads(line) for line in out.decode().splitlines()]


# ---------------------------------------------------------------- the account


def documents(lines):
    return [json.loads(line) for line in lines]


def progress_ids(text):
    """Ids of the progress events in a text, in order; by `sparktail parse`, which other tests check."""
    done = support.parse("--only", "progress", stdin=text)
    assert done.code == 0, done.err
    return [document["id"] for document in done.documents]


def parsed(path, *arguments):
    """Documents which `sparktail parse` makes of a file."""
    done = support.parse(*arguments, path)
    assert done.code == 0, done.err
    return done.lines


def place(document):
    source = document.get("source", {})
    return f"{document.get('kind')} at {source.get('path')}:{source.get('offset')}"


def differences(expected, got, path=""):
    """Where two JSON values differ, in words."""
    if isinstance(expected, dict) and isinstance(got, dict):
        found = []
        for key in [*expected, *(key for key in got if key not in expected)]:
            if key not in got:
                found.append(f"{path}.{key} is missing (it is {expected[key]!r})")
            elif key not in expected:
                found.append(f"{path}.{key} is new: {got[key]!r}")
            else:
                found += differences(expected[key], got[key], f"{path}.{key}")
        return found
    return [] if expected == got else [f"{path} is {got!r}, not {expected!r}"]


class Account:
    """Compares what was delivered with what is expected, both as lines of JSON."""

    def __init__(self, expected, got, clean=lambda document: document):
        wanted, found = ([clean(json.loads(line)) for line in lines] for lines in (expected, got))
        self.expected = {document["id"]: document for document in wanted}
        assert len(self.expected) == len(wanted), "what is expected has an id twice"
        counts = Counter(document["id"] for document in found)
        self.got = {document["id"]: document for document in found}
        self.lost = [document for key, document in self.expected.items() if key not in counts]
        self.unknown = [document for key, document in self.got.items() if key not in self.expected]
        self.doubled = [self.got[key] for key, count in counts.items() if count > 1]
        self.wrong = []
        for document in found:
            wanted_one = self.expected.get(document["id"], document)
            if json.dumps(wanted_one) != json.dumps(document):
                self.wrong.append((document, differences(wanted_one, document) or ["the order of its keys"]))

    def complaint(self):
        """Empty if all is well."""
        out = []
        for name, found in (("lost", self.lost), ("doubled", self.doubled), ("unexpected", self.unknown)):
            if found:
                out.append(f"{len(found)} {name} of {len(self.expected)}: " + "; ".join(map(place, found[:8])))
        if self.wrong:
            out.append(f"{len(self.wrong)} wrong:")
            out += [f"  {place(document)}: {'; '.join(found[:4])}" for document, found in self.wrong[:8]]
        return "\n".join(out)


def disorder(lines):
    """Batches of one run of a query that were delivered before an older one of it."""
    last, found = {}, []
    for line in lines:
        if '"kind":"progress"' not in line:
            continue
        metrics = json.loads(line)["metrics"]
        key = (metrics["id"], metrics["runId"])
        if (metrics["batchId"], metrics["timestamp"]) < last.get(key, (-1, "")):
            found.append(f"batch {metrics['batchId']} of {key[1]} after {last[key][0]}")
        last[key] = (metrics["batchId"], metrics["timestamp"])
    return found


class RunCase(support.TempCase):
    def runner(self, paths, name="run", **options):
        paths = [paths] if isinstance(paths, (str, Path)) else paths
        runner = Runner(self.folder / name, paths, **options)
        # Before the folder is removed, whatever happens.
        self.addCleanup(runner.kill)
        return runner

    def writer(self, path, texts, rotation, *names, **options):
        writer = LogWriter(path, texts, rotation, rng(self.id(), Path(path).name, *names), **options)
        self.addCleanup(writer.close)
        return writer

    def batch_numbers(self, runner, sink="file"):
        """Batch ids of the progress events in a sink, in the order of delivery."""
        return [d["metrics"]["batchId"] for d in documents(runner.delivered(sink)) if d["kind"] == "progress"]

    def has_batches(self, runner, numbers, sinks=("file", "sqlite")):
        """Waits until these batches have come, and checks that they came once each, and no other."""
        for sink in sinks:
            eventually(
                lambda sink=sink: set(self.batch_numbers(runner, sink)) >= set(numbers),
                lambda sink=sink: f"batches {sorted(set(numbers) - set(self.batch_numbers(runner, sink)))[:20]} in {sink}",
                alive=runner,
            )
            self.assertEqual(sorted(self.batch_numbers(runner, sink)), sorted(numbers), sink)

    def check(self, expected, got, what="", clean=lambda document: document):
        complaint = Account(expected, got, clean).complaint()
        self.assertFalse(complaint, f"{what}:\n{complaint}")

    def arrives(self, runner, ids, sinks=("file", "sqlite"), deadline=DEADLINE):
        """Waits until all these ids are in each sink."""
        wanted = set(ids)
        for sink in sinks:
            seen = Seen(runner, sink)

            def there(seen=seen):
                return wanted <= seen.ids()

            def missing(sink=sink, seen=seen):
                missing = wanted - seen.ids()
                return f"{len(missing)} of {len(wanted)} ids are not in the {sink} sink, such as {sorted(missing)[:3]}"

            eventually(there, missing, deadline, alive=runner)

    def only_once(self, lines, ids, what="", kind="progress"):
        """The ids of all documents of a kind are these, each once."""
        counts = Counter(document["id"] for document in documents(lines) if document["kind"] == kind)
        wanted = set(ids)
        lost, new = wanted - set(counts), set(counts) - wanted
        doubled = [key for key, count in counts.items() if count > 1]
        self.assertFalse(
            lost or new or doubled, f"{what}: {len(lost)} lost, {len(new)} unexpected, {len(doubled)} doubled of {len(wanted)}"
        )


class Seen:
    """Ids in a sink; a file is read again only when it has changed."""

    def __init__(self, runner, sink):
        self.runner = runner
        self.sink = sink
        # A commit of SQLite may be seen in no file's stamp: its index is mapped memory.
        self.path = {"file": runner.output, "stdout": runner.out_path}.get(sink)
        self.stamp = None
        self.found = set()

    def ids(self):
        stamp = None
        if self.path and self.path.exists():
            info = self.path.stat()
            stamp = info.st_ino, info.st_size, info.st_mtime_ns
        if stamp is None or stamp != self.stamp:
            self.stamp = stamp
            self.found = {re.search(r'"id":"([0-9a-f]{32})"', line)[1] for line in self.runner.delivered(self.sink)}
        return self.found


def small_disk(size):
    """A file system of its own, or None where none may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="sparktail-disk-"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True, check=False
    )
    if done.returncode != 0:
        folder.rmdir()
        return None
    return folder


def unmount(folder):
    subprocess.run(["umount", "-l", folder], check=False)
    shutil.rmtree(folder, True)
