// Rows that are decoded one after the other, with many states side by side: a
// warp has a row, and each lane some of the states, two of 64.
// RUN: zq-opt %s -zq-form-kernels -canonicalize -split-input-file -verify-diagnostics | FileCheck %s

// A row of 200 has three whole blocks of 64, of which the last is not all there.
// A lane asks others for the ranks of its states' slots, and votes tell where
// they take up their bytes.
// CHECK-LABEL: func.func @coded(
// CHECK: %[[W:.*]] = memref.alloc() : memref<10x200xf32>
// CHECK: gpu.launch blocks({{.*}}) in (%{{.*}} = %c3, {{.*}}) threads({{.*}}) in (%{{.*}} = %c128,
// The rows before it in its chunk.
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<2xi8>, vector<2xi8>, index)
// CHECK: scf.for {{.*}} = %c0 to %c3 {{.*}} -> (vector<2xi8>, vector<2xi8>, index)
// CHECK-COUNT-4: nvvm.shfl.sync idx
// CHECK-COUNT-2: nvvm.vote.sync ballot
// Those of its last block that there are.
// CHECK: arith.cmpi ult, %{{.*}}, %c8 : index
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c200 step %c64 iter_args({{.*}}) -> (vector<2xi8>, vector<2xi8>, index)
// CHECK: arith.minui %{{.*}}, %c198 : index
// CHECK-COUNT-4: nvvm.shfl.sync idx
// CHECK-COUNT-2: nvvm.vote.sync ballot
// CHECK: arith.cmpi ult, %{{.*}}, %c200 : index
// CHECK: memref.store %{{.*}}, %[[W]]
// CHECK: gpu.launch
// CHECK: nvvm.mma.sync
// CHECK-NOT: zq.decode
// CHECK: return
#codec = #zq.codec<scale<1x50, f16>, quantize<si4>, register_rans<lanes = 64, rows = 4>>
func.func @coded(%x: tensor<3x200xbf16>, %w: !zq.tensor<10x200xf32, #codec>) -> tensor<3x10xf32> {
  %e = tensor.empty() : tensor<10x200xf32>
  // expected-remark @below {{decoded once, by a warp for each row: its rows are decoded one after the other}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<10x200xf32>)
      : !zq.tensor<10x200xf32, #codec> -> tensor<10x200xf32>
  %zero = arith.constant dense<0.0> : tensor<3x10xf32>
  // As accurate as products of compressed weights.
  // expected-remark @below {{both operands in shared memory, 2 products of bf16 each, error at most 7.63e-06, asked for 5e-05}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<3x200xbf16>, tensor<10x200xf32>)
      outs(%zero : tensor<3x10xf32>) -> tensor<3x10xf32>
  return %y : tensor<3x10xf32>
}

// -----

// Weights with another part that is sequential, or with groups of elements, are
// not decoded so.
// CHECK-LABEL: func.func @others(
// CHECK-NOT: gpu.launch
// CHECK-COUNT-2: zq.decode
#groups = #zq.codec<fields<bf16, [window<bits = 3, chunk = 64>]>, register_rans<lanes = 64, rows = 4>>
#vectors = #zq.codec<codebook<1x8, bits = 4, f16>, register_rans<lanes = 64, rows = 4>>
func.func @others(%u: !zq.tensor<8x512xf32, #vectors>, %w: !zq.tensor<8x64xbf16, #groups>)
    -> (tensor<8x512xf32>, tensor<8x64xbf16>) {
  %g = tensor.empty() : tensor<8x512xf32>
  %b = zq.decode %u at [0, 0] outs(%g : tensor<8x512xf32>) : !zq.tensor<8x512xf32, #vectors> -> tensor<8x512xf32>
  %f = tensor.empty() : tensor<8x64xbf16>
  %d = zq.decode %w at [0, 0] outs(%f : tensor<8x64xbf16>) : !zq.tensor<8x64xbf16, #groups> -> tensor<8x64xbf16>
  return %b, %d : tensor<8x512xf32>, tensor<8x64xbf16>
}
