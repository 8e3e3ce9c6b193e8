// Chips that form the same kernels share what follows; those that do not, as
// their number of SMs decides here, have each its own.
// REQUIRES: ptxas
// RUN: zq-compile %s --target=sm_90a,sm_121a,sm_100a -o %t.fatbin --quiet
// RUN: %python %S/Inputs/print_grids.py %t.json | FileCheck %s
// CHECK: sm_90a: [40, 1, 2] [10, 1, 1]
// CHECK: sm_121a: [40, 1, 1]{{$}}
// CHECK: sm_100a: [40, 1, 2] [10, 1, 1]

func.func @f(%x: tensor<2x8192xbf16>, %w: !zq.tensor<640x8192xf32, #zq.codec<nvfp4>>) -> tensor<2x640xf32> {
  %e = tensor.empty() : tensor<640x8192xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<640x8192xf32>)
      : !zq.tensor<640x8192xf32, #zq.codec<nvfp4>> -> tensor<640x8192xf32>
  %zero = arith.constant dense<0.0> : tensor<2x640xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<2x8192xbf16>, tensor<640x8192xf32>)
      outs(%zero : tensor<2x640xf32>) -> tensor<2x640xf32>
  return %y : tensor<2x640xf32>
}
