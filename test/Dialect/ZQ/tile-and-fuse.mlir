// Which loops are made, and where in them a decode ends up. The cleanup only
// makes the loops easier to read.
// RUN: zq-opt %s -zq-tile-and-fuse -canonicalize -cse -split-input-file -verify-diagnostics | FileCheck %s

#w = #zq.codec<nvfp4>
#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

// A weight that is used once is decoded where it is used: 8 rows of 16 values,
// each multiplied with 16 lanes of partial sums.
// CHECK-LABEL: func.func @batch_1_in_registers(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x256xf32>, %[[W:[^:]*]]: !zq.tensor
// CHECK: scf.forall (%[[N:.*]]) = (0) to (64) step (32)
// CHECK-NOT: zq.decode
// CHECK: scf.for %[[R:.*]] = %c0 to %c32 step %c8
// CHECK: %[[ZERO:.*]] = linalg.fill {{.*}} -> tensor<1x8x16xf32>
// CHECK: %[[SUMS:.*]] = scf.for %[[K:.*]] = %c0 to %c256 step %c16 iter_args(%[[ACC:.*]] = %[[ZERO]])
// CHECK: %[[XK:.*]] = tensor.extract_slice %[[X]][0, %[[K]]] [1, 16]
// CHECK: %[[ROW:.*]] = affine.apply #{{.*}}(%[[N]], %[[R]])
// CHECK: %[[D:.*]] = zq.decode %[[W]] at [%[[ROW]], %[[K]]] outs(%{{.*}} : tensor<8x16xf32>)
// CHECK: %[[S:.*]] = linalg.generic {{.*}}["parallel", "parallel", "parallel"]} ins(%[[XK]], %[[D]] : {{.*}}) outs(%[[ACC]] :
// CHECK: arith.mulf {{.*}} fastmath<contract>
// CHECK: arith.addf {{.*}} fastmath<contract>
// CHECK: scf.yield %[[S]]
// CHECK: linalg.reduce ins(%[[SUMS]] : tensor<1x8x16xf32>) outs(%{{.*}} : tensor<1x8xf32>) dimensions = [2]
// CHECK: tensor.parallel_insert_slice
// CHECK-NOT: zq.decode
func.func @batch_1_in_registers(%x: tensor<1x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                                %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers: uses of each value in a tile: 1}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// The most uses for which it is still decoded anew: the register tile has room
// for fewer rows of the weight.
// CHECK-LABEL: func.func @batch_4_in_registers(
// CHECK: scf.for {{.*}} step %c16
// CHECK: zq.decode {{.*}} outs(%{{.*}} : tensor<2x16xf32>)
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<4x2x16xf32>)
func.func @batch_4_in_registers(%x: tensor<4x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                                %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers: uses of each value in a tile: 4}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<4x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// A weight that is used often is decoded once for the panel of its tile.
// CHECK-LABEL: func.func @batch_64_per_panel(
// CHECK: scf.forall (%[[N:.*]]) = (0) to (64) step (32)
// CHECK: %[[D:.*]] = zq.decode %{{.*}} at [%[[N]], 0] outs(%{{.*}} : tensor<32x256xf32>)
// CHECK: scf.for %[[M:.*]] = %c0 to %c64 step %c4
// CHECK: scf.for %[[R:.*]] = %c0 to %c32 step %c4
// CHECK: %[[ROWS:.*]] = tensor.extract_slice %[[D]][%[[R]], 0] [4, 256]
// CHECK: scf.for %[[K:.*]] = %c0 to %c256 step %c16
// CHECK-NOT: zq.decode
// CHECK: %[[LANES:.*]] = tensor.extract_slice %[[ROWS]][0, %[[K]]] [4, 16]
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[LANES]] : tensor<4x16xf32>, tensor<4x16xf32>) outs(%{{.*}} : tensor<4x4x16xf32>)
// CHECK-NOT: zq.decode
func.func @batch_64_per_panel(%x: tensor<64x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                              %o: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused per panel: uses of each value in a tile: 64}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<64x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y : tensor<64x64xf32>
}

