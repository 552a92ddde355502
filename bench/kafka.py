#!/usr/bin/env python3
"""Measures how fast `sparktail run` delivers into a real Kafka, beside `kcat -P` of the same bytes.

    kafka.py [--sparktail PATH] [--size SIZE] [--share SHARE] [--rounds N] [--kafka VERSION] [--csv DIRECTORY]

A log is made (make_log.py), most of it progress events; then, in turn and round by round, into topics of their own:

    parse          `sparktail parse`: what reading the log costs, without any delivery
    kcat           the documents of `parse`, a line each, by `kcat -P` with acks=all, idempotent, zstd
    at_least_once  `sparktail run` with delivery: at_least_once
    exactly_once   `sparktail run` with delivery: exactly_once

CPU is user and system time of the program, and of the broker meanwhile (/proc/PID/stat). Each topic must have all
events at the end. Needs deploy/setup.sh --live; the broker is from Maven Central, and kept in the cache.
"""
import argparse
import contextlib
import csv
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'tests' / 'live'), str(HERE.parent / 'tests' / 'outside'), str(HERE.parent / 'deploy' / 'demo'), str(HERE)]
import measure  # noqa: E402
from kafka_broker import KafkaBroker  # noqa: E402

TICKS = os.sysconf('SC_CLK_TCK')
NAMES = ('parse', 'kcat', 'at_least_once', 'exactly_once')
FIELDS = ('time', 'round', 'name', 'events', 'megabytes', 'wall', 'user', 'system', 'peakKiB', 'brokerCpu')


def broker_cpu(broker):
    fields = pathlib.Path(f'/proc/{broker.process.pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def run(argv):
    """As measure.run(), but the broker is a child as well."""
    begin = time.perf_counter()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f'exit code {process.returncode}: {argv}')
    return measure.Run(usage.ru_utime, usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss)


def count(broker, topic):
    """Messages that a read-committed consumer sees."""
    argv = ['kcat', '-b', broker.address(), '-t', topic, '-C', '-e', '-q', '-o', 'beginning',
            '-X', 'isolation.level=read_committed', '-f', '.']
    return len(subprocess.run(argv, capture_output=True, check=True).stdout)


