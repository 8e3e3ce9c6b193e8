// RUN: zq-opt %s -zq-expand-copies -split-input-file | FileCheck %s

// Rows that lie apart are copied by a loop.
// CHECK-LABEL: func @strided(
// CHECK-SAME: %[[A:.*]]: memref<4x8xf32, strided<[16, 1]>>, %[[B:.*]]: memref<4x8xf32>
// CHECK: linalg.copy ins(%[[A]] : memref<4x8xf32, strided<[16, 1]>>) outs(%[[B]] : memref<4x8xf32>)
// CHECK-NOT: memref.copy
func.func @strided(%a: memref<4x8xf32, strided<[16, 1]>>, %b: memref<4x8xf32>) {
  memref.copy %a, %b : memref<4x8xf32, strided<[16, 1]>> to memref<4x8xf32>
  return
}

// -----

// One block of memory stays a copy, also where it begins anywhere.
// CHECK-LABEL: func @contiguous(
// CHECK: memref.copy
func.func @contiguous(%a: memref<4x8xf32, strided<[8, 1], offset: ?>>, %b: memref<4x8xf32>) {
  memref.copy %a, %b : memref<4x8xf32, strided<[8, 1], offset: ?>> to memref<4x8xf32>
  return
}
