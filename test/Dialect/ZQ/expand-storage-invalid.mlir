// RUN: zq-opt %s -zq-expand-storage -split-input-file -verify-diagnostics

func.func @decode_left(%w: !zq.tensor<4x64xf32, #zq.codec<nvfp4>>, %e: tensor<4x64xf32>)
    -> tensor<4x64xf32> {
  // expected-error @+1 {{failed to legalize operation 'zq.decode'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<nvfp4>> -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

func.func @encode_left(%x: tensor<4x64xf32>) -> !zq.tensor<4x64xf32, #zq.codec<nvfp4>> {
  // expected-error @+1 {{failed to legalize operation 'zq.encode'}}
  %w = zq.encode %x : tensor<4x64xf32> -> !zq.tensor<4x64xf32, #zq.codec<nvfp4>>
  return %w : !zq.tensor<4x64xf32, #zq.codec<nvfp4>>
}
