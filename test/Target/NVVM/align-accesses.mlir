// RUN: zq-opt %s -pass-pipeline='builtin.module(zq-bare-kernel-arguments,gpu.module(zq-align-accesses))' -verify-diagnostics | FileCheck %s

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @rows(
  gpu.func @rows(%x: memref<?x64xf16>, %n: index) kernel {
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %c40 = arith.constant 40 : index
    %t = gpu.thread_id x
    scf.for %i = %c0 to %n step %c8 {
      // A row is 128 bytes, a step 16.
      // CHECK: vector.load {{.*}} {alignment = 16 : i64} : memref<?x64xf16>, vector<8xf16>
      %a = vector.load %x[%t, %i] : memref<?x64xf16>, vector<8xf16>
      // CHECK: vector.store {{.*}} {alignment = 16 : i64}
      vector.store %a, %x[%t, %i] : memref<?x64xf16>, vector<8xf16>
      // Five steps of 8 elements further, and half a step.
      %j = arith.addi %i, %c40 : index
      // CHECK: vector.load {{.*}} {alignment = 16 : i64} : memref<?x64xf16>, vector<8xf16>
      %b = vector.load %x[%t, %j] : memref<?x64xf16>, vector<8xf16>
      %k = arith.addi %i, %c4 : index
      // CHECK: vector.load {{.*}} {alignment = 8 : i64} : memref<?x64xf16>, vector<8xf16>
      // expected-remark @below {{16 bytes are accessed 8 at a time}}
      %c = vector.load %x[%t, %k] : memref<?x64xf16>, vector<8xf16>
      %d = arith.addf %b, %c : vector<8xf16>
      vector.store %d, %x[%t, %i] : memref<?x64xf16>, vector<8xf16>
    }
    gpu.return
  }

  // Rows of 3 elements, or of who knows how many.
  // CHECK-LABEL: gpu.func @ragged(
  gpu.func @ragged(%x: memref<?x3xf32>, %y: memref<?x?xf32>) kernel {
    %c0 = arith.constant 0 : index
    %t = gpu.thread_id x
    // CHECK: vector.load {{.*}} {alignment = 4 : i64}
    // expected-remark @below {{16 bytes are accessed 4 at a time}}
    %a = vector.load %x[%t, %c0] : memref<?x3xf32>, vector<4xf32>
    // CHECK: vector.store {{.*}} {alignment = 4 : i64}
    // expected-remark @below {{16 bytes are accessed 4 at a time}}
    vector.store %a, %y[%t, %c0] : memref<?x?xf32>, vector<4xf32>
    gpu.return
  }

  // An index that a loop carries.
  // CHECK-LABEL: gpu.func @carried(
  gpu.func @carried(%x: memref<?xi8>, %n: index) kernel {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c32 = arith.constant 32 : index
    %t = gpu.thread_id x
    %begin = arith.muli %t, %c32 : index
    %end:2 = scf.for %i = %c0 to %n step %c1 iter_args(%p = %begin, %q = %begin) -> (index, index) {
      // CHECK: vector.load {{.*}} {alignment = 16 : i64}
      %a = vector.load %x[%p] : memref<?xi8>, vector<16xi8>
      // CHECK: vector.load {{.*}} {alignment = 8 : i64}
      // expected-remark @below {{16 bytes are accessed 8 at a time}}
      %b = vector.load %x[%q] : memref<?xi8>, vector<16xi8>
      %c = arith.addi %a, %b : vector<16xi8>
      // CHECK: vector.store {{.*}} {alignment = 16 : i64}
      vector.store %c, %x[%p] : memref<?xi8>, vector<16xi8>
      %p1 = arith.addi %p, %c32 : index
      %q1 = arith.addi %q, %c8 : index
      scf.yield %p1, %q1 : index, index
    }
    // CHECK: vector.load {{.*}} {alignment = 8 : i64}
    // expected-remark @below {{16 bytes are accessed 8 at a time}}
    %d = vector.load %x[%end#1] : memref<?xi8>, vector<16xi8>
    vector.store %d, %x[%end#0] : memref<?xi8>, vector<16xi8>
    gpu.return
  }

  // Memory of the kernel's own.
  // CHECK-LABEL: gpu.func @shared(
  // CHECK-SAME: workgroup(%{{.*}} : memref<4x32xf32, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
  gpu.func @shared() workgroup(%s: memref<4x32xf32, #gpu.address_space<workgroup>>) kernel {
    %c0 = arith.constant 0 : index
    %c32 = arith.constant 32 : index
    %t = gpu.thread_id x
    %dynamic = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %d = memref.view %dynamic[%c32][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<8xf32, #gpu.address_space<workgroup>>
    // CHECK: vector.load {{.*}} {alignment = 16 : i64}
    %a = vector.load %s[%t, %c0] : memref<4x32xf32, #gpu.address_space<workgroup>>, vector<4xf32>
    // CHECK: vector.store {{.*}} {alignment = 16 : i64}
    vector.store %a, %d[%c0] : memref<8xf32, #gpu.address_space<workgroup>>, vector<4xf32>
    gpu.return
  }
}
