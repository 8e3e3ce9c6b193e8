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

// -----

// What is read between writes belongs to one kernel with them.
// CHECK-LABEL: func.func @one_after_the_other(
// CHECK: gpu.launch
// CHECK: vector.transfer_read
// CHECK: arith.negf
// CHECK: vector.transfer_write
// CHECK: vector.transfer_read
// CHECK: arith.mulf
// CHECK: vector.transfer_write
// CHECK: gpu.terminator
// CHECK-NOT: vector.transfer_read
// CHECK-NOT: gpu.launch
// CHECK: return
func.func @one_after_the_other(%a: memref<32xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %x = vector.transfer_read %a[%c0], %zero {in_bounds = [true]} : memref<32xf32>, vector<16xf32>
  %n = arith.negf %x : vector<16xf32>
  vector.transfer_write %n, %a[%c16] {in_bounds = [true]} : vector<16xf32>, memref<32xf32>
  %y = vector.transfer_read %a[%c16], %zero {in_bounds = [true]} : memref<32xf32>, vector<16xf32>
  %m = arith.mulf %y, %x : vector<16xf32>
  // expected-remark @below {{runs on one thread of the GPU: none of its loops is parallel}}
  vector.transfer_write %m, %a[%c0] {in_bounds = [true]} : vector<16xf32>, memref<32xf32>
  return
}

// -----

// A kernel is given whole arrays, and cuts its views itself; a copy of an array
// with gaps is a kernel.
// CHECK-LABEL: func.func @gaps(
// CHECK-SAME: %[[A:.*]]: memref<8x32xf32>, %[[B:.*]]: memref<8x16xf32>
// CHECK: gpu.launch
// CHECK: memref.subview %[[A]][0, 4] [8, 16] [1, 1]
// CHECK: memref.load
// CHECK: memref.store %{{.*}}, %[[B]]
// CHECK: gpu.terminator
// CHECK-NOT: memref.copy
// CHECK: return
func.func @gaps(%a: memref<8x32xf32>, %b: memref<8x16xf32>) {
  %view = memref.subview %a[0, 4] [8, 16] [1, 1]
      : memref<8x32xf32> to memref<8x16xf32, strided<[32, 1], offset: 4>>
  memref.copy %view, %b : memref<8x16xf32, strided<[32, 1], offset: 4>> to memref<8x16xf32>
  return
}

// A branch of the host's own: it reads for itself, and waits. What only the
// kernel needs it reads there.
// CHECK-LABEL: func.func @branch
// CHECK: %[[V:.*]] = memref.load
// CHECK: scf.if
// CHECK-NOT: memref.load
// CHECK: gpu.launch
func.func @branch(%x: memref<64xf32>, %i: index) {
  %zero = arith.constant 0.0 : f32
  // expected-remark @below {{the host waits for the GPU here, and reads this}}
  %v = memref.load %x[%i] : memref<64xf32>
  %isLarge = arith.cmpf ogt, %v, %zero : f32
  scf.if %isLarge {
    scf.forall (%j) in (64) {
      memref.store %zero, %x[%j] : memref<64xf32>
    }
  }
  return
}
