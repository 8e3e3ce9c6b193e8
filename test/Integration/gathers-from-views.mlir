// What is gathered from a slice is that slice's, however its rows lie in memory.
// RUN: %python -c "import numpy as n; n.save('%t.npy', n.arange(256, dtype='f4').reshape(8, 32))"
// RUN: zq-run %s --entry odd_columns --input %t.npy --compare-reference | FileCheck %s
// RUN: zq-run %s --entry right_half --input %t.npy --compare-reference | FileCheck %s
// RUN: zq-run %s --entry inner_block --input %t.npy --compare-reference | FileCheck %s
// RUN: zq-run %s --entry odd_columns --input %t.npy --compare-reference --target=emulate:sm_80 | FileCheck %s
// RUN: zq-run %s --entry right_half --input %t.npy --compare-reference --target=emulate:sm_80 | FileCheck %s
// RUN: zq-run %s --entry inner_block --input %t.npy --compare-reference --target=emulate:sm_80 | FileCheck %s
// CHECK: reference: largest difference 0,

#id = affine_map<(i, j) -> (i, j)>

// Backwards, as what follows.
func.func @odd_columns(%x: tensor<8x32xf32>) -> tensor<8x16xf32> {
  %c15 = arith.constant 15 : index
  %s = tensor.extract_slice %x[0, 1] [8, 16] [1, 2] : tensor<8x32xf32> to tensor<8x16xf32>
  %e = tensor.empty() : tensor<8x16xf32>
  %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<8x16xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = arith.subi %c15, %j : index
    %v = tensor.extract %s[%i, %k] : tensor<8x16xf32>
    linalg.yield %v : f32
  } -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}

func.func @right_half(%x: tensor<?x32xf32>) -> tensor<?x16xf32> {
  %c0 = arith.constant 0 : index
  %c15 = arith.constant 15 : index
  %n = tensor.dim %x, %c0 : tensor<?x32xf32>
  %s = tensor.extract_slice %x[0, 16] [%n, 16] [1, 1] : tensor<?x32xf32> to tensor<?x16xf32>
  %e = tensor.empty(%n) : tensor<?x16xf32>
  %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<?x16xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = arith.subi %c15, %j : index
    %v = tensor.extract %s[%i, %k] : tensor<?x16xf32>
    linalg.yield %v : f32
  } -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

func.func @inner_block(%x: tensor<8x32xf32>) -> tensor<4x16xf32> {
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %wide = tensor.expand_shape %x [[0], [1, 2]] output_shape [8, 4, 8]
      : tensor<8x32xf32> into tensor<8x4x8xf32>
  %s = tensor.extract_slice %wide[2, 1, 3] [4, 2, 4] [1, 2, 1]
      : tensor<8x4x8xf32> to tensor<4x2x4xf32>
  %e = tensor.empty() : tensor<4x16xf32>
  %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<4x16xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %back = arith.subi %c3, %i : index
    %c2 = arith.constant 2 : index
    %row = arith.remui %j, %c2 : index
    %column = arith.remui %j, %c4 : index
    %v = tensor.extract %s[%back, %row, %column] : tensor<4x2x4xf32>
    linalg.yield %v : f32
  } -> tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}
