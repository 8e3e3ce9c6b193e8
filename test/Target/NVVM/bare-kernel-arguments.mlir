// RUN: zq-opt %s -zq-bare-kernel-arguments -split-input-file -verify-diagnostics | FileCheck %s

module attributes {gpu.container_module} {
// CHECK-LABEL: func.func @host(
// CHECK: %[[A:.*]] = memref.extract_aligned_pointer_as_index %arg0
// CHECK: %[[I:.*]] = arith.index_cast %[[A]] : index to i64
// CHECK: %[[P:.*]] = llvm.inttoptr %[[I]] : i64 to !llvm.ptr<1>
// CHECK: %[[D:.*]] = memref.dim %arg0
// CHECK: %[[N:.*]] = arith.index_cast %[[D]] : index to i64
// CHECK: gpu.launch_func @kernels::@copy {{.*}} args(%[[P]] : !llvm.ptr<1>, %[[N]] : i64, %{{.*}} : !llvm.ptr<1>, %{{.*}} : i64)
func.func @host(%x: memref<?x64xf32>, %y: memref<64xf32>, %row: index) {
  %c1 = arith.constant 1 : index
  gpu.launch_func @kernels::@copy blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1)
      args(%x : memref<?x64xf32>, %y : memref<64xf32>, %row : index)
  return
}
gpu.module @kernels {
  // What is only read says so; sizes that the type tells are constants.
  // CHECK-LABEL: gpu.func @copy(
  // CHECK-SAME: %{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}, %{{.*}}: i64, %{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias}, %{{.*}}: i64)
  // CHECK: unrealized_conversion_cast {{.*}} to memref<?x64xf32>
  gpu.func @copy(%x: memref<?x64xf32>, %y: memref<64xf32>, %row: index)
      kernel {
    %t = gpu.thread_id x
    %v = memref.load %x[%row, %t] : memref<?x64xf32>
    memref.store %v, %y[%t] : memref<64xf32>
    gpu.return
  }
}
}

// -----

module attributes {gpu.container_module} {
func.func @gaps(%x: memref<4x4xf32, strided<[8, 1]>>) {
  %c1 = arith.constant 1 : index
  // expected-error @below {{passes an array with gaps to a kernel}}
  gpu.launch_func @kernels::@k blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1) args(%x : memref<4x4xf32, strided<[8, 1]>>)
  return
}
gpu.module @kernels {
  gpu.func @k(%x: memref<4x4xf32, strided<[8, 1]>>) kernel {
    gpu.return
  }
}
}

// -----

// Two views of an array that is written to: neither pointer is the only one.
module attributes {gpu.container_module} {
func.func @views(%x: memref<4x4xf32>, %w: memref<16xf32>) {
  %c1 = arith.constant 1 : index
  %flat = memref.collapse_shape %x [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  gpu.launch_func @kernels::@inplace blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1) args(%w : memref<16xf32>, %flat : memref<16xf32>, %x : memref<4x4xf32>)
  gpu.launch_func @kernels::@reads blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1) args(%flat : memref<16xf32>, %x : memref<4x4xf32>, %w : memref<16xf32>)
  return
}
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @inplace(
  // CHECK-SAME: %{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.readonly}, %{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64})
  gpu.func @inplace(%w: memref<16xf32>, %flat: memref<16xf32>, %x: memref<4x4xf32>) kernel {
    %t = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %v = memref.load %flat[%t] : memref<16xf32>
    %u = memref.load %w[%t] : memref<16xf32>
    %s = arith.addf %u, %v : f32
    memref.store %s, %x[%c0, %t] : memref<4x4xf32>
    gpu.return
  }
  // What is only read may be the same.
  // CHECK-LABEL: gpu.func @reads(
  // CHECK-SAME: %{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias})
  gpu.func @reads(%flat: memref<16xf32>, %x: memref<4x4xf32>, %w: memref<16xf32>) kernel {
    %t = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %v = memref.load %flat[%t] : memref<16xf32>
    %u = memref.load %x[%c0, %t] : memref<4x4xf32>
    %s = arith.addf %u, %v : f32
    memref.store %s, %w[%t] : memref<16xf32>
    gpu.return
  }
}
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<16x32xf32, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
// The host makes a tensor map before the launch; the kernel has it by value.
// CHECK-LABEL: func.func @boxes(
// CHECK-SAME: %[[X:.*]]: memref<64x64xf32>)
// CHECK: %[[ANY:.*]] = memref.cast %[[X]] : memref<64x64xf32> to memref<*xf32>
// CHECK: %[[MAP:.*]] = nvgpu.tma.create.descriptor %[[ANY]] box[%c16{{.*}}, %c32{{.*}}]
// CHECK: %[[P:.*]] = builtin.unrealized_conversion_cast %[[MAP]] : {{.*}} to !llvm.ptr
// CHECK: gpu.launch_func @kernels::@boxes {{.*}} args(%{{.*}} : !llvm.ptr<1>, %[[P]] : !llvm.ptr)
func.func @boxes(%x: memref<64x64xf32>) {
  %c1 = arith.constant 1 : index
  gpu.launch_func @kernels::@boxes blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1) args(%x : memref<64x64xf32>)
  return
}
gpu.module @kernels {
  // CHECK: gpu.func @boxes(%{{.*}}: !llvm.ptr<1> {{.*}}, %[[ARG:.*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>})
  // CHECK-NOT: nvgpu
  // CHECK: nvvm.prefetch tensormap, %[[ARG]]
  gpu.func @boxes(%x: memref<64x64xf32>) kernel {
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %any = memref.cast %x : memref<64x64xf32> to memref<*xf32>
    %map = nvgpu.tma.create.descriptor %any box[%c16, %c32] : memref<*xf32> -> !map
    %p = builtin.unrealized_conversion_cast %map : !map to !llvm.ptr
    nvvm.prefetch tensormap, %p : !llvm.ptr
    gpu.return
  }
}
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<16x32xf32, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
func.func @own(%n: index) {
  gpu.launch_func @kernels::@own blocks in (%n, %n, %n) threads in (%n, %n, %n)
  return
}
gpu.module @kernels {
  gpu.func @own() kernel {
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %x = memref.alloca() : memref<64x64xf32>
    %any = memref.cast %x : memref<64x64xf32> to memref<*xf32>
    // expected-error @below {{is not of an array that the kernel is given}}
    %map = nvgpu.tma.create.descriptor %any box[%c16, %c32] : memref<*xf32> -> !map
    %p = builtin.unrealized_conversion_cast %map : !map to !llvm.ptr
    nvvm.prefetch tensormap, %p : !llvm.ptr
    gpu.return
  }
}
}

