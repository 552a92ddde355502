#!/usr/bin/env bash
# Installs what sparktail needs on Debian 12 and is not there yet. Changes nothing when all is there.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy/setup.sh [--live] [--bench] [--check]

Installs the Debian packages that are missing to build and test sparktail.
Says beforehand what it will install. Uses sudo when you are not root.

  --live    also a Java 17 runtime, for the tests and the demo with a real Spark, and what a real Kafka, OpenSearch, Elasticsearch and Solr need
  --bench   also the programs that the benchmarks compare with
  --check   install nothing, only report; exit code 1 if something is missing
  --help    this text

Example: deploy/setup.sh --live
TEXT
}

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

packages=(
  build-essential ccache cmake ninja-build pkg-config git ca-certificates
  clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev
  libabsl-dev libsimdjson-dev libhwy-dev libxxhash-dev libcli11-dev libzstd-dev
  libsqlite3-dev libyaml-cpp-dev libre2-dev libspdlog-dev prometheus-cpp-dev librdkafka-dev
  libcurl4-openssl-dev libssl-dev libkrb5-dev zlib1g-dev
  libgtest-dev libgmock-dev libbenchmark-dev mold
  tzdata systemd sqlite3 python3 python3-venv
)
java_package=openjdk-17-jre-headless
live_packages=(maven openssl krb5-kdc krb5-admin-server curl)
bench_packages=(ripgrep kcat)

# The same question as find_java in deploy/demo/spark_env.py: is there a Java that Spark 3.5 and 4 both run on?
has_java() {
  local release
  for release in ${JAVA_HOME:+"$JAVA_HOME/release"} /usr/lib/jvm/*/release; do
    if [[ -x ${release%/release}/bin/java ]] && grep -qsE '^JAVA_VERSION="(17|21)[."]' "$release"; then
      return 0
    fi
  done
  command -v java >/dev/null && [[ $(java -version 2>&1) =~ version\ \"(17|21)[.\"] ]]
}

# Prints those of its arguments that dpkg does not list as installed.
missing_of() {
  local -A installed=()
  local status name
  while read -r status name; do
    [[ $status == ii ]] && installed[$name]=1
  done < <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null || true)
  for name in "$@"; do
    [[ -n ${installed[$name]:-} ]] || printf '%s\n' "$name"
  done
}

# Installs its arguments, as root or through sudo.
install() {
  local as_root=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null ||
      die "these packages need root and there is no sudo. As root, run: apt-get update && apt-get install --no-install-recommends $*"
    as_root=(sudo)
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  say "apt-get update"
  "${as_root[@]}" apt-get update -q -q </dev/null || die "apt-get update failed: is this machine online, and are its package sources right?"
  say "apt-get install"
  "${as_root[@]}" apt-get install -y -q --no-install-recommends "$@" </dev/null ||
    die "apt-get install failed (see above). sparktail builds with the packages of Debian 12 (bookworm)."
}

check_only=no live=no bench=no
for option in "$@"; do
  case $option in
    --live) live=yes ;;
    --bench) bench=yes ;;
    --check) check_only=yes ;;
    --help | -h) usage; exit 0 ;;
    *) printf 'setup: unknown option %s\n' "$option" >&2; usage >&2; exit 2 ;;
  esac
done

command -v dpkg-query >/dev/null || die "no dpkg here: this script is for Debian 12. Elsewhere, install the like of: ${packages[*]}"

[[ $live == yes ]] && packages+=("${live_packages[@]}")
[[ $bench == yes ]] && packages+=("${bench_packages[@]}")
mapfile -t missing < <(missing_of "${packages[@]}")
if [[ $live == yes ]] && ! has_java; then
  missing+=("$java_package")
fi

if [[ ${#missing[@]} -eq 0 ]]; then
  say "everything is there"
  exit 0
fi
if [[ $check_only == yes ]]; then
  say "missing: ${missing[*]}"
  exit 1
fi
say "will install: ${missing[*]}"
install "${missing[@]}"
say "done"