// Tiles of a row where the batch is not known.
// CHECK-LABEL: func.func @dynamic_batch(
// CHECK: %[[M:.*]] = tensor.dim
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (%[[M]], 64) step (1, 32)
// CHECK: zq.decode {{.*}} outs(%{{.*}} : tensor<8x16xf32>)
func.func @dynamic_batch(%x: tensor<?x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                         %o: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<?x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A window of the weight: its place moves into the decode.
// CHECK-LABEL: func.func @window_of_dynamic_rows(
// CHECK-SAME: %[[I:[^:]*]]: index
// CHECK: scf.forall (%[[N:.*]]) in (%{{.*}})
// CHECK: %[[ROW:.*]] = affine.apply #{{.*}}(%[[N]])[%[[I]]]
// CHECK: zq.decode %{{.*}} at [%[[ROW]], %{{.*}}] outs(%{{.*}} : tensor<1x16xf32>)
func.func @window_of_dynamic_rows(%x: tensor<1x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                                  %i: index, %n: index, %o: tensor<1x?xf32>)
    -> tensor<1x?xf32> {
  %e = tensor.empty(%n) : tensor<?x256xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [%i, 0] outs(%e : tensor<?x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<?x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<?x256xf32>)
      outs(%o : tensor<1x?xf32>) -> tensor<1x?xf32>
  return %y : tensor<1x?xf32>
}

// -----

// What fills no vector goes after the loop, in vectors of its own length.

#w = #zq.codec<nvfp4>
#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

// CHECK-LABEL: func.func @ragged_contraction(
// CHECK: scf.forall
// CHECK-NOT: zq.decode
// CHECK: %[[MAIN:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (tensor<1x32xf32>)
// CHECK: scf.for %[[K:.*]] = %c0 to %c240 step %c16
// CHECK: zq.decode %{{.*}} at [%{{.*}}, %[[K]]] outs(%{{.*}} : tensor<8x16xf32>)
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[MAIN]]) -> (tensor<1x32xf32>)
// CHECK-NOT: scf.for
// CHECK: zq.decode %{{.*}} at [%{{.*}}, %c240] outs(%{{.*}} : tensor<8x10xf32>)
// CHECK: linalg.reduce ins(%{{.*}} : tensor<1x8x10xf32>)
// CHECK-NOT: zq.decode
func.func @ragged_contraction(%x: tensor<1x250xf32>, %w: !zq.tensor<64x250xf32, #w>,
                              %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x250xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x250xf32>)
      : !zq.tensor<64x250xf32, #w> -> tensor<64x250xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x250xf32>, tensor<64x250xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// Rows that no number of a few divides: tiles of one.
// CHECK-LABEL: func.func @prime_rows(
// CHECK: scf.forall (%{{.*}}) in (61)
// CHECK: zq.decode {{.*}} outs(%{{.*}} : tensor<1x16xf32>)
func.func @prime_rows(%x: tensor<1x256xf32>, %w: !zq.tensor<61x256xf32, #w>,
                      %o: tensor<1x61xf32>) -> tensor<1x61xf32> {
  %e = tensor.empty() : tensor<61x256xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<61x256xf32>)
      : !zq.tensor<61x256xf32, #w> -> tensor<61x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<61x256xf32>)
      outs(%o : tensor<1x61xf32>) -> tensor<1x61xf32>
  return %y : tensor<1x61xf32>
}

// -----

// The lanes follow the last dimension of the weight: here one of the result,
// and nothing is added up across lanes.

#w = #zq.codec<nvfp4>

// CHECK-LABEL: func.func @lanes_along_result(
// CHECK: scf.forall (%[[N:.*]]) = (0) to (256) step (32)
// CHECK: scf.for %[[L:.*]] = %c0 to %c32 step %c16
// CHECK: scf.for %[[K:.*]] = %c0 to %c64 step %c1 iter_args({{.*}}) -> (tensor<1x16xf32>)
// CHECK: %[[AT:.*]] = affine.apply #{{.*}}(%[[N]], %[[L]])
// CHECK: zq.decode %{{.*}} at [%[[K]], %[[AT]]] outs(%{{.*}} : tensor<1x16xf32>)
// CHECK-NOT: linalg.reduce
func.func @lanes_along_result(%x: tensor<1x64xf32>, %w: !zq.tensor<64x256xf32, #w>,
                              %o: tensor<1x256xf32>) -> tensor<1x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul ins(%x, %d : tensor<1x64xf32>, tensor<64x256xf32>)
      outs(%o : tensor<1x256xf32>) -> tensor<1x256xf32>
  return %y : tensor<1x256xf32>
}

// -----

// What follows a contraction is done in its tile, and so is what it adds to.

#w = #zq.codec<nvfp4>
#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

