#!/usr/bin/env python3
"""Prints the events of `sparktail parse` as a table: each streaming query, and what went wrong.

    sparktail parse driver.log | summary.py
    summary.py events.ndjson
"""
import argparse
import json
import math
import os
import re
import shutil
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

BLANK = "–"
ENDINGS = {"terminated": "failed", "stopped": "stopped", None: "open"}
MARKS = {"failed": "✗", "stopped": "■", "open": "▸"}


# ---------------------------------------------------------------- what the events say


@dataclass
class Query:
    name: str
    durations: list = field(default_factory=list)
    rows: int = 0
    first_start: float = math.inf
    last_end: float = -math.inf
    state_rows: int | None = None
    state_bytes: int | None = None
    watermark_delay: int | None = None
    end: str | None = None  # phase that ended it
    runs: set = field(default_factory=set)

    @property
    def status(self) -> str:
        return ENDINGS[self.end]

    @property
    def rate(self) -> float | None:
        seconds = (self.last_end - self.first_start) / 1000
        return self.rows / seconds if seconds > 0 else None


@dataclass
class Application:
    title: str
    queries: dict = field(default_factory=dict)


@dataclass
class Trouble:
    time: str
    who: str
    what: str
    message: str


@dataclass
class Summary:
    applications: dict = field(default_factory=dict)
    troubles: list = field(default_factory=list)
    kinds: Counter = field(default_factory=Counter)
    idle: int = 0
    unreadable: int = 0


def milliseconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000


def title_of(event: dict) -> str:
    version = event.get("sparkVersion")
    parts = [event.get("appName"), event.get("appId"), f"Spark {version}" if version else None]
    return " · ".join(part for part in parts if part) or "unknown application"


def application_of(summary: Summary, event: dict) -> Application:
    source = event.get("source", {})
    key = event.get("appId") or (source.get("path") or source.get("name"), event.get("appName"))
    application = summary.applications.setdefault(key, Application(""))
    application.title = title_of(event)  # later events know more about their application
    return application


def number(value) -> float | None:
    """The log is not trusted: anything but a number counts as unknown."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def query_of(application: Application, about: dict) -> Query:
    identity = str(about.get("id") or "?")
    name = str(about.get("name") or f"(no name) {identity[:8]}")
    query = application.queries.setdefault(identity, Query(name))
    if about.get("runId") and about["runId"] not in query.runs:
        query.runs.add(about["runId"])
        query.end = None  # a new run of a query that had ended
    return query


def add_progress(summary: Summary, event: dict) -> None:
    metrics, derived = event["metrics"], event.get("derived", {})
    start = milliseconds(metrics["timestamp"])
    took = number(metrics.get("durationMs", {}).get("triggerExecution"))
    query = query_of(application_of(summary, event), metrics)
    query.durations.append(took)
    query.rows += number(metrics.get("numInputRows")) or 0
    query.first_start = min(query.first_start, start)
    query.last_end = max(query.last_end, start + (took or 0))
    if metrics.get("stateOperators"):  # without operators, the sum of 0 rows means nothing
        query.state_rows = derived.get("stateRows", query.state_rows)
        query.state_bytes = derived.get("stateBytes", query.state_bytes)
    query.watermark_delay = derived.get("watermarkDelayMs", query.watermark_delay)


def add_query_event(summary: Summary, event: dict) -> None:
    about = event["query"]
    phase = about.get("phase")
    if phase == "idle":
        summary.idle += 1
    if not about.get("id"):
        return
    query = query_of(application_of(summary, event), about)
    if phase in ("stopped", "terminated"):
        query.end = phase
    if phase == "terminated":
        error = event.get("error", {})
        message = root_cause(error.get("message") or "", error.get("stack") or "")
        what = f"terminated with {error.get('class') or 'an error'}"
        summary.troubles.append(Trouble(event["@timestamp"], query.name, what, message))


def add_signal(summary: Summary, event: dict) -> None:
    fields = ", ".join(f"{key} {value}" for key, value in event.get("fields", {}).items())
    message = " ".join(part for part in (event.get("message"), f"({fields})" if fields else "") if part)
    summary.troubles.append(Trouble(event.get("@timestamp", ""), event.get("rule", "signal"), event.get("severity", ""), message))


READERS = {"progress": add_progress, "query": add_query_event, "signal": add_signal}


def read_events(lines) -> Summary:
    summary = Summary()
    for line in lines:
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            summary.kinds[event["kind"]] += 1
            READERS.get(event["kind"], lambda *_: None)(summary, event)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            summary.unreadable += 1
    return summary


def root_cause(message: str, stack: str) -> str:
    """The root cause, without the task, stage and host that Spark puts before it, or Python's traceback."""
    text = f"{message}\n{stack}"
    if "Traceback (most recent call last):" in text:
        after = text.split("Traceback (most recent call last):", 1)[1].splitlines()
        said = [line for line in after if re.match(r"[A-Za-z_][\w.]*(Error|Exception|Warning|Exit|Interrupt)\b", line)]
        if said:
            return said[0]
    first = message.strip().splitlines()[0] if message.strip() else "no message"
    task = re.search(r"most recent failure: Lost task \S+ in stage \S+ \(TID \d+\) \(.*?\): (.+)", first)
    return task.group(1) if task else first


