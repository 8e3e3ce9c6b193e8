// Where scales lie in tensor memory for N below 128 [PTX 9.7.16.10.7]: as for 128,
// that of row n in lane n mod 32 of each quarter, in column n / 32.
//
// The emulator's reading of the manual; on a GPU of the chip, what silicon does.
// What is stored is the difference to what is expected.
// RUN: zq-run %s --target=emulate:sm_100a:1 | FileCheck %s
// RUN: %if cuda-sm_100a %{ zq-run %s --target=cuda | FileCheck %s %} %else %{ echo "not run on a sm_100a: there is none" %}
// CHECK: result 0: tensor<128x64xf32>, from 0 to 0, mean 0

func.func @main() -> tensor<128x64xf32> {
  %one = arith.constant 1 : index
  %threads = arith.constant 128 : index
  %bytes = arith.constant 16384 : i32
  %out = memref.alloc() : memref<128x64xf32>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %threads, %sy = %one, %sz = %one) dynamic_shared_memory_size %bytes {
    %thread = arith.index_cast %tx : index to i32
    %dynamic = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %index = memref.extract_aligned_pointer_as_index %dynamic : memref<?xi8, #gpu.address_space<workgroup>> -> index
    %address = arith.index_cast %index : index to i64
    %shared = llvm.inttoptr %address : i64 to !llvm.ptr<3>
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %c4 = arith.constant 4 : i32
    %c5 = arith.constant 5 : i32
    %c20 = arith.constant 20 : i32
    %c21 = arith.constant 21 : i32
    %c31 = arith.constant 31 : i32
    %c32 = arith.constant 32 : i32
    %c64 = arith.constant 64 : i32
    %columns = arith.constant 128 : i32
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
    // A from 0 and B from 4096 are ones, 8 rows of 16 bytes lying together; scales of A, from 8192, too.
    // Row n of B has the scale with the code 0x30 + n, four times, in the 128x4 order from 8704 on.
    %ones = arith.constant dense<0x22222222> : vector<4xi32>
    %at = arith.shli %thread, %c5 : i32
    %place = llvm.getelementptr %shared[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %second = llvm.getelementptr %place[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    llvm.store %ones, %place {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
    llvm.store %ones, %second {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
    %isRow = arith.cmpi ult, %thread, %c64 : i32
    scf.if %isRow {
      %b = llvm.getelementptr %place[4096] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %bSecond = llvm.getelementptr %place[4112] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %ones, %b {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
      llvm.store %ones, %bSecond {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
    }
    %scaleOne = arith.constant 0x38383838 : i32
    %everyByte = arith.constant 0x01010101 : i32
    %firstCode = arith.constant 0x30 : i32
    %number = arith.addi %thread, %firstCode : i32
    %word = arith.muli %number, %everyByte : i32
    // Beyond the 64 rows there is nothing.
    %rowsWord = arith.select %isRow, %word, %c0 : i32
    %inQuarter = arith.andi %thread, %c31 : i32
    %inQuarterAt = arith.shli %inQuarter, %c4 : i32
    %ownQuarter = arith.shrui %thread, %c5 : i32
    %ownQuarterAt = arith.shli %ownQuarter, %c2 : i32
    %scaleAt = arith.addi %inQuarterAt, %ownQuarterAt : i32
    %scales = llvm.getelementptr %shared[8192] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %scaleA = llvm.getelementptr %scales[%scaleAt] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %scaleB = llvm.getelementptr %scaleA[512] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    llvm.store %scaleOne, %scaleA {alignment = 4 : i64} : i32, !llvm.ptr<3>
    llvm.store %rowsWord, %scaleB {alignment = 4 : i64} : i32, !llvm.ptr<3>
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
      // Rows of scales are 128 bytes apart; D has columns 0 to 63, the scales of A 64 to 67, of B 68 to 71.
      %fixed = arith.constant 70437464178688 : i64
      %descriptorA = arith.ori %start, %fixed : i64
      %behindA = arith.constant 256 : i64
      %descriptorB = arith.addi %descriptorA, %behindA : i64
      %fixedScales = arith.constant 70403103916032 : i64
      %plain = arith.ori %start, %fixedScales : i64
      %behindB = arith.constant 512 : i64
      %descriptorSA = arith.addi %plain, %behindB : i64
      %behindSA = arith.constant 32 : i64
      %descriptorSB = arith.addi %descriptorSA, %behindSA : i64
      %columnA = arith.addi %tensor, %c64 : i32
      %tensorA = llvm.inttoptr %columnA : i32 to !llvm.ptr<6>
      %columnB = arith.addi %columnA, %c4 : i32
      %tensorB = llvm.inttoptr %columnB : i32 to !llvm.ptr<6>
      nvvm.tcgen05.cp %tensorA, %descriptorSA {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
      nvvm.tcgen05.cp %tensorB, %descriptorSB {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
      %instruction = arith.constant 135267456 : i32
      nvvm.tcgen05.mma.block_scale %d, %descriptorA, %descriptorB, %instruction, %false, %tensorA, %tensorB
          {kind = #nvvm.block_scale_kind<mxf4nvf4>, ctaGroup = #nvvm.cta_group<cta_1>,
           blockScale = #nvvm.tcgen05_mma_block_scale<block16>}
          : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
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
    %loaded = nvvm.tcgen05.ld %fromPointer {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<64xi32>
    nvvm.tcgen05.wait #nvvm.tcgen05_wait<load>
    %sums = llvm.bitcast %loaded : vector<64xi32> to vector<64xf32>
    // 64 ones times the scale of the column.
    %k = arith.constant 64.0 : f32
    %bias = arith.constant 1006632960 : i32 // 120 << 23
    %first = arith.constant 0 : index
    %next = arith.constant 1 : index
    %all = arith.constant 64 : index
    scf.for %n = %first to %all step %next {
      %column = arith.index_cast %n : index to i32
      %code = arith.addi %column, %firstCode : i32
      %bits = arith.shli %code, %c20 : i32
      %biased = arith.addi %bits, %bias : i32
      %scale = arith.bitcast %biased : i32 to f32
      %expected = arith.mulf %scale, %k : f32
      %sum = llvm.extractelement %sums[%column : i32] : vector<64xf32>
      %off = arith.subf %sum, %expected : f32
      memref.store %off, %out[%tx, %n] : memref<128x64xf32>
    }
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<before>
    gpu.barrier
    scf.if %isWarp0 {
      nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
      nvvm.tcgen05.dealloc %d, %columns : !llvm.ptr<6>, i32
    }
    gpu.terminator
  }
  %result = bufferization.to_tensor %out restrict writable : memref<128x64xf32> to tensor<128x64xf32>
  return %result : tensor<128x64xf32>
}
