#!/usr/bin/env bash
# Makes the generated pages under docs/: Dialect.md, Interfaces.md and Passes.md
# from the tablegen files, formats.md from the table of named codecs.
#
#   scripts/generate_docs.sh [BUILD]           builds what it needs in BUILD
#   scripts/generate_docs.sh --check [BUILD]   only compares, with what BUILD
#                                              holds: fails if a page is stale
#
# BUILD is build/ unless it is given. In the check it must hold the targets
# zq-doc and zq-describe.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec </dev/null

check=
if [ "${1:-}" = --check ]; then
  check=1
  shift
fi
build=${1:-$root/build}

fail() {
  echo "generate_docs: $*" >&2
  exit 1
}

[ -n "$check" ] || ninja -C "$build" --quiet zq-doc zq-describe
for file in docs/ZQDialect.md docs/ZQInterfaces.md docs/ZQPasses.md \
  docs/ZQNVVMPasses.md docs/ZQVerificationPasses.md bin/zq-describe; do
  [ -e "$build/$file" ] || fail "$build/$file is missing: build zq-doc and zq-describe"
done

# A page of mlir-tblgen without its first line, its mark for a table of contents
# and a note that it adds to methods with a default as well.
tidy() {
  tail -n +2 "$1" | sed -e '/^\[TOC\]$/d' -e '/^NOTE: This method \*must\*/d' |
    cat --squeeze-blank
}

made_of() {
  echo "<!-- Made by scripts/generate_docs.sh of $1: edit that. -->"
}

generate() {
  {
    made_of "the files in include/zq/Dialect/ZQ/IR/*.td"
    tidy "$build/docs/ZQDialect.md" | sed -e "s/^# 'zq' Dialect/# The zq dialect/"
  } >"$1/Dialect.md"
  {
    made_of include/zq/Dialect/ZQ/IR/ZQInterfaces.td
    tidy "$build/docs/ZQInterfaces.md" |
      sed -e 's/^# AttributeInterface definitions/# Interfaces of attributes/'
  } >"$1/Interfaces.md"
  {
    made_of "the files Passes.td in include/zq/Dialect/ZQ/Transforms, include/zq/Target/NVVM and include/zq/Verification"
    printf '\n# Passes\n\nIn alphabetical order; [Pipelines.md](Pipelines.md) shows them in theirs.\n'
    for page in ZQPasses ZQNVVMPasses ZQVerificationPasses; do
      tidy "$build/docs/$page.md" | sed -E 's/^#(#+ )/\1/'
    done
  } >"$1/Passes.md"
  {
    made_of lib/Dialect/ZQ/IR/NamedCodecs.cpp
    cat <<'EOF'

# Named formats

A name of this table stands for its stages, in `#zq.codec<...>` and for `zq-encode`; no pass knows it. The stages are
described in [Dialect.md](Dialect.md#attributes), a new name in [AddingACodec.md](AddingACodec.md). Each has a page with
its composition, its source, and its streams for a tensor of 4096x4096 weights.

The reference encodes and decodes 512x1024 normally distributed values, and the first matrix of the feed-forward block
of all-MiniLM-L6-v2 (`examples/minilm`). The error is the norm of what changed divided by the norm of the tensor; in
brackets the same as a ratio of powers in dB. Bits per weight are counted over all streams as they are stored; tensors
this small pay for tables (a codebook, a matrix) what larger ones do not, and a codebook of 65536 entries has as many as
they have vectors, so that its error here says nothing.

What papers state of such data is compared in `unittests/Codec`: the errors of Lloyd-Max tables and of TurboQuant, the
numbers of points of PVQ, the levels of OCTOPUS and its errors for normal keys of 128 elements (as summaries of
arXiv:2605.21226 quote them). Of MX and NV formats these are the closed forms of the QSNR in INT v.s. FP (arXiv:2510.25602),
the crest factors at which integers and floats cross in it, and its means over rotated tensors of Llama-3.1-8B.

EOF
    (cd "$root" && "$build/bin/zq-describe" --errors --weights=examples/minilm/ffn.safetensors:w1) |
      sed -E 's,^\| `([a-z0-9_]+)`,| [`\1`](formats/\1.md),'
  } | cat --squeeze-blank >"$1/formats.md"
  rm -rf "$1/formats"
  mkdir "$1/formats"
  local name
  for name in $(sed -nE 's,^\| \[`([a-z0-9_]+)`.*,\1,p' "$1/formats.md"); do
    "$build/bin/zq-describe" "$name" | sed '$d' >"$1/formats/$name.md"
  done
}

if [ -z "$check" ]; then
  mkdir -p "$root/docs"
  generate "$root/docs"
  exit
fi

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
generate "$made"
status=0
for page in Dialect.md Interfaces.md Passes.md formats.md formats; do
  if ! diff -ur "$root/docs/$page" "$made/$page"; then
    echo "docs/$page is stale: run scripts/generate_docs.sh"
    status=1
  fi
done
exit $status
