// Contractions multiply by the parts of weights, and by nothing put together.
// RUN: zq-opt %s -zq-split-codecs -zq-distribute-contractions -split-input-file | FileCheck %s
// RUN: zq-opt %s -zq-split-codecs -zq-distribute-contractions -split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARKS --implicit-check-not="one by one"

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// x (W + L R)^T is x W^T + (x R^T) L^T.
// CHECK-LABEL: func.func @low_rank(
// CHECK-SAME: %[[X:.*]]: tensor<4x128xf32>, %[[L:.*]]: tensor<64x8xf32>, %[[R:.*]]: tensor<8x128xf32>, %[[W:.*]]: tensor<64x128xf32>, %[[Y:.*]]: tensor
// CHECK-NOT: zq.sum
// CHECK: %[[A:.*]] = linalg.matmul {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[Y]]
// CHECK: %[[T:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[R]] : tensor<4x128xf32>, tensor<8x128xf32>) outs(%{{.*}} : tensor<4x8xf32>)
// CHECK: %[[B:.*]] = linalg.generic {{.*}} ins(%[[T]], %[[L]] : tensor<4x8xf32>, tensor<64x8xf32>)
// CHECK: %[[S:.*]] = linalg.add ins(%[[A]], %[[B]]
// CHECK-NEXT: return %[[S]]
func.func @low_rank(%x: tensor<4x128xf32>, %l: tensor<64x8xf32>,
                    %r: tensor<8x128xf32>, %main: tensor<64x128xf32>,
                    %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %p = zq.product %l, %r : tensor<64x8xf32>, tensor<8x128xf32> -> tensor<64x128xf32>
  %w = zq.sum %main, %p : tensor<64x128xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %w : tensor<4x128xf32>, tensor<64x128xf32>)
      outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// A scale of whole rows leaves the sum, and what was there before is added
// after it.
// CHECK-LABEL: func.func @row_scales(
// CHECK-SAME: %[[X:.*]]: tensor<4x128xf32>, %[[S:.*]]: tensor<64x1xf32>, %[[W:.*]]: tensor<64x128xf32>, %[[Y:.*]]: tensor
// CHECK: %[[P:.*]] = linalg.matmul {{.*}} ins(%[[X]], %[[W]]
// CHECK: %[[V:.*]] = tensor.extract_slice %[[S]][0, 0] [64, 1] [1, 1] : tensor<64x1xf32> to tensor<64xf32>
// CHECK: linalg.generic {{.*}} ins(%[[P]], %[[V]], %[[Y]]
// CHECK: arith.mulf
// CHECK-NEXT: arith.addf
func.func @row_scales(%x: tensor<4x128xf32>, %s: tensor<64x1xf32>,
                      %main: tensor<64x128xf32>, %y: tensor<4x64xf32>)
    -> tensor<4x64xf32> {
  %w = zq.scale %main by %s : tensor<64x128xf32>, tensor<64x1xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %w : tensor<4x128xf32>, tensor<64x128xf32>)
      outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Sparse values that are added have a sum of their own, which stays inside of
// its arrays whatever the streams say.
// CHECK-LABEL: func.func @added(
// CHECK-SAME: %[[X:.*]]: tensor<4x128xf32>, %[[ROWS:.*]]: tensor<65xi32>, %[[COLUMNS:[^:]*]]: tensor<?xi32>
// CHECK-NOT: zq.scatter
// CHECK: linalg.matmul
// CHECK: tensor.extract %[[ROWS]]
// CHECK: tensor.extract %[[ROWS]]
// CHECK: arith.minui
// CHECK: tensor.extract %[[COLUMNS]]
// CHECK: %[[C:.*]] = arith.minui
// CHECK: tensor.extract %[[X]][%{{.*}}, %[[C]]]
// CHECK: linalg.add
func.func @added(%x: tensor<4x128xf32>, %rows: tensor<65xi32>,
                 %columns: tensor<?xi32>, %values: tensor<?xf32>,
                 %main: tensor<64x128xf32>, %y: tensor<4x64xf32>)
    -> tensor<4x64xf32> {
  // REMARKS: [[@LINE+1]]:8: remark: products with sparse values are summed one by one: their columns are data
  %w = zq.scatter %rows, %columns, %values into %main at [0, 0] of [64, 128]
      : tensor<65xi32>, tensor<?xi32>, tensor<?xf32>, tensor<64x128xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %w : tensor<4x128xf32>, tensor<64x128xf32>)
      outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}

// Those that replace others do not.
// CHECK-LABEL: func.func @replaced(
// CHECK: %[[W:.*]] = zq.scatter {{.*}} replace
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[W]]
func.func @replaced(%x: tensor<4x128xf32>, %rows: tensor<65xi32>,
                    %columns: tensor<?xi32>, %values: tensor<?xf32>,
                    %main: tensor<64x128xf32>, %y: tensor<4x64xf32>)
    -> tensor<4x64xf32> {
  %w = zq.scatter %rows, %columns, %values into %main at [0, 0] of [64, 128] replace
      : tensor<65xi32>, tensor<?xi32>, tensor<?xf32>, tensor<64x128xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %w : tensor<4x128xf32>, tensor<64x128xf32>)
      outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
