// Entropy stages and fields: every error, with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file -zq-split-codecs

// expected-error @+1 {{(fields 1) the type is f16, bf16, f32 or a smaller float of a quantizer, and not 'i8'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<fields<i8>, pack>>)

// -----

// expected-error @+1 {{(T3) 'fields' takes in 'f16' values, but gets 'bf16'}}
func.func private @f(!zq.tensor<4x64xbf16, #zq.codec<fields<f16>, pack>>)

// -----

// expected-error @+1 {{(T3) 'fields' takes in the 6-bit codes of 'f6E3M2FN', but gets 'i8'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<f8E4M3FN>, fields<f6E3M2FN>, pack>>)

// -----

// expected-error @+1 {{(T3) 'fields' takes in the 8-bit codes of 'f8E4M3FN', but gets 'f32'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<fields<f8E4M3FN>, pack>>)

// -----

// expected-error @+1 {{(window 1) there are 1 to 4 windows, and not 5}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, window<bits = [1, 1, 1, 1, 1], chunk = 64>>>)

// -----

// expected-error @+1 {{(window 2) a code has 1 to 4 bits, and not 5}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, window<bits = 5, chunk = 64>>>)

// -----

// expected-error @+1 {{(window 2) a code has 1 to 4 bits, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, window<bits = [2, 0], chunk = 64>>>)

// -----

// expected-error @+1 {{(window 3) a base is that of a single window}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, window<bits = [2, 2], base, chunk = 64>>>)

// -----

// expected-error @+1 {{(window 4) a chunk is a multiple of 64 symbols, at most 1048576, and not 96}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, window<bits = 2, chunk = 96>>>)

// -----

// expected-error @+1 {{(T3) 'window' codes 'i2' in 3 bits}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si2>, window<bits = [2, 3], chunk = 64>>>)

// -----

// expected-error @+1 {{(T3) 'window' takes in codes, but gets 'f32' values (add 'quantize<...>' above it?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<window<bits = 2, chunk = 64>>>)

// -----

// expected-error @+1 {{(rans 1) the precision is 1 to 12 bits, and not 13}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, rans<precision = 13, chunk = 64>>>)

// -----

// expected-error @+1 {{(rans 1) the precision is 1 to 12 bits, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, rans<precision = 0, chunk = 64>>>)

// -----

// expected-error @+1 {{(rans 2) a chunk is a multiple of 64 symbols, at most 1048576, and not 1048640}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, rans<precision = 12, chunk = 1048640>>>)

// -----

// expected-error @+1 {{(T3) 'rans' with a precision of 7 bits cannot tell 256 symbols apart}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, rans<precision = 7, chunk = 64>>>)

// -----

// expected-error @+1 {{(T3) 'rans' takes in codes, but gets 'f32' values (add 'quantize<...>' above it?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<rans<precision = 8, chunk = 64>>>)

// -----

// expected-error @+1 {{(register_rans 1) there are 32, 64, 128 or 256 lanes, and not 96}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, register_rans<lanes = 96, rows = 1>>>)

// -----

// expected-error @+1 {{(register_rans 2) a chunk has one row or more, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, register_rans<lanes = 64, rows = 0>>>)

// -----

// expected-error @+1 {{(T3) 'register_rans' takes in codes, but gets 'f32' values (add 'quantize<...>' above it?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<register_rans<lanes = 64, rows = 1>>>)

// -----

// expected-error @+1 {{(panels 1) a panel has 4 to 64 rows and 1 to 8 codes of each side by side, powers of two}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, panels<12x4, [pack]>>>)

// -----

// expected-error @+1 {{(panels 1) a panel has 4 to 64 rows and 1 to 8 codes of each side by side, powers of two}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, panels<16, [pack]>>>)

// -----

// expected-error @+1 {{(panels 1) a panel has 4 to 64 rows and 1 to 8 codes of each side by side, powers of two}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, panels<16x16, [pack]>>>)

// -----

// expected-error @+1 {{(panels 2) codes go to one lossless stage that begins each line anew, in chunks of a multiple of 1024 codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, panels<16x4, [register_rans<lanes = 64, rows = 2>]>>>)

// -----

// expected-error @+1 {{(panels 2) codes go to one lossless stage that begins each line anew, in chunks of a multiple of 1024 codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, panels<16x4, f32>>>)

// -----

// expected-error @+1 {{(panels 2) codes go to one lossless stage that begins each line anew, in chunks of a multiple of 1024 codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, panels<16x8, [window<bits = 2, chunk = 512>]>>>)

// -----

// expected-error @+1 {{(T3) 'panels' takes in a matrix, and not a tensor of rank 3}}
func.func private @f(!zq.tensor<2x4x64xf32, #zq.codec<quantize<si4>, panels<16x4, [pack]>>>)

// -----

// expected-error @+1 {{(T3) 'panels' takes in codes, but gets 'f32' values (add 'quantize<...>' above it?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<panels<16x4, [pack]>>>)

// -----

// expected-error @+1 {{(T3) 'panels' hands codes to a stage that ends the chain, and not to #zq.fields<f8E4M3FN>}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<f8E4M3FN>, panels<16x4, [fields<f8E4M3FN>]>>>)

// -----

// No plane without bits.
// expected-error @+1 {{(planes 1) 1 to 7 bits are low, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, planes<low = 0>, pack>>)

// -----

// expected-error @+1 {{(planes 1) 1 to 7 bits are low, and not 8}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, planes<low = 8>, pack>>)

// -----

// Something is left above.
// expected-error @+1 {{(T3) 'planes' takes in codes of more than 4 bits, but gets 'i4'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, planes<low = 4>, pack>>)

// -----

// Values are no codes.
// expected-error @+1 {{(T3) 'planes' takes in}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<planes<low = 4>, pack>>)
