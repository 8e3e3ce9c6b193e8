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
