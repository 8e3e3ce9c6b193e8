// Every op, type, attribute and stage survives a round trip, and so do their
// generic forms.
// RUN: zq-opt %s | zq-opt | FileCheck %s
// RUN: zq-opt %s --mlir-print-op-generic | zq-opt | FileCheck %s

// Codecs are printed under the name the table has for them.
// CHECK-DAG: #nvfp4 = #zq.codec<scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, pack>
// CHECK-DAG: #int4_h128 = #zq.codec<hadamard<axis = 1, block = 128, seed = 1>, scale<1x128, bf16, zero>, quantize<ui4>, pack>
// CHECK-DAG: #bf16_huff = #zq.codec<fields<bf16>, huffman<chunk = 1024, length = 10>>
// CHECK-DAG: #nf3_e4m3_huff = #zq.codec<scale<tensor, f32>, scale<1x64, f8E4M3FN>, lookup<[-1.000000e+00, {{.*}}, 1.000000e+00]>, huffman<chunk = 1024, length = 8>>
// CHECK-DAG: #[[Q8:codec[0-9]*]] = #zq.codec<quantize<si8>, pack>
// CHECK-DAG: #[[LUT3:codec[0-9]*]] = #zq.codec<@lut3>
// CHECK-DAG: #[[ROTATED:codec[0-9]*]] = #zq.codec<hadamard<axis = 1, block = 64, seed = 18446744073709551615>, @lut3>

#q8 = #zq.codec<quantize<si8>, pack>
#lut3 = #zq.codec<@lut3>
#rotated_lut3 = #zq.codec<hadamard<axis = 1, block = 64, seed = 18446744073709551615>, @lut3>

