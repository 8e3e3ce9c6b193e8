// What bounds a kernel: the bytes of weights that take few instructions, and
// issue slots where escapes are found for each. About 2 and 10 instructions of
// PTX for each of 16.8M weights are what test/Target/NVVM/decode-cost.mlir counts
// in their loops.
// RUN: sed 's/CODEC/int4_g128/; s/TYPE/f32/g' %s > %t.mlir
// RUN: zq-compile %t.mlir --target=sm_90a -o %t.ptx --explain --quiet 2>&1 | FileCheck %t.mlir --check-prefix=MEMORY
// RUN: sed 's/CODEC/bf16_window3/; s/TYPE/bf16/g' %s > %t.mlir
// RUN: zq-compile %t.mlir --target=sm_90a -o %t.ptx --explain --quiet 2>&1 | FileCheck %t.mlir --check-prefix=SLOTS

// MEMORY: sm_90a f_kernel: 8.68 MB of arrays, {{.*}}, {{(2[6-9]|3[0-9])(\.[0-9])?}} Minstructions of threads;
// MEMORY-SAME: bound by memory on H200: 1.81 us of memory, {{.*}} us of issue slots
// SLOTS: sm_90a f_kernel: 23.2 MB of arrays, {{.*}}, {{(1[6-9]|2[0-3])[0-9]}} Minstructions of threads;
// SLOTS-SAME: bound by issue slots on H200: 4.84 us of memory, {{.*}}, {{[56]\.[0-9]+}} us of issue slots
!w = !zq.tensor<4096x4096xTYPE, #zq.codec<CODEC>>
func.func @f(%x: tensor<1x4096xbf16>, %w: !w) -> tensor<1x4096xf32> {
  %e = tensor.empty() : tensor<4096x4096xTYPE>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4096x4096xTYPE>) : !w -> tensor<4096x4096xTYPE>
  %zero = arith.constant dense<0.0> : tensor<1x4096xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xbf16>, tensor<4096x4096xTYPE>)
      outs(%zero : tensor<1x4096xf32>) -> tensor<1x4096xf32>
  return %y : tensor<1x4096xf32>
}
