// RUN: zq-opt %s -zq-lower-device-calls -split-input-file -verify-diagnostics | FileCheck %s

module attributes {gpu.container_module} {
  memref.global constant @table : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>

  // CHECK-LABEL: func.func @f(
  // CHECK-SAME: %[[X:.*]]: memref<8x4xf32>, %[[N:.*]]: index)
  func.func @f(%x: memref<8x4xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %shared = arith.constant 512 : i32
    %v = arith.constant 2.5 : f32
    // CHECK: %[[BYTES:.*]] = llvm.mul
    // CHECK: %[[ALLOC:.*]] = llvm.call @zq_device_alloc(%{{.*}}) : (i64) -> !llvm.ptr
    // CHECK: llvm.insertvalue %[[ALLOC]]
    %y = memref.alloc(%n) : memref<?x4xf32>
    // CHECK: llvm.call @zq_device_constant(%{{.*}}, %{{.*}}) : (!llvm.ptr, i64) -> !llvm.ptr
    %t = memref.get_global @table : memref<4xf32>
    %i = memref.extract_aligned_pointer_as_index %t : memref<4xf32> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    // CHECK: llvm.store {{.*}} : !llvm.ptr<1>, !llvm.ptr
    // CHECK: llvm.store {{.*}} : f32, !llvm.ptr
    // CHECK: llvm.call @zq_device_launch(
    gpu.launch_func @kernels::@kernel blocks in (%n, %c1, %c1) threads in (%c32, %c1, %c1)
        dynamic_shared_memory_size %shared args(%p : !llvm.ptr<1>, %v : f32)
    // CHECK: llvm.call @zq_device_copy(
    %z = memref.cast %y : memref<?x4xf32> to memref<8x4xf32>
    memref.copy %x, %z : memref<8x4xf32> to memref<8x4xf32>
    // CHECK: llvm.call @zq_device_free(
    memref.dealloc %y : memref<?x4xf32>
    return
  }
  // CHECK-NOT: gpu.module
  gpu.module @kernels {
    llvm.func @kernel(%p: !llvm.ptr<1>, %v: f32) attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
}

// -----

func.func @gaps(%x: memref<8x4xf32, strided<[8, 1]>>, %y: memref<8x4xf32>) {
  // expected-error @below {{copies an array with gaps}}
  memref.copy %x, %y : memref<8x4xf32, strided<[8, 1]>> to memref<8x4xf32>
  return
}

// -----

memref.global @state : memref<4xf32>
func.func @state_of_host() {
  // expected-error @below {{is no constant: the device has no copy of it}}
  %t = memref.get_global @state : memref<4xf32>
  return
}
