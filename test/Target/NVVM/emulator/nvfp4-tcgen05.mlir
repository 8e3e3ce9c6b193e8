// D = A B^T, both NVFP4, by tcgen05 of sm_100a. A CTA of four warps makes 128x64
// of D in 64 columns of tensor memory; K goes in steps of 256, rows of 128 bytes
// with the swizzle over them. All threads copy, one issues: scales to tensor
// memory, 512 bytes of the 128x4 order a copy, then four mma. Run, and broken on
// purpose, by unittests/NVVM/ExampleKernelTest.cpp.
//
// RUN: zq-opt %s -pass-pipeline='builtin.module(gpu.module(convert-scf-to-cf,convert-gpu-to-nvvm,convert-arith-to-llvm),convert-cf-to-llvm,reconcile-unrealized-casts,zq-emulate-kernels{chip=sm_100a})' | FileCheck %s
// CHECK: llvm.func internal @kernels_matmul
// CHECK: llvm.call @zqsim_tcgen05_alloc(
// CHECK: llvm.call @zqsim_mbarrier_init(
// CHECK: llvm.call @zqsim_fence_proxy_async(
// CHECK-COUNT-8: llvm.call @zqsim_tcgen05_cp(
// CHECK-COUNT-4: llvm.call @zqsim_tcgen05_mma_block_scale(
// CHECK: llvm.call @zqsim_tcgen05_commit(
// CHECK: llvm.call @zqsim_mbarrier_wait(
// CHECK: llvm.call @zqsim_tcgen05_ld(
// CHECK: llvm.call @zqsim_tcgen05_dealloc(