# ---------------------------------------------------------------- text on a terminal


def printable(text: str) -> str:
    """Names and messages come from a log: characters that could control a terminal are shown as numbers."""
    return "".join(c if not unicodedata.category(c).startswith(("C", "Zl", "Zp")) else escape(c) for c in text)


def escape(char: str) -> str:
    return {"\t": "\\t", "\n": "\\n"}.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}")


def char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def width(text: str) -> int:
    return sum(map(char_width, text))


def cut(text: str, room: int) -> str:
    """At most `room` columns, with an ellipsis where something is left out."""
    if width(text) <= room:
        return text
    kept, used = [], 0
    for char in text:
        if used + char_width(char) > room - 1:
            break
        kept.append(char)
        used += char_width(char)
    return "".join(kept) + "…"


def wrap(text: str, room: int, most: int) -> list:
    """Lines of at most `room` columns, at most `most` of them."""
    lines = []
    while text and len(lines) < most - 1 and width(text) > room:
        line = cut(text, room + 1)[:-1]
        space = line.rfind(" ")
        if space > room // 2:
            line = line[:space]
        lines.append(line)
        text = text[len(line) :].lstrip()
    return lines + [cut(text, room)] if text else lines


def pad(text: str, room: int, left: bool) -> str:
    space = " " * (room - width(text))
    return text + space if left else space + text


class Style:
    """Colours, or none."""

    def __init__(self, colours: bool):
        self._colours = colours

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text

    def bold(self, text: str) -> str:
        return self._wrap("1", text)

    def dim(self, text: str) -> str:
        return self._wrap("2", text)

    def bad(self, text: str) -> str:
        return self._wrap("31", text)

    def good(self, text: str) -> str:
        return self._wrap("32", text)


# ---------------------------------------------------------------- numbers for people


def scaled(value: float, units: tuple, step: int) -> str:
    """Three digits and a unit: 14, 1.4k, 23M."""
    unit = 0
    # 999.5 would print as 1000 of its unit
    while value >= step * 0.9995 and unit < len(units) - 1:
        value /= step
        unit += 1
    digits = f"{value:.0f}" if unit == 0 or value >= 99.95 else f"{value:.1f}"
    return digits + units[unit]


def count(value: int | None) -> str:
    if value is None:
        return BLANK
    return f"{value:,}" if value < 100_000 else scaled(value, ("", "k", "M", "G", "T"), 1000)