// -----

// Pointers that a kernel takes itself are its arguments; those that are only
// loaded from say so, whatever is computed of them.
module attributes {gpu.container_module} {
func.func @pointers(%x: memref<64xf32>, %y: memref<64xf32>, %p: i1, %v: f32) {
  %c1 = arith.constant 1 : index
  gpu.launch_func @kernels::@takes blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1) args(%x : memref<64xf32>, %y : memref<64xf32>, %x : memref<64xf32>, %p : i1)
  gpu.launch_func @kernels::@hands_on blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1) args(%y : memref<64xf32>, %p : i1, %v : f32)
  return
}
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @takes(
  // CHECK-SAME: %[[X:[^:]*]]: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}, %[[Y:[^:]*]]: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias},
  // CHECK: %[[AT:.*]] = llvm.getelementptr %[[X]][1]
  // CHECK: llvm.select %{{.*}}, %[[X]], %[[AT]]
  // CHECK: llvm.store %{{.*}}, %[[Y]]
  gpu.func @takes(%x: memref<64xf32>, %y: memref<64xf32>, %z: memref<64xf32>, %p: i1) kernel {
    %a = memref.extract_aligned_pointer_as_index %x : memref<64xf32> -> index
    %i = arith.index_cast %a : index to i64
    %from = llvm.inttoptr %i : i64 to !llvm.ptr<1>
    %at = llvm.getelementptr %from[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %either = llvm.select %p, %from, %at : i1, !llvm.ptr<1>
    %v = llvm.load %either : !llvm.ptr<1> -> f32
    %b = memref.extract_aligned_pointer_as_index %y : memref<64xf32> -> index
    %j = arith.index_cast %b : index to i64
    %to = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    llvm.store %v, %to : f32, !llvm.ptr<1>
    gpu.return
  }

  // What a branch hands on may be written through.
  // CHECK-LABEL: gpu.func @hands_on(
  // CHECK-NOT: llvm.readonly
  // CHECK: llvm.store
  gpu.func @hands_on(%x: memref<64xf32>, %p: i1, %v: f32) kernel {
    %a = memref.extract_aligned_pointer_as_index %x : memref<64xf32> -> index
    %i = arith.index_cast %a : index to i64
    %from = llvm.inttoptr %i : i64 to !llvm.ptr<1>
    %at = llvm.getelementptr %from[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %either = scf.if %p -> !llvm.ptr<1> {
      scf.yield %from : !llvm.ptr<1>
    } else {
      scf.yield %at : !llvm.ptr<1>
    }
    llvm.store %v, %either : f32, !llvm.ptr<1>
    gpu.return
  }
}
}
