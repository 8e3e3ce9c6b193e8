// Contractions in compute domains become loops over panels of rows.
// RUN: zq-opt %s -zq-lower-contractions -canonicalize -cse | FileCheck %s

!w = !zq.tensor<64x256xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>

// Integers: the group's sums begin with what the weights' offset takes away, and
// two planes are one integer before the factors multiply.
// CHECK-LABEL: func.func @integers(
// CHECK-SAME: %[[Q:[^:]*]]: tensor<1x64x2x1x4xi8>, %[[S:[^:]*]]: tensor<1x8x1xf32>, %[[T:[^:]*]]: tensor<1x8x1xi32>, %{{[^:]*}}: tensor<1x8x1xf32>, %[[W:[^:]*]]:
// CHECK-DAG: %[[TABLE:.*]] = arith.constant dense<[8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]> : vector<16xi8>
// CHECK-DAG: %[[EIGHT:.*]] = arith.constant dense<8> : vector<16xi32>
// CHECK: %[[STREAMS:.*]]:2 = zq.disassemble %[[W]]
// CHECK: scf.for %[[PANEL:[^ ]*]] = %c0 to %c4
// CHECK:   scf.for %{{.*}} step %c64
// CHECK:     %[[START:.*]] = tensor.extract %[[T]]
// CHECK:     %[[HIGH:.*]] = vector.broadcast %[[START]] : i32 to vector<16xi32>
// CHECK:     %[[CODES:.*]] = vector.transfer_read %[[STREAMS]]#1[%[[PANEL]], %{{.*}}, %c0]{{.*}} : tensor<4x32x64xi8>, vector<64xi8>
// CHECK:     %[[BYTES:.*]] = zq.lookup %[[CODES]] in %[[TABLE]]
// CHECK:     %[[FIRST:.*]] = zq.dot %[[BYTES]], %{{.*}}, %[[HIGH]]
// CHECK-COUNT-15: zq.dot
// CHECK:     arith.shli %{{.*}}, %[[EIGHT]]
// CHECK:     arith.sitofp
func.func @integers(%q: tensor<1x64x2x1x4xi8>, %s: tensor<1x8x1xf32>, %t: tensor<1x8x1xi32>,
                    %u: tensor<1x8x1xf32>, %w: !w, %i: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<1x64xf32>)
      : (tensor<1x64x2x1x4xi8>, tensor<1x8x1xf32>, tensor<1x8x1xi32>, tensor<1x8x1xf32>), !w -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// Scales of a byte: those of four groups are read together.
!bytes = !zq.tensor<64x112xf32, #zq.codec<scale<1x16, f8E4M3FN, rows = 16>, quantize<f4E2M1FN>, pack<lanes = 16x4>>>
// CHECK-LABEL: func.func @scales_of_bytes(
// CHECK: %[[STREAMS:.*]]:2 = zq.disassemble
// CHECK: %[[SCALES:.*]] = tensor.collapse_shape %[[STREAMS]]#0 {{.*}} : tensor<4x7x16xf8E4M3FN> into tensor<4x112xf8E4M3FN>
// CHECK: %[[FOUR:.*]] = vector.transfer_read %[[SCALES]]{{.*}} : tensor<4x112xf8E4M3FN>, vector<64xf8E4M3FN>
// CHECK: %[[WIDE:.*]] = arith.extf %[[FOUR]]
// CHECK: vector.extract_strided_slice %[[WIDE]] {offsets = [0], sizes = [16], strides = [1]}
// CHECK: vector.extract_strided_slice %[[WIDE]] {offsets = [48], sizes = [16], strides = [1]}
// CHECK: vector.transfer_read {{.*}} : tensor<4x112xf8E4M3FN>, vector<48xf8E4M3FN>
func.func @scales_of_bytes(%q: tensor<1x28x1x8x4xi8>, %s: tensor<1x1x8xf32>, %t: tensor<1x7x8xi32>,
                           %u: tensor<1x7x8xf32>, %w: !bytes, %i: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<8x64xf32>)
      : (tensor<1x28x1x8x4xi8>, tensor<1x1x8xf32>, tensor<1x7x8xi32>, tensor<1x7x8xf32>), !bytes -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// f32: four codes are in a word of each lane.
