#!/usr/bin/env bash
# What takes too long for continuous integration. Composes legal codecs at
# random, other ones every night: each is encoded, decoded whole and in windows
# to the bit, and multiplied within the bound.
#
#   scripts/night.sh [CASES] [SEED]   2000 cases unless said; without a seed
#                                     that of the day
#
# Needs the target ZQIntegrationTests. Each seed stands for 100 cases, so that
# one that fails is soon run again; the others go on. What failed is in
# build/night/SEED.log, which names the codec and the shape.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

cases=${1:-2000}
seed=${2:-$(date +%Y%m%d)}
each=100
mkdir -p build/night

# A run of no tests passes.
tests=(build/bin/ZQIntegrationTests '--gtest_filter=Property.*')
if ! "${tests[@]}" --gtest_list_tests | grep '^  ' >/dev/null; then
  echo "night.sh: '${tests[*]}' has no tests" >&2
  exit 1
fi

failed=()
for ((done = 0; done < cases; done += each)); do
  count=$((cases - done < each ? cases - done : each))
  own=$((seed * 1000 + done / each))
  if ! ZQ_PROPERTY_CASES=$count ZQ_PROPERTY_SEED=$own "${tests[@]}" \
    >"build/night/$own.log" 2>&1; then
    failed+=("$own")
    echo "seed $own, $count cases: see build/night/$own.log"
  fi
done
echo "$cases cases, $(((cases + each - 1) / each)) seeds, ${#failed[@]} failed"
[ ${#failed[@]} = 0 ]
