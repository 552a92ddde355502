"""Shared by the tests that run sparktail as a user does: running it, feeding it, and making log text."""
import contextlib
import io
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from seed import SCALE

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = ROOT / "tests" / "data"
BINARY = Path(os.environ.get("SPARKTAIL_BIN") or ROOT / "build" / "release" / "sparktail").resolve()
TIMEOUT = 300 * max(1, SCALE)
# For an answer on an open pipe: it comes at once, or never.
ANSWER = 60
MIB = 1 << 20

# Layouts which sparktail can't read yet; their logs are there for the message that says so.
JSON_LAYOUTS = ("json_ecs", "structured", "json_layout")


class Result:
    def __init__(self, code, out, err, usage=None):
        self.code = code
        self.out = out
        self.err = err.decode("utf-8", "replace")
        self.raw_err = err
        self.cpu = usage["cpu"] if usage else None
        self.max_rss = usage["max_rss"] if usage else None

    @property
    def lines(self):
        # Only "\n" ends a document: a string in it may hold U+2028.
        return self.out.decode("utf-8").split("\n")[:-1]

    @property
    def documents(self):
        return [json.loads(line) for line in self.lines]

    def of_kind(self, kind):
        # Only these are decoded: others may be deeper than Python's JSON can go. A quote inside a string is escaped.
        return [json.loads(line) for line in self.lines if f'"kind":"{kind}"' in line]


def sparktail(*arguments, stdin=b"", timeout=TIMEOUT, cwd=None):
    done = subprocess.run(
        [BINARY, *map(os.fspath, arguments)], input=stdin, capture_output=True, timeout=timeout, cwd=cwd, check=False
    )
    return Result(done.returncode, done.stdout, done.stderr)


def parse(*arguments, **options):
    return sparktail("parse", *arguments, **options)


# A child's peak memory begins with that of the process it was forked from, so a small one stands between.
LAUNCHER = """
import json, os, sys
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as report:
    json.dump({"cpu": usage.ru_utime + usage.ru_stime, "max_rss": usage.ru_maxrss * 1024}, report)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


def parse_fed(chunks, *arguments, timeout=TIMEOUT):
    """Feeds chunks through a pipe; the result knows CPU seconds and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        report, out, err = (Path(folder, name) for name in ("report", "out", "err"))
        with open(out, "wb") as out_file, open(err, "wb") as err_file:
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", LAUNCHER, report, BINARY, "parse", *map(os.fspath, arguments)],
                stdin=subprocess.PIPE,
                stdout=out_file,
                stderr=err_file,
                start_new_session=True,
            )
        watch = threading.Timer(timeout, lambda: os.killpg(child.pid, 9))
        watch.start()
        try:
            for chunk in chunks:
                child.stdin.write(chunk)
            child.stdin.close()
        except BrokenPipeError:
            pass  # The exit code tells why it stopped reading.
        code = child.wait()
        watch.cancel()
        usage = json.loads(report.read_text()) if report.exists() else None
        return Result(code, out.read_bytes(), err.read_bytes(), usage)


def sanitized():
    """Sanitizers take memory and time of their own: limits on these are for plain builds."""
    with open(BINARY, "rb") as binary:
        content = binary.read()
    return b"__asan_init" in content or b"__tsan_init" in content


def stats(result):
    """The lines `name: value` of --stats; counts in brackets or behind the name become name.part."""
    found = {}
    for name, value in re.findall(r"^(bytes|records|events|skipped|restored|speed): (.*)$", result.err, re.M):
        head = re.match(r"\d+(?:\.\d+)?", value)
        if head:
            found[name] = float(head.group()) if name == "speed" else int(head.group())
        for part, number in re.findall(r"([a-z_]+) (\d+)", value):
            found[f"{name}.{part}"] = int(number)
    return found


def skipped(result):
    return sum(count for name, count in stats(result).items() if name.startswith("skipped."))


def logs(layouts=None):
    """Recorded plain logs; `layouts` picks by a part of the name."""
    paths = [path for path in sorted(DATA.glob("*/*.log")) if path.name.split(".")[-2] not in JSON_LAYOUTS]
    return [path for path in paths if layouts is None or any(layout in path.name for layout in layouts)]


def log(name):
    return DATA / f"{name}.log"


def ndjson(path, **options):
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line, **options) for line in text.split("\n") if line]


def listener_events(log_path, kind):
    """StreamingQueryListener events which Spark itself wrote beside the log."""
    events = ndjson(log_path.with_name(log_path.name.removesuffix(".log") + ".events.ndjson"))
    return [event for event in events if event["Event"].endswith("$" + kind)]


