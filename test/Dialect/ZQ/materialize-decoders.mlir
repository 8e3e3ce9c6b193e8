// Each stage of a codec becomes lines of one decoder.
// RUN: zq-opt %s -zq-materialize-decoders -split-input-file | FileCheck %s
// RUN: zq-opt %s -zq-materialize-decoders=width=4 -split-input-file | FileCheck %s --check-prefix=NARROW
// RUN: zq-opt %s -zq-materialize-decoders="width=4 scalar" -split-input-file | FileCheck %s --check-prefix=SCALAR

// The op names the decoder, which has the codec's streams and reads a row's
// bytes at the place of the block's first code.
// CHECK-LABEL: func.func @pack_3_bits_ragged(
// CHECK: zq.decode %{{.*}} using @[[D:.*]] at [0, 0]
// CHECK: zq.decoder private @[[D]] block [1, 16]
// CHECK-SAME: streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 * 3) ceildiv 8)>]
// CHECK-NEXT: ^bb0(%[[C:.*]]: tensor<4x8xi8>, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK: %[[BIT:.*]] = arith.muli %[[J]], %c3
// CHECK: %[[BYTE:.*]] = arith.divui %[[BIT]], %c8
// CHECK: %[[B:.*]] = vector.transfer_read %[[C]][%[[I]], %[[BYTE]]], %{{.*}} : tensor<4x8xi8>, vector<6xi8>
// CHECK: zq.unpack %[[B]] bits 3 : vector<6xi8> -> vector<16xi8>
// CHECK: arith.shli %{{.*}} : vector<16xi32>
// CHECK: arith.shrsi %{{.*}} : vector<16xi32>
// CHECK: %[[V:.*]] = arith.sitofp
// CHECK: zq.yield %[[V]] : vector<16xf32>
//
// Eight codes are the fewest that begin and end on a byte.
// NARROW-LABEL: func.func @pack_3_bits_ragged(
// NARROW: zq.decoder private @{{.*}} block [1, 8]
// NARROW: zq.unpack %{{.*}} bits 3 : vector<3xi8> -> vector<8xi8>
func.func @pack_3_bits_ragged(
    %w: !zq.tensor<4x20xf32, #zq.codec<quantize<si3>, pack>>)
    -> tensor<4x20xf32> {
  %e = tensor.empty() : tensor<4x20xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x20xf32>)
      : !zq.tensor<4x20xf32, #zq.codec<quantize<si3>, pack>>
      -> tensor<4x20xf32>
  return %d : tensor<4x20xf32>
}

// -----

