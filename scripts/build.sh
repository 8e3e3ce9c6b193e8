#!/usr/bin/env bash
# Configures and builds zq into build/. Arguments are targets; none means all.
# JOBS limits how many compilers run at once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

# A file that includes much of MLIR takes up to 2 GB to compile.
jobs=${JOBS:-}
if [ -z "$jobs" ]; then
  jobs=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 2000000) }' /proc/meminfo)
  [ "$memory" -ge "$jobs" ] || jobs=$((memory > 1 ? memory : 1))
fi

# The preset names ccache; where it is not installed, build without.
launcher=()
command -v ccache >/dev/null ||
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER= -DCMAKE_CXX_COMPILER_LAUNCHER=)

# Where scripts/setup.sh put it; without it there is no Python package.
python=(-DZQ_BUILD_PYTHON=OFF)
if build/venv/bin/python -m pybind11 --cmakedir >/dev/null 2>&1; then
  python=(-DZQ_BUILD_PYTHON=ON -DPython_EXECUTABLE="$PWD/build/venv/bin/python"
          -Dpybind11_DIR="$(build/venv/bin/python -m pybind11 --cmakedir)")
fi

mkdir -p build
echo "build: configuring"
if ! cmake --preset release "${launcher[@]}" "${python[@]}" >build/configure.log 2>&1; then
  cat build/configure.log >&2
  exit 1
fi

# On a terminal ninja shows one line of progress; elsewhere it would print a
# line per file.
quiet=()
[ -t 1 ] || quiet=(--quiet)
echo "build: compiling with $jobs jobs"
ninja -C build -j "$jobs" "${quiet[@]}" "$@"
echo "build: done"
