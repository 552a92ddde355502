#!/usr/bin/env python3
"""Makes a large Spark driver log from the recorded logs in tests/data, and the truth about it.

    make_log.py OUT.log [--size 1G] [--share 0.10] [--seed 7] [--data DIR]

Everything but the progress events is real: whole records (a line and what continues it) of the recorded logs in
Spark's default layout, in an order drawn by seed. A progress event is a recorded one with new ids, batch id,
times and numbers, so no two are alike. Lines that would begin another application or query are left out, except
for one banner and one start of each query at the head. The truth is written to OUT.log.truth.json.
"""
import argparse
import bisect
import json
import pathlib
import random
import re
import sys
import time
import uuid

STAMP = re.compile(rb'^\d\d/\d\d/\d\d \d\d:\d\d:\d\d (?=[A-Z]+ )', re.M)
STAMP_SIZE = 17
BLANK = b'\0' * STAMP_SIZE                       # stands where a record's time goes
MARKER = b' Streaming query made progress: {\n'
IDENTITY = re.compile(rb'Running Spark version|Submitted application|ApplicationAttemptId|Logging events to')
QUERY = re.compile(rb'^[^\n]*(MicroBatch|Stream|Continuous)Execution: [^\n]*(\[id = |[Rr]esum|Starting new)')
VARIABLE = re.compile(rb'''
    (?P<indent>^\ *)"(?P<key>[^"\n]+)"\ :\ (?P<number>\d+(?:\.\d+)?)(?=,?$)     # a field with a number
  | "(?P<time>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"                         # a point in time
  | ^\ \ "(?P<uuid>id|runId)"\ :\ "[^"\n]+"''', re.M | re.X)
FIXED = (b'numShufflePartitions', b'numStateStoreInstances')
START = 1763700000


class Query:
    def __init__(self, rng):
        self.id = str(uuid.UUID(int=rng.getrandbits(128), version=4)).encode()
        self.run = str(uuid.UUID(int=rng.getrandbits(128), version=4)).encode()
        self.batch = rng.randint(0, 90000)


class Template:
    """A recorded progress event with holes. `holes` says what goes into each."""

    def __init__(self, record, query):
        self.query = query
        self.holes = []
        self.text = b''
        end = 0
        for found in VARIABLE.finditer(record):
            self.text += record[end:found.start()].replace(b'%', b'%%') + self.hole(found)
            end = found.end()
        self.text += record[end:].replace(b'%', b'%%')
        self.sources = max(1, sum(kind == 'part' for kind, _ in self.holes))

    def hole(self, found):
        if found['time']:
            self.holes.append(('time', None))
            return b'"%b"'
        if found['uuid']:
            value = self.query.id if found['uuid'] == b'id' else self.query.run
            return b'  "%b" : "%b"' % (found['uuid'], value)
        indent, key, number = found['indent'], found['key'], found['number']
        top = len(indent) == 2
        if b'.' in number:
            self.holes.append(('float', float(number)))
        elif key == b'batchId' and top:
            self.holes.append(('batch', None))
        elif key == b'numInputRows':
            self.holes.append(('rows' if top else 'part', None))
        elif key == b'triggerExecution':
            self.holes.append(('trigger', int(number)))
        elif key.isdigit() or key.endswith(b'Offset') and found.start() > found.string.find(b'\n  "sources"'):
            self.holes.append(('offset', int(number)))
        elif key in FIXED:
            return found[0]
        else:
            self.holes.append(('int', int(number)))
        return indent + b'"%b" : ' % key.replace(b'%', b'%%') + (b'%a' if b'.' in number else b'%d')

    def fill(self, iso, rng, totals):
        self.query.batch += 1
        batch = self.query.batch
        part = 0 if rng.random() < 0.1 else rng.randint(1, 100000)
        factor = 0.5 + 2 * rng.random()
        values = []
        for kind, base in self.holes:
            if kind == 'int':
                values.append(int(base * factor))
            elif kind == 'float':
                values.append(base * factor)
            elif kind == 'time':
                values.append(iso)
            elif kind == 'offset':
                values.append(base + batch * 1000)
            elif kind == 'part':
                values.append(part)
            elif kind == 'rows':
                values.append(part * self.sources)
                totals['sumNumInputRows'] += part * self.sources
            elif kind == 'batch':
                values.append(batch)
                totals['sumBatchId'] += batch
            else:
                values.append(int(base * factor))
                totals['sumTriggerExecution'] += int(base * factor)
        totals['count'] += 1
        return self.text % tuple(values)


def records_of(path):
    data = path.read_bytes()
    if not data.endswith(b'\n'):
        data += b'\n'
    starts = [found.start() for found in STAMP.finditer(data)] + [len(data)]
    return [BLANK + data[a + STAMP_SIZE:b] for a, b in zip(starts, starts[1:])]


