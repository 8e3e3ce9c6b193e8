// Rotations leave the codecs, move to the activations and cancel.
// RUN: zq-opt %s -zq-split-codecs -zq-move-rotations -split-input-file | FileCheck %s

#rotated = #zq.codec<int4_h128>

// CHECK-DAG: #[[CODEC:.*]] = #zq.codec<scale<1x128, bf16, zero>, quantize<ui4>, pack>

// The streams stay what they are under the codec of the other stages.
// CHECK-LABEL: func.func @expose_whole(
// CHECK-SAME: %[[W:.*]]: !zq.tensor
// CHECK: %[[S:.*]]:3 = zq.disassemble %[[W]]
// CHECK: %[[V:.*]] = zq.assemble %[[S]]#0, %[[S]]#1, %[[S]]#2
// CHECK-SAME: -> !zq.tensor<64x256xf32, #[[CODEC]]>
// CHECK: %[[D:.*]] = zq.decode %[[V]] at [0, 0]
// CHECK: %[[R:.*]] = zq.rotate %[[D]] by #zq.hadamard<axis = 1, block = 128, seed = 1> inverse
// CHECK-NEXT: return %[[R]]
func.func @expose_whole(%w: !zq.tensor<64x256xf32, #rotated>) -> tensor<64x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #rotated> -> tensor<64x256xf32>
  return %d : tensor<64x256xf32>
}

// A window needs the whole of the transform's axis, and only its own rows.
// CHECK-LABEL: func.func @expose_window(
// CHECK-SAME: %[[I:[^:]*]]: index, %[[J:[^:]*]]: index
// CHECK: %[[D:.*]] = zq.decode %{{.*}} at [%[[I]], 0] outs(%{{.*}} : tensor<8x256xf32>)
// CHECK: %[[R:.*]] = zq.rotate %[[D]] by {{.*}} inverse
// CHECK: %[[CUT:.*]] = tensor.extract_slice %[[R]][0, %[[J]]] [8, 16] [1, 1]
// CHECK-NEXT: return %[[CUT]]
func.func @expose_window(%w: !zq.tensor<64x256xf32, #rotated>, %i: index, %j: index)
    -> tensor<8x16xf32> {
  %e = tensor.empty() : tensor<8x16xf32>
  %d = zq.decode %w at [%i, %j] outs(%e : tensor<8x16xf32>)
      : !zq.tensor<64x256xf32, #rotated> -> tensor<8x16xf32>
  return %d : tensor<8x16xf32>
}

// CHECK-LABEL: func.func @expose_dynamic_window(
// CHECK: %[[D:.*]] = zq.decode %{{.*}} at [%{{.*}}, 0] outs(%{{.*}} : tensor<?x256xf32>)
// CHECK: %[[R:.*]] = zq.rotate %[[D]] by {{.*}} inverse
// CHECK: tensor.extract_slice %[[R]]{{.*}} : tensor<?x256xf32> to tensor<?x?xf32>
func.func @expose_dynamic_window(%w: !zq.tensor<64x256xf32, #rotated>, %i: index,
                                 %j: index, %m: index, %n: index) -> tensor<?x?xf32> {
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  %d = zq.decode %w at [%i, %j] outs(%e : tensor<?x?xf32>)
      : !zq.tensor<64x256xf32, #rotated> -> tensor<?x?xf32>
  return %d : tensor<?x?xf32>
}

// A narrower element type is rounded to once, after the rotation.
// CHECK-LABEL: func.func @expose_f16(
// CHECK: %[[D:.*]] = zq.decode {{.*}} : !zq.tensor<64x256xf32, #[[CODEC]]> -> tensor<64x256xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[D]] by {{.*}} inverse
// CHECK: %[[T:.*]] = arith.truncf %[[R]] : tensor<64x256xf32> to tensor<64x256xf16>
// CHECK-NEXT: return %[[T]]
func.func @expose_f16(%w: !zq.tensor<64x256xf16, #rotated>) -> tensor<64x256xf16> {
  %e = tensor.empty() : tensor<64x256xf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf16>)
      : !zq.tensor<64x256xf16, #rotated> -> tensor<64x256xf16>
  return %d : tensor<64x256xf16>
}

