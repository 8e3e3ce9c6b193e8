// D = A B^T, both NVFP4, by block-scaled mma.sync of sm_120a. A CTA of four
// warps makes 64x32 of D, a warp 16x32; K goes in steps of 64, whose codes come
// by cp.async into rows of 32 bytes, swizzled, and leave by ldmatrix. Scales lie
// in 128x4 order and come straight from global memory: one word of a lane serves
// four mma. Run, and broken on purpose, by unittests/NVVM/ExampleKernelTest.cpp.
//
// RUN: zq-opt %s -pass-pipeline='builtin.module(gpu.module(convert-scf-to-cf,convert-gpu-to-nvvm,convert-arith-to-llvm),convert-cf-to-llvm,reconcile-unrealized-casts,zq-emulate-kernels{chip=sm_120a})' | FileCheck %s
// CHECK: llvm.func internal @kernels_matmul
// CHECK: llvm.call @zqsim_cp_async(
// CHECK: llvm.call @zqsim_cp_async_wait_group(
// CHECK: llvm.call @zqsim_barrier(
// CHECK: llvm.call @zqsim_ldmatrix(
// CHECK-COUNT-4: llvm.call @zqsim_mma_block_scale(

!frag = !llvm.struct<(i32, i32, i32, i32)>
!acc = !llvm.struct<(f32, f32, f32, f32)>

