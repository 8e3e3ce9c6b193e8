// Kernels of the first codecs, and products of two block-scaled matrices, are
// assembled for every chip that has the instructions, and spill nothing.
// REQUIRES: ptxas, long_tests
// DEFINE: %{chips} = sm_80,sm_89,sm_90a,sm_100a,sm_103a,sm_120a,sm_121a
// DEFINE: %{compile} = zq-compile %t.mlir --explain --target

// RUN: split-file %s %t.dir
// RUN: cp %t.dir/decoded.mlir %t.mlir
// RUN: %{compile}=%{chips} -o %t.fatbin | FileCheck %s
// RUN: sed 's/3x512/70x512/g; s/3x200/70x200/g' %t.dir/decoded.mlir > %t.mlir
// RUN: %{compile}=%{chips} -o %t.fatbin | FileCheck %s
// RUN: sed 's/<nvfp4>/<int4_h128>/' %t.dir/decoded.mlir > %t.mlir
// RUN: %{compile}=%{chips} -o %t.fatbin | FileCheck %s --check-prefix=SPILLS
// RUN: sed 's/<nvfp4>/<bf16_huff>/' %t.dir/decoded.mlir > %t.mlir
// RUN: %{compile}=%{chips} -o %t.fatbin | FileCheck %s
// RUN: sed 's/<nvfp4>/<bf16_window3>/' %t.dir/decoded.mlir > %t.mlir
// RUN: %{compile}=%{chips} -o %t.fatbin | FileCheck %s
// RUN: sed 's/<nvfp4>/<bf16_window4>/' %t.dir/decoded.mlir > %t.mlir
// RUN: %{compile}=%{chips} -o %t.fatbin | FileCheck %s
// RUN: sed 's/<nvfp4>/<bf16_window222>/' %t.dir/decoded.mlir > %t.mlir
// RUN: %{compile}=%{chips} -o %t.fatbin | FileCheck %s
// Codes under factors, multiplied as such.
// RUN: sed 's/200x512xbf16/200x512xf32/g' %t.dir/decoded.mlir > %t.mlir
// RUN: %{compile}=%{chips} -o %t.fatbin | FileCheck %s

// CHECK: sm_80 {{.*}}kernel
// CHECK: {{ 0 bytes spilled}}
// CHECK: sm_89 {{.*}}kernel
// CHECK: {{ 0 bytes spilled}}
// CHECK: sm_90a {{.*}}kernel
// CHECK: {{ 0 bytes spilled}}
// CHECK: sm_100a {{.*}}kernel
// CHECK: {{ 0 bytes spilled}}
// CHECK: sm_103a {{.*}}kernel
// CHECK: {{ 0 bytes spilled}}
// CHECK: sm_120a {{.*}}kernel
// CHECK: {{ 0 bytes spilled}}
// CHECK: sm_121a {{.*}}kernel
// CHECK: {{ 0 bytes spilled}}

// SPILLS-NOT: {{[1-9][0-9]*}} bytes spilled

// RUN: cp %t.dir/block-scaled.mlir %t.mlir
// RUN: %{compile}=sm_120a,sm_121a -o %t.fatbin | FileCheck %s --check-prefix=SPILLS
// RUN: %{compile}=sm_100a,sm_103a -o %t.fatbin | FileCheck %s --check-prefix=SPILLS
// RUN: zq-compile %t.mlir --target=sm_120a -o %t.ptx
// RUN: FileCheck %s --check-prefix=MMA < %t.ptx
// RUN: zq-compile %t.mlir --target=sm_100a -o %t.ptx
// RUN: FileCheck %s --check-prefix=TCGEN05 < %t.ptx
// MMA: mma.sync.aligned.m16n8k64.row.col.kind::mxf4nvf4.block_scale
// TCGEN05: tcgen05.mma.cta_group::1.kind::mxf4nvf4.block_scale

//--- decoded.mlir
func.func @multiply(%x: tensor<3x512xbf16>, %w: !zq.tensor<200x512xbf16, #zq.codec<nvfp4>>)
    -> tensor<3x200xf32> {
  %e = tensor.empty() : tensor<200x512xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xbf16>)
      : !zq.tensor<200x512xbf16, #zq.codec<nvfp4>> -> tensor<200x512xbf16>
  %zero = arith.constant dense<0.0> : tensor<3x200xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<3x512xbf16>, tensor<200x512xbf16>)
      outs(%zero : tensor<3x200xf32>) -> tensor<3x200xf32>
  return %y : tensor<3x200xf32>
}

//--- block-scaled.mlir
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
