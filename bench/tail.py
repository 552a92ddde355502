#!/usr/bin/env python3
"""Measures `sparktail run` where it waits for logs to grow, beside rsyslog on the same files.

    tail.py [many] [burst] [idle] [latency] [--sparktail PATH] [--rounds N] [--seconds S] [--csv DIRECTORY]

    many     1,000 files get a line a second, each at a time of its own, from one writer
    burst    the same, but all at the same moment
    idle     10,000 files get nothing
    latency  from an event's last byte in the log until its document stands in the output file: alone, and beside the
             1,000 files of `many`

CPU is user and system time of the process (/proc/PID/stat) over the measured seconds, after a warm-up in which what
was there was read; memory is its greatest resident set since it began (VmHWM). At the end of `many` and `burst` each
file gets an event, and each program must have found all of them: so it did read. Exit 1 if one did not, or if
sparktail missed a limit.
"""
import argparse
import contextlib
import csv
import ctypes
import datetime
import json
import os
import pathlib
import random
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import make_log

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
MARKER = b' MicroBatchExecution:' + make_log.MARKER
FILES = {'many': 1000, 'burst': 1000, 'idle': 10000}
DIRECTORIES = 10
WARM_UP = 15
LIMITS = {'many': (1.5, 32), 'burst': (1.5, 32), 'idle': (1.0, None)}  # % of a core, MiB
LATENCY_LIMIT_MS = 100
LATENCY_EVENTS = 300
TICKS = os.sysconf('SC_CLK_TCK')
IN_MODIFY = 2
libc = ctypes.CDLL(None, use_errno=True)


# ------------------------------------------------------------------------------------------------ what is written

class Lines:
    """Lines and events of recorded logs, as make_log.py has them, with the time of their writing."""

    def __init__(self, data_dir, seed=7):
        self.rng = random.Random(seed)
        head, noise, templates = make_log.load(data_dir, self.rng)
        self.banner = [record for record in head if make_log.IDENTITY.search(record)]
        self.noise = [record for record in noise if record.count(b'\n') == 1]
        self.templates = [one for one in templates if MARKER in one.text]
        self.rng.shuffle(self.noise)

    def beginning(self):
        return stamped(b''.join(self.banner + self.rng.choices(self.noise, k=20)))

    def event(self):
        iso = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
        totals = dict.fromkeys(('count', 'sumNumInputRows', 'sumBatchId', 'sumTriggerExecution'), 0)
        return stamped(self.rng.choice(self.templates).fill(iso.encode(), self.rng, totals))


def stamped(text):
    return text.replace(make_log.BLANK, time.strftime('%y/%m/%d %H:%M:%S', time.gmtime()).encode())


def make_files(directory, count, lines):
    paths = []
    for i in range(count):
        path = directory / f'{i % DIRECTORIES}' / f'driver-{i:05}.log'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lines.beginning())
        paths.append(path)
    return paths


class Writer:
    """A process of its own that appends a line a second to each file, until it is stopped."""

    def __init__(self, paths, lines, burst=False):
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            try:
                self.write(paths, lines, burst)
            finally:
                os._exit(1)

    @staticmethod
    def write(paths, lines, burst):
        fds = [os.open(path, os.O_WRONLY | os.O_APPEND) for path in paths]
        bodies = [line[make_log.STAMP_SIZE:] for line in lines.noise]
        gap = 0 if burst else 1 / len(fds)
        at = 0
        begin = time.monotonic()
        while True:
            stamp = time.strftime('%y/%m/%d %H:%M:%S', time.gmtime()).encode()
            for i, fd in enumerate(fds):
                wait = begin + i * gap - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                os.write(fd, stamp + bodies[at % len(bodies)])
                at += 1
            begin += 1
            time.sleep(max(0, begin - time.monotonic()))

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)


# ------------------------------------------------------------------------------------------------ who is measured

@dataclass
class Usage:
    user: float
    system: float
    wakes: int

    @property
    def cpu(self):
        return self.user + self.system

    def since(self, before):
        return Usage(self.user - before.user, self.system - before.system, self.wakes - before.wakes)


class Program:
    """One of the measured programs, at work on the files of a directory."""

    def __init__(self, name, argv, config, work, logs):
        self.name = name
        self.output = work / f'{name}.out'
        state = work / name
        state.mkdir()
        text = (HERE / 'peers' / config).read_text()
        for key, value in (('@WORK@', state), ('@IN@', logs), ('@OUT@', self.output)):
            text = text.replace(key, str(value))
        self.config = work / config.removesuffix('.in')
        self.config.write_text(text)
        self.messages = work / f'{name}.messages'
        with open(self.messages, 'wb') as messages:
            self.process = subprocess.Popen([str(self.config) if arg == '@CONFIG@' else arg for arg in argv],
                                            stdin=subprocess.DEVNULL, stdout=messages, stderr=messages)
        self.proc = pathlib.Path('/proc') / str(self.process.pid)

    def usage(self):
        if self.process.poll() is not None:
            sys.exit(f'{self.name} ended with {self.process.returncode}: {self.messages.read_text(errors="replace")}')
        fields = (self.proc / 'stat').read_text().rpartition(')')[2].split()
        wakes = 0
        for task in (self.proc / 'task').iterdir():
            with contextlib.suppress(OSError):
                wakes += number_of(task / 'status', 'voluntary_ctxt_switches')
        return Usage(int(fields[11]) / TICKS, int(fields[12]) / TICKS, wakes)

    def memory_kib(self, what='VmHWM'):
        return number_of(self.proc / 'status', what)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def events(self):
        """How many progress events it has written."""
        count = 0
        if self.output.exists():
            with open(self.output, 'rb') as documents:
                count = sum(json.loads(line).get('kind', 'progress') == 'progress' for line in documents)
        return count