// CHECK-LABEL: func.func @floats(
// CHECK-DAG: %[[TABLE:.*]] = arith.constant dense<[0.000000e+00, 1.000000e+00, {{.*}}]> : vector<16xf32>
// CHECK: %[[WORDS:.*]] = vector.bitcast %{{.*}} : vector<64xi8> to vector<16xi32>
// CHECK: zq.lookup %[[WORDS]] in %[[TABLE]] : vector<16xi32>, vector<16xf32> -> vector<16xf32>
// CHECK: arith.mulf %{{.*}} fastmath<contract> : vector<16xf32>
// CHECK: arith.addf %{{.*}} fastmath<contract> : vector<16xf32>
func.func @floats(%x: tensor<1x256xf32>, %w: !w, %i: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<1x64xf32>)
      : (tensor<1x256xf32>), !w -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// Several panels are a task; what is left over of the rows is written by itself.
!ragged = !zq.tensor<136x256xf32, #zq.codec<quantize<si4>, pack<lanes = 16x4>>>
// CHECK-LABEL: func.func @ragged(
// CHECK: scf.forall (%{{.*}}) in (2) shared_outs(%{{.*}} = %{{.*}}) -> (tensor<1x136xf32>)
// CHECK: tensor.parallel_insert_slice
// CHECK: vector.transfer_write %{{.*}}[%c0, %c128] : vector<16xf32>, tensor<1x136xf32>
func.func @ragged(%x: tensor<1x256xf32>, %w: !ragged, %i: tensor<1x136xf32>) -> tensor<1x136xf32> {
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<1x136xf32>)
      : (tensor<1x256xf32>), !ragged -> tensor<1x136xf32>
  return %y : tensor<1x136xf32>
}

// The scale of a run is its largest magnitude over what the planes hold, NaN
// where that is not finite.
// CHECK-LABEL: func.func @planes(
// CHECK-DAG: %[[LIMIT:.*]] = arith.constant 3.251200e+04 : f32
// CHECK-DAG: %[[NAN:.*]] = arith.constant 0x7FC00000 : f32
// CHECK: %[[BITS:.*]] = vector.reduction <maxui>
// CHECK: %[[EXTENT:.*]] = arith.bitcast %[[BITS]] : i32 to f32
// CHECK: %[[FINITE:.*]] = arith.cmpf olt, %[[EXTENT]]
// CHECK: %[[SCALE:.*]] = arith.divf %{{.*}}, %[[LIMIT]]
// CHECK: arith.select %[[FINITE]], %[[SCALE]], %[[NAN]]
func.func @planes(%x: tensor<3x100xf32>) -> (tensor<1x32x2x3x4xi8>, tensor<1x4x3xf32>, tensor<1x4x3xi32>, tensor<1x4x3xf32>) {
  %q:4 = zq.planes %x count 2 group 32 rows 3 offset 8 : tensor<3x100xf32>
      -> tensor<1x32x2x3x4xi8>, tensor<1x4x3xf32>, tensor<1x4x3xi32>, tensor<1x4x3xf32>
  return %q#0, %q#1, %q#2, %q#3 : tensor<1x32x2x3x4xi8>, tensor<1x4x3xf32>, tensor<1x4x3xi32>, tensor<1x4x3xf32>
}

// 16-bit integers: the even columns of four apart from the odd ones.
// CHECK-LABEL: func.func @plane_of_words(
// CHECK: arith.constant 5.792000e+03 : f32
// CHECK: %[[NARROW:.*]] = arith.trunci %{{.*}} : vector<16xi32> to vector<16xi16>
// CHECK: %[[EVEN:.*]], %[[ODD:.*]] = vector.deinterleave %[[NARROW]]
// CHECK: vector.shape_cast %[[EVEN]] : vector<8xi16> to vector<4x2xi16>
// CHECK: vector.shape_cast %[[ODD]] : vector<8xi16> to vector<4x2xi16>
// CHECK: vector.transfer_write %{{.*}}[%{{.*}}, %{{.*}}, %c0, %{{.*}}, %c0]
// CHECK: vector.transfer_write %{{.*}}[%{{.*}}, %{{.*}}, %c1, %{{.*}}, %c0]
func.func @plane_of_words(%x: tensor<3x100xf32>) -> (tensor<1x32x2x3x2xi16>, tensor<1x2x3xf32>, tensor<1x2x3xi32>, tensor<1x2x3xf32>) {
  %q:4 = zq.planes %x count 1 limit 5792 group 64 rows 3 offset 0 : tensor<3x100xf32>
      -> tensor<1x32x2x3x2xi16>, tensor<1x2x3xf32>, tensor<1x2x3xi32>, tensor<1x2x3xf32>
  return %q#0, %q#1, %q#2, %q#3 : tensor<1x32x2x3x2xi16>, tensor<1x2x3xf32>, tensor<1x2x3xi32>, tensor<1x2x3xf32>
}