// CHECK-LABEL: func.func @bias_and_gelu(
// CHECK-NOT: scf.for
// CHECK: scf.forall (%[[N:.*]]) = (0) to (64) step (32)
// CHECK: linalg.fill {{.*}} -> tensor<1x32xf32>
// CHECK: zq.decode {{.*}} outs(%{{.*}} : tensor<2x16xf32>)
// CHECK: linalg.reduce
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x32xf32>, tensor<32xf32>)
// CHECK: math.erf
// CHECK: scf.forall.in_parallel
// CHECK-NOT: scf.forall (
func.func @bias_and_gelu(%x: tensor<4x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                         %b: tensor<64xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %o = tensor.empty() : tensor<4x64xf32>
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %rsqrt2 = arith.constant 0.707106769 : f32
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<4x64xf32>) -> tensor<4x64xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<4x256xf32>, tensor<64x256xf32>)
      outs(%f : tensor<4x64xf32>) -> tensor<4x64xf32>
  %g = linalg.generic {
      indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>,
                       affine_map<(m, n) -> (m, n)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%y, %b : tensor<4x64xf32>, tensor<64xf32>) outs(%o : tensor<4x64xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %v = arith.addf %in, %bias : f32
    %q = arith.mulf %v, %rsqrt2 : f32
    %t = math.erf %q : f32
    %u = arith.addf %t, %one : f32
    %p = arith.mulf %v, %half : f32
    %s = arith.mulf %p, %u : f32
    linalg.yield %s : f32
  } -> tensor<4x64xf32>
  return %g : tensor<4x64xf32>
}

// A result that is needed whole as well is made once, for both.
// CHECK-LABEL: func.func @epilogue_of_shared_result(
// CHECK: %[[Y:.*]] = scf.forall (
// CHECK: linalg.reduce
// CHECK-NOT: zq.decode
// CHECK: %[[A:.*]] = linalg.exp ins(%[[Y]] :
// CHECK-NEXT: return %[[Y]], %[[A]]
func.func @epilogue_of_shared_result(%x: tensor<1x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                                     %o: tensor<1x64xf32>)
    -> (tensor<1x64xf32>, tensor<1x64xf32>) {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  %a = linalg.exp ins(%y : tensor<1x64xf32>) outs(%o : tensor<1x64xf32>)
      -> tensor<1x64xf32>
  return %y, %a : tensor<1x64xf32>, tensor<1x64xf32>
}

// The tiles of the second contraction each read all of the first's result,
// which is therefore not pulled into them.
// CHECK-LABEL: func.func @chain_of_contractions(
// CHECK-SAME: %{{.*}}: tensor<1x256xf32>, %[[W:[^:]*]]: !zq.tensor{{.*}}, %[[V:[^:]*]]: !zq.tensor
// CHECK: %[[A:.*]] = scf.forall (%{{.*}}) = (0) to (64) step (32)
// CHECK: zq.decode %[[W]]
// CHECK: linalg.exp
// CHECK: scf.forall.in_parallel
// CHECK: scf.forall (%{{.*}}) = (0) to (96) step (32)
// CHECK-NOT: zq.decode %[[W]]
// CHECK: scf.for %[[K:.*]] = %c0 to %c64 step %c16
// CHECK: tensor.extract_slice %[[A]][0, %[[K]]] [1, 16]
// CHECK: zq.decode %[[V]]
// CHECK-NOT: zq.decode
func.func @chain_of_contractions(%x: tensor<1x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                                 %v: !zq.tensor<96x64xf32, #w>, %o: tensor<1x64xf32>,
                                 %p: tensor<1x96xf32>) -> tensor<1x96xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  %a = linalg.exp ins(%y : tensor<1x64xf32>) outs(%o : tensor<1x64xf32>)
      -> tensor<1x64xf32>
  %e2 = tensor.empty() : tensor<96x64xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d2 = zq.decode %v at [0, 0] outs(%e2 : tensor<96x64xf32>)
      : !zq.tensor<96x64xf32, #w> -> tensor<96x64xf32>
  %y2 = linalg.matmul indexing_maps = #transposed
      ins(%a, %d2 : tensor<1x64xf32>, tensor<96x64xf32>)
      outs(%p : tensor<1x96xf32>) -> tensor<1x96xf32>
  return %y2 : tensor<1x96xf32>
}

// -----

// Decodes without a contraction.

#w = #zq.codec<nvfp4>

// Whole rows, along which a decoder may carry its state.
// CHECK-LABEL: func.func @decode_alone(
// CHECK: scf.forall (%[[N:.*]]) = (0) to (64) step (32)
// CHECK-NOT: scf.for %
// CHECK: zq.decode %{{.*}} at [%[[N]], %c0] outs(%{{.*}} : tensor<32x256xf32>)
// CHECK-NEXT: scf.forall.in_parallel
func.func @decode_alone(%w: !zq.tensor<64x256xf32, #w>) -> tensor<64x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode not fused: the whole of it is used by 'func.return'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  return %d : tensor<64x256xf32>
}

