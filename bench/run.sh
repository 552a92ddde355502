#!/usr/bin/env bash
# Measures `sparktail parse` against other programs on one large driver log. See bench/README.md.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bench/run.sh [--size SIZE] [--share SHARE] [--rounds N]

Makes a driver log, checks that every program finds the right events in it,
then measures them in turn and prints a table.

  --size SIZE    size of the log, with K, M or G (default 1G)
  --share SHARE  part of its bytes that is progress, 0 to 1 (default 0.10)
  --rounds N     runs of each program; the least time counts (default 5)
  --help         this text

The log and the programs are kept in ${XDG_CACHE_HOME:-~/.cache}/sparktail/bench.
Every run is also written to bench/runs/. build/release/sparktail is built if it
is missing, never if it is there: build it first if you changed the code.
SPARKTAIL=PATH in the environment measures another binary.

Example: bench/run.sh --size 256M --rounds 3
TEXT
}

say() { printf 'bench: %s\n' "$*" >&2; }
die() { printf 'bench: %s\n' "$*" >&2; exit 1; }
wrong_usage() { printf 'bench: %s\n' "$*" >&2; usage >&2; exit 2; }

size=1G share=0.10 rounds=5
while (($#)); do
  case $1 in
    --size | --share | --rounds)
      [[ -n ${2:-} ]] || wrong_usage "$1 needs a value"
      printf -v "${1#--}" %s "$2"
      shift 2
      ;;
    --size=* | --share=* | --rounds=*)
      name=${1%%=*}
      printf -v "${name#--}" %s "${1#*=}"
      shift
      ;;
    --help | -h) usage; exit 0 ;;
    *) wrong_usage "unknown option $1" ;;
  esac
done
[[ $size =~ ^[1-9][0-9]*[KMG]?$ ]] || wrong_usage "not a size: $size (try 64M or 1G)"
[[ $share =~ ^(0?\.[0-9]+|0|1)$ && $share =~ [1-9] ]] || wrong_usage "not a share above 0 and up to 1: $share"
[[ $rounds =~ ^[1-9][0-9]*$ ]] || wrong_usage "not a number of rounds: $rounds"

# grep is slower or faster in other locales; this is what a Debian server has.
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sparktail/bench
sparktail=${SPARKTAIL:-$root/build/release/sparktail}
mkdir -p "$cache"

bytes_of() {
  case $1 in
    *K) echo $((${1%K} << 10)) ;;
    *M) echo $((${1%M} << 20)) ;;
    *G) echo $((${1%G} << 30)) ;;
    *) echo "$1" ;;
  esac
}
field_of() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1.truth.json" "$2"; }

prepare() {
  if [[ -x $root/deploy/setup.sh ]]; then "$root/deploy/setup.sh" --bench >&2; fi
  if [[ ! -x $sparktail ]]; then
    say "building sparktail"
    (cd "$root" && cmake --preset release && cmake --build --preset release --target sparktail) >&2
  fi
  if [[ ! -x $cache/limit || $here/limit.cc -nt $cache/limit ]]; then
    say "building the limit program"
    c++ -O2 -std=c++20 "$here/limit.cc" -lsimdjson -o "$cache/limit"
  fi
  if [[ ! -x $cache/venv/bin/python3 ]]; then
    python3 -m venv "$cache/venv" || die "python3 -m venv failed; on Debian, install python3-venv"
  fi
  if ! "$cache/venv/bin/python3" -c 'import orjson' 2>/dev/null; then
    say "installing orjson from PyPI"
    "$cache/venv/bin/python3" -m pip install --quiet --disable-pip-version-check --only-binary :all: orjson ||
      say "orjson cannot be installed: the row of mmap.find uses Python's own json"
  fi
}

# Prints the path of a log of $1 bytes; makes it if it is not there. Logs of an older make_log.py are removed.
log_of() {
  local maker log old
  maker=$(sha256sum "$here/make_log.py" | cut -c1-8)
  log=$cache/log-$maker-$1-$share.log
  for old in "$cache"/log-*; do
    [[ $old == "$cache/log-$maker-"* ]] || rm -f "$old"
  done
  if [[ ! -s $log.truth.json || $(field_of "$log" bytes) != "$(stat -c %s "$log")" ]]; then
    say "making a log of $1 bytes, $share of it progress"
    rm -f "$log.truth.json"
    "$here/make_log.py" "$log" --size "$1" --share "$share" >/dev/null
  fi
  printf '%s\n' "$log"
}

