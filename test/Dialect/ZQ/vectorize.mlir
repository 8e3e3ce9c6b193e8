// Tiles of static shape become vectors, and what lies between them values.
// RUN: zq-opt %s -zq-vectorize -split-input-file | FileCheck %s

// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1) -> (d0, 0, d1)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1) -> (0, d0, d1)>

// The tile of a contraction with its lanes last: no sum across lanes, and the
// operands broadcast as they are read.
// CHECK-LABEL: func.func @partial_sums(
// CHECK-DAG: %[[A:.*]] = vector.transfer_read {{.*}} permutation_map = #[[X]]} : tensor<2x16xf32>, vector<2x4x16xf32>
// CHECK-DAG: %[[B:.*]] = vector.transfer_read {{.*}} permutation_map = #[[W]]} : tensor<4x16xf32>, vector<2x4x16xf32>
// CHECK-DAG: %[[C:.*]] = vector.transfer_read {{.*}} : tensor<2x4x16xf32>, vector<2x4x16xf32>
// CHECK: %[[P:.*]] = arith.mulf %[[A]], %[[B]] fastmath<reassoc,contract> : vector<2x4x16xf32>
// CHECK: %[[S:.*]] = arith.addf %[[C]], %[[P]] fastmath<reassoc,contract> : vector<2x4x16xf32>
// CHECK: vector.transfer_write %[[S]]
func.func @partial_sums(%x: tensor<2x16xf32>, %w: tensor<4x16xf32>,
                        %acc: tensor<2x4x16xf32>) -> tensor<2x4x16xf32> {
  %y = linalg.generic {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %w : tensor<2x16xf32>, tensor<4x16xf32>) outs(%acc : tensor<2x4x16xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b fastmath<contract, reassoc> : f32
    %s = arith.addf %c, %p fastmath<contract, reassoc> : f32
    linalg.yield %s : f32
  } -> tensor<2x4x16xf32>
  return %y : tensor<2x4x16xf32>
}

// CHECK-LABEL: func.func @sum_of_lanes(
// CHECK: vector.multi_reduction <add>, %{{.*}}, %{{.*}} [1] : vector<2x16xf32> to vector<2xf32>
func.func @sum_of_lanes(%x: tensor<2x16xf32>, %acc: tensor<2xf32>) -> tensor<2xf32> {
  %r = linalg.reduce { arith.addf } ins(%x : tensor<2x16xf32>) outs(%acc : tensor<2xf32>)
      dimensions = [1]
  return %r : tensor<2xf32>
}

// CHECK-LABEL: func.func @fill(
// CHECK: %[[Z:.*]] = arith.constant dense<0.0{{.*}}> : vector<2x16xf32>
// CHECK: vector.transfer_write %[[Z]]
func.func @fill(%e: tensor<2x16xf32>) -> tensor<2x16xf32> {
  %z = arith.constant 0.0 : f32
  %r = linalg.fill ins(%z : f32) outs(%e : tensor<2x16xf32>) -> tensor<2x16xf32>
  return %r : tensor<2x16xf32>
}

