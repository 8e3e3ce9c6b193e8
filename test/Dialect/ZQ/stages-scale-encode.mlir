// Each option of scales and offsets reaches the encoder.
// RUN: zq-opt %s -zq-encode-constants | FileCheck %s

// CHECK-LABEL: func.func @norm(
// CHECK: arith.constant dense<5.000000e+00> : tensor<1x1xf32>
func.func @norm() -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, l2>, quantize<si8>, pack>> {
  %x = arith.constant dense<[[3.0, -4.0]]> : tensor<1x2xf32>
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, l2>, quantize<si8>, pack>>
  return %w : !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, l2>, quantize<si8>, pack>>
}

// CHECK-LABEL: func.func @mean_magnitude(
// CHECK: arith.constant dense<3.500000e+00> : tensor<1x1xf32>
func.func @mean_magnitude() -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, meanabs>, quantize<si8>, pack>> {
  %x = arith.constant dense<[[3.0, -4.0]]> : tensor<1x2xf32>
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, meanabs>, quantize<si8>, pack>>
  return %w : !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, meanabs>, quantize<si8>, pack>>
}

// CHECK-LABEL: func.func @root_mean_square(
// CHECK: arith.constant dense<5.000000e+00> : tensor<1x1xf32>
func.func @root_mean_square() -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, rms>, quantize<si8>, pack>> {
  %x = arith.constant dense<[[1.0, -7.0]]> : tensor<1x2xf32>
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, rms>, quantize<si8>, pack>>
  return %w : !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, rms>, quantize<si8>, pack>>
}

// 4 / -8.
// CHECK-LABEL: func.func @peak(
// CHECK-DAG: arith.constant dense<-5.000000e-01> : tensor<1x1xf16>
// CHECK-DAG: arith.constant dense<40> : tensor<1x1xi8>
func.func @peak() -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f16, peak>, quantize<si4>, pack>> {
  %x = arith.constant dense<[[4.0, -1.0]]> : tensor<1x2xf32>
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f16, peak>, quantize<si4>, pack>>
  return %w : !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f16, peak>, quantize<si4>, pack>>
}

// The halves are nearer to multiples of another scale than 1.
// CHECK-LABEL: func.func @search(
// CHECK: arith.constant dense<9.750000e-01> : tensor<1x1xf32>
func.func @search() -> !zq.tensor<1x4xf32, #zq.codec<scale<1x?, f32, search>, quantize<si4>, pack>> {
  %x = arith.constant dense<[[7.0, 0.5, 0.5, 0.5]]> : tensor<1x4xf32>
  %w = zq.encode %x : tensor<1x4xf32> -> !zq.tensor<1x4xf32, #zq.codec<scale<1x?, f32, search>, quantize<si4>, pack>>
  return %w : !zq.tensor<1x4xf32, #zq.codec<scale<1x?, f32, search>, quantize<si4>, pack>>
}

// 255 / 127 is between 2 and 4.
// CHECK-LABEL: func.func @floor(
// CHECK: arith.constant dense<2.000000e+00> : tensor<1x1xf8E8M0FNU>
// CHECK: arith.constant dense<4.000000e+00> : tensor<1x1xf8E8M0FNU>
func.func @floor() -> (!zq.tensor<1x1xf32, #zq.codec<scale<1x?, f8E8M0FNU, floor>, quantize<si8>, pack>>,
                       !zq.tensor<1x1xf32, #zq.codec<scale<1x?, f8E8M0FNU>, quantize<si8>, pack>>) {
  %x = arith.constant dense<255.0> : tensor<1x1xf32>
  %f = zq.encode %x : tensor<1x1xf32> -> !zq.tensor<1x1xf32, #zq.codec<scale<1x?, f8E8M0FNU, floor>, quantize<si8>, pack>>
  %c = zq.encode %x : tensor<1x1xf32> -> !zq.tensor<1x1xf32, #zq.codec<scale<1x?, f8E8M0FNU>, quantize<si8>, pack>>
  return %f, %c : !zq.tensor<1x1xf32, #zq.codec<scale<1x?, f8E8M0FNU, floor>, quantize<si8>, pack>>,
                  !zq.tensor<1x1xf32, #zq.codec<scale<1x?, f8E8M0FNU>, quantize<si8>, pack>>
}

