// Vector quantizers: every error, with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

// A vector in two dimensions.
// expected-error @+1 {{(codebook 1) a vector lies along one axis, as 1x8 does, and has a size}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<2x4, bits = 4, f16>, pack>>)

// -----

// A vector as long as a row.
// expected-error @+1 {{(codebook 1) a vector lies along one axis, as 1x8 does, and has a size}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x?, bits = 4, f16>, pack>>)

// -----

// A vector without a shape.
// expected-error @+1 {{(codebook 2) a vector has 1 to 1024 elements}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<tensor, bits = 4, f16>, pack>>)

// -----

// A vector that is too long.
// expected-error @+1 {{(codebook 2) a vector has 1 to 1024 elements}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x1025, bits = 4, f16>, pack>>)

// -----

// Codes without bits.
// expected-error @+1 {{(codebook 3) codes have 1 to 16 bits, and not 0}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 0, f16>, pack>>)

// -----

// Codes of too many bits.
// expected-error @+1 {{(codebook 3) codes have 1 to 16 bits, and not 17}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 17, f16>, pack>>)

// -----

// No books.
// expected-error @+1 {{(codebook 4) there are 1 to 16 books, and not 0}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 4, books = 0, f16>, pack>>)

// -----

// Too many books.
// expected-error @+1 {{(codebook 4) there are 1 to 16 books, and not 17}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 4, books = 17, f16>, pack>>)

// -----

// A group of another rank.
// expected-error @+1 {{(codebook 5) a group has the rank of a vector}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 4, group = 8, f16>, pack>>)

// -----

// A group that cuts vectors.
// expected-error @+1 {{(codebook 6) a group holds whole vectors, but 12 is no multiple of 8}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 4, group = 1x12, f16>, pack>>)

// -----

// Entries that are no floats.
// expected-error @+1 {{(codebook 7) an entry is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, and not 'i8'}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 4, i8>, pack>>)

// -----

// Entries without a sign.
// expected-error @+1 {{(codebook 8) an entry has a sign, which f8E8M0FNU does not hold}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 4, f8E8M0FNU>, pack>>)

// -----

// Words in another order.
// expected-error @+1 {{expected 'bits'}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, books = 4, bits = 4, f16>, pack>>)

// -----

// A tensor of another rank.
// expected-error @+1 {{(T3) 'codebook' has vectors of rank 2, but the tensor has rank 1}}
func.func private @f(!zq.tensor<64xf32, #zq.codec<codebook<1x8, bits = 4, f16>, pack>>)

// -----

// Codes are no values.
// expected-error @+1 {{(T3) 'codebook' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<quantize<si4>, codebook<1x8, bits = 4, f16>, pack>>)

// -----

// A codec of the entries that does not fit them: the codebook has one row.
// expected-error @+1 {{(T3) 'scale' has a block of rank 3, but the tensor has rank 2}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<codebook<1x8, bits = 4, [scale<1x1x8, f16>, quantize<si4>, pack]>, pack>>)

// -----

// A lattice that is not there.
// expected-error @+1 {{expected 'e8p'}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<lattice<d4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'lattice' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<quantize<si4>, lattice<e8p>, pack>>)

// -----

// expected-error @+1 {{(pvq 1) the length is 1 to 1024, and not 0}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<pvq<length = 0, pulses = 4>, pack>>)

// -----

// expected-error @+1 {{(pvq 1) the length is 1 to 1024, and not 1025}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<pvq<length = 1025, pulses = 4>, pack>>)

// -----

// expected-error @+1 {{(pvq 2) there are 1 to 1024 pulses, and not 0}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<pvq<length = 8, pulses = 0>, pack>>)

// -----

// expected-error @+1 {{(pvq 2) there are 1 to 1024 pulses, and not 1025}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<pvq<length = 2, pulses = 1025>, pack>>)

// -----

// One pulse more than 32 bits can number.
// expected-error @+1 {{(pvq 3) there are more than 2^32 vectors of 16 elements with 13 pulses}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<pvq<length = 16, pulses = 13>, pack>>)

// -----

// expected-error @+1 {{(T3) 'pvq' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<quantize<si4>, pvq<length = 4, pulses = 4>, pack>>)

// -----

// expected-error @+1 {{(octahedral 1) bits are 1 to 6, and not 0}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<octahedral<bits = 0, dimension = 64>, pack>>)

// -----

// expected-error @+1 {{(octahedral 1) bits are 1 to 6, and not 7}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<octahedral<bits = 7, dimension = 64>, pack>>)

// -----

// expected-error @+1 {{(octahedral 2) the dimension is 5 to 65536, and not 4}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<octahedral<bits = 2, dimension = 4>, pack>>)

// -----

// expected-error @+1 {{(octahedral 2) the dimension is 5 to 65536, and not 65537}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<octahedral<bits = 2, dimension = 65537>, pack>>)

// -----

// expected-error @+1 {{(T3) 'octahedral' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<8x64xf32, #zq.codec<quantize<si4>, octahedral<bits = 2, dimension = 64>, pack>>)