class Bench:
    def __init__(self, options, work, broker):
        self.options, self.work, self.broker = options, work, broker
        self.log, self.documents = work / 'driver.log', work / 'documents.ndjson'
        self.marker = work / 'marker'  # so that `run` ends when it has read and delivered what is there
        self.marker.touch()
        self.rows = []

    def make(self):
        argv = [sys.executable, HERE / 'make_log.py', self.log, '--size', self.options.size, '--share', self.options.share]
        truth = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
        with open(self.documents, 'wb') as out:
            subprocess.run([self.options.sparktail, 'parse', self.log], stdout=out, check=True)
        with open(self.documents, 'rb') as documents:
            self.events = sum(1 for _ in documents)
        self.bytes = self.documents.stat().st_size
        print(f'{self.log.stat().st_size >> 20} MiB of log, {self.events} events ({truth["count"]} progress), '
              f'{self.bytes / 1e6:.0f} MB of documents', flush=True)

    def command(self, name, number):
        topic = f'{name}-{number}'
        if name == 'parse':
            return [self.options.sparktail, 'parse', self.log]
        if name == 'kcat':
            return ['kcat', '-b', self.broker.address(), '-t', topic, '-P', '-l', self.documents, '-z', 'zstd',
                    '-X', 'enable.idempotence=true', '-X', 'acks=all', '-X', 'message.max.bytes=20000000',
                    '-X', 'queue.buffering.max.messages=1000000']
        return [self.options.sparktail, 'run', '-c', self.config(topic, name), '--until-exit', '--exit-marker', self.marker]

    def config(self, topic, delivery):
        state = self.work / topic
        state.mkdir(exist_ok=True)
        config = state / 'sparktail.yaml'
        config.write_text(json.dumps({
            'instance': topic, 'state_dir': str(state / 'state'),
            'sources': [{'kind': 'file', 'paths': [str(self.log)]}],
            'sinks': [{'kind': 'kafka', 'brokers': [self.broker.address()], 'topic': topic, 'delivery': delivery}]}))
        return config

    def make_topics(self, name, number):
        config = self.config(f'{name}-{number}', 'at_least_once' if name == 'kcat' else name)
        subprocess.run([self.options.sparktail, 'setup', '-c', config], stdout=subprocess.DEVNULL, check=True)

    def measure(self, name, number):
        if name != 'parse':  # not a part of what is measured
            self.make_topics(name, number)
        argv = [str(word) for word in self.command(name, number)]
        before = broker_cpu(self.broker)
        done = run(argv)
        cpu = broker_cpu(self.broker) - before
        if name != 'parse' and count(self.broker, f'{name}-{number}') != self.events:
            raise SystemExit(f'{name}: not all {self.events} events are in the topic')
        self.rows.append((datetime.datetime.now().isoformat('T', 'seconds'), number, name, self.events,
                          round(self.bytes / 1e6, 1), round(done.wall, 3), round(done.user, 3), round(done.system, 3),
                          done.peak_kib, round(cpu, 2)))
        print(f'round {number}: {name:14} {done.wall:7.2f} s wall {done.cpu:7.2f} s CPU, broker {cpu:6.2f} s', flush=True)

    def report(self):
        best = {name: min((row for row in self.rows if row[2] == name), key=lambda row: row[6] + row[7]) for name in NAMES}
        wall = {name: min(row[5] for row in self.rows if row[2] == name) for name in NAMES}
        print(f'\n{"":14} {"wall s":>8} {"events/s":>10} {"MB/s":>7} {"CPU s":>7} {"broker CPU s":>13} {"peak MiB":>9}')
        for name in NAMES:
            row = best[name]
            cpu = row[6] + row[7]
            print(f'{name:14} {wall[name]:8.2f} {self.events / wall[name]:10.0f} {self.bytes / 1e6 / wall[name]:7.1f} '
                  f'{cpu:7.2f} {row[9]:13.2f} {row[8] / 1024:9.1f}')

        def cpu_of(name):
            return best[name][6] + best[name][7]
        print(f'exactly_once over at_least_once: CPU {cpu_of("exactly_once") / cpu_of("at_least_once"):.2f}, '
              f'wall {wall["exactly_once"] / wall["at_least_once"]:.2f}')
        for name in ('at_least_once', 'exactly_once'):
            share = 100 * cpu_of(name) / best[name][9]
            print(f'{name}: CPU {share:.0f} % of the broker\'s; {cpu_of(name) / cpu_of("kcat"):.2f} times kcat\'s, '
                  f'{(cpu_of(name) - cpu_of("parse")) / cpu_of("kcat"):.2f} without reading the log')

    def write(self, directory):
        path = pathlib.Path(directory) / 'kafka.csv'
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        commit = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], cwd=HERE, capture_output=True, text=True).stdout.strip()
        with open(path, 'a', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(FIELDS + ('kafka', 'commit'))
            writer.writerows(row + (self.options.kafka, commit) for row in self.rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--sparktail', type=pathlib.Path, default=HERE.parent / 'build' / 'release' / 'sparktail')
    parser.add_argument('--size', default='256M', help='of the log (default %(default)s)')
    parser.add_argument('--share', default='0.60', help='of progress events in it (default %(default)s)')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--kafka', default='4.1.0', help='version (default %(default)s)')
    parser.add_argument('--csv', type=pathlib.Path, help='folder to whose kafka.csv the raw runs are added')
    options = parser.parse_args()
    if not shutil.which('kcat'):
        raise SystemExit('kcat is missing: run deploy/setup.sh --live')
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='sparktail-bench-')))
        broker = KafkaBroker(options.kafka, properties={'message.max.bytes': 20000000})
        stack.callback(broker.remove)
        broker.start()
        bench = Bench(options, work, broker)
        bench.make()
        for number in range(1, options.rounds + 1):
            for name in NAMES:
                bench.measure(name, number)
                time.sleep(1)  # the broker writes on for a moment
        bench.report()
        if options.csv:
            bench.write(options.csv)


if __name__ == '__main__':
    main()
