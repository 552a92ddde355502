#!/usr/bin/env bash
# Installs the missing packages that sparktail needs on Debian 12. Changes nothing if all are installed.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy/setup.sh [--live] [--bench] [--check]

Installs the missing Debian packages to build and test sparktail.
Prints their names first. Uses sudo if you are not root.

  --live    also installs a Java 17 runtime, for the tests and the demo with a real Spark, and the packages that a real
            Kafka, OpenSearch, Elasticsearch and Solr need
  --bench   also installs the programs that the benchmarks compare with
  --check   only reports; exit code 1 if something is missing
  --help    shows this text

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

# Is there a Java on which both Spark 3.5 and 4 run? Must agree with find_java in deploy/demo/spark_env.py.
has_java() {
  local release
  for release in ${JAVA_HOME:+"$JAVA_HOME/release"} /usr/lib/jvm/*/release; do
    if [[ -x ${release%/release}/bin/java ]] && grep -qsE '^JAVA_VERSION="(17|21)[."]' "$release"; then
      return 0
    fi
  done
  command -v java >/dev/null && [[ $(java -version 2>&1) =~ version\ \"(17|21)[.\"] ]]
}

# Prints the arguments that dpkg does not list as installed.
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

# Installs the packages given as arguments, as root or through sudo.
install() {
  local as_root=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null ||
      die "these packages need root and there is no sudo. As root, run: apt-get update && apt-get install --no-install-recommends $*"
    as_root=(sudo)
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  say "apt-get update"
  "${as_root[@]}" apt-get update -q -q </dev/null || die "apt-get update failed: check the network and the package sources of this machine"
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

command -v dpkg-query >/dev/null || die "there is no dpkg here: this script is for Debian 12. On other systems, install the equivalents of: ${packages[*]}"

[[ $live == yes ]] && packages+=("${live_packages[@]}")
[[ $bench == yes ]] && packages+=("${bench_packages[@]}")
mapfile -t missing < <(missing_of "${packages[@]}")
if [[ $live == yes ]] && ! has_java; then
  missing+=("$java_package")
fi

if [[ ${#missing[@]} -eq 0 ]]; then
  say "all packages are installed"
  exit 0
fi
if [[ $check_only == yes ]]; then
  say "missing: ${missing[*]}"
  exit 1
fi
say "will install: ${missing[*]}"
install "${missing[@]}"
say "done"