def number_of(path, name):
    for line in path.read_text().splitlines():
        key, _, value = line.partition(':')
        if key == name:
            return int(value.split()[0])
    raise OSError(f'no {name} in {path}')


def start_all(options, work, logs):
    programs = [Program('sparktail', [options.sparktail, 'run', '-c', '@CONFIG@'], 'sparktail.yaml.in', work, logs)]
    rsyslogd = shutil.which('rsyslogd', path=os.environ['PATH'] + ':/usr/sbin')
    if rsyslogd and not options.alone:
        argv = [rsyslogd, '-n', '-f', '@CONFIG@', '-i', str(work / 'rsyslog.pid')]
        programs.append(Program('rsyslog', argv, 'rsyslog.conf.in', work, logs))
    elif not options.alone:
        say('no rsyslogd on this machine: its row is left out')
    return programs


# ------------------------------------------------------------------------------------------------ measuring

def measure(part, number, options, lines, results):
    """One round: all programs at once, on the same files."""
    with tempfile.TemporaryDirectory(prefix='tail-', dir=options.work) as name, contextlib.ExitStack() as stack:
        work = pathlib.Path(name)
        paths = make_files(work / 'logs', FILES[part], lines)
        programs = start_all(options, work, f'{work}/logs/*/*.log')
        for program in programs:
            stack.callback(program.stop)
        writer = None
        if part != 'idle':
            writer = Writer(paths, lines, burst=part == 'burst')
            stack.callback(lambda: writer and writer.stop())
        wait_for_calm(programs, options.warm_up)
        before = [program.usage() for program in programs]
        begin = time.monotonic()
        time.sleep(options.seconds)
        after = [program.usage() for program in programs]
        seconds = time.monotonic() - begin
        for program, used_before, used_after in zip(programs, before, after):
            used = used_after.since(used_before)
            results.add(part=part, round=number, program=program.name, files=len(paths), seconds=round(seconds, 2),
                        user=round(used.user, 2), system=round(used.system, 2),
                        cpuPercent=round(100 * used.cpu / seconds, 3), wakesPerSecond=round(used.wakes / seconds, 1),
                        peakKiB=program.memory_kib(), residentKiB=program.memory_kib('VmRSS'))
        if writer:
            writer.stop()
            writer = None
            check_all_read(programs, paths, lines)


def wait_for_calm(programs, least):
    """For `least` seconds, and until all have read what was there."""
    time.sleep(least)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        before = [program.usage() for program in programs]
        time.sleep(2)
        if all(program.usage().since(used).cpu < 0.4 for program, used in zip(programs, before)):
            return


def check_all_read(programs, paths, lines):
    for path in paths:
        with open(path, 'ab', 0) as log:
            log.write(lines.event() + stamped(lines.noise[0]))  # a line behind it, or rsyslog would wait for one
    time.sleep(5)
    for program in programs:
        program.stop()
        if program.events() != len(paths):
            sys.exit(f'{program.name} found {program.events()} events of {len(paths)}: '
                     f'{program.messages.read_text(errors="replace")[-2000:]}')


