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

// -----

// What is done to the rows before and behind is done to those of a block: a
// norm, a product with it, a bias and a residual.
// CHECK-LABEL: @around
// CHECK-SAME: (%[[X:[^:]*]]: tensor<?x8xf32>, {{.*}}, %[[R:[^:]*]]: tensor<?x6xf32>,
// CHECK-NOT: linalg
// CHECK: scf.for %[[M:.*]] = %{{.*}} step %c64 iter_args(%[[INTO:.*]] = %{{.*}})
// CHECK:   %[[XS:.*]] = tensor.extract_slice %[[X]][%[[M]], 0] [64, 8]
// CHECK:   %[[N:.*]] = linalg.generic {{.*}} ins(%[[XS]] : tensor<64x8xf32>) outs(%{{.*}} : tensor<64xf32>)
// CHECK:   %[[P:.*]] = linalg.generic {{.*}} ins(%[[XS]], %[[N]] : tensor<64x8xf32>, tensor<64xf32>) outs(%{{.*}} : tensor<64x8xf32>)
// CHECK:   %[[Y:.*]] = linalg.matmul {{.*}} ins(%[[P]], %{{.*}}) outs(%{{.*}} : tensor<64x6xf32>)
// CHECK:   %[[RS:.*]] = tensor.extract_slice %[[R]][%[[M]], 0] [64, 6]
// CHECK:   %[[OUT:.*]] = tensor.extract_slice %[[INTO]][%[[M]], 0] [64, 6]
// CHECK:   %[[Z:.*]] = linalg.generic {{.*}} ins(%[[Y]], %{{.*}}, %[[RS]] : tensor<64x6xf32>, tensor<6xf32>, tensor<64x6xf32>) outs(%[[OUT]]
// CHECK:   tensor.insert_slice %[[Z]] into %[[INTO]][%[[M]], 0] [64, 6] [1, 1]
// CHECK: step %c16
// CHECK: step %c4
// CHECK: %[[D:.*]] = scf.for {{.*}} step %c1 iter_args
// CHECK: return %[[D]]
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#row = affine_map<(m, k) -> (m)>
#col = affine_map<(m, k) -> (k)>
#all = affine_map<(m, k) -> (m, k)>
// expected-remark @below {{unchanged by zq-block-rows in}}
func.func @around(%x: tensor<?x8xf32>, %w: tensor<6x8xf32>, %b: tensor<6xf32>, %r: tensor<?x6xf32>, %m: index) -> tensor<?x6xf32> {
  %zero = arith.constant 0.0 : f32
  %ne = tensor.empty(%m) : tensor<?xf32>
  %n0 = linalg.fill ins(%zero : f32) outs(%ne : tensor<?xf32>) -> tensor<?xf32>
  %n = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x8xf32>) outs(%n0 : tensor<?xf32>) {
  ^bb0(%a: f32, %s: f32):
    %q = arith.mulf %a, %a : f32
    %t = arith.addf %s, %q : f32
    linalg.yield %t : f32
  } -> tensor<?xf32>
  %pe = tensor.empty(%m) : tensor<?x8xf32>
  %p = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %n : tensor<?x8xf32>, tensor<?xf32>) outs(%pe : tensor<?x8xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %q = arith.mulf %a, %s : f32
    linalg.yield %q : f32
  } -> tensor<?x8xf32>
  %ye = tensor.empty(%m) : tensor<?x6xf32>
  %y0 = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x6xf32>) -> tensor<?x6xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%p, %w : tensor<?x8xf32>, tensor<6x8xf32>) outs(%y0 : tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = linalg.generic {indexing_maps = [#all, #col, #all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%y, %b, %r : tensor<?x6xf32>, tensor<6xf32>, tensor<?x6xf32>) outs(%ye : tensor<?x6xf32>) {
  ^bb0(%a: f32, %c: f32, %d: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    %t = arith.addf %s, %d : f32
    linalg.yield %t : f32
  } -> tensor<?x6xf32>
  return %z : tensor<?x6xf32>
}

// -----

// What others read as well is made once, and a sum that others read is written.
// CHECK-LABEL: @shared
// CHECK: %[[A:.*]] = linalg.exp ins(%{{.*}} : tensor<?x8xf32>)
// CHECK: scf.for
// CHECK: tensor.extract_slice %[[A]][
// CHECK-NOT: linalg.exp
// CHECK: linalg.exp ins(%{{.*}} : tensor<?x6xf32>)
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
// expected-remark @below {{unchanged by zq-block-rows in}}
func.func @shared(%x: tensor<?x8xf32>, %w: tensor<6x8xf32>, %i: tensor<?x6xf32>)
    -> (tensor<?x8xf32>, tensor<?x6xf32>, tensor<?x6xf32>) {
  %a = linalg.exp ins(%x : tensor<?x8xf32>) outs(%x : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%a, %w : tensor<?x8xf32>, tensor<6x8xf32>) outs(%i : tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = linalg.exp ins(%y : tensor<?x6xf32>) outs(%i : tensor<?x6xf32>) -> tensor<?x6xf32>
  return %a, %y, %z : tensor<?x8xf32>, tensor<?x6xf32>, tensor<?x6xf32>
}
