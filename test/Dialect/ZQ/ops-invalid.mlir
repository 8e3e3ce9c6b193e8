// Every error of the ops on compressed tensors, by its label and with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

//===----------------------------------------------------------------------===//
// (E1): zq.encode
//===----------------------------------------------------------------------===//

// Another shape.
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{(E1) encodes 'tensor<4x8xf32>' to a tensor of 'tensor<4x4xf32>'}}
  %w = zq.encode %x : tensor<4x8xf32> -> !zq.tensor<4x4xf32, #zq.codec<quantize<si8>, pack>>
  return
}

// -----

// Another element type.
func.func @f(%x: tensor<4x4xf16>) {
  // expected-error @+1 {{(E1) encodes 'tensor<4x4xf16>' to a tensor of 'tensor<4x4xf32>'}}
  %w = zq.encode %x : tensor<4x4xf16> -> !zq.tensor<4x4xf32, #zq.codec<quantize<si8>, pack>>
  return
}

// -----

// A dynamic source.
func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{(E1) encodes 'tensor<?x4xf32>' to a tensor of 'tensor<4x4xf32>'}}
  %w = zq.encode %x : tensor<?x4xf32> -> !zq.tensor<4x4xf32, #zq.codec<quantize<si8>, pack>>
  return
}

// -----

// A dense result.
func.func @f(%x: tensor<4x4xf32>) {
  // expected-error @+1 {{result #0 must be compressed tensor, but got 'tensor<4x4xf32>'}}
  %w = zq.encode %x : tensor<4x4xf32> -> tensor<4x4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// (D1) to (D5): zq.decode
//===----------------------------------------------------------------------===//

// Too few offsets.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D1) has 1 offsets for a tensor of rank 2}}
  %d = zq.decode %w at [0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x64xf32>
  return
}

// -----

// Too many offsets.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D1) has 3 offsets for a tensor of rank 2}}
  %d = zq.decode %w at [0, %i, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x64xf32>
  return
}

// -----

// A window of another rank.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<64xf32>, %i: index) {
  // expected-error @+1 {{(D2) decodes a window of 'tensor<4x64xf32>' into 'tensor<64xf32>'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<64xf32>
  return
}

// -----

// A window of another element type.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x64xf16>, %i: index) {
  // expected-error @+1 {{(D2) decodes a window of 'tensor<4x64xf32>' into 'tensor<4x64xf16>'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf16>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x64xf16>
  return
}

// -----

// A result that is not the destination's type.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x32xf32>, %i: index) {
  // expected-error @+1 {{(D2) decodes a window of 'tensor<4x64xf32>' into 'tensor<4x16xf32>'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x16xf32>
  return
}

// -----

// An offset and a size that end outside.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x5xf32>, %i: index) {
  // expected-error @+1 {{(D3) the window leaves the tensor along dimension 1: offset 60, size 5, bound 64}}
  %d = zq.decode %w at [0, 60] outs(%e : tensor<4x5xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x5xf32>
  return
}

// -----

// A size that no offset makes fit.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<5x64xf32>, %i: index) {
  // expected-error @+1 {{(D3) the window leaves the tensor along dimension 0: offset ?, size 5, bound 4}}
  %d = zq.decode %w at [%i, 0] outs(%e : tensor<5x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<5x64xf32>
  return
}

// -----

// A negative offset.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<1x1xf32>, %i: index) {
  // expected-error @+1 {{(D3) the window leaves the tensor along dimension 0: offset -1, size 1, bound 4}}
  %d = zq.decode %w at [-1, 0] outs(%e : tensor<1x1xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<1x1xf32>
  return
}

// -----

// An offset outside, whatever the size.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<?x1xf32>, %i: index) {
  // expected-error @+1 {{(D3) the window leaves the tensor along dimension 0: offset 5, size ?, bound 4}}
  %d = zq.decode %w at [5, 0] outs(%e : tensor<?x1xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<?x1xf32>
  return
}

// -----

// A decoder that does not exist.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D4) there is no zq.decoder @missing}}
  %d = zq.decode %w using @missing at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x64xf32>
  return
}

// -----

// A symbol that is no decoder.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D4) there is no zq.decoder @f}}
  %d = zq.decode %w using @f at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x64xf32>
  return
}

// -----

// The codec's own decoder does not exist.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<@missing>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D4) the codec's decoder @missing does not exist or has another rank than the tensor}}
  %d = zq.decode %w using @one at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<@missing>> -> tensor<4x64xf32>
  return
}

zq.decoder @one block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%s: tensor<?x?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// Fewer streams than the codec has.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32>, quantize<si8>, pack>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D4) decoder @one does not read the codec's streams}}
  %d = zq.decode %w using @one at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<scale<tensor, f32>, quantize<si8>, pack>> -> tensor<4x64xf32>
  return
}

