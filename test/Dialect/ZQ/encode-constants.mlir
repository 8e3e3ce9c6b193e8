// A constant becomes the streams that the reference codec makes of it.
// RUN: zq-opt %s -zq-encode-constants | FileCheck %s

// CHECK-LABEL: func.func @scales_of_scales_ragged(
// CHECK-DAG: %[[S:.*]] = arith.constant dense<5.58035739E-4> : tensor<1x1xf32>
// CHECK-DAG: %[[S1:.*]] = arith.constant dense<4.480000e+02> : tensor<2x2xf8E4M3FN>
// CHECK-DAG: %[[C:.*]] = arith.constant dense<119> : tensor<2x10xi8>
// CHECK: zq.assemble %[[S]], %[[S1]], %[[C]] : tensor<1x1xf32>, tensor<2x2xf8E4M3FN>, tensor<2x10xi8> -> !zq.tensor<2x20xf32, #nvfp4>
func.func @scales_of_scales_ragged() -> !zq.tensor<2x20xf32, #zq.codec<nvfp4>> {
  %x = arith.constant dense<1.5> : tensor<2x20xf32>
  %w = zq.encode %x : tensor<2x20xf32> -> !zq.tensor<2x20xf32, #zq.codec<nvfp4>>
  return %w : !zq.tensor<2x20xf32, #zq.codec<nvfp4>>
}

// 3-bit codes 0 1 2 3 3 and 0 -1 -2 -3 -4, each row from its first bit on; what
// does not fit saturates, what lies halfway goes to even.
// CHECK-LABEL: func.func @rows_of_packed_codes(
// CHECK: %[[C:.*]] = arith.constant dense<{{\[\[}}-120, 54], [-72, 75]]> : tensor<2x2xi8>
// CHECK: zq.assemble %[[C]]
func.func @rows_of_packed_codes() -> !zq.tensor<2x5xf32, #zq.codec<quantize<si3>, pack>> {
  %x = arith.constant dense<[[0.5, 1.0, 1.5, 3.0, 9.0], [0.0, -1.0, -2.5, -3.0, -9.0]]> : tensor<2x5xf32>
  %w = zq.encode %x : tensor<2x5xf32> -> !zq.tensor<2x5xf32, #zq.codec<quantize<si3>, pack>>
  return %w : !zq.tensor<2x5xf32, #zq.codec<quantize<si3>, pack>>
}

// CHECK-LABEL: func.func @resource(
// CHECK: %[[C:.*]] = arith.constant dense<{{\[\[}}1, -2, 127, 127]]> : tensor<1x4xi8>
// CHECK: zq.assemble %[[C]]
func.func @resource() -> !zq.tensor<1x4xf32, #zq.codec<quantize<si8>, pack>> {
  %x = arith.constant dense_resource<four> : tensor<1x4xf32>
  %w = zq.encode %x : tensor<1x4xf32> -> !zq.tensor<1x4xf32, #zq.codec<quantize<si8>, pack>>
  return %w : !zq.tensor<1x4xf32, #zq.codec<quantize<si8>, pack>>
}

// CHECK-LABEL: func.func @zero_points(
// CHECK-DAG: %[[S:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00]]> : tensor<1x2xbf16>
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<{{\[\[}}0, 15]]> : tensor<1x2xi8>
// CHECK-DAG: %[[C:.*]] = arith.constant dense<-16> : tensor<1x2xi8>
// CHECK: zq.assemble %[[S]], %[[Z]], %[[C]]
func.func @zero_points() -> !zq.tensor<1x4xf32, #zq.codec<scale<1x2, bf16, zero>, quantize<ui4>, pack>> {
  %x = arith.constant dense<[[0.0, 15.0, -30.0, 0.0]]> : tensor<1x4xf32>
  %w = zq.encode %x : tensor<1x4xf32> -> !zq.tensor<1x4xf32, #zq.codec<scale<1x2, bf16, zero>, quantize<ui4>, pack>>
  return %w : !zq.tensor<1x4xf32, #zq.codec<scale<1x2, bf16, zero>, quantize<ui4>, pack>>
}

// Indices 0 0 2 2 of two bits; -0.5 is halfway and goes to the lower entry.
// CHECK-LABEL: func.func @table_of_f16(
// CHECK: %[[C:.*]] = arith.constant dense<-96> : tensor<1xi8>
// CHECK: zq.assemble %[[C]]
func.func @table_of_f16() -> !zq.tensor<4xf16, #zq.codec<lookup<[-1.0, 0.0, 2.0]>, pack>> {
  %x = arith.constant dense<[-5.0, -0.5, 1.5, 9.0]> : tensor<4xf16>
  %w = zq.encode %x : tensor<4xf16> -> !zq.tensor<4xf16, #zq.codec<lookup<[-1.0, 0.0, 2.0]>, pack>>
  return %w : !zq.tensor<4xf16, #zq.codec<lookup<[-1.0, 0.0, 2.0]>, pack>>
}

