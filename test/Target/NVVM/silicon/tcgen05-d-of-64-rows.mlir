// How tensor memory holds D of M 64 [PTX 9.7.16.10.5]: rows 16 j to 16 j + 15 in
// lanes 32 j to 32 j + 15.
//
// The emulator's reading of the manual; on a GPU of the chip, what silicon does.
// What is stored is the difference to what is expected.
// RUN: zq-run %s --target=emulate:sm_100a:1 | FileCheck %s
// RUN: %if cuda-sm_100a %{ zq-run %s --target=cuda | FileCheck %s %} %else %{ echo "not run on a sm_100a: there is none" %}
// CHECK: result 0: tensor<128x8xf32>, from 0 to 0, mean 0

func.func @main() -> tensor<128x8xf32> {
  %one = arith.constant 1 : index
  %threads = arith.constant 128 : index
  %bytes = arith.constant 16384 : i32
  %out = memref.alloc() : memref<128x8xf32>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %threads, %sy = %one, %sz = %one) dynamic_shared_memory_size %bytes {
    %thread = arith.index_cast %tx : index to i32
    %dynamic = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %index = memref.extract_aligned_pointer_as_index %dynamic : memref<?xi8, #gpu.address_space<workgroup>> -> index
    %address = arith.index_cast %index : index to i64
    %shared = llvm.inttoptr %address : i64 to !llvm.ptr<3>
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c3 = arith.constant 3 : i32
    %c4 = arith.constant 4 : i32
    %c5 = arith.constant 5 : i32
    %c7 = arith.constant 7 : i32
    %c8 = arith.constant 8 : i32
    %c16 = arith.constant 16 : i32
    %c21 = arith.constant 21 : i32
    %c31 = arith.constant 31 : i32
    %c32 = arith.constant 32 : i32
    %c63 = arith.constant 63 : i32
    %c64 = arith.constant 64 : i32
    %c72 = arith.constant 72 : i32
    %columns = arith.constant 32 : i32
    %true = arith.constant true
    %false = arith.constant false
    %barrier = llvm.getelementptr %shared[16000] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %slot = llvm.getelementptr %shared[16008] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %isWarp0 = arith.cmpi ult, %thread, %c32 : i32
    %isFirst = arith.cmpi eq, %thread, %c0 : i32
    scf.if %isWarp0 {
      nvvm.tcgen05.alloc %slot, %columns : !llvm.ptr<3>, i32
      nvvm.tcgen05.relinquish_alloc_permit
    }
    scf.if %isFirst {
      nvvm.mbarrier.init %barrier, %c1 : !llvm.ptr<3>, i32
      nvvm.fence.mbarrier.init
    }
    // A[m, 0] = m, A[m, 1] = 1, B[n, 0] = 1, B[n, 1] = 64 n, zeros elsewhere: D[m, n] = m + 64 n. Without
    // a swizzle, 8 rows of 16 bytes lie together, the second 16 bytes of the rows behind them.
    %isRow = arith.cmpi ult, %thread, %c72 : i32
    scf.if %isRow {
      // Rows of B are rows 64 to 71 here.
      %inB = arith.cmpi uge, %thread, %c64 : i32
      %row = arith.andi %thread, %c63 : i32
      %group = arith.shrui %thread, %c3 : i32
      %groupAt = arith.shli %group, %c8 : i32
      %inGroup = arith.andi %thread, %c7 : i32
      %inGroupAt = arith.shli %inGroup, %c4 : i32
      %at = arith.addi %groupAt, %inGroupAt : i32
      %place = llvm.getelementptr %shared[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %second = llvm.getelementptr %place[128] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %number = arith.uitofp %row : i32 to f16
      %sixtyFour = arith.constant 64.0 : f16
      %scaled = arith.mulf %number, %sixtyFour : f16
      %unit = arith.constant 1.0 : f16
      %k0 = arith.select %inB, %unit, %number : f16
      %k1 = arith.select %inB, %scaled, %unit : f16
      %none = arith.constant dense<0.0> : vector<8xf16>
      %row0 = llvm.insertelement %k0, %none[%c0 : i32] : vector<8xf16>
      %row1 = llvm.insertelement %k1, %row0[%c1 : i32] : vector<8xf16>
      llvm.store %row1, %place {alignment = 16 : i64} : vector<8xf16>, !llvm.ptr<3>
      llvm.store %none, %second {alignment = 16 : i64} : vector<8xf16>, !llvm.ptr<3>
    }
    nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<before>
    gpu.barrier
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
    %tensor = llvm.load %slot {alignment = 4 : i64} : !llvm.ptr<3> -> i32
    %d = llvm.inttoptr %tensor : i32 to !llvm.ptr<6>
    scf.if %isFirst {
      %window = llvm.ptrtoint %shared : !llvm.ptr<3> to i32
      %mask = arith.constant 0x3ffff : i32
      %inWindow = arith.andi %window, %mask : i32
      %begin = arith.shrui %inWindow, %c4 : i32
      %start = arith.extui %begin : i32 to i64
      // 128 bytes to the second half of a row, 256 to the next 8 rows.
      %fixed = arith.constant 70437464178688 : i64
      %descriptorA = arith.ori %start, %fixed : i64
      %behindA = arith.constant 128 : i64
      %descriptorB = arith.addi %descriptorA, %behindA : i64
      %instruction = arith.constant 67239952 : i32
      nvvm.tcgen05.mma %d, %descriptorA, %descriptorB, %instruction, %false
          {kind = #nvvm.tcgen05_mma_kind<f16>, ctaGroup = #nvvm.cta_group<cta_1>} : (!llvm.ptr<6>, i64, i64, i32, i1)
      nvvm.tcgen05.commit %barrier : !llvm.ptr<3>
    }
    scf.while : () -> () {
      %isOver = nvvm.mbarrier.try_wait %barrier, %c0 : !llvm.ptr<3>, i32 -> i1
      %waits = arith.xori %isOver, %true : i1
      scf.condition(%waits)
    } do {
      scf.yield
    }
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
    // A warp reads the 32 lanes that are its own.
    %warp = arith.shrui %thread, %c5 : i32
    %quarter = arith.shli %warp, %c21 : i32
    %from = arith.addi %tensor, %quarter : i32
    %fromPointer = llvm.inttoptr %from : i32 to !llvm.ptr<6>
    %loaded = nvvm.tcgen05.ld %fromPointer {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<8xi32>
    nvvm.tcgen05.wait #nvvm.tcgen05_wait<load>
    %sums = llvm.bitcast %loaded : vector<8xi32> to vector<8xf32>
    %lane = arith.andi %thread, %c31 : i32
    %isSum = arith.cmpi ult, %lane, %c16 : i32
    %warpRow = arith.shli %warp, %c4 : i32
    %m = arith.addi %warpRow, %lane : i32
    %rowValue = arith.uitofp %m : i32 to f32
    %zero = arith.constant 0.0 : f32
    %n0 = arith.constant 0 : index
    %i0 = arith.constant 0 : i32
    %base0 = arith.constant 0.0 : f32
    %expected0 = arith.addf %rowValue, %base0 : f32
    %sum0 = llvm.extractelement %sums[%i0 : i32] : vector<8xf32>
    %off0 = arith.subf %sum0, %expected0 : f32
    %kept0 = arith.select %isSum, %off0, %zero : f32
    memref.store %kept0, %out[%tx, %n0] : memref<128x8xf32>
    %n1 = arith.constant 1 : index
    %i1 = arith.constant 1 : i32
    %base1 = arith.constant 64.0 : f32
    %expected1 = arith.addf %rowValue, %base1 : f32
    %sum1 = llvm.extractelement %sums[%i1 : i32] : vector<8xf32>
    %off1 = arith.subf %sum1, %expected1 : f32
    %kept1 = arith.select %isSum, %off1, %zero : f32
    memref.store %kept1, %out[%tx, %n1] : memref<128x8xf32>
    %n2 = arith.constant 2 : index
    %i2 = arith.constant 2 : i32
    %base2 = arith.constant 128.0 : f32
    %expected2 = arith.addf %rowValue, %base2 : f32
    %sum2 = llvm.extractelement %sums[%i2 : i32] : vector<8xf32>
    %off2 = arith.subf %sum2, %expected2 : f32
    %kept2 = arith.select %isSum, %off2, %zero : f32
    memref.store %kept2, %out[%tx, %n2] : memref<128x8xf32>
    %n3 = arith.constant 3 : index
    %i3 = arith.constant 3 : i32
    %base3 = arith.constant 192.0 : f32
    %expected3 = arith.addf %rowValue, %base3 : f32
    %sum3 = llvm.extractelement %sums[%i3 : i32] : vector<8xf32>
    %off3 = arith.subf %sum3, %expected3 : f32
    %kept3 = arith.select %isSum, %off3, %zero : f32
    memref.store %kept3, %out[%tx, %n3] : memref<128x8xf32>
    %n4 = arith.constant 4 : index
    %i4 = arith.constant 4 : i32
    %base4 = arith.constant 256.0 : f32
    %expected4 = arith.addf %rowValue, %base4 : f32
    %sum4 = llvm.extractelement %sums[%i4 : i32] : vector<8xf32>
    %off4 = arith.subf %sum4, %expected4 : f32
    %kept4 = arith.select %isSum, %off4, %zero : f32
    memref.store %kept4, %out[%tx, %n4] : memref<128x8xf32>
    %n5 = arith.constant 5 : index
    %i5 = arith.constant 5 : i32
    %base5 = arith.constant 320.0 : f32
    %expected5 = arith.addf %rowValue, %base5 : f32
    %sum5 = llvm.extractelement %sums[%i5 : i32] : vector<8xf32>
    %off5 = arith.subf %sum5, %expected5 : f32
    %kept5 = arith.select %isSum, %off5, %zero : f32
    memref.store %kept5, %out[%tx, %n5] : memref<128x8xf32>
    %n6 = arith.constant 6 : index
    %i6 = arith.constant 6 : i32
    %base6 = arith.constant 384.0 : f32
    %expected6 = arith.addf %rowValue, %base6 : f32
    %sum6 = llvm.extractelement %sums[%i6 : i32] : vector<8xf32>
    %off6 = arith.subf %sum6, %expected6 : f32
    %kept6 = arith.select %isSum, %off6, %zero : f32
    memref.store %kept6, %out[%tx, %n6] : memref<128x8xf32>
    %n7 = arith.constant 7 : index
    %i7 = arith.constant 7 : i32
    %base7 = arith.constant 448.0 : f32
    %expected7 = arith.addf %rowValue, %base7 : f32
    %sum7 = llvm.extractelement %sums[%i7 : i32] : vector<8xf32>
    %off7 = arith.subf %sum7, %expected7 : f32
    %kept7 = arith.select %isSum, %off7, %zero : f32
    memref.store %kept7, %out[%tx, %n7] : memref<128x8xf32>
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<before>
    gpu.barrier
    scf.if %isWarp0 {
      nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
      nvvm.tcgen05.dealloc %d, %columns : !llvm.ptr<6>, i32
    }
    gpu.terminator
  }
  %result = bufferization.to_tensor %out restrict writable : memref<128x8xf32> to tensor<128x8xf32>
  return %result : tensor<128x8xf32>
}
