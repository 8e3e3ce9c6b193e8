#!/usr/bin/env bash
# Installs what is missing, builds, and runs the main job: one block of a real
# model with four kinds of codec, fused into its matmuls.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

"$root/scripts/setup.sh"
"$root/scripts/build.sh" zq-run zq-encode zq-compile
exec "$root/build/venv/bin/python" "$root/examples/minilm/demo.py" \
  --bin "$root/build/bin" --work "$root/build/demo"