// The table is one of 16-bit integers, as large as sums of the group's products
// leave room for.
!table = !zq.tensor<64x256xf32, #zq.codec<scale<1x64, f16, rows = 16>, lookup<[-1.0, -0.3, 0.1, 1.0]>, pack<lanes = 16x4>>>
// CHECK-LABEL: func.func @words(
// CHECK-DAG: %[[TABLE:.*]] = arith.constant dense<[-5792, -1738, 579, 5792]> : vector<4xi16>
// CHECK: %[[CODES:.*]] = vector.transfer_read {{.*}} vector<64xi8>
// CHECK: %[[WORDS:.*]] = zq.lookup %[[CODES]] in %[[TABLE]] : vector<64xi8>, vector<4xi16> -> vector<64xi16>
// CHECK: %[[EVEN:.*]], %[[ODD:.*]] = vector.deinterleave %[[WORDS]]
// CHECK: zq.dot %[[EVEN]], %{{.*}}, %{{.*}} : vector<32xi16>, vector<16xi32>
// CHECK: zq.dot %[[ODD]]
// CHECK: arith.sitofp
func.func @words(%q: tensor<1x64x2x1x2xi16>, %s: tensor<1x4x1xf32>, %t: tensor<1x4x1xi32>,
                 %u: tensor<1x4x1xf32>, %w: !table, %i: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<1x64xf32>)
      : (tensor<1x64x2x1x2xi16>, tensor<1x4x1xf32>, tensor<1x4x1xi32>, tensor<1x4x1xf32>), !table -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// A zero point is subtracted once per group: times the sum of the activations.
!zero = !zq.tensor<16x128xf32, #zq.codec<scale<1x64, f16, zero, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
// CHECK-LABEL: func.func @zero_point(
// CHECK-SAME: %[[U:[^:]*]]: tensor<1x2x1xf32>, %{{[^:]*}}: !zq
// CHECK: %[[ZERO:.*]] = arith.sitofp %{{.*}} : vector<16xi8> to vector<16xf32>
// CHECK: %[[TOTAL:.*]] = tensor.extract %[[U]]
// CHECK: %[[NEGATED:.*]] = arith.mulf %[[TOTAL]], %cst{{.*}} : f32
// CHECK: %[[LANES:.*]] = vector.broadcast %[[NEGATED]]
// CHECK: arith.mulf %[[ZERO]], %[[LANES]]
func.func @zero_point(%q: tensor<1x32x1x1x4xi8>, %s: tensor<1x2x1xf32>, %t: tensor<1x2x1xi32>,
                      %u: tensor<1x2x1xf32>, %w: !zero, %i: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<1x16xf32>)
      : (tensor<1x32x1x1x4xi8>, tensor<1x2x1xf32>, tensor<1x2x1xi32>, tensor<1x2x1xf32>), !zero -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}

