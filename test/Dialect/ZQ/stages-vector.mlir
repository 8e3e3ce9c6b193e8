// Vector quantizers: text, streams, decoders.
// RUN: zq-opt %s | zq-opt | FileCheck %s
// RUN: zq-opt %s --zq-materialize-decoders=width=16 | FileCheck %s --check-prefix=DECODER

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

// What is left out is not printed.
// CHECK-DAG: = #zq.codec<codebook<1x8, bits = 4, f16>, pack>
// CHECK-DAG: = #zq.codec<codebook<8x1, bits = 8, books = 2, additive, bf16>, pack>
// CHECK-DAG: = #zq.codec<codebook<1x1, bits = 3, group = 1x?, f32>, pack>
// CHECK-DAG: = #zq.codec<codebook<1x4, bits = 6, books = 2, group = ?x8, [scale<1x16, f16>, quantize<si6>, pack]>, pack>
// CHECK-DAG: = #zq.codec<pvq<length = 4, pulses = 4>, pack>
// CHECK-DAG: = #zq.codec<octahedral<bits = 1, dimension = 64>, pack>

// CHECK-LABEL: func.func private @codebooks(
func.func private @codebooks(
    !zq.tensor<16x64xf32, #zq.codec<codebook<1x8, bits = 4, books = 1, residual, group = tensor, f16>, pack>>,
    !zq.tensor<16x64xbf16, #zq.codec<codebook<8x1, bits = 8, books = 2, additive, bf16>, pack>>,
    !zq.tensor<16x64xf32, #zq.codec<codebook<1x1, bits = 3, group = 1x?, f32>, pack>>,
    !zq.tensor<16x64xf32, #zq.codec<codebook<1x4, bits = 6, books = 2, group = ?x8, [scale<1x16, f16>, quantize<si6>, pack]>, pack>>)

// CHECK-LABEL: func.func private @points(
func.func private @points(
    !zq.tensor<16x64xf32, #zq.codec<pvq<length = 4, pulses = 4>, pack>>,
    !zq.tensor<16x64xf32, #zq.codec<octahedral<bits = 1, dimension = 64>, pack>>)

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

// The codebook has a part for every group, and codes are two to a vector. An
// entry is a load of neighbours; the two of a vector are added in order.
// DECODER-LABEL: func.func @rows(
// DECODER: using @[[ROWS:[a-z0-9_]+]] at
func.func @rows(%w: !zq.tensor<6x20xf32, #zq.codec<codebook<1x8, bits = 8, books = 2, group = 3x16, f32>, pack>>) -> tensor<6x20xf32> {
  %e = tensor.empty() : tensor<6x20xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<6x20xf32>)
      : !zq.tensor<6x20xf32, #zq.codec<codebook<1x8, bits = 8, books = 2, group = 3x16, f32>, pack>> -> tensor<6x20xf32>
  return %d : tensor<6x20xf32>
}

// Down columns every lane has its own entry, all the same element of it.
// DECODER-LABEL: func.func @columns(
// DECODER: using @[[COLUMNS:[a-z0-9_]+]] at
func.func @columns(%w: !zq.tensor<9x16xf32, #zq.codec<codebook<4x1, bits = 8, f16>, pack>>) -> tensor<9x16xf32> {
  %e = tensor.empty() : tensor<9x16xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<9x16xf32>)
      : !zq.tensor<9x16xf32, #zq.codec<codebook<4x1, bits = 8, f16>, pack>> -> tensor<9x16xf32>
  return %d : tensor<9x16xf32>
}

// A few scalars are a table in registers.
// DECODER-LABEL: func.func @scalars(
// DECODER: using @[[SCALARS:[a-z0-9_]+]] at
func.func @scalars(%w: !zq.tensor<9x32xf32, #zq.codec<codebook<1x1, bits = 4, group = 1x?, f16>, pack>>) -> tensor<9x32xf32> {
  %e = tensor.empty() : tensor<9x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<9x32xf32>)
      : !zq.tensor<9x32xf32, #zq.codec<codebook<1x1, bits = 4, group = 1x?, f16>, pack>> -> tensor<9x32xf32>
  return %d : tensor<9x32xf32>
}

