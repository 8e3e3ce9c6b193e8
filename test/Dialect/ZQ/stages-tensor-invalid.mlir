// Transforms and splits into parts: every error, with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{(hadamard 1) the axis is not negative}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = -1, block = 16>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(hadamard 2) the block is a power of two, or that times four times an odd number up to 45, from 1 to 16384, and not 18}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = 1, block = 18>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{and not 32768}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = 1, block = 32768>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'hadamard' runs along axis 2, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<hadamard<axis = 2, block = 16>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(orthogonal 1) the axis is not negative}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<orthogonal<axis = -1, block = 16, seed = 1>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(orthogonal 2) a block has 1 to 16384 elements, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<orthogonal<axis = 1, block = 0, seed = 1>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{expected 'per_block'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<orthogonal<axis = 1, block = 4, seed = 1, each>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'orthogonal' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, orthogonal<axis = 1, block = 4, seed = 1>, pack>>)

// -----

// expected-error @+1 {{(sketch 1) the axis is not negative}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<sketch<axis = -1, seed = 1>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(sketch 2) a block has 1 to 16384 elements, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<sketch<axis = 1, block = 0, seed = 1>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(sketch 2) a block has 1 to 16384 elements, and not 16385}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<sketch<axis = 1, block = 16385, seed = 1>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'sketch' runs along axis 3, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<sketch<axis = 3, seed = 1>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(permute 1) the axis is not negative}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<permute<axis = -1>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'permute' runs along axis 2, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<permute<axis = 2>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(lowrank 1) a rank is positive, and not 0}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lowrank<rank = 0, value, f32>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{expected one of value, search, error}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lowrank<rank = 1, rest, f32>, quantize<si4>, pack>>)

// -----

// Narrower floats are read by a codec of their own.
// expected-error @+1 {{(lowrank 2) the factor is stored as f32, f16 or bf16, or has a codec, and not 'f8E5M2'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lowrank<rank = 1, value, f8E5M2>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'lowrank' takes in matrices, but the tensor has rank 1}}
func.func private @f(!zq.tensor<64xf32, #zq.codec<lowrank<rank = 1, value, f32>, quantize<si4>, pack>>)

// -----

// The codec of a factor is checked for the factor.
// expected-error @+1 {{(T3) 'scale' has a block of rank 1, but the tensor has rank 2}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<lowrank<rank = 1, value, [scale<16, f32>, quantize<si4>, pack]>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(outliers 1) a fraction is from 0 to 1, and not 1.5}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<outliers<fraction = 1.5, add, f32>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{expected one of add, replace}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<outliers<fraction = 0.5, join, f32>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(outliers 3) an outlier has a sign, which f8E8M0FNU does not hold}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<outliers<fraction = 0.5, add, f8E8M0FNU>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(channels 1) the axis is not negative}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<channels<axis = -1, first = 1, f32>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(channels 2) a number of channels is not negative}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<channels<axis = 1, first = -1, f32>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(channels 3) the first part is stored as f32, f16 or bf16, or has a codec, and not 'f8E5M2'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<channels<axis = 1, first = 1, f8E5M2>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'channels' takes the first 65 along axis 1, which has 64}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<channels<axis = 1, first = 65, f32>, quantize<si4>, pack>>)

// -----

// Two that take more than there is.
// expected-error @+1 {{(T3) 'channels' takes the first 40 along axis 1, which has 24}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<channels<axis = 1, first = 40, f32>, channels<axis = 1, first = 40, f32>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(residual 1) the residual is stored as f32, f16 or bf16, or has a codec, and not 'i8'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<residual<i8>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) the chain does not end}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<residual<[quantize<si4>]>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(outliers 2) an outlier is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, and not 'i8'}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<outliers<fraction = 0.5, add, i8>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'outliers' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, outliers<fraction = 0.5, add, search, f32>, quantize<si4>, pack>>)

// -----

// The values' codec takes in a tensor of rank 1.
// expected-error @+1 {{(T3) 'scale' has a block of rank 2, but the tensor has rank 1}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<outliers<fraction = 0.5, add, [scale<1x16, f16>, quantize<si8>, pack]>, quantize<si4>, pack>>)

// -----

// expected-error @+1 {{(T3) 'residual' takes in values, but gets 'i4' codes}}
func.func private @f(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, residual<f32>, quantize<si4>, pack>>)