// Tiles: 32 rows of the weight are decoded in pairs of columns to a panel, while
// the one before is multiplied with each block of the activation; the factor of
// whole rows comes at the end.
!rows = !zq.tensor<96x256xf32, #zq.codec<scale<1x?, f32, rows = 16>, scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
// CHECK-LABEL: func.func @tiles(
// CHECK-SAME: %[[X:[^:]*]]: tensor<70x256xf32>
// CHECK: %[[T:.*]] = scf.forall (%[[B:.*]]) in (3) shared_outs
// CHECK:   %[[ROUNDED:.*]] = zq.to_bf16 %{{.*}} : vector<32xf32>
// CHECK:   vector.transfer_write %[[ROUNDED]]
// CHECK: scf.forall (%{{.*}}) in (3) shared_outs
// CHECK:   %[[SUMS:.*]] = tensor.empty() : tensor<1x3x32x32xf32>
// CHECK:   %[[PANELS:.*]] = tensor.empty() : tensor<2x4x1x2x16x32xbf16>
// CHECK:   scf.for %[[NEXT:[^ ]*]] = %c0 to %c3 step %c1 iter_args(%{{.*}} = %[[SUMS]], %{{.*}} = %[[PANELS]])
// CHECK:     %[[SIDE:.*]] = arith.remui %[[NEXT]], %c2
// CHECK:     %[[OTHER:.*]] = arith.subi %c1, %[[SIDE]]
// CHECK:     scf.if
// CHECK:       %[[FIRST:.*]] = arith.cmpi eq, %[[PART:.*]], %c0
// CHECK:       %[[RHS:.*]] = tensor.extract_slice %{{.*}}[%[[OTHER]], 0, 0, 0, 0, 0] [1, 4, 1, 2, 16, 32]
// CHECK:       %[[LHS:.*]] = tensor.extract_slice %[[T]][%[[PART]], %{{.*}}, 0, 0, 0, 0] [1, 1, 4, 1, 32, 32]
// CHECK:       zq.multiply_tiles %[[LHS]], %[[RHS]] fresh %[[FIRST]]
// CHECK:     scf.if
// CHECK:       zq.lookup
// CHECK:       vector.interleave
// CHECK:       %[[PAIRS:.*]] = zq.to_bf16
// CHECK:       vector.transfer_write %[[PAIRS]], %{{.*}}[%[[SIDE]],
// CHECK-NOT: zq.multiply_tiles
// CHECK:   %[[SUM:.*]] = vector.transfer_read %{{.*}} : tensor<1x3x32x32xf32>, vector<16xf32>
// CHECK:   arith.mulf %[[SUM]], %{{.*}} : vector<16xf32>
func.func @tiles(%x: tensor<70x256xf32>, %w: !rows, %i: tensor<70x96xf32>) -> tensor<70x96xf32> {
  %t = zq.tiles %x planes 1 steps 4 : tensor<70x256xf32> -> tensor<2x3x4x1x32x32xbf16>
  %y = zq.contract %t with %w lanes 16 planes 1 outs(%i : tensor<70x96xf32>)
      : (tensor<2x3x4x1x32x32xbf16>), !rows -> tensor<70x96xf32>
  return %y : tensor<70x96xf32>
}

// A weight that is rounded once more: two panels are decoded a group of columns
// at a time, and their bytes multiplied with all blocks of rows of the
// activation; the factor of whole rows comes at the end.
// CHECK-LABEL: func.func @rounded(
// CHECK: scf.forall (%{{.*}}) in (3) shared_outs
// CHECK:   %[[SUMS:.*]] = tensor.empty() : tensor<1x6x12x32xf32>
// CHECK:   tensor.empty() : tensor<1x64x2x64xi8>
// CHECK:     zq.lookup
// CHECK:     arith.maxui
// CHECK:     %[[EXTENT:.*]] = arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
// CHECK:     %[[FINITE:.*]] = arith.cmpf olt, %[[EXTENT]]
// CHECK:     arith.select %[[FINITE]], %{{.*}}, %{{.*}} : vector<16xi1>, vector<16xf32>
// CHECK:     vector.bitcast %{{.*}} : vector<16xi32> to vector<64xi8>
// CHECK-COUNT-24: zq.dot
// CHECK:   %[[SUM:.*]] = vector.transfer_read %{{.*}} : tensor<1x6x12x32xf32>, vector<16xf32>
// CHECK:   arith.mulf %[[SUM]], %{{.*}} : vector<16xf32>
func.func @rounded(%x: tensor<70x256xf32>, %w: !rows, %i: tensor<70x96xf32>) -> tensor<70x96xf32> {
  %q, %s, %t, %u = zq.planes %x count 1 group 256 rows 12 offset 128 : tensor<70x256xf32>
      -> tensor<6x64x1x12x4xi8>, tensor<6x1x12xf32>, tensor<6x1x12xi32>, tensor<6x1x12xf32>
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 rounded outs(%i : tensor<70x96xf32>)
      : (tensor<6x64x1x12x4xi8>, tensor<6x1x12xf32>, tensor<6x1x12xi32>, tensor<6x1x12xf32>), !rows -> tensor<70x96xf32>
  return %y : tensor<70x96xf32>
}

