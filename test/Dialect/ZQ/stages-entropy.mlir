// The text form of entropy stages and fields, their streams and what their
// decoders keep.
// RUN: zq-opt %s | zq-opt | FileCheck %s
// RUN: zq-opt %s --zq-materialize-decoders=width=16 --canonicalize | FileCheck %s --check-prefix=DECODER

// Windows of one width are written without brackets.
// CHECK-DAG: = #zq.codec<fields<bf16>, window<bits = 3, chunk = 64>>{{$}}
// CHECK-DAG: = #zq.codec<fields<bf16>, window<bits = 4, base, chunk = 128>>{{$}}
// CHECK-DAG: = #zq.codec<fields<bf16, [pack]>, window<bits = [2, 3], chunk = 64>>{{$}}
func.func private @windows(
    !zq.tensor<4x64xbf16, #zq.codec<fields<bf16>, window<bits = [3], chunk = 64>>>,
    !zq.tensor<4x64xbf16, #zq.codec<fields<bf16>, window<bits = 4, base, chunk = 128>>>,
    !zq.tensor<4x64xbf16, #zq.codec<fields<bf16, [pack]>, window<bits = [2, 3], chunk = 64>>>)

// Fields of codes go on in codes of as many bits as there are in an exponent.
// CHECK-DAG: = #zq.codec<quantize<f8E5M2>, fields<f8E5M2, [pack]>, rans<precision = 5, chunk = 64>>{{$}}
// CHECK-DAG: = #zq.codec<quantize<f4E2M1FN>, fields<f4E2M1FN>, register_rans<lanes = 32, rows = 1>>{{$}}
func.func private @fields_of_codes(
    !zq.tensor<4x64xf32, #zq.codec<quantize<f8E5M2>, fields<f8E5M2, [pack]>, rans<precision = 5, chunk = 64>>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<f4E2M1FN>, fields<f4E2M1FN>, register_rans<lanes = 32, rows = 1>>>)

// Planes of codes: the lowest bits have streams of their own.
// CHECK-DAG: = #zq.codec<quantize<si8>, planes<low = 4, [pack]>, huffman<chunk = 64, length = 8>>{{$}}
// CHECK-DAG: = #zq.codec<quantize<si6>, planes<low = 2>, planes<low = 2, [pack]>, pack>{{$}}
func.func private @planes(
    !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, planes<low = 4, [pack]>, huffman<chunk = 64, length = 8>>>,
    !zq.tensor<4x64xf32, #zq.codec<quantize<si6>, planes<low = 2>, planes<low = 2, [pack]>, pack>>)

// CHECK-LABEL: @planes_decoded
// DECODER: zq.decoder private @decode_4x64xf32
// DECODER-SAME: #zq.stream<"low" : i8, (d0, d1) -> (d0, d1)>
// DECODER-SAME: #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 * 6) ceildiv 8)>
// DECODER-DAG: %[[MASK:.*]] = arith.constant dense<3>
// DECODER-DAG: %[[TWO:.*]] = arith.constant dense<2>
// DECODER: %[[HIGH:.*]] = zq.unpack
// DECODER: %[[LOW:.*]] = arith.andi %{{.*}}, %[[MASK]]
// DECODER: %[[UP:.*]] = arith.shli %[[HIGH]], %[[TWO]]
// DECODER: arith.ori %[[UP]], %[[LOW]]
func.func @planes_decoded(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, planes<low = 2>, pack>>)
    -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, planes<low = 2>, pack>> -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// An index entry for each window but the first, and for the escapes. The state
// is a place in each of these streams.
// CHECK-LABEL: @window_streams
// DECODER: zq.decoder private @decode_6x200xbf16_w64 block [1, 64] chunk 64
// DECODER-SAME: #zq.stream<"sign_mantissa.codes" : i8, (d0, d1) -> (d0, d1)>
// DECODER-SAME: #zq.stream<"palette" : i8, (d0, d1) -> (9)>
// DECODER-SAME: #zq.stream<"offsets" : i32, (d0, d1) -> (d0, d1 ceildiv 64, 3)>
// DECODER-SAME: #zq.stream<"nested" : i8, (d0, d1)[s0] -> (s0)>
// DECODER-SAME: #zq.stream<"nested1" : i8, (d0, d1)[s0] -> (s0)>
// DECODER-SAME: #zq.stream<"escapes" : i8, (d0, d1)[s0] -> (s0)>
// DECODER-SAME: #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 * 2) ceildiv 8)>
// DECODER: %[[FIRST:.*]] = zq.unpack %{{.*}} bits 2 : vector<16xi8> -> vector<64xi8>
// DECODER: %[[ESCAPED:.*]] = arith.cmpi eq, %[[FIRST]]
// DECODER: %[[CODES:.*]] = zq.unpack %{{.*}} bits 2 : vector<16xi8> -> vector<64xi8>
// DECODER: %[[SECOND:.*]] = zq.expand %[[CODES]], %[[ESCAPED]]
// DECODER: arith.addi %[[FIRST]], %[[SECOND]]
// DECODER: %[[SYMBOLS:.*]] = zq.lookup %{{.*}} in %{{.*}} : vector<64xi8>, vector<16xi8> -> vector<64xi8>
// DECODER: tensor.dim %[[ESCAPES:.*]], %c0
// DECODER: zq.expand %{{.*}}, %{{.*}}, %[[SYMBOLS]]
// DECODER: zq.yield %{{.*}} : vector<64xbf16>, index, index, index
func.func @window_streams(%w: !zq.tensor<6x200xbf16, #zq.codec<fields<bf16, [pack]>, window<bits = [2, 2, 2], chunk = 64>>>)
    -> tensor<6x200xbf16> {
  %e = tensor.empty() : tensor<6x200xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<6x200xbf16>)
      : !zq.tensor<6x200xbf16, #zq.codec<fields<bf16, [pack]>, window<bits = [2, 2, 2], chunk = 64>>>
      -> tensor<6x200xbf16>
  return %d : tensor<6x200xbf16>
}

// A base is added, not looked up.
// CHECK-LABEL: @window_with_base
// DECODER: zq.decoder private @decode_6x201xbf16_w64
// DECODER-SAME: #zq.stream<"base" : i8, (d0, d1) -> (1)>
// DECODER-SAME: #zq.stream<"offsets" : i32, (d0, d1) -> (d0, d1 ceildiv 64, 1)>
// DECODER: %[[CODES:.*]] = zq.unpack %{{.*}} bits 3
// DECODER-NOT: zq.lookup
// DECODER: zq.yield %{{.*}} : vector<64xbf16>, index
func.func @window_with_base(%w: !zq.tensor<6x201xbf16, #zq.codec<fields<bf16>, window<bits = 3, base, chunk = 64>>>)
    -> tensor<6x201xbf16> {
  %e = tensor.empty() : tensor<6x201xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<6x201xbf16>)
      : !zq.tensor<6x201xbf16, #zq.codec<fields<bf16>, window<bits = 3, base, chunk = 64>>>
      -> tensor<6x201xbf16>
  return %d : tensor<6x201xbf16>
}

// Blocks of a symbol for each lane.
// CHECK-LABEL: @rans_streams
// DECODER: zq.decoder private @decode_6x202xf32_w32 block [1, 32] chunk 128
// DECODER-SAME: #zq.stream<"table" : i32, (d0, d1) -> (512)>
// DECODER-SAME: #zq.stream<"offsets" : i32, (d0, d1) -> (d0, d1 ceildiv 128)>
// DECODER-SAME: #zq.stream<"words" : i16, (d0, d1)[s0] -> (s0)>
// DECODER: zq.yield %{{.*}} : vector<32xf32>, vector<32xi32>, index
func.func @rans_streams(%w: !zq.tensor<6x202xf32, #zq.codec<quantize<si4>, rans<precision = 9, chunk = 128>>>)
    -> tensor<6x202xf32> {
  %e = tensor.empty() : tensor<6x202xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<6x202xf32>)
      : !zq.tensor<6x202xf32, #zq.codec<quantize<si4>, rans<precision = 9, chunk = 128>>>
      -> tensor<6x202xf32>
  return %d : tensor<6x202xf32>
}

// Symbols of up to 4 bits have no escapes. To reach a row, those of the chunk
// before it are decoded.
// CHECK-LABEL: @register_rans_streams
// DECODER: zq.decoder private @decode_6x203xf32_w64 block [1, 64]
// DECODER-SAME: #zq.stream<"frequencies" : i8, (d0, d1) -> (16)>
// DECODER-SAME: #zq.stream<"offsets" : i32, (d0, d1) -> (d0 ceildiv 2, 1)>
// DECODER-SAME: #zq.stream<"bits" : i8, (d0, d1)[s0] -> (s0)>
// DECODER: zq.yield %{{.*}} : vector<64xf32>, vector<64xi8>, vector<64xi8>, index
// DECODER: init
// DECODER: %[[BEFORE:.*]] = arith.remui %{{.*}}, %c2
// DECODER: scf.for %{{.*}} = %c0 to %[[BEFORE]]
// DECODER: zq.yield %{{.*}} : vector<64xi8>, vector<64xi8>, index
func.func @register_rans_streams(%w: !zq.tensor<6x203xf32, #zq.codec<quantize<si4>, register_rans<lanes = 64, rows = 2>>>)
    -> tensor<6x203xf32> {
  %e = tensor.empty() : tensor<6x203xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<6x203xf32>)
      : !zq.tensor<6x203xf32, #zq.codec<quantize<si4>, register_rans<lanes = 64, rows = 2>>>
      -> tensor<6x203xf32>
  return %d : tensor<6x203xf32>
}

// CHECK-LABEL: @register_rans_with_escapes
// DECODER: zq.decoder private @decode_6x204xbf16_w64 block [1, 64]
// DECODER-SAME: #zq.stream<"frequencies" : i8, (d0, d1) -> (16)>
// DECODER-SAME: #zq.stream<"offsets" : i32, (d0, d1) -> (d0, 2)>
// DECODER-SAME: #zq.stream<"palette" : i8, (d0, d1) -> (16)>
// DECODER-SAME: #zq.stream<"escapes" : i8, (d0, d1)[s0] -> (s0)>
// DECODER-SAME: #zq.stream<"bits" : i8, (d0, d1)[s0] -> (s0)>
// DECODER: zq.yield %{{.*}} : vector<64xbf16>, vector<64xi8>, vector<64xi8>, index, index
// DECODER: init
// DECODER-NOT: scf.for
// DECODER: zq.yield
func.func @register_rans_with_escapes(%w: !zq.tensor<6x204xbf16, #zq.codec<fields<bf16>, register_rans<lanes = 64, rows = 1>>>)
    -> tensor<6x204xbf16> {
  %e = tensor.empty() : tensor<6x204xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<6x204xbf16>)
      : !zq.tensor<6x204xbf16, #zq.codec<fields<bf16>, register_rans<lanes = 64, rows = 1>>>
      -> tensor<6x204xbf16>
  return %d : tensor<6x204xbf16>
}

// The streams are those of a matrix with a row for each panel. A row is decoded
// with those beside it, and taken out by its place in its panel.
// CHECK-LABEL: @panels_streams
// DECODER: zq.decoder private @decode_37x203xf32
// DECODER-SAME: #zq.stream<"offsets" : i32, (d0, d1) -> (d0 ceildiv 16, 1)>
// DECODER: %[[ROW:.*]] = arith.remui %{{.*}}, %c16
// DECODER: vector.extract %{{.*}}[%[[ROW]]] : i32 from vector<16xi32>
func.func @panels_streams(%w: !zq.tensor<37x203xf32, #zq.codec<quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>>)
    -> tensor<37x203xf32> {
  %e = tensor.empty() : tensor<37x203xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<37x203xf32>)
      : !zq.tensor<37x203xf32, #zq.codec<quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>>
      -> tensor<37x203xf32>
  return %d : tensor<37x203xf32>
}
