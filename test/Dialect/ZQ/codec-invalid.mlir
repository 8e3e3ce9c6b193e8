// Codec text, parameters of stages, and the compressed tensor type: every error,
// with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

//===----------------------------------------------------------------------===//
// Codec text
//===----------------------------------------------------------------------===//

// A codec is not empty.
// expected-error @+1 {{a codec has at least one stage}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<>>)

// -----

// A name near one of the table.
// expected-error @+1 {{unknown stage or codec 'nvfp5'; did you mean 'nvfp4'?}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<nvfp5>>)

// -----

// A name near a stage.
// expected-error @+1 {{unknown stage or codec 'quantise'; did you mean 'quantize'?}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantise<si4>, pack>>)

// -----

// A name near nothing.
// expected-error @+1 {{unknown stage or codec 'zstd'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<zstd>>)

// -----

// An attribute that is no stage.
// expected-error @+1 {{42 : i32 is not a codec stage}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<42 : i32>>)

// -----

// A stream is no stage.
// expected-error @+1 {{is not a codec stage}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<stream<"a" : i8, (d0) -> (d0)>, pack>>)

// -----

// A stage without its end.
// expected-error @+1 {{quantize: the options are symmetric, bipolar, ties and stochastic, and not 'pack'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4, pack>>>)

// -----

// A stage without its parameters.
// expected-error @+1 {{expected '<'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize, pack>>)

// -----

// A stage twice.
// expected-error @+1 {{expected '>'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<pack pack>>)

// -----

// A scale without a block.
// expected-error @+1 {{expected 'tensor' or a block such as 1x16}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<f32>, pack>>)

// -----

// A scale without a type.
// expected-error @+1 {{expected ','}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor>, pack>>)

// -----

// A scale followed by another word.
// expected-error @+1 {{expected 'zero'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32, zeros>, pack>>)

// -----

// A block of no elements.
// expected-error @+1 {{a block has at least one element per dimension}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x0, f32>, pack>>)

// -----

// A type without a codec.
// expected-error @+1 {{expected ','}}
func.func private @f(!zq.tensor<4x64xf32>)

// -----

//===----------------------------------------------------------------------===//
// Parameters of stages
//===----------------------------------------------------------------------===//

// A negative axis.
// expected-error @+1 {{(hadamard 1) the axis is not negative}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = -1, block = 64, seed = 1>, pack>>)

// -----

// A block of which there is no matrix.
// expected-error @+1 {{(hadamard 2) the block is a power of two, or that times four times an odd number up to 45, from 1 to 16384, and not 188}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = 1, block = 188, seed = 1>, pack>>)

// -----

// A block of nothing.
// expected-error @+1 {{(hadamard 2) the block is a power of two, or that times four times an odd number up to 45, from 1 to 16384, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = 1, block = 0, seed = 1>, pack>>)

// -----

// A block too large.
// expected-error @+1 {{and not 131072}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = 1, block = 131072, seed = 1>, pack>>)

// -----

// A missing parameter.
// expected-error @+1 {{struct is missing required parameter: block}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = 1>, pack>>)

// -----

// Scales of i8.
// expected-error @+1 {{(scale 1) a scale is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, and not 'i8'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, i8>, pack>>)

// -----

// Scales of f64.
// expected-error @+1 {{(scale 1) a scale is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, and not 'f64'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f64>, pack>>)

// -----

// Scales of f4E2M1FN.
// expected-error @+1 {{(scale 1) a scale is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, and not 'f4E2M1FN'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f4E2M1FN>, pack>>)

// -----

// Codes of i4.
// expected-error @+1 {{(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at most 8 bits, and not 'i4'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<i4>, pack>>)

// -----

// Codes of ui9.
// expected-error @+1 {{(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at most 8 bits, and not 'ui9'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<ui9>, pack>>)

// -----

// Codes of f16.
// expected-error @+1 {{(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at most 8 bits, and not 'f16'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<f16>, pack>>)

// -----

// Codes of f8E8M0FNU.
// expected-error @+1 {{(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at most 8 bits, and not 'f8E8M0FNU'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<f8E8M0FNU>, pack>>)

// -----

// Codes of index.
// expected-error @+1 {{(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at most 8 bits, and not 'index'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<index>, pack>>)

// -----

// A table of one entry.
// expected-error @+1 {{(lookup 1) a table has 2 to 256 entries, and not 1}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lookup<[1.0]>, pack>>)

// -----

// A table with a repeated entry.
// expected-error @+1 {{(lookup 2) the table is finite and increasing, but entry 2 is not}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lookup<[0.0, 1.0, 1.0]>, pack>>)

// -----

