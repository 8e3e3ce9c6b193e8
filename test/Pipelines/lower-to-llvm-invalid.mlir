// What has no lowering is an error, not something left behind.
// RUN: zq-opt %s --zq-lower-to-llvm -split-input-file -verify-diagnostics

func.func @pack(%x: tensor<4x16xf32>, %o: tensor<2x1x2x16xf32>) -> tensor<2x1x2x16xf32> {
  // expected-error @+1 {{'linalg.pack' op is left after the phase 'vectors'}}
  %y = linalg.pack %x inner_dims_pos = [0, 1] inner_tiles = [2, 16] into %o
      : tensor<4x16xf32> -> tensor<2x1x2x16xf32>
  return %y : tensor<2x1x2x16xf32>
}

// -----

func.func @encode(%x: tensor<4x16xf32>) -> !zq.tensor<4x16xf32, #zq.codec<nvfp4>> {
  // expected-error @+1 {{'zq.encode' op is left after the phase 'imported'}}
  %w = zq.encode %x : tensor<4x16xf32> -> !zq.tensor<4x16xf32, #zq.codec<nvfp4>>
  return %w : !zq.tensor<4x16xf32, #zq.codec<nvfp4>>
}
