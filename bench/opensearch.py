#!/usr/bin/env python3
"""Measures how fast `sparktail run` indexes into a real OpenSearch or Elasticsearch, beside `curl` that posts ready-made bulks.

    opensearch.py [--sparktail PATH] [--size SIZE] [--share SHARE] [--rounds N] [--server NAME] [--csv DIRECTORY]

A log is made (make_log.py), most of it progress events; then, in turn and round by round, into indices of their own, which
have the same template:

    parse      `sparktail parse`: what reading the log costs, without any delivery
    curl       the documents of `parse` as bulk bodies of 1 MiB, ready in files: one curl, one connection, one after the other
    curl gzip  the same bodies, compressed beforehand
    run, one   `sparktail run` with connections: 1
    run        `sparktail run` as it is

CPU is user and system time of the program, and of the server meanwhile (/proc/PID/stat). Each index must have all events at
the end. Needs deploy/setup.sh --live; the server is from Maven Central, and kept in the cache.
"""
import argparse
import contextlib
import csv
import datetime
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'tests' / 'live'), str(HERE.parent / 'tests' / 'outside'), str(HERE.parent / 'deploy' / 'demo'), str(HERE)]
import measure  # noqa: E402
from search_server import SearchServer  # noqa: E402

TICKS = os.sysconf('SC_CLK_TCK')
NAMES = ('parse', 'curl', 'curl gzip', 'run, one', 'run')
FIELDS = ('time', 'round', 'name', 'events', 'megabytes', 'wall', 'user', 'system', 'serverCpu')
BULK_BYTES = 1 << 20
# What sparktail asks for.
QUERY = ('filter_path=errors%2Citems.%2A.status%2Citems.%2A.failure_store%2Citems.%2A.error.type'
         '%2Citems.%2A.error.reason%2Citems.%2A.error.caused_by')


def server_cpu(server):
    """CPU time of the started process and of its children: bin/elasticsearch 8 is a launcher."""
    ticks = 0
    for folder in pathlib.Path('/proc').iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / 'stat').read_text().rpartition(')')[2].split()
        except OSError:
            continue
        if server.process.pid in (int(folder.name), int(fields[1])):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def run(argv):
    """As measure.run(), but the server is a child as well."""
    begin = time.perf_counter()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f'exit code {process.returncode}: {argv}')
    return measure.Run(usage.ru_utime, usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss)


