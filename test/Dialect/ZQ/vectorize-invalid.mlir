// RUN: zq-opt %s -zq-vectorize -split-input-file -verify-diagnostics

func.func @dynamic_shape(%x: tensor<?x16xf32>, %o: tensor<?x16xf32>) -> tensor<?x16xf32> {
  // expected-error @+1 {{cannot be turned into vectors}}
  %r = linalg.exp ins(%x : tensor<?x16xf32>) outs(%o : tensor<?x16xf32>)
      -> tensor<?x16xf32>
  return %r : tensor<?x16xf32>
}

// -----

func.func @convolution(%x: tensor<1x20x20x3xf32>, %k: tensor<3x3x3x4xf32>,
                       %o: tensor<1x18x18x4xf32>) -> tensor<1x18x18x4xf32> {
  // expected-error @+1 {{cannot be turned into vectors}}
  %r = linalg.conv_2d_nhwc_hwcf
      ins(%x, %k : tensor<1x20x20x3xf32>, tensor<3x3x3x4xf32>)
      outs(%o : tensor<1x18x18x4xf32>) -> tensor<1x18x18x4xf32>
  return %r : tensor<1x18x18x4xf32>
}
