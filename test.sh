#!/usr/bin/env bash
# Builds sparktail and runs its tests, stage by stage. Continues after a failed stage and prints a summary at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
Usage: ./test.sh [--fast | --full]

  (nothing)  format and lint, Release, ASan+UBSan, one real Spark
  --fast     for daily work: build/dev and the tests labelled fast
  --full     like (nothing), with ten times the counts (SPARKTAIL_TEST_SCALE=10) and every version of the real servers; the
             tests labelled slow also under ASan, ThreadSanitizer, clang with -Wthread-safety, the seeds of the fuzzers.
             Random tests get a new seed (other runs use a fixed one), which is printed with the line that repeats it.
  --help     shows this text

Installs missing packages first (deploy/setup.sh). SPARKTAIL_SKIP_TIDY=1 skips clang-tidy.
clang-tidy checks the files that have changed since it last passed in any clone: ~/.cache/sparktail/tidy remembers them.
Keeps the output of each stage in build/test-logs. The last line has the numbers of passed and failed tests.
TEXT
}

readonly logs=build/test-logs
jobs=$(nproc)
# Most of a test's time goes by waiting: for processes, time-outs and intervals.
test_jobs=$((2 * jobs))
# Seconds until ctest kills a test that states no limit of its own.
test_timeout=1800
passed=0 failed=0
stages=()

# ---------------------------------------------------------------- running stages

# stage NAME WHAT COMMAND...: runs the command with its output in a file, and counts what it says.
stage() {
  local name=$1 what=$2 log=$logs/$1.log start=$SECONDS result=ok detail
  shift 2
  printf '==> %s: %s\n' "$name" "$what"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    result=FAILED
    printf -- '--- the end of %s\n' "$log"
    tail -n 100 "$log"
    printf -- '---\n'
  fi
  detail=$(count_tests "$log")
  local stage_passed=${detail% *} stage_failed=${detail#* } line
  # A stage can fail without a failed test: it did not compile, or ctest found no test.
  [[ $result == ok || $stage_failed -gt 0 ]] || stage_failed=1
  passed=$((passed + stage_passed))
  failed=$((failed + stage_failed))
  printf -v line '%-6s  %5d s  %-8s%s' "$result" $((SECONDS - start)) "$name" "$(in_words "$stage_passed" "$stage_failed")"
  stages+=("$line")
  printf '    %s\n' "$line"
  slowest "$log"
}

# Prints the ten tests of a log of ctest that took longest. sed reads to the end: head would let sort
# die by SIGPIPE now and then, and pipefail this script with it.
slowest() {
  awk '/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / && $NF == "sec" { sub(/^.*#[0-9]+: /, ""); print $(NF - 1), $1 }' "$1" |
    sort -rn | sed -n 1,10p | while read -r seconds name; do printf '      %7.1f s  %s\n' "$seconds" "$name"; done
}

# Prints "PASSED FAILED" as ctest's closing lines in a log have them.
count_tests() {
  awk '/^[0-9]+% tests passed, [0-9]+ tests? failed out of [0-9]+/ { bad += $4; all += $NF }
       END { print all - bad, bad + 0 }' "$1"
}

in_words() {
  [[ $1 -eq 0 && $2 -eq 0 ]] || printf '  %d passed, %d failed' "$1" "$2"
}

sum_up() {
  printf '\n==> summary\n'
  printf '    %s\n' "${stages[@]}"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [[ $failed -eq 0 ]]
}

# ---------------------------------------------------------------- what the stages do

configure() { cmake --preset "$1"; }

build() { configure "$1" && cmake --build --preset "$1"; }

# build_and_test PRESET CTEST-OPTION...
build_and_test() {
  local preset=$1
  shift
  build "$preset" && ctest --preset "$preset" --output-on-failure --timeout "$test_timeout" -j "$test_jobs" "$@"
}

# The project's C++ files in the folders given, new ones included.
sources() { git ls-files --cached --others --exclude-standard -- "$@" | sort -u; }

check_format() {
  local files
  mapfile -t files < <(sources '*.h' '*.cc')
  [[ ${#files[@]} -gt 0 ]] && clang-format-14 --dry-run -Werror "${files[@]}"
}

check_tidy() { configure tidy && cmake/tidy.py build/tidy --jobs "$jobs"; }

# ---------------------------------------------------------------- the three ways

fast() {
  stage setup "install what is missing" deploy/setup.sh
  stage dev "build, and the tests labelled fast" build_and_test dev -L '^fast$'
}

# normal ASAN-LEAVES-OUT [CTEST-OPTION-OF-THE-LIVE-STAGE]...
normal() {
  local asan_leaves_out=$1
  shift
  stage setup "install what is missing, Java included" deploy/setup.sh --live
  stage format "clang-format over all C++ files" check_format
  stage release "build Release, run the tests" build_and_test release -LE '^live$'
  stage live "real servers" build_and_test release -L '^live$' "$@"
  stage asan "build with ASan and UBSan, run the tests" build_and_test asan -LE "$asan_leaves_out"
  if [[ ${SPARKTAIL_SKIP_TIDY:-} == 1 ]]; then
    echo "==> tidy: left out, SPARKTAIL_SKIP_TIDY is 1"
  else
    stage tidy "clang-tidy over all but the tests" check_tidy
  fi
}

full() {
  export SPARKTAIL_TEST_SCALE=10
  # The day of rotations takes 500 s under ThreadSanitizer at ordinary counts.
  test_timeout=7200
  export SPARKTAIL_TEST_SEED=${SPARKTAIL_TEST_SEED:-$RANDOM$RANDOM}
  printf '==> random tests have the seed %s; to repeat them: SPARKTAIL_TEST_SEED=%s ./test.sh --full\n' \
    "$SPARKTAIL_TEST_SEED" "$SPARKTAIL_TEST_SEED"
  normal '^live$'
  stage tsan "build with ThreadSanitizer, run the tests" build_and_test tsan -LE '^live$'
  stage fuzz "build the fuzzers with clang and -Wthread-safety, run their seeds" build_and_test fuzz -LE '^live$'
}

main() {
  case ${1:-} in
    --help | -h) usage; return ;;
    --fast | --full | '') ;;
    *)
      printf 'test: unknown option %s\n' "$1" >&2
      usage >&2
      return 2
      ;;
  esac
  trap 'exit 130' INT
  mkdir -p "$logs"
  if command -v ccache >/dev/null; then
    # One clone finds what another has compiled, with precompiled headers too.
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
    export CCACHE_SLOPPINESS=pch_defines,time_macros
  fi
  case ${1:-} in
    --fast) fast ;;
    --full) full ;;
    *) normal '^(slow|live)$' -LE '^slow$' ;;
  esac
  sum_up
}

main "$@"