def size(value: int | None) -> str:
    return BLANK if value is None else scaled(value, (" B", " KiB", " MiB", " GiB", " TiB"), 1024)


def per_second(value: float | None) -> str:
    if value is None:
        return BLANK
    return f"{value:.1f}" if value < 99.95 else count(round(value))


def duration(value: float | None) -> str:
    if value is None:
        return BLANK
    if abs(value) < 999.5:
        return f"{value:.0f} ms"
    seconds = value / 1000
    for limit, divisor, unit in ((99.95, 1, "s"), (90 * 60, 60, "min"), (48 * 3600, 3600, "h")):
        if abs(seconds) < limit:
            return f"{seconds / divisor:.1f} {unit}"
    return f"{seconds / 86400:.1f} d"


def percentile(values: list, share: float) -> float | None:
    """Nearest rank: a duration that a batch really had."""
    known = sorted(value for value in values if value is not None)
    return known[math.ceil(share * len(known)) - 1] if known else None


# ---------------------------------------------------------------- the page

# group over the column, name of the column, content
COLUMNS = (
    ("", "rows", lambda q: count(q.rows)),
    ("", "rows/s", lambda q: per_second(q.rate)),
    ("batches", "done", lambda q: count(len(q.durations))),
    ("batches", "p50", lambda q: duration(percentile(q.durations, 0.5))),
    ("batches", "p95", lambda q: duration(percentile(q.durations, 0.95))),
    ("batches", "max", lambda q: duration(percentile(q.durations, 1))),
    ("state", "rows", lambda q: count(q.state_rows)),
    ("state", "size", lambda q: size(q.state_bytes)),
    ("watermark", "delay", lambda q: duration(q.watermark_delay)),
)
LEAST_NAME = 18


@dataclass(frozen=True)
class Plan:
    """The layout of the table on the page."""

    name: int
    words: bool  # the ending as a word, else as a mark
    gap: int
    widths: tuple


def plan_table(queries: list, page: int) -> Plan:
    widths = []
    for group, heading, cell in COLUMNS:
        alone = sum(other == group for other, _, _ in COLUMNS) == 1
        needed = [width(heading), *(width(cell(query)) for query in queries)]
        widths.append(max(needed + [width(group)] if alone else needed))
    longest = max([width("query"), *(width(printable(query.name)) for query in queries)])
    for words, gap in ((True, 3), (True, 2), (True, 1), (False, 1)):
        taken = 2 + (max(map(len, MARKS)) if words else 1) + gap + sum(widths) + gap * len(widths)
        room = page - taken
        if room >= min(longest, LEAST_NAME):
            break
    return Plan(max(8, min(longest, room)), words, gap, tuple(widths))


def group_line(plan: Plan) -> str:
    """The line over the headings: one label over each group of columns."""
    text, number = "", 0
    while number < len(COLUMNS):
        group, last = COLUMNS[number][0], number
        while last + 1 < len(COLUMNS) and COLUMNS[last + 1][0] == group:
            last += 1
        room = sum(plan.widths[number : last + 1]) + plan.gap * (last - number)
        text += " " * plan.gap + (f" {group} ".center(room, "─") if last > number and group else group.rjust(room))
        number = last + 1
    return text


def table_head(plan: Plan, style: Style) -> list:
    ending = max(map(len, MARKS)) if plan.words else 1
    lead = plan.name + plan.gap + ending
    headings = "".join(" " * plan.gap + name.rjust(room) for (_, name, _), room in zip(COLUMNS, plan.widths))
    first = "  " + " " * lead + group_line(plan)
    second = "  " + pad("query", plan.name, True) + " " * plan.gap + ("ended" if plan.words else "").ljust(ending) + headings
    return [style.dim(first.rstrip()), style.bold(second.rstrip())]


