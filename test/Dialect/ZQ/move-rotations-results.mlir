// Rotations that nothing contracts move to results, and fold into constants.
// RUN: zq-opt %s -zq-move-rotations -split-input-file -verify-diagnostics | FileCheck %s
// RUN: zq-opt %s -split-input-file -zq-verify-rewrites=passes=zq-move-rotations -o /dev/null 2>&1 | FileCheck %s --check-prefix=VERIFY

// Every function computes what it did.
// VERIFY-NOT: error:
// VERIFY-COUNT-9: unchanged by zq-move-rotations

#r0 = #zq.hadamard<axis = 0, block = 16, seed = 1>
#r1 = #zq.hadamard<axis = 1, block = 16, seed = 1>
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Three rows are rotated, and not eight columns; what was there before is added
// as it is.
// CHECK-LABEL: func.func @result_of_contraction(
// CHECK-SAME: %[[X:.*]]: tensor<3x8xf32>, %[[W:.*]]: tensor<16x8xf32>, %[[Y:.*]]: tensor
// CHECK: %[[P:.*]] = linalg.matmul {{.*}} ins(%[[X]], %[[W]] :
// CHECK: %[[R:.*]] = zq.rotate %[[P]] by #zq.hadamard<axis = 1, block = 16, seed = 1> inverse
// CHECK: linalg.add ins(%[[Y]], %[[R]] :
func.func @result_of_contraction(%x: tensor<3x8xf32>, %w: tensor<16x8xf32>, %y: tensor<3x16xf32>)
    -> tensor<3x16xf32> {
  %r = zq.rotate %w by #r0 inverse outs(%w : tensor<16x8xf32>) : tensor<16x8xf32> -> tensor<16x8xf32>
  // expected-remark @+1 {{rotates at run time: past linalg.add there would be no less to rotate}}
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %r : tensor<3x8xf32>, tensor<16x8xf32>)
      outs(%y : tensor<3x16xf32>) -> tensor<3x16xf32>
  return %z : tensor<3x16xf32>
}

// Activations of bf16 stay what they are, and are rotated in f32.
// CHECK-LABEL: func.func @rotated_on_both_sides(
// CHECK-SAME: %[[X:.*]]: tensor<3x32xbf16>, %[[W:.*]]: tensor<16x32xf32>
// CHECK: %[[WIDE:.*]] = linalg.generic {{.*}} ins(%[[X]] :
// CHECK: %[[R:.*]] = zq.rotate %[[WIDE]] by #zq.hadamard<axis = 1, block = 16, seed = 1>
// CHECK-NEXT: %[[P:.*]] = linalg.matmul {{.*}} ins(%[[R]], %[[W]] :
// CHECK: zq.rotate %[[P]] by #zq.hadamard<axis = 1, block = 16, seed = 1> inverse
func.func @rotated_on_both_sides(%x: tensor<3x32xbf16>, %w: tensor<16x32xf32>) -> tensor<3x16xf32> {
  %c = zq.rotate %w by #r1 inverse outs(%w : tensor<16x32xf32>) : tensor<16x32xf32> -> tensor<16x32xf32>
  %r = zq.rotate %c by #r0 inverse outs(%w : tensor<16x32xf32>) : tensor<16x32xf32> -> tensor<16x32xf32>
  %zero = arith.constant dense<0.0> : tensor<3x16xf32>
  // expected-remark @+1 {{rotates at run time: func.return needs it as it is}}
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %r : tensor<3x32xbf16>, tensor<16x32xf32>)
      outs(%zero : tensor<3x16xf32>) -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// A residual connection, an RMS norm whose weight is folded into the next
