#!/usr/bin/env python3
"""A second, independent reader of Spark driver logs in plain layouts.

`python3 reader.py LOG` prints every StreamingQueryProgress object of the log, one compact JSON a line. Strings and
numbers stay as they stand in the log. It reads whole files, and trusts Spark's pretty printer: an object opens at the
end of a header line, and closes with the first `}` in column 0.
"""
import json
import re
import sys

OPENING = "Streaming query made progress: {"
STAMP = re.compile(r"\d{2,4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d")
LEVEL = re.compile(r"\b(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
STRING_OR_SPACE = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')


def opens_progress(line):
    if not line.endswith(OPENING):
        return False
    header = line[: -len(OPENING)]
    return bool(STAMP.search(header) and LEVEL.search(header) and re.search(r"(?:[:\]]| -) $", header))


def is_progress(value):
    return (
        isinstance(value, dict)
        and all(UUID.fullmatch(str(value.get(key))) for key in ("id", "runId"))
        and bool(ISO_TIME.fullmatch(str(value.get("timestamp"))))
        and "sources" in value
        and "sink" in value
    )


def compact(text):
    return STRING_OR_SPACE.sub(lambda match: match.group(1) or "", text)


def objects(text):
    """Yields the compact text of each progress object, in the order of the log."""
    # Not splitlines(): a string of the JSON may hold U+2028 and its like.
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    opened = None
    for number, line in enumerate(lines):
        if opens_progress(line):
            opened = number
        elif opened is not None and line == "}":
            body = "{" + "\n".join(lines[opened + 1 : number + 1])
            opened = None
            try:
                if is_progress(json.loads(body)):
                    yield compact(body)
            except json.JSONDecodeError:
                pass


def read(path):
    with open(path, "rb") as log:
        return list(objects(log.read().decode("utf-8", "replace")))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: reader.py LOG")
    sys.stdout.reconfigure(encoding="utf-8")
    for line in read(sys.argv[1]):
        print(line)


if __name__ == "__main__":
    main()