zq.decoder @one block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%s: tensor<?x?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A stream of another element type.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D4) decoder @one reads stream "codes" as 'tensor<4x64xi16>', the codec stores 'tensor<4x64xi8>'}}
  %d = zq.decode %w using @one at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x64xf32>
  return
}

zq.decoder @one block [1, 8] streams [#zq.stream<"codes" : i16, (d0, d1) -> (d0, d1)>] decode {
^bb0(%s: tensor<?x?xi16>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A stream of another shape.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D4) decoder @one reads stream "codes" as 'tensor<4x32xi8>', the codec stores 'tensor<4x64xi8>'}}
  %d = zq.decode %w using @one at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x64xf32>
  return
}

zq.decoder @one block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1 floordiv 2)>] decode {
^bb0(%s: tensor<?x?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A decoder for another rank.
func.func @f(%w: !zq.tensor<64xf32, #zq.codec<quantize<si8>, pack>>, %e: tensor<64xf32>) {
  // expected-error @+1 {{(D4) decoder @one does not read the codec's streams}}
  %d = zq.decode %w using @one at [0] outs(%e : tensor<64xf32>)
      : !zq.tensor<64xf32, #zq.codec<quantize<si8>, pack>> -> tensor<64xf32>
  return
}

zq.decoder @one block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%s: tensor<?x?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A codec's decoder that the op does not name.
func.func @f(%w: !zq.tensor<4x64xf32, #zq.codec<@one>>, %e: tensor<4x64xf32>, %i: index) {
  // expected-error @+1 {{(D5) the codec names the decoder @one, so the op says 'using @one'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<@one>> -> tensor<4x64xf32>
  return
}

zq.decoder @one block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%s: tensor<?x?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

//===----------------------------------------------------------------------===//
// (A1), (S1): zq.assemble, zq.disassemble
//===----------------------------------------------------------------------===//

// Too few streams.
func.func @f(%s0: tensor<4x2xbf16>) {
  // expected-error @+1 {{(A1) the codec has 2 streams, and not 1}}
  %w = zq.assemble %s0 : tensor<4x2xbf16>
      -> !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
  return
}

// -----

// Too few streams.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>) {
  // expected-error @+1 {{(S1) the codec has 2 streams, and not 1}}
  %s = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
      -> tensor<4x2xbf16>
  return
}

// -----

// Too many streams.
func.func @f(%s0: tensor<4x2xbf16>, %s1: tensor<4x8xi8>, %s2: tensor<1xi8>) {
  // expected-error @+1 {{(A1) the codec has 2 streams, and not 3}}
  %w = zq.assemble %s0, %s1, %s2 : tensor<4x2xbf16>, tensor<4x8xi8>, tensor<1xi8>
      -> !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
  return
}

// -----

// Too many streams.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>) {
  // expected-error @+1 {{(S1) the codec has 2 streams, and not 3}}
  %s:3 = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
      -> tensor<4x2xbf16>, tensor<4x8xi8>, tensor<1xi8>
  return
}

// -----

// Streams in the wrong order.
func.func @f(%s0: tensor<4x8xi8>, %s1: tensor<4x2xbf16>) {
  // expected-error @+1 {{(A1) stream 0, "scale", is 'tensor<4x2xbf16>', and not 'tensor<4x8xi8>'}}
  %w = zq.assemble %s0, %s1 : tensor<4x8xi8>, tensor<4x2xbf16>
      -> !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
  return
}

// -----

// Streams in the wrong order.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>) {
  // expected-error @+1 {{(S1) stream 0, "scale", is 'tensor<4x2xbf16>', and not 'tensor<4x8xi8>'}}
  %s:2 = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
      -> tensor<4x8xi8>, tensor<4x2xbf16>
  return
}

// -----

// Scales without those of the last, partial block.
func.func @f(%s0: tensor<4x1xbf16>, %s1: tensor<4x8xi8>) {
  // expected-error @+1 {{(A1) stream 0, "scale", is 'tensor<4x2xbf16>', and not 'tensor<4x1xbf16>'}}
  %w = zq.assemble %s0, %s1 : tensor<4x1xbf16>, tensor<4x8xi8>
      -> !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
  return
}

// -----

// Scales without those of the last, partial block.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>) {
  // expected-error @+1 {{(S1) stream 0, "scale", is 'tensor<4x2xbf16>', and not 'tensor<4x1xbf16>'}}
  %s:2 = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
      -> tensor<4x1xbf16>, tensor<4x8xi8>
  return
}

// -----

