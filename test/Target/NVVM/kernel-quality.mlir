// What can be said of machine code without a GPU: nothing is spilled, two
// blocks of 256 threads fit an SM's registers, products are of tensor cores, and
// weights come 16 bytes at a time, scales two, for both halves of an iteration.
// REQUIRES: ptxas
// RUN: %python %S/Inputs/check_kernels.py %s --zq-compile zq-compile \
// RUN:   --registers 128 --instruction 'mma\.sync\.aligned\.m16n8k16' --narrow-loads 4 | FileCheck %s
// CHECK: sm_80: multiply_kernel: {{[0-9]+}} registers, 0 bytes spilled
// CHECK: sm_121a: multiply_kernel: {{[0-9]+}} registers, 0 bytes spilled

// The check finds what is wrong.
// RUN: not %python %S/Inputs/check_kernels.py %s --zq-compile zq-compile --chip sm_80 --registers 20 \
// RUN:   --instruction 'mma\.sync' --narrow-loads 0 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: multiply_kernel: {{[0-9]+}} registers, which are more than 20
// WRONG: loads of less than 16 bytes beside the products: ld.global.nc.b16
// RUN: not %python %S/Inputs/check_kernels.py %s --zq-compile zq-compile --chip sm_90a \
// RUN:   --instruction wgmma 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: sm_90a: no 'wgmma' in any kernel

func.func @multiply(%x: tensor<1x1024xf16>, %w: !zq.tensor<4096x1024xf32, #zq.codec<int4_g32>>)
    -> tensor<1x4096xf32> {
  %e = tensor.empty() : tensor<4096x1024xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4096x1024xf32>)
      : !zq.tensor<4096x1024xf32, #zq.codec<int4_g32>> -> tensor<4096x1024xf32>
  %zero = arith.constant dense<0.0> : tensor<1x4096xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x1024xf16>, tensor<4096x1024xf32>)
      outs(%zero : tensor<1x4096xf32>) -> tensor<1x4096xf32>
  return %y : tensor<1x4096xf32>
}
