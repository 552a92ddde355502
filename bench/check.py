#!/usr/bin/env python3
"""Says whether a program's documents are those of the log:   check.py TRUTH.json DOCUMENTS

Takes Spark's bare objects or sparktail's documents (of which only the progress is counted), one a line.
Compares their number and three sums, and that no event is there twice. Exit 1 if they differ.
"""
import json
import sys


def answer_of(path):
    answer = dict.fromkeys(('count', 'sumNumInputRows', 'sumBatchId', 'sumTriggerExecution'), 0)
    seen = set()
    with open(path, 'rb') as lines:
        for line in lines:
            document = json.loads(line)
            if document.get('kind', 'progress') != 'progress':
                continue
            event = document.get('metrics', document)
            seen.add((event['runId'], event['batchId']))
            answer['count'] += 1
            answer['sumNumInputRows'] += event['numInputRows']
            answer['sumBatchId'] += event['batchId']
            answer['sumTriggerExecution'] += event['durationMs']['triggerExecution']
    return answer, answer['count'] - len(seen)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding='utf-8') as file:
        truth = json.load(file)
    try:
        answer, doubled = answer_of(sys.argv[2])
    except (ValueError, KeyError, TypeError) as error:
        sys.exit(f'{sys.argv[2]}: not progress documents: {error!r}')
    wrong = [f'{key} is {value}, should be {truth[key]}' for key, value in answer.items() if value != truth[key]]
    if doubled:
        wrong.append(f'{doubled} events are there twice')
    if wrong:
        sys.exit(f'{sys.argv[2]}: ' + '; '.join(wrong))


if __name__ == '__main__':
    main()
