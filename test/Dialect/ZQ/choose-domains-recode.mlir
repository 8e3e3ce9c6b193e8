// Constants are stored anew where that is read faster, and only if asked to.
// RUN: zq-opt %s -zq-encode-constants -zq-choose-domains 2>/dev/null | FileCheck %s --check-prefixes=CHECK,KEEP
// RUN: zq-opt %s -zq-encode-constants -zq-choose-domains=recode 2>/dev/null | FileCheck %s --check-prefixes=CHECK,RAW
// RUN: zq-opt %s -zq-encode-constants -zq-choose-domains="recode memory-cost=40" 2>/dev/null | FileCheck %s --check-prefixes=CHECK,CODED

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
!w = !zq.tensor<64x1024xf32, #zq.codec<quantize<si4>, register_rans<lanes = 64, rows = 4>>>
!r = !zq.tensor<64x1024xf32, #zq.codec<quantize<si4>, pack>>

// Codes that are all the same take next to nothing where they are coded.
// KEEP-DAG: #[[C:.*]] = #zq.codec<quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>
// KEEP-DAG: #[[P:.*]] = #zq.codec<quantize<si4>, pack<lanes = 16x4>>
// RAW: #[[P:.*]] = #zq.codec<quantize<si4>, pack<lanes = 16x4>>
// CODED: #[[C:.*]] = #zq.codec<quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>
// CHECK-LABEL: func.func @constants(
// RAW-COUNT-2: zq.contract {{.*}} !zq.tensor<64x1024xf32, #[[P]]>
// CODED-COUNT-2: zq.contract {{.*}} !zq.tensor<64x1024xf32, #[[C]]>
// KEEP: zq.contract {{.*}} !zq.tensor<64x1024xf32, #[[C]]>
// KEEP: zq.contract {{.*}} !zq.tensor<64x1024xf32, #[[P]]>
func.func @constants(%x: tensor<2x1024xf32>, %y: tensor<2x64xf32>) -> (tensor<2x64xf32>, tensor<2x64xf32>) {
  %c = arith.constant dense<3.0> : tensor<64x1024xf32>
  %w = zq.encode %c : tensor<64x1024xf32> -> !w
  %v = zq.encode %c : tensor<64x1024xf32> -> !r
  %e = tensor.empty() : tensor<64x1024xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x1024xf32>) : !w -> tensor<64x1024xf32>
  %f = zq.decode %v at [0, 0] outs(%e : tensor<64x1024xf32>) : !r -> tensor<64x1024xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<2x1024xf32>, tensor<64x1024xf32>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  %s = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %f : tensor<2x1024xf32>, tensor<64x1024xf32>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %r, %s : tensor<2x64xf32>, tensor<2x64xf32>
}
