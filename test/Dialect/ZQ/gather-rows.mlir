// RUN: zq-opt %s -zq-gather-rows -canonicalize -cse -split-input-file -verify-diagnostics | FileCheck %s

#w = #zq.codec<nvfp4>

// A loop over the rows that are read; the index is clamped. Nothing is left of
// the generic, which only copied.
// CHECK-LABEL: func.func @embedding(
// CHECK-SAME: %[[W:[^:]*]]: !zq.tensor{{.*}}, %[[IDS:[^:]*]]: tensor<3x5xi32>
// CHECK-DAG: %[[FIRST:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[LAST:.*]] = arith.constant 99 : index
// CHECK: %[[Y:.*]] = scf.forall (%[[I:.*]], %[[J:.*]]) in (3, 5) shared_outs(%[[O:.*]] = %{{.*}}) -> (tensor<3x5x70xf32>)
// CHECK: %[[ID:.*]] = tensor.extract %[[IDS]][%[[I]], %[[J]]]
// CHECK: %[[INDEX:.*]] = arith.index_cast %[[ID]]
// CHECK: %[[MIN:.*]] = arith.minsi %[[INDEX]], %[[LAST]]
// CHECK: %[[ROW:.*]] = arith.maxsi %[[MIN]], %[[FIRST]]
// CHECK: %[[D:.*]] = zq.decode %[[W]] at [%[[ROW]], 0] outs(%{{.*}} : tensor<1x70xf32>)
// CHECK: tensor.parallel_insert_slice %[[D]] into %[[O]][%[[I]], %[[J]], 0] [1, 1, 70] [1, 1, 1]
// CHECK: return %[[Y]]
func.func @embedding(%w: !zq.tensor<100x70xf32, #w>, %ids: tensor<3x5xi32>) -> tensor<3x5x70xf32> {
  %e = tensor.empty() : tensor<100x70xf32>
  // expected-remark @+1 {{decode fused by rows: those alone that are read; predicted: 601 bytes read, 525 operations, 4200 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<100x70xf32>)
      : !zq.tensor<100x70xf32, #w> -> tensor<100x70xf32>
  %o = tensor.empty() : tensor<3x5x70xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(b, t, k) -> (b, t)>, affine_map<(b, t, k) -> (b, t, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<3x5xi32>) outs(%o : tensor<3x5x70xf32>) {
  ^bb0(%id: i32, %out: f32):
    %row = arith.index_cast %id : i32 to index
    %k = linalg.index 2 : index
    %v = tensor.extract %d[%row, %k] : tensor<100x70xf32>
    linalg.yield %v : f32
  } -> tensor<3x5x70xf32>
  return %y : tensor<3x5x70xf32>
}

