// RUN: zq-opt %s -zq-form-block-scaled-kernels -canonicalize -cse -split-input-file -verify-diagnostics | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @nvfp4(
// CHECK-SAME: %[[X:.*]]: !zq.tensor<1024x1024xf32, #{{.*}}>, %[[W:.*]]: !zq.tensor
// CHECK: %[[SX:.*]]:3 = zq.disassemble %[[X]]
// CHECK-DAG: %[[TX:.*]] = bufferization.to_buffer %[[SX]]#0 read_only
// CHECK-DAG: %[[CX:.*]] = bufferization.to_buffer %[[SX]]#2 read_only
// CHECK: %[[OUT:.*]] = memref.alloc() : memref<1024x1024xf32>
// CHECK: gpu.launch blocks({{.*}}) in ({{.*}} = %c8, {{.*}} = %c8, {{.*}} = %c1) threads({{.*}}) in ({{.*}} = %c256, {{.*}}) dynamic_shared_memory_size %c73728_i32
// Rows of 64 bytes of codes, and 8 of scales, some stages ahead.
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 8, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
// CHECK: scf.for
// CHECK: nvvm.cp.async.wait.group 2
// CHECK-NEXT: gpu.barrier
// The words of scales of two tiles of a and four of b.
// CHECK-COUNT-3: llvm.load {{.*}} : !llvm.ptr<3> -> vector<2xi32>
// CHECK-COUNT-6: nvvm.ldmatrix {{.*}}num = 4
// CHECK: nvvm.mma.block_scale A[{{.*}}] B[{{.*}}] C[{{.*}}] scaleA[%{{.*}}, %c0_i16, %c0_i16] scaleB[%{{.*}}, %c0_i16, %c0_i16]
// CHECK-SAME: blockScaleFormat = #nvvm.block_scale_format<ue4m3>
// CHECK-SAME: kind = #nvvm.block_scale_kind<mxf4nvf4>
// CHECK-SAME: scaleVecSize = #nvvm.scale_vec_size<x4>, shape = #nvvm.shape<m = 16, n = 8, k = 64>
// CHECK-COUNT-31: nvvm.mma.block_scale
// CHECK-NOT: nvvm.mma.block_scale
// CHECK: scf.yield
// The scales of the tensors.
// CHECK: %[[P:.*]] = memref.extract_aligned_pointer_as_index %[[TX]]
// CHECK: arith.mulf
// CHECK: llvm.store {{.*}} : vector<2xf32>, !llvm.ptr<1>
// CHECK: gpu.terminator
// CHECK: %[[Y:.*]] = bufferization.to_tensor %[[OUT]] restrict writable
// CHECK: return %[[Y]]
func.func @nvfp4(%x: !zq.tensor<1024x1024xf32, #zq.codec<nvfp4>>,
                 %w: !zq.tensor<1024x1024xf32, #zq.codec<nvfp4>>)
    -> tensor<1024x1024xf32> {
  %e = tensor.empty() : tensor<1024x1024xf32>
  %dx = zq.decode %x at [0, 0] outs(%e : tensor<1024x1024xf32>)
      : !zq.tensor<1024x1024xf32, #zq.codec<nvfp4>> -> tensor<1024x1024xf32>
  %dw = zq.decode %w at [0, 0] outs(%e : tensor<1024x1024xf32>)
      : !zq.tensor<1024x1024xf32, #zq.codec<nvfp4>> -> tensor<1024x1024xf32>
  %zero = arith.constant dense<0.0> : tensor<1024x1024xf32>
  // expected-remark @below {{block-scaled product, mxf4nvf4, nothing decoded: tiles of 128x128x128, 4 stages, 73728 bytes shared}}
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dw : tensor<1024x1024xf32>, tensor<1024x1024xf32>)
      outs(%zero : tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  return %y : tensor<1024x1024xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Few rows are the instruction's columns. One word of scales in E8M0 is enough
// for both steps of a stage: bytes 0 and 2.
// CHECK-LABEL: func.func @few_rows(
// CHECK: gpu.launch blocks({{.*}}) in ({{.*}} = %c16, {{.*}} = %c1, {{.*}})
// CHECK: nvvm.mma.block_scale {{.*}} scaleA[%[[A:.*]], %c0_i16, %c0_i16] scaleB[%[[B:.*]], %c0_i16, %c0_i16]
// CHECK-SAME: kind = #nvvm.block_scale_kind<mxf4>{{.*}}scale_vec_size<x2>
// CHECK: nvvm.mma.block_scale {{.*}} scaleA[%[[A]], %c2_i16, %c0_i16] scaleB[%[[B]], %c2_i16, %c0_i16]
// The destination is added to.
// CHECK: arith.addf
func.func @few_rows(%x: !zq.tensor<3x2048xf32, #zq.codec<mxfp4>>,
                    %w: !zq.tensor<1024x2048xf32, #zq.codec<mxfp4>>,
                    %init: tensor<3x1024xf32>) -> tensor<3x1024xf32> {
  %ex = tensor.empty() : tensor<3x2048xf32>
  %ew = tensor.empty() : tensor<1024x2048xf32>
  %dx = zq.decode %x at [0, 0] outs(%ex : tensor<3x2048xf32>)
      : !zq.tensor<3x2048xf32, #zq.codec<mxfp4>> -> tensor<3x2048xf32>
  %dw = zq.decode %w at [0, 0] outs(%ew : tensor<1024x2048xf32>)
      : !zq.tensor<1024x2048xf32, #zq.codec<mxfp4>> -> tensor<1024x2048xf32>
  // expected-remark @below {{mxf4, nothing decoded: tiles of 64x8x128 with the weight's rows first, 4 stages, 19584 bytes shared}}
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dw : tensor<3x2048xf32>, tensor<1024x2048xf32>)
      outs(%init : tensor<3x1024xf32>) -> tensor<3x1024xf32>
  return %y : tensor<3x1024xf32>
}

// -----

#x = affine_map<(b, m, n, k) -> (b, m, k)>
#w = affine_map<(b, m, n, k) -> (n, k)>
#y = affine_map<(b, m, n, k) -> (b, m, n)>

// Floats of 4 bits among those of 8: 16 codes at a time to bytes. A generic op,
// with a batch in front.
// CHECK-LABEL: func.func @mixed(
// CHECK: nvvm.cp.async.shared.global
// CHECK: llvm.load {{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xi32>
// CHECK: arith.andi %{{.*}}, %c252645135_i32 : i32
// CHECK: nvvm.mma.block_scale
// CHECK-SAME: kind = #nvvm.block_scale_kind<mxf8f6f4>, multiplicandAPtxType = #nvvm.mma_type<e4m3>, multiplicandBPtxType = #nvvm.mma_type<e2m1>
// CHECK-SAME: scale_vec_size<x1>, shape = #nvvm.shape<m = 16, n = 8, k = 32>
func.func @mixed(%x: !zq.tensor<4x64x512xf32, #zq.codec<scale<1x1x32, f8E8M0FNU>, quantize<f8E4M3FN>, pack>>,
                 %w: !zq.tensor<100x512xf32, #zq.codec<mxfp4>>)
    -> tensor<4x64x100xf32> {
  %ex = tensor.empty() : tensor<4x64x512xf32>
  %ew = tensor.empty() : tensor<100x512xf32>
  %dx = zq.decode %x at [0, 0, 0] outs(%ex : tensor<4x64x512xf32>)
      : !zq.tensor<4x64x512xf32, #zq.codec<scale<1x1x32, f8E8M0FNU>, quantize<f8E4M3FN>, pack>> -> tensor<4x64x512xf32>
  %dw = zq.decode %w at [0, 0] outs(%ew : tensor<100x512xf32>)
      : !zq.tensor<100x512xf32, #zq.codec<mxfp4>> -> tensor<100x512xf32>
  %zero = arith.constant 0.0 : f32
  %ey = tensor.empty() : tensor<4x64x100xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%ey : tensor<4x64x100xf32>) -> tensor<4x64x100xf32>
  // expected-remark @below {{mxf8f6f4, nothing decoded: tiles of 64x64x128, 4 stages, 67584 bytes shared; codes of the right operand are spread to bytes on the way}}
  %y = linalg.generic {indexing_maps = [#x, #w, #y],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%dx, %dw : tensor<4x64x512xf32>, tensor<100x512xf32>)
      outs(%zeros : tensor<4x64x100xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x64x100xf32>
  return %y : tensor<4x64x100xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Rows of 70 bytes, and of 9 bytes of scales: no copies of the hardware's.
// CHECK-LABEL: func.func @ragged(
// CHECK-NOT: nvvm.cp.async.shared.global
// CHECK: llvm.load {{.*}} {alignment = 2 : i64} : !llvm.ptr<1> -> i16
// CHECK: llvm.load {{.*}} {alignment = 1 : i64} : !llvm.ptr<1> -> i8
// CHECK: nvvm.mma.block_scale
func.func @ragged(%x: !zq.tensor<33x139xf32, #zq.codec<nvfp4>>,
                  %w: !zq.tensor<77x139xf32, #zq.codec<nvfp4>>)
    -> tensor<33x77xf32> {
  %ex = tensor.empty() : tensor<33x139xf32>
  %ew = tensor.empty() : tensor<77x139xf32>
  %dx = zq.decode %x at [0, 0] outs(%ex : tensor<33x139xf32>)
      : !zq.tensor<33x139xf32, #zq.codec<nvfp4>> -> tensor<33x139xf32>
  %dw = zq.decode %w at [0, 0] outs(%ew : tensor<77x139xf32>)
      : !zq.tensor<77x139xf32, #zq.codec<nvfp4>> -> tensor<77x139xf32>
  %zero = arith.constant dense<0.0> : tensor<33x77xf32>
  // expected-remark @below {{rows of the left operand have 70 bytes and are read 2 at a time; rows of the right operand have 70 bytes and are read 2 at a time}}
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dw : tensor<33x139xf32>, tensor<77x139xf32>)
      outs(%zero : tensor<33x77xf32>) -> tensor<33x77xf32>
  return %y : tensor<33x77xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @other_kinds(
// CHECK-COUNT-2: linalg.matmul
func.func @other_kinds(%x: !zq.tensor<64x64xf32, #zq.codec<nvfp4>>,
                       %w: !zq.tensor<64x64xf32, #zq.codec<mxfp4>>,
                       %v: !zq.tensor<64x64xf32, #zq.codec<mxint8>>)
    -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  %e = tensor.empty() : tensor<64x64xf32>
  %dx = zq.decode %x at [0, 0] outs(%e : tensor<64x64xf32>)
      : !zq.tensor<64x64xf32, #zq.codec<nvfp4>> -> tensor<64x64xf32>
  %dw = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>)
      : !zq.tensor<64x64xf32, #zq.codec<mxfp4>> -> tensor<64x64xf32>
  %dv = zq.decode %v at [0, 0] outs(%e : tensor<64x64xf32>)
      : !zq.tensor<64x64xf32, #zq.codec<mxint8>> -> tensor<64x64xf32>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{operands are decoded: no instruction has these two kinds of elements and scales}}
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dw : tensor<64x64xf32>, tensor<64x64xf32>)
      outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  // expected-remark @below {{operands are decoded: its codes are not floats that tensor cores multiply}}
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dv : tensor<64x64xf32>, tensor<64x64xf32>)
      outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y, %z : tensor<64x64xf32>, tensor<64x64xf32>
}