class Changes:
    """Waits, without a busy loop, until a file was written to."""

    def __init__(self, path):
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0 or libc.inotify_add_watch(self.fd, os.fsencode(path), IN_MODIFY) < 0:
            raise OSError(ctypes.get_errno(), 'inotify')

    def wait(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        os.read(self.fd, 4096)
        return True

    def close(self):
        os.close(self.fd)


def measure_latency(number, beside, options, lines, results):
    with tempfile.TemporaryDirectory(prefix='tail-', dir=options.work) as name, contextlib.ExitStack() as stack:
        work = pathlib.Path(name)
        paths = make_files(work / 'logs', beside, lines)
        log = work / 'logs' / '0' / 'watched.log'
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(lines.beginning())
        program = Program('sparktail', [options.sparktail, 'run', '-c', '@CONFIG@'], 'sparktail.yaml.in', work,
                          f'{work}/logs/*/*.log')
        stack.callback(program.stop)
        if beside:
            stack.callback(Writer(paths, lines).stop)
        wait_for_calm([program], 5)
        changes = Changes(program.output)
        stack.callback(changes.close)
        documents = stack.enter_context(open(program.output, 'rb'))
        documents.seek(0, os.SEEK_END)
        with open(log, 'ab', 0) as out:
            for event in range(LATENCY_EVENTS):
                time.sleep(lines.rng.uniform(0.01, 0.3))
                ms = deliver(lines.event(), out, documents, changes)
                results.add_latency(round=number, beside=beside, event=event, ms=round(ms, 3))


def deliver(event, out, documents, changes):
    """Writes an event, as log4j does: at once. Returns how long it was on its way, in ms."""
    out.write(event)
    written = time.perf_counter()
    wanted = b'"batchId":%d,' % json.loads(event[event.index(b'{'):])['batchId']
    partial = b''
    while changes.wait(30):
        seen = time.perf_counter()
        partial += documents.read()
        if any(wanted in line and b'"kind":"progress"' in line for line in partial.splitlines()):
            return 1000 * (seen - written)
    sys.exit('an event did not come within 30 seconds')


# ------------------------------------------------------------------------------------------------ results

class Results:
    def __init__(self, directory):
        self.directory = directory
        self.rows = []
        self.latencies = []

    def add(self, **row):
        self.rows.append(row)
        self.write('tail.csv', row)

    def add_latency(self, **row):
        self.latencies.append(row)
        self.write('latency.csv', row)

    def write(self, name, row):
        if not self.directory:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / name
        is_new = not path.exists()
        with open(path, 'a', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, ('time', *row))
            if is_new:
                writer.writeheader()
            writer.writerow({'time': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')} | row)

    def report(self):
        """Prints tables; returns whether sparktail kept all limits."""
        kept = True
        if self.rows:
            print(f'{"part":<7} {"program":<10} {"files":>6}  {"CPU %":>6}  {"of rounds":<22} {"peak MiB":>8}  '
                  f'{"wakes/s":>7}  limit')
        for part, program in dict.fromkeys((row['part'], row['program']) for row in self.rows):
            mine = [row for row in self.rows if (row['part'], row['program']) == (part, program)]
            cpu = min(row['cpuPercent'] for row in mine)
            peak = max(row['peakKiB'] for row in mine) / 1024
            verdict = ''
            if program == 'sparktail':
                most_cpu, most_mib = LIMITS[part]
                is_kept = cpu <= most_cpu and (most_mib is None or peak <= most_mib)
                verdict = f'{most_cpu} %' + (f', {most_mib} MiB' if most_mib else '') + (': kept' if is_kept else ': MISSED')
                kept = kept and is_kept
            rounds = ' '.join(f'{row["cpuPercent"]:.2f}' for row in mine)
            wakes = min(row['wakesPerSecond'] for row in mine)
            print(f'{part:<7} {program:<10} {mine[0]["files"]:>6}  {cpu:>6.2f}  {rounds:<22} {peak:>8.1f}  '
                  f'{wakes:>7.0f}  {verdict}')
        for beside in dict.fromkeys(row['beside'] for row in self.latencies):
            ms = sorted(row['ms'] for row in self.latencies if row['beside'] == beside)
            is_kept = ms[-1] <= LATENCY_LIMIT_MS
            kept = kept and is_kept
            where = f'beside {beside} files' if beside else 'alone'
            print(f'latency, {where}: {len(ms)} events, p50 {ms[len(ms) // 2]:.1f} ms, '
                  f'p99 {ms[len(ms) * 99 // 100]:.1f} ms, most {ms[-1]:.1f} ms; limit {LATENCY_LIMIT_MS} ms: '
                  f'{"kept" if is_kept else "MISSED"}')
        return kept


def say(text):
    print(f'tail.py: {text}', file=sys.stderr, flush=True)


def main():
    parts = ('many', 'burst', 'idle', 'latency')
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('parts', nargs='*', metavar='PART', help='default: all')
    parser.add_argument('--sparktail', default=str(ROOT / 'build' / 'release' / 'sparktail'))
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=60, help='measured seconds of a round (default 60)')
    parser.add_argument('--warm-up', type=float, default=WARM_UP, help=f'seconds before them (default {WARM_UP})')
    parser.add_argument('--alone', action='store_true', help='without rsyslog')
    parser.add_argument('--work', type=pathlib.Path, help='where logs and output are made (default: the temporary directory)')
    parser.add_argument('--csv', type=pathlib.Path, help='append all figures to tail.csv and latency.csv there')
    parser.add_argument('--data', type=pathlib.Path, default=ROOT / 'tests' / 'data', help='recorded logs')
    options = parser.parse_args()
    for part in options.parts:
        if part not in parts:
            parser.error(f'no part {part}; there are {", ".join(parts)}')
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    lines = Lines(options.data)
    results = Results(options.csv)
    for number in range(1, options.rounds + 1):
        for part in options.parts or parts:
            say(f'round {number} of {options.rounds}: {part}')
            if part != 'latency':
                measure(part, number, options, lines, results)
                continue
            for beside in (0, FILES['many']):
                measure_latency(number, beside, options, lines, results)
    sys.exit(0 if results.report() else 1)


if __name__ == '__main__':
    main()