// A part of the result is no parallel loop of its own; the weight is read from
// its row on, and what fills no panel is written under a mask.
// CHECK-LABEL: func.func @part(
// CHECK-SAME: %[[ROW:[^:]*]]: index
// CHECK: %[[FIRST:.*]] = arith.divui %[[ROW]], %c16
// CHECK-NOT: scf.forall
// CHECK: scf.for %[[I:[^ ]*]] = %c0 to %c2
// CHECK:   %[[PANEL:.*]] = arith.addi %[[FIRST]], %[[I]]
// CHECK:   vector.transfer_read %{{.*}}[%[[PANEL]], %{{.*}}, %c0]
// CHECK: arith.addi %[[FIRST]], %c2
// CHECK: vector.transfer_write %{{.*}}[%c0, %c32] : vector<16xf32>
func.func @part(%x: tensor<1x256xf32>, %w: !w, %row: index, %i: tensor<1x40xf32>) -> tensor<1x40xf32> {
  %y = zq.contract %x with %w at %row lanes 16 outs(%i : tensor<1x40xf32>)
      : (tensor<1x256xf32>), !w -> tensor<1x40xf32>
  return %y : tensor<1x40xf32>
}

// A source with a state: it begins at the panel, and the loop carries it. Lanes
// that take bytes up together have theirs before the next ones are looked at.
!r = !zq.tensor<64x256xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>>
// CHECK-LABEL: func.func @with_state(
// CHECK: %[[STREAMS:.*]]:4 = zq.disassemble
// CHECK: scf.for %[[PANEL:[^ ]*]] = %c0 to %c4
// CHECK:   %[[ROW:.*]] = arith.muli %[[PANEL]], %c16
// CHECK:   %[[LINE:.*]] = arith.divui %[[ROW]], %c16
// CHECK:   tensor.extract %[[STREAMS]]#2[%[[LINE]], %c0]
// CHECK:   %[[LOW:.*]] = vector.transfer_read %[[STREAMS]]#3[%{{.*}}], {{.*}}vector<256xi8>
// CHECK:   scf.for %{{.*}} = %c0 to %c256 step %c32 iter_args(%{{[^ ]*}} = %{{[^ ]*}}, %[[OUTER:[^ ]*]] = %[[LOW]],
// CHECK:     scf.for %{{.*}} = %c0 to %c32 step %c16 iter_args({{.*}}, %[[STATE:[^ ]*]] = %[[OUTER]],
// CHECK:       %[[FIRST:.*]] = vector.extract_strided_slice %[[STATE]] {offsets = [0], sizes = [64]
// CHECK:       zq.lookup %[[FIRST]] in %{{.*}} : vector<64xi8>, vector<256xi8>
// CHECK:       zq.expand
// CHECK:       %[[SECOND:.*]] = vector.extract_strided_slice %[[STATE]] {offsets = [64], sizes = [64]
// CHECK:       zq.lookup %[[SECOND]] in %{{.*}} : vector<64xi8>, vector<256xi8>
// CHECK-COUNT-4: zq.dot
// CHECK-NOT: zq.dot
// CHECK:     scf.yield %{{.*}} : vector<16xf32>, vector<256xi8>, vector<256xi8>, index
func.func @with_state(%q: tensor<1x64x1x1x4xi8>, %s: tensor<1x8x1xf32>, %t: tensor<1x8x1xi32>,
                      %u: tensor<1x8x1xf32>, %w: !r, %i: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<1x64xf32>)
      : (tensor<1x64x1x1x4xi8>, tensor<1x8x1xf32>, tensor<1x8x1xi32>, tensor<1x8x1xf32>), !r -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// Weights that bf16 holds need no rounding.
!exact = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f8E8M0FNU, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
// CHECK-LABEL: func.func @exact(
// CHECK: zq.to_bf16
// CHECK: zq.lookup
// CHECK: %[[WORD:.*]] = arith.ori %{{.*}}, %{{.*}} : vector<16xi32>
// CHECK: vector.bitcast %[[WORD]] : vector<16xi32> to vector<32xbf16>
// CHECK-NOT: zq.to_bf16
func.func @exact(%x: tensor<32x64xf32>, %w: !exact, %i: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %t = zq.tiles %x planes 1 steps 2 : tensor<32x64xf32> -> tensor<1x1x2x1x32x32xbf16>
  %y = zq.contract %t with %w lanes 16 planes 1 outs(%i : tensor<32x32xf32>)
      : (tensor<1x1x2x1x32x32xbf16>), !exact -> tensor<32x32xf32>
  return %y : tensor<32x32xf32>
}

