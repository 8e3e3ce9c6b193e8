// From functions on tensors to what LLVM IR is made of, with a C interface.
// RUN: zq-opt %s --zq-lower-to-llvm=features=+avx512f,+avx512bw,+avx512vl,+avx2,+fma -split-input-file 2>/dev/null \
// RUN:   | FileCheck %s --implicit-check-not="{{[^.](arith|linalg|memref|scf|tensor|vector|zq)\.}}"
// RUN: zq-opt %s --zq-lower-to-llvm="features=+avx2,+fma threads=false" -split-input-file 2>/dev/null \
// RUN:   | FileCheck %s --check-prefix=SERIAL --implicit-check-not=omp.
// RUN: zq-opt %s --zq-lower-to-llvm=features=+sse2 -split-input-file 2>/dev/null \
// RUN:   | mlir-translate --mlir-to-llvmir -split-input-file | FileCheck %s --check-prefix=IR

// An argument for each stream of the weight, in the codec's order, and one for
// the result, which the caller allocates. The tiles run in threads.
// CHECK-LABEL: llvm.func @linear(
// CHECK-NOT: llvm.call @malloc
// CHECK: omp.parallel
// CHECK: omp.wsloop
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
// CHECK: llvm.fadd {{.*}} {fastmathFlags = #llvm.fastmath<contract>} : vector<16xf32>
// CHECK: llvm.return
//
// CHECK: llvm.func @_mlir_ciface_linear(%[[X:.*]]: !llvm.ptr, %[[SCALE:.*]]: !llvm.ptr, %[[SCALES:.*]]: !llvm.ptr, %[[CODES:.*]]: !llvm.ptr, %[[OUT:[^:]*]]: !llvm.ptr)
// CHECK: llvm.call @linear(
// CHECK-NEXT: llvm.return
//
// SERIAL-LABEL: llvm.func @linear(
// SERIAL: llvm.call_intrinsic "llvm.x86.avx2.permps"
// SERIAL: llvm.func @_mlir_ciface_linear(
//
// IR-LABEL: define void @linear(
// IR-LABEL: define void @_mlir_ciface_linear(ptr %0, ptr %1, ptr %2, ptr %3, ptr %4)
func.func @linear(%x: tensor<2x256xf32>, %w: !zq.tensor<64x256xf32, #zq.codec<nvfp4>>)
    -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<nvfp4>> -> tensor<64x256xf32>
  %zero = arith.constant 0.0 : f32
  %o = tensor.empty() : tensor<2x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<2x64xf32>) -> tensor<2x64xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<2x256xf32>, tensor<64x256xf32>)
      outs(%f : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %y : tensor<2x64xf32>
}

// -----

// A scalar is returned, tensors are not; each has a buffer of its own.
// CHECK-LABEL: llvm.func @results(
// CHECK-SAME: -> f32
// CHECK: llvm.func @_mlir_ciface_results(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> f32
// SERIAL-LABEL: llvm.func @results(
// IR-LABEL: define float @_mlir_ciface_results(ptr %0, ptr %1, ptr %2)
func.func @results(%x: tensor<4xf32>) -> (tensor<4xf32>, f32, tensor<4xf32>) {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %y, %one, %x : tensor<4xf32>, f32, tensor<4xf32>
}

// -----

// Without a batch size, and with a compressed tensor that is chosen.
// CHECK-LABEL: llvm.func @dynamic_and_chosen(
// CHECK: omp.parallel
// CHECK: llvm.func @_mlir_ciface_dynamic_and_chosen(
// SERIAL-LABEL: llvm.func @_mlir_ciface_dynamic_and_chosen(
// IR-LABEL: define void @_mlir_ciface_dynamic_and_chosen(i1 %0,
func.func @dynamic_and_chosen(%c: i1, %x: tensor<?x64xf32>,
                              %w: !zq.tensor<64x64xf32, #zq.codec<nvfp4>>,
                              %v: !zq.tensor<64x64xf32, #zq.codec<nvfp4>>,
                              %o: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %u = scf.if %c -> !zq.tensor<64x64xf32, #zq.codec<nvfp4>> {
    scf.yield %w : !zq.tensor<64x64xf32, #zq.codec<nvfp4>>
  } else {
    scf.yield %v : !zq.tensor<64x64xf32, #zq.codec<nvfp4>>
  }
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %u at [0, 0] outs(%e : tensor<64x64xf32>)
      : !zq.tensor<64x64xf32, #zq.codec<nvfp4>> -> tensor<64x64xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<?x64xf32>, tensor<64x64xf32>)
      outs(%o : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// Elementwise ops of other dialects than linalg.
// CHECK-LABEL: llvm.func @conversions(
// SERIAL-LABEL: llvm.func @conversions(
// IR-LABEL: define void @conversions(
func.func @conversions(%x: tensor<4x16xf32>) -> tensor<4x16xbf16> {
  %y = arith.truncf %x : tensor<4x16xf32> to tensor<4x16xbf16>
  return %y : tensor<4x16xbf16>
}
