// Many rows in bf16: by matrix tiles, by dots of pairs, and in integers on a CPU
// without either.
// RUN: zq-compile %s --cpu=sapphirerapids --accuracy=0.01 --pack-weights --no-threads --emit=asm -o - 2>&1 | FileCheck %s --check-prefix=TILES
// RUN: zq-compile %s --cpu=znver4 --accuracy=0.00392 --pack-weights --no-threads --emit=asm -o - 2>&1 | FileCheck %s --check-prefix=DOTS --implicit-check-not=tileload
// RUN: zq-compile %s --cpu=icelake-server --accuracy=0.01 --pack-weights --no-threads --emit=asm -o - 2>&1 | FileCheck %s --check-prefix=BYTES --implicit-check-not=bf16

// TILES: contraction in tiles of bf16
// TILES: tdpbf16ps
// TILES: prefetcht0

// Sixteen sums in registers: eight rows, whose pairs are in all lanes, by two
// registers of the panel.
// DOTS: contraction in tiles of bf16, activations in one plane and weights in one plane
// DOTS: vpbroadcastd
// DOTS-COUNT-16: vdpbf16ps %zmm

// BYTES: contraction in one plane of 8-bit integers
// BYTES: vpdpbusd
#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
func.func @f(%x: tensor<512x512xf32>, %w: !zq.tensor<64x512xf32, #zq.codec<nvfp4>>) -> tensor<512x64xf32> {
  %e = tensor.empty() : tensor<64x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x512xf32>)
      : !zq.tensor<64x512xf32, #zq.codec<nvfp4>> -> tensor<64x512xf32>
  %zero = arith.constant dense<0.0> : tensor<512x64xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<512x512xf32>, tensor<64x512xf32>)
      outs(%zero : tensor<512x64xf32>) -> tensor<512x64xf32>
  return %r : tensor<512x64xf32>
}
