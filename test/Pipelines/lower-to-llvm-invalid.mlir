// What has no lowering is an error, not something left behind.
// RUN: zq-opt %s --zq-lower-to-llvm -split-input-file -verify-diagnostics

func.func @softmax(%x: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %e = tensor.empty() : tensor<4x16xf32>
  // expected-error @+1 {{'linalg.softmax' op is left after the phase 'vectors'}}
  %y = linalg.softmax dimension(1) ins(%x : tensor<4x16xf32>) outs(%e : tensor<4x16xf32>)
      -> tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}

// -----

func.func @encode(%x: tensor<4x16xf32>) -> !zq.tensor<4x16xf32, #zq.codec<nvfp4>> {
  // expected-error @+1 {{'zq.encode' op is left after the phase 'imported'}}
  %w = zq.encode %x : tensor<4x16xf32> -> !zq.tensor<4x16xf32, #zq.codec<nvfp4>>
  return %w : !zq.tensor<4x16xf32, #zq.codec<nvfp4>>
}