def uuid(number):
    return f"00000000-0000-4000-8000-{number:012x}"


def progress_record(batch, name="q", stamp="26/11/21 15:34:03", time="2026-11-21T15:34:01.000Z", extra=b""):
    """One progress record as Spark prints it; `extra` goes in as a raw last member."""
    quoted = name if isinstance(name, bytes) else json.dumps(name, ensure_ascii=False).encode()
    text = f"""{stamp} INFO MicroBatchExecution: Streaming query made progress: {{
  "id" : "{uuid(1)}",
  "runId" : "{uuid(2)}",
  "name" : @NAME@,
  "timestamp" : "{time}",
  "batchId" : {batch},
  "numInputRows" : 10,
  "inputRowsPerSecond" : 1.0E-4,
  "processedRowsPerSecond" : 6.129597197898424,
  "durationMs" : {{
    "addBatch" : 100,
    "triggerExecution" : 120
  }},
  "stateOperators" : [ ],
  "sources" : [ {{
    "description" : "RateStreamV2[rowsPerSecond=10, numPartitions=2",
    "startOffset" : null,
    "endOffset" : {batch},
    "numInputRows" : 10
  }} ],
  "sink" : {{
    "description" : "MemorySink",
    "numOutputRows" : 10
  }}@EXTRA@
}}
"""
    return text.encode().replace(b"@NAME@", quoted).replace(b"@EXTRA@", extra)


def line(message, level="INFO", logger="MicroBatchExecution", stamp="26/11/21 15:34:03"):
    return f"{stamp} {level} {logger}: {message}\n".encode()


def names(number, name="q"):
    return f"{name} [id = {uuid(number)}, runId = {uuid(number + 1)}]"


def batches(result):
    lines = [line for line in result.lines if '"kind":"progress"' in line]
    return [int(re.search(r'"batchId":(\d+)', line)[1]) for line in lines]


def metrics_text(line):
    """The text of `metrics`, cut out of the document as it stands."""
    start = line.index('"metrics":') + len('"metrics":')
    _, end = json.JSONDecoder().raw_decode(line, start)
    return line[start:end]


def without_source(document):
    return {key: value for key, value in document.items() if key != "source"}


class TempCase(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sparktail-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def file(self, content, name="driver.log"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


class TimedResult(unittest.TextTestResult):
    """Knows how long each test took."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.times = []

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self.times.append((time.monotonic() - self.began, test.id()))


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def run_suite(suite, out):
    return unittest.TextTestRunner(out, resultclass=TimedResult).run(suite)


def run_one(name):
    """Runs one test in this process: (whether it passed, what it printed, its time)."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        result = run_suite(unittest.defaultTestLoader.loadTestsFromName(name, sys.modules["__main__"]), out)
    return result.wasSuccessful(), out.getvalue(), result.times


def run_at_once(suite, workers):
    names = [test.id().removeprefix("__main__.") for test in tests_of(suite)]
    passed, times = True, []
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for well, said, seconds in pool.imap(run_one, names):
            times += seconds
            if not well or "skipped=" in said:
                passed = passed and well
                print(said, flush=True)
    print(f"ran {len(names)} tests, {workers} at once: {'OK' if passed else 'FAILED'}")
    return passed, times


def part_of(suite, part):
    """Of "2/3" every third class, from the second one on."""
    number, parts = map(int, part.split("/"))
    classes = sorted({type(test).__qualname__ for test in tests_of(suite)})
    taken = set(classes[number - 1 :: parts])
    return unittest.TestSuite(test for test in tests_of(suite) if type(test).__qualname__ in taken)


def main(workers=1, modules=("__main__",)):
    """Runs the tests of the file, or of these modules, and names the slowest. They run in `workers` processes if they spend
    their time waiting. `--part 1/2` runs one half of the classes. Those that are named on the command line run alone, as
    unittest does it."""
    if not BINARY.is_file():
        sys.exit(f"no binary at {BINARY}: build it, or set SPARKTAIL_BIN")
    is_part = len(sys.argv) == 3 and sys.argv[1] == "--part"
    if len(sys.argv) > 1 and not is_part:
        unittest.main(verbosity=1)
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromNames(modules))
    if is_part:
        suite = part_of(suite, sys.argv[2])
    if workers > 1:
        passed, times = run_at_once(suite, workers)
    else:
        result = run_suite(suite, sys.stderr)
        passed, times = result.wasSuccessful(), result.times
    for seconds, name in sorted(times, reverse=True)[:10]:
        print(f"{seconds:7.1f} s  {name.removeprefix('__main__.')}")
    sys.exit(0 if passed else 1)
