// RUN: zq-opt %s -zq-split-deallocations -canonicalize | FileCheck %s

// The second one is freed where it is not the first one as well.
// CHECK-LABEL: func.func @two
// CHECK-SAME: %[[A:.*]]: memref<4xf32>, %[[B:.*]]: memref<4xf32>, %[[C:.*]]: i1, %[[D:.*]]: i1
// CHECK-DAG: %[[PA:.*]] = memref.extract_aligned_pointer_as_index %[[A]]
// CHECK-DAG: %[[PB:.*]] = memref.extract_aligned_pointer_as_index %[[B]]
// CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[PB]], %[[PA]]
// CHECK: %[[FREED:.*]] = arith.andi %[[C]], %[[SAME]]
// CHECK: %[[STAYS:.*]] = arith.xori %[[FREED]], %true
// CHECK: %[[FREE:.*]] = arith.andi %[[D]], %[[STAYS]]
// CHECK: bufferization.dealloc (%[[A]] : memref<4xf32>) if (%[[C]])
// CHECK: bufferization.dealloc (%[[B]] : memref<4xf32>) if (%[[FREE]])
func.func @two(%a: memref<4xf32>, %b: memref<4xf32>, %c: i1, %d: i1) {
  bufferization.dealloc (%a, %b : memref<4xf32>, memref<4xf32>) if (%c, %d)
  return
}

// What is retained is not freed, and owned by whom it was.
// CHECK-LABEL: func.func @retained
// CHECK-SAME: %[[A:.*]]: memref<4xf32>, %[[B:.*]]: memref<4xf32>, %[[R:.*]]: memref<4xf32>, %[[C:.*]]: i1, %[[D:.*]]: i1
// CHECK: %[[AR:.*]] = arith.cmpi eq
// CHECK: %[[OWNS:.*]] = arith.andi %[[C]], %[[AR]]
// CHECK: %[[BR:.*]] = arith.cmpi eq
// CHECK: %[[OWNS2:.*]] = arith.andi %[[D]], %[[BR]]
// CHECK: %[[OWNER:.*]] = arith.ori %[[OWNS]], %[[OWNS2]]
// CHECK: bufferization.dealloc (%[[A]]
// CHECK: bufferization.dealloc (%[[B]]
// CHECK: return %[[OWNER]]
func.func @retained(%a: memref<4xf32>, %b: memref<4xf32>, %r: memref<4xf32>, %c: i1, %d: i1) -> i1 {
  %0 = bufferization.dealloc (%a, %b : memref<4xf32>, memref<4xf32>) if (%c, %d) retain (%r : memref<4xf32>)
  return %0 : i1
}

// One alone stays, as upstream's lowering takes it.
// CHECK-LABEL: func.func @one
// CHECK-NEXT: bufferization.dealloc
// CHECK-NEXT: return
func.func @one(%a: memref<4xf32>, %c: i1) {
  bufferization.dealloc (%a : memref<4xf32>) if (%c)
  return
}
