// Scales, offsets and dyadic numbers: every error, with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

// A word that is no option.
// expected-error @+1 {{expected 'zero', 'absmax', 'meanabs', 'l2', 'rms', 'peak', 'search', 'floor', 'ceil', 'down', 'divide' or 'rows', and not 'max'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32, max>, quantize<si8>, pack>>)

// -----

// A zero point by a statistic that has none.
// expected-error @+1 {{(scale 5) a zero point goes with absmax or search, and not with l2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32, zero, l2>, quantize<si8>, pack>>)

// -----

// A zero point in a type that has no sign.
// expected-error @+1 {{(scale 4) a zero point has a sign, which f8E8M0FNU does not hold}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32, zero = f8E8M0FNU>, quantize<si8>, pack>>)

// -----

// A zero point in an integer type.
// expected-error @+1 {{(scale 3) a zero point is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, and not 'i4'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32, zero = i4>, quantize<si8>, pack>>)

// -----

// A rule for powers of two.
// expected-error @+1 {{(scale 6) 'floor' is a rule for f8E8M0FNU scales}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f16, floor>, quantize<si8>, pack>>)

// -----

// The rule of powers of two on a codec.
// expected-error @+1 {{(scale 6) 'floor' is a rule for f8E8M0FNU scales}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x1, [quantize<ui8>, pack], floor>, quantize<si8>, pack>>)

// -----

// Signed scales in a type without a sign.
// expected-error @+1 {{(scale 9) a peak scale has a sign, which f8E8M0FNU does not hold}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f8E8M0FNU, peak>, quantize<si8>, pack>>)

// -----

// Signed scales by a codec without a sign.
// expected-error @+1 {{(T3) a peak scale has a sign, which its codec does not hold (a scale by peak in it would)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x16, [scale<1x4, f16>, quantize<ui6>, pack], peak>, quantize<si8>, pack>>)

// -----

// The same with a codec that is none.
// expected-error @+1 {{(T3) 'pack' takes in codes, but gets 'f32' values (add 'quantize<...>' above it?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x16, [pack], peak>, quantize<si8>, pack>>)

// -----

// A codec for the scales of a tensor of another rank.
// expected-error @+1 {{(T3) 'scale' has a block of rank 3, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x16, [scale<1x1x4, f16>, quantize<ui6>, pack]>, quantize<si8>, pack>>)

// -----

// An offset without its statistic.
// expected-error @+1 {{expected ','}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<offset<tensor, f32>, quantize<si8>, pack>>)

// -----

// An offset by another statistic.
// expected-error @+1 {{expected 'mean', 'min' or 'mid', and not 'max'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<offset<tensor, f32, max>, quantize<si8>, pack>>)

// -----

// An offset in a type that has no sign.
// expected-error @+1 {{(offset 2) an offset has a sign, which f8E8M0FNU does not hold}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<offset<tensor, f8E8M0FNU, mean>, quantize<si8>, pack>>)

// -----

// An offset in an integer type.
// expected-error @+1 {{(offset 1) an offset is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, and not 'i8'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<offset<tensor, i8, mean>, quantize<si8>, pack>>)

// -----

// An offset of another rank.
// expected-error @+1 {{(T3) 'offset' has a block of rank 3, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<offset<1x1x16, f32, mean>, quantize<si8>, pack>>)

// -----

// An offset of codes.
// expected-error @+1 {{(T3) 'offset' takes in values, but gets 'i8' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, offset<tensor, f32, mean>, pack>>)

// -----

// Mantissas of no bits.
// expected-error @+1 {{(dyadic 1) a mantissa has 1 to 24 bits, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<dyadic<bits = 0>, pack>>)

// -----

// Mantissas of more bits than f32 has.
// expected-error @+1 {{(dyadic 1) a mantissa has 1 to 24 bits, and not 25}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<dyadic<bits = 25>, pack>>)

// -----

// The mantissas of codes.
// expected-error @+1 {{(T3) 'dyadic' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<ui4>, dyadic<bits = 8>, pack>>)

// -----

// expected-error @+1 {{(scale 7) panels have 1 to 255 rows, and not 300}}
func.func @f(%w: !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 300>, quantize<si4>, pack>>) { return }

// -----

// expected-error @+1 {{(scale 8) 'rows' is for arrays without a codec}}
func.func @f(%w: !zq.tensor<32x64xf32, #zq.codec<scale<1x32, [quantize<ui4>, pack], rows = 16>, quantize<si4>, pack>>) { return }

// -----

// expected-error @+1 {{(T3) 'scale' in panels of rows needs a tensor of rank 2 or more}}
func.func @f(%w: !zq.tensor<64xf32, #zq.codec<scale<32, f16, rows = 16>, quantize<si4>, pack>>) { return }

// -----

// expected-error @+1 {{(scale 6) 'down' is a rule for f8E8M0FNU scales}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x16, f32, down>, quantize<si4>, pack>>)

// -----

// A small float may round what divides to 0.
// expected-error @+1 {{(scale 10) what divides is stored as f32 or bf16}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x16, f16, divide>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(scale 10) what divides is stored as f32 or bf16}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x16, [raw<f32>], divide>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(offset 4) panels have 1 to 255 rows, and not 300}}
func.func @f(%w: !zq.tensor<32x64xf32, #zq.codec<offset<1x32, f16, min, rows = 300>, quantize<si4>, pack>>) { return }

// -----

// expected-error @+1 {{(offset 5) 'rows' is for offsets without a codec}}
func.func @f(%w: !zq.tensor<32x64xf32, #zq.codec<offset<1x32, [quantize<ui4>, pack], min, rows = 16>, quantize<si4>, pack>>) { return }

// -----

// expected-error @+1 {{(T3) 'offset' in panels of rows needs a tensor of rank 2 or more}}
func.func @f(%w: !zq.tensor<64xf32, #zq.codec<offset<32, f16, mid, rows = 16>, quantize<si4>, pack>>) { return }

// -----

// expected-error @+1 {{(scale 6) 'ceil' is a rule for f8E8M0FNU scales}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x32, f16, ceil>, quantize<si4>, pack>>)
