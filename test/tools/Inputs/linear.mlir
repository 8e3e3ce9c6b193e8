// A linear layer on a compressed weight. The tests put a codec in for CODEC.
!w = !zq.tensor<48x256xf32, #zq.codec<CODEC>>

func.func @linear(%x: tensor<4x256xf32>, %w: !w) -> tensor<4x48xf32> {
  %we = tensor.empty() : tensor<48x256xf32>
  %wd = zq.decode %w USING at [0, 0] outs(%we : tensor<48x256xf32>)
      : !w -> tensor<48x256xf32>
  %zero = arith.constant 0.0 : f32
  %ye = tensor.empty() : tensor<4x48xf32>
  %y0 = linalg.fill ins(%zero : f32) outs(%ye : tensor<4x48xf32>)
      -> tensor<4x48xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %wd : tensor<4x256xf32>, tensor<48x256xf32>)
      outs(%y0 : tensor<4x48xf32>) -> tensor<4x48xf32>
  return %y : tensor<4x48xf32>
}
