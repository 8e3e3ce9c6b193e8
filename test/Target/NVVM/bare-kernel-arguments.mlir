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
