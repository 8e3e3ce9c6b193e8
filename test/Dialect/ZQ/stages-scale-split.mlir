// A scale above a tensor stage becomes an op on tensors, where its blocks are
// whole dimensions.
// RUN: zq-opt %s -zq-split-codecs | FileCheck %s

// CHECK-DAG: #[[BEFORE:codec[0-9]+]] = #zq.codec<scale<1x16, f32>, raw<f32>>

// Only the rows of the window are decoded, and their scales read.
// CHECK-DAG: #[[PER_COLUMN:.*]] = affine_map<(d0, d1) -> (0, d1)>
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %{{.*}}: !zq.tensor<8x64xf32, {{.*}}>, %[[I:.*]]: index)
// CHECK: %[[STREAMS:.*]]:2 = zq.disassemble
// CHECK: zq.decode %{{.*}} at [%[[I]], 0] {{.*}} -> tensor<2x64xf32>
// CHECK: zq.rotate
// CHECK: %[[MAIN:.*]] = tensor.extract_slice %{{.*}}[0, 3] [2, 5] [1, 1]
// CHECK: %[[SCALES:.*]] = tensor.extract_slice %[[STREAMS]]#0[%[[I]], 0] [2, 1] [1, 1]
// CHECK: zq.scale %[[MAIN]] by %[[SCALES]] : tensor<2x5xf32>, tensor<2x1xf32>
func.func @rows(%w: !zq.tensor<8x64xf32, #zq.codec<scale<1x?, f32, l2>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si4>, pack>>, %i: index) -> tensor<2x5xf32> {
  %e = tensor.empty() : tensor<2x5xf32>
  %d = zq.decode %w at [%i, 3] outs(%e : tensor<2x5xf32>) : !zq.tensor<8x64xf32, #zq.codec<scale<1x?, f32, l2>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si4>, pack>> -> tensor<2x5xf32>
  return %d : tensor<2x5xf32>
}

// The zero point first.
// CHECK-LABEL: func.func @columns_with_zero_points(
// CHECK: %[[CENTRED:.*]] = linalg.generic {indexing_maps = [#{{.*}}, #[[PER_COLUMN]], #{{.*}}]
// CHECK: ^bb0(%[[MAIN:.*]]: f32, %[[ZERO:.*]]: i8, %{{.*}}: f32):
// CHECK: %[[WIDE:.*]] = arith.sitofp %[[ZERO]]
// CHECK: arith.subf %[[MAIN]], %[[WIDE]]
// CHECK: zq.scale %[[CENTRED]] by %{{.*}} : tensor<8x64xf32>, tensor<1x64xf32>
func.func @columns_with_zero_points(%w: !zq.tensor<8x64xf32, #zq.codec<scale<8x1, f16, zero>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si4>, pack>>) -> tensor<8x64xf32> {
  %e = tensor.empty() : tensor<8x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x64xf32>) : !zq.tensor<8x64xf32, #zq.codec<scale<8x1, f16, zero>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si4>, pack>> -> tensor<8x64xf32>
  return %d : tensor<8x64xf32>
}

// Blocks of another size, and scales that nothing widens on tensors, read from
// what is decoded before.
// CHECK-LABEL: func.func @blocks(
// CHECK: zq.decode {{.*}} -> tensor<8x64xf32>
// CHECK-NOT: linalg.generic
// CHECK: zq.decode {{.*}} #[[BEFORE]]> -> tensor<2x5xf32>
func.func @blocks(%w: !zq.tensor<8x64xf32, #zq.codec<scale<1x16, f32>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si4>, pack>>) -> tensor<2x5xf32> {
  %e = tensor.empty() : tensor<2x5xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<2x5xf32>) : !zq.tensor<8x64xf32, #zq.codec<scale<1x16, f32>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si4>, pack>> -> tensor<2x5xf32>
  return %d : tensor<2x5xf32>
}

// CHECK-LABEL: func.func @narrow_scales(
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @narrow_scales(%w: !zq.tensor<8x64xf32, #zq.codec<scale<1x?, f8E5M2>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si4>, pack>>) -> tensor<2x5xf32> {
  %e = tensor.empty() : tensor<2x5xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<2x5xf32>) : !zq.tensor<8x64xf32, #zq.codec<scale<1x?, f8E5M2>, hadamard<axis = 1, block = 64, seed = 1>, quantize<si4>, pack>> -> tensor<2x5xf32>
  return %d : tensor<2x5xf32>
}
