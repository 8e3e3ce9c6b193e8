// The example of docs/Pipelines.md, and what is said there of each phase.

// RUN: zq-opt %s -o %t.llvm.mlir \
// RUN:   '-zq-lower-to-llvm=features=+avx512f,+avx512bw,+avx512vl,+avx2,+fma' \
// RUN:   -mlir-print-ir-after=zq-verify-phase,zq-tile-and-fuse,zq-materialize-decoders,convert-scf-to-openmp,zq-lower-vector-ops \
// RUN:   2>&1 | FileCheck %s
// RUN: FileCheck %s --check-prefix=LLVM < %t.llvm.mlir
// RUN: zq-opt %s -zq-lower-to-vectors=features=+avx2,+fma 2>&1 | FileCheck %s --check-prefix=AVX2
// RUN: zq-opt %s -zq-verify-phase=phase=vectors -verify-diagnostics

func.func @matvec(%x: tensor<1x256xf32>,
                  %w: !zq.tensor<512x256xf32, #zq.codec<nvfp4>>)
    -> tensor<1x512xf32> {
  %e = tensor.empty() : tensor<512x256xf32>
  // expected-error @below {{op is left after the phase 'vectors'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x256xf32>)
      : !zq.tensor<512x256xf32, #zq.codec<nvfp4>> -> tensor<512x256xf32>
  %zero = arith.constant dense<0.0> : tensor<1x512xf32>
  // expected-error @below {{op is left after the phase 'vectors'}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x256xf32>, tensor<512x256xf32>)
      outs(%zero : tensor<1x512xf32>) -> tensor<1x512xf32>
  return %y : tensor<1x512xf32>
}

// Imported, algebra: as it was.
// CHECK: IR Dump After VerifyPhase
// CHECK: IR Dump After VerifyPhase
// CHECK: zq.decode %{{.*}} at [0, 0]
// CHECK: linalg.matmul

// CHECK: remark: decode fused in registers: uses of each value in a tile: 1
// CHECK: IR Dump After TileAndFuse
// CHECK: scf.forall (%{{.*}}, %[[N:.*]]) = (0, 0) to (1, 512) step (1, 32)
// CHECK: linalg.fill {{.*}} -> tensor<1x8x16xf32>
// CHECK: scf.for %[[K:[a-z0-9]*]] = %{{.*}} to %c256{{.*}} step %c16
// CHECK: zq.decode %{{.*}} at [%{{.*}}, %[[K]]] outs(%{{.*}} : tensor<8x16xf32>)
// CHECK: arith.mulf {{.*}} fastmath<contract>
// CHECK: linalg.reduce

// CHECK: IR Dump After MaterializeDecoders
// CHECK: zq.decode %{{.*}} using @decode_nvfp4_512x256xf32_w16 at
// CHECK: zq.decoder private @decode_nvfp4_512x256xf32_w16 block [1, 16]
// CHECK: zq.unpack
// CHECK: zq.lookup

// Vectors: no decoded tile is left.
// CHECK: IR Dump After VerifyPhase
// CHECK: zq.disassemble
// CHECK: iter_args({{.*}}) -> (vector<1x8x16xf32>)
// CHECK-NOT: tensor<8x16xf32>
// CHECK: vector.multi_reduction <add>

// Streams.
// CHECK: IR Dump After VerifyPhase
// CHECK: func.func @matvec(%{{.*}}: tensor<1x256xf32>, %{{.*}}: tensor<1x1xf32>, %{{.*}}: tensor<512x16xf8E4M3FN>, %{{.*}}: tensor<512x128xi8>) -> tensor<1x512xf32>
// CHECK-NOT: zq.decoder

// Buffers.
// CHECK: IR Dump After VerifyPhase
// CHECK: func.func @matvec(%{{.*}}: memref<1x256xf32>, %{{.*}}: memref<1x1xf32>, %{{.*}}: memref<512x16xf8E4M3FN>, %{{.*}}: memref<512x128xi8>, %{{.*}}: memref<1x512xf32>)
// CHECK-NOT: memref.alloc

// CHECK: IR Dump After ConvertSCFToOpenMP
// CHECK: omp.wsloop
// CHECK: IR Dump After LowerVectorOps
// CHECK: vector.interleave
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"

// LLVM: llvm.func @matvec(
// LLVM: llvm.func @_mlir_ciface_matvec(

// AVX2: remark: the CPU has no AVX-512: vectors of 8 f32 (AVX2)
