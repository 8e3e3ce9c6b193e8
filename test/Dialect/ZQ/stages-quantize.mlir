// The text of quantizers survives a round trip; and how they decode.
// RUN: zq-opt %s -split-input-file | zq-opt -split-input-file | FileCheck %s
// RUN: zq-opt %s -zq-materialize-decoders -canonicalize -cse -split-input-file | FileCheck %s --check-prefix=DECODE

// CHECK-DAG: #[[SYMMETRIC:codec[0-9]*]] = #zq.codec<quantize<si4, symmetric, ties = away>, pack>
// CHECK-DAG: #[[BIPOLAR:codec[0-9]*]] = #zq.codec<quantize<si3, bipolar>, pack>
// CHECK-DAG: #[[TERNARY:codec[0-9]*]] = #zq.codec<quantize<levels = 3, ties = zero>, pack>
// CHECK-DAG: #[[CHANCE:codec[0-9]*]] = #zq.codec<quantize<ui2, stochastic = 18446744073709551615>, pack>
// CHECK-DAG: #[[E3M4:codec[0-9]*]] = #zq.codec<quantize<e3m4, ties = down>, pack>
// CHECK-DAG: #[[E3M2:codec[0-9]*]] = #zq.codec<quantize<f6E3M2FN>, pack>
// CHECK-DAG: #[[UE5M3:codec[0-9]*]] = #zq.codec<quantize<ue5m3, ties = up>, pack>
// CHECK-DAG: #[[E2M2:codec[0-9]*]] = #zq.codec<quantize<e2m2>, pack>
// CHECK-DAG: #[[POWER:codec[0-9]*]] = #zq.codec<power<bits = 3, exponent = 5.000000e-01>, pack>
// CHECK-DAG: #[[POWER8:codec[0-9]*]] = #zq.codec<power<bits = 8, exponent = 7.500000e-01>, pack>
// CHECK-DAG: #[[NESTED:codec[0-9]*]] = #zq.codec<quantize<si8>, nested<bits = 4>, pack>
// CHECK-DAG: #[[NESTED_UP:codec[0-9]*]] = #zq.codec<quantize<si6>, nested<bits = 2, ties = up>, pack>
// CHECK-DAG: #[[TABLES:codec[0-9]*]] = #zq.codec<tables<1x64, f16, {{\[\[}}-1.000000e+00, 0.000000e+00, 1.000000e+00], [-2.000000e+00, 1.000000e+00]], tags = [pack]>, pack>
// CHECK-DAG: #[[TABLES_WHOLE:codec[0-9]*]] = #zq.codec<tables<tensor, [scale<tensor, f32>, quantize<ui8>, pack], {{\[\[}}-1.000000e+00, 1.000000e+00], [0.000000e+00, 1.000000e+00]]>, pack>

