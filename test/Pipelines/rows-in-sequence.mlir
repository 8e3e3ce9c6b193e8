// A codec whose chunks are several rows.
// RUN: zq-opt %s --zq-lower-to-vectors=features=+avx512f,+avx512bw,+avx512vl,+avx2,+fma 2>/dev/null | FileCheck %s

// A chunk is four rows: the product has no place for their states, and they
// are decoded to a panel before. There four chunks go side by side, and each
// row goes on with the states of the one before.

#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

// CHECK-LABEL: func.func @bf16_register_rans(
// CHECK: %[[S:.*]]:6 = zq.disassemble
// CHECK: scf.forall (%[[TILE:.*]]) =
// CHECK-COUNT-4: tensor.extract %[[S]]#2[%{{.*}}, %c0]
// CHECK: %[[ROWS:.*]]:17 = scf.for %[[ROW:.*]] = %c0 to %c4 step %c1 iter_args(
// CHECK-NEXT: arith.addi
// CHECK: %[[BLOCKS:.*]]:17 = scf.for {{.*}} = %c0 to %c256 step %c64 iter_args(
// CHECK-NOT: scf.if
// CHECK-COUNT-4: vector.transfer_write {{.*}} : vector<64xbf16>
// CHECK: scf.yield
// CHECK: scf.yield %[[BLOCKS]]#0
// CHECK: scf.for
// CHECK-NOT: zq.lookup
// CHECK: arith.addf {{.*}} : vector<1x16x16xf32>
func.func @bf16_register_rans(%x: tensor<1x256xf32>,
                              %w: !zq.tensor<64x256xbf16, #zq.codec<bf16_register_rans>>,
                              %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x256xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xbf16>)
      : !zq.tensor<64x256xbf16, #zq.codec<bf16_register_rans>> -> tensor<64x256xbf16>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<64x256xbf16>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}
