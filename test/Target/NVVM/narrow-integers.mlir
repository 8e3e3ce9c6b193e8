// RUN: zq-opt %s -pass-pipeline='builtin.module(gpu.module(gpu.func(zq-narrow-integers)))' | FileCheck %s

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // Places in shared memory, of 32 bits: what 256 threads can make of their
    // numbers is known.
    // CHECK-LABEL: gpu.func @staged
    gpu.func @staged(%x: memref<512xf32>) kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
      %thread = gpu.thread_id x
      %c4 = arith.constant 4 : index
      %c32 = arith.constant 32 : index
      %memory = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      %c0 = arith.constant 0 : index
      %values = memref.view %memory[%c0][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<512xf32, #gpu.address_space<workgroup>>
      // CHECK: arith.remui %{{.*}} : i32
      // CHECK: arith.muli %{{.*}} : i32
      %lane = arith.remui %thread, %c32 : index
      %place = arith.muli %lane, %c4 : index
      %value = memref.load %values[%place] : memref<512xf32, #gpu.address_space<workgroup>>
      memref.store %value, %x[%thread] : memref<512xf32>
      gpu.return
    }

    // What may be more than 32 bits hold stays.
    // CHECK-LABEL: gpu.func @unknown
    gpu.func @unknown(%x: memref<?xf32>, %n: index) kernel {
      %memory = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      // CHECK: arith.muli %{{.*}} : index
      %place = arith.muli %n, %c4 : index
      %byte = memref.load %memory[%c0] : memref<?xi8, #gpu.address_space<workgroup>>
      %value = arith.uitofp %byte : i8 to f32
      memref.store %value, %x[%place] : memref<?xf32>
      gpu.return
    }

    // Steps through memory become pointers that grow.
    // CHECK-LABEL: gpu.func @unstaged
    gpu.func @unstaged(%x: memref<512xf32>) kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
      %thread = gpu.thread_id x
      %c32 = arith.constant 32 : index
      // CHECK: arith.remui %{{.*}} : index
      %lane = arith.remui %thread, %c32 : index
      %value = memref.load %x[%lane] : memref<512xf32>
      memref.store %value, %x[%thread] : memref<512xf32>
      gpu.return
    }
  }
}
