// What folds, and what must not.
// RUN: zq-opt %s -canonicalize -split-input-file | FileCheck %s

#lossless = #zq.codec<bf16_huff>

// CHECK-LABEL: func.func @decode_of_encode_lossless(
// CHECK-SAME: %[[X:.*]]: tensor<8x70xbf16>
// CHECK-NEXT: return %[[X]]
func.func @decode_of_encode_lossless(%x: tensor<8x70xbf16>) -> tensor<8x70xbf16> {
  %e = tensor.empty() : tensor<8x70xbf16>
  %w = zq.encode %x : tensor<8x70xbf16> -> !zq.tensor<8x70xbf16, #lossless>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x70xbf16>)
      : !zq.tensor<8x70xbf16, #lossless> -> tensor<8x70xbf16>
  return %d : tensor<8x70xbf16>
}

// CHECK-LABEL: func.func @encode_of_decode_lossless(
// CHECK-SAME: %[[W:.*]]: !zq.tensor
// CHECK-NEXT: return %[[W]]
func.func @encode_of_decode_lossless(%w: !zq.tensor<8x70xbf16, #lossless>)
    -> !zq.tensor<8x70xbf16, #lossless> {
  %e = tensor.empty() : tensor<8x70xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x70xbf16>)
      : !zq.tensor<8x70xbf16, #lossless> -> tensor<8x70xbf16>
  %x = zq.encode %d : tensor<8x70xbf16> -> !zq.tensor<8x70xbf16, #lossless>
  return %x : !zq.tensor<8x70xbf16, #lossless>
}

// A codec of lossless stages is lossless, whatever stores the codes.
// CHECK-LABEL: func.func @decode_of_encode_packed_fields(
// CHECK-SAME: %[[X:.*]]: tensor<8x70xbf16>
// CHECK-NEXT: return %[[X]]
func.func @decode_of_encode_packed_fields(%x: tensor<8x70xbf16>) -> tensor<8x70xbf16> {
  %e = tensor.empty() : tensor<8x70xbf16>
  %w = zq.encode %x : tensor<8x70xbf16>
      -> !zq.tensor<8x70xbf16, #zq.codec<fields<bf16>, pack>>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x70xbf16>)
      : !zq.tensor<8x70xbf16, #zq.codec<fields<bf16>, pack>> -> tensor<8x70xbf16>
  return %d : tensor<8x70xbf16>
}

// -----

// Rounded on the way: nothing of this may fold.

#q8 = #zq.codec<quantize<si8>, pack>

// CHECK-LABEL: func.func @decode_of_encode_lossy(
// CHECK: zq.encode
// CHECK: %[[D:.*]] = zq.decode
// CHECK: return %[[D]]
func.func @decode_of_encode_lossy(%x: tensor<8x70xf32>) -> tensor<8x70xf32> {
  %e = tensor.empty() : tensor<8x70xf32>
  %w = zq.encode %x : tensor<8x70xf32> -> !zq.tensor<8x70xf32, #q8>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x70xf32>)
      : !zq.tensor<8x70xf32, #q8> -> tensor<8x70xf32>
  return %d : tensor<8x70xf32>
}

// Scales that are computed anew may differ.
// CHECK-LABEL: func.func @encode_of_decode_lossy(
// CHECK: zq.decode
// CHECK: %[[X:.*]] = zq.encode
// CHECK: return %[[X]]
func.func @encode_of_decode_lossy(%w: !zq.tensor<8x70xf32, #zq.codec<nvfp4>>)
    -> !zq.tensor<8x70xf32, #zq.codec<nvfp4>> {
  %e = tensor.empty() : tensor<8x70xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x70xf32>)
      : !zq.tensor<8x70xf32, #zq.codec<nvfp4>> -> tensor<8x70xf32>
  %x = zq.encode %d : tensor<8x70xf32> -> !zq.tensor<8x70xf32, #zq.codec<nvfp4>>
  return %x : !zq.tensor<8x70xf32, #zq.codec<nvfp4>>
}

