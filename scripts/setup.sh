#!/usr/bin/env bash
# Installs what building and testing zq needs and is not there yet: Debian
# packages with apt-get, as root or with sudo, and pinned Python packages into
# build/venv. Made for Debian bookworm; does nothing where all is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

packages=(
  ccache
  chromium # the report page is tested in a browser
  clang-22
  clang-format-22
  clang-tidy-22
  cmake
  g++
  git
  libclang-rt-22-dev # for the asan preset
  libc6-dev-arm64-cross # programs for AArch64 are linked and emulated
  libgcc-12-dev-arm64-cross
  libgtest-dev
  libmlir-22-dev
  libomp-22-dev
  lld-22
  llvm-22-dev
  llvm-22-tools
  mlir-22-tools
  ninja-build
  nlohmann-json3-dev
  pkg-config
  python3
  python3-dev
  python3-venv
  qemu-user-static # runs them
)

fail() {
  echo "setup: $*" >&2
  exit 1
}

# Runs a command, and shows what it printed only if it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "failed: $*"
  fi
  rm -f "$log"
}

command -v dpkg-query >/dev/null ||
  fail "this is not Debian; install the counterparts of: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" \
    2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    # Without a terminal nobody could type a password.
    sudo -n true 2>/dev/null || fail "run as root: apt-get install ${missing[*]}"
    as_root=(sudo -n)
  fi
  echo "setup: installing ${missing[*]}"
  apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q)
  quietly "${apt_get[@]}" update
  quietly "${apt_get[@]}" install -y --no-install-recommends "${missing[@]}"
fi

# The stamp is a copy of the requirements that were installed last.
stamp=build/venv/requirements-dev.txt
if ! cmp -s requirements-dev.txt "$stamp"; then
  echo "setup: Python packages into build/venv"
  mkdir -p build
  quietly python3 -m venv build/venv
  quietly build/venv/bin/python -m pip install --quiet \
    --disable-pip-version-check --requirement requirements-dev.txt
  cp requirements-dev.txt "$stamp"
fi
echo "setup: done"