//===----------------------------------------------------------------------===//
// Types and codecs
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func private @named_codecs(
// CHECK-SAME: !zq.tensor<64x64xf32, #nvfp4>
// CHECK-SAME: !zq.tensor<64x64xf16, #int4_h128>
// CHECK-SAME: !zq.tensor<64x64xbf16, #bf16_huff>
// CHECK-SAME: !zq.tensor<64x64xf32, #nf3_e4m3_huff>
func.func private @named_codecs(
    !zq.tensor<64x64xf32, #zq.codec<nvfp4>>,
    !zq.tensor<64x64xf16, #zq.codec<int4_h128>>,
    !zq.tensor<64x64xbf16, #zq.codec<bf16_huff>>,
    !zq.tensor<64x64xf32, #zq.codec<nf3_e4m3_huff>>)

// A name may stand among stages.
// CHECK-LABEL: func.func private @name_within_codec(
// CHECK-SAME: !zq.tensor<8x8xf32, #codec{{[0-9]*}}>
func.func private @name_within_codec(
    !zq.tensor<8x8xf32, #zq.codec<hadamard<axis = 0, block = 1, seed = 0>, nvfp4>>)

// CHECK-LABEL: func.func private @no_elements(
// CHECK-SAME: !zq.tensor<0x64xf32, #nvfp4>, !zq.tensor<64x0xf32, #nvfp4>
// CHECK-SAME: !zq.tensor<0x0xbf16, #bf16_huff>
func.func private @no_elements(
    !zq.tensor<0x64xf32, #zq.codec<nvfp4>>,
    !zq.tensor<64x0xf32, #zq.codec<nvfp4>>,
    !zq.tensor<0x0xbf16, #zq.codec<bf16_huff>>)

// CHECK-LABEL: func.func private @ranks(
// CHECK-SAME: !zq.tensor<7xf32, #[[Q8]]>, !zq.tensor<2x3x5x7xf32, #[[Q8]]>
func.func private @ranks(
    !zq.tensor<7xf32, #q8>, !zq.tensor<2x3x5x7xf32, #q8>)

// CHECK-LABEL: func.func private @stages() attributes {
// CHECK-SAME: s00 = #zq.hadamard<axis = 1, block = 128, seed = 18446744073709551615>
// CHECK-SAME: s01 = #zq.scale<tensor, f32>
// CHECK-SAME: s02 = #zq.scale<1x16, f8E4M3FN>
// CHECK-SAME: s03 = #zq.scale<1x?, f16>
// CHECK-SAME: s04 = #zq.scale<128x128, f8E8M0FNU>
// CHECK-SAME: s05 = #zq.scale<1x128, bf16, zero>
// CHECK-SAME: s06 = #zq.scale<?x1x3, f8E5M2>
// CHECK-SAME: s07 = #zq.scale<16, f32>
// CHECK-SAME: s10 = #zq.quantize<si1>
// CHECK-SAME: s11 = #zq.quantize<ui8>
// CHECK-SAME: s12 = #zq.quantize<f4E2M1FN>
// CHECK-SAME: s13 = #zq.quantize<f6E2M3FN>
// CHECK-SAME: s14 = #zq.quantize<f6E3M2FN>
// CHECK-SAME: s15 = #zq.quantize<f8E4M3FN>
// CHECK-SAME: s16 = #zq.quantize<f8E5M2>
// CHECK-SAME: s20 = #zq.lookup<[-1.500000e+00, 0.000000e+00, 2.500000e-01]>
// CHECK-SAME: s30 = #zq.fields<bf16>
// CHECK-SAME: s31 = #zq.fields<f8E4M3FN, [pack]>
// CHECK-SAME: s40 = #zq.pack
// CHECK-SAME: s50 = #zq.huffman<chunk = 1024, length = 16>
// CHECK-SAME: s51 = #zq.window<bits = 3, chunk = 64>
// CHECK-SAME: s52 = #zq.window<bits = 4, base, chunk = 64>
// CHECK-SAME: s53 = #zq.window<bits = [2, 2, 1], chunk = 1048576>
// CHECK-SAME: s54 = #zq.rans<precision = 12, chunk = 64>
// CHECK-SAME: s55 = #zq.register_rans<lanes = 256, rows = 3>
// CHECK-SAME: s60 = #zq.custom<@lut3>
// CHECK-SAME: stream = #zq.stream<"bits" : i8, (d0, d1)[s0] -> (s0)>
func.func private @stages() attributes {
  s00 = #zq.hadamard<axis = 1, block = 128, seed = 18446744073709551615>,
  s01 = #zq.scale<tensor, f32>,
  s02 = #zq.scale<1x16, f8E4M3FN>,
  s03 = #zq.scale<1x?, f16>,
  s04 = #zq.scale<128x128, f8E8M0FNU>,
  s05 = #zq.scale<1x128, bf16, zero>,
  s06 = #zq.scale<?x1x3, f8E5M2>,
  s07 = #zq.scale<16, f32>,
  s10 = #zq.quantize<si1>,
  s11 = #zq.quantize<ui8>,
  s12 = #zq.quantize<f4E2M1FN>,
  s13 = #zq.quantize<f6E2M3FN>,
  s14 = #zq.quantize<f6E3M2FN>,
  s15 = #zq.quantize<f8E4M3FN>,
  s16 = #zq.quantize<f8E5M2>,
  s20 = #zq.lookup<[-1.5, 0.0, 0.25]>,
  s30 = #zq.fields<bf16>,
  s31 = #zq.fields<f8E4M3FN, [pack]>,
  s40 = #zq.pack,
  s50 = #zq.huffman<chunk = 1024, length = 16>,
  s51 = #zq.window<bits = 3, chunk = 64>,
  s52 = #zq.window<bits = 4, base, chunk = 64>,
  s53 = #zq.window<bits = [2, 2, 1], chunk = 1048576>,
  s54 = #zq.rans<precision = 12, chunk = 64>,
  s55 = #zq.register_rans<lanes = 256, rows = 3>,
  s60 = #zq.custom<@lut3>,
  stream = #zq.stream<"bits" : i8, (d0, d1)[s0] -> (s0)>
}

//===----------------------------------------------------------------------===//
// Compressed tensors
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @encode(
// CHECK-SAME: %[[X:.*]]: tensor<64x64xf32>
func.func @encode(%x: tensor<64x64xf32>) -> !zq.tensor<64x64xf32, #q8> {
  // CHECK: zq.encode %[[X]] : tensor<64x64xf32> -> !zq.tensor<64x64xf32, #[[Q8]]>
  %w = zq.encode %x : tensor<64x64xf32> -> !zq.tensor<64x64xf32, #q8>
  return %w : !zq.tensor<64x64xf32, #q8>
}

// CHECK-LABEL: func.func @decode(
// CHECK-SAME: %[[W:.*]]: !zq.tensor<64x64xf32, #[[Q8]]>, %[[I:.*]]: index, %[[N:.*]]: index
func.func @decode(%w: !zq.tensor<64x64xf32, #q8>, %i: index, %n: index)
    -> (tensor<64x64xf32>, tensor<3x5xf32>, tensor<?x5xf32>) {
  %whole = tensor.empty() : tensor<64x64xf32>
  %small = tensor.empty() : tensor<3x5xf32>
  %dynamic = tensor.empty(%n) : tensor<?x5xf32>
  // CHECK: zq.decode %[[W]] at [0, 0] outs(%{{.*}} : tensor<64x64xf32>) : !zq.tensor<64x64xf32, #[[Q8]]> -> tensor<64x64xf32>
  %0 = zq.decode %w at [0, 0] outs(%whole : tensor<64x64xf32>)
      : !zq.tensor<64x64xf32, #q8> -> tensor<64x64xf32>
  // CHECK: zq.decode %[[W]] at [%[[I]], 59] outs(%{{.*}} : tensor<3x5xf32>)
  %1 = zq.decode %w at [%i, 59] outs(%small : tensor<3x5xf32>)
      : !zq.tensor<64x64xf32, #q8> -> tensor<3x5xf32>
  // CHECK: zq.decode %[[W]] at [%[[I]], %[[N]]] outs(%{{.*}} : tensor<?x5xf32>)
  %2 = zq.decode %w at [%i, %n] outs(%dynamic : tensor<?x5xf32>)
      : !zq.tensor<64x64xf32, #q8> -> tensor<?x5xf32>
  return %0, %1, %2 : tensor<64x64xf32>, tensor<3x5xf32>, tensor<?x5xf32>
}

// CHECK-LABEL: func.func @decode_nothing(
func.func @decode_nothing(%w: !zq.tensor<0x64xf32, #q8>) -> tensor<0x64xf32> {
  %e = tensor.empty() : tensor<0x64xf32>
  // CHECK: zq.decode %{{.*}} at [0, 0] outs(%{{.*}} : tensor<0x64xf32>)
  %d = zq.decode %w at [0, 0] outs(%e : tensor<0x64xf32>)
      : !zq.tensor<0x64xf32, #q8> -> tensor<0x64xf32>
  return %d : tensor<0x64xf32>
}

// CHECK-LABEL: func.func @decode_by_symbol(
// CHECK-SAME: %[[W:.*]]: !zq.tensor<4x128xf32, #[[LUT3]]>
func.func @decode_by_symbol(%w: !zq.tensor<4x128xf32, #lut3>)
    -> tensor<4x128xf32> {
  %e = tensor.empty() : tensor<4x128xf32>
  // CHECK: zq.decode %[[W]] using @lut3 at [0, 0] outs
  %d = zq.decode %w using @lut3 at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #lut3> -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

// CHECK-LABEL: func.func @decode_rotated_by_symbol(
// CHECK-SAME: !zq.tensor<4x128xf32, #[[ROTATED]]>
func.func @decode_rotated_by_symbol(%w: !zq.tensor<4x128xf32, #rotated_lut3>)
    -> tensor<4x128xf32> {
  %e = tensor.empty() : tensor<4x128xf32>
  // CHECK: zq.decode %{{.*}} using @lut3 at [0, 0]
  %d = zq.decode %w using @lut3 at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #rotated_lut3> -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

// Blocks that do not divide the shape have a partial one at the end.
// CHECK-LABEL: func.func @assemble_ragged(
// CHECK-SAME: %[[S:.*]]: tensor<1x1xf32>, %[[S1:.*]]: tensor<3x2xf8E4M3FN>, %[[C:.*]]: tensor<3x10xi8>
func.func @assemble_ragged(%s: tensor<1x1xf32>, %s1: tensor<3x2xf8E4M3FN>,
                           %c: tensor<3x10xi8>)
    -> !zq.tensor<3x19xf32, #zq.codec<nvfp4>> {
  // CHECK: zq.assemble %[[S]], %[[S1]], %[[C]] : tensor<1x1xf32>, tensor<3x2xf8E4M3FN>, tensor<3x10xi8> -> !zq.tensor<3x19xf32, #nvfp4>
  %w = zq.assemble %s, %s1, %c
      : tensor<1x1xf32>, tensor<3x2xf8E4M3FN>, tensor<3x10xi8>
      -> !zq.tensor<3x19xf32, #zq.codec<nvfp4>>
  return %w : !zq.tensor<3x19xf32, #zq.codec<nvfp4>>
}

// The length of the bit stream depends on the data.
// CHECK-LABEL: func.func @disassemble_entropy_coded(
// CHECK-SAME: %[[W:.*]]: !zq.tensor<3x1025xbf16, #bf16_huff>
func.func @disassemble_entropy_coded(
    %w: !zq.tensor<3x1025xbf16, #zq.codec<bf16_huff>>) -> tensor<?xi8> {
  // CHECK: %[[R:.*]]:4 = zq.disassemble %[[W]] : !zq.tensor<3x1025xbf16, #bf16_huff> -> tensor<3x1025xi8>, tensor<1024xi16>, tensor<3x2xi32>, tensor<?xi8>
  %r:4 = zq.disassemble %w : !zq.tensor<3x1025xbf16, #zq.codec<bf16_huff>>
      -> tensor<3x1025xi8>, tensor<1024xi16>, tensor<3x2xi32>, tensor<?xi8>
  // CHECK: return %[[R]]#3
  return %r#3 : tensor<?xi8>
}

// CHECK-LABEL: func.func @assemble_without_elements(
func.func @assemble_without_elements(%s: tensor<0x1xf32>, %c: tensor<0x20xi8>)
    -> !zq.tensor<0x20xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, pack>> {
  // CHECK: zq.assemble %{{.*}}, %{{.*}} : tensor<0x1xf32>, tensor<0x20xi8>
  %w = zq.assemble %s, %c : tensor<0x1xf32>, tensor<0x20xi8>
      -> !zq.tensor<0x20xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, pack>>
  return %w : !zq.tensor<0x20xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, pack>>
}

// CHECK-LABEL: func.func @rotate(
// CHECK-SAME: %[[X:.*]]: tensor<?x96xf32>, %[[E:.*]]: tensor<?x96xf32>
func.func @rotate(%x: tensor<?x96xf32>, %e: tensor<?x96xf32>)
    -> tensor<?x96xf32> {
  // CHECK: %[[Y:.*]] = zq.rotate %[[X]] by #zq.hadamard<axis = 1, block = 64, seed = 1> outs(%[[E]] : tensor<?x96xf32>) : tensor<?x96xf32> -> tensor<?x96xf32>
  %y = zq.rotate %x by #zq.hadamard<axis = 1, block = 64, seed = 1>
      outs(%e : tensor<?x96xf32>) : tensor<?x96xf32> -> tensor<?x96xf32>
  // CHECK: zq.rotate %[[Y]] by #zq.hadamard<axis = 1, block = 64, seed = 1> inverse outs(%[[E]] : tensor<?x96xf32>)
  %z = zq.rotate %y by #zq.hadamard<axis = 1, block = 64, seed = 1> inverse
      outs(%e : tensor<?x96xf32>) : tensor<?x96xf32> -> tensor<?x96xf32>
  return %z : tensor<?x96xf32>
}

//===----------------------------------------------------------------------===//
// Decoders and their vector operations
//===----------------------------------------------------------------------===//

// CHECK-LABEL: zq.decoder @lut3 block [1, 8] streams
// CHECK-SAME: #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 8) * 3)>
// CHECK-SAME: #zq.stream<"scale" : bf16, (d0, d1) -> (d0, d1 ceildiv 64)>
// CHECK-SAME: #zq.stream<"table" : f32, (d0, d1) -> (8)>
// CHECK-SAME: decode {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x?xi8>, %{{.*}}: tensor<?x?xbf16>, %{{.*}}: tensor<8xf32>, %{{.*}}: index, %{{.*}}: index):
zq.decoder @lut3 block [1, 8] streams [
  #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 8) * 3)>,
  #zq.stream<"scale" : bf16, (d0, d1) -> (d0, d1 ceildiv 64)>,
  #zq.stream<"table" : f32, (d0, d1) -> (8)>
] decode {
^bb0(%codes: tensor<?x?xi8>, %scale: tensor<?x?xbf16>, %table: tensor<8xf32>,
     %i: index, %j: index):
  %bytes = arith.constant dense<0> : vector<3xi8>
  %entries = arith.constant dense<0.0> : vector<8xf32>
  // CHECK: %[[C:.*]] = zq.unpack %{{.*}} bits 3 : vector<3xi8> -> vector<8xi8>
  %c = zq.unpack %bytes bits 3 : vector<3xi8> -> vector<8xi8>
  // CHECK: %[[V:.*]] = zq.lookup %[[C]] in %{{.*}} : vector<8xi8>, vector<8xf32> -> vector<8xf32>
  %v = zq.lookup %c in %entries : vector<8xi8>, vector<8xf32> -> vector<8xf32>
  %mask = arith.constant dense<true> : vector<8xi1>
  // CHECK: zq.expand %[[C]], %{{.*}}, %[[C]] : vector<8xi8>
  %w = zq.expand %c, %mask, %c : vector<8xi8>
  // CHECK: zq.yield %[[V]] : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// CHECK-LABEL: @sequential block [1, 2] chunk 6 streams
// CHECK: decode {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?xbf16>, %{{.*}}: index, %{{.*}}: index, %[[STATE:.*]]: i64):
// CHECK: zq.yield %{{.*}}, %[[STATE]] : vector<2xbf16>, i64
// CHECK: } init {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?xbf16>, %{{.*}}: index, %{{.*}}: index):
// CHECK: zq.yield %{{.*}} : i64
zq.decoder private @sequential block [1, 2] chunk 6 streams [
  #zq.stream<"values" : bf16, (d0, d1)[s0] -> (s0)>
] decode {
^bb0(%values: tensor<?xbf16>, %i: index, %j: index, %state: i64):
  %v = arith.constant dense<0.0> : vector<2xbf16>
  zq.yield %v, %state : vector<2xbf16>, i64
} init {
^bb0(%values: tensor<?xbf16>, %i: index, %j: index):
  %zero = arith.constant 0 : i64
  zq.yield %zero : i64
}

// CHECK-LABEL: func.func @vector_ops(
// CHECK-SAME: %[[B:.*]]: vector<5xi8>, %[[F16:.*]]: vector<2xf16>, %[[I8:.*]]: vector<256xi8>, %[[BF16:.*]]: vector<1xbf16>
func.func @vector_ops(%bytes: vector<5xi8>, %f16: vector<2xf16>,
                      %i8: vector<256xi8>, %bf16: vector<1xbf16>)
    -> (vector<8xf16>, vector<8xi8>, vector<8xbf16>) {
  // CHECK: %[[C:.*]] = zq.unpack %[[B]] bits 5 : vector<5xi8> -> vector<8xi8>
  %c = zq.unpack %bytes bits 5 : vector<5xi8> -> vector<8xi8>
  // CHECK: zq.lookup %[[C]] in %[[F16]] : vector<8xi8>, vector<2xf16> -> vector<8xf16>
  %0 = zq.lookup %c in %f16 : vector<8xi8>, vector<2xf16> -> vector<8xf16>
  // CHECK: zq.lookup %[[C]] in %[[I8]] : vector<8xi8>, vector<256xi8> -> vector<8xi8>
  %1 = zq.lookup %c in %i8 : vector<8xi8>, vector<256xi8> -> vector<8xi8>
  // CHECK: zq.lookup %[[C]] in %[[BF16]] : vector<8xi8>, vector<1xbf16> -> vector<8xbf16>
  %2 = zq.lookup %c in %bf16 : vector<8xi8>, vector<1xbf16> -> vector<8xbf16>
  return %0, %1, %2 : vector<8xf16>, vector<8xi8>, vector<8xbf16>
}

// CHECK-LABEL: func.func @tiles(
// CHECK-SAME: %[[X:[^:]*]]: tensor<40x64xf32>, %[[W:[^:]*]]: !zq.tensor
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @tiles(%x: tensor<40x64xf32>, %w: !w, %i: tensor<40x32xf32>) -> tensor<40x32xf32> {
  // CHECK: %[[T:.*]] = zq.tiles %[[X]] planes 2 steps 1 : tensor<40x64xf32> -> tensor<2x2x1x2x32x32xbf16>
  %t = zq.tiles %x planes 2 steps 1 : tensor<40x64xf32> -> tensor<2x2x1x2x32x32xbf16>
  // CHECK: zq.contract %[[T]] with %[[W]] lanes 16 planes 1 outs(%{{.*}} : tensor<40x32xf32>)
  %y = zq.contract %t with %w lanes 16 planes 1 outs(%i : tensor<40x32xf32>)
      : (tensor<2x2x1x2x32x32xbf16>), !w -> tensor<40x32xf32>
  return %y : tensor<40x32xf32>
}

// CHECK-LABEL: func.func @rounded(
func.func @rounded(%x: tensor<40x64xf32>, %w: !w, %i: tensor<40x32xf32>) -> tensor<40x32xf32> {
  %q, %s, %t, %u = zq.planes %x count 1 group 64 rows 10 offset 128
      : tensor<40x64xf32> -> tensor<4x16x1x10x4xi8>, tensor<4x1x10xf32>, tensor<4x1x10xi32>, tensor<4x1x10xf32>
  // CHECK: zq.contract %{{.*}} with %{{.*}} lanes 16 rounded outs(%{{.*}} : tensor<40x32xf32>)
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 rounded outs(%i : tensor<40x32xf32>)
      : (tensor<4x16x1x10x4xi8>, tensor<4x1x10xf32>, tensor<4x1x10xi32>, tensor<4x1x10xf32>), !w -> tensor<40x32xf32>
  return %y : tensor<40x32xf32>
}

// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:[^:]*]]: tensor<40x64xbf16>, %[[W:[^:]*]]: !zq.tensor
func.func @rows(%x: tensor<40x64xbf16>, %w: !zq.tensor<32x64xf32, #zq.codec<nvfp4>>, %d: tensor<48x64xbf16>,
                %i: tensor<40x32xf32>, %j: tensor<40x48xf32>) -> (tensor<40x32xf32>, tensor<40x48xf32>) {
  // CHECK: %[[T:.*]] = zq.tiles %[[X]] right planes 2 steps 1 : tensor<40x64xbf16> -> tensor<2x2x1x2x2x16x32xbf16>
  %t = zq.tiles %x right planes 2 steps 1 : tensor<40x64xbf16> -> tensor<2x2x1x2x2x16x32xbf16>
  // CHECK: zq.contract_rows %[[T]] with %[[W]] planes 3 outs(%{{.*}} : tensor<40x32xf32>)
  %y = zq.contract_rows %t with %w planes 3 outs(%i : tensor<40x32xf32>)
      : tensor<2x2x1x2x2x16x32xbf16>, !zq.tensor<32x64xf32, #zq.codec<nvfp4>> -> tensor<40x32xf32>
  // CHECK: %[[F:.*]] = zq.tiles %[[X]] right planes 1 steps 2 : tensor<40x64xbf16> -> tensor<1x2x2x1x2x32x16xf32>
  %f = zq.tiles %x right planes 1 steps 2 : tensor<40x64xbf16> -> tensor<1x2x2x1x2x32x16xf32>
  // CHECK: zq.contract_rows %[[F]] with %{{.*}} planes 1
  %z = zq.contract_rows %f with %d planes 1 outs(%j : tensor<40x48xf32>)
      : tensor<1x2x2x1x2x32x16xf32>, tensor<48x64xbf16> -> tensor<40x48xf32>
  return %y, %z : tensor<40x32xf32>, tensor<40x48xf32>
}

// CHECK-LABEL: func.func @part_of_rows(
// CHECK-SAME: %[[T:[^:]*]]: tensor{{.*}}, %[[W:[^:]*]]: tensor{{.*}}, %[[ROW:[^:]*]]: index
func.func @part_of_rows(%t: tensor<1x2x2x1x2x32x16xf32>, %w: tensor<48x64xf32>, %row: index, %i: tensor<40x16xf32>) -> tensor<40x16xf32> {
  // CHECK: zq.contract_rows %[[T]] with %[[W]] at %[[ROW]] planes 1 outs(%{{.*}} : tensor<40x16xf32>)
  %y = zq.contract_rows %t with %w at %row planes 1 outs(%i : tensor<40x16xf32>)
      : tensor<1x2x2x1x2x32x16xf32>, tensor<48x64xf32> -> tensor<40x16xf32>
  return %y : tensor<40x16xf32>
}

// CHECK-LABEL: func.func @part_of_contract(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x64xf32>, %[[W:[^:]*]]: !zq.tensor{{.*}}, %[[ROW:[^:]*]]: index
func.func @part_of_contract(%x: tensor<2x64xf32>, %w: !w, %row: index, %i: tensor<2x16xf32>) -> tensor<2x16xf32> {
  // CHECK: zq.contract %[[X]] with %[[W]] at %[[ROW]] lanes 16 outs(%{{.*}} : tensor<2x16xf32>)
  %y = zq.contract %x with %w at %row lanes 16 outs(%i : tensor<2x16xf32>) : (tensor<2x64xf32>), !w -> tensor<2x16xf32>
  return %y : tensor<2x16xf32>
}

// CHECK-LABEL: func.func @multiply_tiles(
func.func @multiply_tiles(%a: tensor<?x2x32x32xbf16>, %b: tensor<4x1x2x16x32xbf16>, %c: tensor<32x32xf32>,
                          %d: memref<4x2x32x32xbf16>, %e: memref<4x1x2x16x32xbf16>, %f: memref<32x32xf32>,
                          %v: vector<32xf32>, %fresh: i1, %n: memref<2x100xbf16>) -> (tensor<32x32xf32>, vector<32xbf16>) {
  // CHECK: zq.multiply_tiles %{{.*}}, %{{.*}} fresh %{{.*}} outs(%{{.*}}) : tensor<?x2x32x32xbf16>, tensor<4x1x2x16x32xbf16>, tensor<32x32xf32> -> tensor<32x32xf32>
  %y = zq.multiply_tiles %a, %b fresh %fresh outs(%c)
      : tensor<?x2x32x32xbf16>, tensor<4x1x2x16x32xbf16>, tensor<32x32xf32> -> tensor<32x32xf32>
  // CHECK: zq.multiply_tiles %{{.*}}, %{{.*}} fresh %{{.*}} outs(%{{.*}}) : memref<4x2x32x32xbf16>, memref<4x1x2x16x32xbf16>, memref<32x32xf32>
  zq.multiply_tiles %d, %e fresh %fresh outs(%f)
      : memref<4x2x32x32xbf16>, memref<4x1x2x16x32xbf16>, memref<32x32xf32>
  // CHECK: zq.multiply_tiles %{{.*}}, %{{.*}} fresh %{{.*}} ahead(%{{.*}} : memref<2x100xbf16>) outs(%{{.*}}) : memref<4x2x32x32xbf16>,
  zq.multiply_tiles %d, %e fresh %fresh ahead(%n : memref<2x100xbf16>) outs(%f)
      : memref<4x2x32x32xbf16>, memref<4x1x2x16x32xbf16>, memref<32x32xf32>
  // CHECK: zq.to_bf16 %{{.*}} : vector<32xf32>
  %r = zq.to_bf16 %v : vector<32xf32>
  return %y, %r : tensor<32x32xf32>, vector<32xbf16>
}