// A rotation rounds.
// CHECK-LABEL: func.func @decode_of_encode_rotated(
// CHECK: zq.encode
// CHECK: zq.decode
func.func @decode_of_encode_rotated(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %e = tensor.empty() : tensor<8x64xf32>
  %w = zq.encode %x : tensor<8x64xf32>
      -> !zq.tensor<8x64xf32, #zq.codec<hadamard<axis = 1, block = 64, seed = 1>, quantize<f8E5M2>, pack>>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x64xf32>)
      : !zq.tensor<8x64xf32, #zq.codec<hadamard<axis = 1, block = 64, seed = 1>, quantize<f8E5M2>, pack>> -> tensor<8x64xf32>
  return %d : tensor<8x64xf32>
}

// -----

// Not the whole tensor, or not the same codec.

#lossless = #zq.codec<bf16_huff>

// CHECK-LABEL: func.func @decode_of_a_window(
// CHECK: zq.encode
// CHECK: zq.decode
func.func @decode_of_a_window(%x: tensor<8x70xbf16>) -> tensor<8x35xbf16> {
  %e = tensor.empty() : tensor<8x35xbf16>
  %w = zq.encode %x : tensor<8x70xbf16> -> !zq.tensor<8x70xbf16, #lossless>
  %d = zq.decode %w at [0, 35] outs(%e : tensor<8x35xbf16>)
      : !zq.tensor<8x70xbf16, #lossless> -> tensor<8x35xbf16>
  return %d : tensor<8x35xbf16>
}

// Offsets that are not known need not be zero.
// CHECK-LABEL: func.func @decode_at_a_dynamic_offset(
// CHECK: zq.encode
// CHECK: zq.decode
func.func @decode_at_a_dynamic_offset(%x: tensor<8x70xbf16>, %i: index)
    -> tensor<8x70xbf16> {
  %e = tensor.empty() : tensor<8x70xbf16>
  %w = zq.encode %x : tensor<8x70xbf16> -> !zq.tensor<8x70xbf16, #lossless>
  %d = zq.decode %w at [%i, 0] outs(%e : tensor<8x70xbf16>)
      : !zq.tensor<8x70xbf16, #lossless> -> tensor<8x70xbf16>
  return %d : tensor<8x70xbf16>
}

// CHECK-LABEL: func.func @decode_of_a_dynamic_size(
// CHECK: zq.encode
// CHECK: zq.decode
func.func @decode_of_a_dynamic_size(%x: tensor<8x70xbf16>, %n: index)
    -> tensor<?x70xbf16> {
  %e = tensor.empty(%n) : tensor<?x70xbf16>
  %w = zq.encode %x : tensor<8x70xbf16> -> !zq.tensor<8x70xbf16, #lossless>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<?x70xbf16>)
      : !zq.tensor<8x70xbf16, #lossless> -> tensor<?x70xbf16>
  return %d : tensor<?x70xbf16>
}

// CHECK-LABEL: func.func @encode_of_a_window(
// CHECK: zq.decode
// CHECK: zq.encode
func.func @encode_of_a_window(%w: !zq.tensor<8x70xbf16, #lossless>)
    -> !zq.tensor<8x35xbf16, #lossless> {
  %e = tensor.empty() : tensor<8x35xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x35xbf16>)
      : !zq.tensor<8x70xbf16, #lossless> -> tensor<8x35xbf16>
  %x = zq.encode %d : tensor<8x35xbf16> -> !zq.tensor<8x35xbf16, #lossless>
  return %x : !zq.tensor<8x35xbf16, #lossless>
}

// CHECK-LABEL: func.func @encode_to_another_codec(
// CHECK: zq.decode
// CHECK: zq.encode
func.func @encode_to_another_codec(%w: !zq.tensor<8x70xbf16, #lossless>)
    -> !zq.tensor<8x70xbf16, #zq.codec<fields<bf16>, pack>> {
  %e = tensor.empty() : tensor<8x70xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x70xbf16>)
      : !zq.tensor<8x70xbf16, #lossless> -> tensor<8x70xbf16>
  %x = zq.encode %d : tensor<8x70xbf16>
      -> !zq.tensor<8x70xbf16, #zq.codec<fields<bf16>, pack>>
  return %x : !zq.tensor<8x70xbf16, #zq.codec<fields<bf16>, pack>>
}

// -----

#q8 = #zq.codec<scale<1x16, f32>, quantize<si8>, pack>

