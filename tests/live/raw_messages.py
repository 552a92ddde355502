"""Log text as node agents put it into Kafka: a value a line, a record, or a few lines, with or without an envelope."""
import json

from run_support import HEADER, cri, docker


def lines(text, _):
    return [line.rstrip(b"\n") for line in text.splitlines(keepends=True)]


def records(text, _):
    """As agents do that know how to join lines: each record is a value, a trace with all of its lines."""
    values = []
    for line in lines(text, _):
        if values and not HEADER.match(line):
            values[-1] += b"\n" + line
        else:
            values.append(line)
    # A value that ends with an empty line needs that line's own end: else its newline is that of the line before.
    return [value + b"\n" if value.endswith(b"\n") else value for value in values]


def some_lines(text, random):
    """As many as there were when the agent looked; some values end with a newline."""
    all_lines, values = lines(text, random), []
    while all_lines:
        count = random.randrange(1, 12)
        value = b"\n".join(all_lines[:count])
        values.append(value + (b"\n" if value.endswith(b"\n") else random.choice([b"", b"\n"])))
        del all_lines[:count]
    return values


def _json(make):
    def values(text, _):
        return [json.dumps(make(line.decode(), at), ensure_ascii=False).encode() for at, line in enumerate(lines(text, _))]

    return values


STAMP = "2026-11-21T15:34:03.000Z"

filebeat = _json(
    lambda line, at: {
        "@timestamp": STAMP,
        "@metadata": {"beat": "filebeat", "type": "_doc", "version": "8.15.0"},
        "log": {"offset": at, "file": {"path": "/logs/driver.log"}},
        "message": line,
        "input": {"type": "filestream"},
        "ecs": {"version": "8.0.0"},
        "host": {"name": "worker1"},
        "agent": {"id": "7a", "name": "worker1", "type": "filebeat", "version": "8.15.0"},
    }
)
fluent_bit = _json(
    lambda line, at: {
        "@timestamp": 1795275243.0 + at / 1000,
        "stream": "stderr",
        "log": line + "\n",
        "kubernetes": {"pod_name": "job-driver", "namespace_name": "ns", "labels": {"message": "no"}},
    }
)
vector = _json(
    lambda line, at: {
        "file": "/logs/driver.log",
        "host": "worker1",
        "message": line,
        "source_type": "file",
        "timestamp": STAMP,
    }
)


def cri_lines(text, _):
    return lines(cri([(b"stderr", text)]), _)


def docker_lines(text, _):
    return lines(docker([(b"stderr", text)]), _)


# What `envelope: auto` is to recognise, by a name, with the envelope's own.
FORMS = {
    "lines": (lines, "none"),
    "records": (records, "none"),
    "some-lines": (some_lines, "none"),
    "filebeat": (filebeat, "json"),
    "fluent-bit": (fluent_bit, "json"),
    "vector": (vector, "json"),
    "cri": (cri_lines, "cri"),
    "docker": (docker_lines, "docker"),
}


def interleaved(streams, random):
    """(key, value) of all, each stream in its own order; `streams` is {key: values}."""
    left = {key: list(reversed(values)) for key, values in streams.items() if values}
    keys = list(left)
    while keys:
        at = random.randrange(len(keys))
        key = keys[at]
        # Now and then a run of one of them.
        for _ in range(random.choice([1, 1, 3, 40])):
            yield key, left[key].pop()
            if not left[key]:
                keys[at] = keys[-1]
                keys.pop()
                break
