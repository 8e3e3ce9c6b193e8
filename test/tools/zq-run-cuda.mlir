// On a GPU, where there is a driver that shows one.
// REQUIRES: cuda
// RUN: zq-run %s --target=cuda --compare-reference --bench | FileCheck %s
// CHECK: GB/s of inputs, {{.*}}% of a copy's {{.*}} GB/s
// CHECK: reference: largest difference 0

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
