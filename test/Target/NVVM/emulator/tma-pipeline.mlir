// Running sums over tiles of 16 rows of 32 f32: tile i of Y is the sum of tiles
// 0 to i of X. Warp 4 lets the copy engine fill two stages by tensor maps, with
// the swizzle over 128 bytes; four warps add, 4 values a thread, and one thread
// has the engine store the sums. Full and empty mbarriers, a named barrier, and
// fences between proxies. Run, and broken on purpose, by
// unittests/NVVM/ExampleKernelTest.cpp.
//
// RUN: zq-opt %s -pass-pipeline='builtin.module(gpu.module(convert-scf-to-cf,convert-arith-to-llvm),convert-cf-to-llvm,reconcile-unrealized-casts,zq-emulate-kernels{chip=sm_90a})' | FileCheck %s
// CHECK: llvm.func internal @kernels_sums
// CHECK: llvm.call @zqsim_tensor_load(
// CHECK: llvm.call @zqsim_mbarrier_wait(
// CHECK: llvm.call @zqsim_tensor_store(

module attributes {gpu.container_module} {
gpu.module @kernels {
  // Two stages of 2048 bytes, sums from 4096 on, full mbarriers at 6144 and 6152, empty ones at 6160 and 6168.
  llvm.mlir.global internal @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<6176 x i8>

  llvm.func @sums(%X: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant},
                  %Y: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant},
                  %tiles: i32) attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 160>} {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c3 = arith.constant 3 : i32
    %c4 = arith.constant 4 : i32
    %c5 = arith.constant 5 : i32
    %c7 = arith.constant 7 : i32
    %c8 = arith.constant 8 : i32
    %c16 = arith.constant 16 : i32
    %c128 = arith.constant 128 : i32
    %c2048 = arith.constant 2048 : i32
    %true = arith.constant true
    %false = arith.constant false
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %sums = llvm.getelementptr %shared[4096] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %full = llvm.getelementptr %shared[6144] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %empty = llvm.getelementptr %shared[6160] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %full1 = llvm.getelementptr %full[8] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %empty1 = llvm.getelementptr %empty[8] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8

    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %isThread0 = arith.cmpi eq, %tid, %c0 : i32
    %isProducer = arith.cmpi eq, %tid, %c128 : i32
    %isConsumer = arith.cmpi ult, %tid, %c128 : i32
    scf.if %isThread0 {
      nvvm.mbarrier.init %full, %c1 : !llvm.ptr<3>, i32
      nvvm.mbarrier.init %full1, %c1 : !llvm.ptr<3>, i32
      nvvm.mbarrier.init %empty, %c128 : !llvm.ptr<3>, i32
      nvvm.mbarrier.init %empty1, %c128 : !llvm.ptr<3>, i32
      nvvm.fence.mbarrier.init
    }
    nvvm.barrier0 // after the initialisation

    scf.if %isProducer {
      scf.for %i = %c0 to %tiles step %c1 : i32 {
        %stage = arith.andi %i, %c1 : i32
        %round = arith.shrui %i, %c1 : i32
        %roundParity = arith.andi %round, %c1 : i32
        %emptyParity = arith.xori %roundParity, %c1 : i32
        %offset = arith.muli %stage, %c8 : i32
        %fullNow = llvm.getelementptr %full[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        %emptyNow = llvm.getelementptr %empty[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        scf.while : () -> () {
          %isEmpty = nvvm.mbarrier.try_wait %emptyNow, %emptyParity : !llvm.ptr<3>, i32 -> i1
          %waits = arith.xori %isEmpty, %true : i1
          scf.condition(%waits) // until it is empty
        } do {
          scf.yield
        }
        %none = nvvm.mbarrier.arrive.expect_tx %fullNow, %c2048 : !llvm.ptr<3>, i32 -> i64
        %at = arith.muli %stage, %c2048 : i32
        %to = llvm.getelementptr %shared[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        %row = arith.muli %i, %c16 : i32
        nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %X, %fullNow, box[%c0, %row] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
    }

    scf.if %isConsumer {
      // Thread 8r + c has chunk c of row r, which lies at chunk c ^ (r % 8).
      %r = arith.shrui %tid, %c3 : i32
      %c = arith.andi %tid, %c7 : i32
      %r7 = arith.andi %r, %c7 : i32
      %place = arith.xori %c, %r7 : i32
      %rowAt = arith.muli %r, %c128 : i32
      %placeAt = arith.muli %place, %c16 : i32
      %swizzled = arith.addi %rowAt, %placeAt : i32
      %chunkAt = arith.muli %c, %c16 : i32
      %plain = arith.addi %rowAt, %chunkAt : i32
      %mine = llvm.getelementptr %sums[%plain] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %last = scf.for %i = %c0 to %tiles step %c1 iter_args(%sum = %zero) -> (vector<4xf32>) : i32 {
        %stage = arith.andi %i, %c1 : i32
        %round = arith.shrui %i, %c1 : i32
        %parity = arith.andi %round, %c1 : i32
        %offset = arith.muli %stage, %c8 : i32
        %fullNow = llvm.getelementptr %full[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        %emptyNow = llvm.getelementptr %empty[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        scf.while : () -> () {
          %isFull = nvvm.mbarrier.try_wait %fullNow, %parity : !llvm.ptr<3>, i32 -> i1
          %waits = arith.xori %isFull, %true : i1
          scf.condition(%waits) // until it is full
        } do {
          scf.yield
        }
        %stageAt = arith.muli %stage, %c2048 : i32
        %from0 = arith.addi %stageAt, %swizzled : i32
        %from = llvm.getelementptr %shared[%from0] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        %value = llvm.load %from : !llvm.ptr<3> -> vector<4xf32>
        %gone = nvvm.mbarrier.arrive %emptyNow : !llvm.ptr<3> -> i64
        %next = arith.addf %sum, %value : vector<4xf32>

        // The sums before may still be on their way out.
        scf.if %isThread0 {
          nvvm.cp.async.bulk.wait_group 0 {read}
        }
        nvvm.barrier id = %c1 number_of_threads = %c128 // before the sums
        llvm.store %next, %mine : vector<4xf32>, !llvm.ptr<3>
        nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
        nvvm.barrier id = %c1 number_of_threads = %c128 // after the sums
        scf.if %isThread0 {
          %row = arith.muli %i, %c16 : i32
          nvvm.cp.async.bulk.tensor.global.shared.cta %Y, %sums, box[%c0, %row] : !llvm.ptr, !llvm.ptr<3>
          nvvm.cp.async.bulk.commit.group
        }
        scf.yield %next : vector<4xf32>
      }
      scf.if %isThread0 {
        nvvm.cp.async.bulk.wait_group 0 // at the end
      }
    }
    llvm.return
  }
}
}
