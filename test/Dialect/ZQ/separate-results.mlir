// RUN: zq-opt %s -zq-separate-results | FileCheck %s

// A buffer that is returned twice is copied for the second time.
// CHECK-LABEL: func @twice(
// CHECK-SAME: %[[SIZE:.*]]: index
// CHECK: %[[A:.*]] = memref.alloc(%[[SIZE]])
// CHECK: %[[DIM:.*]] = memref.dim %[[A]]
// CHECK: %[[B:.*]] = memref.alloc(%[[DIM]]) : memref<4x?xf32>
// CHECK: memref.copy %[[A]], %[[B]]
// CHECK: return %[[A]], %[[B]]
func.func @twice(%size: index) -> (memref<4x?xf32>, memref<4x?xf32>) {
  %a = memref.alloc(%size) : memref<4x?xf32>
  return %a, %a : memref<4x?xf32>, memref<4x?xf32>
}

// CHECK-LABEL: func @apart(
// CHECK-NOT: memref.copy
func.func @apart() -> (memref<4xf32>, memref<4xf32>, i32, i32) {
  %a = memref.alloc() : memref<4xf32>
  %b = memref.alloc() : memref<4xf32>
  %c = arith.constant 1 : i32
  return %a, %b, %c, %c : memref<4xf32>, memref<4xf32>, i32, i32
}