// CHECK-LABEL: func.func @scalar(
// CHECK: %[[V:.*]] = vector.extract %{{.*}}[] : f32 from vector<f32>
// CHECK: math.exp %[[V]] : f32
func.func @scalar(%x: tensor<f32>, %e: tensor<f32>) -> tensor<f32> {
  %r = linalg.exp ins(%x : tensor<f32>) outs(%e : tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}

// CHECK-LABEL: func.func @buffer(
// CHECK: %[[V:.*]] = vector.transfer_read {{.*}} : memref<4x8xf32>, vector<4x8xf32>
// CHECK: %[[E:.*]] = math.exp %[[V]]
// CHECK: vector.transfer_write %[[E]]
func.func @buffer(%x: memref<4x8xf32>, %o: memref<4x8xf32>) {
  linalg.exp ins(%x : memref<4x8xf32>) outs(%o : memref<4x8xf32>)
  return
}

// -----

// What was just written is not read back: decoded values stay where they are.
// CHECK-LABEL: func.func @read_after_write(
// CHECK-SAME: %[[V:[^:]*]]: vector<2x16xf32>
// CHECK-NOT: vector.transfer_read
// CHECK: math.exp %[[V]]
// CHECK: vector.transfer_write
// CHECK-NOT: vector.transfer_write
func.func @read_after_write(%v: vector<2x16xf32>, %e: tensor<2x16xf32>, %o: tensor<2x16xf32>)
    -> tensor<2x16xf32> {
  %c0 = arith.constant 0 : index
  %t = vector.transfer_write %v, %e[%c0, %c0] {in_bounds = [true, true]}
      : vector<2x16xf32>, tensor<2x16xf32>
  %r = linalg.exp ins(%t : tensor<2x16xf32>) outs(%o : tensor<2x16xf32>)
      -> tensor<2x16xf32>
  return %r : tensor<2x16xf32>
}

// CHECK-LABEL: func.func @chain(
// CHECK: %[[E:.*]] = math.exp
// CHECK-NEXT: %[[N:.*]] = arith.negf %[[E]] : vector<2x16xf32>
// CHECK-NEXT: vector.transfer_write %[[N]]
func.func @chain(%x: tensor<2x16xf32>) -> tensor<2x16xf32> {
  %e = tensor.empty() : tensor<2x16xf32>
  %a = linalg.exp ins(%x : tensor<2x16xf32>) outs(%e : tensor<2x16xf32>)
      -> tensor<2x16xf32>
  %b = linalg.negf ins(%a : tensor<2x16xf32>) outs(%e : tensor<2x16xf32>)
      -> tensor<2x16xf32>
  return %b : tensor<2x16xf32>
}

// CHECK-LABEL: func.func @slice_is_read_in_place(
// CHECK-SAME: %[[X:[^:]*]]: tensor<64x256xf32>
// CHECK-SAME: %[[I:[^:]*]]: index, %[[J:[^:]*]]: index
// CHECK-NOT: tensor.extract_slice
// CHECK: vector.transfer_read %[[X]][%[[I]], %[[J]]]
func.func @slice_is_read_in_place(%x: tensor<64x256xf32>, %o: tensor<1x16xf32>, %i: index,
                                  %j: index) -> tensor<1x16xf32> {
  %s = tensor.extract_slice %x[%i, %j] [1, 16] [1, 1]
      : tensor<64x256xf32> to tensor<1x16xf32>
  %r = linalg.exp ins(%s : tensor<1x16xf32>) outs(%o : tensor<1x16xf32>)
      -> tensor<1x16xf32>
  return %r : tensor<1x16xf32>
}

// -----

// Loops over nothing: the destination stays as it is.
// CHECK-LABEL: func.func @no_rows(
// CHECK-SAME: %{{.*}}, %[[O:[^:]*]]: tensor<0x16xf32>
// CHECK: return %[[O]]
func.func @no_rows(%x: tensor<0x16xf32>, %o: tensor<0x16xf32>) -> tensor<0x16xf32> {
  %r = linalg.exp ins(%x : tensor<0x16xf32>) outs(%o : tensor<0x16xf32>)
      -> tensor<0x16xf32>
  return %r : tensor<0x16xf32>
}

// CHECK-LABEL: func.func @sum_of_nothing(
// CHECK-SAME: %{{.*}}, %[[O:[^:]*]]: tensor<4xf32>
// CHECK: return %[[O]]
func.func @sum_of_nothing(%x: tensor<4x0xf32>, %o: tensor<4xf32>) -> tensor<4xf32> {
  %r = linalg.reduce { arith.addf } ins(%x : tensor<4x0xf32>) outs(%o : tensor<4xf32>)
      dimensions = [1]
  return %r : tensor<4xf32>
}
