// Layouts of packed codes and what is sparse: every error, with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

//===----------------------------------------------------------------------===//
// pack
//===----------------------------------------------------------------------===//

// expected-error @+1 {{'pack' has no option 'lsb'; expected 'msb', 'word', 'radix', 'planar', 'split', 'halves', 'tile' or 'lanes'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<lsb>>>)

// -----

// expected-error @+1 {{(T3) 'pack': a word of pack has 8, 16, 32 or 64 bits, got 12}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<word = 12>>>)

// -----

// expected-error @+1 {{(T3) 'pack': the radix of pack is 3 to 255, got 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<radix = 2>>>)

// -----

// expected-error @+1 {{(T3) 'pack': radix 17 needs codes of more than 4 bits}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<radix = 17>>>)

// -----

// expected-error @+1 {{(T3) 'pack': digits of a radix have no planes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<radix = 3, planar>>>)

// -----

// expected-error @+1 {{(T3) 'pack': digits of a radix have no halves}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<radix = 3, halves>>>)

// -----

// expected-error @+1 {{(T3) 'pack': planes have no halves}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<split, halves>>>)

// -----

// expected-error @+1 {{(T3) 'pack': halves need codes that divide a byte, or a word}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si3>, pack<halves>>>)

// -----

// expected-error @+1 {{(T3) 'pack': a run of 33 codes is not a multiple of the 2 in a word}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<halves = 33>>>)

// -----

// expected-error @+1 {{(T3) 'pack': a tile of pack has two dimensions, got 1}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<tile = 16>>>)

// -----

// expected-error @+1 {{(T3) 'pack': a tile of pack is 1 to 65535 long, got 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<tile = 0x16>>>)

// -----

// A decoder begins where a byte does.
// expected-error @+1 {{(T3) 'pack': a row of a tile is a multiple of 8 codes of 'i3', and not 12}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si3>, pack<tile = 4x12>>>)

// -----

// expected-error @+1 {{(T3) 'pack' needs a tensor of rank 2 or more}}
func.func private @f(!zq.tensor<64xf32, #zq.codec<quantize<si4>, pack<tile = 4x16>>>)

// -----

//===----------------------------------------------------------------------===//
// sparse
//===----------------------------------------------------------------------===//

// expected-error @+1 {{(sparse 1) keeps at least one and not all of at most 256 values, and not 4 of 4}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<sparse<4:4>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(sparse 1) keeps at least one and not all of at most 256 values, and not 2 of 300}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<sparse<2:300>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'sparse' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, sparse<2:4>, pack>>)

// -----

// Positions are codes.
// expected-error @+1 {{(T3) 'scale' takes in values, but gets 'i2' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<sparse<2:4, [scale<tensor, f32>]>, quantize<si4>, pack>>)

// -----

//===----------------------------------------------------------------------===//
// bitmap
//===----------------------------------------------------------------------===//

// expected-error @+1 {{(bitmap 1) a tile is a multiple of 8 elements, at most 512, and not 12}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<bitmap<12, f16>>>)

// -----

// expected-error @+1 {{(bitmap 1) a tile is a multiple of 8 elements, at most 512, and not 1024}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<bitmap<1024, f16>>>)

// -----

// expected-error @+1 {{(bitmap 2) values are stored as f32, f16 or bf16, and not 'f8E4M3FN'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<bitmap<64, f8E4M3FN>>>)

// -----

// expected-error @+1 {{(T3) 'bitmap' of 'f32' values needs a type to store them in, such as 'bitmap<64, f16>'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<bitmap<64>>>)

// -----

// expected-error @+1 {{(T3) 'bitmap' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, bitmap<64, f16>>>)

// -----

// expected-error @+1 {{(T3) 'pack': no other option goes with lanes}}
func.func @f(%w: !zq.tensor<32x64xf32, #zq.codec<quantize<si4>, pack<msb, lanes = 16x4>>>) { return }

// -----

// expected-error @+1 {{(T3) 'pack' needs a tensor of rank 2 or more}}
func.func @f(%w: !zq.tensor<64xf32, #zq.codec<quantize<si4>, pack<lanes = 16x4>>>) { return }

// -----

// expected-error @+1 {{(T3) 'pack': lanes of pack have a number and a depth, got 1 sizes}}
func.func @f(%w: !zq.tensor<32x64xf32, #zq.codec<quantize<si4>, pack<lanes = 16>>>) { return }
