// The text form of scales, offsets and dyadic numbers, and their streams.
// RUN: zq-opt %s | zq-opt | FileCheck %s

// What is the same without being said is not printed.
// CHECK-DAG: = #zq.codec<scale<tensor, f32>, quantize<si8>, pack>{{$}}
// CHECK-DAG: = #zq.codec<scale<1x16, f8E8M0FNU>, quantize<si8>, pack>{{$}}
func.func private @defaults(
    !zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32, absmax>, quantize<si8>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f8E8M0FNU, ceil>, quantize<si8>, pack>>)

// CHECK-DAG: = #zq.codec<scale<1x16, f16, meanabs>, quantize<si8>, pack>{{$}}
// CHECK-DAG: = #zq.codec<scale<1x16, f16, l2>, quantize<si8>, pack>{{$}}
// CHECK-DAG: = #zq.codec<scale<1x16, f16, rms>, quantize<si8>, pack>{{$}}
// CHECK-DAG: = #zq.codec<scale<1x16, f16, peak>, quantize<si8>, pack>{{$}}
// CHECK-DAG: = #zq.codec<scale<1x16, f16, search>, quantize<si8>, pack>{{$}}
// CHECK-DAG: = #zq.codec<scale<1x16, f8E8M0FNU, search, floor>, quantize<si8>, pack>{{$}}
func.func private @statistics(
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, meanabs>, quantize<si8>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, l2>, quantize<si8>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, rms>, quantize<si8>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, peak>, quantize<si8>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, search>, quantize<si8>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f8E8M0FNU, floor, search>, quantize<si8>, pack>>)

// CHECK-DAG: = #zq.codec<scale<1x16, f16, zero>, quantize<ui4>, pack>{{$}}
// CHECK-DAG: = #zq.codec<scale<1x16, f16, zero = bf16>, quantize<ui4>, pack>{{$}}
// CHECK-DAG: = #zq.codec<scale<1x16, f16, zero = [quantize<ui4>, pack], search>, quantize<ui4>, pack>{{$}}
func.func private @zero_points(
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, zero, absmax>, quantize<ui4>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, zero = bf16>, quantize<ui4>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, search, zero = [quantize<ui4>, pack]>, quantize<ui4>, pack>>)

// CHECK-DAG: = #zq.codec<offset<tensor, f32, mean>, quantize<si8>, pack>{{$}}
// CHECK-DAG: = #zq.codec<offset<1x?, f8E5M2, mid>, quantize<si8>, pack>{{$}}
// CHECK-DAG: = #zq.codec<offset<1x16, [scale<1x2, f16, peak>, quantize<ui6>, pack], min>, quantize<si8>, pack>{{$}}
func.func private @offsets(
    !zq.tensor<4x64xf32, #zq.codec<offset<tensor, f32, mean>, quantize<si8>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<offset<1x?, f8E5M2, mid>, quantize<si8>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<offset<1x16, [scale<1x2, f16, peak>, quantize<ui6>, pack], min>, quantize<si8>, pack>>)

// Sides with codecs have the streams of these, for the array's own shape.
// CHECK-LABEL: @streams
// CHECK-SAME: %[[W:.*]]: !zq.tensor
func.func @streams(%w: !zq.tensor<6x70xf32, #zq.codec<
    scale<1x16, [dyadic<bits = 8>, pack], zero = [scale<2x1, f16, zero = f16>, quantize<ui3>, pack]>,
    quantize<ui3>, pack>>)
    -> (tensor<6x5xi8>, tensor<6x5xi8>, tensor<3x5xf16>, tensor<3x5xf16>, tensor<6x2xi8>, tensor<6x27xi8>) {
  // CHECK: zq.disassemble %[[W]]
  // CHECK-SAME: -> tensor<6x5xi8>, tensor<6x5xi8>, tensor<3x5xf16>, tensor<3x5xf16>, tensor<6x2xi8>, tensor<6x27xi8>
  %s:6 = zq.disassemble %w : !zq.tensor<6x70xf32, #zq.codec<
      scale<1x16, [dyadic<bits = 8>, pack], zero = [scale<2x1, f16, zero = f16>, quantize<ui3>, pack]>,
      quantize<ui3>, pack>>
      -> tensor<6x5xi8>, tensor<6x5xi8>, tensor<3x5xf16>, tensor<3x5xf16>, tensor<6x2xi8>, tensor<6x27xi8>
  return %s#0, %s#1, %s#2, %s#3, %s#4, %s#5 : tensor<6x5xi8>, tensor<6x5xi8>, tensor<3x5xf16>, tensor<3x5xf16>, tensor<6x2xi8>, tensor<6x27xi8>
}