// CHECK-LABEL: func.func @decode_into_elementwise(
// CHECK: scf.forall (
// CHECK: scf.for {{.*}} step %c1
// CHECK: scf.for %[[J:.*]] = %c0 to %c256 step %c64
// CHECK: %[[D:.*]] = zq.decode %{{.*}} at [%{{.*}}, %[[J]]] outs(%{{.*}} : tensor<1x64xf32>)
// CHECK: linalg.exp ins(%[[D]] : tensor<1x64xf32>)
// CHECK-NOT: zq.decode
func.func @decode_into_elementwise(%w: !zq.tensor<64x256xf32, #w>) -> tensor<64x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers: into 'linalg.exp'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %a = linalg.exp ins(%d : tensor<64x256xf32>) outs(%e : tensor<64x256xf32>)
      -> tensor<64x256xf32>
  return %a : tensor<64x256xf32>
}

// CHECK-LABEL: func.func @decode_unused(
// CHECK-NEXT: return
func.func @decode_unused(%w: !zq.tensor<64x256xf32, #w>) {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  return
}

// -----

// Elementwise work on a weight goes where the weight goes.

#w = #zq.codec<bf16_huff>

// CHECK-LABEL: func.func @weight_through_elementwise(
// CHECK: scf.for %[[K:.*]] = %c0 to %c256 step %c16
// CHECK: %[[D:.*]] = zq.decode %{{.*}} at [%{{.*}}, %[[K]]] outs(%{{.*}} : tensor<8x16xbf16>)
// CHECK: linalg.generic {{.*}} ins(%[[D]] : tensor<8x16xbf16>) outs(%{{.*}} : tensor<8x16xf32>)
// CHECK: arith.extf
func.func @weight_through_elementwise(%x: tensor<256xf32>, %w: !zq.tensor<64x256xbf16, #w>,
                                      %o: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x256xbf16>
  %f = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xbf16>)
      : !zq.tensor<64x256xbf16, #w> -> tensor<64x256xbf16>
  %c = linalg.generic {
      indexing_maps = [affine_map<(n, k) -> (n, k)>, affine_map<(n, k) -> (n, k)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<64x256xbf16>) outs(%f : tensor<64x256xf32>) {
  ^bb0(%in: bf16, %out: f32):
    %v = arith.extf %in : bf16 to f32
    linalg.yield %v : f32
  } -> tensor<64x256xf32>
  %y = linalg.matvec ins(%c, %x : tensor<64x256xf32>, tensor<256xf32>)
      outs(%o : tensor<64xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}

// -----

// Without a parallel dimension there is one tile, and without a weight the
// lanes follow the last input.

// CHECK-LABEL: func.func @dot_product(
// CHECK-NOT: scf.forall
// CHECK: %[[SUMS:.*]] = scf.for {{.*}} to %c256 step %c16 {{.*}} -> (tensor<16xf32>)
// CHECK: linalg.reduce ins(%[[SUMS]] : tensor<16xf32>) outs(%{{.*}} : tensor<f32>)
func.func @dot_product(%x: tensor<256xf32>, %y: tensor<256xf32>, %o: tensor<f32>)
    -> tensor<f32> {
  %r = linalg.dot ins(%x, %y : tensor<256xf32>, tensor<256xf32>) outs(%o : tensor<f32>)
      -> tensor<f32>
  return %r : tensor<f32>
}

// CHECK-LABEL: func.func @rotation_of_a_vector(
// CHECK-NOT: scf.
// CHECK: zq.rotate
func.func @rotation_of_a_vector(%x: tensor<256xf32>) -> tensor<256xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 0, block = 128, seed = 1>
      outs(%x : tensor<256xf32>) : tensor<256xf32> -> tensor<256xf32>
  return %r : tensor<256xf32>
}

// Along its axis a rotation is never cut.
// CHECK-LABEL: func.func @rotation_of_rows(
// CHECK: scf.forall (%[[M:.*]]) = (0) to (1024) step (32)
// CHECK: zq.rotate {{.*}} : tensor<32x512xf32>
func.func @rotation_of_rows(%x: tensor<1024x512xf32>) -> tensor<1024x512xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 1, block = 128, seed = 1>
      outs(%x : tensor<1024x512xf32>) : tensor<1024x512xf32> -> tensor<1024x512xf32>
  return %r : tensor<1024x512xf32>
}

