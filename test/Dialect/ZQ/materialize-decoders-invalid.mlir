// Codecs of which no decoder can be made.
// RUN: zq-opt %s -zq-materialize-decoders -verify-diagnostics -split-input-file

// A rotation works on whole blocks of an axis, not on a block of a row.
func.func @rotation(
    %w: !zq.tensor<4x128xf32, #zq.codec<int4_h128>>) -> tensor<4x128xf32> {
  %e = tensor.empty() : tensor<4x128xf32>
  // expected-error @+1 {{a tensor stage is not part of a decoder; zq-split-codecs takes it out of the codec}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #zq.codec<int4_h128>> -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

// -----

// Chunks of the user's decoder that fill no block.
func.func @chunk(%w: !zq.tensor<4x96xf32, #zq.codec<@d>>) -> tensor<4x96xf32> {
  %e = tensor.empty() : tensor<4x96xf32>
  // expected-error @+1 {{chunks of 8 elements cannot be decoded in blocks of 16}}
  %r = zq.decode %w using @d at [0, 0] outs(%e : tensor<4x96xf32>)
      : !zq.tensor<4x96xf32, #zq.codec<@d>> -> tensor<4x96xf32>
  return %r : tensor<4x96xf32>
}

zq.decoder @d block [1, 8] chunk 8 streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
} init {
^bb0(%i: index, %j: index):
  zq.yield
}
