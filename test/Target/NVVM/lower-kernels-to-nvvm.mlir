// RUN: zq-opt %s -zq-bare-kernel-arguments -zq-lower-kernels-to-nvvm=chip=sm_90a | FileCheck %s

// CHECK-LABEL: gpu.module @kernels
gpu.module @kernels {
  // CHECK-DAG: llvm.mlir.global external @__dynamic_shmem__0() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
  // CHECK-DAG: llvm.mlir.global internal @__wg_f_0() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<128 x f32>

  // CHECK: llvm.func @f(
  // CHECK-SAME: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}
  // CHECK-SAME: i64
  // CHECK-SAME: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias}
  // CHECK-SAME: nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>
  gpu.func @f(%x: memref<?x64xf32>, %y: memref<128x64xf32>)
      workgroup(%s : memref<4x32xf32, #gpu.address_space<workgroup>>)
      kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c64 = arith.constant 64 : index
    %zero = arith.constant 0.0 : f32
    %t = gpu.thread_id x
    %dynamic = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %d = memref.view %dynamic[%c0][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<128xf32, #gpu.address_space<workgroup>>
    // CHECK: llvm.cond_br
    scf.for %i = %c0 to %c64 step %c4 {
      // Two rows, each by one load.
      // CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr -> vector<4xf32>
      %v = vector.transfer_read %x[%t, %i], %zero {in_bounds = [true, true]} : memref<?x64xf32>, vector<2x4xf32>
      // CHECK-NOT: __nv_
      // CHECK: llvm.intr.floor
      %e = math.exp %v : vector<2x4xf32>
      // CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr
      vector.transfer_write %e, %y[%t, %i] {in_bounds = [true, true]} : vector<2x4xf32>, memref<128x64xf32>
    }
    %a = memref.load %x[%c0, %t] : memref<?x64xf32>
    // CHECK-COUNT-5: nvvm.shfl.sync bfly
    %r = gpu.subgroup_reduce add %a : (f32) -> f32
    // CHECK: llvm.store %{{.*}} : f32, !llvm.ptr<3>
    memref.store %r, %s[%c0, %c4] : memref<4x32xf32, #gpu.address_space<workgroup>>
    memref.store %r, %d[%t] : memref<128xf32, #gpu.address_space<workgroup>>
    // CHECK: nvvm.barrier
    gpu.barrier
    %b = memref.load %s[%c0, %c4] : memref<4x32xf32, #gpu.address_space<workgroup>>
    memref.store %b, %y[%c0, %t] : memref<128x64xf32>
    // CHECK: llvm.return
    gpu.return
  }
}

gpu.module @units {
  // A leading dimension of one, which canonicalising makes broadcasts of. All
  // kernels end up in one module.
  // CHECK-NOT: gpu.module
  // CHECK-LABEL: llvm.func @row(
  // CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr -> vector<16xf32>
  // CHECK: llvm.store %{{.*}} {alignment = 16 : i64} : vector<16xf32>, !llvm.ptr
  gpu.func @row(%x: memref<64x128xf32>, %y: memref<64x128xf32>) kernel {
    %c16 = arith.constant 16 : index
    %zero = arith.constant 0.0 : f32
    %t = gpu.thread_id x
    %c = arith.muli %t, %c16 : index
    %v = vector.transfer_read %x[%t, %c], %zero {in_bounds = [true, true]} : memref<64x128xf32>, vector<1x16xf32>
    %w = arith.addf %v, %v : vector<1x16xf32>
    vector.transfer_write %w, %y[%t, %c] {in_bounds = [true, true]} : vector<1x16xf32>, memref<64x128xf32>
    gpu.return
  }
}
