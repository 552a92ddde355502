#!/usr/bin/env python3
"""The plain way: every line through Python, json.loads and json.dumps.   line_loop.py LOG >DOCUMENTS"""
import json
import sys

MARKER = ' Streaming query made progress: {\n'

out = open(sys.stdout.fileno(), 'w', encoding='utf-8')
with open(sys.argv[1], encoding='utf-8', errors='replace') as log:
    event = None
    for line in log:
        if event is not None:
            event.append(line)
            if line == '}\n':
                out.write(json.dumps(json.loads(''.join(event)), separators=(',', ':'), ensure_ascii=False) + '\n')
                event = None
        elif line.endswith(MARKER):
            event = ['{\n']
