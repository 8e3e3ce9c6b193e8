// The text of transforms and of splits into parts, and what they store.
// RUN: zq-opt %s | zq-opt | FileCheck %s

// CHECK-DAG: = #zq.codec<hadamard<axis = 1, block = 128, seed = 1>, hadamard<axis = 0, block = 36>, hadamard<axis = 1, block = 14336, seed = 18446744073709551615>, quantize<si4>
// CHECK-DAG: = #zq.codec<orthogonal<axis = 1, block = 20, seed = 3>, orthogonal<axis = 0, block = 3, seed = 4, per_block>, quantize<si4>
// CHECK-DAG: = #zq.codec<sketch<axis = 0, seed = 5>, sketch<axis = 1, block = 24, seed = 6>
// CHECK-DAG: = #zq.codec<permute<axis = 1>
// CHECK-DAG: = #zq.codec<lowrank<rank = 3, value, f16>, lowrank<rank = 2, error, [quantize<si4>, pack]>
// CHECK-DAG: = #zq.codec<outliers<fraction = 1.000000e-02, add, f16>, outliers<fraction = 1.000000e+00, replace, f8E5M2>
// CHECK-DAG: = #zq.codec<channels<axis = 1, first = 20, [quantize<si8>, pack]>, channels<axis = 0, first = 3, bf16>
// CHECK-DAG: = #zq.codec<residual<f32>, residual<[scale<1x?, f32>, quantize<si4>, pack]>

// CHECK-LABEL: func.func private @hadamard(
func.func private @hadamard(!zq.tensor<64x64xf32, #zq.codec<
    hadamard<axis = 1, block = 128, seed = 1>, hadamard<axis = 0, block = 36>,
    hadamard<axis = 1, block = 14336, seed = 18446744073709551615>, quantize<si4>, pack>>)

// CHECK-LABEL: func.func @orthogonal(
// CHECK: zq.disassemble {{.*}} -> tensor<20x20xf32>, tensor<2x3x3xf32>, tensor<7x32xi8>
!orthogonal = !zq.tensor<7x64xf32, #zq.codec<
    orthogonal<axis = 1, block = 20, seed = 3>,
    orthogonal<axis = 0, block = 3, seed = 4, per_block>, quantize<si4>, pack>>
func.func @orthogonal(%w: !orthogonal) -> tensor<2x3x3xf32> {
  %s:3 = zq.disassemble %w
      : !orthogonal -> tensor<20x20xf32>, tensor<2x3x3xf32>, tensor<7x32xi8>
  return %s#1 : tensor<2x3x3xf32>
}

// CHECK-LABEL: func.func @sketch(
// CHECK: zq.disassemble {{.*}} -> tensor<8x8xf32>, tensor<24x24xf32>, tensor<8x16xi8>
!sketch = !zq.tensor<8x64xf32, #zq.codec<sketch<axis = 0, seed = 5>,
    sketch<axis = 1, block = 24, seed = 6>, quantize<si2>, pack>>
func.func @sketch(%w: !sketch) -> tensor<8x8xf32> {
  %s:3 = zq.disassemble %w
      : !sketch -> tensor<8x8xf32>, tensor<24x24xf32>, tensor<8x16xi8>
  return %s#0 : tensor<8x8xf32>
}

// CHECK-LABEL: func.func @permute(
// CHECK: zq.disassemble {{.*}} -> tensor<64xi32>, tensor<8x16xi8>
!permute = !zq.tensor<8x64xf32, #zq.codec<permute<axis = 1>, quantize<si2>, pack>>
func.func @permute(%w: !permute) -> tensor<64xi32> {
  %s:2 = zq.disassemble %w : !permute -> tensor<64xi32>, tensor<8x16xi8>
  return %s#0 : tensor<64xi32>
}

// Factors of a batch of matrices; those of the second stage have a codec.
// CHECK-LABEL: func.func @lowrank(
// CHECK: zq.disassemble {{.*}} -> tensor<5x8x3xf16>, tensor<5x3x64xf16>, tensor<5x8x1xi8>, tensor<5x2x32xi8>, tensor<5x8x16xi8>
!lowrank = !zq.tensor<5x8x64xf32, #zq.codec<lowrank<rank = 3, value, f16>,
    lowrank<rank = 2, error, [quantize<si4>, pack]>, quantize<si2>, pack>>
func.func @lowrank(%w: !lowrank) -> tensor<5x8x3xf16> {
  %s:5 = zq.disassemble %w : !lowrank -> tensor<5x8x3xf16>, tensor<5x3x64xf16>,
      tensor<5x8x1xi8>, tensor<5x2x32xi8>, tensor<5x8x16xi8>
  return %s#0 : tensor<5x8x3xf16>
}

// CHECK-LABEL: func.func @outliers(
// CHECK: zq.disassemble {{.*}} -> tensor<41xi32>, tensor<?xi32>, tensor<?xf16>, tensor<41xi32>, tensor<?xi32>, tensor<?xf8E5M2>, tensor<5x8x16xi8>
!outliers = !zq.tensor<5x8x64xf32, #zq.codec<outliers<fraction = 0.01, add, f16>,
    outliers<fraction = 1.0, replace, f8E5M2>, quantize<si2>, pack>>
func.func @outliers(%w: !outliers) -> tensor<41xi32> {
  %s:7 = zq.disassemble %w : !outliers -> tensor<41xi32>, tensor<?xi32>, tensor<?xf16>,
      tensor<41xi32>, tensor<?xi32>, tensor<?xf8E5M2>, tensor<5x8x16xi8>
  return %s#0 : tensor<41xi32>
}

// The main array has fewer channels, also for the stages below.
// CHECK-LABEL: func.func @channels(
// CHECK: zq.disassemble {{.*}} -> tensor<8x20xi8>, tensor<3x44xbf16>, tensor<5x3xf32>, tensor<5x11xi8>
!channels = !zq.tensor<8x64xf32, #zq.codec<
    channels<axis = 1, first = 20, [quantize<si8>, pack]>,
    channels<axis = 0, first = 3, bf16>, scale<1x16, f32>, quantize<si2>, pack>>
func.func @channels(%w: !channels) -> tensor<5x3xf32> {
  %s:4 = zq.disassemble %w
      : !channels -> tensor<8x20xi8>, tensor<3x44xbf16>, tensor<5x3xf32>, tensor<5x11xi8>
  return %s#2 : tensor<5x3xf32>
}

// CHECK-LABEL: func.func @residual(
// CHECK: zq.disassemble {{.*}} -> tensor<8x64xf32>, tensor<8x1xf32>, tensor<8x32xi8>, tensor<8x16xi8>
!residual = !zq.tensor<8x64xf32, #zq.codec<residual<f32>,
    residual<[scale<1x?, f32>, quantize<si4>, pack]>, quantize<si2>, pack>>
func.func @residual(%w: !residual) -> tensor<8x64xf32> {
  %s:4 = zq.disassemble %w
      : !residual -> tensor<8x64xf32>, tensor<8x1xf32>, tensor<8x32xi8>, tensor<8x16xi8>
  return %s#0 : tensor<8x64xf32>
}
