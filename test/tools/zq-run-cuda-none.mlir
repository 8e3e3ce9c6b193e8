// Without a driver, and asked for what there is not.
// UNSUPPORTED: cuda
// RUN: not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: zq-run: no NVIDIA driver: libcuda.so.1: {{.*}}; --target=emulate:CHIP needs none
// RUN: not zq-run %s --target=cuda:sm_95 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: zq-run: --target: unknown chip 'sm_95'; there are sm_80
// RUN: not zq-run %s --target=cudo 2>&1 | FileCheck %s --check-prefix=KIND
// KIND: zq-run: --target is cuda, cuda:CHIP, emulate:CHIP or emulate:CHIP:SEED, and not 'cudo'

func.func @main() -> tensor<64x32xf32> {
  %e = tensor.empty() : tensor<64x32xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<64x32xf32>) {
  ^bb0(%a: f32):
    %i = linalg.index 0 : index
    %k = arith.index_cast %i : index to i32
    %f = arith.sitofp %k : i32 to f32
    linalg.yield %f : f32
  } -> tensor<64x32xf32>
  return %y : tensor<64x32xf32>
}