// matrix, and that matrix, rotated: one rotation before the first sum and none
// after it, since the second sum is not rotated back for the norm.
// CHECK-LABEL: func.func @residual_and_norm(
// CHECK-SAME: %[[H:.*]]: tensor<3x16xf32>, %[[O:.*]]: tensor<3x16xf32>, %[[W:.*]]: tensor<8x16xf32>
// CHECK: %[[RH:.*]] = zq.rotate %[[H]] by #zq.hadamard<axis = 1, block = 16, seed = 1> outs
// CHECK-NOT: zq.rotate
// CHECK: %[[S:.*]] = linalg.add ins(%[[RH]], %[[O]] :
// CHECK: %[[Q:.*]] = linalg.generic {{.*}} ins(%[[S]] : tensor<3x16xf32>)
// CHECK: %[[N:.*]] = linalg.generic {{.*}} ins(%[[S]], %[[Q]] :
// CHECK: linalg.matmul {{.*}} ins(%[[N]], %[[W]] :
func.func @residual_and_norm(%h: tensor<3x16xf32>, %o: tensor<3x16xf32>, %w: tensor<8x16xf32>)
    -> tensor<3x8xf32> {
  %a = zq.rotate %o by #r1 inverse outs(%o : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  %h1 = linalg.add ins(%h, %a : tensor<3x16xf32>, tensor<3x16xf32>) outs(%o : tensor<3x16xf32>) -> tensor<3x16xf32>
  %zero = arith.constant dense<0.0> : tensor<3xf32>
  %squares = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m)>],
      iterator_types = ["parallel", "reduction"]} ins(%h1 : tensor<3x16xf32>) outs(%zero : tensor<3xf32>) {
  ^bb0(%v: f32, %s: f32):
    %q = arith.mulf %v, %v : f32
    %t = arith.addf %s, %q : f32
    linalg.yield %t : f32
  } -> tensor<3xf32>
  %one = arith.constant 1.0 : f32
  %n = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m)>,
      affine_map<(m, k) -> (m, k)>], iterator_types = ["parallel", "parallel"]}
      ins(%h1, %squares : tensor<3x16xf32>, tensor<3xf32>) outs(%o : tensor<3x16xf32>) {
  ^bb0(%v: f32, %s: f32, %out: f32):
    %e = arith.addf %s, %one : f32
    %r = math.rsqrt %e : f32
    %t = arith.mulf %v, %r : f32
    linalg.yield %t : f32
  } -> tensor<3x16xf32>
  %rw = zq.rotate %w by #r1 inverse outs(%w : tensor<8x16xf32>) : tensor<8x16xf32> -> tensor<8x16xf32>
  %z = arith.constant dense<0.0> : tensor<3x8xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%n, %rw : tensor<3x16xf32>, tensor<8x16xf32>)
      outs(%z : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// The weight of a norm varies along the axis: it belongs into the next matrix.
// CHECK-LABEL: func.func @weight_of_norm(
// CHECK-SAME: %[[X:.*]]: tensor<3x16xf32>, %[[G:.*]]: tensor<16xf32>, %[[W:.*]]: tensor<8x16xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[X]] {{.*}} inverse
// CHECK: %[[N:.*]] = linalg.generic {{.*}} ins(%[[R]], %[[G]] :
// CHECK: zq.rotate %[[N]]
func.func @weight_of_norm(%x: tensor<3x16xf32>, %g: tensor<16xf32>, %w: tensor<8x16xf32>) -> tensor<3x8xf32> {
  // expected-remark @+1 {{rotates at run time: linalg.generic multiplies by what varies along its axis; fold such a factor into the next weight}}
  %r = zq.rotate %x by #r1 inverse outs(%x : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  %n = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (k)>,
      affine_map<(m, k) -> (m, k)>], iterator_types = ["parallel", "parallel"]}
      ins(%r, %g : tensor<3x16xf32>, tensor<16xf32>) outs(%x : tensor<3x16xf32>) {
  ^bb0(%v: f32, %s: f32, %out: f32):
    %t = arith.mulf %v, %s : f32
    linalg.yield %t : f32
  } -> tensor<3x16xf32>
  %rw = zq.rotate %w by #r1 inverse outs(%w : tensor<8x16xf32>) : tensor<8x16xf32> -> tensor<8x16xf32>
  %z = arith.constant dense<0.0> : tensor<3x8xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%n, %rw : tensor<3x16xf32>, tensor<8x16xf32>)
      outs(%z : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// The mean of a layer norm is not that of rotated values.
// CHECK-LABEL: func.func @mean(
// CHECK: %[[R:.*]] = zq.rotate {{.*}} inverse
// CHECK: linalg.generic {{.*}} ins(%[[R]] :
func.func @mean(%x: tensor<3x16xf32>) -> tensor<3xf32> {
  // expected-remark @+1 {{rotates at run time: linalg.generic adds up what it rotates, and not its squares}}
  %r = zq.rotate %x by #r1 inverse outs(%x : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  %zero = arith.constant dense<0.0> : tensor<3xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m)>],
      iterator_types = ["parallel", "reduction"]} ins(%r : tensor<3x16xf32>) outs(%zero : tensor<3xf32>) {
  ^bb0(%v: f32, %s: f32):
    %t = arith.addf %s, %v : f32
    linalg.yield %t : f32
  } -> tensor<3xf32>
  return %sum : tensor<3xf32>
}