list=$(mktemp -d)
trap 'rm -rf "$list" "$cache/documents"' EXIT

# add NAME SCALE OUTPUT COMMAND...
add() {
  local name=$1 scale=$2 output=$3
  shift 3
  printf '%s\t%s\t%s\t%s\n' "$name" "$scale" "$output" "${*@Q}" >>"$list/commands"
}

# counts NAME WANTED OUTPUT COMMAND...: a program whose answer is one number
counts() {
  local name=$1 wanted=$2 output=$3 got
  shift 3
  got=$("$@" | awk 'NR == 1 { print $1 }')
  [[ $got == "$wanted" ]] || die "$name says $got, should be $wanted"
  add "$name" 1 "$output" "$@"
}

# writes NAME SCALE LOG COMMAND...: a program that writes documents
writes() {
  local name=$1 scale=$2 log=$3
  shift 3
  "$@" >"$cache/documents" 2>"$list/messages" || { cat "$list/messages" >&2; die "$name failed"; }
  "$here/check.py" "$log.truth.json" "$cache/documents" || die "$name gives a wrong answer"
  add "$name" "$scale" "$cache/documents" "$@"
}

# runs NAME LOG: `sparktail run` into the file sink
runs() {
  local command=("$here/peers/run_into_file.sh" "$sparktail" "$2" "$cache/documents")
  "${command[@]}" || die "$1 failed"
  "$here/check.py" "$2.truth.json" "$cache/documents" || die "$1 gives a wrong answer"
  add "$1" 1 null "${command[@]}"
}

compete() {
  local log=$1 slice=$2 part=$3 events json=orjson mark=''
  events=$(field_of "$log" count)
  "$cache/venv/bin/python3" -c 'import orjson' 2>/dev/null || json=json
  ((part == 1)) || mark=" (1/$part of the log, times $part)"

  say "checking every answer against the truth: $events events"
  add 'cat >/dev/null' 1 null cat "$log"
  counts 'wc -l' "$(field_of "$log" lines)" pipe wc -l "$log"
  counts 'grep -c -F' "$events" pipe grep -c -F 'made progress' "$log"
  if command -v rg >/dev/null; then
    counts 'rg -c -F' "$events" pipe rg -c -F 'made progress' "$log"
  else
    say "no rg on this machine: its row is left out"
  fi
  writes 'limit, read' 1 "$log" "$cache/limit" read "$log"
  writes 'limit, mmap' 1 "$log" "$cache/limit" mmap "$log"
  writes "Python, mmap.find + $json" 1 "$log" "$cache/venv/bin/python3" "$here/peers/mmap_find.py" "$log"
  writes "Python, line loop + json$mark" "$part" "$slice" "$cache/venv/bin/python3" "$here/peers/line_loop.py" "$slice"
  writes 'sparktail parse' 1 "$log" "$sparktail" parse "$log"
  writes 'sparktail parse --only progress' 1 "$log" "$sparktail" parse --only progress "$log"
  runs 'sparktail run, file sink' "$log"
}

# Prints one line about this machine and this code.
machine() {
  local cpu commit
  cpu=$(sed -n '/^model name/{s/.*: //p;q}' /proc/cpuinfo)
  commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo none)
  [[ -z $(git --no-optional-locks -C "$root" status --porcelain -- ':!bench/runs' 2>/dev/null) ]] || commit+=+changes
  printf -- '- %s: %s, %s cores, Linux %s, commit %s, log of %s with %s progress, %s rounds, load %s before\n' \
    "$(date -u +%Y-%m-%dT%H:%MZ)" "${cpu:-$(uname -m)}" "$(nproc)" "$(uname -r)" "$commit" "$size" "$share" "$rounds" \
    "$(cut -d ' ' -f 1 /proc/loadavg)"
}

prepare
bytes=$(bytes_of "$size")
log=$(log_of "$bytes")
slice=$log part=1
if ((bytes >= 512 << 20)); then
  part=8
  slice=$(log_of $((bytes / part)))
fi
compete "$log" "$slice" "$part"

runs=$here/runs/$(date -u +%Y-%m-%d)-$(uname -n)
mkdir -p "$runs"
line=$(machine)
say "measuring"
"$here/measure.py" --rounds "$rounds" --base 'grep -c -F' --csv "$runs/runs.csv" --tag "size=$size" --tag "share=$share" <"$list/commands"
printf '%s\n' "$line" >>"$runs/README.md"
printf '\n%s\nEvery run: %s\n' "${line#- }" "${runs#"$root/"}/runs.csv"