// Work on the table is done on what is read, and what the generic does with the
// element stays; so does a window's place.
// CHECK-LABEL: func.func @window_and_elementwise(
// CHECK-SAME: %[[W:[^:]*]]: !zq.tensor{{.*}}, %[[B:[^:]*]]: index
// CHECK: scf.forall (%[[T:.*]]) in (4)
// CHECK: %[[ROW:.*]] = affine.apply #{{.*}}(%{{.*}})[%[[B]]]
// CHECK: zq.decode %[[W]] at [%[[ROW]], 16] outs(%{{.*}} : tensor<1x32xbf16>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<4x32xf32>, tensor<4x32xbf16>)
// CHECK: arith.extf
// CHECK: arith.addf
func.func @window_and_elementwise(%w: !zq.tensor<100x70xbf16, #zq.codec<bf16_huff>>, %b: index,
                                  %ids: tensor<4xindex>, %x: tensor<4x32xf32>) -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<50x32xbf16>
  %f = tensor.empty() : tensor<50x32xf32>
  // expected-remark @+1 {{decode fused by rows}}
  %d = zq.decode %w at [%b, 16] outs(%e : tensor<50x32xbf16>)
      : !zq.tensor<100x70xbf16, #zq.codec<bf16_huff>> -> tensor<50x32xbf16>
  %wide = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<50x32xbf16>) outs(%f : tensor<50x32xf32>) {
  ^bb0(%in: bf16, %out: f32):
    %c = arith.extf %in : bf16 to f32
    linalg.yield %c : f32
  } -> tensor<50x32xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(t, k) -> (t)>, affine_map<(t, k) -> (t, k)>,
                       affine_map<(t, k) -> (t, k)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%ids, %x : tensor<4xindex>, tensor<4x32xf32>) outs(%x : tensor<4x32xf32>) {
  ^bb0(%id: index, %in: f32, %out: f32):
    %k = linalg.index 1 : index
    %v = tensor.extract %wide[%id, %k] : tensor<50x32xf32>
    %s = arith.addf %v, %in : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

// CHECK-LABEL: func.func @gather(
// CHECK-SAME: %[[W:[^:]*]]: !zq.tensor{{.*}}, %[[IDS:[^:]*]]: tensor<?x1xi64>
// CHECK: scf.forall (%[[T:.*]]) in (%{{.*}}) shared_outs(%{{.*}}) -> (tensor<?x70xf32>)
// CHECK: tensor.extract %[[IDS]][%[[T]], %{{.*}}]
// CHECK: arith.minsi
// CHECK: arith.maxsi
// CHECK: zq.decode %[[W]] at [%{{.*}}, 0] outs(%{{.*}} : tensor<1x70xf32>)
// CHECK-NOT: tensor.gather
func.func @gather(%w: !zq.tensor<100x70xf32, #w>, %ids: tensor<?x1xi64>) -> tensor<?x70xf32> {
  %e = tensor.empty() : tensor<100x70xf32>
  // expected-remark @+1 {{decode fused by rows}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<100x70xf32>)
      : !zq.tensor<100x70xf32, #w> -> tensor<100x70xf32>
  %y = tensor.gather %d[%ids] gather_dims([0]) unique
      : (tensor<100x70xf32>, tensor<?x1xi64>) -> tensor<?x70xf32>
  return %y : tensor<?x70xf32>
}

// One row, for an index from outside.
// CHECK-LABEL: func.func @one_row(
// CHECK-NOT: scf.forall
// CHECK: zq.decode {{.*}} outs(%{{.*}} : tensor<1x70xf32>)
func.func @one_row(%w: !zq.tensor<100x70xf32, #w>, %i: index) -> tensor<70xf32> {
  %e = tensor.empty() : tensor<100x70xf32>
  %o = tensor.empty() : tensor<70xf32>
  // expected-remark @+1 {{decode fused by rows}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<100x70xf32>)
      : !zq.tensor<100x70xf32, #w> -> tensor<100x70xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(k) -> (k)>], iterator_types = ["parallel"]}
      outs(%o : tensor<70xf32>) {
  ^bb0(%out: f32):
    %k = linalg.index 0 : index
    %v = tensor.extract %d[%i, %k] : tensor<100x70xf32>
    linalg.yield %v : f32
  } -> tensor<70xf32>
  return %y : tensor<70xf32>
}

// -----

// What keeps the whole table: the indices are clamped all the same.

#w = #zq.codec<nvfp4>

// CHECK-LABEL: func.func @elements(
// CHECK: zq.decode {{.*}} outs(%{{.*}} : tensor<100x70xf32>)
// CHECK: linalg.generic
// CHECK-COUNT-2: arith.maxsi
// CHECK: tensor.extract
func.func @elements(%w: !zq.tensor<100x70xf32, #w>, %ids: tensor<5x2xindex>) -> tensor<5xf32> {
  %e = tensor.empty() : tensor<100x70xf32>
  // expected-remark @+1 {{decode not fused by rows: single elements are read from it, not rows; predicted: 4004 bytes read, 3500 operations, 28000 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<100x70xf32>)
      : !zq.tensor<100x70xf32, #w> -> tensor<100x70xf32>
  %y = tensor.gather %d[%ids] gather_dims([0, 1]) unique
      : (tensor<100x70xf32>, tensor<5x2xindex>) -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-LABEL: func.func @more_rows_than_there_are(
// CHECK: zq.decode {{.*}} outs(%{{.*}} : tensor<4x64xf32>)
func.func @more_rows_than_there_are(%w: !zq.tensor<4x64xf32, #w>, %ids: tensor<5x1xindex>) -> tensor<5x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  // expected-remark @+1 {{decode not fused by rows: more rows are read than there are}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #w> -> tensor<4x64xf32>
  %y = tensor.gather %d[%ids] gather_dims([0]) unique
      : (tensor<4x64xf32>, tensor<5x1xindex>) -> tensor<5x64xf32>
  return %y : tensor<5x64xf32>
}

#mixed = #zq.codec<hadamard<axis = 0, block = 4, seed = 1>, scale<1x16, f32>, quantize<si8>, pack>

func.func @mixed_rows(%w: !zq.tensor<100x64xf32, #mixed>, %ids: tensor<5x1xindex>) -> tensor<5x64xf32> {
  %e = tensor.empty() : tensor<100x64xf32>
  // expected-remark @+1 {{decode not fused by rows: 'zq.hadamard' mixes its rows}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<100x64xf32>)
      : !zq.tensor<100x64xf32, #mixed> -> tensor<100x64xf32>
  %y = tensor.gather %d[%ids] gather_dims([0]) unique
      : (tensor<100x64xf32>, tensor<5x1xindex>) -> tensor<5x64xf32>
  return %y : tensor<5x64xf32>
}

// A table of no rows has nothing to read.
// CHECK-LABEL: func.func @no_rows(
// CHECK-NOT: zq.decode
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: linalg.yield %[[ZERO]]
func.func @no_rows(%w: !zq.tensor<0x64xf32, #w>, %ids: tensor<5x1xindex>) -> tensor<5x64xf32> {
  %e = tensor.empty() : tensor<0x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<0x64xf32>)
      : !zq.tensor<0x64xf32, #w> -> tensor<0x64xf32>
  %y = tensor.gather %d[%ids] gather_dims([0]) unique
      : (tensor<0x64xf32>, tensor<5x1xindex>) -> tensor<5x64xf32>
  return %y : tensor<5x64xf32>
}
