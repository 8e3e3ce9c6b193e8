// RUN: zq-opt %s -split-input-file -zq-block-rows -canonicalize -cse | FileCheck %s
// RUN: zq-opt %s -split-input-file -zq-verify-rewrites=passes=zq-block-rows -verify-diagnostics -o /dev/null

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: @rows
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<6x8xf32>, %[[I:.*]]: tensor<?x6xf32>)
// CHECK: %[[A:.*]] = scf.for %[[M:.*]] = %{{.*}} to %[[STOP:.*]] step %c64 iter_args(%[[INTO:.*]] = %[[I]])
// CHECK:   %[[XS:.*]] = tensor.extract_slice %[[X]][%[[M]], 0] [64, 8] [1, 1]
// CHECK:   %[[IS:.*]] = tensor.extract_slice %[[INTO]][%[[M]], 0] [64, 6] [1, 1]
// CHECK:   %[[Y:.*]] = linalg.matmul {{.*}} ins(%[[XS]], %[[W]] : tensor<64x8xf32>, tensor<6x8xf32>) outs(%[[IS]]
// CHECK:   tensor.insert_slice %[[Y]] into %[[INTO]][%[[M]], 0] [64, 6] [1, 1]
// CHECK: %[[B:.*]] = scf.for %{{.*}} = %[[STOP]] to %{{.*}} step %c16 iter_args(%{{.*}} = %[[A]])
// CHECK: %[[C:.*]] = scf.for {{.*}} step %c4 iter_args(%{{.*}} = %[[B]])
// CHECK: %[[D:.*]] = scf.for {{.*}} step %c1 iter_args(%{{.*}} = %[[C]])
// CHECK: return %[[D]]
// expected-remark @below {{unchanged by zq-block-rows in}}
func.func @rows(%x: tensor<?x8xf32>, %w: tensor<6x8xf32>, %i: tensor<?x6xf32>) -> tensor<?x6xf32> {
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %w : tensor<?x8xf32>, tensor<6x8xf32>) outs(%i : tensor<?x6xf32>) -> tensor<?x6xf32>
  return %y : tensor<?x6xf32>
}

// -----

// Rows that both operands have are a batch: there is nothing to share a decode.
// CHECK-LABEL: @batch
// CHECK-NOT: scf.for
// expected-remark @below {{no pass changes anything}}
func.func @batch(%x: tensor<?x2x8xf32>, %w: tensor<?x8x6xf32>, %i: tensor<?x2x6xf32>) -> tensor<?x2x6xf32> {
  %y = linalg.batch_matmul ins(%x, %w : tensor<?x2x8xf32>, tensor<?x8x6xf32>) outs(%i : tensor<?x2x6xf32>) -> tensor<?x2x6xf32>
  return %y : tensor<?x2x6xf32>
}

// -----

// A sum of unknown length is not cut.
// CHECK-LABEL: @depth
// CHECK-NOT: scf.for
// expected-remark @below {{no pass changes anything}}
func.func @depth(%x: tensor<2x?xf32>, %w: tensor<?x6xf32>, %i: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<2x?xf32>, tensor<?x6xf32>) outs(%i : tensor<2x6xf32>) -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}
