// RUN: zq-opt %s -split-input-file -zq-split-codecs -zq-distribute-contractions -zq-tabulate-products -verify-diagnostics | FileCheck %s
// RUN: zq-opt %s -split-input-file -zq-verify-rewrites="exhaust-limit=1 random-cases=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=SAME

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// All columns share the entries, which are laid out for vectors. The scale of
// rows is applied to the results.
// SAME: unchanged by {{.*}}zq-tabulate-products
// CHECK-LABEL: @shared
// CHECK-SAME: %[[X:.*]]: tensor<1x32xf32>, %[[W:.*]]: !zq.tensor<512x32xf32
// CHECK: %[[BOOK:.*]] = tensor.expand_shape {{.*}} : tensor<256xf32> into tensor<1x2x16x8xf32>
// CHECK: %[[CODES:.*]] = zq.decode {{.*}} : !zq.tensor<512x8xf32, #{{.*}}> -> tensor<512x8xf32>
// CHECK: %[[XS:.*]] = tensor.expand_shape %[[X]] {{.*}} into tensor<1x1x4x8xf32>
// CHECK: %[[MOVED:.*]] = linalg.generic {{.*}} ins(%[[BOOK]] : {{.*}} outs({{.*}} : tensor<1x2x8x16xf32>)
// CHECK: %[[T:.*]] = linalg.generic {{.*}} ins(%[[XS]], %[[MOVED]] : {{.*}} outs({{.*}} : tensor<1x1x4x2x16xf32>)
// CHECK: %[[TABLES:.*]] = tensor.collapse_shape %[[T]] {{\[\[}}0], [1, 2, 3], [4]]
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[CODES]] : tensor<512x8xf32>)
// CHECK:   %[[J:.*]] = linalg.index 2
// CHECK:   %[[CODE:.*]] = arith.fptoui %{{.*}} : f32 to i32
// CHECK:   %[[E:.*]] = arith.index_castui %[[CODE]]
// CHECK:   tensor.extract %[[TABLES]][%{{.*}}, %[[J]], %[[E]]]
// CHECK: linalg.generic {{.*}} ins(%[[Y]],
#shared = #zq.codec<scale<1x?, f16>, codebook<1x8, bits = 4, books = 2, f16>, pack>
func.func @shared(%x: tensor<1x32xf32>, %w: !zq.tensor<512x32xf32, #shared>) -> tensor<1x512xf32> {
  %e = tensor.empty() : tensor<512x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x32xf32>)
      : !zq.tensor<512x32xf32, #shared> -> tensor<512x32xf32>
  %z = arith.constant dense<0.0> : tensor<1x512xf32>
  // expected-remark @below {{products with entries are looked up}}
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<1x32xf32>, tensor<512x32xf32>)
      outs(%z : tensor<1x512xf32>) -> tensor<1x512xf32>
  return %y : tensor<1x512xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Product quantization: each run has entries of its own, as they are.
// SAME: unchanged by {{.*}}zq-tabulate-products
// CHECK-LABEL: @product
// CHECK: %[[BOOK:.*]] = tensor.expand_shape {{.*}} into tensor<4x1x16x8xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[BOOK]] : tensor<1x4x1x8xf32>, tensor<4x1x16x8xf32>)
// CHECK: tensor.extract
#product = #zq.codec<codebook<1x8, bits = 4, group = ?x8, f32>, pack>
func.func @product(%x: tensor<1x32xf32>, %w: !zq.tensor<512x32xf32, #product>) -> tensor<1x512xf32> {
  %e = tensor.empty() : tensor<512x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x32xf32>)
      : !zq.tensor<512x32xf32, #product> -> tensor<512x32xf32>
  %z = arith.constant dense<0.0> : tensor<1x512xf32>
  // expected-remark @below {{products with entries are looked up}}
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<1x32xf32>, tensor<512x32xf32>)
      outs(%z : tensor<1x512xf32>) -> tensor<1x512xf32>
  return %y : tensor<1x512xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Fewer rows than entries: a table would have more products than it saves. The