// Two that are rotated alike are added before they are rotated back, once; a
// square is taken without, since all that reads it adds it up.
// CHECK-LABEL: func.func @sum_of_rotated(
// CHECK-SAME: %[[X:.*]]: tensor<3x16xf32>, %[[Y:.*]]: tensor<3x16xf32>
// CHECK: %[[S:.*]] = linalg.sub ins(%[[X]], %[[Y]] :
// CHECK: %[[R:.*]] = zq.rotate %[[S]] {{.*}} inverse
// CHECK-NOT: zq.rotate
// CHECK: %[[Q:.*]] = linalg.square ins(%[[S]] :
// CHECK: %[[T:.*]] = linalg.generic {{.*}} ins(%[[Q]] :
// CHECK: return %[[R]], %[[T]]
func.func @sum_of_rotated(%x: tensor<3x16xf32>, %y: tensor<3x16xf32>) -> (tensor<3x16xf32>, tensor<3xf32>) {
  %a = zq.rotate %x by #r1 inverse outs(%x : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  %b = zq.rotate %y by #r1 inverse outs(%x : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  // expected-remark @+1 {{rotates at run time: func.return needs it as it is}}
  %s = linalg.sub ins(%a, %b : tensor<3x16xf32>, tensor<3x16xf32>) outs(%x : tensor<3x16xf32>) -> tensor<3x16xf32>
  %q = linalg.square ins(%s : tensor<3x16xf32>) outs(%x : tensor<3x16xf32>) -> tensor<3x16xf32>
  %zero = arith.constant dense<0.0> : tensor<3xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m)>],
      iterator_types = ["parallel", "reduction"]} ins(%q : tensor<3x16xf32>) outs(%zero : tensor<3xf32>) {
  ^bb0(%v: f32, %t: f32):
    %u = arith.addf %t, %v : f32
    linalg.yield %u : f32
  } -> tensor<3xf32>
  return %s, %sum : tensor<3x16xf32>, tensor<3xf32>
}

// A decoded value is exact to the bit, and so is a sum of two.
#w = #zq.codec<raw<f32>>
// CHECK-LABEL: func.func @decoded(
// CHECK-COUNT-2: zq.rotate
// CHECK: linalg.add
func.func @decoded(%x: !zq.tensor<3x16xf32, #w>, %y: !zq.tensor<3x16xf32, #w>) -> tensor<3x16xf32> {
  %e = tensor.empty() : tensor<3x16xf32>
  %a = zq.decode %x at [0, 0] outs(%e : tensor<3x16xf32>) : !zq.tensor<3x16xf32, #w> -> tensor<3x16xf32>
  %b = zq.decode %y at [0, 0] outs(%e : tensor<3x16xf32>) : !zq.tensor<3x16xf32, #w> -> tensor<3x16xf32>
  // expected-remark @+1 {{rotates a weight back: what is decoded is exact to the bit}}
  %ra = zq.rotate %a by #r1 inverse outs(%e : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  // expected-remark @+1 {{rotates a weight back: what is decoded is exact to the bit}}
  %rb = zq.rotate %b by #r1 inverse outs(%e : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  %s = linalg.add ins(%ra, %rb : tensor<3x16xf32>, tensor<3x16xf32>) outs(%e : tensor<3x16xf32>) -> tensor<3x16xf32>
  return %s : tensor<3x16xf32>
}

// -----

// Between two layers of constant weights: into the first one and its bias.

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#r1 = #zq.hadamard<axis = 1, block = 4>

// CHECK-LABEL: func.func @into_dense(
// CHECK-SAME: %[[X:.*]]: tensor<3x2xf32>, %[[W2:.*]]: tensor<5x4xf32>
// CHECK-DAG: %[[W1:.*]] = arith.constant dense<{{\[\[}}5.000000e+00, 0.000000e+00], [-1.000000e+00, 0.000000e+00], [-2.000000e+00, 0.000000e+00], [0.000000e+00, 0.000000e+00]]> : tensor<4x2xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<1.000000e+00> : tensor<4xf32>
// CHECK-NOT: zq.rotate
// CHECK: %[[Y:.*]] = linalg.matmul {{.*}} ins(%[[X]], %[[W1]] :
// CHECK: %[[H:.*]] = linalg.generic {{.*}} ins(%[[Y]], %[[B]] :
// CHECK: linalg.matmul {{.*}} ins(%[[H]], %[[W2]] :
func.func @into_dense(%x: tensor<3x2xf32>, %w2: tensor<5x4xf32>) -> tensor<3x5xf32> {
  %w1 = arith.constant dense<[[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]]> : tensor<4x2xf32>
  %bias = arith.constant dense<[2.0, 0.0, 0.0, 0.0]> : tensor<4xf32>
  %z = arith.constant dense<0.0> : tensor<3x4xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w1 : tensor<3x2xf32>, tensor<4x2xf32>)
      outs(%z : tensor<3x4xf32>) -> tensor<3x4xf32>
  %h = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (k)>,
      affine_map<(m, k) -> (m, k)>], iterator_types = ["parallel", "parallel"]}
      ins(%y, %bias : tensor<3x4xf32>, tensor<4xf32>) outs(%z : tensor<3x4xf32>) {
  ^bb0(%v: f32, %s: f32, %out: f32):
    %t = arith.addf %v, %s : f32
    linalg.yield %t : f32
  } -> tensor<3x4xf32>
  %r = zq.rotate %w2 by #r1 inverse outs(%w2 : tensor<5x4xf32>) : tensor<5x4xf32> -> tensor<5x4xf32>
  %z2 = arith.constant dense<0.0> : tensor<3x5xf32>
  %o = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%h, %r : tensor<3x4xf32>, tensor<5x4xf32>)
      outs(%z2 : tensor<3x5xf32>) -> tensor<3x5xf32>
  return %o : tensor<3x5xf32>
}