// Rows of any weight: each block is decoded and packed, some of its rows at a
// time, while the one before is multiplied; the sums are transposed at the end.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:[^:]*]]: tensor<70x256xf32>, %[[W:[^:]*]]: !zq.tensor
// CHECK: %[[T:.*]] = scf.forall (%{{.*}}) in (3) shared_outs
// CHECK:   %[[WORDS:.*]] = vector.shape_cast %{{.*}} : vector<32xbf16> to vector<16x2xbf16>
// CHECK:   vector.transfer_write %[[WORDS]]
// CHECK: scf.forall (%{{.*}}) in (2) shared_outs
// CHECK:   scf.for %[[PART:.*]] = %c0 to %c2
// CHECK:     zq.decode %[[W]] at [%{{.*}}, %{{.*}}] {{.*}} -> tensor<32x128xf32>
// CHECK:     scf.for %[[I:[^ ]*]] = %c0 to %c4
// CHECK:       %[[LHS:.*]] = tensor.extract_slice %{{.*}} : tensor<2x1x1x4x1x32x32xbf16> to tensor<4x1x32x32xbf16>
// CHECK:       zq.multiply_tiles %[[LHS]], %{{.*}} fresh
// CHECK:   vector.transpose %{{.*}}, [1, 0] : vector<16x16xf32>
// CHECK: zq.decode %[[W]] {{.*}} -> tensor<1x128xf32>
!row_wise = !zq.tensor<65x256xf32, #zq.codec<scale<1x32, f16>, quantize<si4>, pack>>
func.func @rows(%x: tensor<70x256xf32>, %w: !row_wise, %i: tensor<70x65xf32>) -> tensor<70x65xf32> {
  %t = zq.tiles %x right planes 1 steps 4 : tensor<70x256xf32> -> tensor<2x3x4x1x2x16x32xbf16>
  %y = zq.contract_rows %t with %w planes 1 outs(%i : tensor<70x65xf32>)
      : tensor<2x3x4x1x2x16x32xbf16>, !row_wise -> tensor<70x65xf32>
  return %y : tensor<70x65xf32>
}

// Dense rows are fetched while a block of the activation is multiplied, those that
// are packed after the next one; of two blocks with four shares of rows each, and
// then of the next part's first one.
// CHECK-LABEL: func.func @dense_rows(
// CHECK-SAME: %{{[^:]*}}: tensor<70x256xf32>, %[[W:[^:]*]]: tensor<1024x256xf32>
// CHECK-DAG: %[[WIDTH:.*]] = arith.constant 128 : index
// CHECK: scf.forall (%{{.*}}) in (16) shared_outs
// CHECK: scf.for %[[PART:.*]] = %c0 to %c2
// CHECK: %[[COLUMN:.*]] = arith.muli %[[PART]], %[[WIDTH]]
// CHECK: scf.for %[[BLOCK:[^ ]*]] = %c0 to %c2
// CHECK: scf.for %[[I:[^ ]*]] = %c0 to %c4
// CHECK: %[[BEFORE:.*]] = arith.muli %[[BLOCK]], %c4
// CHECK: %[[NEXT:.*]] = arith.addi %[[I]], %c5
// CHECK: %[[SLOT:.*]] = arith.addi %[[BEFORE]], %[[NEXT]]
// CHECK: %[[IS_OF_PART:.*]] = arith.cmpi ult, %[[SLOT]], %c8
// CHECK: %[[BEYOND:.*]] = arith.subi %[[SLOT]], %c8
// CHECK: %[[OF_NEXT:.*]] = arith.minui %[[BEYOND]], %c7
// CHECK: %[[SHARE:.*]] = arith.select %[[IS_OF_PART]], %[[SLOT]], %[[OF_NEXT]]
// CHECK: %[[LATER:.*]] = arith.addi %[[COLUMN]], %[[WIDTH]]
// CHECK: %[[INSIDE:.*]] = arith.minui %[[LATER]], %[[WIDTH]]
// CHECK: %[[AT:.*]] = arith.select %[[IS_OF_PART]], %[[COLUMN]], %[[INSIDE]]
// CHECK: %[[ROW:.*]] = arith.muli %[[SHARE]], %c8
// CHECK: %[[PLACE:.*]] = arith.addi %{{.*}}, %[[ROW]]
// CHECK: %[[AHEAD:.*]] = tensor.extract_slice %[[W]][%[[PLACE]], %[[AT]]] [8, 128] [1, 1]
// CHECK: zq.multiply_tiles %{{.*}}, %{{.*}} fresh %{{.*}} ahead(%[[AHEAD]] : tensor<8x128xf32>)
func.func @dense_rows(%x: tensor<70x256xf32>, %w: tensor<1024x256xf32>, %i: tensor<70x1024xf32>) -> tensor<70x1024xf32> {
  %t = zq.tiles %x right planes 1 steps 4 : tensor<70x256xf32> -> tensor<2x3x4x1x2x16x32xbf16>
  %y = zq.contract_rows %t with %w planes 1 outs(%i : tensor<70x1024xf32>)
      : tensor<2x3x4x1x2x16x32xbf16>, tensor<1024x256xf32> -> tensor<70x1024xf32>
  return %y : tensor<70x1024xf32>
}

