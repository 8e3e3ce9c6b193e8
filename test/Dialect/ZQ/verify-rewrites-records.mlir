// Codecs in records, of which the algebra sees the arrays that lie in them, and
// in which all codes are tried.
// RUN: zq-opt %s -zq-split-records -zq-verify-rewrites -verify-diagnostics -o %t.mlir
// RUN: FileCheck %s < %t.mlir

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @plain(
// CHECK: zq.component
#plain = #zq.codec<scale<1x8, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>, records = 16>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place, with 3 sizes of scales}}
func.func @plain(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #plain>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #plain> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

// CHECK-LABEL: func.func @rotated(
#rotated = #zq.codec<hadamard<axis = 1, block = 4, seed = 1>, scale<1x8, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>, records = 16>
// expected-remark-re @below {{unchanged by {{.*}}zq-split-codecs, zq-move-rotations in 59 cases; argument 1: 16 of 16 codes in every place, with 3 sizes of scales}}
func.func @rotated(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #rotated>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #rotated> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}
