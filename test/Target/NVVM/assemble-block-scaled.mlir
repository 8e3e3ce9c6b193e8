// Products of two block-scaled matrices are assembled for every chip that has
// the instructions, and spill nothing.
// REQUIRES: ptxas
// RUN: zq-compile %s --explain --target=sm_120a,sm_120f,sm_121a -o %t.fatbin | FileCheck %s
// RUN: zq-compile %s --explain --target=sm_100a,sm_100f,sm_103a -o %t.fatbin | FileCheck %s
// CHECK-NOT: {{[1-9][0-9]*}} bytes spilled
// CHECK: {{ 0 bytes spilled}}
// CHECK-NOT: {{[1-9][0-9]*}} bytes spilled
// RUN: zq-compile %s --target=sm_120a -o %t.ptx
// RUN: FileCheck %s --check-prefix=MMA < %t.ptx
// RUN: zq-compile %s --target=sm_100a -o %t.ptx
// RUN: FileCheck %s --check-prefix=TCGEN05 < %t.ptx
// MMA: mma.sync.aligned.m16n8k64.row.col.kind::mxf4nvf4.block_scale
// TCGEN05: tcgen05.mma.cta_group::1.kind::mxf4nvf4.block_scale

#w = #zq.codec<nvfp4>
func.func @multiply(%x: !zq.tensor<70x512xf32, #w>, %w: !zq.tensor<200x512xf32, #w>)
    -> tensor<70x200xf32> {
  %ex = tensor.empty() : tensor<70x512xf32>
  %dx = zq.decode %x at [0, 0] outs(%ex : tensor<70x512xf32>)
      : !zq.tensor<70x512xf32, #w> -> tensor<70x512xf32>
  %e = tensor.empty() : tensor<200x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xf32>)
      : !zq.tensor<200x512xf32, #w> -> tensor<200x512xf32>
  %zero = arith.constant dense<0.0> : tensor<70x200xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%dx, %d : tensor<70x512xf32>, tensor<200x512xf32>)
      outs(%zero : tensor<70x200xf32>) -> tensor<70x200xf32>
  return %y : tensor<70x200xf32>
}