// With one block, what is fetched is one of its own rows too.
// CHECK-LABEL: func.func @one_block(
// CHECK-SAME: %{{[^:]*}}: tensor<32x64xf32>, %[[W:[^:]*]]: tensor<32x64xbf16>
// CHECK: zq.multiply_tiles {{.*}} ahead(%[[W]] : tensor<32x64xbf16>)
func.func @one_block(%x: tensor<32x64xf32>, %w: tensor<32x64xbf16>, %i: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %t = zq.tiles %x right planes 1 steps 2 : tensor<32x64xf32> -> tensor<1x1x2x1x2x16x32xbf16>
  %y = zq.contract_rows %t with %w planes 1 outs(%i : tensor<32x32xf32>)
      : tensor<1x1x2x1x2x16x32xbf16>, tensor<32x64xbf16> -> tensor<32x32xf32>
  return %y : tensor<32x32xf32>
}

// With a state, the rows of a task are decoded first, as a whole.
// CHECK-LABEL: func.func @rows_with_state(
// CHECK:   zq.decode %{{.*}} at [%{{.*}}, 0] {{.*}} -> tensor<32x96xf32>
// CHECK:   scf.for
// CHECK-NOT: zq.decode
!coded = !zq.tensor<32x96xf32, #zq.codec<scale<1x?, f32>, quantize<si4>, huffman<chunk = 64, length = 8>>>
func.func @rows_with_state(%x: tensor<32x96xf32>, %w: !coded, %i: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %t = zq.tiles %x right planes 1 steps 1 : tensor<32x96xf32> -> tensor<3x1x1x1x2x32x16xf32>
  %y = zq.contract_rows %t with %w planes 1 outs(%i : tensor<32x32xf32>)
      : tensor<3x1x1x1x2x32x16xf32>, !coded -> tensor<32x32xf32>
  return %y : tensor<32x32xf32>
}

// Where arrays lie in records, an iteration has a whole one of 64 columns; by
// themselves a group, with as many rows.
!int2 = !zq.tensor<64x256xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si2>, pack<lanes = 16x4>>>
// CHECK-LABEL: func.func @whole_records(
// CHECK: scf.for %{{.*}} = %c0 to %c4 step %c1
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c64
func.func @whole_records(%q: tensor<1x64x1x8x4xi8>, %s: tensor<1x8x8xf32>, %t: tensor<1x8x8xi32>,
                         %u: tensor<1x8x8xf32>, %r: tensor<4x4x320xi8>, %i: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %scales = zq.component %r at 0 items 2 : tensor<4x4x320xi8> -> tensor<4x8x16xf16>
  %codes = zq.component %r at 64 items 4 : tensor<4x4x320xi8> -> tensor<4x16x64xi8>
  %w = zq.assemble %scales, %codes : tensor<4x8x16xf16>, tensor<4x16x64xi8> -> !int2
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<8x64xf32>)
      : (tensor<1x64x1x8x4xi8>, tensor<1x8x8xf32>, tensor<1x8x8xi32>, tensor<1x8x8xf32>), !int2 -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// CHECK-LABEL: func.func @apart(
// CHECK: scf.for %{{.*}} = %c0 to %c4 step %c1
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c32
func.func @apart(%q: tensor<1x64x1x8x4xi8>, %s: tensor<1x8x8xf32>, %t: tensor<1x8x8xi32>,
                 %u: tensor<1x8x8xf32>, %w: !int2, %i: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<8x64xf32>)
      : (tensor<1x64x1x8x4xi8>, tensor<1x8x8xf32>, tensor<1x8x8xi32>, tensor<1x8x8xf32>), !int2 -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