def is_progress(record):
    first, _, rest = record.partition(b'\n')
    if not (first + b'\n').endswith(MARKER) or not rest.endswith(b'\n}\n'):
        return False
    try:
        return 'batchId' in json.loads(b'{' + rest)
    except ValueError:
        return False


def load(data_dir, rng):
    """Returns (head, noise, templates): records of the head, all other records, and progress templates."""
    head, noise, templates, queries = [], [], [], {}
    for path in sorted(data_dir.glob('*/*.default.log')):
        if path.name.startswith('interleave'):
            continue                             # its records are torn on purpose
        own = records_of(path)
        for record in own:
            if is_progress(record):
                old = re.search(rb'^  "id" : "([^"]+)",\n  "runId" : "([^"]+)"', record, re.M).groups()
                query = queries.setdefault(old, Query(rng))
                templates.append(Template(record, query))
        for record in own:
            if b'made progress' in record:
                continue
            if QUERY.search(record):
                ids = re.search(rb'Starting .*\[id = ([^,]+), runId = ([^\]]+)\]', record)
                query = ids and queries.get(ids.groups())
                if query:
                    head.append(record.replace(ids[1], query.id).replace(ids[2], query.run))
            elif not IDENTITY.search(record):
                noise.append(record)
    if not templates or not noise:
        sys.exit(f'make_log.py: no recorded driver logs in {data_dir}')
    first = records_of(data_dir / '3.5.9' / 'basic.default.log')
    banner = [record for record in first[:40] if IDENTITY.search(record)]
    return banner + head, noise, templates


class Pool:
    """Shuffled records in one block of bytes, of which any run of whole records is a slice."""

    def __init__(self, records, rng):
        order = []
        for _ in range(4):
            rng.shuffle(records)
            order += records
        self.data = b''.join(order)
        self.starts, at = [], 0
        for record in order:
            self.starts.append(at)
            at += len(record)
        self.starts.append(at)

    def take(self, size, rng):
        begin = self.starts[rng.randrange(len(self.starts) - 1)]
        end = self.starts[min(bisect.bisect_left(self.starts, begin + size), len(self.starts) - 1)]
        return self.data[begin:end]


def write_log(out, size, share, rng, head, pool, templates):
    totals = dict.fromkeys(('count', 'sumNumInputRows', 'sumBatchId', 'sumTriggerExecution', 'lines'), 0)
    written = progress = 0
    clock = START

    def put(block):
        nonlocal written
        block = block.replace(BLANK, time.strftime('%y/%m/%d %H:%M:%S', time.gmtime(clock)).encode())
        written += out.write(block)
        totals['lines'] += block.count(b'\n')
        return len(block)

    put(b''.join(head))
    while written < size:
        clock += 0.05 + rng.random()
        if progress <= share * written and share > 0:
            iso = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(clock)) + '.%03dZ' % (clock % 1 * 1000)
            progress += put(rng.choice(templates).fill(iso.encode(), rng, totals))
        want = progress / share - written if share > 0 else 65536
        if want > 0:
            put(pool.take(min(want, size - written, 1 << 20), rng))
    return dict(totals, bytes=written, progressBytes=progress)


def parse_size(text):
    found = re.fullmatch(r'(\d+(?:\.\d+)?)([KMG]?)(?:i?B)?', text)
    if not found:
        raise argparse.ArgumentTypeError(f'not a size: {text} (try 64M or 1G)')
    return int(float(found[1]) * {'': 1, 'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}[found[2]])


def parse_share(text):
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f'not a share between 0 and 1: {text}')
    return share


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('out', type=pathlib.Path)
    parser.add_argument('--size', type=parse_size, default=parse_size('1G'), help='bytes, or with K, M or G (default 1G)')
    parser.add_argument('--share', type=parse_share, default=0.10, help='part of the bytes that is progress (default 0.10)')
    parser.add_argument('--seed', type=int, default=7)
    parser.add_argument('--data', type=pathlib.Path, default=root / 'tests' / 'data', help='recorded logs')
    options = parser.parse_args()

    rng = random.Random(options.seed)
    head, noise, templates = load(options.data, rng)
    pool = Pool(noise, rng)
    with open(options.out, 'wb', 1 << 20) as out:
        truth = write_log(out, options.size, options.share, rng, head, pool, templates)
    truth |= {'share': options.share, 'seed': options.seed}
    pathlib.Path(f'{options.out}.truth.json').write_text(json.dumps(truth, indent=1) + '\n')
    print(json.dumps(truth))


if __name__ == '__main__':
    main()