// A code beyond the last vector is taken for that.
// DECODER-LABEL: func.func @pyramid(
// DECODER: using @[[PYRAMID:[a-z0-9_]+]] at
func.func @pyramid(%w: !zq.tensor<9x16xf32, #zq.codec<pvq<length = 4, pulses = 4>, pack>>) -> tensor<9x16xf32> {
  %e = tensor.empty() : tensor<9x16xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<9x16xf32>)
      : !zq.tensor<9x16xf32, #zq.codec<pvq<length = 4, pulses = 4>, pack>> -> tensor<9x16xf32>
  return %d : tensor<9x16xf32>
}

// DECODER-LABEL: func.func @triplets(
// DECODER: using @[[TRIPLETS:[a-z0-9_]+]] at
func.func @triplets(%w: !zq.tensor<9x18xf32, #zq.codec<octahedral<bits = 2, dimension = 18>, pack>>) -> tensor<9x18xf32> {
  %e = tensor.empty() : tensor<9x18xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<9x18xf32>)
      : !zq.tensor<9x18xf32, #zq.codec<octahedral<bits = 2, dimension = 18>, pack>> -> tensor<9x18xf32>
  return %d : tensor<9x18xf32>
}

// DECODER: zq.decoder private @[[ROWS]] block [1, 16]
// DECODER-SAME: <"codebook" : f32, (d0, d1) -> (d0 ceildiv 3, (d1 ceildiv 16) * 4096)>
// DECODER-SAME: <"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 8) * 2)>
// DECODER: %[[CODES:.+]] = vector.transfer_read {{.*}} : tensor<6x6xi8>, vector<4xi8>
// DECODER: vector.extract %[[CODES]][0]
// DECODER: %[[FIRST:.+]] = vector.transfer_read {{.*}} {in_bounds = [true]} : tensor<2x8192xf32>, vector<8xf32>
// DECODER: vector.extract %[[CODES]][1]
// DECODER: %[[SECOND:.+]] = vector.transfer_read
// DECODER: arith.addf %[[FIRST]], %[[SECOND]] : vector<8xf32>

// DECODER: zq.decoder private @[[COLUMNS]] block [1, 16]
// DECODER-SAME: <"codes" : i8, (d0, d1) -> (d0 ceildiv 4, d1)>
// DECODER: ^bb0(%[[BOOK:.+]]: tensor<1x1024xf16>, %{{.+}}: tensor<3x16xi8>, %[[ROW:.+]]: index, %{{.+}}: index):
// DECODER: %[[WITHIN:.+]] = arith.remui %[[ROW]], %c4{{.*}} : index
// DECODER: %[[PLACE:.+]] = arith.addi %{{.+}}, %[[WITHIN]] : index
// DECODER: tensor.extract %[[BOOK]][%{{.+}}, %[[PLACE]]]

// DECODER: zq.decoder private @[[SCALARS]] block [1, 16]
// DECODER: %[[TABLE:.+]] = vector.transfer_read {{.*}} {in_bounds = [true]} : tensor<9x16xf16>, vector<16xf16>
// DECODER: %[[WIDE:.+]] = arith.extf %[[TABLE]]
// DECODER: zq.lookup %{{.+}} in %[[WIDE]] : vector<16xi8>, vector<16xf32> -> vector<16xf32>

// Sixteen vectors of four, a lane each.
// DECODER: zq.decoder private @[[PYRAMID]] block [1, 64]
// DECODER: %[[LAST:.+]] = arith.constant dense<191> : vector<16xi32>
// DECODER: arith.minui %{{.+}}, %[[LAST]] : vector<16xi32>
// DECODER-COUNT-4: scf.while
// DECODER: math.sqrt {{.*}} : vector<16xf32>
// DECODER-COUNT-4: arith.divf {{.*}} : vector<16xf32>
// DECODER-COUNT-3: vector.interleave

// A granule is eight codes of seven bits.
// DECODER: zq.decoder private @[[TRIPLETS]] block [1, 24]
// DECODER: zq.lookup %{{.+}} : vector<8xi8>, vector<8xf32> -> vector<8xf32>
// DECODER: math.copysign
// DECODER: math.sqrt
