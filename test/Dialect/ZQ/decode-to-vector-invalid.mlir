// RUN: zq-opt %s -zq-decode-to-vector -split-input-file -verify-diagnostics

func.func @no_decoder_named(%w: !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>>)
    -> tensor<4x16xf32> {
  %e = tensor.empty() : tensor<4x16xf32>
  // expected-error @+1 {{names no decoder; run zq-materialize-decoders before}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x16xf32>)
      : !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x16xf32>
  return %d : tensor<4x16xf32>
}