module attributes {gpu.container_module} {
gpu.module @kernels {
  // A from 0, B from 16384, scales of A from 24576, of B from 26624, the mbarrier at 28672, tensor memory's address at
  // 28680.
  llvm.mlir.global internal @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<28688 x i8>

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
    %c63 = arith.constant 63 : i32
    %c64 = arith.constant 64 : i32
    %c128 = arith.constant 128 : i32
    %c512 = arith.constant 512 : i32
    %true = arith.constant true
    %false = arith.constant false
    %noBase = arith.constant 0 : i8
    %noSwizzle = arith.constant 0 : i8
    %swizzle128 = arith.constant 2 : i8
    %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %barrier = llvm.getelementptr %shared[28672] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %slot = llvm.getelementptr %shared[28680] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %window = llvm.ptrtoint %shared : !llvm.ptr<3> to i32
    %windowMask = arith.constant 0x3ffff : i32
    %window18 = arith.andi %window, %windowMask : i32
    %start = arith.shrui %window18, %c4 : i32
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %bx = nvvm.read.ptx.sreg.ctaid.x : i32
    %by = nvvm.read.ptx.sreg.ctaid.y : i32
    %warp = arith.shrui %tid, %c5 : i32
    %m0 = arith.muli %by, %c128 : i32
    %n0 = arith.muli %bx, %c64 : i32
    %rowBytes = arith.shrui %K, %c1 : i32
    %isWarp0 = arith.cmpi eq, %warp, %c0 : i32
    %isThread0 = arith.cmpi eq, %tid, %c0 : i32
    scf.if %isWarp0 {
      nvvm.tcgen05.alloc %slot, %c128 : !llvm.ptr<3>, i32
      nvvm.tcgen05.relinquish_alloc_permit
    }
    scf.if %isThread0 {
      nvvm.mbarrier.init %barrier, %c1 : !llvm.ptr<3>, i32
      nvvm.fence.mbarrier.init
    }
    nvvm.barrier0 // after the allocation
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
    // D from column 0, scales of A from 64, of B from 80, 4 columns for each 64 of K.
    %base = llvm.load %slot : !llvm.ptr<3> -> i32
    %ptrD = llvm.inttoptr %base : i32 to !llvm.ptr<6>
    // M 128, N 64, e2m1, scales of ue4m3.
    %instruction = arith.constant 0x08100480 : i32
    // Thread 8r + c copies chunk c of row r, r + 16 and so on, to chunk c ^ (r % 8).
    %row = arith.shrui %tid, %c3 : i32
    %chunk = arith.andi %tid, %c7 : i32
    %row7 = arith.andi %row, %c7 : i32
    %place = arith.xori %chunk, %row7 : i32
    %to0 = arith.muli %row, %c128 : i32
    %to1 = arith.muli %place, %c16 : i32
    %to = arith.addi %to0, %to1 : i32
    %chunkBytes = arith.muli %chunk, %c16 : i32
    %rowA = arith.addi %m0, %row : i32
    %rowA1 = arith.muli %rowA, %rowBytes : i32
    %fromA = arith.addi %rowA1, %chunkBytes : i32
    %rowB = arith.addi %n0, %row : i32
    %rowB1 = arith.muli %rowB, %rowBytes : i32
    %fromB = arith.addi %rowB1, %chunkBytes : i32
    %rows16 = arith.muli %rowBytes, %c16 : i32
    // A warp copies the 512 bytes of scales for 64 of K.
    %steps64 = arith.shrui %K, %c6 : i32
    %blockA = arith.shrui %m0, %c7 : i32
    %blockA1 = arith.muli %blockA, %steps64 : i32
    %blockB = arith.shrui %n0, %c7 : i32
    %blockB1 = arith.muli %blockB, %steps64 : i32
    %lane = arith.andi %tid, %c31 : i32
    %laneBytes = arith.muli %lane, %c16 : i32
    %tidBytes = arith.muli %tid, %c16 : i32
    %toSA0 = llvm.getelementptr %shared[24576] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %toSB0 = llvm.getelementptr %shared[26624] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %toSA = llvm.getelementptr %toSA0[%tidBytes] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %toSB = llvm.getelementptr %toSB0[%tidBytes] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    // Of 128 columns' scales this CTA's are the first or the second half.
    %half0 = arith.andi %n0, %c64 : i32
    %half = arith.shrui %half0, %c5 : i32
    %steps = arith.shrui %K, %c8 : i32
    scf.for %step = %c0 to %steps step %c1 : i32 {
      %k = arith.muli %step, %c128 : i32
      %atA0 = arith.addi %fromA, %k : i32
      %srcA0 = llvm.getelementptr %A[%atA0] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseA0 = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstA0 = llvm.getelementptr %baseA0[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valA0 = llvm.load %srcA0 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valA0, %dstA0 : vector<4xi32>, !llvm.ptr<3>
      %atA1 = arith.addi %atA0, %rows16 : i32
      %srcA1 = llvm.getelementptr %A[%atA1] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseA1 = llvm.getelementptr %shared[2048] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstA1 = llvm.getelementptr %baseA1[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valA1 = llvm.load %srcA1 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valA1, %dstA1 : vector<4xi32>, !llvm.ptr<3>
      %atA2 = arith.addi %atA1, %rows16 : i32
      %srcA2 = llvm.getelementptr %A[%atA2] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseA2 = llvm.getelementptr %shared[4096] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstA2 = llvm.getelementptr %baseA2[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valA2 = llvm.load %srcA2 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valA2, %dstA2 : vector<4xi32>, !llvm.ptr<3>
      %atA3 = arith.addi %atA2, %rows16 : i32
      %srcA3 = llvm.getelementptr %A[%atA3] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseA3 = llvm.getelementptr %shared[6144] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstA3 = llvm.getelementptr %baseA3[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valA3 = llvm.load %srcA3 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valA3, %dstA3 : vector<4xi32>, !llvm.ptr<3>
      %atA4 = arith.addi %atA3, %rows16 : i32
      %srcA4 = llvm.getelementptr %A[%atA4] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseA4 = llvm.getelementptr %shared[8192] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstA4 = llvm.getelementptr %baseA4[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valA4 = llvm.load %srcA4 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valA4, %dstA4 : vector<4xi32>, !llvm.ptr<3>
      %atA5 = arith.addi %atA4, %rows16 : i32
      %srcA5 = llvm.getelementptr %A[%atA5] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseA5 = llvm.getelementptr %shared[10240] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstA5 = llvm.getelementptr %baseA5[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valA5 = llvm.load %srcA5 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valA5, %dstA5 : vector<4xi32>, !llvm.ptr<3>
      %atA6 = arith.addi %atA5, %rows16 : i32
      %srcA6 = llvm.getelementptr %A[%atA6] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseA6 = llvm.getelementptr %shared[12288] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstA6 = llvm.getelementptr %baseA6[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valA6 = llvm.load %srcA6 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valA6, %dstA6 : vector<4xi32>, !llvm.ptr<3>
      %atA7 = arith.addi %atA6, %rows16 : i32
      %srcA7 = llvm.getelementptr %A[%atA7] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseA7 = llvm.getelementptr %shared[14336] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstA7 = llvm.getelementptr %baseA7[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valA7 = llvm.load %srcA7 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valA7, %dstA7 : vector<4xi32>, !llvm.ptr<3>
      %atB0 = arith.addi %fromB, %k : i32
      %srcB0 = llvm.getelementptr %B[%atB0] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseB0 = llvm.getelementptr %shared[16384] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstB0 = llvm.getelementptr %baseB0[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valB0 = llvm.load %srcB0 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valB0, %dstB0 : vector<4xi32>, !llvm.ptr<3>
      %atB1 = arith.addi %atB0, %rows16 : i32
      %srcB1 = llvm.getelementptr %B[%atB1] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseB1 = llvm.getelementptr %shared[18432] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstB1 = llvm.getelementptr %baseB1[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valB1 = llvm.load %srcB1 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valB1, %dstB1 : vector<4xi32>, !llvm.ptr<3>
      %atB2 = arith.addi %atB1, %rows16 : i32
      %srcB2 = llvm.getelementptr %B[%atB2] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseB2 = llvm.getelementptr %shared[20480] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstB2 = llvm.getelementptr %baseB2[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valB2 = llvm.load %srcB2 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valB2, %dstB2 : vector<4xi32>, !llvm.ptr<3>
      %atB3 = arith.addi %atB2, %rows16 : i32
      %srcB3 = llvm.getelementptr %B[%atB3] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %baseB3 = llvm.getelementptr %shared[22528] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %dstB3 = llvm.getelementptr %baseB3[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %valB3 = llvm.load %srcB3 : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valB3, %dstB3 : vector<4xi32>, !llvm.ptr<3>
      %step4 = arith.muli %step, %c4 : i32
      %quad = arith.addi %step4, %warp : i32
      %scaleA0 = arith.addi %blockA1, %quad : i32
      %scaleA1 = arith.muli %scaleA0, %c512 : i32
      %scaleA2 = arith.addi %scaleA1, %laneBytes : i32
      %ptrSA = llvm.getelementptr %SA[%scaleA2] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %valSA = llvm.load %ptrSA : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valSA, %toSA : vector<4xi32>, !llvm.ptr<3>
      %scaleB0 = arith.addi %blockB1, %quad : i32
      %scaleB1 = arith.muli %scaleB0, %c512 : i32
      %scaleB2 = arith.addi %scaleB1, %laneBytes : i32
      %ptrSB = llvm.getelementptr %SB[%scaleB2] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %valSB = llvm.load %ptrSB : !llvm.ptr<1> -> vector<4xi32>
      llvm.store %valSB, %toSB : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0 // after the stores
      scf.if %isThread0 {
        %scaleStride = arith.constant 8 : i32
        %rowStride = arith.constant 64 : i32
        %cpOffsetA0 = arith.constant 1536 : i32
        %columnA0 = arith.constant 64 : i32
        %cpStartA0 = arith.addi %start, %cpOffsetA0 : i32
        %cpDescA0 = nvvm.tcgen05.mma_smem_desc (%cpStartA0, %c0, %scaleStride, %noBase, %false, %noSwizzle) : (i32, i32, i32, i8, i1, i8) -> i64
        %cpAtA0 = arith.addi %base, %columnA0 : i32
        %cpPtrA0 = llvm.inttoptr %cpAtA0 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.cp %cpPtrA0, %cpDescA0 {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
        %cpOffsetA1 = arith.constant 1568 : i32
        %columnA1 = arith.constant 68 : i32
        %cpStartA1 = arith.addi %start, %cpOffsetA1 : i32
        %cpDescA1 = nvvm.tcgen05.mma_smem_desc (%cpStartA1, %c0, %scaleStride, %noBase, %false, %noSwizzle) : (i32, i32, i32, i8, i1, i8) -> i64
        %cpAtA1 = arith.addi %base, %columnA1 : i32
        %cpPtrA1 = llvm.inttoptr %cpAtA1 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.cp %cpPtrA1, %cpDescA1 {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
        %cpOffsetA2 = arith.constant 1600 : i32
        %columnA2 = arith.constant 72 : i32
        %cpStartA2 = arith.addi %start, %cpOffsetA2 : i32
        %cpDescA2 = nvvm.tcgen05.mma_smem_desc (%cpStartA2, %c0, %scaleStride, %noBase, %false, %noSwizzle) : (i32, i32, i32, i8, i1, i8) -> i64
        %cpAtA2 = arith.addi %base, %columnA2 : i32
        %cpPtrA2 = llvm.inttoptr %cpAtA2 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.cp %cpPtrA2, %cpDescA2 {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
        %cpOffsetA3 = arith.constant 1632 : i32
        %columnA3 = arith.constant 76 : i32
        %cpStartA3 = arith.addi %start, %cpOffsetA3 : i32
        %cpDescA3 = nvvm.tcgen05.mma_smem_desc (%cpStartA3, %c0, %scaleStride, %noBase, %false, %noSwizzle) : (i32, i32, i32, i8, i1, i8) -> i64
        %cpAtA3 = arith.addi %base, %columnA3 : i32
        %cpPtrA3 = llvm.inttoptr %cpAtA3 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.cp %cpPtrA3, %cpDescA3 {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
        %cpOffsetB0 = arith.constant 1664 : i32
        %columnB0 = arith.constant 80 : i32
        %cpStartB0 = arith.addi %start, %cpOffsetB0 : i32
        %cpDescB0 = nvvm.tcgen05.mma_smem_desc (%cpStartB0, %c0, %scaleStride, %noBase, %false, %noSwizzle) : (i32, i32, i32, i8, i1, i8) -> i64
        %cpAtB0 = arith.addi %base, %columnB0 : i32
        %cpPtrB0 = llvm.inttoptr %cpAtB0 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.cp %cpPtrB0, %cpDescB0 {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
        %cpOffsetB1 = arith.constant 1696 : i32
        %columnB1 = arith.constant 84 : i32
        %cpStartB1 = arith.addi %start, %cpOffsetB1 : i32
        %cpDescB1 = nvvm.tcgen05.mma_smem_desc (%cpStartB1, %c0, %scaleStride, %noBase, %false, %noSwizzle) : (i32, i32, i32, i8, i1, i8) -> i64
        %cpAtB1 = arith.addi %base, %columnB1 : i32
        %cpPtrB1 = llvm.inttoptr %cpAtB1 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.cp %cpPtrB1, %cpDescB1 {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
        %cpOffsetB2 = arith.constant 1728 : i32
        %columnB2 = arith.constant 88 : i32
        %cpStartB2 = arith.addi %start, %cpOffsetB2 : i32
        %cpDescB2 = nvvm.tcgen05.mma_smem_desc (%cpStartB2, %c0, %scaleStride, %noBase, %false, %noSwizzle) : (i32, i32, i32, i8, i1, i8) -> i64
        %cpAtB2 = arith.addi %base, %columnB2 : i32
        %cpPtrB2 = llvm.inttoptr %cpAtB2 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.cp %cpPtrB2, %cpDescB2 {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
        %cpOffsetB3 = arith.constant 1760 : i32
        %columnB3 = arith.constant 92 : i32
        %cpStartB3 = arith.addi %start, %cpOffsetB3 : i32
        %cpDescB3 = nvvm.tcgen05.mma_smem_desc (%cpStartB3, %c0, %scaleStride, %noBase, %false, %noSwizzle) : (i32, i32, i32, i8, i1, i8) -> i64
        %cpAtB3 = arith.addi %base, %columnB3 : i32
        %cpPtrB3 = llvm.inttoptr %cpAtB3 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.cp %cpPtrB3, %cpDescB3 {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
        %isLater = arith.cmpi ne, %step, %c0 : i32
        %aOffset0 = arith.constant 0 : i32
        %bOffset0 = arith.constant 1024 : i32
        %aStart0 = arith.addi %start, %aOffset0 : i32
        %bStart0 = arith.addi %start, %bOffset0 : i32
        %aDesc0 = nvvm.tcgen05.mma_smem_desc (%aStart0, %c0, %rowStride, %noBase, %false, %swizzle128) : (i32, i32, i32, i8, i1, i8) -> i64
        %bDesc0 = nvvm.tcgen05.mma_smem_desc (%bStart0, %c0, %rowStride, %noBase, %false, %swizzle128) : (i32, i32, i32, i8, i1, i8) -> i64
        %sbAt0 = arith.addi %cpAtB0, %half : i32
        %sbPtr0 = llvm.inttoptr %sbAt0 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.mma.block_scale %ptrD, %aDesc0, %bDesc0, %instruction, %isLater, %cpPtrA0, %sbPtr0 {kind = #nvvm.block_scale_kind<mxf4nvf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block16>} : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
        %aOffset1 = arith.constant 2 : i32
        %bOffset1 = arith.constant 1026 : i32
        %aStart1 = arith.addi %start, %aOffset1 : i32
        %bStart1 = arith.addi %start, %bOffset1 : i32
        %aDesc1 = nvvm.tcgen05.mma_smem_desc (%aStart1, %c0, %rowStride, %noBase, %false, %swizzle128) : (i32, i32, i32, i8, i1, i8) -> i64
        %bDesc1 = nvvm.tcgen05.mma_smem_desc (%bStart1, %c0, %rowStride, %noBase, %false, %swizzle128) : (i32, i32, i32, i8, i1, i8) -> i64
        %sbAt1 = arith.addi %cpAtB1, %half : i32
        %sbPtr1 = llvm.inttoptr %sbAt1 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.mma.block_scale %ptrD, %aDesc1, %bDesc1, %instruction, %true, %cpPtrA1, %sbPtr1 {kind = #nvvm.block_scale_kind<mxf4nvf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block16>} : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
        %aOffset2 = arith.constant 4 : i32
        %bOffset2 = arith.constant 1028 : i32
        %aStart2 = arith.addi %start, %aOffset2 : i32
        %bStart2 = arith.addi %start, %bOffset2 : i32
        %aDesc2 = nvvm.tcgen05.mma_smem_desc (%aStart2, %c0, %rowStride, %noBase, %false, %swizzle128) : (i32, i32, i32, i8, i1, i8) -> i64
        %bDesc2 = nvvm.tcgen05.mma_smem_desc (%bStart2, %c0, %rowStride, %noBase, %false, %swizzle128) : (i32, i32, i32, i8, i1, i8) -> i64
        %sbAt2 = arith.addi %cpAtB2, %half : i32
        %sbPtr2 = llvm.inttoptr %sbAt2 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.mma.block_scale %ptrD, %aDesc2, %bDesc2, %instruction, %true, %cpPtrA2, %sbPtr2 {kind = #nvvm.block_scale_kind<mxf4nvf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block16>} : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
        %aOffset3 = arith.constant 6 : i32
        %bOffset3 = arith.constant 1030 : i32
        %aStart3 = arith.addi %start, %aOffset3 : i32
        %bStart3 = arith.addi %start, %bOffset3 : i32
        %aDesc3 = nvvm.tcgen05.mma_smem_desc (%aStart3, %c0, %rowStride, %noBase, %false, %swizzle128) : (i32, i32, i32, i8, i1, i8) -> i64
        %bDesc3 = nvvm.tcgen05.mma_smem_desc (%bStart3, %c0, %rowStride, %noBase, %false, %swizzle128) : (i32, i32, i32, i8, i1, i8) -> i64
        %sbAt3 = arith.addi %cpAtB3, %half : i32
        %sbPtr3 = llvm.inttoptr %sbAt3 : i32 to !llvm.ptr<6>
        nvvm.tcgen05.mma.block_scale %ptrD, %aDesc3, %bDesc3, %instruction, %true, %cpPtrA3, %sbPtr3 {kind = #nvvm.block_scale_kind<mxf4nvf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block16>} : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
        nvvm.tcgen05.commit %barrier : !llvm.ptr<3>
      }
      %parity = arith.andi %step, %c1 : i32
      scf.while : () -> () {
        %done = nvvm.mbarrier.try_wait %barrier, %parity : !llvm.ptr<3>, i32 -> i1
        %goes = arith.xori %done, %true : i1
        scf.condition(%goes)
      } do {
        scf.yield
      }
      nvvm.barrier0 // after the products
    }
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>

    // Warp w reads lanes from 32w on: a thread a row.
    %warpLane = arith.muli %warp, %c32 : i32
    %laneField = arith.shli %warpLane, %c16 : i32
    %readAt = arith.addi %base, %laneField : i32
    %readPtr = llvm.inttoptr %readAt : i32 to !llvm.ptr<6>
    %values = nvvm.tcgen05.ld %readPtr {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<64xi32>
    nvvm.tcgen05.wait #nvvm.tcgen05_wait<load>
    %outRow = arith.addi %m0, %tid : i32
    %out0 = arith.muli %outRow, %N : i32
    %out = arith.addi %out0, %n0 : i32
    %outPtr = llvm.getelementptr %D[%out] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %values, %outPtr {alignment = 16 : i64} : vector<64xi32>, !llvm.ptr<1>
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<before>
    nvvm.barrier0 // before tensor memory is freed
    scf.if %isWarp0 {
      nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
      nvvm.tcgen05.dealloc %ptrD, %c128 : !llvm.ptr<6>, i32
    }
    gpu.return
  }
}
}