class Bench:
    def __init__(self, options, work, server):
        self.options, self.work, self.server = options, work, server
        self.log = work / 'driver.log'
        self.marker = work / 'marker'  # so that `run` ends when it has read and delivered what is there
        self.marker.touch()
        self.rows = []

    def make(self):
        argv = [sys.executable, HERE / 'make_log.py', self.log, '--size', self.options.size, '--share', self.options.share]
        truth = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
        documents = subprocess.run([self.options.sparktail, 'parse', self.log], capture_output=True, check=True).stdout
        self.lines = documents.splitlines(keepends=True)
        self.bytes = len(documents)
        self.events = len(self.lines)
        print(f'{self.log.stat().st_size >> 20} MiB of log, {self.events} events ({truth["count"]} progress), '
              f'{self.bytes / 1e6:.0f} MB of documents', flush=True)

    def index(self, name, number):
        return f'bench-{name.replace(", ", "-").replace(" ", "-")}-{number}'

    def bodies(self, name, number):
        """Files, each the body of a request; and what curl is told of all of them."""
        folder = self.work / self.index(name, number)
        folder.mkdir()
        body, paths, size = [], [], 0

        def write():
            path = folder / str(len(paths))
            text = b''.join(body)
            path.write_bytes(gzip.compress(text, 1) if name == 'curl gzip' else text)
            paths.append(path)
        for line in self.lines:
            if size + len(line) > BULK_BYTES and body:
                write()
                body, size = [], 0
            document = json.loads(line)
            body += [b'{"create":{"_index":"%s","_id":"%s"}}\n' % (self.index(name, number).encode(), document['id'].encode()), line]
            size += len(line)
        write()
        headers = ['header = "Content-Type: application/x-ndjson"', 'header = "Expect:"']
        if name == 'curl gzip':
            headers.append('header = "Content-Encoding: gzip"')
        config = folder / 'curl'
        config.write_text('\nnext\n'.join(
            '\n'.join([f'url = "{self.server.url}/_bulk?{QUERY}"', f'data-binary = "@{path}"', 'output = "/dev/null"', 'silent', 'fail', *headers])
            for path in paths))
        return config

    def command(self, name, number):
        if name == 'parse':
            return [self.options.sparktail, 'parse', self.log]
        if name.startswith('curl'):
            return ['curl', '-K', self.bodies(name, number)]
        return [self.options.sparktail, 'run', '-c', self.config(name, number), '--until-exit', '--exit-marker', self.marker]

    def config(self, name, number):
        state = self.work / self.index(name, number)
        state.mkdir(exist_ok=True)
        config = state / 'sparktail.yaml'
        sink = {'kind': 'opensearch', 'urls': [self.server.url], 'index': self.index(name, number), 'template_name': self.index(name, number),
                'replicas': 0}
        if name == 'run, one':
            sink['connections'] = 1
        config.write_text(json.dumps({'state_dir': str(state / 'state'), 'sources': [{'kind': 'file', 'paths': [str(self.log)]}], 'sinks': [sink]}))
        return config

    def measure(self, name, number):
        if name != 'parse':  # the template and the index are not a part of what is measured
            subprocess.run([self.options.sparktail, 'setup', '-c', self.config(name, number)], stdout=subprocess.DEVNULL, check=True)
            self.server.put(f'/{self.index(name, number)}', {})
        if name.startswith('curl'):
            (self.work / self.index(name, number) / 'sparktail.yaml').unlink()
            (self.work / self.index(name, number)).rmdir()
        argv = [str(word) for word in self.command(name, number)]
        before = server_cpu(self.server)
        done = run(argv)
        cpu = server_cpu(self.server) - before
        if name != 'parse':
            self.server.ask('POST', f'/{self.index(name, number)}/_refresh')
            count = self.server.get(f'/{self.index(name, number)}/_count')['count']
            if count != self.events:
                raise SystemExit(f'{name}: {count} of {self.events} events are in the index')
            self.server.ask('DELETE', f'/{self.index(name, number)}')
        self.rows.append((datetime.datetime.now().isoformat('T', 'seconds'), number, name, self.events,
                          round(self.bytes / 1e6, 1), round(done.wall, 3), round(done.user, 3), round(done.system, 3),
                          round(cpu, 2)))
        print(f'round {number}: {name:10} {done.wall:7.2f} s wall {done.cpu:7.2f} s CPU, server {cpu:6.2f} s', flush=True)

    def report(self):
        best = {name: min((row for row in self.rows if row[2] == name), key=lambda row: row[6] + row[7]) for name in NAMES}
        wall = {name: min(row[5] for row in self.rows if row[2] == name) for name in NAMES}
        print(f'\n{"":10} {"wall s":>8} {"events/s":>10} {"MB/s":>7} {"CPU s":>7} {"CPU us/event":>13} {"server CPU s":>13}')
        for name in NAMES:
            row = best[name]
            cpu = row[6] + row[7]
            print(f'{name:10} {wall[name]:8.2f} {self.events / wall[name]:10.0f} {self.bytes / 1e6 / wall[name]:7.1f} '
                  f'{cpu:7.2f} {1e6 * cpu / self.events:13.1f} {row[8]:13.2f}')
        for name in ('run, one', 'run'):
            print(f'{name}: {wall["curl"] / wall[name]:.2f} of curl\'s documents a second, {wall["curl gzip"] / wall[name]:.2f} of those of curl gzip')

    def write(self, directory):
        path = pathlib.Path(directory) / 'opensearch.csv'
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        commit = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], cwd=HERE, capture_output=True, text=True).stdout.strip()
        with open(path, 'a', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(FIELDS + ('server', 'commit'))
            writer.writerows(row + (self.options.server, commit) for row in self.rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--sparktail', type=pathlib.Path, default=HERE.parent / 'build' / 'release' / 'sparktail')
    parser.add_argument('--size', default='64M', help='of the log (default %(default)s)')
    parser.add_argument('--share', default='0.60', help='of progress events in it (default %(default)s)')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--server', default='opensearch-2.19.4', help='and its version (default %(default)s)')
    parser.add_argument('--csv', type=pathlib.Path, help='folder to whose opensearch.csv the raw runs are added')
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='sparktail-bench-')))
        server = SearchServer(options.server)
        stack.callback(server.remove)
        server.start()
        bench = Bench(options, work, server)
        bench.make()
        for number in range(1, options.rounds + 1):
            for name in NAMES:
                bench.measure(name, number)
                time.sleep(1)  # the server works on for a moment
        bench.report()
        if options.csv:
            bench.write(options.csv)


if __name__ == '__main__':
    main()
