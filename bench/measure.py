#!/usr/bin/env python3
"""Measures commands against each other.

    measure.py [--rounds N] [--csv FILE] [--tag KEY=VALUE]... [--base NAME] < LIST

LIST has a line for each command, parted by tabs: its name; a number its figures are multiplied by (1 but for one
that runs on a slice); where its standard output goes: `pipe` (for programs that do less when they write to
/dev/null, as `grep -c` does), `null`, or a file, which is new for each run and removed after it; the command,
quoted as for a shell, though it runs without one. Rounds run all commands in turn, so that noise hits all alike; the table shows the least
CPU and wall time and the greatest memory of each. Instructions are counted in a run of their own, if `perf` can.
"""
import argparse
import csv
import ctypes
import datetime
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

PR_SET_CHILD_SUBREAPER = 36
FIELDS = ('time', 'round', 'name', 'scale', 'user', 'system', 'wall', 'peakKiB', 'instructions')


@dataclass
class Run:
    user: float
    system: float
    wall: float
    peak_kib: int

    @property
    def cpu(self):
        return self.user + self.system


@dataclass
class Competitor:
    name: str
    scale: float
    argv: list
    output: str
    runs: list = field(default_factory=list)
    instructions: int | None = None


def run(argv, output='pipe'):
    """Runs argv once; returns its Run.

    Linux counts the memory of the process that called exec towards the peak of the new program, so Python's own
    10 MiB would hide what small programs use. A shell in between starts the command and leaves; the
    command then becomes our child, and wait4 gives its figures alone.
    """
    read_end, write_end = os.pipe()
    target = write_end if output == 'pipe' else open_new(os.devnull if output == 'null' else output)
    with tempfile.TemporaryFile() as messages:
        begin = time.perf_counter()
        starter = subprocess.Popen(['/bin/sh', '-c', '"$@" &', 'sh', *argv],
                                   stdin=subprocess.DEVNULL, stdout=target, stderr=messages)
        os.close(write_end)
        while os.read(read_end, 65536):
            pass
        starter.wait()
        _, status, usage = os.wait4(-1, 0)
        wall = time.perf_counter() - begin
        os.close(read_end)
        if target != write_end:
            os.close(target)
        messages.seek(0)
        said = messages.read().decode(errors='replace').strip()
    if output not in ('pipe', 'null'):
        os.unlink(output)
    if status:
        sys.exit(f'\nmeasure.py: failed: {shlex.join(argv)}\n{said}')
    return Run(usage.ru_utime, usage.ru_stime, wall, usage.ru_maxrss)


def open_new(path):
    if path != os.devnull and os.path.exists(path):
        os.unlink(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)


def count_instructions(argv):
    """Instructions in user mode by perf, or None where perf or the machine has no counter."""
    with tempfile.NamedTemporaryFile('r') as report:
        try:
            done = subprocess.run(['perf', 'stat', '-x,', '-e', 'instructions:u', '-o', report.name, '--', *argv],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        except OSError:
            return None
        if done.returncode:
            return None
        for line in report:
            parts = line.split(',')
            if len(parts) > 2 and parts[2].startswith('instructions') and parts[0].isdigit():
                return int(parts[0])
    return None


def read_list(lines):
    competitors = []
    for line in lines:
        if not line.strip():
            continue
        try:
            name, scale, output, command = line.rstrip('\n').split('\t')
            competitors.append(Competitor(name, float(scale), shlex.split(command), output))
        except ValueError:
            sys.exit(f'measure.py: not NAME, SCALE, OUTPUT, COMMAND parted by tabs: {line!r}')
    return competitors


def write_csv(path, tags, rows):
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'a', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(FIELDS + tuple(tags))
        writer.writerows(row + tuple(tags.values()) for row in rows)


def measure(competitors, rounds):
    """Runs all in turn; fills their figures and returns the raw rows."""
    rows = []
    for number in range(1, rounds + 1):
        for one in competitors:
            show(f'round {number} of {rounds}: {one.name}')
            got = run(one.argv, one.output)
            one.runs.append(got)
            rows.append((now(), number, one.name, one.scale, round(got.user, 4), round(got.system, 4), round(got.wall, 4),
                         got.peak_kib, ''))
    if count_instructions(['true']) is not None:
        for one in competitors:
            show(f'instructions of {one.name}')
            one.instructions = count_instructions(one.argv)
            rows.append((now(), 'perf', one.name, one.scale, '', '', '', '', one.instructions or ''))
    show('')
    return rows


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')


def show(text):
    if sys.stderr.isatty():
        print(f'\r{text:<70}', end='' if text else '\r', file=sys.stderr, flush=True)


def table(competitors, base):
    def least(one, what):
        return min(getattr(got, what) for got in one.runs) * one.scale

    unit = next((least(one, 'cpu') for one in competitors if one.name == base), 0)
    counted = any(one.instructions for one in competitors)
    width = max(len(one.name) for one in competitors)
    head = f'{"program":<{width}}  {"CPU s":>8}  {"wall s":>8}  {"peak MiB":>8}  {"x grep":>7}'
    print(head + ('  10^9 instructions' if counted else ''))
    for one in competitors:
        cpu, wall = least(one, 'cpu'), least(one, 'wall')
        peak = max(got.peak_kib for got in one.runs) / 1024
        ratio = f'{cpu / unit:7.2f}' if unit else f'{"-":>7}'
        line = f'{one.name:<{width}}  {cpu:8.3f}  {wall:8.3f}  {peak:8.1f}  {ratio}'
        if counted:
            line += f'  {one.instructions * one.scale / 1e9:17.2f}' if one.instructions else f'  {"-":>17}'
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=5, help='runs of each command (default 5)')
    parser.add_argument('--csv', type=pathlib.Path, help='append every run to this file')
    parser.add_argument('--tag', action='append', default=[], metavar='KEY=VALUE', help='another column of the file')
    parser.add_argument('--base', default='', help='the command that the ratios are against')
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error('--rounds must be 1 or more')
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    competitors = read_list(sys.stdin)
    rows = measure(competitors, options.rounds)
    if options.csv:
        write_csv(options.csv, dict(tag.split('=', 1) for tag in options.tag), rows)
    table(competitors, options.base)


if __name__ == '__main__':
    main()