// A table with an infinity.
// expected-error @+1 {{(lookup 2) the table is finite and increasing, but entry 1 is not}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lookup<[0.0, 0x7F800000]>, pack>>)

// -----

// A table with a NaN.
// expected-error @+1 {{(lookup 2) the table is finite and increasing, but entry 0 is not}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lookup<[0x7FC00000, 0.0]>, pack>>)

// -----

// A table of words.
// expected-error @+1 {{expected floating point literal}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lookup<[low, high]>, pack>>)

// -----

// Fields of another type.
// expected-error @+1 {{(fields 1) the type is f16, bf16, f32 or a smaller float of a quantizer, and not 'f64'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<fields<f64>, pack>>)

// -----

// Chunks of nothing.
// expected-error @+1 {{(huffman 1) a chunk is a multiple of 64 symbols, at most 1048576, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, huffman<chunk = 0, length = 8>>>)

// -----

// Chunks that no vector fills.
// expected-error @+1 {{(huffman 1) a chunk is a multiple of 64 symbols, at most 1048576, and not 96}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, huffman<chunk = 96, length = 8>>>)

// -----

// Chunks too large.
// expected-error @+1 {{and not 1048640}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, huffman<chunk = 1048640, length = 8>>>)

// -----

// Codes too long.
// expected-error @+1 {{(huffman 2) the longest code has 1 to 16 bits, and not 17}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, huffman<chunk = 64, length = 17>>>)

// -----

// Codes of no bits.
// expected-error @+1 {{(huffman 2) the longest code has 1 to 16 bits, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, huffman<chunk = 64, length = 0>>>)

// -----

//===----------------------------------------------------------------------===//
// (T1), (T2), (T3): the compressed tensor type
//===----------------------------------------------------------------------===//

