// What the target lacks is said where it matters: at functions that decode.
// RUN: zq-opt %s -zq-tile-and-fuse="shortfall=no-wide-vectors" -verify-diagnostics

// expected-remark @+1 {{no-wide-vectors}}
func.func @decodes(%w: !zq.tensor<64x256xf32, #zq.codec<nvfp4>>) -> tensor<64x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode not fused}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<nvfp4>> -> tensor<64x256xf32>
  return %d : tensor<64x256xf32>
}

func.func @decodes_nothing(%x: tensor<64xf32>) -> tensor<64xf32> {
  %y = linalg.exp ins(%x : tensor<64xf32>) outs(%x : tensor<64xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}