#channels = #zq.codec<channels<axis = 1, first = 32, [quantize<si8>, pack]>, quantize<si4>, pack>

// Channels with codecs of their own: one sum goes on where the other ends.
// CHECK-LABEL: func.func @channels(
// CHECK-SAME: %[[X:.*]]: tensor<4x128xf32>
// CHECK-DAG: %[[FIRST:.*]] = zq.decode {{.*}} -> tensor<64x32xf32>
// CHECK-DAG: %[[REST:.*]] = zq.decode {{.*}} -> tensor<64x96xf32>
// CHECK-NOT: tensor.concat
// CHECK: %[[A:.*]] = linalg.matmul {{.*}} ins(%{{.*}}, %[[FIRST]] : tensor<4x32xf32>
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[REST]] : tensor<4x96xf32>, {{.*}}) outs(%[[A]]
func.func @channels(%x: tensor<4x128xf32>, %c: !zq.tensor<64x128xf32, #channels>,
                    %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %w = zq.decode %c at [0, 0] outs(%e : tensor<64x128xf32>)
      : !zq.tensor<64x128xf32, #channels> -> tensor<64x128xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %w : tensor<4x128xf32>, tensor<64x128xf32>)
      outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// A maximum of products is not linear in the weight.
// CHECK-LABEL: func.func @maximum(
// CHECK: %[[W:.*]] = linalg.add
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[W]]
// CHECK: arith.maximumf
func.func @maximum(%x: tensor<4x128xf32>, %a: tensor<64x128xf32>,
                   %b: tensor<64x128xf32>, %y: tensor<4x64xf32>)
    -> tensor<4x64xf32> {
  %w = zq.sum %a, %b : tensor<64x128xf32>
  %z = linalg.generic {indexing_maps = [#x, #w, #y],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x128xf32>, tensor<64x128xf32>)
      outs(%y : tensor<4x64xf32>) {
    ^bb0(%in: f32, %weight: f32, %out: f32):
      %p = arith.mulf %in, %weight : f32
      %m = arith.maximumf %p, %out : f32
      linalg.yield %m : f32
  } -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}

// -----

// An estimator that decodes in two bases is never decoded: the activation goes
// to each basis, and the scales of both go below the maps.

#prod = #zq.codec<turboquant_prod3>
#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @estimator(
// CHECK-SAME: %[[X:.*]]: tensor<4x256xf32>
// CHECK-NOT: zq.rotate
// CHECK-NOT: zq.sum
// CHECK-DAG: %[[S:.*]]:6 = zq.disassemble
// CHECK-DAG: %[[MAIN:.*]] = zq.assemble %[[S]]#3, %[[S]]#5
// CHECK-DAG: %[[SIGNS:.*]] = zq.assemble %[[S]]#0, %[[S]]#2
// CHECK-DAG: %[[A:.*]] = zq.decode %[[MAIN]]
// CHECK-DAG: %[[B:.*]] = zq.decode %[[SIGNS]]
// CHECK-DAG: linalg.generic {{.*}} ins(%{{.*}}, %[[S]]#4 : tensor<4x2x128xf32>, tensor<128x128xf32>)
// CHECK-DAG: linalg.generic {{.*}} ins(%{{.*}}, %[[S]]#1 : tensor<4x2x128xf32>, tensor<128x128xf32>)
// CHECK-DAG: linalg.matmul {{.*}} ins(%{{.*}}, %[[A]] : tensor<4x256xf32>, tensor<64x256xf32>)
// CHECK-DAG: linalg.matmul {{.*}} ins(%{{.*}}, %[[B]] : tensor<4x256xf32>, tensor<64x256xf32>)
// CHECK: return
func.func @estimator(%x: tensor<4x256xf32>, %w: !zq.tensor<64x256xf32, #prod>,
                     %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #prod> -> tensor<64x256xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %d : tensor<4x256xf32>, tensor<64x256xf32>)
      outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Scales of no rows are no scales of the result.
// CHECK-LABEL: func.func @no_rows(
// CHECK: linalg.generic
// CHECK: arith.mulf
// CHECK: linalg.matmul
func.func @no_rows(%x: tensor<4x128xf32>, %s: tensor<0x1xf32>, %main: tensor<0x128xf32>,
                   %y: tensor<4x0xf32>) -> tensor<4x0xf32> {
  %w = zq.scale %main by %s : tensor<0x128xf32>, tensor<0x1xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %w : tensor<4x128xf32>, tensor<0x128xf32>)
      outs(%y : tensor<4x0xf32>) -> tensor<4x0xf32>
  return %z : tensor<4x0xf32>
}
