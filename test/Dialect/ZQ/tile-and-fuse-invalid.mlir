// RUN: zq-opt %s -zq-tile-and-fuse -split-input-file -verify-diagnostics

// Lanes need a number of them.
func.func @dynamic_lanes(%x: tensor<1x?xf32>, %w: !zq.tensor<64x256xf32, #zq.codec<nvfp4>>,
                         %k: index, %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty(%k) : tensor<64x?xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x?xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<nvfp4>> -> tensor<64x?xf32>
  // expected-error @+1 {{has a dynamic size along the last dimension of its weight, which is not supported}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x?xf32>, tensor<64x?xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// -----

func.func @dynamic_lanes_of_result(%x: tensor<1x64xf32>,
                                   %w: !zq.tensor<64x256xf32, #zq.codec<nvfp4>>,
                                   %n: index, %o: tensor<1x?xf32>) -> tensor<1x?xf32> {
  %e = tensor.empty(%n) : tensor<64x?xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x?xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<nvfp4>> -> tensor<64x?xf32>
  // expected-error @+1 {{has a dynamic size along the last dimension of its weight, which is not supported}}
  %y = linalg.matmul ins(%x, %d : tensor<1x64xf32>, tensor<64x?xf32>)
      outs(%o : tensor<1x?xf32>) -> tensor<1x?xf32>
  return %y : tensor<1x?xf32>
}

// -----

// Neighbours along the last dimension are read by sums of two loops.
func.func @window_last(%w: tensor<4xf32>, %x: tensor<19xf32>, %o: tensor<16xf32>)
    -> tensor<16xf32> {
  // expected-error @+1 {{has a weight whose last dimension is no loop}}
  %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i + j)>,
                       affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%w, %x : tensor<4xf32>, tensor<19xf32>) outs(%o : tensor<16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %p, %out : f32
    linalg.yield %s : f32
  } -> tensor<16xf32>
  return %y : tensor<16xf32>
}
