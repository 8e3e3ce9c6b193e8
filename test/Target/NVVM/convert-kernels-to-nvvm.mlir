// RUN: zq-opt %s -pass-pipeline='builtin.module(gpu.module(zq-convert-kernels-to-nvvm,reconcile-unrealized-casts))' -split-input-file -verify-diagnostics | FileCheck %s

module attributes {gpu.container_module} {
gpu.module @kernels {
  // CHECK: llvm.mlir.global external @__dynamic_shmem__0() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
  // CHECK: llvm.func @f(%{{.*}}: !llvm.ptr<1>) attributes {gpu.kernel, {{.*}}nvvm.kernel
  // CHECK: nvvm.read.ptx.sreg.tid.x
  // The LLVM dialect's own functions stay.
  // CHECK: llvm.intr.sqrt
  // CHECK: nvvm.barrier
  gpu.func @f(%x: !llvm.ptr<1>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %shared = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %c0 = arith.constant 0 : index
    %view = memref.view %shared[%c0][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<32xf32, #gpu.address_space<workgroup>>
    %value = llvm.load %x : !llvm.ptr<1> -> f32
    %root = llvm.intr.sqrt(%value) : (f32) -> f32
    memref.store %root, %view[%t] : memref<32xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    gpu.return
  }
}
// What is passed by value is not copied.
gpu.module @by_value {
  // CHECK: llvm.func @g(%{{.*}}: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant})
  gpu.func @g(%x: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>}) kernel {
    nvvm.prefetch tensormap, %x : !llvm.ptr
    gpu.return
  }
}
}