// Loops over nothing leave the destination as it is.
// CHECK-LABEL: func.func @no_rows(
// CHECK-SAME: %[[O:[^:]*]]: tensor<1x0xf32>
// CHECK-NEXT: return %[[O]]
func.func @no_rows(%x: tensor<1x256xf32>, %w: tensor<256x0xf32>, %o: tensor<1x0xf32>)
    -> tensor<1x0xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<1x256xf32>, tensor<256x0xf32>)
      outs(%o : tensor<1x0xf32>) -> tensor<1x0xf32>
  return %y : tensor<1x0xf32>
}

// Ops inside loops are tiled where they are.
// CHECK-LABEL: func.func @inside_a_loop(
// CHECK: scf.for
// CHECK: scf.forall (
// CHECK: linalg.exp {{.*}} : tensor<1x64xf32>
func.func @inside_a_loop(%x: tensor<64x1024xf32>, %n: index) -> tensor<64x1024xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%y = %x) -> tensor<64x1024xf32> {
    %e = tensor.empty() : tensor<64x1024xf32>
    %z = linalg.exp ins(%y : tensor<64x1024xf32>) outs(%e : tensor<64x1024xf32>)
        -> tensor<64x1024xf32>
    scf.yield %z : tensor<64x1024xf32>
  }
  return %r : tensor<64x1024xf32>
}

// Indices along a reduction that is cut into vectors count from its beginning.
// CHECK-LABEL: func.func @index_of_reduction(
// CHECK: scf.for %[[K:.*]] = %{{.*}} to %{{.*}} step %c16
// CHECK:   linalg.generic
// CHECK:     %[[INDEX:.*]] = linalg.index 1 : index
// CHECK:     %[[OFFSET:.*]] = affine.apply #{{.*}}(%[[K]])[%[[INDEX]]]
// CHECK:     arith.index_cast %[[OFFSET]] : index to i32
func.func @index_of_reduction(%x: tensor<4x64xi32>) -> tensor<4xi32> {
  %zero = arith.constant dense<0> : tensor<4xi32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, k) -> (i, k)>, affine_map<(i, k) -> (i)>],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x64xi32>) outs(%zero : tensor<4xi32>) {
  ^bb0(%a: i32, %o: i32):
    %k = linalg.index 1 : index
    %i = arith.index_cast %k : index to i32
    %p = arith.muli %a, %i : i32
    %s = arith.addi %o, %p : i32
    linalg.yield %s : i32
  } -> tensor<4xi32>
  return %y : tensor<4xi32>
}

// -----

!w = !zq.tensor<128x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
!s = !zq.tensor<64x32xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
!r = !zq.tensor<72x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
#i = affine_map<(m, n) -> (m, n)>
#n = affine_map<(m, n) -> (n)>