module attributes {gpu.container_module} {
gpu.module @kernels {
  llvm.mlir.global internal @tileA() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<2048 x i8>
  llvm.mlir.global internal @tileB() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<1024 x i8>

  gpu.func @matmul(%A: !llvm.ptr<1>, %B: !llvm.ptr<1>, %SA: !llvm.ptr<1>, %SB: !llvm.ptr<1>, %D: !llvm.ptr<1>,
                   %N: i32, %K: i32) kernel attributes {nvvm.reqntid = array<i32: 128>} {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %c3 = arith.constant 3 : i32
    %c4 = arith.constant 4 : i32
    %c5 = arith.constant 5 : i32
    %c6 = arith.constant 6 : i32
    %c7 = arith.constant 7 : i32
    %c8 = arith.constant 8 : i32
    %c16 = arith.constant 16 : i32
    %c31 = arith.constant 31 : i32
    %c32 = arith.constant 32 : i32
    %c64 = arith.constant 64 : i32
    %c512 = arith.constant 512 : i32
    %zero = arith.constant 0.0 : f32
    %b0 = arith.constant 0 : i16
    %b1 = arith.constant 1 : i16
    %b2 = arith.constant 2 : i16
    %b3 = arith.constant 3 : i16

    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %bx = nvvm.read.ptx.sreg.ctaid.x : i32
    %by = nvvm.read.ptx.sreg.ctaid.y : i32
    %lane = arith.andi %tid, %c31 : i32
    %warp = arith.shrui %tid, %c5 : i32
    %g = arith.shrui %lane, %c2 : i32
    %t = arith.andi %lane, %c3 : i32
    %m0 = arith.muli %by, %c64 : i32
    %n0 = arith.muli %bx, %c32 : i32
    %rowBytes = arith.shrui %K, %c1 : i32
    %tileA = llvm.mlir.addressof @tileA : !llvm.ptr<3>
    %tileB = llvm.mlir.addressof @tileB : !llvm.ptr<3>

    // Thread 2r + c copies chunk c of 16 bytes of row r, to chunk c ^ (r / 4 % 2).
    %row = arith.shrui %tid, %c1 : i32
    %chunk = arith.andi %tid, %c1 : i32
    %phase0 = arith.shrui %row, %c2 : i32
    %phase = arith.andi %phase0, %c1 : i32
    %place = arith.xori %chunk, %phase : i32
    %rowOffset = arith.muli %row, %c32 : i32
    %placeOffset = arith.muli %place, %c16 : i32
    %to = arith.addi %rowOffset, %placeOffset : i32
    %toA = llvm.getelementptr %tileA[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %toB = llvm.getelementptr %tileB[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %chunkOffset = arith.muli %chunk, %c16 : i32
    %rowA = arith.addi %m0, %row : i32
    %rowAOffset = arith.muli %rowA, %rowBytes : i32
    %fromA = arith.addi %rowAOffset, %chunkOffset : i32
    %rowB = arith.addi %n0, %row : i32
    %rowBOffset = arith.muli %rowB, %rowBytes : i32
    %fromB = arith.addi %rowBOffset, %chunkOffset : i32
    %copiesB = arith.cmpi ult, %tid, %c64 : i32

    // Lane 8i + j reads row j of matrix i: of A (rows 0-7, bytes 0-15), (8-15, 0-15), (0-7, 16-31), (8-15, 16-31);
    // of B (columns 0-7, bytes 0-15), (0-7, 16-31), (8-15, 0-15), (8-15, 16-31).
    %matrix = arith.shrui %lane, %c3 : i32
    %j = arith.andi %lane, %c7 : i32
    %low = arith.andi %matrix, %c1 : i32
    %high = arith.shrui %matrix, %c1 : i32
    %jPhase = arith.shrui %j, %c2 : i32
    %warpRow = arith.muli %warp, %c16 : i32
    %low8 = arith.muli %low, %c8 : i32
    %high8 = arith.muli %high, %c8 : i32
    %readRowA0 = arith.addi %warpRow, %low8 : i32
    %readRowA = arith.addi %readRowA0, %j : i32
    %readPlaceA = arith.xori %high, %jPhase : i32
    %readA0 = arith.muli %readRowA, %c32 : i32
    %readA1 = arith.muli %readPlaceA, %c16 : i32
    %readA = arith.addi %readA0, %readA1 : i32
    %ptrA = llvm.getelementptr %tileA[%readA] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %readRowB = arith.addi %high8, %j : i32
    %readPlaceB = arith.xori %low, %jPhase : i32
    %readB0 = arith.muli %readRowB, %c32 : i32
    %readB1 = arith.muli %readPlaceB, %c16 : i32
    %readB = arith.addi %readB0, %readB1 : i32
    %readBNext = arith.addi %readB, %c512 : i32
    %ptrB0 = llvm.getelementptr %tileB[%readB] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %ptrB1 = llvm.getelementptr %tileB[%readBNext] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8

    // Scales: lane L gives those of row g + 8 (L % 2) of A, and of column 8 (L % 4) + g of B.
    %steps = arith.shrui %K, %c6 : i32
    %odd = arith.andi %lane, %c1 : i32
    %odd8 = arith.muli %odd, %c8 : i32
    %scaleRow0 = arith.addi %g, %odd8 : i32
    %scaleRow1 = arith.addi %scaleRow0, %warpRow : i32
    %scaleRow = arith.addi %scaleRow1, %m0 : i32
    %t8 = arith.muli %t, %c8 : i32
    %scaleColumn0 = arith.addi %t8, %g : i32
    %scaleColumn = arith.addi %scaleColumn0, %n0 : i32
    // Byte (r / 128) * steps * 512 + (r % 32) * 16 + (r / 32 % 4) * 4 of step 0.
    %blockA = arith.shrui %scaleRow, %c7 : i32
    %blockA1 = arith.muli %blockA, %steps : i32
    %blockA2 = arith.muli %blockA1, %c512 : i32
    %innerA = arith.andi %scaleRow, %c31 : i32
    %innerA1 = arith.muli %innerA, %c16 : i32
    %midA = arith.shrui %scaleRow, %c5 : i32
    %midA1 = arith.andi %midA, %c3 : i32
    %midA2 = arith.muli %midA1, %c4 : i32
    %scaleA0 = arith.addi %blockA2, %innerA1 : i32
    %scaleA = arith.addi %scaleA0, %midA2 : i32
    %blockB = arith.shrui %scaleColumn, %c7 : i32
    %blockB1 = arith.muli %blockB, %steps : i32
    %blockB2 = arith.muli %blockB1, %c512 : i32
    %innerB = arith.andi %scaleColumn, %c31 : i32
    %innerB1 = arith.muli %innerB, %c16 : i32
    %midB = arith.shrui %scaleColumn, %c5 : i32
    %midB1 = arith.andi %midB, %c3 : i32
    %midB2 = arith.muli %midB1, %c4 : i32
    %scaleB0 = arith.addi %blockB2, %innerB1 : i32
    %scaleB = arith.addi %scaleB0, %midB2 : i32

    %none = llvm.mlir.zero : !acc
    %sum:4 = scf.for %step = %c0 to %steps step %c1
        iter_args(%s0 = %none, %s1 = %none, %s2 = %none, %s3 = %none) -> (!acc, !acc, !acc, !acc) : i32 {
      nvvm.barrier0 // before the copies
      %k = arith.muli %step, %c32 : i32
      %srcA = arith.addi %fromA, %k : i32
      %gA = llvm.getelementptr %A[%srcA] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      nvvm.cp.async.shared.global %toA, %gA, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      scf.if %copiesB {
        %srcB = arith.addi %fromB, %k : i32
        %gB = llvm.getelementptr %B[%srcB] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
        nvvm.cp.async.shared.global %toB, %gB, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      }
      nvvm.cp.async.commit.group
      nvvm.cp.async.wait.group 0
      nvvm.barrier0 // after the copies

      %a = nvvm.ldmatrix %ptrA {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !frag
      %p = nvvm.ldmatrix %ptrB0 {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !frag
      %q = nvvm.ldmatrix %ptrB1 {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !frag
      %a0 = llvm.extractvalue %a[0] : !frag
      %a1 = llvm.extractvalue %a[1] : !frag
      %a2 = llvm.extractvalue %a[2] : !frag
      %a3 = llvm.extractvalue %a[3] : !frag
      %p0 = llvm.extractvalue %p[0] : !frag
      %p1 = llvm.extractvalue %p[1] : !frag
      %p2 = llvm.extractvalue %p[2] : !frag
      %p3 = llvm.extractvalue %p[3] : !frag
      %q0 = llvm.extractvalue %q[0] : !frag
      %q1 = llvm.extractvalue %q[1] : !frag
      %q2 = llvm.extractvalue %q[2] : !frag
      %q3 = llvm.extractvalue %q[3] : !frag

      %ks = arith.muli %step, %c512 : i32
      %atA = arith.addi %scaleA, %ks : i32
      %atB = arith.addi %scaleB, %ks : i32
      %ptrSA = llvm.getelementptr %SA[%atA] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %ptrSB = llvm.getelementptr %SB[%atB] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %sa = llvm.load %ptrSA : !llvm.ptr<1> -> i32
      %sb = llvm.load %ptrSB : !llvm.ptr<1> -> i32

      %s00 = llvm.extractvalue %s0[0] : !acc
      %s01 = llvm.extractvalue %s0[1] : !acc
      %s02 = llvm.extractvalue %s0[2] : !acc
      %s03 = llvm.extractvalue %s0[3] : !acc
      %d0 = nvvm.mma.block_scale A[%a0, %a1, %a2, %a3] B[%p0, %p1] C[%s00, %s01, %s02, %s03] scaleA[%sa, %b0, %b0] scaleB[%sb, %b0, %b0] {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>, scaleVecSize = #nvvm.scale_vec_size<x4>, blockScaleFormat = #nvvm.block_scale_format<ue4m3>, kind = #nvvm.block_scale_kind<mxf4nvf4>} : (i32, i32, f32) -> !acc
      %s10 = llvm.extractvalue %s1[0] : !acc
      %s11 = llvm.extractvalue %s1[1] : !acc
      %s12 = llvm.extractvalue %s1[2] : !acc
      %s13 = llvm.extractvalue %s1[3] : !acc
      %d1 = nvvm.mma.block_scale A[%a0, %a1, %a2, %a3] B[%p2, %p3] C[%s10, %s11, %s12, %s13] scaleA[%sa, %b0, %b0] scaleB[%sb, %b0, %b1] {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>, scaleVecSize = #nvvm.scale_vec_size<x4>, blockScaleFormat = #nvvm.block_scale_format<ue4m3>, kind = #nvvm.block_scale_kind<mxf4nvf4>} : (i32, i32, f32) -> !acc
      %s20 = llvm.extractvalue %s2[0] : !acc
      %s21 = llvm.extractvalue %s2[1] : !acc
      %s22 = llvm.extractvalue %s2[2] : !acc
      %s23 = llvm.extractvalue %s2[3] : !acc
      %d2 = nvvm.mma.block_scale A[%a0, %a1, %a2, %a3] B[%q0, %q1] C[%s20, %s21, %s22, %s23] scaleA[%sa, %b0, %b0] scaleB[%sb, %b0, %b2] {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>, scaleVecSize = #nvvm.scale_vec_size<x4>, blockScaleFormat = #nvvm.block_scale_format<ue4m3>, kind = #nvvm.block_scale_kind<mxf4nvf4>} : (i32, i32, f32) -> !acc
      %s30 = llvm.extractvalue %s3[0] : !acc
      %s31 = llvm.extractvalue %s3[1] : !acc
      %s32 = llvm.extractvalue %s3[2] : !acc
      %s33 = llvm.extractvalue %s3[3] : !acc
      %d3 = nvvm.mma.block_scale A[%a0, %a1, %a2, %a3] B[%q2, %q3] C[%s30, %s31, %s32, %s33] scaleA[%sa, %b0, %b0] scaleB[%sb, %b0, %b3] {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>, scaleVecSize = #nvvm.scale_vec_size<x4>, blockScaleFormat = #nvvm.block_scale_format<ue4m3>, kind = #nvvm.block_scale_kind<mxf4nvf4>} : (i32, i32, f32) -> !acc
      scf.yield %d0, %d1, %d2, %d3 : !acc, !acc, !acc, !acc
    }

    // A lane holds (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1) of each 16x8.
    %outRow0 = arith.addi %m0, %warpRow : i32
    %outRow = arith.addi %outRow0, %g : i32
    %t2 = arith.muli %t, %c2 : i32
    %outColumn = arith.addi %n0, %t2 : i32
    %outRowAt = arith.muli %outRow, %N : i32
    %out = arith.addi %outRowAt, %outColumn : i32
    %N8 = arith.muli %N, %c8 : i32
    %outLow = arith.addi %out, %N8 : i32
    %ptrHigh = llvm.getelementptr %D[%out] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %ptrLow = llvm.getelementptr %D[%outLow] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %e00 = llvm.extractvalue %sum#0[0] : !acc
    %e01 = llvm.extractvalue %sum#0[1] : !acc
    %e02 = llvm.extractvalue %sum#0[2] : !acc
    %e03 = llvm.extractvalue %sum#0[3] : !acc
    %e10 = llvm.extractvalue %sum#1[0] : !acc
    %e11 = llvm.extractvalue %sum#1[1] : !acc
    %e12 = llvm.extractvalue %sum#1[2] : !acc
    %e13 = llvm.extractvalue %sum#1[3] : !acc
    %e20 = llvm.extractvalue %sum#2[0] : !acc
    %e21 = llvm.extractvalue %sum#2[1] : !acc
    %e22 = llvm.extractvalue %sum#2[2] : !acc
    %e23 = llvm.extractvalue %sum#2[3] : !acc
    %e30 = llvm.extractvalue %sum#3[0] : !acc
    %e31 = llvm.extractvalue %sum#3[1] : !acc
    %e32 = llvm.extractvalue %sum#3[2] : !acc
    %e33 = llvm.extractvalue %sum#3[3] : !acc
    %h1 = llvm.getelementptr %ptrHigh[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %h8 = llvm.getelementptr %ptrHigh[8] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %h9 = llvm.getelementptr %ptrHigh[9] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %h16 = llvm.getelementptr %ptrHigh[16] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %h17 = llvm.getelementptr %ptrHigh[17] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %h24 = llvm.getelementptr %ptrHigh[24] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %h25 = llvm.getelementptr %ptrHigh[25] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %l1 = llvm.getelementptr %ptrLow[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %l8 = llvm.getelementptr %ptrLow[8] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %l9 = llvm.getelementptr %ptrLow[9] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %l16 = llvm.getelementptr %ptrLow[16] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %l17 = llvm.getelementptr %ptrLow[17] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %l24 = llvm.getelementptr %ptrLow[24] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %l25 = llvm.getelementptr %ptrLow[25] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    llvm.store %e00, %ptrHigh : f32, !llvm.ptr<1>
    llvm.store %e01, %h1 : f32, !llvm.ptr<1>
    llvm.store %e10, %h8 : f32, !llvm.ptr<1>
    llvm.store %e11, %h9 : f32, !llvm.ptr<1>
    llvm.store %e20, %h16 : f32, !llvm.ptr<1>
    llvm.store %e21, %h17 : f32, !llvm.ptr<1>
    llvm.store %e30, %h24 : f32, !llvm.ptr<1>
    llvm.store %e31, %h25 : f32, !llvm.ptr<1>
    llvm.store %e02, %ptrLow : f32, !llvm.ptr<1>
    llvm.store %e03, %l1 : f32, !llvm.ptr<1>
    llvm.store %e12, %l8 : f32, !llvm.ptr<1>
    llvm.store %e13, %l9 : f32, !llvm.ptr<1>
    llvm.store %e22, %l16 : f32, !llvm.ptr<1>
    llvm.store %e23, %l17 : f32, !llvm.ptr<1>
    llvm.store %e32, %l24 : f32, !llvm.ptr<1>
    llvm.store %e33, %l25 : f32, !llvm.ptr<1>
    gpu.return
  }
}
}
