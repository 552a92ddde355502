#!/usr/bin/env python3
"""The fast way in Python: mmap.find and orjson (json where orjson is not installed).   mmap_find.py LOG >DOCUMENTS"""
import mmap
import sys

try:
    import orjson
    minify = lambda text: orjson.dumps(orjson.loads(text))
except ImportError:
    import json
    minify = lambda text: json.dumps(json.loads(text), separators=(',', ':'), ensure_ascii=False).encode()

MARKER = b' Streaming query made progress: {\n'
END = b'\n}\n'

with open(sys.argv[1], 'rb') as log, open(sys.stdout.fileno(), 'wb', 1 << 20) as out:
    text = mmap.mmap(log.fileno(), 0, prot=mmap.PROT_READ)
    at = text.find(MARKER)
    while at >= 0:
        begin = at + len(MARKER) - 2
        end = text.find(END, begin)
        if end < 0:
            break
        out.write(minify(text[begin:end + 2]) + b'\n')
        at = text.find(MARKER, end)