// -----

// The transforms of one codec are undone from the innermost outwards.

#twice = #zq.codec<hadamard<axis = 1, block = 128, seed = 1>, hadamard<axis = 0, block = 32, seed = 2>, quantize<ui4>, pack>

// CHECK-LABEL: func.func @expose_twice(
// CHECK: %[[D:.*]] = zq.decode
// CHECK: %[[A:.*]] = zq.rotate %[[D]] by #zq.hadamard<axis = 0, block = 32, seed = 2> inverse
// CHECK: %[[B:.*]] = zq.rotate %[[A]] by #zq.hadamard<axis = 1, block = 128, seed = 1> inverse
// CHECK-NEXT: return %[[B]]
func.func @expose_twice(%w: !zq.tensor<64x256xf32, #twice>) -> tensor<64x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #twice> -> tensor<64x256xf32>
  return %d : tensor<64x256xf32>
}

// -----

// The user's decoder stays named.

#rotated_user = #zq.codec<hadamard<axis = 1, block = 64, seed = 3>, @d>

// CHECK-LABEL: func.func @expose_user_decoder(
// CHECK: zq.decode %{{.*}} using @d at [0, 0]
// CHECK: zq.rotate {{.*}} inverse
func.func @expose_user_decoder(%w: !zq.tensor<4x128xf32, #rotated_user>) -> tensor<4x128xf32> {
  %e = tensor.empty() : tensor<4x128xf32>
  %d = zq.decode %w using @d at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #rotated_user> -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// The operand that has the contracted axis is rotated in the weight's place.

#r0 = #zq.hadamard<axis = 0, block = 128, seed = 1>
#r1 = #zq.hadamard<axis = 1, block = 128, seed = 1>

// CHECK-LABEL: func.func @matmul_transposed(
// CHECK-SAME: %[[X:.*]]: tensor<4x256xf32>, %[[W:.*]]: tensor<64x256xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]] by #zq.hadamard<axis = 1, block = 128, seed = 1> outs
// CHECK-NOT: zq.rotate
// CHECK: linalg.matmul indexing_maps = {{.*}} ins(%[[R]], %[[W]] :
func.func @matmul_transposed(%x: tensor<4x256xf32>, %w: tensor<64x256xf32>,
                             %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %r : tensor<4x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// The axis is another one in the other operand.
// CHECK-LABEL: func.func @matmul(
// CHECK-SAME: %[[X:.*]]: tensor<4x256xf32>, %[[W:.*]]: tensor<256x64xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]] by #zq.hadamard<axis = 1, block = 128, seed = 1> outs
// CHECK: linalg.matmul ins(%[[R]], %[[W]] :
func.func @matmul(%x: tensor<4x256xf32>, %w: tensor<256x64xf32>, %o: tensor<4x64xf32>)
    -> tensor<4x64xf32> {
  %r = zq.rotate %w by #r0 inverse outs(%w : tensor<256x64xf32>)
      : tensor<256x64xf32> -> tensor<256x64xf32>
  %y = linalg.matmul ins(%x, %r : tensor<4x256xf32>, tensor<256x64xf32>)
      outs(%o : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// CHECK-LABEL: func.func @weight_on_the_left(
// CHECK-SAME: %[[W:.*]]: tensor<64x256xf32>, %[[X:.*]]: tensor<256x4xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]] by #zq.hadamard<axis = 0, block = 128, seed = 1> outs
// CHECK: linalg.matmul ins(%[[W]], %[[R]] :
func.func @weight_on_the_left(%w: tensor<64x256xf32>, %x: tensor<256x4xf32>,
                              %o: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.matmul ins(%r, %x : tensor<64x256xf32>, tensor<256x4xf32>)
      outs(%o : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %y : tensor<64x4xf32>
}

// CHECK-LABEL: func.func @matvec(
// CHECK-SAME: %[[W:.*]]: tensor<64x256xf32>, %[[X:.*]]: tensor<256xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]] by #zq.hadamard<axis = 0, block = 128, seed = 1> outs
// CHECK: linalg.matvec ins(%[[W]], %[[R]] :
func.func @matvec(%w: tensor<64x256xf32>, %x: tensor<256xf32>, %o: tensor<64xf32>)
    -> tensor<64xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.matvec ins(%r, %x : tensor<64x256xf32>, tensor<256xf32>)
      outs(%o : tensor<64xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}

// CHECK-LABEL: func.func @batch_matmul(
// CHECK-SAME: %[[X:.*]]: tensor<2x4x256xf32>, %[[W:.*]]: tensor<2x256x64xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]] by #zq.hadamard<axis = 2, block = 128, seed = 1> outs
// CHECK: linalg.batch_matmul ins(%[[R]], %[[W]] :
func.func @batch_matmul(%x: tensor<2x4x256xf32>, %w: tensor<2x256x64xf32>,
                        %o: tensor<2x4x64xf32>) -> tensor<2x4x64xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<2x256x64xf32>)
      : tensor<2x256x64xf32> -> tensor<2x256x64xf32>
  %y = linalg.batch_matmul ins(%x, %r : tensor<2x4x256xf32>, tensor<2x256x64xf32>)
      outs(%o : tensor<2x4x64xf32>) -> tensor<2x4x64xf32>
  return %y : tensor<2x4x64xf32>
}

// CHECK-LABEL: func.func @dynamic_batch(
// CHECK-SAME: %[[X:.*]]: tensor<?x256xf32>, %[[W:.*]]: tensor<64x256xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]] by {{.*}} : tensor<?x256xf32>
// CHECK: linalg.matmul indexing_maps = {{.*}} ins(%[[R]], %[[W]] :
func.func @dynamic_batch(%x: tensor<?x256xf32>, %w: tensor<64x256xf32>,
                         %o: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %r : tensor<?x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// The sum may be in a wider or narrower float: still linear.
// CHECK-LABEL: func.func @sum_in_f64(
// CHECK-SAME: %[[W:.*]]: tensor<64x256xf32>, %[[X:.*]]: tensor<256xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]]
// CHECK: linalg.matvec ins(%[[W]], %[[R]] :
func.func @sum_in_f64(%w: tensor<64x256xf32>, %x: tensor<256xf32>, %o: tensor<64xf64>)
    -> tensor<64xf64> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.matvec ins(%r, %x : tensor<64x256xf32>, tensor<256xf32>)
      outs(%o : tensor<64xf64>) -> tensor<64xf64>
  return %y : tensor<64xf64>
}

// What one use needs unrotated, another may need rotated.
// CHECK-LABEL: func.func @two_uses(
// CHECK-SAME: %[[W:.*]]: tensor<64x256xf32>, %[[X:.*]]: tensor<256xf32>
// CHECK: %[[RW:.*]] = zq.rotate %[[W]] by {{.*}} inverse
// CHECK: %[[RX:.*]] = zq.rotate %[[X]]
// CHECK: %[[Y:.*]] = linalg.matvec ins(%[[W]], %[[RX]] :
// CHECK: return %[[Y]], %[[RW]]
func.func @two_uses(%w: tensor<64x256xf32>, %x: tensor<256xf32>, %o: tensor<64xf32>)
    -> (tensor<64xf32>, tensor<64x256xf32>) {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.matvec ins(%r, %x : tensor<64x256xf32>, tensor<256xf32>)
      outs(%o : tensor<64xf32>) -> tensor<64xf32>
  return %y, %r : tensor<64xf32>, tensor<64x256xf32>
}

// -----

// What goes away, and what goes through a transpose.

#r0 = #zq.hadamard<axis = 0, block = 128, seed = 1>
#r1 = #zq.hadamard<axis = 1, block = 128, seed = 1>

// CHECK-LABEL: func.func @cancel_across_matmul(
// CHECK-SAME: %[[X:.*]]: tensor<4x256xf32>, %[[W:.*]]: tensor<256x64xf32>
// CHECK-NOT: zq.rotate
// CHECK: linalg.matmul ins(%[[X]], %[[W]] :
func.func @cancel_across_matmul(%x: tensor<4x256xf32>, %w: tensor<256x64xf32>,
                                %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %a = zq.rotate %x by #r1 inverse outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  %b = zq.rotate %w by #r0 inverse outs(%w : tensor<256x64xf32>)
      : tensor<256x64xf32> -> tensor<256x64xf32>
  %y = linalg.matmul ins(%a, %b : tensor<4x256xf32>, tensor<256x64xf32>)
      outs(%o : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// CHECK-LABEL: func.func @cancel_inverse(
// CHECK-SAME: %[[X:.*]]: tensor<4x256xf32>
// CHECK-NEXT: return %[[X]], %[[X]]
func.func @cancel_inverse(%x: tensor<4x256xf32>) -> (tensor<4x256xf32>, tensor<4x256xf32>) {
  %a = zq.rotate %x by #r1 inverse outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  %b = zq.rotate %a by #r1 outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  %c = zq.rotate %x by #r1 outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  %d = zq.rotate %c by #r1 inverse outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  return %b, %d : tensor<4x256xf32>, tensor<4x256xf32>
}

// CHECK-LABEL: func.func @transposed_weight(
// CHECK-SAME: %[[X:.*]]: tensor<4x256xf32>, %[[W:.*]]: tensor<64x256xf32>
// CHECK-DAG: %[[R:.*]] = zq.rotate %[[X]] by #zq.hadamard<axis = 1, block = 128, seed = 1> outs
// CHECK-DAG: %[[T:.*]] = linalg.transpose ins(%[[W]] :
// CHECK-NOT: zq.rotate
// CHECK: linalg.matmul ins(%[[R]], %[[T]] :
func.func @transposed_weight(%x: tensor<4x256xf32>, %w: tensor<64x256xf32>,
                             %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %e = tensor.empty() : tensor<256x64xf32>
  %t = linalg.transpose ins(%r : tensor<64x256xf32>) outs(%e : tensor<256x64xf32>)
      permutation = [1, 0]
  %y = linalg.matmul ins(%x, %t : tensor<4x256xf32>, tensor<256x64xf32>)
      outs(%o : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// CHECK-LABEL: func.func @transpose_of_three_dimensions(
// CHECK: %[[T:.*]] = linalg.transpose
// CHECK: zq.rotate %[[T]] by #zq.hadamard<axis = 2, block = 128, seed = 1> outs
func.func @transpose_of_three_dimensions(%x: tensor<3x256x5xf32>) -> tensor<5x3x256xf32> {
  %r = zq.rotate %x by #r1 outs(%x : tensor<3x256x5xf32>)
      : tensor<3x256x5xf32> -> tensor<3x256x5xf32>
  %e = tensor.empty() : tensor<5x3x256xf32>
  %t = linalg.transpose ins(%r : tensor<3x256x5xf32>) outs(%e : tensor<5x3x256xf32>)
      permutation = [2, 0, 1]
  return %t : tensor<5x3x256xf32>
}

// -----

// What must stay where it is.

#r0 = #zq.hadamard<axis = 0, block = 128, seed = 1>
#r1 = #zq.hadamard<axis = 1, block = 128, seed = 1>
#other = #zq.hadamard<axis = 1, block = 128, seed = 2>

// The result has more rows than the weight.
// CHECK-LABEL: func.func @axis_of_larger_result(
// CHECK-SAME: %[[X:.*]]: tensor<4x3xf32>
// CHECK: %[[R:.*]] = zq.rotate {{.*}} inverse
// CHECK-NEXT: linalg.matmul ins(%[[X]], %[[R]] :
func.func @axis_of_larger_result(%x: tensor<4x3xf32>, %w: tensor<3x256xf32>,
                                 %o: tensor<4x256xf32>) -> tensor<4x256xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<3x256xf32>)
      : tensor<3x256xf32> -> tensor<3x256xf32>
  %y = linalg.matmul ins(%x, %r : tensor<4x3xf32>, tensor<3x256xf32>)
      outs(%o : tensor<4x256xf32>) -> tensor<4x256xf32>
  return %y : tensor<4x256xf32>
}

// A rotation is done in f32.
// CHECK-LABEL: func.func @other_operand_bf16(
// CHECK-SAME: %[[X:.*]]: tensor<4x256xbf16>, %[[W:.*]]: tensor<256x64xf32>
// CHECK: %[[WIDE:.*]] = linalg.generic {{.*}} ins(%[[X]] :
// CHECK: arith.extf
// CHECK: %[[R:.*]] = zq.rotate %[[WIDE]] by #zq.hadamard<axis = 1,
// CHECK-NEXT: linalg.matmul ins(%[[R]], %[[W]] : tensor<4x256xf32>, tensor<256x64xf32>)
func.func @other_operand_bf16(%x: tensor<4x256xbf16>, %w: tensor<256x64xf32>,
                              %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %r = zq.rotate %w by #r0 inverse outs(%w : tensor<256x64xf32>)
      : tensor<256x64xf32> -> tensor<256x64xf32>
  %y = linalg.matmul ins(%x, %r : tensor<4x256xbf16>, tensor<256x64xf32>)
      outs(%o : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// CHECK-LABEL: func.func @maximum_of_products(
// CHECK-SAME: %[[X:.*]]: tensor<256xf32>
// CHECK: %[[R:.*]] = zq.rotate {{.*}} inverse
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[R]], %[[X]] :
func.func @maximum_of_products(%x: tensor<256xf32>, %w: tensor<64x256xf32>,
                               %o: tensor<64xf32>) -> tensor<64xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(n, k) -> (n, k)>, affine_map<(n, k) -> (k)>,
                       affine_map<(n, k) -> (n)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%r, %x : tensor<64x256xf32>, tensor<256xf32>) outs(%o : tensor<64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %m = arith.maximumf %c, %p : f32
    linalg.yield %m : f32
  } -> tensor<64xf32>
  return %y : tensor<64xf32>
}

// Upstream calls this a contraction too.
// CHECK-LABEL: func.func @function_of_the_weight(
// CHECK-SAME: %[[X:.*]]: tensor<256xf32>
// CHECK: %[[R:.*]] = zq.rotate {{.*}} inverse
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[R]], %[[X]] :
func.func @function_of_the_weight(%x: tensor<256xf32>, %w: tensor<64x256xf32>,
                                  %o: tensor<64xf32>) -> tensor<64xf32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(n, k) -> (n, k)>, affine_map<(n, k) -> (k)>,
                       affine_map<(n, k) -> (n)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%r, %x : tensor<64x256xf32>, tensor<256xf32>) outs(%o : tensor<64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %f = math.absf %a : f32
    %p = arith.mulf %f, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<64xf32>
  return %y : tensor<64xf32>
}

// The operands of a sum of integers are rounded before they are multiplied.
// CHECK-LABEL: func.func @sum_of_integers(
// CHECK-SAME: %[[X:.*]]: tensor<256xf32>
// CHECK: %[[R:.*]] = zq.rotate {{.*}} inverse
// CHECK-NEXT: linalg.matvec ins(%[[R]], %[[X]] :
func.func @sum_of_integers(%x: tensor<256xf32>, %w: tensor<64x256xf32>,
                           %o: tensor<64xi32>) -> tensor<64xi32> {
  %r = zq.rotate %w by #r1 inverse outs(%w : tensor<64x256xf32>)
      : tensor<64x256xf32> -> tensor<64x256xf32>
  %y = linalg.matvec ins(%r, %x : tensor<64x256xf32>, tensor<256xf32>)
      outs(%o : tensor<64xi32>) -> tensor<64xi32>
  return %y : tensor<64xi32>
}

// CHECK-LABEL: func.func @different_seeds(
// CHECK: zq.rotate {{.*}} seed = 1> outs
// CHECK: zq.rotate {{.*}} seed = 2> inverse
func.func @different_seeds(%x: tensor<4x256xf32>) -> tensor<4x256xf32> {
  %a = zq.rotate %x by #r1 outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  %b = zq.rotate %a by #other inverse outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  return %b : tensor<4x256xf32>
}

// CHECK-LABEL: func.func @same_direction(
// CHECK-COUNT-2: zq.rotate
func.func @same_direction(%x: tensor<4x256xf32>) -> tensor<4x256xf32> {
  %a = zq.rotate %x by #r1 outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  %b = zq.rotate %a by #r1 outs(%x : tensor<4x256xf32>)
      : tensor<4x256xf32> -> tensor<4x256xf32>
  return %b : tensor<4x256xf32>
}