// Codes in another order are codes still: the order of the second layer's
// columns becomes that of the first one's rows.
// CHECK-LABEL: func.func @order_into_codes(
// CHECK-DAG: %[[CODES:.*]] = arith.constant dense<{{\[\[}}5, 6], [1, 2], [7, 8], [3, 4]]> : tensor<4x2xi8>
// CHECK-NOT: zq.rotate
// CHECK: zq.assemble %[[CODES]]
// CHECK-NOT: zq.rotate
// CHECK: return
func.func @order_into_codes(%x: tensor<3x2xf32>, %w2: tensor<5x4xf32>) -> tensor<3x5xf32> {
  %codes = arith.constant dense<[[1, 2], [3, 4], [5, 6], [7, 8]]> : tensor<4x2xi8>
  %order = arith.constant dense<[2, 0, 3, 1]> : tensor<4xi32>
  %c = zq.assemble %codes : tensor<4x2xi8> -> !zq.tensor<4x2xf32, #zq.codec<quantize<si8>, pack>>
  %e = tensor.empty() : tensor<4x2xf32>
  %w1 = zq.decode %c at [0, 0] outs(%e : tensor<4x2xf32>)
      : !zq.tensor<4x2xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x2xf32>
  %z = arith.constant dense<0.0> : tensor<3x4xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w1 : tensor<3x2xf32>, tensor<4x2xf32>)
      outs(%z : tensor<3x4xf32>) -> tensor<3x4xf32>
  %r = zq.rotate %w2 by #zq.permute<axis = 1> with %order : tensor<4xi32> inverse
      outs(%w2 : tensor<5x4xf32>) : tensor<5x4xf32> -> tensor<5x4xf32>
  %z2 = arith.constant dense<0.0> : tensor<3x5xf32>
  %o = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%y, %r : tensor<3x4xf32>, tensor<5x4xf32>)
      outs(%z2 : tensor<3x5xf32>) -> tensor<3x5xf32>
  return %o : tensor<3x5xf32>
}

// Rotated codes are none.
// CHECK-LABEL: func.func @not_into_codes(
// CHECK: %[[Y:.*]] = linalg.matmul
// CHECK: zq.rotate %[[Y]]
func.func @not_into_codes(%x: tensor<3x2xf32>, %w2: tensor<5x4xf32>) -> tensor<3x5xf32> {
  %codes = arith.constant dense<[[1, 2], [3, 4], [5, 6], [8, 8]]> : tensor<4x2xi8>
  %c = zq.assemble %codes : tensor<4x2xi8> -> !zq.tensor<4x2xf32, #zq.codec<quantize<si8>, pack>>
  %e = tensor.empty() : tensor<4x2xf32>
  %w1 = zq.decode %c at [0, 0] outs(%e : tensor<4x2xf32>)
      : !zq.tensor<4x2xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x2xf32>
  %z = arith.constant dense<0.0> : tensor<3x4xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w1 : tensor<3x2xf32>, tensor<4x2xf32>)
      outs(%z : tensor<3x4xf32>) -> tensor<3x4xf32>
  %r = zq.rotate %w2 by #zq.hadamard<axis = 1, block = 4, seed = 3> inverse
      outs(%w2 : tensor<5x4xf32>) : tensor<5x4xf32> -> tensor<5x4xf32>
  %z2 = arith.constant dense<0.0> : tensor<3x5xf32>
  // expected-remark @+1 {{rotates at run time: a constant before it, #zq.codec<quantize<si8>, pack>, would not hold the rotated values exactly}}
  %o = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%y, %r : tensor<3x4xf32>, tensor<5x4xf32>)
      outs(%z2 : tensor<3x5xf32>) -> tensor<3x5xf32>
  return %o : tensor<3x5xf32>
}