// Codes that are not packed.
func.func @f(%s0: tensor<4x2xbf16>, %s1: tensor<4x20xi8>) {
  // expected-error @+1 {{(A1) stream 1, "codes", is 'tensor<4x8xi8>', and not 'tensor<4x20xi8>'}}
  %w = zq.assemble %s0, %s1 : tensor<4x2xbf16>, tensor<4x20xi8>
      -> !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
  return
}

// -----

// Codes that are not packed.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>) {
  // expected-error @+1 {{(S1) stream 1, "codes", is 'tensor<4x8xi8>', and not 'tensor<4x20xi8>'}}
  %s:2 = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
      -> tensor<4x2xbf16>, tensor<4x20xi8>
  return
}

// -----

// A size that is known but not given.
func.func @f(%s0: tensor<4x2xbf16>, %s1: tensor<4x?xi8>) {
  // expected-error @+1 {{(A1) stream 1, "codes", is 'tensor<4x8xi8>', and not 'tensor<4x?xi8>'}}
  %w = zq.assemble %s0, %s1 : tensor<4x2xbf16>, tensor<4x?xi8>
      -> !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
  return
}

// -----

// A size that is known but not given.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>) {
  // expected-error @+1 {{(S1) stream 1, "codes", is 'tensor<4x8xi8>', and not 'tensor<4x?xi8>'}}
  %s:2 = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<scale<1x16, bf16>, quantize<si3>, pack>>
      -> tensor<4x2xbf16>, tensor<4x?xi8>
  return
}

// -----

// A size that depends on the data, but is given.
func.func @f(%s0: tensor<256xi16>, %s1: tensor<4x1xi32>, %s2: tensor<100xi8>) {
  // expected-error @+1 {{(A1) stream 2, "bits", is 'tensor<?xi8>', and not 'tensor<100xi8>'}}
  %w = zq.assemble %s0, %s1, %s2 : tensor<256xi16>, tensor<4x1xi32>, tensor<100xi8>
      -> !zq.tensor<4x20xf32, #zq.codec<quantize<si8>, huffman<chunk = 64, length = 8>>>
  return
}

// -----

// A size that depends on the data, but is given.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<quantize<si8>, huffman<chunk = 64, length = 8>>>) {
  // expected-error @+1 {{(S1) stream 2, "bits", is 'tensor<?xi8>', and not 'tensor<100xi8>'}}
  %s:3 = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<quantize<si8>, huffman<chunk = 64, length = 8>>>
      -> tensor<256xi16>, tensor<4x1xi32>, tensor<100xi8>
  return
}

// -----

// Two scales have names of their own.
func.func @f(%s0: tensor<1x1xf32>, %s1: tensor<1x1xf32>, %s2: tensor<4x20xi8>) {
  // expected-error @+1 {{(A1) stream 1, "scale1", is 'tensor<4x1xf32>', and not 'tensor<1x1xf32>'}}
  %w = zq.assemble %s0, %s1, %s2 : tensor<1x1xf32>, tensor<1x1xf32>, tensor<4x20xi8>
      -> !zq.tensor<4x20xf32, #zq.codec<scale<tensor, f32>, scale<1x?, f32>, quantize<si8>, pack>>
  return
}

// -----

// Two scales have names of their own.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<scale<tensor, f32>, scale<1x?, f32>, quantize<si8>, pack>>) {
  // expected-error @+1 {{(S1) stream 1, "scale1", is 'tensor<4x1xf32>', and not 'tensor<1x1xf32>'}}
  %s:3 = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<scale<tensor, f32>, scale<1x?, f32>, quantize<si8>, pack>>
      -> tensor<1x1xf32>, tensor<1x1xf32>, tensor<4x20xi8>
  return
}

// -----

// A decoder that does not exist.
func.func @f(%s0: tensor<4x20xi8>) {
  // expected-error @+1 {{(A1) the codec's decoder @missing does not exist or has another rank than the tensor}}
  %w = zq.assemble %s0 : tensor<4x20xi8>
      -> !zq.tensor<4x20xf32, #zq.codec<@missing>>
  return
}

// -----

// A decoder that does not exist.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<@missing>>) {
  // expected-error @+1 {{(S1) the codec's decoder @missing does not exist or has another rank than the tensor}}
  %s = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<@missing>>
      -> tensor<4x20xi8>
  return
}

// -----

// A decoder of another rank.
func.func @f(%s0: tensor<4x20xi8>) {
  // expected-error @+1 {{(A1) the codec's decoder @one does not exist or has another rank than the tensor}}
  %w = zq.assemble %s0 : tensor<4x20xi8>
      -> !zq.tensor<4x20xf32, #zq.codec<@one>>
  return
}