// From -2.25 to 5.25 in 15 steps.
// CHECK-LABEL: func.func @fractional_zero(
// CHECK-DAG: arith.constant dense<5.000000e-01> : tensor<1x1xf32>
// CHECK-DAG: arith.constant dense<4.500000e+00> : tensor<1x1xbf16>
func.func @fractional_zero() -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, zero = bf16>, quantize<ui4>, pack>> {
  %x = arith.constant dense<[[-2.25, 5.25]]> : tensor<1x2xf32>
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, zero = bf16>, quantize<ui4>, pack>>
  return %w : !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, zero = bf16>, quantize<ui4>, pack>>
}

// CHECK-LABEL: func.func @packed_zero(
// CHECK-DAG: arith.constant dense<1.000000e+00> : tensor<1x1xf32>
// CHECK-DAG: arith.constant dense<7> : tensor<1x1xi8>
func.func @packed_zero() -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, zero = [quantize<ui4>, pack]>, quantize<ui4>, pack>> {
  %x = arith.constant dense<[[-7.25, 7.75]]> : tensor<1x2xf32>
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, zero = [quantize<ui4>, pack]>, quantize<ui4>, pack>>
  return %w : !zq.tensor<1x2xf32, #zq.codec<scale<1x?, f32, zero = [quantize<ui4>, pack]>, quantize<ui4>, pack>>
}

// 3 = 192 * 2^-6.
// CHECK-LABEL: func.func @dyadic_scale(
// CHECK-DAG: arith.constant dense<-6> : tensor<1x1xi8>
// CHECK-DAG: arith.constant dense<-64> : tensor<1x1xi8>
func.func @dyadic_scale() -> !zq.tensor<1x1xf32, #zq.codec<scale<1x?, [dyadic<bits = 8>, pack]>, quantize<si2>, pack>> {
  %x = arith.constant dense<3.0> : tensor<1x1xf32>
  %w = zq.encode %x : tensor<1x1xf32> -> !zq.tensor<1x1xf32, #zq.codec<scale<1x?, [dyadic<bits = 8>, pack]>, quantize<si2>, pack>>
  return %w : !zq.tensor<1x1xf32, #zq.codec<scale<1x?, [dyadic<bits = 8>, pack]>, quantize<si2>, pack>>
}

// CHECK-LABEL: func.func @offsets(
// CHECK: arith.constant dense<-2.000000e+00> : tensor<1x1xf32>
// CHECK: arith.constant dense<2.000000e+00> : tensor<1x1xf32>
// CHECK: arith.constant dense<1.000000e+00> : tensor<1x1xf32>
func.func @offsets() -> (!zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, min>, quantize<si8>, pack>>,
                         !zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, mid>, quantize<si8>, pack>>,
                         !zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, mean>, quantize<si8>, pack>>) {
  %x = arith.constant dense<[[-2.0, -1.0, 6.0]]> : tensor<1x3xf32>
  %a = zq.encode %x : tensor<1x3xf32> -> !zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, min>, quantize<si8>, pack>>
  %b = zq.encode %x : tensor<1x3xf32> -> !zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, mid>, quantize<si8>, pack>>
  %c = zq.encode %x : tensor<1x3xf32> -> !zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, mean>, quantize<si8>, pack>>
  return %a, %b, %c : !zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, min>, quantize<si8>, pack>>,
                      !zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, mid>, quantize<si8>, pack>>,
                      !zq.tensor<1x3xf32, #zq.codec<offset<1x?, f32, mean>, quantize<si8>, pack>>
}
