// Views with several sizes that calls choose.
// RUN: zq-opt %s -zq-expand-reshapes -verify-diagnostics -split-input-file | FileCheck %s
// RUN: zq-opt %s -zq-lower-to-llvm -o /dev/null

// CHECK-LABEL: func.func @expand(
// CHECK-SAME: [[X:%.*]]: memref<?x64xf32>, [[A:%.*]]: index, [[B:%.*]]: index)
// CHECK: [[S:%.*]] = arith.muli [[B]], %{{.*}} : index
// CHECK: memref.reinterpret_cast [[X]] to offset: [0], sizes: {{\[}}[[A]], [[B]], 64], strides: {{\[}}[[S]], 64, 1] : memref<?x64xf32> to memref<?x?x64xf32>
func.func @expand(%x: memref<?x64xf32>, %a: index, %b: index) -> memref<?x?x64xf32> {
  %v = memref.expand_shape %x [[0, 1], [2]] output_shape [%a, %b, 64] : memref<?x64xf32> into memref<?x?x64xf32>
  return %v : memref<?x?x64xf32>
}

// One unknown size is upstream's.
// CHECK-LABEL: func.func @one(
// CHECK: memref.expand_shape
func.func @one(%x: memref<?x64xf32>, %a: index) -> memref<?x4x64xf32> {
  %v = memref.expand_shape %x [[0, 1], [2]] output_shape [%a, 4, 64] : memref<?x64xf32> into memref<?x4x64xf32>
  return %v : memref<?x4x64xf32>
}