// A bias is added to the sums of a few panels where they are written.
// CHECK-LABEL: func.func @bias_after_contract(
// CHECK: scf.forall (%[[N:.*]]) = (0) to (128) step (64) shared_outs(%[[ALL:.*]] =
// CHECK:   %[[TILE:.*]] = tensor.extract_slice %[[ALL]][0, %[[N]]] [3, 64]
// CHECK:   %[[ZERO:.*]] = linalg.fill {{.*}} outs(%[[TILE]]
// CHECK:   %[[SUMS:.*]] = zq.contract %{{.*}} with %{{.*}} at %[[N]] lanes 16 outs(%[[ZERO]] : tensor<3x64xf32>)
// CHECK:   scf.for {{.*}} iter_args(%{{[^ ]*}} = %[[SUMS]])
// CHECK:     linalg.generic
// CHECK-NOT: zq.contract
// CHECK: return
func.func @bias_after_contract(%x: tensor<3x64xf32>, %w: !w, %b: tensor<128xf32>) -> tensor<3x128xf32> {
  %zero = arith.constant dense<0.0> : tensor<3x128xf32>
  %y = zq.contract %x with %w lanes 16 outs(%zero : tensor<3x128xf32>) : (tensor<3x64xf32>), !w -> tensor<3x128xf32>
  %o = tensor.empty() : tensor<3x128xf32>
  %r = linalg.generic {indexing_maps = [#i, #n, #i], iterator_types = ["parallel", "parallel"]}
      ins(%y, %b : tensor<3x128xf32>, tensor<128xf32>) outs(%o : tensor<3x128xf32>) {
  ^bb0(%p: f32, %q: f32, %z: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<3x128xf32>
  return %r : tensor<3x128xf32>
}

// Two of them, and another type: sums have buffers of a tile's size.
// CHECK-LABEL: func.func @gate_after_contracts(
// CHECK: scf.forall (%[[N:.*]]) = (0) to (128) step (64)
// CHECK:   tensor.empty() : tensor<3x64xf32>
// CHECK-COUNT-2: zq.contract %{{.*}} at %[[N]] lanes 16 outs(%{{.*}} : tensor<3x64xf32>)
// CHECK-NOT: zq.contract
// CHECK: return
func.func @gate_after_contracts(%x: tensor<3x64xf32>, %w: !w, %v: !w) -> tensor<3x128xbf16> {
  %zero = arith.constant dense<0.0> : tensor<3x128xf32>
  %y = zq.contract %x with %w lanes 16 outs(%zero : tensor<3x128xf32>) : (tensor<3x64xf32>), !w -> tensor<3x128xf32>
  %g = zq.contract %x with %v lanes 16 outs(%zero : tensor<3x128xf32>) : (tensor<3x64xf32>), !w -> tensor<3x128xf32>
  %o = tensor.empty() : tensor<3x128xbf16>
  %r = linalg.generic {indexing_maps = [#i, #i, #i], iterator_types = ["parallel", "parallel"]}
      ins(%y, %g : tensor<3x128xf32>, tensor<3x128xf32>) outs(%o : tensor<3x128xbf16>) {
  ^bb0(%p: f32, %q: f32, %z: bf16):
    %s = arith.mulf %p, %q : f32
    %t = arith.truncf %s : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<3x128xbf16>
  return %r : tensor<3x128xbf16>
}

// Rows that fill no panel are a part of their own, as the last of all is.
// CHECK-LABEL: func.func @ragged_after_contract(
// CHECK: zq.contract %{{.*}} at %c0 lanes 16 outs(%{{.*}} : tensor<3x64xf32>)
// CHECK: linalg.exp
// CHECK: zq.contract %{{.*}} at %c64 lanes 16 outs(%{{.*}} : tensor<3x8xf32>)
// CHECK: linalg.exp
// CHECK-NOT: zq.contract
// CHECK: return
func.func @ragged_after_contract(%x: tensor<3x64xf32>, %w: !r, %i: tensor<3x72xf32>, %o: tensor<3x72xf32>) -> tensor<3x72xf32> {
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<3x72xf32>) : (tensor<3x64xf32>), !r -> tensor<3x72xf32>
  %r = linalg.exp ins(%y : tensor<3x72xf32>) outs(%o : tensor<3x72xf32>) -> tensor<3x72xf32>
  return %r : tensor<3x72xf32>
}

// Of an activation in tiles, the rows and columns whose sums stay in cache.
// CHECK-LABEL: func.func @activation_after_tiles(
// CHECK: scf.forall (%[[M:.*]], %[[N:.*]]) = (0, 0) to (16384, 64) step (512, 32)
// CHECK:   %[[BLOCK:.*]] = affine.apply #{{.*}}(%[[M]])
// CHECK:   %[[ROWS:.*]] = tensor.extract_slice %{{.*}}[0, %[[BLOCK]], 0, 0, 0, 0] [1, 16, 1, 1, 32, 32]
// CHECK:   zq.contract %[[ROWS]] with %{{.*}} at %[[N]] lanes 16 planes 1 outs(%{{.*}} : tensor<512x32xf32>)
// CHECK:   linalg.exp
// CHECK-NOT: zq.contract
// CHECK: return
func.func @activation_after_tiles(%x: tensor<1x512x1x1x32x32xbf16>, %w: !s, %i: tensor<16384x64xf32>, %o: tensor<16384x64xf32>) -> tensor<16384x64xf32> {
  %y = zq.contract %x with %w lanes 16 planes 1 outs(%i : tensor<16384x64xf32>) : (tensor<1x512x1x1x32x32xbf16>), !s -> tensor<16384x64xf32>
  %r = linalg.exp ins(%y : tensor<16384x64xf32>) outs(%o : tensor<16384x64xf32>) -> tensor<16384x64xf32>
  return %r : tensor<16384x64xf32>
}

// Of a weight that is read row by row likewise; what fills no task is an op of
// its own.
// CHECK-LABEL: func.func @activation_after_rows(
// CHECK: scf.forall (%[[N:.*]]) = (0) to (1024) step (64) shared_outs(%[[ALL:.*]] =
// CHECK:   %[[TILE:.*]] = tensor.extract_slice %[[ALL]][0, %[[N]]] [40, 64]
// CHECK:   %[[ZERO:.*]] = linalg.fill {{.*}} outs(%[[TILE]]
// CHECK:   zq.contract_rows %{{.*}} with %{{.*}} at %[[N]] planes 1 outs(%[[ZERO]] : tensor<40x64xf32>)
// CHECK:   math.exp
// CHECK: zq.contract_rows %{{.*}} with %{{.*}} at %c1024 planes 1 outs(%{{.*}} : tensor<40x48xf32>)
// CHECK: math.exp
// CHECK-NOT: zq.contract_rows
// CHECK: return
func.func @activation_after_rows(%x: tensor<1x2x2x1x2x32x16xf32>, %w: tensor<1072x64xf32>, %o: tensor<40x1072xf32>) -> tensor<40x1072xf32> {
  %i = arith.constant dense<0.0> : tensor<40x1072xf32>
  %y = zq.contract_rows %x with %w planes 1 outs(%i : tensor<40x1072xf32>) : tensor<1x2x2x1x2x32x16xf32>, tensor<1072x64xf32> -> tensor<40x1072xf32>
  %r = linalg.generic {indexing_maps = [#i, #i], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<40x1072xf32>) outs(%o : tensor<40x1072xf32>) {
  ^bb0(%p: f32, %q: f32):
    %e = math.exp %p : f32
    linalg.yield %e : f32
  } -> tensor<40x1072xf32>
  return %r : tensor<40x1072xf32>
}

// Sums that two ops read, and a sum that is broadcast: the contraction stays a
// loop of its own.
// CHECK-LABEL: func.func @two_readers(
// CHECK: zq.contract %{{[^ ]*}} with %{{[^ ]*}} lanes 16
// CHECK-LABEL: func.func @broadcast_sums(
// CHECK: zq.contract %{{[^ ]*}} with %{{[^ ]*}} lanes 16
func.func @two_readers(%x: tensor<3x64xf32>, %w: !w, %i: tensor<3x128xf32>, %o: tensor<3x128xf32>)
    -> (tensor<3x128xf32>, tensor<3x128xf32>) {
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<3x128xf32>) : (tensor<3x64xf32>), !w -> tensor<3x128xf32>
  %r = linalg.exp ins(%y : tensor<3x128xf32>) outs(%o : tensor<3x128xf32>) -> tensor<3x128xf32>
  return %y, %r : tensor<3x128xf32>, tensor<3x128xf32>
}
func.func @broadcast_sums(%x: tensor<3x64xf32>, %w: !w, %i: tensor<3x128xf32>, %o: tensor<2x3x128xf32>) -> tensor<2x3x128xf32> {
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<3x128xf32>) : (tensor<3x64xf32>), !w -> tensor<3x128xf32>
  %r = linalg.broadcast ins(%y : tensor<3x128xf32>) outs(%o : tensor<2x3x128xf32>) dimensions = [0]
  return %r : tensor<2x3x128xf32>
}

// -----

#i = affine_map<(m, n) -> (m, n)>

// What makes an activation, and turns it, is done block by block of the rows
// that are quantized together; what fills no block comes by itself.
// CHECK-LABEL: func.func @activation_of_planes(
// CHECK: scf.forall (%[[B:.*]]) in (2)
// CHECK:   linalg.generic
// CHECK:     arith.mulf
// CHECK:   %[[TURNED:.*]] = zq.rotate %{{.*}} : tensor<4x64xf32>
// CHECK:   zq.planes %[[TURNED]] count 2 group 32 rows 4 offset 8 : tensor<4x64xf32>
// CHECK-COUNT-4: tensor.parallel_insert_slice
// CHECK: zq.rotate %{{.*}} : tensor<3x64xf32>
// CHECK: zq.planes %{{.*}} : tensor<3x64xf32>
// CHECK-COUNT-4: tensor.insert_slice %{{.*}} into %{{.*}}[2, 0, 0
// CHECK: return
func.func @activation_of_planes(%x: tensor<11x64xf32>, %r: tensor<11x64xf32>)
    -> (tensor<3x16x2x4x4xi8>, tensor<3x2x4xf32>, tensor<3x2x4xi32>, tensor<3x2x4xf32>) {
  %e = tensor.empty() : tensor<11x64xf32>
  %g = linalg.generic {indexing_maps = [#i, #i, #i], iterator_types = ["parallel", "parallel"]}
      ins(%x, %r : tensor<11x64xf32>, tensor<11x64xf32>) outs(%e : tensor<11x64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.mulf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<11x64xf32>
  %t = zq.rotate %g by #zq.hadamard<axis = 1, block = 64, seed = 1> outs(%e : tensor<11x64xf32>) : tensor<11x64xf32> -> tensor<11x64xf32>
  %a, %b, %c, %d = zq.planes %t count 2 group 32 rows 4 offset 8 : tensor<11x64xf32>
      -> tensor<3x16x2x4x4xi8>, tensor<3x2x4xf32>, tensor<3x2x4xi32>, tensor<3x2x4xf32>
  return %a, %b, %c, %d : tensor<3x16x2x4x4xi8>, tensor<3x2x4xf32>, tensor<3x2x4xi32>, tensor<3x2x4xf32>
}

// -----

// A few rows of a dense weight are multiplied with all rows of the activation,
// which are fewer, before the next.
// CHECK-LABEL: func.func @few_rows(
// CHECK-SAME: %[[X:[^:]*]]: tensor<8x256xf32>, %[[W:[^:]*]]: tensor<64x256xf32>
// CHECK: scf.forall
// CHECK: scf.for %[[N:.*]] = %c0 to %c32 step %c4
// CHECK: scf.for %[[M:.*]] = %c0 to %c8 step %c4
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c16
func.func @few_rows(%x: tensor<8x256xf32>, %w: tensor<64x256xf32>, %init: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<8x256xf32>, tensor<64x256xf32>) outs(%init : tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// -----

// Five rows are no multiple of two or four: blocks of three and of two are
// multiplied with the same four rows of the weight.
// CHECK-LABEL: func.func @five_rows(
// CHECK-SAME: %[[X:[^:]*]]: tensor<5x256xf32>, %[[W:[^:]*]]: tensor<64x256xf32>
// CHECK: scf.forall
// CHECK: scf.for %[[N:.*]] = %c0 to %c32 step %c4
// CHECK: %[[ROWS:.*]] = tensor.extract_slice %{{.*}}[%[[N]], 0] [4, 256]
// CHECK: tensor.extract_slice %[[X]][0, 0] [3, 256]
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c16 iter_args(%{{.*}}) -> (tensor<3x4x16xf32>)
// CHECK: tensor.extract_slice %[[ROWS]]
// CHECK: tensor.extract_slice %[[X]][3, 0] [2, 256]
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c16 iter_args(%{{.*}}) -> (tensor<2x4x16xf32>)
// CHECK: tensor.extract_slice %[[ROWS]]
func.func @five_rows(%x: tensor<5x256xf32>, %w: tensor<64x256xf32>, %init: tensor<5x64xf32>) -> tensor<5x64xf32> {
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<5x256xf32>, tensor<64x256xf32>) outs(%init : tensor<5x64xf32>) -> tensor<5x64xf32>
  return %y : tensor<5x64xf32>
}

// -----

// Two blocks of four rows, and one of three: as few as can be, near to one size.
// CHECK-LABEL: func.func @eleven_rows(
// CHECK: scf.for %{{.*}} = %c0 to %c32 step %c4
// CHECK: scf.for %{{.*}} = %c0 to %c8 step %c4
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c16 iter_args(%{{.*}}) -> (tensor<4x4x16xf32>)
// CHECK-NOT: scf.for
// CHECK: tensor.extract_slice %{{.*}}[8, 0] [3, 256]
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c16 iter_args(%{{.*}}) -> (tensor<3x4x16xf32>)
func.func @eleven_rows(%x: tensor<11x256xf32>, %w: tensor<64x256xf32>, %init: tensor<11x64xf32>) -> tensor<11x64xf32> {
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<11x256xf32>, tensor<64x256xf32>) outs(%init : tensor<11x64xf32>) -> tensor<11x64xf32>
  return %y : tensor<11x64xf32>
}

// -----

// Two loops, of two blocks of four rows each, and of three.
// CHECK-LABEL: func.func @fourteen_rows(
// CHECK: scf.for %{{.*}} = %c0 to %c32 step %c4
// CHECK: scf.for %{{.*}} = %c0 to %c8 step %c4
// CHECK: scf.for %{{.*}} = %c0 to %c6 step %c3
func.func @fourteen_rows(%x: tensor<14x256xf32>, %w: tensor<64x256xf32>, %init: tensor<14x64xf32>) -> tensor<14x64xf32> {
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<14x256xf32>, tensor<64x256xf32>) outs(%init : tensor<14x64xf32>) -> tensor<14x64xf32>
  return %y : tensor<14x64xf32>
}