// Every bit is kept, those of NaN too. The length of the bits is known only
// now, and does not show in the type.
// CHECK-LABEL: func.func @lossless(
// CHECK-DAG: %[[M:.*]] = arith.constant dense<{{\[\[}}65, -128, -128, 1]]> : tensor<1x4xi8>
// CHECK-DAG: %[[T:.*]] = arith.constant dense<"0x0001FF01{{.*}}"> : tensor<256xi16>
// CHECK-DAG: %[[O:.*]] = arith.constant dense<0> : tensor<1x1xi32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<[3, 0, 0, 0, 0, 0, 0, 0, 0]> : tensor<9xi8>
// CHECK-DAG: %[[D:.*]] = tensor.cast %[[B]] : tensor<9xi8> to tensor<?xi8>
// CHECK: zq.assemble %[[M]], %[[T]], %[[O]], %[[D]]
func.func @lossless() -> !zq.tensor<1x4xbf16, #zq.codec<fields<bf16>, huffman<chunk = 64, length = 8>>> {
  %x = arith.constant dense<[[0x7FC1, 0xFF80, 0x8000, 0x0001]]> : tensor<1x4xbf16>
  %w = zq.encode %x : tensor<1x4xbf16> -> !zq.tensor<1x4xbf16, #zq.codec<fields<bf16>, huffman<chunk = 64, length = 8>>>
  return %w : !zq.tensor<1x4xbf16, #zq.codec<fields<bf16>, huffman<chunk = 64, length = 8>>>
}

// The first sign of seed 1 is -1.
// CHECK-LABEL: func.func @rotated(
// CHECK: %[[C:.*]] = arith.constant dense<-1> : tensor<1x4xi8>
// CHECK: zq.assemble %[[C]]
func.func @rotated() -> !zq.tensor<1x4xf32, #zq.codec<hadamard<axis = 1, block = 4, seed = 1>, quantize<si8>, pack>> {
  %x = arith.constant dense<[[2.0, 0.0, 0.0, 0.0]]> : tensor<1x4xf32>
  %w = zq.encode %x : tensor<1x4xf32> -> !zq.tensor<1x4xf32, #zq.codec<hadamard<axis = 1, block = 4, seed = 1>, quantize<si8>, pack>>
  return %w : !zq.tensor<1x4xf32, #zq.codec<hadamard<axis = 1, block = 4, seed = 1>, quantize<si8>, pack>>
}

// CHECK-LABEL: func.func @infinity_where_the_codes_have_it(
// CHECK: arith.constant dense<{{\[\[}}124, -4]]> : tensor<1x2xi8>
func.func @infinity_where_the_codes_have_it() -> !zq.tensor<1x2xf32, #zq.codec<quantize<f8E5M2>, pack>> {
  %x = arith.constant dense<[[0x7F800000, 0xFF800000]]> : tensor<1x2xf32>
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<quantize<f8E5M2>, pack>>
  return %w : !zq.tensor<1x2xf32, #zq.codec<quantize<f8E5M2>, pack>>
}

// CHECK-LABEL: func.func @zeros(
// CHECK-DAG: arith.constant dense<0.000000e+00> : tensor<1x1xf32>
// CHECK-DAG: arith.constant dense<0> : tensor<1x2xi8>
// CHECK: zq.assemble
func.func @zeros() -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, pack>> {
  %x = arith.constant dense<0.0> : tensor<1x2xf32>
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, pack>>
  return %w : !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, pack>>
}

// CHECK-LABEL: func.func @no_elements(
// CHECK: zq.assemble %{{.*}} : tensor<1x1xf32>, tensor<0x1xf8E4M3FN>, tensor<0x8xi8>
func.func @no_elements() -> !zq.tensor<0x16xf32, #zq.codec<nvfp4>> {
  %x = arith.constant dense<> : tensor<0x16xf32>
  %w = zq.encode %x : tensor<0x16xf32> -> !zq.tensor<0x16xf32, #zq.codec<nvfp4>>
  return %w : !zq.tensor<0x16xf32, #zq.codec<nvfp4>>
}

// CHECK-LABEL: func.func @not_constant(
// CHECK-NEXT: %[[W:.*]] = zq.encode
// CHECK-NEXT: return %[[W]]
func.func @not_constant(%x: tensor<1x4xf32>) -> !zq.tensor<1x4xf32, #zq.codec<quantize<si8>, pack>> {
  %w = zq.encode %x : tensor<1x4xf32> -> !zq.tensor<1x4xf32, #zq.codec<quantize<si8>, pack>>
  return %w : !zq.tensor<1x4xf32, #zq.codec<quantize<si8>, pack>>
}

{-#
  dialect_resources: {
    builtin: {
      four: "0x040000000000803F000000C00000FE4200004844"
    }
  }
#-}
