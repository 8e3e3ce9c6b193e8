// Each function is evaluated before and after each pass of the algebra.
// RUN: zq-opt %s -zq-verify-rewrites -verify-diagnostics -o %t.mlir
// RUN: FileCheck %s < %t.mlir

#rotated = #zq.codec<hadamard<axis = 1, block = 16, seed = 1>, scale<1x8, bf16>, quantize<si4>, pack>
#narrow = #zq.codec<scale<1x8, f16, zero>, quantize<ui3>, huffman<chunk = 64, length = 6>>
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// The module stays what it is.
// CHECK-LABEL: func.func @linear(
// CHECK: zq.decode {{.*}} -> tensor<8x40xf32>
// CHECK-NOT: zq.rotate

// Every code in every place, and the number of rows is chosen.
// expected-remark-re @below {{unchanged by {{.*}}zq-split-codecs, zq-move-rotations, {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place, with 3 sizes of scales; the largest difference is {{[0-9.e-]+}} of the bound, after zq-move-rotations}}
func.func @linear(%x: tensor<?x40xf32>, %w: !zq.tensor<8x40xf32, #rotated>)
    -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x40xf32>
  %e = tensor.empty() : tensor<8x40xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x40xf32>)
      : !zq.tensor<8x40xf32, #rotated> -> tensor<8x40xf32>
  %zero = arith.constant 0.0 : f32
  %o = tensor.empty(%m) : tensor<?x8xf32>
  %i = linalg.fill ins(%zero : f32) outs(%o : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<?x40xf32>, tensor<8x40xf32>)
      outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Streams that are arguments go together. The codes of an entropy coder are
// exhausted before they are coded. A window of chosen size.
// expected-remark @below {{in 35 cases; what is assembled of argument 0, 1, 2, 3, 4: 8 of 8 codes in every place, with 3 sizes of scales}}
func.func @window(%scale: tensor<4x3xf16>, %zero: tensor<4x3xi8>,
                  %table: tensor<64xi16>, %offsets: tensor<4x1xi32>,
                  %bits: tensor<?xi8>, %at: index, %rows: index)
    -> tensor<?x24xf32> {
  %w = zq.assemble %scale, %zero, %table, %offsets, %bits
      : tensor<4x3xf16>, tensor<4x3xi8>, tensor<64xi16>, tensor<4x1xi32>, tensor<?xi8>
      -> !zq.tensor<4x24xf32, #narrow>
  %e = tensor.empty(%rows) : tensor<?x24xf32>
  %d = zq.decode %w at [%at, 0] outs(%e : tensor<?x24xf32>)
      : !zq.tensor<4x24xf32, #narrow> -> tensor<?x24xf32>
  %y = arith.addf %d, %d : tensor<?x24xf32>
  return %y : tensor<?x24xf32>
}

// A decoder of the module may be any function.
zq.decoder @plain block [1, 1] streams [
  #zq.stream<"values" : f32, (d0, d1) -> (d0, d1)>
] decode {
^bb0(%values: tensor<?x?xf32>, %i: index, %j: index):
  %v = tensor.extract %values[%i, %j] : tensor<?x?xf32>
  %r = vector.from_elements %v : vector<1xf32>
  zq.yield %r : vector<1xf32>
}
#custom = #zq.codec<hadamard<axis = 1, block = 8, seed = 1>, @plain>

// expected-remark @below {{in 8 cases; argument 0: a decoder that may be any function}}
func.func @custom(%w: !zq.tensor<2x12xf32, #custom>) -> tensor<2x12xf32> {
  %e = tensor.empty() : tensor<2x12xf32>
  %d = zq.decode %w using @plain at [0, 0] outs(%e : tensor<2x12xf32>)
      : !zq.tensor<2x12xf32, #custom> -> tensor<2x12xf32>
  %y = arith.addf %d, %d : tensor<2x12xf32>
  return %y : tensor<2x12xf32>
}

// Too many elements for all codes in all places: a case has as many codes as
// places.
// expected-remark @below {{no pass changes anything; evaluated in 14 cases; argument 1: 256 of 256 codes in some place, with 3 sizes of scales; argument 2: random streams, 4 times}}
func.func @large(%x: tensor<1x64xf32>,
                 %w: !zq.tensor<96x64xf32, #zq.codec<quantize<si8>, pack>>,
                 %v: !zq.tensor<1x96xf32, #zq.codec<raw<f32>>>)
    -> tensor<1x96xf32> {
  %e = tensor.empty() : tensor<96x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<96x64xf32>)
      : !zq.tensor<96x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<96x64xf32>
  %f = tensor.empty() : tensor<1x96xf32>
  %i = zq.decode %v at [0, 0] outs(%f : tensor<1x96xf32>)
      : !zq.tensor<1x96xf32, #zq.codec<raw<f32>>> -> tensor<1x96xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<1x64xf32>, tensor<96x64xf32>)
      outs(%i : tensor<1x96xf32>) -> tensor<1x96xf32>
  return %y : tensor<1x96xf32>
}

// What overflows is promised nothing of, and said so.
// expected-remark @below {{nothing is promised of}}
func.func @overflow(%x: tensor<4xf32>) -> tensor<4xf32> {
  %big = arith.constant dense<3.0e+38> : tensor<4xf32>
  %y = arith.mulf %x, %big : tensor<4xf32>
  return %y : tensor<4xf32>
}

// An encoder that would not make these streams is no obstacle.
// expected-remark @below {{in 776 cases; argument 0: 256 of 256 codes in every place, with 3 sizes of scales}}
func.func @not_encoded(%w: !zq.tensor<2x8xf32, #zq.codec<scale<tensor, f32, zero>, quantize<ui8>, pack>>)
    -> tensor<2x8xf32> {
  %e = tensor.empty() : tensor<2x8xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<2x8xf32>)
      : !zq.tensor<2x8xf32, #zq.codec<scale<tensor, f32, zero>, quantize<ui8>, pack>>
      -> tensor<2x8xf32>
  return %d : tensor<2x8xf32>
}

// Wide codes, each in some place.
#wide = #zq.codec<hadamard<axis = 1, block = 8>, codebook<1x4, bits = 12, f16>, pack>
// expected-remark-re @below {{unchanged by {{.*}}zq-move-rotations{{.*}} in 395 cases; argument 1: 4096 of 4096 codes in some place, with 3 sizes of scales}}
func.func @wide(%x: tensor<3x16xf32>, %w: !zq.tensor<8x16xf32, #wide>) -> tensor<3x8xf32> {
  %e = tensor.empty() : tensor<8x16xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x16xf32>) : !zq.tensor<8x16xf32, #wide> -> tensor<8x16xf32>
  %z = arith.constant dense<0.0> : tensor<3x8xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %d : tensor<3x16xf32>, tensor<8x16xf32>)
      outs(%z : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}
