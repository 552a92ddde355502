#!/usr/bin/env bash
# Fuzzes with ASan and UBSan, two fuzzers at a time. Keeps inputs that reach new code.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: tests/fuzz/run.sh [SECONDS] [NAME]...
  SECONDS  how long each fuzzer runs (default 900)
  NAME     which ones, such as header or log_parser (default: all)
Inputs that reach new code are kept in ${XDG_CACHE_HOME:-~/.cache}/sparktail/fuzz/NAME, those that
break something in NAME.crashes beside it. Exit code: 1 if something broke, 2 on wrong usage.
USAGE
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sparktail/fuzz
programs=$root/build/fuzz/tests/fuzz

wrong_usage() {
  printf 'run.sh: %s\n' "$1" >&2
  usage >&2
  exit 2
}

# The longest input that a fuzzer uses; longer ones only make it slow.
max_len() {
  case $1 in
    log_parser) echo 40000 ;;
    progress) echo 16000 ;;
    header) echo 10000 ;;
    command_line) echo 1000 ;;
    *) echo 4096 ;;
  esac
}

# fuzz NAME SECONDS: leaves NAME.log, and in NAME.result the exit code and the seconds.
fuzz() {
  local name=$1 code=0 start=$SECONDS
  nice "$programs/${name}_fuzz" -max_total_time="$2" -rss_limit_mb=2048 -timeout=30 \
    -max_len="$(max_len "$name")" -dict="$here/spark.dict" -print_final_stats=1 \
    -artifact_prefix="$cache/$name.crashes/" "$cache/$name" "$here/corpus/$name" \
    >"$cache/$name.log" 2>&1 || code=$?
  printf '%s %s\n' "$code" "$((SECONDS - start))" >"$cache/$name.result"
  if [[ $code -eq 0 ]]; then echo "$name: done"; else echo "$name: failed, see $cache/$name.log"; fi
}

# last NAME PATTERN: the number at the end of the pattern's last match in the fuzzer's log.
last() { grep -aoE "$2" "$cache/$1.log" | tail -n 1 | grep -oE '[0-9]+$' || echo '?'; }

# Fails if one of them has failed.
table() {
  local name code seconds failed=0
  printf '\n%-16s %8s %12s %9s %8s\n' name seconds executions coverage crashes
  for name in "$@"; do
    read -r code seconds <"$cache/$name.result"
    printf '%-16s %8s %12s %9s %8s\n' "$name" "$seconds" \
      "$(last "$name" '^(#|stat::number_of_executed_units: *)[0-9]+')" \
      "$(last "$name" 'cov: [0-9]+')" "$(find "$cache/$name.crashes" -type f | wc -l)"
    [[ $code -eq 0 ]] || failed=1
  done
  for name in "$@"; do find "$cache/$name.crashes" -type f; done
  return "$failed"
}

main() {
  local seconds=900 name
  if [[ ${1:-} == --help || ${1:-} == -h ]]; then
    usage
    return
  fi
  if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
  fi
  local names=("$@")
  if [[ ${#names[@]} -eq 0 ]]; then
    for name in "$here"/*_fuzz.cc; do names+=("$(basename "$name" _fuzz.cc)"); done
  fi
  for name in "${names[@]}"; do
    [[ -f $here/${name}_fuzz.cc ]] || wrong_usage "there is no fuzzer $name"
  done

  cd "$root"
  cmake --preset fuzz
  cmake --build --preset fuzz --target "${names[@]/%/_fuzz}"
  for name in "${names[@]}"; do
    mkdir -p "$cache/$name" "$cache/$name.crashes"
    # A result of an earlier run must not stand for this one.
    rm -f "$cache/$name.result" "$cache/$name.crashes"/*
  done
  # Interrupting the script must stop the fuzzers, too.
  trap 'kill $(jobs -p) 2>/dev/null || true; exit 130' INT TERM
  echo "fuzzing for $seconds s each: ${names[*]}"
  for name in "${names[@]}"; do
    while [[ $(jobs -rp | wc -l) -ge 2 ]]; do wait -n || true; done
    fuzz "$name" "$seconds" &
  done
  wait
  table "${names[@]}"
}

main "$@"
