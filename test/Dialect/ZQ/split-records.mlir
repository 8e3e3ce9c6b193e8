// Records become the arrays that lie in them, once for all that decode them.
// RUN: zq-opt %s -zq-split-records -split-input-file | FileCheck %s
// RUN: zq-opt %s -split-input-file | zq-opt -split-input-file | FileCheck %s --check-prefix=TEXT

!w = !zq.tensor<33x100xf32, #zq.codec<scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = 16>, quantize<f4E2M1FN>, pack<lanes = 16x4>, records = 64>>

// TEXT: #zq.codec<scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = 16>, quantize<f4E2M1FN>, pack<lanes = 16x4>, records = 64>
// CHECK-DAG: [[RECORDS:#.*]] = #zq.codec<{{.*}}, records = 64>
// CHECK-DAG: [[APART:#.*]] = #zq.codec<{{.*}}, pack<lanes = 16x4>>
// CHECK-LABEL: func.func @twice(
// CHECK-SAME: %[[W:.*]]: !zq.tensor<33x100xf32, [[RECORDS]]>
// CHECK: %[[S:.*]]:2 = zq.disassemble %[[W]] : {{.*}} -> tensor<1x1xf32>, tensor<3x2x576xi8>
// CHECK-DAG: %[[SCALES:.*]] = zq.component %[[S]]#1 at 0 items 4 : tensor<3x2x576xi8> -> tensor<3x7x16xf8E4M3FN>
// CHECK-DAG: %[[CODES:.*]] = zq.component %[[S]]#1 at 64 items 8 : tensor<3x2x576xi8> -> tensor<3x13x64xi8>
// CHECK: %[[A:.*]] = zq.assemble %[[S]]#0, %[[SCALES]], %[[CODES]] : {{.*}} -> !zq.tensor<33x100xf32, [[APART]]>
// CHECK-NOT: zq.assemble
// CHECK: zq.decode %[[A]] at [0, 0]
// CHECK: zq.decode %[[A]] at [16, 0]
func.func @twice(%w: !w) -> (tensor<33x100xf32>, tensor<8x100xf32>) {
  %e = tensor.empty() : tensor<33x100xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<33x100xf32>) : !w -> tensor<33x100xf32>
  %f = tensor.empty() : tensor<8x100xf32>
  %g = zq.decode %w at [16, 0] outs(%f : tensor<8x100xf32>) : !w -> tensor<8x100xf32>
  return %d, %g : tensor<33x100xf32>, tensor<8x100xf32>
}

// -----

// What all columns share stays by itself, and so do streams of other panels;
// streams of a part with a codec lie in records too.
!w = !zq.tensor<32x512xf32, #zq.codec<scale<1x?, f32, rows = 16>, scale<1x32, [scale<1x8, f16, rows = 16>, quantize<ui6>, pack<lanes = 16x1>]>, quantize<ui4>, pack<lanes = 16x4>, records = 256>>
// CHECK-LABEL: func.func @parts(
// CHECK: %[[S:.*]]:2 = zq.disassemble {{.*}} -> tensor<2x1x16xf32>, tensor<2x2x2176xi8>
// CHECK-DAG: zq.component %[[S]]#1 at 0 items 1 : tensor<2x2x2176xi8> -> tensor<2x2x16xf16>
// CHECK-DAG: zq.component %[[S]]#1 at 32 items 2 : tensor<2x2x2176xi8> -> tensor<2x4x48xi8>
// CHECK-DAG: zq.component %[[S]]#1 at 128 items 32 : tensor<2x2x2176xi8> -> tensor<2x64x64xi8>
func.func @parts(%w: !w) -> tensor<32x512xf32> {
  %e = tensor.empty() : tensor<32x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<32x512xf32>) : !w -> tensor<32x512xf32>
  return %d : tensor<32x512xf32>
}

// -----

// Two codes for each of eight columns: a tile of eight codes is one of 32.
!w = !zq.tensor<32x100xf32, #zq.codec<codebook<1x8, bits = 4, books = 2, f16>, pack<lanes = 16x4>, records = 64>>
// CHECK-LABEL: func.func @books(
// CHECK: %[[S:.*]]:2 = zq.disassemble {{.*}}, tensor<2x2x128xi8>
// CHECK: zq.component %[[S]]#1 at 0 items 2 : tensor<2x2x128xi8> -> tensor<2x4x64xi8>
func.func @books(%w: !w) -> tensor<32x100xf32> {
  %e = tensor.empty() : tensor<32x100xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<32x100xf32>) : !w -> tensor<32x100xf32>
  return %d : tensor<32x100xf32>
}