def table_row(query: Query, plan: Plan, style: Style) -> str:
    status = query.status
    ending = status.ljust(max(map(len, MARKS))) if plan.words else MARKS[status]
    paint = {"failed": style.bad, "open": style.good}.get(status, lambda text: text)
    text = "  " + paint(pad(cut(printable(query.name), plan.name), plan.name, True)) + " " * plan.gap + paint(ending)
    for (_, _, cell), room in zip(COLUMNS, plan.widths):
        shown = pad(cell(query), room, False)
        text += " " * plan.gap + (style.dim(shown) if cell(query) == BLANK else shown)
    return text.rstrip()


def overview(summary: Summary) -> str:
    queries = [query for application in summary.applications.values() for query in application.queries.values()]
    parts = [
        plural(len(summary.applications), "application"),
        plural(len(queries), "query"),
        plural(sum(len(query.durations) for query in queries), "batch"),
        plural(sum(query.rows for query in queries), "row"),
        plural(sum(summary.kinds.values()), "event"),
    ]
    return ", ".join(parts)


def plural(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    many = {"query": "queries", "batch": "batches"}.get(noun, noun + "s")
    return f"{number:,} {many}"


def trouble_lines(summary: Summary, page: int, style: Style) -> list:
    if not summary.troubles:
        return ["  nothing: no query failed, no event was cut"]
    lines = []
    for trouble in summary.troubles:
        clock = printable(trouble.time[11:19]).ljust(8)
        who = cut(printable(trouble.who), page // 2)
        lines.append(f"  {clock}  {style.bad(who)}  {cut(printable(trouble.what), page - 14 - width(who))}")
        lines += ["            " + line for line in wrap(printable(trouble.message), page - 12, 3)]
    return lines


def notes(summary: Summary, plan: Plan) -> list:
    lines = []
    if not plan.words:
        lines.append("  " + "  ".join(f"{mark} {status}" for status, mark in MARKS.items()))
    if any(query.end is None for application in summary.applications.values() for query in application.queries.values()):
        lines.append("  open: the log does not show the end of the query")
    if summary.idle:
        lines.append(f"  {plural(summary.idle, 'time')} a query was idle and waited for new data")
    if summary.unreadable:
        lines.append(f"  {plural(summary.unreadable, 'line')} of the input could not be read as events")
    return lines


def page_of(summary: Summary, page: int, style: Style) -> list:
    lines = [overview(summary), ""]
    queries = [query for application in summary.applications.values() for query in application.queries.values()]
    plan = plan_table(queries, page)
    for application in summary.applications.values():
        lines.append(style.bold(cut(printable(application.title), page)))
        lines += table_head(plan, style)
        lines += [table_row(query, plan, style) for query in application.queries.values()]
        lines.append("")
    extra = notes(summary, plan)
    lines += [*map(style.dim, extra), ""] if extra else []
    return [*lines, style.bold("What went wrong"), *trouble_lines(summary, page, style)]


# ---------------------------------------------------------------- the command


def page_width(asked: int | None) -> int:
    columns = asked or shutil.get_terminal_size((100, 24)).columns
    return max(80, min(120, columns))


def use_colours(asked: str) -> bool:
    if asked == "auto":
        return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return asked == "always"


def input_lines(files: list):
    for file in files or ["-"]:
        if file == "-":
            yield from sys.stdin.buffer
        else:
            with open(file, "rb") as lines:
                yield from lines


def main() -> int:
    parser = argparse.ArgumentParser(description="The events of `sparktail parse` as a table.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="events, one JSON document a line; none or - is stdin")
    parser.add_argument("--width", type=int, help="columns, 80 to 120 (default: those of the terminal)")
    parser.add_argument("--colour", choices=("auto", "always", "never"), default="auto")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(errors="replace")
    try:
        summary = read_events(input_lines(arguments.files))
        if not summary.kinds and not summary.unreadable:
            print("no events")
            return 0
        print("\n".join(page_of(summary, page_width(arguments.width), Style(use_colours(arguments.colour)))), flush=True)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"summary: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
