// Stages that are ops on tensors leave their codecs.
// RUN: zq-opt %s -zq-split-codecs -verify-diagnostics -split-input-file | FileCheck %s

#rotated = #zq.codec<hadamard<axis = 1, block = 64, seed = 1>, quantize<si8>, pack>

// The axis of the rotation is decoded whole, the others as far as asked for.
// CHECK: #[[REST:.*]] = #zq.codec<quantize<si8>, pack>
// CHECK-LABEL: func.func @outermost(
// CHECK: %[[W:.*]] = zq.assemble {{.*}} -> !zq.tensor<64x128xf32, #[[REST]]>
// CHECK: %[[D:.*]] = zq.decode %[[W]] at [%{{.*}}, 0] {{.*}} -> tensor<8x128xf32>
// CHECK: %[[R:.*]] = zq.rotate %[[D]] by #zq.hadamard<axis = 1, block = 64, seed = 1> inverse
// CHECK: tensor.extract_slice %[[R]][0, 32] [8, 16] [1, 1]
func.func @outermost(%w: !zq.tensor<64x128xf32, #rotated>, %i: index)
    -> tensor<8x16xf32> {
  %e = tensor.empty() : tensor<8x16xf32>
  %d = zq.decode %w at [%i, 32] outs(%e : tensor<8x16xf32>)
      : !zq.tensor<64x128xf32, #rotated> -> tensor<8x16xf32>
  return %d : tensor<8x16xf32>
}

// -----

#below = #zq.codec<scale<3x5, f32>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si8>, pack>

// A stage of blocks above it reads what was decoded before.
// CHECK: #[[RAW:.*]] = #zq.codec<scale<3x5, f32>, raw<f32>>
// CHECK-LABEL: func.func @below(
// CHECK: %[[S:.*]]:2 = zq.disassemble
// CHECK: %[[R:.*]] = zq.rotate
// CHECK: %[[W:.*]] = zq.assemble %[[S]]#0, %[[R]] : {{.*}} -> !zq.tensor<64x128xf32, #[[RAW]]>
// CHECK: zq.decode %[[W]] at [0, 0]
func.func @below(%w: !zq.tensor<64x128xf32, #below>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  // expected-remark @+1 {{is decoded as a whole, before the stages above it}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>)
      : !zq.tensor<64x128xf32, #below> -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}

// -----

#coded = #zq.codec<scale<1x32, [quantize<ui6>, huffman<chunk = 64, length = 8>]>, quantize<ui4>, pack>

// Scales that no block decodes for itself are decoded before.
// CHECK: #[[SCALES:.*]] = #zq.codec<quantize<ui6>, huffman<chunk = 64, length = 8>>
// CHECK: #[[PLAIN:.*]] = #zq.codec<scale<1x32, f32>, quantize<ui4>, pack>
// CHECK-LABEL: func.func @side(
// CHECK: %[[S:.*]]:4 = zq.disassemble
// CHECK: %[[A:.*]] = zq.assemble %[[S]]#0, %[[S]]#1, %[[S]]#2 : {{.*}} -> !zq.tensor<64x4xf32, #[[SCALES]]>
// CHECK: %[[D:.*]] = zq.decode %[[A]] at [0, 0]
// CHECK: zq.assemble %[[D]], %[[S]]#3 : {{.*}} -> !zq.tensor<64x128xf32, #[[PLAIN]]>
func.func @side(%w: !zq.tensor<64x128xf32, #coded>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  // expected-remark @+1 {{"scale" of #zq.scale<1x32, [quantize<ui6>, huffman<chunk = 64, length = 8>]> is decoded as a whole, before the blocks that need it}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>)
      : !zq.tensor<64x128xf32, #coded> -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}

// -----

#plain = #zq.codec<scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>, quantize<ui4>, pack>

// Those that a block decodes for itself stay where they are.
// CHECK-LABEL: func.func @stays(
// CHECK-NEXT: tensor.empty
// CHECK-NEXT: zq.decode
// CHECK-NEXT: return
func.func @stays(%w: !zq.tensor<64x128xf32, #plain>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>)
      : !zq.tensor<64x128xf32, #plain> -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}

// -----

// Scales that are the same for all that a transform mixes change places with it
// where contractions are all that sees the rounding.

#blocks = #zq.codec<scale<1x64, f8E4M3FN>, hadamard<axis = 1, block = 32, seed = 1>, quantize<si4>, pack>
#mixed = #zq.codec<scale<1x16, f32>, hadamard<axis = 1, block = 32, seed = 1>, quantize<si4>, pack>
#zeros = #zq.codec<scale<1x64, f32, zero>, hadamard<axis = 1, block = 32, seed = 1>, quantize<ui4>, pack>
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// CHECK-DAG: #[[SCALED:.*]] = #zq.codec<scale<1x64, f8E4M3FN>, quantize<si4>, pack>

// CHECK-LABEL: func.func @exchanged(
// CHECK: %[[D:.*]] = zq.decode %{{.*}} at [0, 0] {{.*}} #[[SCALED]]>
// CHECK: %[[R:.*]] = zq.rotate %[[D]] by #zq.hadamard<axis = 1, block = 32, seed = 1> inverse
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[R]] :
func.func @exchanged(%x: tensor<3x128xf32>, %w: !zq.tensor<8x128xf32, #blocks>, %y: tensor<3x8xf32>)
    -> tensor<3x8xf32> {
  %e = tensor.empty() : tensor<8x128xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x128xf32>) : !zq.tensor<8x128xf32, #blocks> -> tensor<8x128xf32>
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %d : tensor<3x128xf32>, tensor<8x128xf32>)
      outs(%y : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %z : tensor<3x8xf32>
}

// The bits of the decoded values are asked for.
// CHECK-LABEL: func.func @returned(
func.func @returned(%x: tensor<3x128xf32>, %w: !zq.tensor<8x128xf32, #blocks>, %y: tensor<3x8xf32>)
    -> (tensor<3x8xf32>, tensor<8x128xf32>) {
  %e = tensor.empty() : tensor<8x128xf32>
  // expected-remark @+1 {{#zq.hadamard<axis = 1, block = 32, seed = 1> is decoded as a whole, before the stages above it}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x128xf32>) : !zq.tensor<8x128xf32, #blocks> -> tensor<8x128xf32>
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %d : tensor<3x128xf32>, tensor<8x128xf32>)
      outs(%y : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %z, %d : tensor<3x8xf32>, tensor<8x128xf32>
}

// The transform's axis is one of the result.
// CHECK-LABEL: func.func @not_contracted(
func.func @not_contracted(%x: tensor<3x8xf32>, %w: !zq.tensor<8x128xf32, #blocks>, %y: tensor<3x128xf32>)
    -> tensor<3x128xf32> {
  %e = tensor.empty() : tensor<8x128xf32>
  // expected-remark @+1 {{#zq.hadamard<axis = 1, block = 32, seed = 1> is decoded as a whole, before the stages above it}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x128xf32>) : !zq.tensor<8x128xf32, #blocks> -> tensor<8x128xf32>
  %z = linalg.matmul indexing_maps = [#mk, #kn, #mn] ins(%x, %d : tensor<3x8xf32>, tensor<8x128xf32>)
      outs(%y : tensor<3x128xf32>) -> tensor<3x128xf32>
  return %z : tensor<3x128xf32>
}

// A block of the transform has two scales.
// CHECK-LABEL: func.func @mixed(
func.func @mixed(%x: tensor<3x128xf32>, %w: !zq.tensor<8x128xf32, #mixed>, %y: tensor<3x8xf32>)
    -> tensor<3x8xf32> {
  %e = tensor.empty() : tensor<8x128xf32>
  // expected-remark @+1 {{#zq.hadamard<axis = 1, block = 32, seed = 1> is decoded as a whole, before the stages above it}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x128xf32>) : !zq.tensor<8x128xf32, #mixed> -> tensor<8x128xf32>
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %d : tensor<3x128xf32>, tensor<8x128xf32>)
      outs(%y : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %z : tensor<3x8xf32>
}

// A zero point is no factor.
// CHECK-LABEL: func.func @zeros(
func.func @zeros(%x: tensor<3x128xf32>, %w: !zq.tensor<8x128xf32, #zeros>, %y: tensor<3x8xf32>)
    -> tensor<3x8xf32> {
  %e = tensor.empty() : tensor<8x128xf32>
  // expected-remark @+1 {{#zq.hadamard<axis = 1, block = 32, seed = 1> is decoded as a whole, before the stages above it}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x128xf32>) : !zq.tensor<8x128xf32, #zeros> -> tensor<8x128xf32>
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %d : tensor<3x128xf32>, tensor<8x128xf32>)
      outs(%y : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %z : tensor<3x8xf32>
}

// -----

#positions = #zq.codec<sparse<2:4, [huffman<chunk = 64, length = 4>]>, raw<f16>>

// Codes that no block decodes for itself are, as floats, what quantize reads
// the same codes as.
// CHECK: #[[CODES:.*]] = #zq.codec<quantize<ui2>, huffman<chunk = 64, length = 4>>
// CHECK: #[[PLAIN:.*]] = #zq.codec<sparse<2:4>, raw<f16>>
// CHECK-LABEL: func.func @side_of_codes(
// CHECK: %[[S:.*]]:4 = zq.disassemble
// CHECK: %[[A:.*]] = zq.assemble %[[S]]#0, %[[S]]#1, %[[S]]#2 : {{.*}} -> !zq.tensor<64x64xf32, #[[CODES]]>
// CHECK: %[[D:.*]] = zq.decode %[[A]] at [0, 0]
// CHECK: %[[I:.*]] = arith.fptoui %[[D]] : tensor<64x64xf32> to tensor<64x64xi8>
// CHECK: zq.assemble %[[I]], %[[S]]#3 : {{.*}} -> !zq.tensor<64x128xf32, #[[PLAIN]]>
func.func @side_of_codes(%w: !zq.tensor<64x128xf32, #positions>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  // expected-remark @+1 {{"index" of #zq.sparse<2:4, [huffman<chunk = 64, length = 4>]> is decoded as a whole, before the blocks that need it}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>)
      : !zq.tensor<64x128xf32, #positions> -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}

// -----

#outliers = #zq.codec<outliers<fraction = 0.01, add, [scale<16, f16>, quantize<si8>, pack]>, scale<1x16, f16>, quantize<si4>, pack>

// Of 8192 elements 81, whose values have a codec, are decoded as a whole.
// CHECK: #[[VALUES:.*]] = #zq.codec<scale<16, f16>, quantize<si8>, pack>
// CHECK-LABEL: func.func @outlier_values(
// CHECK: %[[S:.*]]:6 = zq.disassemble {{.*}} -> tensor<65xi32>, tensor<81xi32>, tensor<6xf16>, tensor<81xi8>,
// CHECK: %[[A:.*]] = zq.assemble %[[S]]#2, %[[S]]#3 : {{.*}} -> !zq.tensor<81xf32, #[[VALUES]]>
// CHECK: %[[D:.*]] = zq.decode %[[A]] at [0]
// CHECK: zq.scatter %[[S]]#0, %[[S]]#1, %[[D]] into
func.func @outlier_values(%w: !zq.tensor<64x128xf32, #outliers>, %i: index) -> tensor<8x128xf32> {
  %e = tensor.empty() : tensor<8x128xf32>
  %d = zq.decode %w at [%i, 0] outs(%e : tensor<8x128xf32>)
      : !zq.tensor<64x128xf32, #outliers> -> tensor<8x128xf32>
  return %d : tensor<8x128xf32>
}

// -----

#scaled = #zq.codec<scale<1x?, f16>, hadamard<axis = 1, block = 64>, quantize<si8>, pack>

// A scale of rows may leave the sum of a contraction; a division may not.
// CHECK-LABEL: func.func @scale_of_rows(
// CHECK: %[[R:.*]] = zq.rotate
// CHECK: zq.scale %[[R]] by %{{.*}} : tensor<64x128xf32>, tensor<64x1xf32>
func.func @scale_of_rows(%w: !zq.tensor<64x128xf32, #scaled>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>)
      : !zq.tensor<64x128xf32, #scaled> -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}

// -----

#divided = #zq.codec<scale<1x?, f32, divide>, hadamard<axis = 1, block = 64>, quantize<si8>, pack>

// CHECK-LABEL: func.func @divisor_of_rows(
// CHECK: linalg.generic
// CHECK: arith.divf
func.func @divisor_of_rows(%w: !zq.tensor<64x128xf32, #divided>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>)
      : !zq.tensor<64x128xf32, #divided> -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}

// -----

#all = #zq.codec<channels<axis = 0, first = 2, [quantize<si8>, pack]>, quantize<si4>, pack>

// Channels that are all of an axis leave nothing below them. Wherever a window
// is, none of it is decoded from there.
// CHECK-LABEL: func.func @all_channels(
// CHECK-SAME: %[[I:[a-z0-9]+]]: index
// CHECK: zq.decode {{.*}} at [%[[I]], 3] {{.*}} -> tensor<1x5xf32>
// CHECK-NOT: zq.decode
// CHECK: return
func.func @all_channels(%w: !zq.tensor<2x16xf32, #all>, %i: index) -> tensor<1x5xf32> {
  %e = tensor.empty() : tensor<1x5xf32>
  %d = zq.decode %w at [%i, 3] outs(%e : tensor<1x5xf32>)
      : !zq.tensor<2x16xf32, #all> -> tensor<1x5xf32>
  return %d : tensor<1x5xf32>
}

// -----

#panels = #zq.codec<scale<1x32, f16, zero = [quantize<ui4>, huffman<chunk = 64, length = 8>], rows = 16>, quantize<ui4>, pack>

// Decoded before, zero points would be rows, where scales are panels of them.
func.func @one_in_panels(%w: !zq.tensor<64x128xf32, #panels>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  // expected-error @+1 {{cannot decode "zero" of}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>)
      : !zq.tensor<64x128xf32, #panels> -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}
