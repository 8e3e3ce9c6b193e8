// Every error of quantizers, with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

// A float of nine bits.
// expected-error @+1 {{(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at most 8 bits, and not 'e4m4'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<e4m4>, pack>>)

// -----

// A float without exponent.
// expected-error @+1 {{(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at most 8 bits, and not 'ue0m4'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<ue0m4>, pack>>)

// -----

// A word.
// expected-error @+1 {{(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at most 8 bits, and not 'binary'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<binary>, pack>>)

// -----

// An option of no meaning.
// expected-error @+1 {{quantize: the options are symmetric, bipolar, ties and stochastic, and not 'odd'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4, odd>, pack>>)

// -----

// Unsigned integers have no opposite.
// expected-error @+1 {{(quantize 2) 'symmetric' is for siN alone}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<ui4, symmetric>, pack>>)

// -----

// Floats are not bipolar.
// expected-error @+1 {{(quantize 2) 'bipolar' is for siN alone}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<f4E2M1FN, bipolar>, pack>>)

// -----

// Either of two.
// expected-error @+1 {{(quantize 2) 'bipolar' is for siN alone}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4, symmetric, bipolar>, pack>>)

// -----

// A symmetric bit is nothing but 0.
// expected-error @+1 {{(quantize 3) symmetric integers have 2 to 8 bits}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si1, symmetric>, pack>>)

// -----

// An even number of levels.
// expected-error @+1 {{(quantize 4) the number of levels is odd and from 3 to 255, and not 4}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<levels = 4>, pack>>)

// -----

// One level.
// expected-error @+1 {{(quantize 4) the number of levels is odd and from 3 to 255, and not 1}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<levels = 1>, pack>>)

// -----

// Levels of nine bits.
// expected-error @+1 {{(quantize 4) the number of levels is odd and from 3 to 255, and not 257}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<levels = 257>, pack>>)

// -----

// A tie rule that there is not.
// expected-error @+1 {{ties go to even, up, down, away or zero, and not 'odd'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4, ties = odd>, pack>>)

// -----

// Ties by chance.
// expected-error @+1 {{(quantize 5) stochastic rounding knows no ties}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4, ties = up, stochastic = 1>, pack>>)

// -----

// Codes into a quantizer.
// expected-error @+1 {{(T3) 'quantize' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, quantize<si4>, pack>>)

// -----

// Powers of one bit.
// expected-error @+1 {{(power 1) codes have 2 to 8 bits, and not 1}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<power<bits = 1, exponent = 0.5>, pack>>)

// -----

// Powers of nine bits.
// expected-error @+1 {{(power 1) codes have 2 to 8 bits, and not 9}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<power<bits = 9, exponent = 0.5>, pack>>)

// -----

// The power 0.
// expected-error @+1 {{(power 2) the exponent is positive}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<power<bits = 4, exponent = 0.0>, pack>>)

// -----

// A negative power.
// expected-error @+1 {{(power 2) the exponent is positive}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<power<bits = 4, exponent = -1.0>, pack>>)

// -----

// Codes into powers.
// expected-error @+1 {{(T3) 'power' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, power<bits = 4, exponent = 0.5>, pack>>)

// -----

// No bits at all.
// expected-error @+1 {{(nested 1) codes are read at 1 to 8 bits, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, nested<bits = 0>, pack>>)

// -----

// Nine of them.
// expected-error @+1 {{(nested 1) codes are read at 1 to 8 bits, and not 9}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, nested<bits = 9>, pack>>)

// -----

// More bits than are stored.
// expected-error @+1 {{(T3) 'nested' reads 5 bits, but gets 'i4'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, nested<bits = 5>, pack>>)

// -----

// Values into nested codes.
// expected-error @+1 {{(T3) 'nested' takes in codes, but gets 'f32' values (add 'quantize<...>' above it?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<nested<bits = 4>, pack>>)

// -----

// A tie rule of nested codes.
// expected-error @+1 {{ties go to even, up, down, away or zero, and not 'odd'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, nested<bits = 2, ties = odd>, pack>>)

// -----

// A single table.
// expected-error @+1 {{(tables 2) there are two tables or more, and not 1}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<1x64, f16, [[0.0, 1.0]]>, pack>>)

// -----

// A table of one entry.
// expected-error @+1 {{(tables 3) a table has 2 to 256 entries, and not 1}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<1x64, f16, [[0.0, 1.0], [1.0]]>, pack>>)

// -----

// A table that falls.
// expected-error @+1 {{(tables 4) the table is finite and increasing, but entry 1 is not}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<1x64, f16, [[0.0, 1.0], [1.0, 0.0]]>, pack>>)

// -----

// A tag of one bit above codes of seven is all there is room for.
// expected-error @+1 {{(tables 5) a code and its tag have at most 8 bits, but 3 tables of 7-bit codes need more}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<1x64, f16, [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 39.0, 40.0, 41.0, 42.0, 43.0, 44.0, 45.0, 46.0, 47.0, 48.0, 49.0, 50.0, 51.0, 52.0, 53.0, 54.0, 55.0, 56.0, 57.0, 58.0, 59.0, 60.0, 61.0, 62.0, 63.0, 64.0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 39.0, 40.0, 41.0, 42.0, 43.0, 44.0, 45.0, 46.0, 47.0, 48.0, 49.0, 50.0, 51.0, 52.0, 53.0, 54.0, 55.0, 56.0, 57.0, 58.0, 59.0, 60.0, 61.0, 62.0, 63.0, 64.0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 39.0, 40.0, 41.0, 42.0, 43.0, 44.0, 45.0, 46.0, 47.0, 48.0, 49.0, 50.0, 51.0, 52.0, 53.0, 54.0, 55.0, 56.0, 57.0, 58.0, 59.0, 60.0, 61.0, 62.0, 63.0, 64.0]]>, pack>>)

// -----

// Scales of i8.
// expected-error @+1 {{(tables 1) a scale is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, and not 'i8'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<1x64, i8, [[0.0, 1.0], [0.0, 2.0]]>, pack>>)

// -----

// Panels of too many rows, of arrays that all have a codec, of no rows.
// expected-error @+1 {{(tables 6) panels have 1 to 255 rows, and not 300}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<1x64, f16, [[0.0, 1.0], [0.0, 2.0]], rows = 300>, pack>>)

// -----

// expected-error @+1 {{(tables 7) 'rows' is for arrays without a codec}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<1x64, [quantize<ui4>, pack], [[0.0, 1.0], [0.0, 2.0]], tags = [pack], rows = 16>, pack>>)

// -----

// expected-error @+1 {{(T3) 'tables' in panels of rows needs a tensor of rank 2 or more}}
func.func private @f(!zq.tensor<64xf32, #zq.codec<tables<64, f16, [[0.0, 1.0], [0.0, 2.0]], rows = 16>, pack>>)

// -----

// Blocks of another rank.
// expected-error @+1 {{(T3) 'tables' has a block of rank 1, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<64, f16, [[0.0, 1.0], [0.0, 2.0]]>, pack>>)

// -----

// Codes into tables.
// expected-error @+1 {{(T3) 'tables' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, tables<1x64, f16, [[0.0, 1.0], [0.0, 2.0]]>, pack>>)

// -----

// Tags whose codec does not end.
// expected-error @+1 {{(T3) the chain does not end}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<tables<1x64, f16, [[0.0, 1.0], [0.0, 2.0]], tags = [nested<bits = 1>]>, pack>>)
