// What is left alone: with a remark where only the storage is not to be had, and
// silently where the op computes something else.
// RUN: zq-opt %s -zq-import -split-input-file -verify-diagnostics | FileCheck %s

//===----------------------------------------------------------------------===//
// quant.dcast
//===----------------------------------------------------------------------===//

// Codes of four bits that are not known.
// CHECK-LABEL: func.func @not_constant(
// CHECK: quant.dcast
!q = !quant.uniform<i4:f32, 0.5>
func.func @not_constant(%codes: tensor<4x8xi4>) -> tensor<4x8xf32> {
  %q = quant.scast %codes : tensor<4x8xi4> to tensor<4x8x!q>
  // expected-remark @+1 {{not imported: codes of less than 8 bits are packed at compile time, and these are not constant}}
  %d = quant.dcast %q : tensor<4x8x!q> to tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A zero point of 128.
// CHECK-LABEL: func.func @zero_point_128(
// CHECK: quant.dcast
!q = !quant.uniform<u8:f32, 0.5:128>
func.func @zero_point_128(%codes: tensor<4x8xi8>) -> tensor<4x8xf32> {
  %q = quant.scast %codes : tensor<4x8xi8> to tensor<4x8x!q>
  // expected-remark @+1 {{not imported: a zero point does not fit i8}}
  %d = quant.dcast %q : tensor<4x8x!q> to tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// One of several zero points.
// CHECK-LABEL: func.func @zero_point_of_one_row(
// CHECK: quant.dcast
!q = !quant.uniform<u8:f32:0, {0.5:127, 0.5:200}>
func.func @zero_point_of_one_row(%codes: tensor<2x8xi8>) -> tensor<2x8xf32> {
  %q = quant.scast %codes : tensor<2x8xi8> to tensor<2x8x!q>
  // expected-remark @+1 {{not imported: a zero point does not fit i8}}
  %d = quant.dcast %q : tensor<2x8x!q> to tensor<2x8xf32>
  return %d : tensor<2x8xf32>
}

// -----

// Codes of 16 bits.
// CHECK-LABEL: func.func @wide_codes(
// CHECK: quant.dcast
!q = !quant.uniform<i16:f32, 0.5>
func.func @wide_codes(%codes: tensor<4x8xi16>) -> tensor<4x8xf32> {
  %q = quant.scast %codes : tensor<4x8xi16> to tensor<4x8x!q>
  // expected-remark @+1 {{not imported: codes have more than 8 bits}}
  %d = quant.dcast %q : tensor<4x8x!q> to tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A shape that is not known.
// CHECK-LABEL: func.func @dynamic(
// CHECK: quant.dcast
!q = !quant.uniform<i8:f32, 0.5>
func.func @dynamic(%codes: tensor<4x?xi8>) -> tensor<4x?xf32> {
  %q = quant.scast %codes : tensor<4x?xi8> to tensor<4x?x!q>
  // expected-remark @+1 {{not imported: needs a static shape}}
  %d = quant.dcast %q : tensor<4x?x!q> to tensor<4x?xf32>
  return %d : tensor<4x?xf32>
}

// -----

// Differences of codes that bf16 rounds.
// CHECK-LABEL: func.func @bf16_zero_point(
// CHECK: quant.dcast
!q = !quant.uniform<i8:bf16, 0.5:3>
func.func @bf16_zero_point(%codes: tensor<4x8xi8>) -> tensor<4x8xbf16> {
  %q = quant.scast %codes : tensor<4x8xi8> to tensor<4x8x!q>
  // expected-remark @+1 {{not imported: the arithmetic of its element type is not that of f32 rounded}}
  %d = quant.dcast %q : tensor<4x8x!q> to tensor<4x8xbf16>
  return %d : tensor<4x8xbf16>
}

// -----

// Scales that f32 does not hold.
// CHECK-LABEL: func.func @f64(
// CHECK: quant.dcast
!q = !quant.uniform<i8:f64, 0.1>
func.func @f64(%codes: tensor<4x8xi8>) -> tensor<4x8xf64> {
  %q = quant.scast %codes : tensor<4x8xi8> to tensor<4x8x!q>
  // expected-remark @+1 {{not imported: the arithmetic of its element type is not that of f32 rounded}}
  %d = quant.dcast %q : tensor<4x8x!q> to tensor<4x8xf64>
  return %d : tensor<4x8xf64>
}

// -----

// Codes that some other op made.
// CHECK-LABEL: func.func @not_storage(
// CHECK: quant.dcast
!q = !quant.uniform<i8:f32, 0.5>
func.func @not_storage(%q: tensor<4x8x!q>) -> tensor<4x8xf32> {
  // expected-remark @+1 {{not imported: its operand is not the quant.scast of an integer tensor}}
  %d = quant.dcast %q : tensor<4x8x!q> to tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @scalar(
// CHECK: quant.dcast
!q = !quant.uniform<i8:f32, 0.5>
func.func @scalar(%code: i8) -> f32 {
  %q = quant.scast %code : i8 to !q
  // expected-remark @+1 {{not imported: needs a ranked tensor}}
  %d = quant.dcast %q : !q to f32
  return %d : f32
}

// -----

// CHECK-LABEL: func.func @rank_0(
// CHECK: quant.dcast
!q = !quant.uniform<i8:f32, 0.5>
func.func @rank_0(%code: tensor<i8>) -> tensor<f32> {
  %q = quant.scast %code : tensor<i8> to tensor<!q>
  // expected-remark @+1 {{not imported: needs a static shape of rank 1 or more}}
  %d = quant.dcast %q : tensor<!q> to tensor<f32>
  return %d : tensor<f32>
}

// -----

//===----------------------------------------------------------------------===//
// linalg.generic: recognised, but not to be stored
//===----------------------------------------------------------------------===//

// Codes of four bits that are not known.
// CHECK-LABEL: func.func @generic_not_constant(
// CHECK: linalg.generic
func.func @generic_not_constant(%cs: tensor<4x8xi4>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  // expected-remark @+1 {{not imported: codes of less than 8 bits are packed at compile time, and these are not constant}}
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi4>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i4, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i4 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// Zero points that are read as unsigned and not known.
// CHECK-LABEL: func.func @generic_unsigned_zero_point(
// CHECK: linalg.generic
func.func @generic_unsigned_zero_point(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>, %zs: tensor<4xi8>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  // expected-remark @+1 {{not imported: zero points that are not constant are signed i8}}
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs, %zs : tensor<4x8xi8>, tensor<4xf32>, tensor<4xi8>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %z: i8, %o: f32):
    %0 = arith.uitofp %c : i8 to f32
    %1 = arith.uitofp %z : i8 to f32
    %2 = arith.subf %0, %1 : f32
    %3 = arith.mulf %2, %f : f32
    linalg.yield %3 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A constant zero point of 128.
// CHECK-LABEL: func.func @generic_zero_point_128(
// CHECK: linalg.generic
func.func @generic_zero_point_128(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  // expected-remark @+1 {{not imported: a zero point does not fit i8}}
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %z = arith.constant 128.0 : f32
    %0 = arith.uitofp %c : i8 to f32
    %1 = arith.subf %0, %z : f32
    %2 = arith.mulf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

//===----------------------------------------------------------------------===//
// linalg.generic: something else
//===----------------------------------------------------------------------===//

// A sum, not a product.
// CHECK-LABEL: func.func @adds(
// CHECK: linalg.generic
func.func @adds(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.addf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A quotient.
// CHECK-LABEL: func.func @divides(
// CHECK: linalg.generic
func.func @divides(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.divf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// The zero point is added after the product.
// CHECK-LABEL: func.func @adds_after_the_product(
// CHECK: linalg.generic
func.func @adds_after_the_product(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    %2 = arith.addf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// The zero point is subtracted after the product: another rounding.
// CHECK-LABEL: func.func @subtracts_after_the_product(
// CHECK: linalg.generic
func.func @subtracts_after_the_product(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %z = arith.constant 3.0 : f32
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    %2 = arith.subf %1, %z : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// The code is subtracted from the zero point.
// CHECK-LABEL: func.func @subtracts_the_code(
// CHECK: linalg.generic
func.func @subtracts_the_code(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %z = arith.constant 3.0 : f32
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.subf %z, %0 : f32
    %2 = arith.mulf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A zero point that is no integer.
// CHECK-LABEL: func.func @fractional_zero_point(
// CHECK: linalg.generic
func.func @fractional_zero_point(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %z = arith.constant 0.5 : f32
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.subf %0, %z : f32
    %2 = arith.mulf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A float zero point that is not known.
// CHECK-LABEL: func.func @float_zero_point(
// CHECK: linalg.generic
func.func @float_zero_point(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>, %zs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs, %zs : tensor<4x8xi8>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %z: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.subf %0, %z : f32
    %2 = arith.mulf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// The difference wraps in 8 bits.
// CHECK-LABEL: func.func @wrapping_difference(
// CHECK: linalg.generic
func.func @wrapping_difference(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>, %zs: tensor<4xi8>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs, %zs : tensor<4x8xi8>, tensor<4xf32>, tensor<4xi8>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %z: i8, %o: f32):
    %0 = arith.subi %c, %z : i8
    %1 = arith.sitofp %0 : i8 to f32
    %2 = arith.mulf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A difference that is read as unsigned.
// CHECK-LABEL: func.func @unsigned_difference(
// CHECK: linalg.generic
func.func @unsigned_difference(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>, %zs: tensor<4xi8>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs, %zs : tensor<4x8xi8>, tensor<4xf32>, tensor<4xi8>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %z: i8, %o: f32):
    %0 = arith.extsi %c : i8 to i32
    %1 = arith.extsi %z : i8 to i32
    %2 = arith.subi %0, %1 : i32
    %3 = arith.uitofp %2 : i32 to f32
    %4 = arith.mulf %3, %f : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// Sign-extended, then read as unsigned.
// CHECK-LABEL: func.func @mixed_signs(
// CHECK: linalg.generic
func.func @mixed_signs(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.extsi %c : i8 to i32
    %1 = arith.uitofp %0 : i32 to f32
    %2 = arith.mulf %1, %f : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// Sign-extended, then zero-extended.
// CHECK-LABEL: func.func @mixed_extensions(
// CHECK: linalg.generic
func.func @mixed_extensions(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.extsi %c : i8 to i16
    %1 = arith.extui %0 : i16 to i32
    %2 = arith.sitofp %1 : i32 to f32
    %3 = arith.mulf %2, %f : f32
    linalg.yield %3 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// Codes of 16 bits.
// CHECK-LABEL: func.func @generic_wide_codes(
// CHECK: linalg.generic
func.func @generic_wide_codes(%cs: tensor<4x8xi16>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi16>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i16, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i16 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// Codes that are transposed.
// CHECK-LABEL: func.func @transposed_codes(
// CHECK: linalg.generic
func.func @transposed_codes(%cs: tensor<8x4xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<8x4xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A result that is transposed.
// CHECK-LABEL: func.func @transposed_result(
// CHECK: linalg.generic
func.func @transposed_result(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<8x4xf32> {
  %e = tensor.empty() : tensor<8x4xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d1, d0)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<8x4xf32>
  return %d : tensor<8x4xf32>
}

// -----

// A transposed scale: its blocks come in another order.
// CHECK-LABEL: func.func @transposed_scale(
// CHECK: linalg.generic
func.func @transposed_scale(%cs: tensor<4x8x2xi8>, %fs: tensor<8x4xf32>) -> tensor<4x8x2xf32> {
  %e = tensor.empty() : tensor<4x8x2xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d1, d0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8x2xi8>, tensor<8x4xf32>) outs(%e : tensor<4x8x2xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8x2xf32>
  return %d : tensor<4x8x2xf32>
}

// -----

// A scale along a diagonal.
// CHECK-LABEL: func.func @diagonal_scale(
// CHECK: linalg.generic
func.func @diagonal_scale(%cs: tensor<4x4xi8>, %fs: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x4xi8>, tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x4xf32>
  return %d : tensor<4x4xf32>
}

// -----

// A scale for each pair of rows: blocks, but not by a map of dimensions.
// CHECK-LABEL: func.func @divided_scale(
// CHECK: linalg.generic
func.func @divided_scale(%cs: tensor<4x8xi8>, %fs: tensor<2xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0 floordiv 2)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<2xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// Only the first of several columns of scales is read.
// CHECK-LABEL: func.func @first_column_of_scales(
// CHECK: linalg.generic
func.func @first_column_of_scales(%cs: tensor<4x8xi8>, %fs: tensor<4x2xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4x2xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A factor for every element is a product of two tensors.
// CHECK-LABEL: func.func @elementwise_product(
// CHECK: linalg.generic
func.func @elementwise_product(%cs: tensor<4x8xi8>, %fs: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// Zero points for other blocks than the scales.
// CHECK-LABEL: func.func @other_blocks(
// CHECK: linalg.generic
func.func @other_blocks(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>, %zs: tensor<8xi8>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs, %zs : tensor<4x8xi8>, tensor<4xf32>, tensor<8xi8>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %z: i8, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.sitofp %z : i8 to f32
    %2 = arith.subf %0, %1 : f32
    %3 = arith.mulf %2, %f : f32
    linalg.yield %3 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// The scale is computed in the body.
// CHECK-LABEL: func.func @computed_scale(
// CHECK: linalg.generic
func.func @computed_scale(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %f, %f : f32
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// What is there already is added to.
// CHECK-LABEL: func.func @accumulates(
// CHECK: linalg.generic
func.func @accumulates(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %o : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// A product in f64.
// CHECK-LABEL: func.func @f64_product(
// CHECK: linalg.generic
func.func @f64_product(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f64
    %1 = arith.extf %f : f32 to f64
    %2 = arith.mulf %0, %1 : f64
    %3 = arith.truncf %2 : f64 to f32
    linalg.yield %3 : f32
  } -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// -----

// bf16 rounds a difference of bytes.
// CHECK-LABEL: func.func @bf16_difference(
// CHECK: linalg.generic
func.func @bf16_difference(%cs: tensor<4x8xi8>, %fs: tensor<4xbf16>, %zs: tensor<4xi8>) -> tensor<4x8xbf16> {
  %e = tensor.empty() : tensor<4x8xbf16>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs, %zs : tensor<4x8xi8>, tensor<4xbf16>, tensor<4xi8>) outs(%e : tensor<4x8xbf16>) {
  ^bb0(%c: i8, %f: bf16, %z: i8, %o: bf16):
    %0 = arith.sitofp %c : i8 to bf16
    %1 = arith.sitofp %z : i8 to bf16
    %2 = arith.subf %0, %1 : bf16
    %3 = arith.mulf %2, %f : bf16
    linalg.yield %3 : bf16
  } -> tensor<4x8xbf16>
  return %d : tensor<4x8xbf16>
}

// -----

// Rounded towards zero at the end.
// CHECK-LABEL: func.func @other_rounding(
// CHECK: linalg.generic
func.func @other_rounding(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4x8xf16> {
  %e = tensor.empty() : tensor<4x8xf16>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4x8xf16>) {
  ^bb0(%c: i8, %f: f32, %o: f16):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    %2 = arith.truncf %1 toward_zero : f32 to f16
    linalg.yield %2 : f16
  } -> tensor<4x8xf16>
  return %d : tensor<4x8xf16>
}

// -----

// A product that is summed over columns.
// CHECK-LABEL: func.func @reduction(
// CHECK: linalg.generic
func.func @reduction(%cs: tensor<4x8xi8>, %fs: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}
      ins(%cs, %fs : tensor<4x8xi8>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%c: i8, %f: f32, %o: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %f : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %d : tensor<4xf32>
}
