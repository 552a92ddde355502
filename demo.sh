#!/usr/bin/env bash
# Builds sparktail and shows what it does: with recorded logs of a real Spark, with your own, with a Spark started here.
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
Usage: ./demo.sh                recorded logs of a real Spark are written into files that grow and rotate; `sparktail run`
                                tails them, is killed half-way and started again. Is anything lost or doubled?
       ./demo.sh LOG...         driver logs of yours: a table of their queries
       ./demo.sh --spark [VERSION]
                                a real Spark (from PyPI, 3.5.9 if not said) with three streaming queries; `sparktail run`
                                tails its log while it runs, and what comes out is compared with what a
                                StreamingQueryListener inside that application saw
       ./demo.sh --help

Installs what is missing (deploy/setup.sh) and builds build/release/sparktail first.
What it makes lies in build/demo. Exit code 1 if anything failed or differed.
TEXT
}

readonly out=build/demo
readonly sparktail=build/release/sparktail
# One application in which queries died, and one with state and watermarks.
readonly recorded=(tests/data/3.5.9/fail.default.log tests/data/3.5.9/stateful.default.log)

step() { printf '==> %s\n' "$*"; }

# Runs a command with its output in a file, of which the end is shown if it fails.
quietly() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    printf 'demo: failed: %s (all of it is in %s)\n' "$*" "$log" >&2
    exit 1
  fi
}

build() {
  if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  local note=
  [[ -x $sparktail ]] || note=' (a few minutes the first time)'
  step "build $sparktail$note"
  mkdir -p "$out"
  quietly "$out/configure.log" cmake --preset release
  quietly "$out/build.log" cmake --build --preset release --target sparktail
}

summary() { python3 deploy/demo/summary.py "$@"; }

show_recorded() {
  local dir=$out/run equal=0
  deploy/setup.sh
  build
  step "sparktail run --file '$dir/logs/*/driver.log' --output $dir/events.ndjson --sqlite $dir/history.db"
  local replay=(python3 deploy/demo/kill_and_resume.py --sparktail "$sparktail" --out "$dir" "${recorded[@]}")
  "${replay[@]}"
  echo
  step "what is in the sinks, against what Spark's own listener wrote down when the logs were recorded"
  "${replay[@]}" --compare-only || equal=$?
  echo
  step "the queries, from $dir/events.ndjson"
  summary "$dir/events.ndjson"
  cat <<TEXT

Where it all lies
  $dir/logs               the logs, as they were rotated
  $dir/events.ndjson      one JSON document a line
  $dir/history.db         the same as a database (docs/history.md)
  $dir/state              how far each sink is: $sparktail offsets list --state-dir $dir/state

What to try next
  ./demo.sh YOUR_DRIVER_LOG                   the table of queries for a log of yours
  ./demo.sh --spark                           a live Spark, compared with its own listener
  $sparktail run --help            follow your own logs (docs/configuration.md)
TEXT
  return "$equal"
}

show_own() {
  local logs=("$@") dir=$out/own
  deploy/setup.sh
  build
  rm -rf "$dir"
  mkdir -p "$dir"
  step "sparktail parse ${logs[*]}"
  "$sparktail" parse --stats "${logs[@]}" >"$dir/events.ndjson" 2>"$dir/stats.txt" || {
    cat "$dir/stats.txt" >&2
    exit 1
  }
  sed 's/^/    /' "$dir/stats.txt"
  echo
  summary "$dir/events.ndjson"
  cat <<TEXT

Where the events lie
  $dir/events.ndjson, one JSON document a line; each names its log and the byte at which it stands

What to try next
  $sparktail parse --only query ${logs[0]}
  $sparktail run --file ${logs[0]} --output events.ndjson --state-dir state
TEXT
}

show_spark() {
  local version=$1 dir=$out/spark equal=0
  deploy/setup.sh --live
  build
  local live=(python3 deploy/demo/spark_live.py --sparktail "$sparktail" --spark-version "$version" --out "$dir")
  "${live[@]}" --setup-only
  step "Spark $version starts; spark-submit app 2> $dir/driver.log"
  step "sparktail run --until-exit --file $dir/driver.log --output $dir/events.ndjson"
  "${live[@]}"
  sed 's/^/    /' "$dir/sparktail.log"
  echo
  summary "$dir/events.ndjson"
  echo
  step "what the application's own listener saw, against what sparktail found in the log"
  "${live[@]}" --compare-only || equal=$?
  cat <<TEXT

Where it all lies
  $dir/driver.log         Spark's log, as it came
  $dir/events.ndjson      what sparktail found in it
  $dir/listener.ndjson    what the listener saw
TEXT
  return "$equal"
}

case ${1:-} in
  --help | -h)
    usage
    ;;
  --spark)
    if [[ $# -gt 2 ]]; then
      usage >&2
      exit 2
    fi
    show_spark "${2:-3.5.9}"
    ;;
  -?*)
    printf 'demo: unknown option %s\n' "$1" >&2
    usage >&2
    exit 2
    ;;
  '')
    show_recorded
    ;;
  *)
    logs=()
    for log in "$@"; do
      if [[ $log != /* ]]; then log=$here/$log; fi
      logs+=("$log")
    done
    show_own "${logs[@]}"
    ;;
esac