// Blocks that fill every row are read without a mask; unsigned codes are not
// sign-extended.
// CHECK-LABEL: func.func @pack_4_bits_unsigned(
// CHECK: vector.transfer_read %{{.*}} {in_bounds = [true]} : tensor<4x16xi8>, vector<8xi8>
// CHECK: %[[C:.*]] = zq.unpack %{{.*}} bits 4 : vector<8xi8> -> vector<16xi8>
// CHECK: %[[W:.*]] = arith.extui %[[C]]
// CHECK-NEXT: arith.sitofp %[[W]]
// NARROW-LABEL: func.func @pack_4_bits_unsigned(
// NARROW: zq.decoder private @{{.*}} block [1, 4]
// NARROW: zq.unpack %{{.*}} bits 4 : vector<2xi8> -> vector<4xi8>
func.func @pack_4_bits_unsigned(
    %w: !zq.tensor<4x32xf32, #zq.codec<quantize<ui4>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<quantize<ui4>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// Whole bytes need no unpacking.
// CHECK-LABEL: func.func @pack_8_bits(
// CHECK: ^bb0(%[[C:.*]]: tensor<4x32xi8>, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK: vector.transfer_read %[[C]][%[[I]], %[[J]]], %{{.*}} : tensor<4x32xi8>, vector<16xi8>
// CHECK-NOT: zq.unpack
// CHECK: zq.yield
func.func @pack_8_bits(
    %w: !zq.tensor<4x32xf32, #zq.codec<quantize<si8>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<quantize<si8>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// A tensor without elements has a decoder all the same.
// CHECK-LABEL: func.func @nothing(
// CHECK: zq.decoder private @{{.*}} block [1, 16]
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<0x32xi8>,
func.func @nothing(
    %w: !zq.tensor<0x32xf32, #zq.codec<quantize<si8>, pack>>)
    -> tensor<0x32xf32> {
  %e = tensor.empty() : tensor<0x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<0x32xf32>)
      : !zq.tensor<0x32xf32, #zq.codec<quantize<si8>, pack>>
      -> tensor<0x32xf32>
  return %d : tensor<0x32xf32>
}

// -----

// All arithmetic is in f32; the element type is rounded to last.
// CHECK-LABEL: func.func @rounded_to_f16_last(
// CHECK: %[[V:.*]] = arith.mulf %{{.*}} : vector<16xf32>
// CHECK: %[[H:.*]] = arith.truncf %[[V]] : vector<16xf32> to vector<16xf16>
// CHECK: zq.yield %[[H]]
func.func @rounded_to_f16_last(
    %w: !zq.tensor<4x32xf16, #zq.codec<scale<tensor, f32>, quantize<si8>, pack>>)
    -> tensor<4x32xf16> {
  %e = tensor.empty() : tensor<4x32xf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf16>)
      : !zq.tensor<4x32xf16, #zq.codec<scale<tensor, f32>, quantize<si8>, pack>>
      -> tensor<4x32xf16>
  return %d : tensor<4x32xf16>
}

// -----

// One scale for all: read once.
// CHECK-LABEL: func.func @scale_per_tensor(
// CHECK: ^bb0(%[[S:.*]]: tensor<1x1xf32>, %{{.*}}: tensor<4x32xi8>,
// CHECK: %[[ONE:.*]] = tensor.extract %[[S]][%{{.*}}, %{{.*}}]
// CHECK: %[[LANES:.*]] = vector.broadcast %[[ONE]] : f32 to vector<16xf32>
// CHECK: arith.mulf %{{.*}}, %[[LANES]]
func.func @scale_per_tensor(
    %w: !zq.tensor<4x32xf32, #zq.codec<scale<tensor, f32>, quantize<si8>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<scale<tensor, f32>, quantize<si8>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// One scale per row, read once per block.
// CHECK-LABEL: func.func @scale_per_row(
// CHECK: ^bb0(%[[S:.*]]: tensor<4x1xf32>, %{{.*}}: tensor<4x32xi8>, %[[I:.*]]: index,
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: tensor.extract %[[S]][%[[I]], %[[ZERO]]]
func.func @scale_per_row(
    %w: !zq.tensor<4x32xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// One scale per column, read like the codes.
// CHECK-LABEL: func.func @scale_per_column(
// CHECK: ^bb0(%[[S:.*]]: tensor<1x30xf32>, %{{.*}}: tensor<4x30xi8>, %{{.*}}: index, %[[J:.*]]: index):
// CHECK: vector.transfer_read %[[S]][%{{.*}}, %[[J]]], %{{.*}} : tensor<1x30xf32>, vector<16xf32>
func.func @scale_per_column(
    %w: !zq.tensor<4x30xf32, #zq.codec<scale<?x1, f32>, quantize<si8>, pack>>)
    -> tensor<4x30xf32> {
  %e = tensor.empty() : tensor<4x30xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x30xf32>)
      : !zq.tensor<4x30xf32, #zq.codec<scale<?x1, f32>, quantize<si8>, pack>>
      -> tensor<4x30xf32>
  return %d : tensor<4x30xf32>
}

// -----

// A group of several blocks.
// CHECK-LABEL: func.func @scale_per_group(
// CHECK: ^bb0(%[[S:.*]]: tensor<4x2xf32>, %{{.*}}: tensor<4x64xi8>, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK: %[[G:.*]] = arith.divui %[[J]], %c32
// CHECK: %[[ONE:.*]] = tensor.extract %[[S]][%[[I]], %[[G]]]
// CHECK: vector.broadcast %[[ONE]]
func.func @scale_per_group(
    %w: !zq.tensor<4x64xf32, #zq.codec<scale<1x32, f32>, quantize<si8>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<scale<1x32, f32>, quantize<si8>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Several groups in a block.
// CHECK-LABEL: func.func @scale_per_small_group(
// CHECK: %[[FEW:.*]] = vector.transfer_read %{{.*}} : tensor<4x16xf32>, vector<4xf32>
// CHECK: vector.shuffle %[[FEW]], %[[FEW]] [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
func.func @scale_per_small_group(
    %w: !zq.tensor<4x64xf32, #zq.codec<scale<1x4, f32>, quantize<si8>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<scale<1x4, f32>, quantize<si8>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Groups in two dimensions.
// CHECK-LABEL: func.func @scale_per_2d_block(
// CHECK: ^bb0(%[[S:.*]]: tensor<2x2xf32>, %{{.*}}: tensor<6x64xi8>, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK-DAG: %[[GI:.*]] = arith.divui %[[I]], %c3
// CHECK-DAG: %[[GJ:.*]] = arith.divui %[[J]], %c32
// CHECK: tensor.extract %[[S]][%[[GI]], %[[GJ]]]
func.func @scale_per_2d_block(
    %w: !zq.tensor<6x64xf32, #zq.codec<scale<3x32, f32>, quantize<si8>, pack>>)
    -> tensor<6x64xf32> {
  %e = tensor.empty() : tensor<6x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<6x64xf32>)
      : !zq.tensor<6x64xf32, #zq.codec<scale<3x32, f32>, quantize<si8>, pack>>
      -> tensor<6x64xf32>
  return %d : tensor<6x64xf32>
}

// -----

// Groups of 24 neither fill blocks of 16 nor are filled by them: each lane picks
// one of the two that a block can touch.
// CHECK-LABEL: func.func @scale_straddling_blocks(
// CHECK: ^bb0(%[[S:.*]]: tensor<4x3xf32>, %{{.*}}: tensor<4x64xi8>, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK: %[[G:.*]] = arith.divui %[[J]], %c24
// CHECK: %[[WITHIN:.*]] = arith.remui %[[J]]
// CHECK: %[[STEPS:.*]] = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]>
// CHECK: %[[AT:.*]] = arith.addi %[[STEPS]]
// CHECK: %[[FIRST:.*]] = tensor.extract %[[S]][%[[I]], %[[G]]]
// CHECK: %[[A:.*]] = vector.broadcast %[[FIRST]]
// The second group may lie beyond the end of the row.
// CHECK: %[[NEXT:.*]] = arith.minui
// CHECK: %[[SECOND:.*]] = tensor.extract %[[S]][%[[I]], %[[NEXT]]]
// CHECK: %[[B:.*]] = vector.broadcast %[[SECOND]]
// CHECK: %[[END:.*]] = arith.constant dense<24>
// CHECK: %[[IN_B:.*]] = arith.cmpi sge, %[[AT]], %[[END]]
// CHECK: %[[LANES:.*]] = arith.select %[[IN_B]], %[[B]], %[[A]]
// CHECK: arith.mulf %{{.*}}, %[[LANES]]
func.func @scale_straddling_blocks(
    %w: !zq.tensor<4x64xf32, #zq.codec<scale<1x24, f32>, quantize<si8>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<scale<1x24, f32>, quantize<si8>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Three groups of 12 can meet a block.
// CHECK-LABEL: func.func @scale_straddling_small_groups(
// CHECK-COUNT-2: tensor.extract %{{.*}} : tensor<4x6xf32>
// CHECK: arith.constant dense<12> : vector<16xi32>
// CHECK: arith.select
// CHECK: tensor.extract %{{.*}} : tensor<4x6xf32>
// CHECK: arith.constant dense<24> : vector<16xi32>
// CHECK: arith.select
// CHECK-NOT: arith.select
// CHECK: arith.mulf
func.func @scale_straddling_small_groups(
    %w: !zq.tensor<4x64xf32, #zq.codec<scale<1x12, f32>, quantize<si8>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<scale<1x12, f32>, quantize<si8>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// The zero point is subtracted from the code before the product.
// CHECK-LABEL: func.func @zero_point(
// CHECK: ^bb0(%[[S:.*]]: tensor<4x2xbf16>, %[[Z:.*]]: tensor<4x2xi8>, %{{.*}}: tensor<4x32xi8>,
// CHECK: %[[CODES:.*]] = arith.sitofp
// CHECK: %[[S1:.*]] = tensor.extract %[[S]]
// CHECK: %[[S2:.*]] = arith.extf %[[S1]] : bf16 to f32
// CHECK: %[[SCALE:.*]] = vector.broadcast %[[S2]] : f32 to vector<16xf32>
// CHECK: %[[Z1:.*]] = tensor.extract %[[Z]]
// CHECK: %[[Z2:.*]] = arith.sitofp %[[Z1]] : i8 to f32
// CHECK: %[[ZERO:.*]] = vector.broadcast %[[Z2]] : f32 to vector<16xf32>
// CHECK: %[[SUB:.*]] = arith.subf %[[CODES]], %[[ZERO]]
// CHECK: arith.mulf %[[SUB]], %[[SCALE]]
func.func @zero_point(
    %w: !zq.tensor<4x64xf32, #zq.codec<scale<1x32, bf16, zero>, quantize<ui4>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<scale<1x32, bf16, zero>, quantize<ui4>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// One 8-bit float scale for the whole block is looked up, in a table of all their
// values, before it is broadcast: 1 is the subnormal 2^-9.
// CHECK-LABEL: func.func @scale_e4m3(
// CHECK: %[[S:.*]] = tensor.extract %{{.*}} : tensor<4x2xf8E4M3FN>
// CHECK: %[[C:.*]] = arith.bitcast %[[S]] : f8E4M3FN to i8
// CHECK: %[[T:.*]] = arith.constant dense<"0x000000000000003B{{.*}}"> : tensor<256xf32>
// CHECK: %[[I:.*]] = arith.index_castui %[[C]] : i8 to index
// CHECK: %[[F:.*]] = tensor.extract %[[T]][%[[I]]]
// CHECK: %[[LANES:.*]] = vector.broadcast %[[F]] : f32 to vector<16xf32>
// CHECK: arith.mulf %{{.*}}, %[[LANES]]
func.func @scale_e4m3(
    %w: !zq.tensor<4x32xf32, #zq.codec<scale<1x16, f8E4M3FN>, quantize<si8>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<scale<1x16, f8E4M3FN>, quantize<si8>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// A power of two; the lowest one is 2^-127, subnormal in f32.
// CHECK-LABEL: func.func @scale_e8m0(
// CHECK: %[[S:.*]] = tensor.extract %{{.*}} : tensor<4x1xf8E8M0FNU>
// CHECK: %[[C:.*]] = arith.bitcast %[[S]] : f8E8M0FNU to i8
// CHECK: arith.constant dense<"0x000040000000800000000001{{.*}}"> : tensor<256xf32>
func.func @scale_e8m0(
    %w: !zq.tensor<4x32xf32, #zq.codec<scale<1x32, f8E8M0FNU>, quantize<si8>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<scale<1x32, f8E8M0FNU>, quantize<si8>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// Several in a block are put together from their fields: the mantissa of a
// subnormal times 2^-9; 127 is the only NaN.
// CHECK-LABEL: func.func @scale_e4m3_of_small_groups(
// CHECK: %[[FEW:.*]] = vector.transfer_read %{{.*}} : tensor<4x8xf8E4M3FN>, vector<4xf8E4M3FN>
// CHECK: arith.bitcast %{{.*}} : vector<16xf8E4M3FN> to vector<16xi8>
// CHECK: arith.constant dense<0.001953125> : vector<16xf32>
// CHECK: arith.constant dense<2143289344> : vector<16xi32>
// CHECK: %[[LANES:.*]] = arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
// CHECK: arith.mulf %{{.*}}, %[[LANES]]
func.func @scale_e4m3_of_small_groups(
    %w: !zq.tensor<4x32xf32, #zq.codec<scale<1x4, f8E4M3FN>, quantize<si8>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<scale<1x4, f8E4M3FN>, quantize<si8>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// An exponent in place; it has no sign.
// CHECK-LABEL: func.func @scale_e8m0_of_small_groups(
// CHECK: %[[C:.*]] = arith.bitcast %{{.*}} : vector<16xf8E8M0FNU> to vector<16xi8>
// CHECK: %[[W:.*]] = arith.extui %[[C]]
// CHECK: %[[P:.*]] = arith.constant dense<23> : vector<16xi32>
// CHECK: arith.shli %[[W]], %[[P]]
// CHECK: %[[LOWEST:.*]] = arith.constant dense<4194304> : vector<16xi32>
// CHECK: arith.select %{{.*}}, %[[LOWEST]]
// CHECK: arith.constant dense<255> : vector<16xi32>
// CHECK-NOT: arith.constant dense<31>
// CHECK: zq.yield
func.func @scale_e8m0_of_small_groups(
    %w: !zq.tensor<4x32xf32, #zq.codec<scale<1x4, f8E8M0FNU>, quantize<si8>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<scale<1x4, f8E8M0FNU>, quantize<si8>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// Scales of scales multiply innermost first.
// CHECK-LABEL: func.func @two_scales(
// CHECK: ^bb0(%[[OUTER:.*]]: tensor<1x1xf32>, %[[INNER:.*]]: tensor<4x1xbf16>,
// CHECK: tensor.extract %[[INNER]]
// CHECK: %[[M:.*]] = arith.mulf
// CHECK: tensor.extract %[[OUTER]]
// CHECK: arith.mulf %[[M]]
func.func @two_scales(
    %w: !zq.tensor<4x32xf32, #zq.codec<scale<tensor, f32>, scale<1x?, bf16>, quantize<si8>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<scale<tensor, f32>, scale<1x?, bf16>, quantize<si8>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// A float of four bits has few values: they are looked up.
// CHECK-LABEL: func.func @minifloat_4_bits(
// CHECK: %[[C:.*]] = zq.unpack %{{.*}} bits 4
// CHECK: %[[T:.*]] = arith.constant dense<[0.000000e+00, 5.000000e-01, 1.000000e+00, 1.500000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00, 6.000000e+00, -0.000000e+00, -5.000000e-01, -1.000000e+00, -1.500000e+00, -2.000000e+00, -3.000000e+00, -4.000000e+00, -6.000000e+00]> : vector<16xf32>
// CHECK: zq.lookup %[[C]] in %[[T]]
func.func @minifloat_4_bits(
    %w: !zq.tensor<4x32xf32, #zq.codec<quantize<f4E2M1FN>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<quantize<f4E2M1FN>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// One of six is put together from its fields; it has no NaN.
// CHECK-LABEL: func.func @minifloat_6_bits(
// CHECK: %[[C:.*]] = zq.unpack %{{.*}} bits 6
// CHECK-NOT: zq.lookup
// CHECK: %[[W:.*]] = arith.extui %[[C]] : vector<16xi8> to vector<16xi32>
// CHECK: arith.constant dense<31> : vector<16xi32>
// CHECK: arith.andi %[[W]]
// CHECK: arith.constant dense<21> : vector<16xi32>
// CHECK: arith.constant dense<6.250000e-02> : vector<16xf32>
// CHECK-NOT: 2143289344
// CHECK: arith.constant dense<26> : vector<16xi32>
// CHECK: %[[V:.*]] = arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
// CHECK: zq.yield %[[V]]
func.func @minifloat_6_bits(
    %w: !zq.tensor<4x32xf32, #zq.codec<quantize<f6E3M2FN>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<quantize<f6E3M2FN>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// One of eight with infinity and NaN.
// CHECK-LABEL: func.func @minifloat_8_bits(
// CHECK: arith.constant dense<124> : vector<16xi32>
// CHECK: arith.cmpi eq
// CHECK: arith.constant dense<2139095040> : vector<16xi32>
// CHECK: arith.constant dense<125> : vector<16xi32>
// CHECK: arith.cmpi uge
// CHECK: arith.constant dense<2143289344> : vector<16xi32>
func.func @minifloat_8_bits(
    %w: !zq.tensor<4x32xf32, #zq.codec<quantize<f8E5M2>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<quantize<f8E5M2>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// A table has a power of two of entries, the last one repeated.
// CHECK-LABEL: func.func @lookup(
// CHECK: %[[C:.*]] = zq.unpack %{{.*}} bits 2 : vector<4xi8> -> vector<16xi8>
// CHECK: %[[T:.*]] = arith.constant dense<[-1.000000e+00, 0.000000e+00, 2.000000e+00, 2.000000e+00]> : vector<4xf32>
// CHECK: %[[V:.*]] = zq.lookup %[[C]] in %[[T]] : vector<16xi8>, vector<4xf32> -> vector<16xf32>
// CHECK: zq.yield %[[V]]
func.func @lookup(
    %w: !zq.tensor<4x32xf32, #zq.codec<lookup<[-1.0, 0.0, 2.0]>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<lookup<[-1.0, 0.0, 2.0]>, pack>>
      -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// -----

// Only bits are moved, so that NaN, infinity and -0 survive.
// CHECK-LABEL: func.func @fields(
// CHECK: ^bb0(%[[REST:.*]]: tensor<4x32xi8>, %[[EXP:.*]]: tensor<4x32xi8>,
// CHECK: %[[E8:.*]] = vector.transfer_read %[[EXP]]
// CHECK: %[[R8:.*]] = vector.transfer_read %[[REST]]
// CHECK: %[[R:.*]] = arith.extui %[[R8]]
// CHECK: %[[E:.*]] = arith.extui %[[E8]]
// CHECK: arith.constant dense<128> : vector<16xi16>
// CHECK: %[[SIGN:.*]] = arith.shli
// CHECK: arith.constant dense<127> : vector<16xi16>
// CHECK: %[[MANTISSA:.*]] = arith.andi %[[R]]
// CHECK: %[[EXPONENT:.*]] = arith.shli %[[E]]
// CHECK: %[[TWO:.*]] = arith.ori %[[EXPONENT]], %[[MANTISSA]]
// CHECK: %[[BITS:.*]] = arith.ori %[[TWO]], %[[SIGN]]
// CHECK: %[[V:.*]] = arith.bitcast %[[BITS]] : vector<16xi16> to vector<16xbf16>
// CHECK-NEXT: zq.yield %[[V]]
func.func @fields(
    %w: !zq.tensor<4x32xbf16, #zq.codec<fields<bf16>, pack>>)
    -> tensor<4x32xbf16> {
  %e = tensor.empty() : tensor<4x32xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xbf16>)
      : !zq.tensor<4x32xbf16, #zq.codec<fields<bf16>, pack>>
      -> tensor<4x32xbf16>
  return %d : tensor<4x32xbf16>
}

// -----

// The state is the codes of a chunk, from its offset on to its end or to that of
// the row, with room for what is decoded too much.
// CHECK-LABEL: func.func @huffman(
// CHECK: zq.decoder private @{{.*}} block [1, 16] chunk 64
// CHECK-SAME: #zq.stream<"table" : i16, (d0, d1) -> (256)>
// CHECK-SAME: #zq.stream<"offsets" : i32, (d0, d1) -> (d0, d1 ceildiv 64)>
// CHECK-SAME: #zq.stream<"bits" : i8, (d0, d1)[s0] -> (s0)>
// CHECK-NEXT: ^bb0({{.*}} %[[J:.*]]: index, %[[STATE:.*]]: tensor<1x128xi8>):
// CHECK: %[[WITHIN:.*]] = arith.remui %[[J]], %c64
// CHECK: vector.transfer_read %[[STATE]][%c0, %[[WITHIN]]], %{{.*}} : tensor<1x128xi8>, vector<16xi8>
// CHECK: zq.yield %{{.*}}, %[[STATE]] : vector<16xf32>, tensor<1x128xi8>
// CHECK-NEXT: } init {
// CHECK-NEXT: ^bb0(%[[T:.*]]: tensor<256xi16>, %[[OFFSETS:.*]]: tensor<4x2xi32>, %[[BITS:.*]]: tensor<?xi8>, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK: %[[CHUNK:.*]] = arith.divui %[[J]], %c64
// CHECK: %[[OFFSET:.*]] = tensor.extract %[[OFFSETS]][%[[I]], %[[CHUNK]]]
// CHECK: %[[AT:.*]] = arith.index_castui %[[OFFSET]]
// CHECK: %[[BIT:.*]] = arith.muli %[[AT]], %c8
// CHECK: %[[LEFT:.*]] = arith.subi %c128{{.*}}, %[[J]]
// CHECK: %[[COUNT:.*]] = arith.minui %[[LEFT]], %c64
// CHECK: %[[ENTRIES:.*]] = zq.prefix_table %[[T]] : tensor<256xi16> -> tensor<2048xi64>
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<1x128xi8>
// CHECK: %[[CODES:.*]] = zq.prefix_chunks %[[BITS]] at[%[[BIT]]] count %[[COUNT]] with %[[T]], %[[ENTRIES]] outs(%[[EMPTY]])
// CHECK: zq.yield %[[CODES]] : tensor<1x128xi8>
// NARROW-LABEL: func.func @huffman(
// NARROW: block [1, 4] chunk 64
// A thread of a GPU has no such memory: its state is a position in the bits. The
// last word that is read whole bounds it.
// SCALAR-LABEL: func.func @huffman(
// SCALAR: zq.decoder private @{{.*}} block [1, 4] chunk 64
// SCALAR: ^bb0(%[[T:.*]]: tensor<256xi16>, %{{.*}}: tensor<4x2xi32>, %[[BITS:.*]]: tensor<?xi8>, %{{.*}}: index, %{{.*}}: index, %[[STATE:.*]]: index):
// SCALAR: %[[BYTE:.*]] = arith.shrui %[[STATE]], %c3
// SCALAR: %[[SIZE:.*]] = tensor.dim %[[BITS]]
// SCALAR: %[[LAST:.*]] = arith.subi %[[SIZE]], %c8
// SCALAR: %[[BOUNDED:.*]] = arith.minui %[[BYTE]], %[[LAST]]
// SCALAR: vector.transfer_read %[[BITS]][%[[BOUNDED]]], %{{.*}} : tensor<?xi8>, vector<8xi8>
// SCALAR: %[[ENTRY:.*]] = tensor.extract %[[T]]
// SCALAR: arith.trunci %[[ENTRY]] : i16 to i8
// SCALAR: %[[NEXT:.*]] = arith.addi %[[STATE]]
// SCALAR: %[[C:.*]] = vector.from_elements
// SCALAR: zq.yield %{{.*}}, %{{.*}} : vector<4xf32>, index
// SCALAR-NEXT: } init {
// SCALAR: zq.yield %{{.*}} : index
func.func @huffman(
    %w: !zq.tensor<4x128xf32, #zq.codec<quantize<si4>, huffman<chunk = 64, length = 8>>>)
    -> tensor<4x128xf32> {
  %e = tensor.empty() : tensor<4x128xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #zq.codec<quantize<si4>, huffman<chunk = 64, length = 8>>>
      -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

// -----

// The codes of a larger chunk would not stay in a first cache.
// CHECK-LABEL: func.func @huffman_large_chunks(
// CHECK: zq.decoder private @{{.*}} block [1, 16] chunk 4096
// CHECK: zq.yield %{{.*}}, %{{.*}} : vector<16xf32>, index
func.func @huffman_large_chunks(
    %w: !zq.tensor<4x8192xf32, #zq.codec<quantize<si4>, huffman<chunk = 4096, length = 8>>>)
    -> tensor<4x8192xf32> {
  %e = tensor.empty() : tensor<4x8192xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x8192xf32>)
      : !zq.tensor<4x8192xf32, #zq.codec<quantize<si4>, huffman<chunk = 4096, length = 8>>>
      -> tensor<4x8192xf32>
  return %d : tensor<4x8192xf32>
}

// -----

// The user's decoder is inlined as often as it fits the block.
// CHECK-LABEL: func.func @custom(
// CHECK: zq.decode %{{.*}} using @[[D:decode_.*]] at
// CHECK: zq.decoder private @[[D]] block [1, 16]
// CHECK-NEXT: ^bb0(%[[V:.*]]: tensor<4x8xbf16>, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK: vector.transfer_read %{{.*}}[%[[I]], %[[J]]], %{{.*}} vector<2xbf16>
// CHECK: vector.insert_strided_slice %{{.*}} {offsets = [0], strides = [1]} : vector<2xf32> into vector<16xf32>
// CHECK: %[[J2:.*]] = arith.addi %[[J]], %c2
// CHECK: vector.transfer_read %{{.*}}[%[[I]], %[[J2]]], %{{.*}} vector<2xbf16>
// CHECK: vector.insert_strided_slice %{{.*}} {offsets = [2], strides = [1]}
// CHECK: vector.insert_strided_slice %{{.*}} {offsets = [14], strides = [1]}
// CHECK: zq.yield
// NARROW-LABEL: func.func @custom(
// NARROW: block [1, 4]
// NARROW-COUNT-2: vector.insert_strided_slice
// NARROW-NOT: vector.insert_strided_slice
// NARROW: zq.yield
func.func @custom(
    %w: !zq.tensor<4x8xf32, #zq.codec<@pairs>>)
    -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = zq.decode %w using @pairs at [0, 0] outs(%e : tensor<4x8xf32>)
      : !zq.tensor<4x8xf32, #zq.codec<@pairs>>
      -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

zq.decoder @pairs block [1, 2] streams [
  #zq.stream<"values" : bf16, (d0, d1) -> (d0, d1)>
] decode {
^bb0(%values: tensor<?x?xbf16>, %i: index, %j: index):
  %zero = arith.constant 0.0 : bf16
  %v = vector.transfer_read %values[%i, %j], %zero : tensor<?x?xbf16>, vector<2xbf16>
  %f = arith.extf %v : vector<2xbf16> to vector<2xf32>
  zq.yield %f : vector<2xf32>
}

// -----

// What is decoded side by side fills vectors, and is not where there are none.
// CHECK-LABEL: func.func @side_by_side(
// CHECK: zq.decoder private @{{.*}} block [1, 256]
// NARROW-LABEL: func.func @side_by_side(
// NARROW: zq.decoder private @{{.*}} block [1, 256]
// SCALAR-LABEL: func.func @side_by_side(
// SCALAR: zq.decoder private @{{.*}} block [1, 16]
#pvq = #zq.codec<scale<1x16, f16, l2>, pvq<length = 16, pulses = 12>, pack>
func.func @side_by_side(%w: !zq.tensor<4x512xf32, #pvq>) -> tensor<4x512xf32> {
  %e = tensor.empty() : tensor<4x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x512xf32>)
      : !zq.tensor<4x512xf32, #pvq> -> tensor<4x512xf32>
  return %d : tensor<4x512xf32>
}

// -----

// Two decodes of one type share a decoder; another type has its own. What is
// named already stays.
// CHECK-LABEL: func.func @shared(
// CHECK: zq.decode %{{.*}} using @[[A:decode_.*]] at [0, 0]
// CHECK: zq.decode %{{.*}} using @[[A]] at [1, 3]
// CHECK: zq.decode %{{.*}} using @[[B:decode_.*]] at [0, 0]
// CHECK: zq.decode %{{.*}} using @mine at [0, 0]
// CHECK-COUNT-2: zq.decoder private @decode_
// CHECK-NOT: zq.decoder private @decode_
#q8 = #zq.codec<quantize<si8>, pack>
#q4 = #zq.codec<quantize<si4>, pack>
func.func @shared(%v: !zq.tensor<4x8xf32, #q8>, %w: !zq.tensor<4x8xf32, #q4>)
    -> (tensor<4x8xf32>, tensor<1x2xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %e = tensor.empty() : tensor<4x8xf32>
  %s = tensor.empty() : tensor<1x2xf32>
  %0 = zq.decode %v at [0, 0] outs(%e : tensor<4x8xf32>)
      : !zq.tensor<4x8xf32, #q8> -> tensor<4x8xf32>
  %1 = zq.decode %v at [1, 3] outs(%s : tensor<1x2xf32>)
      : !zq.tensor<4x8xf32, #q8> -> tensor<1x2xf32>
  %2 = zq.decode %w at [0, 0] outs(%e : tensor<4x8xf32>)
      : !zq.tensor<4x8xf32, #q4> -> tensor<4x8xf32>
  %3 = zq.decode %v using @mine at [0, 0] outs(%e : tensor<4x8xf32>)
      : !zq.tensor<4x8xf32, #q8> -> tensor<4x8xf32>
  return %0, %1, %2, %3
      : tensor<4x8xf32>, tensor<1x2xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

zq.decoder @mine block [1, 1] streams [
  #zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>
] decode {
^bb0(%codes: tensor<?x?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<1xf32>
  zq.yield %v : vector<1xf32>
}
