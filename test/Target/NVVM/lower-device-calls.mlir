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

// The host waits for an element, wherever it lies in its array.
// CHECK-LABEL: func.func @element(
// CHECK: %[[SLOT:.*]] = llvm.alloca %{{.*}} x f32
// CHECK: %[[ROW:.*]] = llvm.mul %{{.*}}, %{{.*}} : i64
// CHECK: %[[AT:.*]] = llvm.inttoptr
// CHECK: llvm.call @zq_device_read(%[[SLOT]], %[[AT]], %{{.*}}) : (!llvm.ptr, !llvm.ptr, i64) -> ()
// CHECK: %[[V:.*]] = llvm.load %[[SLOT]] : !llvm.ptr -> f32
// CHECK: return %[[V]]
func.func @element(%x: memref<8x4xf32, strided<[8, 2], offset: 3>>, %i: index, %j: index) -> f32 {
  %v = memref.load %x[%i, %j] : memref<8x4xf32, strided<[8, 2], offset: 3>>
  return %v : f32
}

// -----

// A loop that waits for a device that has failed ends.
// CHECK-LABEL: func.func @until(
// CHECK: scf.while
// CHECK: %[[POSITIVE:.*]] = arith.cmpf
// CHECK: %[[WORKS:.*]] = llvm.call @zq_device_works() : () -> i1
// CHECK: %[[GOES:.*]] = arith.andi %[[POSITIVE]], %[[WORKS]]
// CHECK: scf.condition(%[[GOES]])
func.func @until(%x: memref<f32>) {
  %zero = arith.constant 0.0 : f32
  scf.while : () -> () {
    %v = memref.load %x[] : memref<f32>
    %isPositive = arith.cmpf ogt, %v, %zero : f32
    scf.condition(%isPositive)
  } do {
    scf.yield
  }
  return
}

// -----

// So does one with a bound or a step that it reads, and a divisor is not zero.
// CHECK-LABEL: func.func @times(
// CHECK: %[[ENDS:.*]] = llvm.call @zq_device_works() : () -> i1
// CHECK: %[[TO:.*]] = arith.select %[[ENDS]], %{{.*}}, %c0
// CHECK: %[[BY:.*]] = arith.select %[[ENDS]], %{{.*}}, %c1
// CHECK: scf.for %{{.*}} = %c0 to %[[TO]] step %[[BY]]
// CHECK: %[[WORKS:.*]] = llvm.call @zq_device_works() : () -> i1
// CHECK: %[[BY_N:.*]] = arith.select %[[WORKS]], %{{.*}}, %c1
// CHECK: arith.divsi %{{.*}}, %[[BY_N]] : index
func.func @times(%x: memref<2xi32>) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %a = memref.load %x[%c0] : memref<2xi32>
  %b = memref.load %x[%c1] : memref<2xi32>
  %n = arith.index_cast %a : i32 to index
  %step = arith.index_cast %b : i32 to index
  %sum = scf.for %i = %c0 to %n step %step iter_args(%s = %c0) -> index {
    %t = arith.addi %s, %i : index
    scf.yield %t : index
  }
  %part = arith.divsi %c8, %n : index
  %all = arith.addi %sum, %part : index
  return %all : index
}

// -----

func.func @float_of_8_bits(%x: memref<4xf8E4M3FN>, %i: index) -> f8E4M3FN {
  // expected-error @below {{reads on the host what it has no type for: 'f8E4M3FN'}}
  %v = memref.load %x[%i] : memref<4xf8E4M3FN>
  return %v : f8E4M3FN
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

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<16x32xf32, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  // Type (of the driver's numbers), swizzle and rank; sizes and strides of the
  // array; the box.
  // CHECK: llvm.mlir.global internal constant @[[SHAPE:.*]](dense<[7, 3, 2, 96, 64, 0, 0, 0, 384, 0, 0, 0, 32, 16, 0, 0, 0]>
  // CHECK-LABEL: func.func @boxes(
  // CHECK: %[[MAP:.*]] = llvm.alloca %{{.*}} x i8 {alignment = 64 : i64}
  // CHECK: %[[ARRAY:.*]] = llvm.inttoptr
  // CHECK: %[[SHAPEAT:.*]] = llvm.mlir.addressof @[[SHAPE]]
  // CHECK: llvm.call @zq_device_tensor_map(%[[MAP]], %[[ARRAY]], %[[SHAPEAT]])
  // The map's own address is what the launch hands over.
  // CHECK: llvm.store %[[MAP]], %{{.*}} : !llvm.ptr, !llvm.ptr
  // CHECK: llvm.call @zq_device_launch(
  func.func @boxes(%x: memref<64x96xf32>) {
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %any = memref.cast %x : memref<64x96xf32> to memref<*xf32>
    %map = nvgpu.tma.create.descriptor %any box[%c16, %c32] : memref<*xf32> -> !map
    %p = builtin.unrealized_conversion_cast %map : !map to !llvm.ptr
    gpu.launch_func @kernels::@kernel blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1)
        args(%p : !llvm.ptr)
    return
  }
  gpu.module @kernels {
    llvm.func @kernel(%p: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant})
        attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<16x32xf32, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
func.func @unknown_shape(%x: memref<?x64xf32>) {
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %any = memref.cast %x : memref<?x64xf32> to memref<*xf32>
  // expected-error @below {{needs an array of known shape without gaps}}
  %map = nvgpu.tma.create.descriptor %any box[%c16, %c32] : memref<*xf32> -> !map
  return
}
