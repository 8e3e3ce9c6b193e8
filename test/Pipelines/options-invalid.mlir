// Options that name what there is not are errors, before anything is lowered.
// RUN: not zq-opt %s --zq-lower-to-llvm=features=+avx2,+foo 2>&1 | FileCheck %s --check-prefix=FEATURE
// RUN: not zq-opt %s --zq-lower-to-vectors=features=+foo 2>&1 | FileCheck %s --check-prefix=FEATURE
// RUN: not zq-opt %s --zq-lower-vector-ops=features=+foo 2>&1 | FileCheck %s --check-prefix=FEATURE
// FEATURE: error: LLVM knows no feature 'foo' of x86-64
// RUN: not zq-opt %s --zq-lower-to-llvm=features=avx2 2>&1 | FileCheck %s --check-prefix=SIGN
// SIGN: error: a feature is +NAME or -NAME, and not 'avx2'
// RUN: not zq-opt %s --zq-lower-to-llvm=features=aarch64,+avx2 2>&1 | FileCheck %s --check-prefix=ARCHITECTURE
// ARCHITECTURE: error: LLVM knows no feature 'avx2' of AArch64
// RUN: not zq-opt %s --zq-lower-to-llvm=features=aarch64,+sve,vscale=x 2>&1 | FileCheck %s --check-prefix=SCALE
// SCALE: error: vscale is a number of 1 or more, and not 'x'

// RUN: not zq-opt %s --zq-lower-to-kernels=chip=sm_1 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not zq-opt %s --zq-lower-to-nvvm=chip=sm_1 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not zq-opt %s --zq-lower-kernels-to-nvvm=chip=sm_1 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: options-invalid.mlir:{{.*}}: error: unknown chip 'sm_1'; there are sm_80,

// RUN: not zq-opt %s --zq-materialize-decoders=width=0 2>&1 | FileCheck %s --check-prefix=WIDTH
// RUN: not zq-opt %s --zq-gather-rows=width=0 2>&1 | FileCheck %s --check-prefix=WIDTH
// WIDTH: error: width is at least 1, and not 0
// RUN: not zq-opt %s --zq-pack-weights=lanes=-1 2>&1 | FileCheck %s --check-prefix=LANES
// RUN: not zq-opt %s --zq-choose-domains=lanes=-1 2>&1 | FileCheck %s --check-prefix=LANES
// RUN: not zq-opt %s --zq-tabulate-products=lanes=-1 2>&1 | FileCheck %s --check-prefix=LANES
// RUN: not zq-opt %s --zq-split-codecs=lanes=-1 2>&1 | FileCheck %s --check-prefix=LANES
// RUN: not zq-opt %s --zq-split-codecs=panel-rows=-1 2>&1 | FileCheck %s --check-prefix=PANEL
// PANEL: error: panel-rows is at least 0, and not -1
// LANES: error: lanes is at least {{[01]}}, and not -1
// RUN: not zq-opt %s --zq-decode-to-vector=unroll=0 2>&1 | FileCheck %s --check-prefix=UNROLL
// UNROLL: error: unroll is at least 1, and not 0

func.func @same(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
