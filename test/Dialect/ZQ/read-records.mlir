// Reads of components become reads of records, at constants after what is known
// to begin one.
// RUN: zq-opt %s -zq-read-records -canonicalize -cse -split-input-file | FileCheck %s

// CHECK-LABEL: func.func @codes(
// CHECK-SAME: %[[R:.*]]: tensor<2x4x576xi8>, %[[P:.*]]: index
func.func @codes(%r: tensor<2x4x576xi8>, %p: index, %v: vector<64xi8>) -> vector<64xi8> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  %z = arith.constant 0 : i8
  %codes = zq.component %r at 64 items 8 : tensor<2x4x576xi8> -> tensor<2x32x64xi8>
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
  // CHECK-DAG: %[[C128:.*]] = arith.constant 128 : index
  // CHECK: vector.transfer_read %[[R]][%[[P]], %[[C1]], %[[C128]]], {{.*}} {in_bounds = [true]} : tensor<2x4x576xi8>, vector<64xi8>
  %first = vector.transfer_read %codes[%p, %c9, %c0], %z {in_bounds = [true]} : tensor<2x32x64xi8>, vector<64xi8>
  // CHECK: scf.for %[[K:[^ ]+]] =
  %s = scf.for %k = %c0 to %c256 step %c64 iter_args(%sum = %first) -> (vector<64xi8>) {
    // CHECK: %[[TILE:.*]] = arith.divui %[[K]], %{{.*}} : index
    // CHECK: %[[RECORD:.*]] = arith.divui %[[TILE]], %{{.*}} : index
    // CHECK: vector.transfer_read %[[R]][%[[P]], %[[RECORD]], %[[C128]]]
    %tile = arith.divui %k, %c8 : index
    %next = arith.addi %tile, %c1 : index
    %codes1 = vector.transfer_read %codes[%p, %next, %c0], %z {in_bounds = [true]} : tensor<2x32x64xi8>, vector<64xi8>
    %a = arith.addi %sum, %codes1 : vector<64xi8>
    scf.yield %a : vector<64xi8>
  }
  return %s : vector<64xi8>
}

// -----

// Of an item of which nothing is known.
// CHECK-LABEL: func.func @anywhere(
// CHECK-SAME: %[[R:.*]]: tensor<2x4x576xi8>, %[[P:.*]]: index, %[[I:.*]]: index, %[[J:.*]]: index
func.func @anywhere(%r: tensor<2x4x576xi8>, %p: index, %i: index, %j: index) -> f16 {
  // CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
  // CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
  // CHECK-DAG: %[[C16:.*]] = arith.constant 16 : index
  // CHECK-DAG: %[[RECORD:.*]] = arith.divui %[[I]], %[[C4]]
  // CHECK-DAG: %[[ITEM:.*]] = arith.remui %[[I]], %[[C4]]
  // CHECK-DAG: %[[BEGIN:.*]] = arith.muli %[[ITEM]], %[[C16]]
  // CHECK-DAG: %[[ELEMENT:.*]] = arith.muli %[[J]], %[[C2]]
  // CHECK: %[[BYTE:.*]] = arith.addi %[[BEGIN]], %[[ELEMENT]]
  // CHECK: %[[B:.*]] = vector.transfer_read %[[R]][%[[P]], %[[RECORD]], %[[BYTE]]], {{.*}} : tensor<2x4x576xi8>, vector<2xi8>
  // CHECK: %[[H:.*]] = vector.bitcast %[[B]] : vector<2xi8> to vector<1xf16>
  // CHECK: vector.extract %[[H]][0]
  %scales = zq.component %r at 0 items 4 : tensor<2x4x576xi8> -> tensor<2x13x8xf16>
  %s = tensor.extract %scales[%p, %i, %j] : tensor<2x13x8xf16>
  return %s : f16
}

// -----

// Several items in one read where they lie in one record; one by one where they
// do not.
// CHECK-LABEL: func.func @items(
// CHECK-SAME: %[[R:.*]]: tensor<2x4x576xi8>, %[[P:.*]]: index
func.func @items(%r: tensor<2x4x576xi8>, %p: index) -> (vector<64xi8>, vector<64xi8>) {
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  %z = arith.constant 0 : i8
  %scales = zq.component %r at 0 items 4 : tensor<2x4x576xi8> -> tensor<2x16x16xi8>
  %rows = tensor.collapse_shape %scales [[0], [1, 2]] : tensor<2x16x16xi8> into tensor<2x256xi8>
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
  // CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
  // CHECK-DAG: %[[C32:.*]] = arith.constant 32 : index
  // CHECK: vector.transfer_read %[[R]][%[[P]], %[[C1]], %[[C0]]], {{.*}} vector<64xi8>
  %a = vector.transfer_read %rows[%p, %c64], %z {in_bounds = [true]} : tensor<2x256xi8>, vector<64xi8>
  // CHECK: vector.transfer_read %[[R]][%[[P]], %[[C1]], %[[C32]]], {{.*}} vector<16xi8>
  // CHECK: vector.transfer_read %[[R]][%[[P]], %[[C1]], {{.*}} vector<16xi8>
  // CHECK: vector.transfer_read %[[R]][%[[P]], %[[C2]], %[[C0]]], {{.*}} vector<16xi8>
  // CHECK: vector.transfer_read %[[R]][%[[P]], %[[C2]], {{.*}} vector<16xi8>
  %b = vector.transfer_read %rows[%p, %c96], %z {in_bounds = [true]} : tensor<2x256xi8>, vector<64xi8>
  return %a, %b : vector<64xi8>, vector<64xi8>
}
