#!/usr/bin/env bash
# Installs what is missing, builds, and measures zq beside the machine's limits,
# every result checked: build/bench/results.json, and a page with plots beside
# it. Takes under ten minutes after the build. Arguments go to bench/:
#
#   scripts/bench.sh --list
#   scripts/bench.sh --case 'nvfp4 m=1' --threads 1
#   scripts/bench.sh --peers                 with the libraries of
#                                            bench/requirements-peers.txt, as
#                                            far as they are installed
#   scripts/bench.sh --install-peers --peers installs them first
#   scripts/bench.sh --regress OLD.json      fails if a ratio fell
#   scripts/bench.sh --docs                  writes docs/performance.md too
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

# Installs a file of requirements into build/venv, unless that was done.
require() {
  local stamp
  stamp=build/venv/$(basename "$1")
  if ! cmp -s "$1" "$stamp"; then
    echo "bench: Python packages of $1 into build/venv"
    build/venv/bin/python -m pip install --quiet --disable-pip-version-check \
      --requirement "$1"
    cp "$1" "$stamp"
  fi
}

peers=
arguments=()
for argument in "$@"; do
  if [ "$argument" = --install-peers ]; then
    peers=1
  else
    arguments+=("$argument")
  fi
done

scripts/setup.sh
scripts/build.sh zq-compile zq-encode zq-run zq-bench-probes
require bench/requirements.txt
[ -z "$peers" ] || require bench/requirements-peers.txt
exec build/venv/bin/python -m bench "${arguments[@]}"
