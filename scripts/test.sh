#!/usr/bin/env bash
# Installs what is missing, builds, and runs every check and test. The last line
# is "N passed, N failed", counting checks, lit, unit and Python tests. Logs and
# JUnit files are in build/test-results.
#
#   TIDY="lib/Dialect lib/Conversion" scripts/test.sh
#
# also runs clang-tidy on these folders: files that include MLIR take it about
# ten seconds each, so by default it sees lib/Codec and lib/Runtime alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

scripts/setup.sh
scripts/build.sh

results=$PWD/build/test-results
rm -rf "$results"
mkdir -p "$results"

# Files that git tracks or would track. The setting lets it read a clone that
# belongs to another user.
sources() {
  git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard \
    -- "$@" | while read -r file; do [ ! -f "$file" ] || echo "$file"; done
}

check_format() {
  sources '*.h' '*.cpp' | xargs -r clang-format-22 --dry-run --Werror
}

check_length() {
  local long
  # Generated pages are as long as what they show.
  long=$(sources '*.h' '*.cpp' '*.td' '*.mlir' '*.py' '*.sh' '*.cmake' \
    '*CMakeLists.txt' '*.c' '*.md' | xargs -r awk \
    'FNR == 1 { made = /^<!-- Made by / }
     FNR == 1000 && !made { print FILENAME ": 1000 lines or more, split it" }')
  [ -z "$long" ] || { echo "$long" && return 1; }
}

check_python() {
  build/venv/bin/ruff check python
  build/venv/bin/ruff format --check python
}

check_docs() {
  python3 scripts/check_docs.py && python3 scripts/check_constraints.py
}

check_tidy() {
  local status=0 folders pattern
  folders="lib/Codec lib/Runtime ${TIDY:-}"
  pattern="$PWD/($(echo $folders | tr ' ' '|'))/.*"
  timeout "${TIDY_SECONDS:-600}" run-clang-tidy-22 -quiet -p build \
    -j "$(nproc)" "$pattern" || status=$?
  if [ $status = 124 ]; then
    echo "clang-tidy: stopped after ${TIDY_SECONDS:-600} s"
  fi
  return $status
}

# Runs the function check_NAME, and shows its output only if it fails.
run_check() {
  echo "test: $1"
  if "check_$1" >"$results/$1.log" 2>&1; then
    echo passed >"$results/$1.check"
  else
    echo failed >"$results/$1.check"
    cat "$results/$1.log"
  fi
}

# Runs a suite of tests that leaves a JUnit file of its name.
run_suite() {
  local name=$1 status=0
  shift
  echo "test: $name"
  "$@" >"$results/$name.log" 2>&1 || status=$?
  echo $status >"$results/$name.status"
  # ctest names every test twice; show what went wrong.
  [ $status = 0 ] ||
    grep -vE '^ +Start +[0-9]+: |^ *[0-9]+/[0-9]+ Test .* Passed ' \
      "$results/$name.log" || true
}

for check in format length python docs tidy; do
  run_check $check
done

run_suite lit env LIT_OPTS="-sv --xunit-xml-output=$results/lit.xml" \
  ninja -C build check-zq-all
# As test/lit.cfg.py has it: what is allocated holds no zeros by chance.
run_suite unit env MALLOC_PERTURB_=165 ctest --test-dir build --parallel "$(nproc)" \
  --output-on-failure --no-tests=error --output-junit "$results/unit.xml"
if [ -n "$(sources '*test_*.py')" ]; then
  run_suite python env PYTHONPATH=build/python ZQ_CACHE_DIR= \
    build/venv/bin/python -m pytest --quiet \
    --numprocesses "$(nproc)" --dist worksteal \
    --junitxml="$results/python.xml" $(sources '*test_*.py')
fi

python3 scripts/count_results.py "$results"
