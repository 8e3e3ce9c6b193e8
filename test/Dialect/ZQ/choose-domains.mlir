// The accuracy asked for decides the domain; the remark says which it is.
// RUN: zq-opt %s -zq-choose-domains 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t
// RUN: zq-opt %s -zq-choose-domains=accuracy=0.01 2>/dev/null | FileCheck %s --check-prefix=COARSE
// RUN: not zq-opt %s -zq-choose-domains=accuracy=nan 2>&1 | FileCheck %s --check-prefix=NAN
// NAN: error: accuracy is nan, and not 0 or more
// RUN: zq-opt %s -zq-choose-domains=accuracy=0 2>/dev/null | FileCheck %s --check-prefix=EXACT
// RUN: zq-opt %s -zq-choose-domains=lanes=8 2>/dev/null | FileCheck %s --check-prefix=OTHER
// RUN: zq-opt %s -zq-choose-domains=tile-rate=128 2>%t.tiles | FileCheck %s --check-prefix=TILES
// RUN: FileCheck %s --check-prefix=TILES-REMARK < %t.tiles
// RUN: zq-opt %s -zq-choose-domains="tile-rate=28 accuracy=0.00392" 2>/dev/null | FileCheck %s --check-prefix=DOTS
// RUN: zq-opt %s -zq-choose-domains="tile-rate=14 accuracy=0.00392" 2>/dev/null | FileCheck %s --check-prefix=SLOW-DOTS
// RUN: zq-opt %s -zq-choose-domains="tile-rate=28 accuracy=0.01" 2>/dev/null | FileCheck %s --check-prefix=COARSE-DOTS
// RUN: zq-opt %s -zq-choose-domains="tile-rate=128 accuracy=0.01" 2>/dev/null | FileCheck %s --check-prefix=COARSE-TILES
// RUN: zq-opt %s -zq-choose-domains=dots 2>%t.dots | FileCheck %s --check-prefix=FEW-DOTS
// RUN: FileCheck %s --check-prefix=FEW-DOTS-REMARK < %t.dots
// RUN: zq-opt %s -zq-choose-domains="dots tile-rate=28" 2>/dev/null | FileCheck %s --check-prefix=LOOPS
// RUN: zq-opt %s -zq-choose-domains="dots tile-rate=128" 2>/dev/null | FileCheck %s --check-prefix=UNIT
// RUN: zq-opt %s -zq-choose-domains="dots accuracy=0" 2>%t.none | FileCheck %s --check-prefix=NO-DOTS
// RUN: FileCheck %s --check-prefix=NO-DOTS-REMARK < %t.none
// RUN: zq-opt %s -zq-choose-domains=words 2>/dev/null | FileCheck %s
// RUN: zq-opt %s -zq-choose-domains="words accuracy=0.002" 2>%t.words | FileCheck %s --check-prefix=WORDS
// RUN: FileCheck %s --check-prefix=WORDS-REMARK < %t.words

#int4 = #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>
#unscaled_table = #zq.codec<lookup<[-1.0, -0.3, 0.1, 1.0]>, pack<lanes = 16x4>>
#table = #zq.codec<scale<1x32, f16, rows = 16>, lookup<[-1.0, -0.2, 0.1, 1.0]>, pack<lanes = 16x4>>
#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Integers: two planes meet the default, one plane one in a hundred.
// REMARK: contraction in two planes of 8-bit integers: error of a product at most 1.54e-05 {{.*}} asked for 5e-05
// CHECK-LABEL: func.func @integers(
// Several rows have one scale for all groups of 128 columns.
// CHECK: %[[Q:.*]], %[[S:.*]], %[[T:.*]], %[[U:.*]] = zq.planes %{{.*}} count 2 group 32 rows 2 offset 8 : tensor<2x64xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x1x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
// CHECK: zq.contract %[[Q]], %[[S]], %[[T]], %[[U]] with %{{.*}} lanes 16
// WORDS-LABEL: func.func @integers(
// WORDS: zq.planes {{.*}} count 2 group
// COARSE-LABEL: func.func @integers(
// COARSE: zq.planes {{.*}} count 1
// EXACT-LABEL: func.func @integers(
// EXACT-NOT: zq.planes
// EXACT: zq.contract %{{.*}} with
// OTHER-LABEL: func.func @integers(
// OTHER: linalg.matmul
func.func @integers(%x: tensor<2x64xf32>, %w: !zq.tensor<64x64xf32, #int4>, %y: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #int4> -> tensor<64x64xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<2x64xf32>, tensor<64x64xf32>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %r : tensor<2x64xf32>
}