zq.decoder @one block [8] streams [] decode {
^bb0(%i: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A decoder of another rank.
func.func @f(%w: !zq.tensor<4x20xf32, #zq.codec<@one>>) {
  // expected-error @+1 {{(S1) the codec's decoder @one does not exist or has another rank than the tensor}}
  %s = zq.disassemble %w : !zq.tensor<4x20xf32, #zq.codec<@one>>
      -> tensor<4x20xi8>
  return
}

zq.decoder @one block [8] streams [] decode {
^bb0(%i: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

//===----------------------------------------------------------------------===//
// (O1), (O2), (O3): zq.rotate
//===----------------------------------------------------------------------===//

// An attribute that is no transform.
func.func @f(%x: tensor<4x64xf32>, %e: tensor<4x64xf32>) {
  // expected-error @+1 {{(O1) #zq.pack is not a transform}}
  %y = zq.rotate %x by #zq.pack outs(%e : tensor<4x64xf32>) : tensor<4x64xf32> -> tensor<4x64xf32>
  return
}

// -----

// An axis that the tensor lacks.
func.func @f(%x: tensor<64xf32>, %e: tensor<64xf32>) {
  // expected-error @+1 {{(O1) the transform runs along axis 1, but the tensor has rank 1}}
  %y = zq.rotate %x by #zq.hadamard<axis = 1, block = 64, seed = 1> outs(%e : tensor<64xf32>) : tensor<64xf32> -> tensor<64xf32>
  return
}

// -----

// An axis of dynamic size.
func.func @f(%x: tensor<4x?xf32>, %e: tensor<4x?xf32>) {
  // expected-error @+1 {{(O2) needs f32 elements and a static size of axis 1, but gets 'tensor<4x?xf32>'}}
  %y = zq.rotate %x by #zq.hadamard<axis = 1, block = 64, seed = 1> outs(%e : tensor<4x?xf32>) : tensor<4x?xf32> -> tensor<4x?xf32>
  return
}

// -----

// Elements that are not f32.
func.func @f(%x: tensor<4x64xbf16>, %e: tensor<4x64xbf16>) {
  // expected-error @+1 {{(O2) needs f32 elements and a static size of axis 1, but gets 'tensor<4x64xbf16>'}}
  %y = zq.rotate %x by #zq.hadamard<axis = 1, block = 64, seed = 1> outs(%e : tensor<4x64xbf16>) : tensor<4x64xbf16> -> tensor<4x64xbf16>
  return
}

// -----

// A destination of another shape.
func.func @f(%x: tensor<4x64xf32>, %e: tensor<5x64xf32>) {
  // expected-error @+1 {{(O3) source, init and result have one type}}
  %y = zq.rotate %x by #zq.hadamard<axis = 1, block = 64, seed = 1> outs(%e : tensor<5x64xf32>) : tensor<4x64xf32> -> tensor<5x64xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// (C1), (C2): zq.component
//===----------------------------------------------------------------------===//

func.func @f(%r: tensor<2x4x576xi8>) {
  // expected-error @+1 {{(C1) 'tensor<3x32x64xi8>' holds no panels of 'tensor<2x4x576xi8>'}}
  %c = zq.component %r at 64 items 8 : tensor<2x4x576xi8> -> tensor<3x32x64xi8>
  return
}

// -----

func.func @f(%r: tensor<2x4x576xi8>) {
  // expected-error @+1 {{(C1) 'tensor<2x32x64xi4>' holds no panels of}}
  %c = zq.component %r at 64 items 8 : tensor<2x4x576xi8> -> tensor<2x32x64xi4>
  return
}

// -----

// Beyond the end of a record.
func.func @f(%r: tensor<2x4x576xi8>) {
  // expected-error @+1 {{(C2) 'tensor<2x4x576xi8>' has no 8 items of 'tensor<2x32x64xi8>' at 65 of each record}}
  %c = zq.component %r at 65 items 8 : tensor<2x4x576xi8> -> tensor<2x32x64xi8>
  return
}

// -----

// Too few records.
func.func @f(%r: tensor<2x4x576xi8>) {
  // expected-error @+1 {{(C2)}}
  %c = zq.component %r at 64 items 8 : tensor<2x4x576xi8> -> tensor<2x33x64xi8>
  return
}

// -----

// A place whose end is none of 64 bits, and items whose size is none.
func.func @f(%r: tensor<2x4x576xi8>) {
  // expected-error @+1 {{(C2)}}
  %c = zq.component %r at 9223372036854775807 items 8 : tensor<2x4x576xi8> -> tensor<2x32x64xi8>
  return
}

// -----

func.func @f(%r: tensor<2x1x576xi8>) {
  // expected-error @+1 {{(C2)}}
  %c = zq.component %r at 0 items 4611686018427387904 : tensor<2x1x576xi8> -> tensor<2x32x64xi8>
  return
}
