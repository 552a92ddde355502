#!/usr/bin/env bash
# Builds sparktail and shows what it does: with recorded logs of a real Spark, with your own logs, or with a live Spark.
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
Usage: ./demo.sh                writes recorded logs of a real Spark into files that grow and rotate. `sparktail run`
                                follows them, is killed half-way and started again. Is anything lost or doubled?
       ./demo.sh LOG...         shows the queries of your own driver logs as a table
       ./demo.sh --spark [VERSION]
                                starts a real Spark (from PyPI, default 3.5.9) with three streaming queries. `sparktail
                                run` follows its log live, and the events are compared with those that a
                                StreamingQueryListener inside that application saw
       ./demo.sh --help         shows this text

Installs missing packages (deploy/setup.sh) and builds build/release/sparktail first.
Writes its files to build/demo. Exit code 1 if anything failed or differed.
TEXT
}

readonly out=build/demo
readonly sparktail=build/release/sparktail
# One application in which queries died, and one with state and watermarks.
readonly recorded=(tests/data/3.5.9/fail.default.log tests/data/3.5.9/stateful.default.log)

step() { printf '==> %s\n' "$*"; }

# Runs a command with its output in a file, and shows the end of that file if the command fails.
quietly() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    printf 'demo: failed: %s (the whole output is in %s)\n' "$*" "$log" >&2
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
  step "the content of the sinks, compared with the events that Spark's own listener recorded with the logs"
  "${replay[@]}" --compare-only || equal=$?
  echo
  step "the queries, from $dir/events.ndjson"
  summary "$dir/events.ndjson"
  cat <<TEXT

Files
  $dir/logs               the logs, as they were rotated
  $dir/events.ndjson      the events, one JSON document a line
  $dir/history.db         the events as a database (docs/history.md)
  $dir/state              the cursors of each sink: $sparktail offsets list --state-dir $dir/state

Next steps
  ./demo.sh YOUR_DRIVER_LOG                   the queries of your own log as a table
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

Files
  $dir/events.ndjson      the events, one JSON document a line; each names its log and its byte offset in it

Next steps
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
  step "the events that the application's own listener saw, compared with those that sparktail found in the log"
  "${live[@]}" --compare-only || equal=$?
  cat <<TEXT

Files
  $dir/driver.log         Spark's log
  $dir/events.ndjson      the events that sparktail found in it
  $dir/listener.ndjson    the events that the listener saw
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
