// Bits per weight of every stream, from the type or from the data.
// RUN: zq-opt %s -zq-report-storage -o /dev/null 2>&1 | FileCheck %s
// RUN: zq-opt %s -zq-encode-constants -zq-report-storage -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=DATA

// CHECK: !zq.tensor<64x64xf32, #zq.codec<scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, pack>>
// CHECK-NEXT: | stream | stored as | bits per weight |
// CHECK-NEXT: |---|---|---|
// CHECK-NEXT: | `scale` | `tensor<1x1xf32>` | 0.00781 |
// CHECK-NEXT: | `scale1` | `tensor<64x4xf8E4M3FN>` | 0.50000 |
// CHECK-NEXT: | `codes` | `tensor<64x32xi8>` | 4.00000 |
// CHECK-NEXT: | together | | 4.50781 |
func.func @fixed(%w: !zq.tensor<64x64xf32, #zq.codec<nvfp4>>,
                 %v: !zq.tensor<64x64xf32, #zq.codec<nvfp4>>) {
  return
}

// Padding counts: 3 codes of 4 bits are 2 bytes, not one and a half.
// CHECK: !zq.tensor<1x3xf32
// CHECK: | `codes` | `tensor<1x2xi8>` | 5.33333 |
func.func @padded(%w: !zq.tensor<1x3xf32, #zq.codec<quantize<si4>, pack>>) {
  return
}

// Scales that are scaled themselves.
// CHECK: | `scale.scale` | `tensor<4x2xf16>` | 0.06250 |
// CHECK-NEXT: | `scale.codes` | `tensor<4x12xi8>` | 0.18750 |
// CHECK-NEXT: | `codes` | `tensor<4x256xi8>` | 4.00000 |
func.func @nested(%w: !zq.tensor<4x512xf32, #zq.codec<
    scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>, quantize<ui4>,
    pack>>) {
  return
}

// CHECK: | `bits` | `tensor<?xi8>` | ? |
// CHECK-NEXT: | together | | {{[0-9.]+}} and the data's |
// DATA: | `bits` | `tensor<10xi8>` | 10.00000 |
// DATA-NEXT: | together | | 34.00000 |
func.func @constant() -> !zq.tensor<2x4xf32, #zq.codec<quantize<ui1>, huffman<chunk = 64, length = 3>>> {
  %x = arith.constant dense<0.0> : tensor<2x4xf32>
  %w = zq.encode %x : tensor<2x4xf32> -> !zq.tensor<2x4xf32, #zq.codec<quantize<ui1>, huffman<chunk = 64, length = 3>>>
  return %w : !zq.tensor<2x4xf32, #zq.codec<quantize<ui1>, huffman<chunk = 64, length = 3>>>
}

// Nothing takes no room.
// CHECK: !zq.tensor<0x4xf32
// CHECK: | together | | 0.00000 |
func.func @empty(%w: !zq.tensor<0x4xf32, #zq.codec<quantize<ui1>, pack>>) {
  return
}
