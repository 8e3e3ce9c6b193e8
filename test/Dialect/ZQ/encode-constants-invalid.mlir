// Constants that a codec cannot hold are errors at the op that encodes them.
// RUN: zq-opt %s -zq-encode-constants -verify-diagnostics -split-input-file

// A NaN has no scale.
func.func @f() {
  %x = arith.constant dense<[[0.0, 0x7FC00000]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: element [0, 1] is NaN: scale needs finite values}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<nvfp4>>
  return
}

// -----

// A NaN has no code.
func.func @f() {
  %x = arith.constant dense<[[0.0, 0x7FC00000]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: element [0, 1] is NaN: quantize needs numbers}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<quantize<si8>, pack>>
  return
}

// -----

// A NaN has no code of a small float either.
func.func @f() {
  %x = arith.constant dense<[[0.0, 0x7FC00000]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: element [0, 1] is NaN: quantize needs numbers}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<quantize<f8E5M2>, pack>>
  return
}

// -----

// A NaN is not near any entry.
func.func @f() {
  %x = arith.constant dense<[[0.0, 0x7FC00000]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: element [0, 1] is NaN: lookup needs numbers}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<lookup<[0.0, 1.0]>, pack>>
  return
}

// -----

// A NaN would spread over its block.
func.func @f() {
  %x = arith.constant dense<[[0.0, 0x7FC00000]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: element [0, 1] is NaN: hadamard needs finite values}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<hadamard<axis = 1, block = 4, seed = 1>, quantize<si8>, pack>>
  return
}

// -----

// An infinity has no scale.
func.func @f() {
  %x = arith.constant dense<[[0.0, 0xFF800000]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: element [0, 1] is -inf: scale needs finite values}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<nvfp4>>
  return
}

// -----

// An infinity would spread over its block.
func.func @f() {
  %x = arith.constant dense<[[0.0, 0xFF800000]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: element [0, 1] is -inf: hadamard needs finite values}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<hadamard<axis = 1, block = 4, seed = 1>, quantize<si8>, pack>>
  return
}

// -----

// Values from a resource.
func.func @f() {
  %x = arith.constant dense_resource<inf> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: element [0, 0] is inf: scale needs finite values}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<nvfp4>>
  return
}

{-#
  dialect_resources: {
    builtin: {
      inf: "0x040000000000807F00000000"
    }
  }
#-}

// -----

// A resource of another size.
func.func @f() {
  %x = arith.constant dense_resource<short> : tensor<1x2xf32>
  // expected-error @+1 {{cannot read the constant it encodes}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<nvfp4>>
  return
}

{-#
  dialect_resources: {
    builtin: {
      short: "0x040000000000803F"
    }
  }
#-}

// -----

// A resource that is not there.
func.func @f() {
  %x = arith.constant dense_resource<missing> : tensor<1x2xf32>
  // expected-error @+1 {{cannot read the constant it encodes}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<nvfp4>>
  return
}

// -----

// A zero point that its stream cannot hold.
func.func @f() {
  %x = arith.constant dense<[[0.0, 1.0]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: a zero point is stored as i8 and must lie in the range of the codes, which is 0.000000 to 255.000000}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<scale<tensor, f32, zero>, quantize<ui8>, pack>>
  return
}

// -----

// A codec that nobody wrote an encoder for.
func.func @f() {
  %x = arith.constant dense<[[0.0, 1.0]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot encode: the codec's decoder @one has no encoder}}
  %w = zq.encode %x : tensor<1x2xf32> -> !zq.tensor<1x2xf32, #zq.codec<@one>>
  return
}

zq.decoder @one block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}
