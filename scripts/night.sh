#!/usr/bin/env bash
# What takes too long for continuous integration. Composes legal codecs at
# random, other ones every night: each is encoded, decoded whole and in windows
# to the bit, and multiplied within the bound. Then assembles products of each
# named format for each GPU, where there is ptxas.
#
#   scripts/night.sh [CASES] [SEED]   2000 cases unless said; without a seed
#                                     that of the day
#
# Needs the targets ZQIntegrationTests, zq-compile and zq-describe. Each seed
# stands for 100 cases, so that one that fails is soon run again; the others go
# on. What failed is in build/night/SEED.log, which names the codec and the
# shape, and in build/night/assemble.log.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

cases=${1:-2000}
seed=${2:-$(date +%Y%m%d)}
each=100
mkdir -p build/night

failed=()
for ((done = 0; done < cases; done += each)); do
  count=$((cases - done < each ? cases - done : each))
  own=$((seed * 1000 + done / each))
  if ! ZQ_PROPERTY_CASES=$count ZQ_PROPERTY_SEED=$own \
    build/bin/ZQIntegrationTests --gtest_filter='Property.*' \
    >"build/night/$own.log" 2>&1; then
    failed+=("$own")
    echo "seed $own, $count cases: see build/night/$own.log"
  fi
done
echo "$cases cases, $(((cases + each - 1) / each)) seeds, ${#failed[@]} failed"

chips=sm_80,sm_89,sm_90a,sm_100a,sm_100f,sm_103a,sm_120a,sm_120f,sm_121a
# Where zq-compile looks for it too.
cuda=${CUDA_HOME:-${CUDA_PATH:-/usr/local/cuda}}/bin
if ! PATH=$PATH:$cuda command -v ptxas >/dev/null; then
  echo "no ptxas: nothing is assembled"
elif python3 test/Target/NVVM/Inputs/assemble_formats.py --no-limits \
  --zq-compile build/bin/zq-compile --zq-describe build/bin/zq-describe \
  --chips "$chips" >build/night/assemble.log 2>&1; then
  tail -n 1 build/night/assemble.log
else
  failed+=(assemble)
  echo "not all formats assemble for all chips: see build/night/assemble.log"
fi
[ ${#failed[@]} = 0 ]
