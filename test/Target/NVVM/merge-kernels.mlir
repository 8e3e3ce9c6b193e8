// RUN: zq-opt %s -zq-merge-kernels | FileCheck %s

module attributes {gpu.container_module} {
  // CHECK-LABEL: func.func @f(
  func.func @f(%x: !llvm.ptr<1>) {
    %c1 = arith.constant 1 : index
    // CHECK: gpu.launch_func @first::@kernel blocks
    gpu.launch_func @first::@kernel blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : !llvm.ptr<1>)
    // CHECK: gpu.launch_func @first::@[[SECOND:.*]] blocks
    gpu.launch_func @second::@kernel blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : !llvm.ptr<1>)
    // CHECK: gpu.launch_func @first::@other blocks
    gpu.launch_func @second::@other blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : !llvm.ptr<1>)
    return
  }
  // CHECK: gpu.module @first
  // CHECK: memref.global constant @table : memref<2xf32> = dense<[1.0
  // CHECK: gpu.func @kernel(
  // CHECK: get_global @table
  // CHECK: memref.global constant @[[TABLE:.*]] : memref<2xf32> = dense<[3.0
  // CHECK: gpu.func @[[SECOND]](
  // CHECK: get_global @[[TABLE]]
  // CHECK: gpu.func @other(
  // CHECK-NOT: gpu.module
  gpu.module @first {
    memref.global constant @table : memref<2xf32> = dense<[1.0, 2.0]>
    gpu.func @kernel(%x: !llvm.ptr<1>) kernel {
      %t = memref.get_global @table : memref<2xf32>
      gpu.return
    }
  }
  gpu.module @second {
    memref.global constant @table : memref<2xf32> = dense<[3.0, 4.0]>
    gpu.func @kernel(%x: !llvm.ptr<1>) kernel {
      %t = memref.get_global @table : memref<2xf32>
      gpu.return
    }
    gpu.func @other(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
  }
}
