// y = x w^T, the weights stored as NVFP4.
func.func @matmul(%x: tensor<64x384xf32>, %w: !zq.tensor<1536x384xf32, #zq.codec<nvfp4>>)
    -> tensor<64x1536xf32> {
  %e = tensor.empty() : tensor<1536x384xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<1536x384xf32>)
      : !zq.tensor<1536x384xf32, #zq.codec<nvfp4>> -> tensor<1536x384xf32>
  %zero = arith.constant dense<0.0> : tensor<64x1536xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<64x384xf32>, tensor<1536x384xf32>)
      outs(%zero : tensor<64x1536xf32>) -> tensor<64x1536xf32>
  return %y : tensor<64x1536xf32>
}