// A dynamic shape.
// expected-error @+1 {{(T1) a compressed tensor has a static shape of rank 1 or more}}
func.func private @f(!zq.tensor<4x?xf32, #zq.codec<quantize<si8>, pack>>)

// -----

// No dimension.
// expected-error @+1 {{(T1) a compressed tensor has a static shape of rank 1 or more}}
func.func private @f(!zq.tensor<f32, #zq.codec<quantize<si8>, pack>>)

// -----

// More elements than can be counted in bits, of which a zero hides none.
// expected-error @+1 {{(T1) a compressed tensor has at most 2^56 elements}}
func.func private @f(!zq.tensor<0x4611686018427387904x4xf32, #zq.codec<quantize<si8>, pack>>)

// -----

// Elements of f64.
// expected-error @+1 {{(T2) the element type is f32, f16, bf16 or, for codes, i8, and not 'f64'}}
func.func private @f(!zq.tensor<4x4xf64, #zq.codec<quantize<si8>, pack>>)

// -----

// Elements of another integer.
// expected-error @+1 {{(T2) the element type is f32, f16, bf16 or, for codes, i8, and not 'i4'}}
func.func private @f(!zq.tensor<4x4xi4, #zq.codec<pack>>)

// -----

// Codes where a stage wants values.
// expected-error @+1 {{(T3) 'quantize' takes in values, but gets 'i8' codes}}
func.func private @f(!zq.tensor<4x4xi8, #zq.codec<quantize<si8>, pack>>)

// -----

// Elements of f8E4M3FN.
// expected-error @+1 {{(T2) the element type is f32, f16, bf16 or, for codes, i8, and not 'f8E4M3FN'}}
func.func private @f(!zq.tensor<4x4xf8E4M3FN, #zq.codec<quantize<si8>, pack>>)

// -----

// Something after the end.
// expected-error @+1 {{(T3) nothing can follow the stage that ends the chain, but #zq.pack does}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack, pack>>)

// -----

// No end.
// expected-error @+1 {{(T3) the chain does not end: #zq.quantize<si8> hands on 'i8', which nothing stores (add 'pack'?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32>, quantize<si8>>>)

// -----

// No quantizer.
// expected-error @+1 {{(T3) 'pack' takes in codes, but gets 'f32' values (add 'quantize<...>' above it?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32>, pack>>)

// -----

// No quantizer before an entropy coder.
// expected-error @+1 {{(T3) 'huffman' takes in codes, but gets 'f32' values (add 'quantize<...>' above it?)}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<huffman<chunk = 64, length = 8>>>)

// -----

// Codes into 'scale'.
// expected-error @+1 {{(T3) 'scale' takes in values, but gets 'i8' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, scale<tensor, f32>>>)

// -----

// Codes into 'quantize'.
// expected-error @+1 {{(T3) 'quantize' takes in values, but gets 'i8' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, quantize<si4>>>)

// -----

// Codes into 'lookup'.
// expected-error @+1 {{(T3) 'lookup' takes in values, but gets 'i8' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, lookup<[0.0, 1.0]>>>)

// -----

// Codes into 'hadamard'.
// expected-error @+1 {{(T3) 'hadamard' takes in values, but gets 'i8' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, hadamard<axis = 0, block = 4, seed = 0>>>)

// -----

// Codes into 'decoder'.
// expected-error @+1 {{(T3) 'decoder' takes in values, but gets 'i8' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, @lut3>>)

// -----

// An axis that the tensor lacks.
// expected-error @+1 {{(T3) 'hadamard' runs along axis 2, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = 2, block = 64, seed = 1>, @lut3>>)

// -----

// A block of another rank.
// expected-error @+1 {{(T3) 'scale' has a block of rank 3, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x1x16, f32>, quantize<si8>, pack>>)

// -----

// Fields of another element type.
// expected-error @+1 {{(T3) 'fields' takes in 'bf16' values, but gets 'f32'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<fields<bf16>, pack>>)

// -----

// Fields of what a scale hands on.
// expected-error @+1 {{(T3) 'fields' takes in 'bf16' values, but gets 'f32'}}
func.func private @f(!zq.tensor<4x4xbf16, #zq.codec<scale<tensor, f32>, fields<bf16>, pack>>)

// -----

// Codes too short to tell symbols apart.
// expected-error @+1 {{(T3) 'huffman' with codes of at most 7 bits cannot tell 256 symbols apart}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si8>, huffman<chunk = 64, length = 7>>>)

// -----

// Chunks that begin in the middle of a group.
// expected-error @+1 {{(T4) chunks of 128 elements below #zq.sparse<5:8> do not begin where it does: they are no multiple of 5}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<sparse<5:8>, quantize<si4>, huffman<chunk = 128, length = 8>>>)

// -----

// expected-error @+1 {{(codec 1) a codec has at least one stage}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<>>)

// -----

// expected-error @+1 {{(raw 1) values are stored as f32, f16 or bf16, and not 'f8E5M2'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<raw<f8E5M2>>>)

// -----

// expected-error @+1 {{(T3) 'raw' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, raw<f32>>>)

// -----

//===----------------------------------------------------------------------===//
// (codec 2), (T5): records
//===----------------------------------------------------------------------===//

// expected-error @+1 {{(codec 2) a record has columns}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<lanes = 16x4>, records = 0>>)

// -----

// expected-error @+1 {{(codec 2) a record has 1 to 4096 columns, and not 8192}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<lanes = 16x4>, records = 8192>>)

// -----

// Codes row by row.
// expected-error @+1 {{(T5) there are no records of 64 columns: the last stream holds no panels of rows}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack, records = 64>>)

// -----

// A scale of 48 columns.
// expected-error @+1 {{(T5) there are no records of 64 columns: part of stream 'scale' would lie in two of them}}
func.func private @f(!zq.tensor<4x192xf32, #zq.codec<scale<1x48, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>, records = 64>>)

// -----

// A tile of eight columns.
// expected-error @+1 {{(T5) there are no records of 4 columns: part of stream 'codes' would lie in two of them}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x4, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>, records = 4>>)

// -----

// Records of a part.
// expected-error @+1 {{(T5) the streams of a part are in no records}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<scale<1x16, [scale<1x4, f16, rows = 16>, quantize<si6>, pack<lanes = 16x1>, records = 4]>, quantize<si4>, pack<lanes = 16x4>>>)

// -----

// Rows that begin after those with codes of another width.
// expected-error @+1 {{(T5) there are no records of 64 columns: part of stream 'codes' would lie in two of them}}
func.func private @f(!zq.tensor<16x128xf32, #zq.codec<channels<axis = 1, first = 64, [quantize<si8>, pack]>, quantize<si4>, pack<lanes = 16x4>, records = 64>>)

// -----

// Three codes for each of eight columns fill no tile, though those of 16 columns
// and of twice as many would in number.
// expected-error @+1 {{(T5) there are no records of 16 columns: part of stream 'codes' would lie in two of them}}
func.func private @f(!zq.tensor<64x128xf32, #zq.codec<codebook<1x8, bits = 4, books = 3, f16>, pack<lanes = 16x4>, records = 16>>)

// -----

// Many records of which one column is used.
// expected-error @+1 {{(T5) records of 4096 columns take more than 2^56 bytes}}
func.func private @f(!zq.tensor<72057594037927936x1xf32, #zq.codec<quantize<si4>, pack<lanes = 16x4>, records = 4096>>)

// -----

// expected-error @+1 {{records come once, after the stages}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, records = 64, pack<lanes = 16x4>>>)

// -----

// expected-error @+1 {{records come once, after the stages}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<lanes = 16x4>, records = 64, records = 32>>)