// CHECK-LABEL: func.func @disassemble_of_assemble(
// CHECK-SAME: %[[S:.*]]: tensor<8x5xf32>, %[[C:.*]]: tensor<8x70xi8>
// CHECK-NEXT: return %[[C]], %[[S]]
func.func @disassemble_of_assemble(%s: tensor<8x5xf32>, %c: tensor<8x70xi8>)
    -> (tensor<8x70xi8>, tensor<8x5xf32>) {
  %w = zq.assemble %s, %c : tensor<8x5xf32>, tensor<8x70xi8>
      -> !zq.tensor<8x70xf32, #q8>
  %r:2 = zq.disassemble %w : !zq.tensor<8x70xf32, #q8>
      -> tensor<8x5xf32>, tensor<8x70xi8>
  return %r#1, %r#0 : tensor<8x70xi8>, tensor<8x5xf32>
}

// CHECK-LABEL: func.func @assemble_of_disassemble(
// CHECK-SAME: %[[W:.*]]: !zq.tensor
// CHECK-NEXT: return %[[W]]
func.func @assemble_of_disassemble(%w: !zq.tensor<8x70xf32, #q8>)
    -> !zq.tensor<8x70xf32, #q8> {
  %r:2 = zq.disassemble %w : !zq.tensor<8x70xf32, #q8>
      -> tensor<8x5xf32>, tensor<8x70xi8>
  %x = zq.assemble %r#0, %r#1 : tensor<8x5xf32>, tensor<8x70xi8>
      -> !zq.tensor<8x70xf32, #q8>
  return %x : !zq.tensor<8x70xf32, #q8>
}

// The same streams may mean something else.
// CHECK-LABEL: func.func @assemble_to_another_codec(
// CHECK: zq.disassemble
// CHECK: zq.assemble
func.func @assemble_to_another_codec(%w: !zq.tensor<8x70xf32, #q8>)
    -> !zq.tensor<8x70xf32, #zq.codec<scale<1x16, f32>, quantize<ui8>, pack>> {
  %r:2 = zq.disassemble %w : !zq.tensor<8x70xf32, #q8>
      -> tensor<8x5xf32>, tensor<8x70xi8>
  %x = zq.assemble %r#0, %r#1 : tensor<8x5xf32>, tensor<8x70xi8>
      -> !zq.tensor<8x70xf32, #zq.codec<scale<1x16, f32>, quantize<ui8>, pack>>
  return %x : !zq.tensor<8x70xf32, #zq.codec<scale<1x16, f32>, quantize<ui8>, pack>>
}

// CHECK-LABEL: func.func @assemble_of_two_tensors(
// CHECK: zq.disassemble
// CHECK: zq.disassemble
// CHECK: zq.assemble
func.func @assemble_of_two_tensors(%v: !zq.tensor<8x70xf32, #q8>,
                                   %w: !zq.tensor<8x70xf32, #q8>)
    -> !zq.tensor<8x70xf32, #q8> {
  %r:2 = zq.disassemble %v : !zq.tensor<8x70xf32, #q8>
      -> tensor<8x5xf32>, tensor<8x70xi8>
  %s:2 = zq.disassemble %w : !zq.tensor<8x70xf32, #q8>
      -> tensor<8x5xf32>, tensor<8x70xi8>
  %x = zq.assemble %r#0, %s#1 : tensor<8x5xf32>, tensor<8x70xi8>
      -> !zq.tensor<8x70xf32, #q8>
  return %x : !zq.tensor<8x70xf32, #q8>
}

// Streams of one type, but in another order.
#two = #zq.codec<scale<1x?, f32>, scale<1x?, f32>, quantize<si8>, pack>
// CHECK-LABEL: func.func @assemble_in_another_order(
// CHECK: zq.disassemble
// CHECK: zq.assemble
func.func @assemble_in_another_order(%w: !zq.tensor<8x70xf32, #two>)
    -> !zq.tensor<8x70xf32, #two> {
  %r:3 = zq.disassemble %w : !zq.tensor<8x70xf32, #two>
      -> tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x70xi8>
  %x = zq.assemble %r#1, %r#0, %r#2
      : tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x70xi8>
      -> !zq.tensor<8x70xf32, #two>
  return %x : !zq.tensor<8x70xf32, #two>
}
