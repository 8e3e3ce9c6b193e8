// What other dialects write as codes and their dequantization becomes the
// decode of the whole tensor, with the same arithmetic.
// RUN: zq-opt %s -zq-import -canonicalize -split-input-file -verify-diagnostics | FileCheck %s

//===----------------------------------------------------------------------===//
// quant.dcast
//===----------------------------------------------------------------------===//

// CHECK: #[[C:.*]] = #zq.codec<scale<tensor, f32>, quantize<si8>, pack>
// CHECK-LABEL: func.func @cast_per_tensor(
// CHECK-SAME: %[[CODES:.*]]: tensor<4x64xi8>
// CHECK-DAG: %[[S:.*]] = arith.constant dense<1.000000e-01> : tensor<1x1xf32>
// CHECK: %[[W:.*]] = zq.assemble %[[S]], %[[CODES]] : tensor<1x1xf32>, tensor<4x64xi8> -> !zq.tensor<4x64xf32, #[[C]]>
// CHECK: %[[E:.*]] = tensor.empty() : tensor<4x64xf32>
// CHECK: %[[D:.*]] = zq.decode %[[W]] at [0, 0] outs(%[[E]] : tensor<4x64xf32>)
// CHECK-NOT: quant.
// CHECK: return %[[D]]
!q = !quant.uniform<i8:f32, 0.1>
func.func @cast_per_tensor(%codes: tensor<4x64xi8>) -> tensor<4x64xf32> {
  %q = quant.scast %codes : tensor<4x64xi8> to tensor<4x64x!q>
  %d = quant.dcast %q : tensor<4x64x!q> to tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Unsigned codes and a zero point.
// CHECK: #[[C:.*]] = #zq.codec<scale<tensor, f32, zero>, quantize<ui8>, pack>
// CHECK-LABEL: func.func @cast_unsigned_with_zero_point(
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<127> : tensor<1x1xi8>
// CHECK: zq.assemble %{{.*}}, %[[Z]], %{{.*}} -> !zq.tensor<4x64xf32, #[[C]]>
!q = !quant.uniform<u8:f32, 0.5:127>
func.func @cast_unsigned_with_zero_point(%codes: tensor<4x64xi8>) -> tensor<4x64xf32> {
  %q = quant.scast %codes : tensor<4x64xi8> to tensor<4x64x!q>
  %d = quant.dcast %q : tensor<4x64x!q> to tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// A scale and a zero point for each row.
// CHECK: #[[C:.*]] = #zq.codec<scale<1x?, f32, zero>, quantize<si8>, pack>
// CHECK-LABEL: func.func @cast_per_row(
// CHECK-DAG: %[[S:.*]] = arith.constant dense<{{\[\[}}5.000000e-01], [2.500000e-01]]> : tensor<2x1xf32>
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<{{\[\[}}-128], [3]]> : tensor<2x1xi8>
// CHECK: zq.assemble %[[S]], %[[Z]], %{{.*}} -> !zq.tensor<2x64xf32, #[[C]]>
!q = !quant.uniform<i8:f32:0, {0.5:-128, 0.25:3}>
func.func @cast_per_row(%codes: tensor<2x64xi8>) -> tensor<2x64xf32> {
  %q = quant.scast %codes : tensor<2x64xi8> to tensor<2x64x!q>
  %d = quant.dcast %q : tensor<2x64x!q> to tensor<2x64xf32>
  return %d : tensor<2x64xf32>
}

// -----

// A scale for each column; zero points that are all zero are none.
// CHECK: #[[C:.*]] = #zq.codec<scale<?x1, f32>, quantize<si8>, pack>
// CHECK-LABEL: func.func @cast_per_column(
// CHECK-DAG: %[[S:.*]] = arith.constant dense<{{\[\[}}5.000000e-01, 2.500000e-01]]> : tensor<1x2xf32>
// CHECK: zq.assemble %[[S]], %{{.*}} : tensor<1x2xf32>, tensor<64x2xi8> -> !zq.tensor<64x2xf32, #[[C]]>
!q = !quant.uniform<i8:f32:1, {0.5, 0.25}>
func.func @cast_per_column(%codes: tensor<64x2xi8>) -> tensor<64x2xf32> {
  %q = quant.scast %codes : tensor<64x2xi8> to tensor<64x2x!q>
  %d = quant.dcast %q : tensor<64x2x!q> to tensor<64x2xf32>
  return %d : tensor<64x2xf32>
}

// -----

// Blocks of 2x4.
// CHECK: #[[C:.*]] = #zq.codec<scale<2x4, f32, zero>, quantize<si8>, pack>
// CHECK-LABEL: func.func @cast_per_block(
// CHECK-DAG: %[[S:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<{{\[\[}}0, 1], [-2, 0]]> : tensor<2x2xi8>
// CHECK: zq.assemble %[[S]], %[[Z]], %{{.*}} -> !zq.tensor<4x8xf32, #[[C]]>
!q = !quant.uniform<i8:f32:{0:2, 1:4}, {{1.0, 2.0:1}, {3.0:-2, 4.0}}>
func.func @cast_per_block(%codes: tensor<4x8xi8>) -> tensor<4x8xf32> {
  %q = quant.scast %codes : tensor<4x8xi8> to tensor<4x8x!q>
  %d = quant.dcast %q : tensor<4x8x!q> to tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// Constant codes of 4 bits are packed, each row to whole bytes, the first code
// lowest: -8 7 1, 2 -1 0.
// CHECK: #[[C:.*]] = #zq.codec<scale<tensor, f32>, quantize<si4>, pack>
// CHECK-LABEL: func.func @cast_constant_i4(
// CHECK-DAG: %[[P:.*]] = arith.constant dense<{{\[\[}}120, 1], [-14, 0]]> : tensor<2x2xi8>
// CHECK: zq.assemble %{{.*}}, %[[P]] : tensor<1x1xf32>, tensor<2x2xi8> -> !zq.tensor<2x3xf32, #[[C]]>
!q = !quant.uniform<i4:f32, 0.5>
func.func @cast_constant_i4() -> tensor<2x3xf32> {
  %codes = arith.constant dense<[[-8, 7, 1], [2, -1, 0]]> : tensor<2x3xi4>
  %q = quant.scast %codes : tensor<2x3xi4> to tensor<2x3x!q>
  %d = quant.dcast %q : tensor<2x3x!q> to tensor<2x3xf32>
  return %d : tensor<2x3xf32>
}

// -----

// Any width: 5-bit unsigned codes 31 0 1.
// CHECK: #zq.codec<scale<tensor, f32, zero>, quantize<ui5>, pack>
// CHECK-LABEL: func.func @cast_constant_u5(
// CHECK-DAG: arith.constant dense<{{\[\[}}31, 4]]> : tensor<1x2xi8>
// CHECK: zq.decode
!q = !quant.uniform<u5:f32, 0.5:16>
func.func @cast_constant_u5() -> tensor<1x3xf32> {
  %codes = arith.constant dense<[[31, 0, 1]]> : tensor<1x3xi5>
  %q = quant.scast %codes : tensor<1x3xi5> to tensor<1x3x!q>
  %d = quant.dcast %q : tensor<1x3x!q> to tensor<1x3xf32>
  return %d : tensor<1x3xf32>
}

// -----

// A splat of codes fills every row, but for the bits left over.
// CHECK-LABEL: func.func @cast_constant_splat(
// CHECK-DAG: arith.constant dense<{{\[\[}}119, 7], [119, 7]]> : tensor<2x2xi8>
// CHECK: zq.decode
!q = !quant.uniform<i4:f32, 0.5>
func.func @cast_constant_splat() -> tensor<2x3xf32> {
  %codes = arith.constant dense<7> : tensor<2x3xi4>
  %q = quant.scast %codes : tensor<2x3xi4> to tensor<2x3x!q>
  %d = quant.dcast %q : tensor<2x3x!q> to tensor<2x3xf32>
  return %d : tensor<2x3xf32>
}

// -----

// In f16 a code less a zero point is exact, and so is its product before it is
// rounded; the scale is what f16 holds of it.
// CHECK: #[[C:.*]] = #zq.codec<scale<tensor, f16, zero>, quantize<si8>, pack>
// CHECK-LABEL: func.func @cast_to_f16(
// CHECK-DAG: arith.constant dense<9.997550e-02> : tensor<1x1xf16>
// CHECK: zq.assemble {{.*}} -> !zq.tensor<4x64xf16, #[[C]]>
!q = !quant.uniform<i8:f16, 0.1:3>
func.func @cast_to_f16(%codes: tensor<4x64xi8>) -> tensor<4x64xf16> {
  %q = quant.scast %codes : tensor<4x64xi8> to tensor<4x64x!q>
  %d = quant.dcast %q : tensor<4x64x!q> to tensor<4x64xf16>
  return %d : tensor<4x64xf16>
}

// -----

// CHECK: #zq.codec<scale<tensor, bf16>, quantize<si8>, pack>
// CHECK-LABEL: func.func @cast_to_bf16(
// CHECK: zq.decode
!q = !quant.uniform<i8:bf16, 0.5>
func.func @cast_to_bf16(%codes: tensor<4x64xi8>) -> tensor<4x64xbf16> {
  %q = quant.scast %codes : tensor<4x64xi8> to tensor<4x64x!q>
  %d = quant.dcast %q : tensor<4x64x!q> to tensor<4x64xbf16>
  return %d : tensor<4x64xbf16>
}

// -----

// CHECK-LABEL: func.func @cast_of_nothing(
// CHECK: zq.decode %{{.*}} at [0, 0] outs(%{{.*}} : tensor<0x64xf32>)
!q = !quant.uniform<i8:f32, 0.5>
func.func @cast_of_nothing(%codes: tensor<0x64xi8>) -> tensor<0x64xf32> {
  %q = quant.scast %codes : tensor<0x64xi8> to tensor<0x64x!q>
  %d = quant.dcast %q : tensor<0x64x!q> to tensor<0x64xf32>
  return %d : tensor<0x64xf32>
}

// -----

// A cast with other users stays for them.
// CHECK-LABEL: func.func @cast_used_elsewhere(
// CHECK: %[[Q:.*]] = quant.scast
// CHECK: zq.decode
// CHECK: return %{{.*}}, %[[Q]]
!q = !quant.uniform<i8:f32, 0.5>
func.func @cast_used_elsewhere(%codes: tensor<4x64xi8>) -> (tensor<4x64xf32>, tensor<4x64x!q>) {
  %q = quant.scast %codes : tensor<4x64xi8> to tensor<4x64x!q>
  %d = quant.dcast %q : tensor<4x64x!q> to tensor<4x64xf32>
  return %d, %q : tensor<4x64xf32>, tensor<4x64x!q>
}

// -----

//===----------------------------------------------------------------------===//
// linalg.generic
//===----------------------------------------------------------------------===//

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK: #[[C:.*]] = #zq.codec<scale<1x?, f32>, quantize<si8>, pack>
// CHECK-LABEL: func.func @generic_per_row(
// CHECK-SAME: %[[CODES:.*]]: tensor<4x64xi8>, %[[S:.*]]: tensor<4xf32>
// CHECK: %[[COLUMN:.*]] = tensor.expand_shape %[[S]] {{\[\[}}0, 1]] output_shape [4, 1] : tensor<4xf32> into tensor<4x1xf32>
// CHECK: %[[W:.*]] = zq.assemble %[[COLUMN]], %[[CODES]] : tensor<4x1xf32>, tensor<4x64xi8> -> !zq.tensor<4x64xf32, #[[C]]>
// CHECK: %[[D:.*]] = zq.decode %[[W]] at [0, 0]
// CHECK-NOT: linalg.generic
// CHECK: return %[[D]]
func.func @generic_per_row(%codes: tensor<4x64xi8>, %s: tensor<4xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%codes, %s : tensor<4x64xi8>, tensor<4xf32>) outs(%e : tensor<4x64xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.extsi %c : i8 to i32
    %1 = arith.sitofp %0 : i32 to f32
    %2 = arith.mulf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// The factors in the other order, without an extension; per column.
#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (0, d1)>

// CHECK: #zq.codec<scale<?x1, f32>, quantize<ui8>, pack>
// CHECK-LABEL: func.func @generic_per_column_unsigned(
// CHECK-SAME: %[[CODES:.*]]: tensor<4x64xi8>, %[[S:.*]]: tensor<1x64xf32>
// CHECK: zq.assemble %[[S]], %[[CODES]]
func.func @generic_per_column_unsigned(%codes: tensor<4x64xi8>, %s: tensor<1x64xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%codes, %s : tensor<4x64xi8>, tensor<1x64xf32>) outs(%e : tensor<4x64xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %1 = arith.uitofp %c : i8 to f32
    %2 = arith.mulf %f, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Constants in the body: one scale and an integer zero point, subtracted before
// the conversion.
#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK: #zq.codec<scale<tensor, f32, zero>, quantize<si8>, pack>
// CHECK-LABEL: func.func @generic_constants(
// CHECK-DAG: %[[S:.*]] = arith.constant dense<5.000000e-01> : tensor<1x1xf32>
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<-3> : tensor<1x1xi8>
// CHECK: zq.assemble %[[S]], %[[Z]]
func.func @generic_constants(%codes: tensor<4x64xi8>) -> tensor<4x64xf32> {
  %s = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<4x64xf32>
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%codes : tensor<4x64xi8>) outs(%e : tensor<4x64xf32>) {
  ^bb0(%c: i8, %o: f32):
    %z = arith.constant -3 : i32
    %0 = arith.extsi %c : i8 to i32
    %1 = arith.subi %0, %z : i32
    %2 = arith.sitofp %1 : i32 to f32
    %3 = arith.mulf %2, %s : f32
    linalg.yield %3 : f32
  } -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// A scalar argument is a scale as well.
#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @generic_scalar_scale(
// CHECK-SAME: %{{.*}}: tensor<4x64xi8>, %[[S:.*]]: f32
// CHECK: %[[T:.*]] = tensor.splat %[[S]] : tensor<1x1xf32>
// CHECK: zq.assemble %[[T]]
func.func @generic_scalar_scale(%codes: tensor<4x64xi8>, %s: f32) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%codes : tensor<4x64xi8>) outs(%e : tensor<4x64xf32>) {
  ^bb0(%c: i8, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %s : f32
    linalg.yield %1 : f32
  } -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Zero points of each row: an i8 tensor, converted and subtracted as floats.
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0, 0)>

// CHECK: #zq.codec<scale<1x?, f32, zero>, quantize<ui8>, pack>
// CHECK-LABEL: func.func @generic_zero_point_per_row(
// CHECK-SAME: %[[CODES:.*]]: tensor<4x64xi8>, %[[S:.*]]: tensor<4x1xf32>, %[[Z:.*]]: tensor<4x1xi8>
// CHECK: zq.assemble %[[S]], %[[Z]], %[[CODES]]
func.func @generic_zero_point_per_row(%codes: tensor<4x64xi8>, %s: tensor<4x1xf32>, %z: tensor<4x1xi8>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = linalg.generic {indexing_maps = [#id, #row, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%codes, %s, %z : tensor<4x64xi8>, tensor<4x1xf32>, tensor<4x1xi8>) outs(%e : tensor<4x64xf32>) {
  ^bb0(%c: i8, %f: f32, %zero: i8, %o: f32):
    %0 = arith.uitofp %c : i8 to f32
    %1 = arith.sitofp %zero : i8 to f32
    %2 = arith.subf %0, %1 : f32
    %3 = arith.mulf %2, %f : f32
    linalg.yield %3 : f32
  } -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// A float zero point that is an integer, one for all; scales per row.
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK: #zq.codec<scale<1x?, f32, zero>, quantize<si8>, pack>
// CHECK-LABEL: func.func @generic_float_zero_point(
// CHECK: arith.constant dense<8> : tensor<4x1xi8>
func.func @generic_float_zero_point(%codes: tensor<4x64xi8>, %s: tensor<4xf32>) -> tensor<4x64xf32> {
  %z = arith.constant 8.0 : f32
  %e = tensor.empty() : tensor<4x64xf32>
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%codes, %s : tensor<4x64xi8>, tensor<4xf32>) outs(%e : tensor<4x64xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.subf %0, %z : f32
    %2 = arith.mulf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Groups as a dimension of their own, as exporters write them: 4-bit constant
// codes, a bf16 scale and a 4-bit zero point for each group of four, and the
// groups merged afterwards.
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#group = affine_map<(d0, d1, d2) -> (d0, d1)>

// CHECK: #[[C:.*]] = #zq.codec<scale<1x4, bf16, zero>, quantize<ui4>, pack>
// CHECK-LABEL: func.func @generic_groups(
// CHECK-SAME: %[[S:.*]]: tensor<2x2xbf16>
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<{{\[\[}}8, 7], [15, 0]]> : tensor<2x2xi8>
// CHECK-DAG: %[[P:.*]] = arith.constant dense<{{\[\[}}16, 50, 84, 118], [-104, -70, -36, -2]]> : tensor<2x4xi8>
// CHECK: zq.assemble %[[S]], %[[Z]], %[[P]] : {{.*}} -> !zq.tensor<2x8xf32, #[[C]]>
// CHECK: %[[D:.*]] = zq.decode %{{.*}} at [0, 0] outs(%{{.*}} : tensor<2x8xf32>)
// CHECK-NOT: tensor.collapse_shape
// CHECK: return %[[D]]
func.func @generic_groups(%s: tensor<2x2xbf16>) -> tensor<2x8xf32> {
  %codes = arith.constant dense<[[[0, 1, 2, 3], [4, 5, 6, 7]], [[8, 9, 10, 11], [12, 13, 14, 15]]]> : tensor<2x2x4xi4>
  %z = arith.constant dense<[[8, 7], [15, 0]]> : tensor<2x2xi4>
  %e = tensor.empty() : tensor<2x2x4xf32>
  %g = linalg.generic {indexing_maps = [#id, #group, #group, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%codes, %s, %z : tensor<2x2x4xi4>, tensor<2x2xbf16>, tensor<2x2xi4>) outs(%e : tensor<2x2x4xf32>) {
  ^bb0(%c: i4, %f: bf16, %zero: i4, %o: f32):
    %0 = arith.extui %c : i4 to i32
    %1 = arith.extui %zero : i4 to i32
    %2 = arith.subi %0, %1 : i32
    %3 = arith.sitofp %2 : i32 to f32
    %4 = arith.extf %f : bf16 to f32
    %5 = arith.mulf %3, %4 : f32
    linalg.yield %5 : f32
  } -> tensor<2x2x4xf32>
  %d = tensor.collapse_shape %g [[0], [1, 2]] : tensor<2x2x4xf32> into tensor<2x8xf32>
  return %d : tensor<2x8xf32>
}

// -----

// Codes that were cut into groups just for this are taken whole.
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#group = affine_map<(d0, d1, d2) -> (d0, d1, 0)>

// CHECK: #zq.codec<scale<1x16, f32>, quantize<si8>, pack>
// CHECK-LABEL: func.func @generic_groups_of_expanded_codes(
// CHECK-SAME: %[[CODES:.*]]: tensor<4x64xi8>, %[[S:.*]]: tensor<4x4x1xf32>
// CHECK: %[[S2:.*]] = tensor.collapse_shape %[[S]]
// CHECK: zq.assemble %{{.*}}, %[[CODES]] : tensor<4x4xf32>, tensor<4x64xi8>
func.func @generic_groups_of_expanded_codes(%codes: tensor<4x64xi8>, %s: tensor<4x4x1xf32>) -> tensor<4x64xf32> {
  %x = tensor.expand_shape %codes [[0], [1, 2]] output_shape [4, 4, 16] : tensor<4x64xi8> into tensor<4x4x16xi8>
  %e = tensor.empty() : tensor<4x4x16xf32>
  %g = linalg.generic {indexing_maps = [#id, #group, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %s : tensor<4x4x16xi8>, tensor<4x4x1xf32>) outs(%e : tensor<4x4x16xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x4x16xf32>
  %d = tensor.collapse_shape %g [[0], [1, 2]] : tensor<4x4x16xf32> into tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// A scale that varies within the merged dimension has no blocks there: the
// groups stay apart.
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#inner = affine_map<(d0, d1, d2) -> (d0, d2)>

// CHECK: #zq.codec<scale<1x?x1, f32>, quantize<si8>, pack>
// CHECK-LABEL: func.func @generic_scale_within_groups(
// CHECK: %[[D:.*]] = zq.decode %{{.*}} at [0, 0, 0] outs(%{{.*}} : tensor<4x4x16xf32>)
// CHECK: tensor.collapse_shape %[[D]]
func.func @generic_scale_within_groups(%codes: tensor<4x4x16xi8>, %s: tensor<4x16xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x4x16xf32>
  %g = linalg.generic {indexing_maps = [#id, #inner, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%codes, %s : tensor<4x4x16xi8>, tensor<4x16xf32>) outs(%e : tensor<4x4x16xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x4x16xf32>
  %d = tensor.collapse_shape %g [[0], [1, 2]] : tensor<4x4x16xf32> into tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// All in f16; and in f32, rounded at the end.
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK-DAG: #[[F16:.*]] = #zq.codec<scale<1x?, f16>, quantize<si8>, pack>
// CHECK-DAG: #[[F32:.*]] = #zq.codec<scale<1x?, f32>, quantize<si8>, pack>
// CHECK-LABEL: func.func @generic_f16(
// CHECK: zq.assemble {{.*}} -> !zq.tensor<4x64xf16, #[[F16]]>
// CHECK: zq.assemble {{.*}} -> !zq.tensor<4x64xf16, #[[F32]]>
func.func @generic_f16(%codes: tensor<4x64xi8>, %h: tensor<4xf16>, %s: tensor<4xf32>) -> (tensor<4x64xf16>, tensor<4x64xf16>) {
  %e = tensor.empty() : tensor<4x64xf16>
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%codes, %h : tensor<4x64xi8>, tensor<4xf16>) outs(%e : tensor<4x64xf16>) {
  ^bb0(%c: i8, %f: f16, %o: f16):
    %0 = arith.sitofp %c : i8 to f16
    %1 = arith.mulf %0, %f : f16
    linalg.yield %1 : f16
  } -> tensor<4x64xf16>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%codes, %s : tensor<4x64xi8>, tensor<4xf32>) outs(%e : tensor<4x64xf16>) {
  ^bb0(%c: i8, %f: f32, %o: f16):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    %2 = arith.truncf %1 : f32 to f16
    linalg.yield %2 : f16
  } -> tensor<4x64xf16>
  return %d, %r : tensor<4x64xf16>, tensor<4x64xf16>
}
