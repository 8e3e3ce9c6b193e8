// RUN: zq-opt %s -zq-launch-loops -canonicalize -verify-diagnostics | FileCheck %s

// A thread for each iteration, the last dimension fastest.
// CHECK-LABEL: func.func @forall
// CHECK: gpu.launch blocks(%[[B:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %c2, {{.*}}) threads(%[[T:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %c128,
// CHECK: %[[AT:.*]] = arith.muli %[[B]], %c128
// CHECK: %[[N:.*]] = arith.addi %[[AT]], %[[T]]
// CHECK: arith.cmpi ult, %[[N]], %c200
// CHECK: scf.if
// CHECK-DAG: arith.divui %[[N]], %c20
// CHECK-DAG: arith.remui %[[N]], %c20
func.func @forall(%x: memref<10x20xf32>) {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i, %j) in (10, 20) {
    memref.store %zero, %x[%i, %j] : memref<10x20xf32>
  }
  return
}

// What is inside of a loop on the host has a launch in each iteration.
// CHECK-LABEL: func.func @on_host
// CHECK: scf.for
// CHECK: gpu.launch
func.func @on_host(%x: memref<?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.forall (%j) in (%n) {
      memref.store %zero, %x[%j] : memref<?xf32>
    }
  }
  return
}

// CHECK-LABEL: func.func @alone
// CHECK: gpu.launch
// CHECK: memref.store
func.func @alone(%x: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  // expected-remark @below {{runs on one thread of the GPU}}
  memref.store %zero, %x[%c0] : memref<4xf32>
  return
}
