// Chains of elementwise ops become one op; reductions and decodes stay.
// RUN: zq-opt %s -zq-fuse-elementwise -split-input-file | FileCheck %s

// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: func.func @chain_with_broadcast(
// CHECK-SAME: %[[Y:[^:]*]]: tensor<4x64xf32>, %[[BIAS:[^:]*]]: tensor<64xf32>
// CHECK: %[[R:.*]] = linalg.generic {indexing_maps = [#[[ID]], #[[ROW]], #[[ID]]]
// CHECK-SAME: ins(%[[Y]], %[[BIAS]] :
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[A]], %[[B]]
// CHECK-NEXT: %[[E:.*]] = math.exp %[[S]]
// CHECK-NEXT: linalg.yield %[[E]]
// CHECK-NOT: linalg.
// CHECK: return %[[R]]
func.func @chain_with_broadcast(%y: tensor<4x64xf32>, %bias: tensor<64xf32>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %b = linalg.broadcast ins(%bias : tensor<64xf32>) outs(%e : tensor<4x64xf32>)
      dimensions = [0]
  %a = linalg.add ins(%y, %b : tensor<4x64xf32>, tensor<4x64xf32>)
      outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %x = linalg.exp ins(%a : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>)
      -> tensor<4x64xf32>
  return %x : tensor<4x64xf32>
}

// -----

// CHECK-DAG: #[[T:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-LABEL: func.func @chain_with_transpose(
// CHECK: linalg.generic {indexing_maps = [#[[T]],
// CHECK: math.sqrt
// CHECK-NOT: linalg.transpose
func.func @chain_with_transpose(%y: tensor<4x64xf32>, %o: tensor<64x4xf32>)
    -> tensor<64x4xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %s = linalg.sqrt ins(%y : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>)
      -> tensor<4x64xf32>
  %t = linalg.transpose ins(%s : tensor<4x64xf32>) outs(%o : tensor<64x4xf32>)
      permutation = [1, 0]
  return %t : tensor<64x4xf32>
}

// -----

// CHECK-LABEL: func.func @dynamic_map_and_category(
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x64xf32>)
// CHECK: %[[E:.*]] = math.exp
// CHECK-NEXT: arith.negf %[[E]]
// CHECK-NOT: linalg.{{map|elementwise}}
func.func @dynamic_map_and_category(%y: tensor<?x64xf32>, %o: tensor<?x64xf32>)
    -> tensor<?x64xf32> {
  %a = linalg.map { math.exp } ins(%y : tensor<?x64xf32>) outs(%o : tensor<?x64xf32>)
  %b = linalg.elementwise kind=#linalg.elementwise_kind<negf>
      ins(%a : tensor<?x64xf32>) outs(%o : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %b : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @fill_is_a_scalar(
// CHECK: %[[TWO:.*]] = arith.constant 2.0
// CHECK-NOT: linalg.fill
// CHECK: arith.mulf %{{.*}}, %[[TWO]] : f32
func.func @fill_is_a_scalar(%y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %two = arith.constant 2.0 : f32
  %f = linalg.fill ins(%two : f32) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %s = linalg.mul ins(%y, %f : tensor<4x64xf32>, tensor<4x64xf32>)
      outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %s : tensor<4x64xf32>
}

// -----

// The epilogue is one op; the contraction and its fill stay apart from it.
// CHECK-LABEL: func.func @after_contraction(
// CHECK: %[[F:.*]] = linalg.fill
// CHECK: %[[Y:.*]] = linalg.matmul {{.*}} outs(%[[F]] :
// CHECK: linalg.generic {{.*}} ins(%[[Y]] :
// CHECK: %[[E:.*]] = math.exp
// CHECK-NEXT: arith.negf %[[E]]
func.func @after_contraction(%x: tensor<4x256xf32>, %w: tensor<256x64xf32>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x256xf32>, tensor<256x64xf32>)
      outs(%f : tensor<4x64xf32>) -> tensor<4x64xf32>
  %a = linalg.exp ins(%y : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>)
      -> tensor<4x64xf32>
  %b = linalg.negf ins(%a : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>)
      -> tensor<4x64xf32>
  return %b : tensor<4x64xf32>
}

// -----

// CHECK-LABEL: func.func @of_decode(
// CHECK: %[[D:.*]] = zq.decode
// CHECK: linalg.generic {{.*}} ins(%[[D]] :
// CHECK: math.exp
// CHECK-NEXT: arith.negf
func.func @of_decode(%w: !zq.tensor<64x256xf32, #zq.codec<nvfp4>>)
    -> tensor<64x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<nvfp4>> -> tensor<64x256xf32>
  %a = linalg.exp ins(%d : tensor<64x256xf32>) outs(%e : tensor<64x256xf32>)
      -> tensor<64x256xf32>
  %b = linalg.negf ins(%a : tensor<64x256xf32>) outs(%e : tensor<64x256xf32>)
      -> tensor<64x256xf32>
  return %b : tensor<64x256xf32>
}

// -----

// What must not fuse: each row of the result would compute it again.
// CHECK-LABEL: func.func @before_contraction(
// CHECK: %[[A:.*]] = linalg.generic
// CHECK: math.exp
// CHECK: linalg.matmul ins(%[[A]],
func.func @before_contraction(%x: tensor<4x256xf32>, %w: tensor<256x64xf32>,
                              %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x256xf32>
  %a = linalg.exp ins(%x : tensor<4x256xf32>) outs(%e : tensor<4x256xf32>)
      -> tensor<4x256xf32>
  %y = linalg.matmul ins(%a, %w : tensor<4x256xf32>, tensor<256x64xf32>)
      outs(%o : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// -----

// CHECK-LABEL: func.func @before_generic_reduction(
// CHECK: %[[A:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
// CHECK: math.exp
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[A]] :
func.func @before_generic_reduction(%x: tensor<4x256xf32>, %o: tensor<4xf32>)
    -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4x256xf32>
  %a = linalg.exp ins(%x : tensor<4x256xf32>) outs(%e : tensor<4x256xf32>)
      -> tensor<4x256xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%a : tensor<4x256xf32>) outs(%o : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %out, %in : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// What two ops use is computed once.
// CHECK-LABEL: func.func @two_uses(
// CHECK-COUNT-1: math.exp
// CHECK-NOT: math.exp
func.func @two_uses(%y: tensor<4x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>) {
  %e = tensor.empty() : tensor<4x64xf32>
  %a = linalg.exp ins(%y : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>)
      -> tensor<4x64xf32>
  %b = linalg.add ins(%a, %y : tensor<4x64xf32>, tensor<4x64xf32>)
      outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %c = linalg.mul ins(%a, %y : tensor<4x64xf32>, tensor<4x64xf32>)
      outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %b, %c : tensor<4x64xf32>, tensor<4x64xf32>
}

// -----

// CHECK-LABEL: func.func @buffers(
// CHECK-NEXT: linalg.exp
func.func @buffers(%y: memref<4x64xf32>, %o: memref<4x64xf32>) {
  linalg.exp ins(%y : memref<4x64xf32>) outs(%o : memref<4x64xf32>)
  return
}
