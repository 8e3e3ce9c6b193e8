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
#   scripts/bench.sh --bounds --docs         counts instructions and cycles
#                                            instead, and writes docs/bounds.md
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

# Builds ggml alone, of the sources that this package of llama.cpp carries, into
# build/ggml.
ggml_package=llama-cpp-python==0.3.36
build_ggml() {
  local sources=build/ggml-sources
  [ ! -e build/ggml/src/libggml.so ] || return 0
  echo "bench: building ggml of $ggml_package"
  rm -rf "$sources"
  mkdir -p "$sources"
  build/venv/bin/python -m pip download -qq --disable-pip-version-check \
    --no-deps --no-binary llama-cpp-python --dest "$sources" "$ggml_package"
  tar --extract --gzip --file "$sources"/*.tar.gz --directory "$sources" \
    --strip-components=1
  # The package leaves out what only an installation needs.
  touch "$sources/vendor/llama.cpp/ggml/ggml.pc.in"
  cmake -G Ninja -S "$sources/vendor/llama.cpp/ggml" -B build/ggml \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang-22 \
    -DCMAKE_CXX_COMPILER=clang++-22 -DBUILD_SHARED_LIBS=ON -DGGML_NATIVE=ON \
    -DGGML_BUILD_TESTS=OFF -DGGML_BUILD_EXAMPLES=OFF >build/ggml.log
  ninja -C build/ggml --quiet ggml ggml-base ggml-cpu
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
if [ -n "$peers" ]; then
  require bench/requirements-peers.txt
  build_ggml
fi
exec build/venv/bin/python -m bench "${arguments[@]}"