// scale stays in the codec.
// CHECK-LABEL: @few
// CHECK-NOT: tensor.extract
#shared = #zq.codec<scale<1x?, f16>, codebook<1x8, bits = 4, books = 2, f16>, pack>
func.func @few(%x: tensor<2x32xf32>, %w: !zq.tensor<16x32xf32, #shared>) -> tensor<2x16xf32> {
  %e = tensor.empty() : tensor<16x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<16x32xf32>)
      : !zq.tensor<16x32xf32, #shared> -> tensor<16x32xf32>
  %z = arith.constant dense<0.0> : tensor<2x16xf32>
  // expected-remark @below {{products with entries are not looked up}}
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<2x32xf32>, tensor<16x32xf32>)
      outs(%z : tensor<2x16xf32>) -> tensor<2x16xf32>
  return %y : tensor<2x16xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Many rows of the activation share what is decoded.
// CHECK-LABEL: @many
// CHECK-NOT: tensor.extract
#product = #zq.codec<codebook<1x8, bits = 4, group = ?x8, f32>, pack>
func.func @many(%x: tensor<64x32xf32>, %w: !zq.tensor<512x32xf32, #product>) -> tensor<64x512xf32> {
  %e = tensor.empty() : tensor<512x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x32xf32>)
      : !zq.tensor<512x32xf32, #product> -> tensor<512x32xf32>
  %z = arith.constant dense<0.0> : tensor<64x512xf32>
  // expected-remark @below {{products with entries are not looked up}}
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<64x32xf32>, tensor<512x32xf32>)
      outs(%z : tensor<64x512xf32>) -> tensor<64x512xf32>
  return %y : tensor<64x512xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Entries down columns, scales that change along a row, and rows with books of
// their own: not in this form, so that there is nothing to say.
// CHECK-LABEL: @others
// CHECK-NOT: tensor.extract
#down = #zq.codec<codebook<8x1, bits = 4, f16>, pack>
#blocks = #zq.codec<scale<1x16, f16>, codebook<1x8, bits = 4, f16>, pack>
#rows = #zq.codec<codebook<1x8, bits = 4, group = 1x?, f16>, pack>
func.func @others(%x: tensor<1x32xf32>, %a: !zq.tensor<512x32xf32, #down>,
                  %b: !zq.tensor<512x32xf32, #blocks>, %c: !zq.tensor<512x32xf32, #rows>)
    -> (tensor<1x512xf32>, tensor<1x512xf32>, tensor<1x512xf32>) {
  %e = tensor.empty() : tensor<512x32xf32>
  %z = arith.constant dense<0.0> : tensor<1x512xf32>
  %da = zq.decode %a at [0, 0] outs(%e : tensor<512x32xf32>)
      : !zq.tensor<512x32xf32, #down> -> tensor<512x32xf32>
  %ya = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %da : tensor<1x32xf32>, tensor<512x32xf32>)
      outs(%z : tensor<1x512xf32>) -> tensor<1x512xf32>
  %db = zq.decode %b at [0, 0] outs(%e : tensor<512x32xf32>)
      : !zq.tensor<512x32xf32, #blocks> -> tensor<512x32xf32>
  %yb = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %db : tensor<1x32xf32>, tensor<512x32xf32>)
      outs(%z : tensor<1x512xf32>) -> tensor<1x512xf32>
  %dc = zq.decode %c at [0, 0] outs(%e : tensor<512x32xf32>)
      : !zq.tensor<512x32xf32, #rows> -> tensor<512x32xf32>
  %yc = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %dc : tensor<1x32xf32>, tensor<512x32xf32>)
      outs(%z : tensor<1x512xf32>) -> tensor<1x512xf32>
  return %ya, %yb, %yc : tensor<1x512xf32>, tensor<1x512xf32>, tensor<1x512xf32>
}
