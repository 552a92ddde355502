#!/usr/bin/env bash
# Builds sparktail and shows what it finds: in a recorded log of a real Spark, in your own, or in a Spark started here.
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
Usage: ./demo.sh [LOG]...       recorded driver logs of a real Spark, or your own: a table of their queries
       ./demo.sh --spark [VERSION]
                                a real Spark (from PyPI, 3.5.9 if not said) with three streaming queries; its log
                                goes through sparktail while it runs, and what comes out is compared with what
                                a StreamingQueryListener inside that application saw
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
  local logs=("$@")
  deploy/setup.sh
  build
  step "sparktail parse ${logs[*]}"
  "$sparktail" parse --stats "${logs[@]}" >"$out/events.ndjson" 2>"$out/stats.txt" || {
    cat "$out/stats.txt" >&2
    exit 1
  }
  sed 's/^/    /' "$out/stats.txt"
  echo
  summary "$out/events.ndjson"
  cat <<TEXT

Where the events lie
  $out/events.ndjson, one JSON document a line; each names its log and the byte at which it stands

What to try next
  ./demo.sh YOUR_DRIVER_LOG                              the same table for a log of yours
  ./demo.sh --spark                                      a live Spark, compared with its own listener
  $sparktail parse --only query ${logs[0]}
  spark-submit app.py 2> >($sparktail parse > events.ndjson)
  $sparktail parse --help
TEXT
}

show_spark() {
  local version=$1 dir=$out/spark equal=0
  deploy/setup.sh --live
  build
  local live=(python3 deploy/demo/spark_live.py --sparktail "$sparktail" --spark-version "$version" --out "$dir")
  "${live[@]}" --setup-only
  step "Spark $version starts; spark-submit app 2>&1 >/dev/null | sparktail parse"
  "${live[@]}"
  sed 's/^/    /' "$dir/sparktail.err"
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
    show_recorded "${recorded[@]}"
    ;;
  *)
    logs=()
    for log in "$@"; do
      if [[ $log != /* ]]; then log=$here/$log; fi
      logs+=("$log")
    done
    show_recorded "${logs[@]}"
    ;;
esac