// CHECK-LABEL: func.func private @integers(
// CHECK-SAME: #[[SYMMETRIC]]>, {{.*}}#[[BIPOLAR]]>, {{.*}}#[[TERNARY]]>, {{.*}}#[[CHANCE]]>
func.func private @integers(
    !zq.tensor<4x64xf32, #zq.codec<quantize<si4, symmetric, ties = away>, pack>>,
    // Ties to even are not written.
    !zq.tensor<4x64xf32, #zq.codec<quantize<si3, ties = even, bipolar>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<levels = 3, ties = zero>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<ui2, stochastic = 18446744073709551615>, pack>>)

// A float that MLIR has a type for is written as that.
// CHECK-LABEL: func.func private @floats(
// CHECK-SAME: #[[E3M4]]>, {{.*}}#[[E3M2]]>, {{.*}}#[[UE5M3]]>, {{.*}}#[[E2M2]]>
func.func private @floats(
    !zq.tensor<4x64xf32, #zq.codec<quantize<e3m4, ties = down>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<e3m2>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<ue5m3, ties = up>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<e2m2>, pack>>)

// CHECK-LABEL: func.func private @others(
// CHECK-SAME: #[[POWER]]>, {{.*}}#[[POWER8]]>, {{.*}}#[[NESTED]]>, {{.*}}#[[NESTED_UP]]>, {{.*}}#[[TABLES]]>, {{.*}}#[[TABLES_WHOLE]]>
func.func private @others(
    !zq.tensor<4x64xf32, #zq.codec<power<bits = 3, exponent = 0.5>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<power<bits = 8, exponent = 0.75>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, nested<bits = 4>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<si6>, nested<bits = 2, ties = up>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<tables<1x64, f16, [[-1.0, 0.0, 1.0], [-2.0, 1.0]], tags = [pack]>, pack>>,
    !zq.tensor<4x64xf32, #zq.codec<tables<tensor, [scale<tensor, f32>, quantize<ui8>, pack], [[-1.0, 1.0], [0.0, 1.0]]>, pack>>)

// -----

// Twice the code less the largest integer.
// DECODE-LABEL: func.func @bipolar(
// DECODE-DAG: %[[ONE:.*]] = arith.constant dense<1> : vector<16xi32>
// DECODE-DAG: %[[LARGEST:.*]] = arith.constant dense<7> : vector<16xi32>
// DECODE: %[[C:.*]] = arith.extui %{{.*}} : vector<16xi8> to vector<16xi32>
// DECODE: %[[TWICE:.*]] = arith.shli %[[C]], %[[ONE]]
// DECODE: %[[V:.*]] = arith.subi %[[TWICE]], %[[LARGEST]]
// DECODE: arith.sitofp %[[V]]
func.func @bipolar(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si3, bipolar>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si3, bipolar>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Three bits tell five levels apart.
// DECODE-LABEL: func.func @levels(
// DECODE: zq.unpack %{{.*}} bits 3
// DECODE: arith.subi %{{.*}}, %{{.*}} : vector<16xi32>
func.func @levels(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<levels = 5>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<levels = 5>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Without a sign there is none to mask or to put back.
// DECODE-LABEL: func.func @unsigned_float(
// DECODE-NOT: arith.andi
// DECODE-NOT: arith.ori
// DECODE: arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
func.func @unsigned_float(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<ue5m3>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<ue5m3>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// How values are rounded is over when they are decoded.
// DECODE-LABEL: func.func @rounding(
// DECODE: dense<[0.000000e+00, 5.000000e-01, 1.000000e+00, 1.500000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00, 6.000000e+00, -0.000000e+00,
// DECODE: zq.lookup
func.func @rounding(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<f4E2M1FN, ties = up>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<f4E2M1FN, ties = up>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// One table, computed here.
// DECODE-LABEL: func.func @power(
// DECODE: dense<[0.000000e+00, 0.111111112, 0.444444448, 1.000000e+00, -1.000000e+00, -1.000000e+00, -0.444444448, -0.111111112]>
// DECODE: zq.lookup %{{.*}} : vector<16xi8>, vector<8xf32> -> vector<16xf32>
func.func @power(%w: !zq.tensor<4x64xf32, #zq.codec<power<bits = 3, exponent = 0.5>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<power<bits = 3, exponent = 0.5>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// A large table is loaded from, at codes that no stream can get beyond it.
// DECODE-LABEL: func.func @large_table(
// DECODE-DAG: %[[TABLE:.*]] = arith.constant dense<{{.*}}> : tensor<256xf32>
// DECODE-DAG: %[[MASK:.*]] = arith.constant dense<255> : vector<16xi32>
// DECODE: %[[PLACE:.*]] = arith.andi %{{.*}}, %[[MASK]]
// DECODE: vector.gather %[[TABLE]][%{{.*}}] [%[[PLACE]]]
func.func @large_table(%w: !zq.tensor<4x64xf32, #zq.codec<power<bits = 8, exponent = 1.0>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<power<bits = 8, exponent = 1.0>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Half less one, and one more where the code rounded down is odd.
// DECODE-LABEL: func.func @nested(
// DECODE-DAG: %[[BELOW:.*]] = arith.constant dense<7> : vector<16xi32>
// DECODE-DAG: %[[FOUR:.*]] = arith.constant dense<4> : vector<16xi32>
// DECODE-DAG: %[[ONE:.*]] = arith.constant dense<1> : vector<16xi32>
// DECODE: %[[C:.*]] = arith.shrsi
// DECODE: %[[SUM:.*]] = arith.addi %[[C]], %[[BELOW]]
// DECODE: %[[LOW:.*]] = arith.shrsi %[[C]], %[[FOUR]]
// DECODE: %[[ODD:.*]] = arith.andi %[[LOW]], %[[ONE]]
// DECODE: %[[ALL:.*]] = arith.addi %[[SUM]], %[[ODD]]
// DECODE: %[[ROUNDED:.*]] = arith.shrsi %[[ALL]], %[[FOUR]]
// DECODE: arith.minsi %[[ROUNDED]], %[[BELOW]]
func.func @nested(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, nested<bits = 4>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, nested<bits = 4>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// All bits are read as they are.
// DECODE-LABEL: func.func @nested_whole(
// DECODE: zq.unpack
// DECODE-NOT: arith.minsi
// DECODE: zq.yield
func.func @nested_whole(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si4>, nested<bits = 4>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si4>, nested<bits = 4>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Where one tag serves a vector, so does one table. Three entries are read as
// four; a tag of the stream is one of two.
// DECODE-LABEL: func.func @table_of_a_vector(
// DECODE-DAG: %[[TABLES:.*]] = arith.constant dense<{{\[\[}}-1.000000e+00, 0.000000e+00, 1.000000e+00, 1.000000e+00], [-2.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00]]> : tensor<2x4xf32>
// DECODE: %[[BYTE:.*]] = tensor.extract %{{.*}} : tensor<4x1xi8>
// DECODE: %[[TAG:.*]] = arith.index_castui %[[BYTE]]
// DECODE: %[[BOUND:.*]] = arith.andi %[[TAG]], %c1
// DECODE: %[[TABLE:.*]] = vector.transfer_read %[[TABLES]][%[[BOUND]], %c0]
// DECODE: %[[V:.*]] = zq.lookup %{{.*}} in %[[TABLE]]
// DECODE: arith.mulf %[[V]]
func.func @table_of_a_vector(%w: !zq.tensor<4x64xf32, #zq.codec<tables<1x64, f32, [[-1.0, 0.0, 1.0], [-2.0, 1.0]]>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<tables<1x64, f32, [[-1.0, 0.0, 1.0], [-2.0, 1.0]]>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// -----

// Where blocks are short, a tag goes before each code.
// DECODE-LABEL: func.func @tables_of_a_vector(
// DECODE-DAG: %[[TWO:.*]] = arith.constant dense<2> : vector<16xi8>
// DECODE: %[[TAGS:.*]] = arith.shli %{{.*}}, %[[TWO]]
// DECODE: %[[PLACES:.*]] = arith.ori %[[TAGS]]
// DECODE: zq.lookup %[[PLACES]] in %{{.*}} : vector<16xi8>, vector<8xf32>
func.func @tables_of_a_vector(%w: !zq.tensor<4x64xf32, #zq.codec<tables<1x4, f32, [[-1.0, 0.0, 1.0], [-2.0, 1.0]]>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<tables<1x4, f32, [[-1.0, 0.0, 1.0], [-2.0, 1.0]]>, pack>>
      -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}
