#!/usr/bin/env python3
"""Runs clang-tidy over the program's sources, and remembers each file that passed: only what has changed is checked again.

Usage: cmake/tidy.py BUILD-FOLDER [--jobs N]

BUILD-FOLDER has a compile_commands.json without precompiled headers, which clang could not read (preset tidy). A file
is known again by its text, that of every header of the project that it includes, its compile command, the
configuration and version of clang-tidy, and the versions of the libraries. What passed is kept in
${XDG_CACHE_HOME:-~/.cache}/sparktail/tidy, for all clones together."""
import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("parsers", "ingest", "offsets", "sinks")
TIDY = "clang-tidy-14"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sparktail" / "tidy"
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.M)


def output(*command):
    return subprocess.run(command, capture_output=True, check=False).stdout


def digest(*parts):
    one = hashlib.sha256()
    for part in parts:
        one.update(len(part).to_bytes(8, "big") + part)
    return one.hexdigest()


class Source:
    def __init__(self, entry):
        self.path = (Path(entry["directory"]) / entry["file"]).resolve()
        self.name = str(self.path.relative_to(ROOT))
        arguments = entry.get("arguments") or shlex.split(entry["command"])
        # Where another clone lies does not matter.
        self.arguments = "\0".join(arguments).replace(str(ROOT), "").encode()
        self.folders = [Path(argument[2:]) for argument in arguments if argument.startswith("-I")]
        self.seconds = 0.0

    def key(self, common, text_of):
        """Follows the includes in quotes: those are the project's own."""
        parts, seen, waiting = [], set(), [self.path]
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            text = text_of(path)
            parts.append(digest(str(path).replace(str(ROOT), "").encode(), text).encode())
            for name in INCLUDE.findall(text):
                for folder in (*self.folders, path.parent):
                    header = (folder / os.fsdecode(name)).resolve()
                    if header.is_file():
                        waiting.append(header)
                        break
        return digest(common, self.arguments, *sorted(parts))


def sources(build):
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = (Path(entry["directory"]) / entry["file"]).resolve()
        if path.suffix == ".cc" and any((ROOT / folder) in path.parents for folder in FOLDERS):
            found[path] = Source(entry)
    return [found[path] for path in sorted(found)]


def main():
    arguments = argparse.ArgumentParser(description="clang-tidy over what has changed")
    arguments.add_argument("build", type=Path, help="folder with compile_commands.json")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count(), help="files at once")
    options = arguments.parse_args()

    texts = {}

    def text_of(path):
        if path not in texts:
            texts[path] = path.read_bytes()
        return texts[path]

    rules = [path.read_bytes() for path in (ROOT / ".clang-tidy", *(f for d in FOLDERS for f in (ROOT / d).rglob(".clang-tidy")))]
    libraries = output("dpkg-query", "-W", "-f", "${Package} ${Version}\n", "lib*-dev", "prometheus-cpp-dev")
    common = digest(output(TIDY, "--version"), Path(__file__).read_bytes(), libraries, *rules).encode()

    everything = sources(options.build.resolve())
    if not everything:
        sys.exit(f"no source in {options.build}/compile_commands.json")
    keys = {source: source.key(common, text_of) for source in everything}
    changed = [source for source in everything if not (CACHE / keys[source]).exists()]
    print(f"{len(everything)} files, {len(changed)} of them not seen before", flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)

    def check(source):
        start = time.monotonic()
        done = subprocess.run(
            [TIDY, "-p", options.build, "--quiet", source.path],
            capture_output=True,
            text=True,
            check=False,
        )
        source.seconds = time.monotonic() - start
        if done.returncode == 0:
            (CACHE / keys[source]).touch()
            return ""
        return done.stdout + done.stderr

    failed = 0
    # The longest texts first, so that none of them is left alone at the end.
    changed.sort(key=lambda source: len(texts[source.path]), reverse=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        for source, complaint in zip(changed, pool.map(check, changed)):
            if complaint:
                failed += 1
                print(f"{source.name}:\n{complaint}", flush=True)
    for source in sorted(changed, key=lambda source: source.seconds, reverse=True)[:10]:
        print(f"{source.seconds:6.1f} s  {source.name}")
    print(f"{failed} of {len(changed)} files have something to mend" if failed else "nothing to mend")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
