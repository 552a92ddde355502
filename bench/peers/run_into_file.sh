#!/usr/bin/env bash
# `sparktail run` over a log that is already there, into the file sink, with a state of its own.
# Usage: run_into_file.sh SPARKTAIL LOG OUTPUT
set -euo pipefail

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
rm -f "$3"
"$1" run --file "$2" --output "$3" --state-dir "$state" --until-exit --exit-marker /dev/null 2>"$state/messages" ||
  { cat "$state/messages" >&2; exit 1; }