// The contraction's own accuracy goes before the option.
// CHECK-LABEL: func.func @own_accuracy(
// CHECK: zq.planes {{.*}} count 1
// EXACT-LABEL: func.func @own_accuracy(
// EXACT: zq.planes {{.*}} count 1
func.func @own_accuracy(%x: tensor<2x64xf32>, %w: !zq.tensor<64x64xf32, #int4>, %y: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #int4> -> tensor<64x64xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] {zq.accuracy = 1.0e-02 : f64}
      ins(%x, %d : tensor<2x64xf32>, tensor<64x64xf32>) outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %r : tensor<2x64xf32>
}

// Values that are no integers times a power of two are rounded to bytes, with two
// planes to pairs of them.
// Where 16-bit integers are worth while and exact enough they are one plane.
// REMARK: contraction in two planes of 8-bit integers: error of a product at most 2.{{[0-9]+}}e-05
// WORDS-REMARK: contraction in two planes of 8-bit integers: error of a product at most 1.54e-05
// WORDS-REMARK: contraction in one plane of 16-bit integers: error of a product at most 8.55e-05 of the largest activation times the largest weight, asked for 0.002
// WORDS-LABEL: func.func @table(
// WORDS: %[[Q:.*]], %[[S:.*]], %[[T:.*]], %[[U:.*]] = zq.planes %{{.*}} count 1 limit 8193 group 32 rows 1 offset 0 : tensor<1x64xf32> -> tensor<1x16x2x1x2xi16>, tensor<1x2x1xf32>, tensor<1x2x1xi32>, tensor<1x2x1xf32>
// WORDS: zq.contract %[[Q]], %[[S]], %[[T]], %[[U]] with
// CHECK-LABEL: func.func @table(
// CHECK: zq.planes {{.*}} count 2
// EXACT-LABEL: func.func @table(
// EXACT-NOT: zq.planes
// EXACT: zq.contract
// COARSE-LABEL: func.func @table(
// COARSE: zq.planes {{.*}} count 1
func.func @table(%x: tensor<64xf32>, %w: !zq.tensor<64x64xf32, #table>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #table> -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// Of several rows, 256 columns of the activation share a scale: eight groups of the
// weight's. A single row has one for each group.
// CHECK-LABEL: func.func @runs(
// CHECK: zq.planes {{.*}} count 2 group 32 rows 2 {{.*}}, tensor<1x4x2xf32>, tensor<1x32x2xi32>,
// CHECK: zq.planes {{.*}} count 2 group 32 {{.*}}, tensor<1x32x1xf32>, tensor<1x32x1xi32>,
!long = !zq.tensor<64x1024xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @runs(%x: tensor<2x1024xf32>, %one: tensor<1024xf32>, %w: !long, %i: tensor<2x64xf32>,
                %j: tensor<64xf32>) -> (tensor<2x64xf32>, tensor<64xf32>) {
  %e = tensor.empty() : tensor<64x1024xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x1024xf32>) : !long -> tensor<64x1024xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<2x1024xf32>, tensor<64x1024xf32>) outs(%i : tensor<2x64xf32>) -> tensor<2x64xf32>
  %z = linalg.matvec ins(%d, %one : tensor<64x1024xf32>, tensor<1024xf32>) outs(%j : tensor<64xf32>) -> tensor<64xf32>
  return %y, %z : tensor<2x64xf32>, tensor<64xf32>
}

