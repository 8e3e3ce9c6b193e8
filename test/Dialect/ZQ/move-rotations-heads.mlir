// Rotations of heads, past the reshapes of attention: verified and with what
// keeps them from it.
// RUN: zq-opt %s -zq-move-rotations -split-input-file | FileCheck %s
// RUN: zq-opt %s -zq-verify-rewrites -split-input-file 2>&1 | FileCheck %s --check-prefix=VERIFY
// VERIFY-COUNT-9: unchanged by {{.*}}zq-move-rotations
// VERIFY-NOT: error

#v = #zq.hadamard<axis = 0, block = 4, seed = 1>
#o = #zq.hadamard<axis = 1, block = 4, seed = 1>

// A head's values are rotated back, and its output forth: neither is needed,
// though each head has signs of its own.
// CHECK-LABEL: func.func @values(
// CHECK-NOT: zq.rotate
// CHECK: linalg.batch_matmul
// CHECK-NOT: zq.rotate
// CHECK: return
func.func @values(%x: tensor<6x8xf32>, %p: tensor<2x6x6xf32>, %wv: tensor<8x8xf32>,
    %wo: tensor<5x8xf32>) -> tensor<6x5xf32> {
  %rv = zq.rotate %wv by #v inverse outs(%wv : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %ro = zq.rotate %wo by #o inverse outs(%wo : tensor<5x8xf32>)
      : tensor<5x8xf32> -> tensor<5x8xf32>
  %z0 = arith.constant dense<0.0> : tensor<6x8xf32>
  %v0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rv : tensor<6x8xf32>, tensor<8x8xf32>) outs(%z0 : tensor<6x8xf32>) -> tensor<6x8xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %e0 = tensor.empty() : tensor<2x6x4xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<6x2x4xf32>) outs(%e0 : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %z1 = arith.constant dense<0.0> : tensor<2x6x4xf32>
  %ot0 = linalg.batch_matmul ins(%p, %v2 : tensor<2x6x6xf32>, tensor<2x6x4xf32>)
      outs(%z1 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e1 = tensor.empty() : tensor<6x2x4xf32>
  %o1 = linalg.transpose ins(%ot0 : tensor<2x6x4xf32>) outs(%e1 : tensor<6x2x4xf32>) permutation = [1, 0, 2]
  %o2 = tensor.collapse_shape %o1 [[0], [1, 2]] : tensor<6x2x4xf32> into tensor<6x8xf32>
  %z2 = arith.constant dense<0.0> : tensor<6x5xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%o2, %ro : tensor<6x8xf32>, tensor<5x8xf32>) outs(%z2 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

// What a head shares commutes.
// CHECK-LABEL: func.func @scale_of_heads(
// CHECK-NOT: zq.rotate
// CHECK: linalg.batch_matmul
// CHECK-NOT: zq.rotate
// CHECK: return
func.func @scale_of_heads(%x: tensor<6x8xf32>, %p: tensor<2x6x6xf32>, %wv: tensor<8x8xf32>,
    %wo: tensor<5x8xf32>, %s: tensor<2xf32>) -> tensor<6x5xf32> {
  %rv = zq.rotate %wv by #v inverse outs(%wv : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %ro = zq.rotate %wo by #o inverse outs(%wo : tensor<5x8xf32>)
      : tensor<5x8xf32> -> tensor<5x8xf32>
  %z0 = arith.constant dense<0.0> : tensor<6x8xf32>
  %v0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rv : tensor<6x8xf32>, tensor<8x8xf32>) outs(%z0 : tensor<6x8xf32>) -> tensor<6x8xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %e0 = tensor.empty() : tensor<2x6x4xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<6x2x4xf32>) outs(%e0 : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %z1 = arith.constant dense<0.0> : tensor<2x6x4xf32>
  %ot0 = linalg.batch_matmul ins(%p, %v2 : tensor<2x6x6xf32>, tensor<2x6x4xf32>)
      outs(%z1 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %s0 = linalg.generic {indexing_maps = [affine_map<(h, t, d) -> (h, t, d)>,
      affine_map<(h, t, d) -> (h)>, affine_map<(h, t, d) -> (h, t, d)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ot0, %s : tensor<2x6x4xf32>, tensor<2xf32>) outs(%e0 : tensor<2x6x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %r = arith.mulf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<2x6x4xf32>
  %e1 = tensor.empty() : tensor<6x2x4xf32>
  %o1 = linalg.transpose ins(%s0 : tensor<2x6x4xf32>) outs(%e1 : tensor<6x2x4xf32>) permutation = [1, 0, 2]
  %o2 = tensor.collapse_shape %o1 [[0], [1, 2]] : tensor<6x2x4xf32> into tensor<6x8xf32>
  %z2 = arith.constant dense<0.0> : tensor<6x5xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%o2, %ro : tensor<6x8xf32>, tensor<5x8xf32>) outs(%z2 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

// What its elements do not share does not.
// CHECK-LABEL: func.func @scale_of_channels(
// CHECK: zq.rotate {{.*}} inverse
// CHECK: linalg.batch_matmul
// CHECK: zq.rotate {{.*}} outs
// CHECK: return
func.func @scale_of_channels(%x: tensor<6x8xf32>, %p: tensor<2x6x6xf32>, %wv: tensor<8x8xf32>,
    %wo: tensor<5x8xf32>, %s: tensor<4xf32>) -> tensor<6x5xf32> {
  %rv = zq.rotate %wv by #v inverse outs(%wv : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %ro = zq.rotate %wo by #o inverse outs(%wo : tensor<5x8xf32>)
      : tensor<5x8xf32> -> tensor<5x8xf32>
  %z0 = arith.constant dense<0.0> : tensor<6x8xf32>
  %v0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rv : tensor<6x8xf32>, tensor<8x8xf32>) outs(%z0 : tensor<6x8xf32>) -> tensor<6x8xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %e0 = tensor.empty() : tensor<2x6x4xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<6x2x4xf32>) outs(%e0 : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %z1 = arith.constant dense<0.0> : tensor<2x6x4xf32>
  %ot0 = linalg.batch_matmul ins(%p, %v2 : tensor<2x6x6xf32>, tensor<2x6x4xf32>)
      outs(%z1 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %s0 = linalg.generic {indexing_maps = [affine_map<(h, t, d) -> (h, t, d)>,
      affine_map<(h, t, d) -> (d)>, affine_map<(h, t, d) -> (h, t, d)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ot0, %s : tensor<2x6x4xf32>, tensor<4xf32>) outs(%e0 : tensor<2x6x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %r = arith.mulf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<2x6x4xf32>
  %e1 = tensor.empty() : tensor<6x2x4xf32>
  %o1 = linalg.transpose ins(%s0 : tensor<2x6x4xf32>) outs(%e1 : tensor<6x2x4xf32>) permutation = [1, 0, 2]
  %o2 = tensor.collapse_shape %o1 [[0], [1, 2]] : tensor<6x2x4xf32> into tensor<6x8xf32>
  %z2 = arith.constant dense<0.0> : tensor<6x5xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%o2, %ro : tensor<6x8xf32>, tensor<5x8xf32>) outs(%z2 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

// Nor does a sum.
// CHECK-LABEL: func.func @offset_of_heads(
// CHECK: zq.rotate {{.*}} inverse
// CHECK: linalg.batch_matmul
// CHECK: zq.rotate {{.*}} outs
// CHECK: return
func.func @offset_of_heads(%x: tensor<6x8xf32>, %p: tensor<2x6x6xf32>, %wv: tensor<8x8xf32>,
    %wo: tensor<5x8xf32>, %s: tensor<2xf32>) -> tensor<6x5xf32> {
  %rv = zq.rotate %wv by #v inverse outs(%wv : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %ro = zq.rotate %wo by #o inverse outs(%wo : tensor<5x8xf32>)
      : tensor<5x8xf32> -> tensor<5x8xf32>
  %z0 = arith.constant dense<0.0> : tensor<6x8xf32>
  %v0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rv : tensor<6x8xf32>, tensor<8x8xf32>) outs(%z0 : tensor<6x8xf32>) -> tensor<6x8xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %e0 = tensor.empty() : tensor<2x6x4xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<6x2x4xf32>) outs(%e0 : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %z1 = arith.constant dense<0.0> : tensor<2x6x4xf32>
  %ot0 = linalg.batch_matmul ins(%p, %v2 : tensor<2x6x6xf32>, tensor<2x6x4xf32>)
      outs(%z1 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %s0 = linalg.generic {indexing_maps = [affine_map<(h, t, d) -> (h, t, d)>,
      affine_map<(h, t, d) -> (h)>, affine_map<(h, t, d) -> (h, t, d)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ot0, %s : tensor<2x6x4xf32>, tensor<2xf32>) outs(%e0 : tensor<2x6x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<2x6x4xf32>
  %e1 = tensor.empty() : tensor<6x2x4xf32>
  %o1 = linalg.transpose ins(%s0 : tensor<2x6x4xf32>) outs(%e1 : tensor<6x2x4xf32>) permutation = [1, 0, 2]
  %o2 = tensor.collapse_shape %o1 [[0], [1, 2]] : tensor<6x2x4xf32> into tensor<6x8xf32>
  %z2 = arith.constant dense<0.0> : tensor<6x5xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%o2, %ro : tensor<6x8xf32>, tensor<5x8xf32>) outs(%z2 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

// What others read is rotated for them alone.
// CHECK-LABEL: func.func @read_elsewhere(
// CHECK: %[[R:.*]] = zq.rotate {{.*}} inverse
// CHECK-NOT: zq.rotate
// CHECK: %[[Y:.*]] = linalg.matmul {{.*}} -> tensor<6x5xf32>
// CHECK: return %[[Y]], %[[R]]
func.func @read_elsewhere(%x: tensor<6x8xf32>, %p: tensor<2x6x6xf32>, %wv: tensor<8x8xf32>,
    %wo: tensor<5x8xf32>) -> (tensor<6x5xf32>, tensor<6x8xf32>) {
  %rv = zq.rotate %wv by #v inverse outs(%wv : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %ro = zq.rotate %wo by #o inverse outs(%wo : tensor<5x8xf32>)
      : tensor<5x8xf32> -> tensor<5x8xf32>
  %z0 = arith.constant dense<0.0> : tensor<6x8xf32>
  %v0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rv : tensor<6x8xf32>, tensor<8x8xf32>) outs(%z0 : tensor<6x8xf32>) -> tensor<6x8xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %e0 = tensor.empty() : tensor<2x6x4xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<6x2x4xf32>) outs(%e0 : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %z1 = arith.constant dense<0.0> : tensor<2x6x4xf32>
  %ot0 = linalg.batch_matmul ins(%p, %v2 : tensor<2x6x6xf32>, tensor<2x6x4xf32>)
      outs(%z1 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e1 = tensor.empty() : tensor<6x2x4xf32>
  %o1 = linalg.transpose ins(%ot0 : tensor<2x6x4xf32>) outs(%e1 : tensor<6x2x4xf32>) permutation = [1, 0, 2]
  %o2 = tensor.collapse_shape %o1 [[0], [1, 2]] : tensor<6x2x4xf32> into tensor<6x8xf32>
  %z2 = arith.constant dense<0.0> : tensor<6x5xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%o2, %ro : tensor<6x8xf32>, tensor<5x8xf32>) outs(%z2 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return %y, %v0 : tensor<6x5xf32>, tensor<6x8xf32>
}

// -----

// Of unlike signs.

#v = #zq.hadamard<axis = 0, block = 4, seed = 1>
#o = #zq.hadamard<axis = 1, block = 4, seed = 2>

// CHECK-LABEL: func.func @other_seed(
// CHECK: zq.rotate {{.*}} inverse
// CHECK: linalg.batch_matmul
// CHECK: zq.rotate {{.*}} outs
// CHECK: return
func.func @other_seed(%x: tensor<6x8xf32>, %p: tensor<2x6x6xf32>, %wv: tensor<8x8xf32>,
    %wo: tensor<5x8xf32>) -> tensor<6x5xf32> {
  %rv = zq.rotate %wv by #v inverse outs(%wv : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %ro = zq.rotate %wo by #o inverse outs(%wo : tensor<5x8xf32>)
      : tensor<5x8xf32> -> tensor<5x8xf32>
  %z0 = arith.constant dense<0.0> : tensor<6x8xf32>
  %v0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rv : tensor<6x8xf32>, tensor<8x8xf32>) outs(%z0 : tensor<6x8xf32>) -> tensor<6x8xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %e0 = tensor.empty() : tensor<2x6x4xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<6x2x4xf32>) outs(%e0 : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %z1 = arith.constant dense<0.0> : tensor<2x6x4xf32>
  %ot0 = linalg.batch_matmul ins(%p, %v2 : tensor<2x6x6xf32>, tensor<2x6x4xf32>)
      outs(%z1 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e1 = tensor.empty() : tensor<6x2x4xf32>
  %o1 = linalg.transpose ins(%ot0 : tensor<2x6x4xf32>) outs(%e1 : tensor<6x2x4xf32>) permutation = [1, 0, 2]
  %o2 = tensor.collapse_shape %o1 [[0], [1, 2]] : tensor<6x2x4xf32> into tensor<6x8xf32>
  %z2 = arith.constant dense<0.0> : tensor<6x5xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%o2, %ro : tensor<6x8xf32>, tensor<5x8xf32>) outs(%z2 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

// -----

// A block of both heads is mixed across them, and each has probabilities of its
// own.

#v = #zq.hadamard<axis = 0, block = 8, seed = 1>
#o = #zq.hadamard<axis = 1, block = 8, seed = 1>

// CHECK-LABEL: func.func @across_heads(
// CHECK: zq.rotate {{.*}} inverse
// CHECK: linalg.batch_matmul
// CHECK: zq.rotate {{.*}} outs
// CHECK: return
func.func @across_heads(%x: tensor<6x8xf32>, %p: tensor<2x6x6xf32>, %wv: tensor<8x8xf32>,
    %wo: tensor<5x8xf32>) -> tensor<6x5xf32> {
  %rv = zq.rotate %wv by #v inverse outs(%wv : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %ro = zq.rotate %wo by #o inverse outs(%wo : tensor<5x8xf32>)
      : tensor<5x8xf32> -> tensor<5x8xf32>
  %z0 = arith.constant dense<0.0> : tensor<6x8xf32>
  %v0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rv : tensor<6x8xf32>, tensor<8x8xf32>) outs(%z0 : tensor<6x8xf32>) -> tensor<6x8xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %e0 = tensor.empty() : tensor<2x6x4xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<6x2x4xf32>) outs(%e0 : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %z1 = arith.constant dense<0.0> : tensor<2x6x4xf32>
  %ot0 = linalg.batch_matmul ins(%p, %v2 : tensor<2x6x6xf32>, tensor<2x6x4xf32>)
      outs(%z1 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e1 = tensor.empty() : tensor<6x2x4xf32>
  %o1 = linalg.transpose ins(%ot0 : tensor<2x6x4xf32>) outs(%e1 : tensor<6x2x4xf32>) permutation = [1, 0, 2]
  %o2 = tensor.collapse_shape %o1 [[0], [1, 2]] : tensor<6x2x4xf32> into tensor<6x8xf32>
  %z2 = arith.constant dense<0.0> : tensor<6x5xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%o2, %ro : tensor<6x8xf32>, tensor<5x8xf32>) outs(%z2 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

// -----

// Smaller blocks than heads, without signs.

#v = #zq.hadamard<axis = 0, block = 2>
#o = #zq.hadamard<axis = 1, block = 2>

// CHECK-LABEL: func.func @in_heads(
// CHECK-NOT: zq.rotate
// CHECK: linalg.batch_matmul
// CHECK-NOT: zq.rotate
// CHECK: return
func.func @in_heads(%x: tensor<6x8xf32>, %p: tensor<2x6x6xf32>, %wv: tensor<8x8xf32>,
    %wo: tensor<5x8xf32>) -> tensor<6x5xf32> {
  %rv = zq.rotate %wv by #v inverse outs(%wv : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %ro = zq.rotate %wo by #o inverse outs(%wo : tensor<5x8xf32>)
      : tensor<5x8xf32> -> tensor<5x8xf32>
  %z0 = arith.constant dense<0.0> : tensor<6x8xf32>
  %v0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rv : tensor<6x8xf32>, tensor<8x8xf32>) outs(%z0 : tensor<6x8xf32>) -> tensor<6x8xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %e0 = tensor.empty() : tensor<2x6x4xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<6x2x4xf32>) outs(%e0 : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %z1 = arith.constant dense<0.0> : tensor<2x6x4xf32>
  %ot0 = linalg.batch_matmul ins(%p, %v2 : tensor<2x6x6xf32>, tensor<2x6x4xf32>)
      outs(%z1 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e1 = tensor.empty() : tensor<6x2x4xf32>
  %o1 = linalg.transpose ins(%ot0 : tensor<2x6x4xf32>) outs(%e1 : tensor<6x2x4xf32>) permutation = [1, 0, 2]
  %o2 = tensor.collapse_shape %o1 [[0], [1, 2]] : tensor<6x2x4xf32> into tensor<6x8xf32>
  %z2 = arith.constant dense<0.0> : tensor<6x5xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%o2, %ro : tensor<6x8xf32>, tensor<5x8xf32>) outs(%z2 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

// -----

#v = #zq.hadamard<axis = 0, block = 4, seed = 1>
#o = #zq.hadamard<axis = 1, block = 4, seed = 1>

// Both factors of the scores are rotated alike.
// CHECK-LABEL: func.func @scores(
// CHECK-NOT: zq.rotate
// CHECK: linalg.batch_matmul
// CHECK-NOT: zq.rotate
// CHECK: return
func.func @scores(%x: tensor<6x8xf32>, %c: tensor<6x8xf32>, %wq: tensor<8x8xf32>,
    %wk: tensor<8x8xf32>) -> tensor<2x6x6xf32> {
  %rq = zq.rotate %wq by #v inverse outs(%wq : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %rk = zq.rotate %wk by #v inverse outs(%wk : tensor<8x8xf32>)
      : tensor<8x8xf32> -> tensor<8x8xf32>
  %zq = arith.constant dense<0.0> : tensor<6x8xf32>
  %q0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %rq : tensor<6x8xf32>, tensor<8x8xf32>) outs(%zq : tensor<6x8xf32>) -> tensor<6x8xf32>
  %zk = arith.constant dense<0.0> : tensor<6x8xf32>
  %k0 = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%c, %rk : tensor<6x8xf32>, tensor<8x8xf32>) outs(%zk : tensor<6x8xf32>) -> tensor<6x8xf32>
  %q1 = tensor.expand_shape %q0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %eq = tensor.empty() : tensor<2x6x4xf32>
  %q2 = linalg.transpose ins(%q1 : tensor<6x2x4xf32>) outs(%eq : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %k1 = tensor.expand_shape %k0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %ek = tensor.empty() : tensor<2x4x6xf32>
  %k2 = linalg.transpose ins(%k1 : tensor<6x2x4xf32>) outs(%ek : tensor<2x4x6xf32>) permutation = [1, 2, 0]
  %z = arith.constant dense<0.0> : tensor<2x6x6xf32>
  %s = linalg.batch_matmul ins(%q2, %k2 : tensor<2x6x4xf32>, tensor<2x4x6xf32>)
      outs(%z : tensor<2x6x6xf32>) -> tensor<2x6x6xf32>
  return %s : tensor<2x6x6xf32>
}

// A cache that is rotated stays so: the queries, fewer, are rotated in its place
// before they are cut into heads.
// CHECK-LABEL: func.func @cache(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x8xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]] by #zq.hadamard<axis = 1, block = 4, seed = 1> outs
// CHECK: tensor.expand_shape %[[R]]
// CHECK-NOT: zq.rotate
// CHECK: return
func.func @cache(%x: tensor<1x8xf32>, %c: tensor<6x8xf32>, %wq: tensor<8x8xf32>,
    %wk: tensor<8x8xf32>) -> tensor<2x1x6xf32> {
  %k0 = zq.rotate %c by #o inverse outs(%c : tensor<6x8xf32>)
      : tensor<6x8xf32> -> tensor<6x8xf32>
  %q1 = tensor.expand_shape %x [[0], [1, 2]] output_shape [1, 2, 4]
      : tensor<1x8xf32> into tensor<1x2x4xf32>
  %eq = tensor.empty() : tensor<2x1x4xf32>
  %q2 = linalg.transpose ins(%q1 : tensor<1x2x4xf32>) outs(%eq : tensor<2x1x4xf32>) permutation = [1, 0, 2]
  %k1 = tensor.expand_shape %k0 [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %ek = tensor.empty() : tensor<2x4x6xf32>
  %k2 = linalg.transpose ins(%k1 : tensor<6x2x4xf32>) outs(%ek : tensor<2x4x6xf32>) permutation = [1, 2, 0]
  %z = arith.constant dense<0.0> : tensor<2x1x6xf32>
  %s = linalg.batch_matmul ins(%q2, %k2 : tensor<2x1x4xf32>, tensor<2x4x6xf32>)
      outs(%z : tensor<2x1x6xf32>) -> tensor<2x1x6xf32>
  return %s : tensor<2x1x6xf32>
}

// More queries than keys are not.
// CHECK-LABEL: func.func @short_cache(
// CHECK-SAME: %{{.*}}: tensor<6x8xf32>, %[[C:[^:]*]]: tensor<1x8xf32>
// CHECK: zq.rotate %[[C]] {{.*}} inverse
// CHECK-NOT: zq.rotate
// CHECK: return
func.func @short_cache(%x: tensor<6x8xf32>, %c: tensor<1x8xf32>, %wq: tensor<8x8xf32>,
    %wk: tensor<8x8xf32>) -> tensor<2x6x1xf32> {
  %k0 = zq.rotate %c by #o inverse outs(%c : tensor<1x8xf32>)
      : tensor<1x8xf32> -> tensor<1x8xf32>
  %q1 = tensor.expand_shape %x [[0], [1, 2]] output_shape [6, 2, 4]
      : tensor<6x8xf32> into tensor<6x2x4xf32>
  %eq = tensor.empty() : tensor<2x6x4xf32>
  %q2 = linalg.transpose ins(%q1 : tensor<6x2x4xf32>) outs(%eq : tensor<2x6x4xf32>) permutation = [1, 0, 2]
  %k1 = tensor.expand_shape %k0 [[0], [1, 2]] output_shape [1, 2, 4]
      : tensor<1x8xf32> into tensor<1x2x4xf32>
  %ek = tensor.empty() : tensor<2x4x1xf32>
  %k2 = linalg.transpose ins(%k1 : tensor<1x2x4xf32>) outs(%ek : tensor<2x4x1xf32>) permutation = [1, 2, 0]
  %z = arith.constant dense<0.0> : tensor<2x6x1xf32>
  %s = linalg.batch_matmul ins(%q2, %k2 : tensor<2x6x4xf32>, tensor<2x4x1xf32>)
      outs(%z : tensor<2x6x1xf32>) -> tensor<2x6x1xf32>
  return %s : tensor<2x6x1xf32>
}