// Leading dimensions become one, and are there again afterwards.
// CHECK-LABEL: func.func @batches(
// CHECK: %[[X:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<3x?x64xf32> into tensor<?x64xf32>
// CHECK: zq.planes %[[X]]
// CHECK: %[[Y:.*]] = zq.contract
// CHECK: tensor.expand_shape %[[Y]]
func.func @batches(%x: tensor<3x?x64xf32>, %w: !zq.tensor<64x64xf32, #int4>, %y: tensor<3x?x64xf32>) -> tensor<3x?x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #int4> -> tensor<64x64xf32>
  %r = linalg.generic {
      indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (n, k)>,
                       affine_map<(b, m, n, k) -> (b, m, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %d : tensor<3x?x64xf32>, tensor<64x64xf32>) outs(%y : tensor<3x?x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<3x?x64xf32>
  return %r : tensor<3x?x64xf32>
}

// A constant gets the layout here.
// CHECK-LABEL: func.func @constant(
// CHECK: %[[C:.*]] = arith.constant dense<"0x{{[0-9A-F]*}}"> : tensor<1x8x64xi8>
// CHECK: zq.assemble %[[C]] : {{.*}} -> !zq.tensor<16x64xf32
// CHECK: zq.contract
func.func @constant(%x: tensor<64xf32>, %y: tensor<16xf32>) -> tensor<16xf32> {
  %c = arith.constant dense<"0x4420823CFDE6F1C26B30F90EC7DD01E4887534A20F0B0D04C36ED80E71E0FD77B07670EB940BD5335F973DAAD8619B91FFC911F57CCED458BBBF2CE03753C9BDFA0FF0169DC9575674066676CFB0B4EB8902C44269DA1CF6BA66D3F8B6D4B100A9EA0E755A5C2E8210242A08E7078F7F89385EB09423555182568B96E8A4FEF23A0C9FC5AFD7608437816BDD0A7309CB4A1252E4DA70E6720FCAA4DA1E98406C189C24279E9851D5814204136FEB5713C166B13269DD63FC35C797FF08A6CD90095066A745ADDB6D8831C2B0F87821142B4456556D89AA82BCADAE3A9578FA4535A414D025C24B40AE3AC127722988BA973AEA8D37179706072ED33A14607AD7523BE6557B5134DEC19681F4A1336AA2140D0597A3E6C8A0CC2020A2E939806EF0B6845D6A9D657EB8298F2DE52EAD74C79D15A75FA29B7DAB332F7D700A7CCD258924260B0594B7FCF04E33A727585B4C48A39C369640694810A1695B99DD50187E8120E4DC80E0E805CAAD5784F80CD5091FB5464046848DCBCD582D77F8035AA2E0737AA0FDF573D3AC8C701824BC51689F9899BE54ED2B3FC15A4F80DA6F1AFDC9B2C454142E8233882A4729E37BC3DDCB54A6E040F96C3DDCD13C978E7FC10261E00A0F7C856958914B668B9F80E456B6FBD73E6AC46891370C3C06974526BF9FDFB6A5003FE2E6B39CCCADFC39C1C368018E65ECD19C57E665B801C7DA"> : tensor<16x32xi8>
  %w = zq.assemble %c : tensor<16x32xi8> -> !zq.tensor<16x64xf32, #zq.codec<quantize<si4>, pack>>
  %e = tensor.empty() : tensor<16x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<16x64xf32>) : !zq.tensor<16x64xf32, #zq.codec<quantize<si4>, pack>> -> tensor<16x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<16x64xf32>, tensor<64xf32>) outs(%y : tensor<16xf32>) -> tensor<16xf32>
  return %r : tensor<16xf32>
}

// The weight's columns are the result's; part of the weight; a result in
// another order: as they were.
// CHECK-LABEL: func.func @others(
// CHECK-NOT: zq.contract
// CHECK: return
func.func @others(%x: tensor<2x64xf32>, %w: !zq.tensor<64x64xf32, #int4>, %y: tensor<2x64xf32>, %z: tensor<64x2xf32>)
    -> (tensor<2x64xf32>, tensor<64x2xf32>) {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #int4> -> tensor<64x64xf32>
  %r = linalg.matmul ins(%x, %d : tensor<2x64xf32>, tensor<64x64xf32>) outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  %s = linalg.matmul indexing_maps = [#x, #w, #y] ins(%d, %x : tensor<64x64xf32>, tensor<2x64xf32>) outs(%z : tensor<64x2xf32>) -> tensor<64x2xf32>
  return %r, %s : tensor<2x64xf32>, tensor<64x2xf32>
}

// Where there is a unit for it, many rows are multiplied in planes of bf16: as
// many as the accuracy and the weight's digits need. Few rows are not.
#pow2 = #zq.codec<scale<1x32, f8E8M0FNU, rows = 16>, quantize<f4E2M1FN>, pack<lanes = 16x4>>
// TILES-REMARK: contraction in two planes of 8-bit integers
// TILES-REMARK: contraction in tiles of bf16, activations in two planes and weights in one plane: error of a product at most 7.63e-06 of it, asked for 5e-05
// TILES-REMARK: contraction in tiles of bf16, activations in two planes and weights in two planes: error of a product at most 2.29e-05 of it, asked for 5e-05
// TILES-LABEL: func.func @integers(
// TILES-NOT: zq.tiles
// TILES-LABEL: func.func @many_rows(
// TILES: %[[T:.*]] = zq.tiles %{{.*}} planes 2 steps 2 : tensor<128x64xf32> -> tensor<1x4x2x2x32x32xbf16>
// TILES: zq.contract %[[T]] with %{{.*}} lanes 16 planes 1
// TILES: zq.tiles %{{.*}} planes 2
// TILES: zq.contract %{{.*}} planes 2
// COARSE-TILES-LABEL: func.func @many_rows(
// COARSE-TILES: zq.tiles %{{.*}} planes 1
// COARSE-TILES: zq.contract %{{.*}} planes 1
// COARSE-TILES: zq.tiles %{{.*}} planes 1
// COARSE-TILES: zq.contract %{{.*}} planes 1
func.func @many_rows(%x: tensor<128x64xf32>, %v: !zq.tensor<64x64xf32, #pow2>, %w: !zq.tensor<64x64xf32, #int4>, %y: tensor<128x64xf32>)
    -> tensor<128x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %c = zq.decode %v at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #pow2> -> tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #int4> -> tensor<64x64xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %c : tensor<128x64xf32>, tensor<64x64xf32>)
      outs(%y : tensor<128x64xf32>) -> tensor<128x64xf32>
  %s = linalg.matmul indexing_maps = [#x, #w, #y] ins(%r, %d : tensor<128x64xf32>, tensor<64x64xf32>)
      outs(%y : tensor<128x64xf32>) -> tensor<128x64xf32>
  return %s : tensor<128x64xf32>
}

// Entropy-coded codes, a line for each panel: products of integers, and none in
// tiles, which are filled in any order.
#rans = #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>
// CHECK-LABEL: func.func @entropy(
// CHECK: zq.planes {{.*}} count 2 group 32
// CHECK: zq.contract %{{.*}} lanes 16 outs
// TILES-LABEL: func.func @entropy(
// TILES-NOT: zq.tiles
// TILES: zq.planes {{.*}} count 2 group 32
func.func @entropy(%x: tensor<128x64xf32>, %w: !zq.tensor<64x64xf32, #rans>, %y: tensor<128x64xf32>) -> tensor<128x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #rans> -> tensor<64x64xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<128x64xf32>, tensor<64x64xf32>)
      outs(%y : tensor<128x64xf32>) -> tensor<128x64xf32>
  return %r : tensor<128x64xf32>
}

// An elementwise op reads the result as the matrix that it is: both have the
// same tiles then.
#bx = affine_map<(b, m, n, k) -> (b, m, k)>
#bw = affine_map<(b, m, n, k) -> (n, k)>
#by = affine_map<(b, m, n, k) -> (b, m, n)>
#i = affine_map<(b, m, n) -> (b, m, n)>
#n = affine_map<(b, m, n) -> (n)>
// CHECK-LABEL: func.func @reshaped(
// CHECK: %[[Y:.*]] = zq.contract {{.*}} -> tensor<6x64xf32>
// CHECK-NOT: expand_shape %[[Y]]
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %{{.*}} : tensor<6x64xf32>, tensor<64xf32>)
func.func @reshaped(%x: tensor<2x3x64xf32>, %w: !zq.tensor<64x64xf32, #int4>, %b: tensor<64xf32>, %y: tensor<2x3x64xf32>)
    -> tensor<2x3x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #int4> -> tensor<64x64xf32>
  %r = linalg.generic {indexing_maps = [#bx, #bw, #by], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %d : tensor<2x3x64xf32>, tensor<64x64xf32>) outs(%y : tensor<2x3x64xf32>) {
  ^bb0(%p: f32, %q: f32, %s: f32):
    %m = arith.mulf %p, %q : f32
    %t = arith.addf %s, %m : f32
    linalg.yield %t : f32
  } -> tensor<2x3x64xf32>
  %o = tensor.empty() : tensor<2x3x64xf32>
  %z = linalg.generic {indexing_maps = [#i, #n, #i], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%r, %b : tensor<2x3x64xf32>, tensor<64xf32>) outs(%o : tensor<2x3x64xf32>) {
  ^bb0(%p: f32, %q: f32, %s: f32):
    %t = arith.addf %p, %q : f32
    linalg.yield %t : f32
  } -> tensor<2x3x64xf32>
  return %z : tensor<2x3x64xf32>
}

// Dots of bf16 cost less than two planes of integers where a weight is decoded
// for very many rows, and more than one; at half their rate they cost more than
// either.
// DOTS-LABEL: func.func @most_rows(
// DOTS: zq.tiles %{{.*}} planes 1 steps 2 : tensor<512x64xf32>
// SLOW-DOTS-LABEL: func.func @most_rows(
// SLOW-DOTS: zq.planes %{{.*}} count 2 {{.*}} tensor<512x64xf32>
// COARSE-DOTS-LABEL: func.func @most_rows(
// COARSE-DOTS: zq.planes %{{.*}} count 1 {{.*}} tensor<512x64xf32>
// COARSE-DOTS-NOT: rounded
func.func @most_rows(%x: tensor<512x64xf32>, %v: !zq.tensor<64x64xf32, #pow2>, %y: tensor<512x64xf32>) -> tensor<512x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %c = zq.decode %v at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #pow2> -> tensor<64x64xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %c : tensor<512x64xf32>, tensor<64x64xf32>)
      outs(%y : tensor<512x64xf32>) -> tensor<512x64xf32>
  return %r : tensor<512x64xf32>
}

// Of a weight in short groups what ends them costs more than rounding it once
// more, for as many rows as there are in the first product.
#short = #zq.codec<scale<1x16, f8E4M3FN, rows = 16>, quantize<f4E2M1FN>, pack<lanes = 16x4>>
// COARSE-DOTS-LABEL: func.func @short_groups(
// COARSE-DOTS: %[[Q:.*]], %[[S:.*]], %[[T:.*]], %[[U:.*]] = zq.planes %{{.*}} count 1 group 64 rows 12 offset 128 : tensor<512x64xf32>
// COARSE-DOTS: zq.contract %[[Q]], %[[S]], %[[T]], %[[U]] with %{{.*}} lanes 16 rounded outs
// COARSE-DOTS: zq.planes %{{.*}} count 1 group 16
// COARSE-DOTS-NOT: rounded
// DOTS-LABEL: func.func @short_groups(
// DOTS-NOT: rounded
func.func @short_groups(%x: tensor<512x64xf32>, %f: tensor<32x64xf32>, %v: !zq.tensor<64x64xf32, #short>, %y: tensor<512x64xf32>,
                        %z: tensor<32x64xf32>) -> (tensor<512x64xf32>, tensor<32x64xf32>) {
  %e = tensor.empty() : tensor<64x64xf32>
  %c = zq.decode %v at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #short> -> tensor<64x64xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %c : tensor<512x64xf32>, tensor<64x64xf32>)
      outs(%y : tensor<512x64xf32>) -> tensor<512x64xf32>
  %s = linalg.matmul indexing_maps = [#x, #w, #y] ins(%f, %c : tensor<32x64xf32>, tensor<64x64xf32>)
      outs(%z : tensor<32x64xf32>) -> tensor<32x64xf32>
  return %r, %s : tensor<512x64xf32>, tensor<32x64xf32>
}

// A weight that is no panels is read row by row, where rows are enough: in f32,
// or in planes of bf16 where the target multiplies them faster.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:[^:]*]]: tensor<64x256xf32>, %[[W:[^:]*]]: !zq.tensor
// CHECK: %[[T:.*]] = zq.tiles %[[X]] right planes 1 steps 8 : tensor<64x256xf32> -> tensor<1x2x8x1x2x32x16xf32>
// CHECK: zq.contract_rows %[[T]] with %[[W]] planes 1 outs(%{{.*}} : tensor<64x96xf32>)
// CHECK-NOT: zq.decode
// EXACT-LABEL: func.func @rows(
// EXACT: zq.contract_rows %{{.*}} : tensor<1x2x8x1x2x32x16xf32>
// OTHER-LABEL: func.func @rows(
// OTHER: linalg.matmul
// TILES-LABEL: func.func @rows(
// TILES: zq.tiles %{{.*}} right planes 2 steps 8 : tensor<64x256xf32> -> tensor<1x2x8x2x2x16x32xbf16>
// TILES: zq.contract_rows %{{.*}} planes 2
// TILES-REMARK: contraction row by row in tiles of bf16, activations in 2 planes and weights in 2 planes: error of a product at most 3.06e-05 of it, asked for 5e-05
// SLOW-DOTS-LABEL: func.func @rows(
// COARSE-TILES-LABEL: func.func @rows(
// COARSE-TILES: zq.contract_rows %{{.*}} planes 1
#nvfp4 = #zq.codec<nvfp4>
func.func @rows(%x: tensor<64x256xf32>, %w: !zq.tensor<96x256xf32, #nvfp4>, %y: tensor<64x96xf32>) -> tensor<64x96xf32> {
  %e = tensor.empty() : tensor<96x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<96x256xf32>) : !zq.tensor<96x256xf32, #nvfp4> -> tensor<96x256xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<64x256xf32>, tensor<96x256xf32>)
      outs(%y : tensor<64x96xf32>) -> tensor<64x96xf32>
  return %r : tensor<64x96xf32>
}

// A dense one too, of which nothing is rounded off: products of bf16 are exact.
// CHECK-LABEL: func.func @dense(
// CHECK: zq.tiles %{{.*}} right planes 1 steps 8 : tensor<64x256xbf16> -> tensor<1x2x8x1x2x32x16xf32>
// TILES-LABEL: func.func @dense(
// TILES: %[[X:.*]] = tensor.collapse_shape
// TILES: %[[T:.*]] = zq.tiles %[[X]] right planes 1 steps 8 : tensor<64x256xbf16> -> tensor<1x2x8x1x2x16x32xbf16>
// TILES: zq.contract_rows %[[T]] with %{{.*}} planes 1
// TILES-REMARK: remark: contraction row by row in tiles of bf16, activations in 1 plane and weights in 1 plane: products are exact, and numbers below 2^-126 may count as zero, asked for 5e-05
// TILES-LABEL: func.func @dense_exact(
// TILES: zq.contract_rows %{{.*}} : tensor<1x2x8x1x2x32x16xf32>
// TILES-REMARK: remark: contraction of bf16 in f32: in dots, products are exact, and numbers below 2^-126 may count as zero, asked for 0
// TILES-LABEL: func.func @dense_f32(
// TILES: zq.contract_rows %{{.*}} : tensor<1x2x8x1x2x32x16xf32>
// TILES-LABEL: func.func @few_rows(
// TILES: linalg.matmul
#dx = affine_map<(b, m, n, k) -> (b, m, k)>
#dw = affine_map<(b, m, n, k) -> (n, k)>
#dy = affine_map<(b, m, n, k) -> (b, m, n)>
func.func @dense(%x: tensor<2x32x256xbf16>, %w: tensor<96x256xbf16>, %y: tensor<2x32x96xf32>) -> tensor<2x32x96xf32> {
  %r = linalg.generic {indexing_maps = [#dx, #dw, #dy], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<2x32x256xbf16>, tensor<96x256xbf16>) outs(%y : tensor<2x32x96xf32>) {
  ^bb0(%a: bf16, %b: bf16, %s: f32):
    %c = arith.extf %a : bf16 to f32
    %d = arith.extf %b : bf16 to f32
    %p = arith.mulf %c, %d : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<2x32x96xf32>
  return %r : tensor<2x32x96xf32>
}

// Where nothing may be given up, not even what is below the normal numbers.
func.func @dense_exact(%x: tensor<64x256xbf16>, %w: tensor<96x256xbf16>, %y: tensor<64x96xf32>) -> tensor<64x96xf32> {
  %r = linalg.matmul indexing_maps = [#x, #w, #y] {zq.accuracy = 0.0 : f64} ins(%x, %w : tensor<64x256xbf16>, tensor<96x256xbf16>)
      outs(%y : tensor<64x96xf32>) -> tensor<64x96xf32>
  return %r : tensor<64x96xf32>
}

func.func @dense_f32(%x: tensor<64x256xf32>, %w: tensor<96x256xf32>, %y: tensor<64x96xf32>) -> tensor<64x96xf32> {
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<64x256xf32>, tensor<96x256xf32>)
      outs(%y : tensor<64x96xf32>) -> tensor<64x96xf32>
  return %r : tensor<64x96xf32>
}

// Few rows stay in loops of f32, or of dots where these are instructions and something may be given up.
// FEW-DOTS-LABEL: func.func @few_rows(
// FEW-DOTS: linalg.generic
// FEW-DOTS: arith.mulf %{{.*}} fastmath<afn> : f32
// FEW-DOTS-LABEL: func.func @few_rows_of_f32(
// FEW-DOTS-NOT: fastmath
// NO-DOTS-NOT: fastmath
// NO-DOTS-REMARK: remark: contraction of bf16 in f32: in dots, products are exact, and numbers below 2^-126 may count as zero, asked for 0
// FEW-DOTS-REMARK: remark: contraction in dots of bf16: products are exact, and numbers below 2^-126 may count as zero, asked for 5e-05
func.func @few_rows(%x: tensor<2x256xbf16>, %w: tensor<96x256xbf16>, %y: tensor<2x96xf32>) -> tensor<2x96xf32> {
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<2x256xbf16>, tensor<96x256xbf16>)
      outs(%y : tensor<2x96xf32>) -> tensor<2x96xf32>
  return %r : tensor<2x96xf32>
}

// So do 32, until packing the weight pays; but where a unit for tiles is faster.
// LOOPS-LABEL: func.func @middling_rows(
// LOOPS: arith.mulf %{{.*}} fastmath<afn> : f32
// LOOPS-NOT: zq.contract_rows
// LOOPS-LABEL: func.func @middling_rows_of_f32(
// LOOPS: linalg.matmul
// LOOPS-LABEL: func.func @more_rows_of_f32(
// LOOPS: zq.contract_rows
// UNIT-LABEL: func.func @middling_rows(
// UNIT: zq.contract_rows
// UNIT-LABEL: func.func @middling_rows_of_f32(
// UNIT: zq.contract_rows
// UNIT-LABEL: func.func @more_rows_of_f32(
func.func @middling_rows(%x: tensor<32x256xbf16>, %w: tensor<96x256xbf16>, %y: tensor<32x96xf32>) -> tensor<32x96xf32> {
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<32x256xbf16>, tensor<96x256xbf16>)
      outs(%y : tensor<32x96xf32>) -> tensor<32x96xf32>
  return %r : tensor<32x96xf32>
}

func.func @middling_rows_of_f32(%x: tensor<32x256xf32>, %w: tensor<96x256xf32>, %y: tensor<32x96xf32>) -> tensor<32x96xf32> {
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<32x256xf32>, tensor<96x256xf32>)
      outs(%y : tensor<32x96xf32>) -> tensor<32x96xf32>
  return %r : tensor<32x96xf32>
}

func.func @more_rows_of_f32(%x: tensor<64x256xf32>, %w: tensor<96x256xf32>, %y: tensor<64x96xf32>) -> tensor<64x96xf32> {
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<64x256xf32>, tensor<96x256xf32>)
      outs(%y : tensor<64x96xf32>) -> tensor<64x96xf32>
  return %r : tensor<64x96xf32>
}

// The program's own flag allows none.
func.func @few_rows_approximate(%x: tensor<2x256xbf16>, %w: tensor<96x256xbf16>, %y: tensor<2x96xf32>) -> tensor<2x96xf32> {
  %r = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<2x256xbf16>, tensor<96x256xbf16>) outs(%y : tensor<2x96xf32>) {
  ^bb0(%a: bf16, %b: bf16, %s: f32):
    %c = arith.extf %a : bf16 to f32
    %d = arith.extf %b : bf16 to f32
    %p = arith.mulf %c, %d fastmath<afn> : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<2x96xf32>
  return %r : tensor<2x96xf32>
}

func.func @few_rows_with_window(%x: tensor<1x512xbf16>, %w: !zq.tensor<96x512xbf16, #zq.codec<bf16_window4>>, %y: tensor<1x96xf32>) -> tensor<1x96xf32> {
  %e = tensor.empty() : tensor<96x512xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<96x512xbf16>) : !zq.tensor<96x512xbf16, #zq.codec<bf16_window4>> -> tensor<96x512xbf16>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<1x512xbf16>, tensor<96x512xbf16>)
      outs(%y : tensor<1x96xf32>) -> tensor<1x96xf32>
  return %r : tensor<1x96xf32>
}

func.func @few_rows_of_f32(%x: tensor<2x256xf32>, %w: tensor<96x256xbf16>, %y: tensor<2x96xf32>) -> tensor<2x96xf32> {
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<2x256xf32>, tensor<96x256xbf16>)
      outs(%y : tensor<2x96xf32>) -> tensor<2x96xf32>
  return %r : tensor<2x96xf32>
}

// No contraction of a decoded weight goes without a word: in no panels though it
// might be, of codes that have none, along the other dimension, not of f32.
// REMARK: contraction in loops of f32 along the rows of its decoded weight, and in no compute domain: the weight is in no panels of 16 rows, which its codec has (zq-pack-weights lays out arguments)
// REMARK: in no compute domain: the weight has no panels of rows, since its stages are not factors and offsets, maps to codes, and their layout
// REMARK: in no compute domain: it is no product with a whole decoded matrix along the rows of that
// REMARK: in no compute domain: it is not of f32
// REMARK-NOT: in no compute domain
// CHECK-LABEL: func.func @unpacked(
// CHECK: linalg.matvec
func.func @unpacked(%x: tensor<64xf32>, %w: !zq.tensor<64x64xf32, #zq.codec<q6_k>>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #zq.codec<q6_k>> -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}
// CHECK-LABEL: func.func @entries(
// CHECK: linalg.matvec
func.func @entries(%x: tensor<64xf32>, %w: !zq.tensor<64x64xf32, #zq.codec<jpq_8>>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #zq.codec<jpq_8>> -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}
// CHECK-LABEL: func.func @columns(
// CHECK: linalg.vecmat
func.func @columns(%x: tensor<64xf32>, %w: !zq.tensor<64x64xf32, #int4>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #int4> -> tensor<64x64xf32>
  %r = linalg.vecmat ins(%x, %d : tensor<64xf32>, tensor<64x64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}
// CHECK-LABEL: func.func @halves(
// CHECK: linalg.matvec
func.func @halves(%x: tensor<64xf16>, %w: !zq.tensor<64x64xf32, #int4>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #int4> -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf16>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// Where no factor of a row brings its largest weight near to the largest value,
// a row may have the least one alone: the table's error is more of that.
// REMARK: contraction in f32: the error of two planes of 8-bit integers would be {{[0-9.]+}}
// CHECK-LABEL: func.func @unscaled_table(
// CHECK-NOT: zq.planes
// CHECK: zq.contract
// COARSE-LABEL: func.func @unscaled_table(
// COARSE: zq.planes {{.*}} count 2
// For a single row, f32 is faster than tiles, and than rounding once more.
// TILES-LABEL: func.func @unscaled_table(
// TILES-NOT: zq.tiles
// TILES: zq.contract %{{[a-z0-9]+}} with
func.func @unscaled_table(%x: tensor<64xf32>, %w: !zq.tensor<64x64xf32, #unscaled_table>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #unscaled_table> -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// COARSE-DOTS-LABEL: func.func @unscaled_value(
// COARSE-DOTS-NOT: zq.planes
// COARSE-DOTS: zq.contract %{{[a-z0-9]+}} with
#value = #zq.codec<scale<tensor, f32>, quantize<f8E4M3FN>, pack<lanes = 16x4>>
func.func @unscaled_value(%x: tensor<64xf32>, %w: !zq.tensor<64x64xf32, #value>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #value> -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// A table of a hundredth of the others' values has their table's error.
// REMARK: contraction in f32: the error of two planes of 8-bit integers would be 0.00{{[0-9]+}}
// CHECK-LABEL: func.func @unequal_tables(
// CHECK-NOT: zq.planes
// COARSE-LABEL: func.func @unequal_tables(
// COARSE: zq.planes {{.*}} count 2
#unequal = #zq.codec<tables<1x32, f16, [[-1.0, -0.3, 0.1, 1.0], [-0.01, 0.001, 0.003, 0.01]], rows = 16>, pack<lanes = 16x4>>
func.func @unequal_tables(%x: tensor<64xf32>, %w: !zq.tensor<64x64xf32, #unequal>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #unequal> -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}
