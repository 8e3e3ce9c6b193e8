// Every error of zq.decoder and of the vector ops, by its label and with its
// text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

//===----------------------------------------------------------------------===//
// (R1) to (R4): zq.decoder
//===----------------------------------------------------------------------===//

// No dimension.
// expected-error @+1 {{(R1) the block is 1 along every dimension but the last, and there positive}}
zq.decoder @d block [] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A block of several rows.
// expected-error @+1 {{(R1) the block is 1 along every dimension but the last, and there positive}}
zq.decoder @d block [2, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A block of no elements.
// expected-error @+1 {{(R1) the block is 1 along every dimension but the last, and there positive}}
zq.decoder @d block [1, 0] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A stream of another rank.
// expected-error @+1 {{(R1) stream "codes" has a shape of 1 dimensions, the block has 2}}
zq.decoder @d block [1, 8] streams [#zq.stream<"codes" : i8, (d0) -> (d0)>] decode {
^bb0(%s: tensor<?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// Too few arguments.
// expected-error @+1 {{(R2) a region has 2 arguments, and not 3 (1 streams, 2 indices, 0 of state)}}
zq.decoder @d block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A stream of another element type.
// expected-error @+1 {{(R2) argument 0 is 'tensor<?x?xi16>', but the stream "codes" is a tensor of rank 2 of 'i8'}}
zq.decoder @d block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%s: tensor<?x?xi16>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A stream of another rank.
// expected-error @+1 {{(R2) argument 0 is 'tensor<?xi8>', but the stream "codes" is a tensor of rank 2 of 'i8'}}
zq.decoder @d block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%s: tensor<?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A stream that is no tensor.
// expected-error @+1 {{(R2) argument 0 is 'index', but the stream "codes" is a tensor of rank 2 of 'i8'}}
zq.decoder @d block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%s: index, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// A position that is no index.
// expected-error @+1 {{(R2) argument 1 is an index of the position}}
zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: i64):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// State of another type.
// expected-error @+1 {{(R2) argument 2 is state of type 'i64'}}
zq.decoder @d block [1, 8] chunk 64 streams [] decode {
^bb0(%i: index, %j: index, %s: i32):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v, %s : vector<8xf32>, i32
} init {
^bb0(%i: index, %j: index):
  %s = arith.constant 0 : i64
  zq.yield %s : i64
}

// -----

// Nothing is yielded.
// expected-error @+1 {{(R3) the decode region yields a vector of 8 floats first}}
zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  zq.yield
}

// -----

// A vector of another length.
// expected-error @+1 {{(R3) the decode region yields a vector of 8 floats first}}
zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<4xf32>
  zq.yield %v : vector<4xf32>
}

// -----

// Codes, not values.
// expected-error @+1 {{(R3) the decode region yields a vector of 8 floats first}}
zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0> : vector<8xi8>
  zq.yield %v : vector<8xi8>
}

// -----

// More than the values.
// expected-error @+1 {{(R3) the decode region yields the state after the values}}
zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v, %i : vector<8xf32>, index
}

// -----

// Several blocks.
// expected-error @+1 {{(R3) a region is one block that ends in zq.yield}}
zq.decoder @d block [1, 8] chunk 64 streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
} init {
^bb0(%i: index, %j: index):
  cf.br ^bb1
^bb1:
  zq.yield
}

// -----

// Another terminator.
// expected-error @+1 {{(R3) a region is one block that ends in zq.yield}}
zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  llvm.unreachable
}

// -----

// A chunk without an init region.
// expected-error @+1 {{(R4) the chunk and the init region come together}}
zq.decoder @d block [1, 8] chunk 64 streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

// An init region without a chunk.
// expected-error @+1 {{(R4) the chunk and the init region come together}}
zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
} init {
^bb0(%i: index, %j: index):
  zq.yield
}

// -----

// A chunk that no blocks fill.
// expected-error @+1 {{(R4) the chunk is a multiple of the block, 8, and not 12}}
zq.decoder @d block [1, 8] chunk 12 streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
} init {
^bb0(%i: index, %j: index):
  zq.yield
}

// -----

// A chunk of nothing.
// expected-error @+1 {{(R4) the chunk is a multiple of the block, 8, and not 0}}
zq.decoder @d block [1, 8] chunk 0 streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
} init {
^bb0(%i: index, %j: index):
  zq.yield
}

// -----

// A zq.yield elsewhere.
func.func @f() {
  // expected-error @+1 {{expects parent op 'zq.decoder'}}
  zq.yield
}

// -----

//===----------------------------------------------------------------------===//
// (U1), (U2), (L1), (L2), types: vector operations
//===----------------------------------------------------------------------===//

// Codes of no bits.
func.func @f(%x: vector<8xi8>) {
  // expected-error @+1 {{(U1) 8 bytes do not hold 8 codes of 0 bits}}
  %c = zq.unpack %x bits 0 : vector<8xi8> -> vector<8xi8>
  return
}

// -----

// Codes larger than any lane.
func.func @f(%x: vector<33xi8>) {
  // expected-error @+1 {{(U1) 33 bytes do not hold 8 codes of 33 bits}}
  %c = zq.unpack %x bits 33 : vector<33xi8> -> vector<8xi32>
  return
}

// -----

// Codes larger than their lanes.
func.func @f(%x: vector<9xi8>) {
  // expected-error @+1 {{(U2) codes of 9 bits are held in lanes of 'i16', and not 'i8'}}
  %c = zq.unpack %x bits 9 : vector<9xi8> -> vector<8xi8>
  return
}

// -----

// Lanes wider than need be.
func.func @f(%x: vector<8xi8>) {
  // expected-error @+1 {{(U2) codes of 8 bits are held in lanes of 'i8', and not 'i16'}}
  %c = zq.unpack %x bits 8 : vector<8xi8> -> vector<8xi16>
  return
}

// -----

// More codes than there are bits.
func.func @f(%x: vector<4xi8>) {
  // expected-error @+1 {{(U1) 4 bytes do not hold 16 codes of 3 bits}}
  %c = zq.unpack %x bits 3 : vector<4xi8> -> vector<16xi8>
  return
}

// -----

// Bits left over.
func.func @f(%x: vector<4xi8>) {
  // expected-error @+1 {{(U1) 4 bytes do not hold 8 codes of 3 bits}}
  %c = zq.unpack %x bits 3 : vector<4xi8> -> vector<8xi8>
  return
}

// -----

// Entries that are no power of two.
func.func @f(%c: vector<8xi8>, %t: vector<6xf32>) {
  // expected-error @+1 {{(L1) a table has a power of two of entries, at most 256, and not 6}}
  %v = zq.lookup %c in %t : vector<8xi8>, vector<6xf32> -> vector<8xf32>
  return
}

// -----

// More entries than a code can tell apart.
func.func @f(%c: vector<8xi8>, %t: vector<512xf32>) {
  // expected-error @+1 {{(L1) a table has a power of two of entries, at most 256, and not 512}}
  %v = zq.lookup %c in %t : vector<8xi8>, vector<512xf32> -> vector<8xf32>
  return
}

// -----

// A result of another length.
func.func @f(%c: vector<8xi8>, %t: vector<8xf32>) {
  // expected-error @+1 {{(L2) looks 'vector<8xi8>' up in 'vector<8xf32>' and yields 'vector<4xf32>'}}
  %v = zq.lookup %c in %t : vector<8xi8>, vector<8xf32> -> vector<4xf32>
  return
}

// -----

// A result of another element type.
func.func @f(%c: vector<8xi8>, %t: vector<8xf32>) {
  // expected-error @+1 {{(L2) looks 'vector<8xi8>' up in 'vector<8xf32>' and yields 'vector<8xf16>'}}
  %v = zq.lookup %c in %t : vector<8xi8>, vector<8xf32> -> vector<8xf16>
  return
}

// -----

// A mask of another length.
func.func @f(%b: vector<8xi8>, %m: vector<4xi1>) {
  // expected-error @+1 {{failed to verify that the mask has a lane for each of the source}}
  %v = "zq.expand"(%b, %m, %b) : (vector<8xi8>, vector<4xi1>, vector<8xi8>) -> vector<8xi8>
  return
}

// -----

// A tensor as state that the decode region could change.
// expected-error @+1 {{(R5) a tensor of state is all of it: the result of a zq.prefix_chunks of one row into a tensor.empty, of which rows differ in the position alone, and which the decode region yields as it is}}
zq.decoder @d block [1, 8] chunk 16 streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%codes: tensor<?x?xi8>, %i: index, %j: index, %state: tensor<1x80xi8>):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v, %state : vector<8xf32>, tensor<1x80xi8>
} init {
^bb0(%codes: tensor<?x?xi8>, %i: index, %j: index):
  %e = tensor.empty() : tensor<1x80xi8>
  zq.yield %e : tensor<1x80xi8>
}

// -----

// Bits that are a row's own.
// expected-error @+1 {{(R5) a tensor of state}}
zq.decoder @d block [1, 8] chunk 16 streams [
  #zq.stream<"table" : i16, (d0, d1) -> (256)>, #zq.stream<"bits" : i8, (d0, d1)[s0] -> (d0, s0)>
] decode {
^bb0(%table: tensor<256xi16>, %bits: tensor<?x?xi8>, %i: index, %j: index, %state: tensor<1x80xi8>):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v, %state : vector<8xf32>, tensor<1x80xi8>
} init {
^bb0(%table: tensor<256xi16>, %bits: tensor<?x?xi8>, %i: index, %j: index):
  %c16 = arith.constant 16 : index
  %entries = zq.prefix_table %table : tensor<256xi16> -> tensor<2048xi64>
  %own = tensor.extract_slice %bits[%i, 0] [1, 64] [1, 1] : tensor<?x?xi8> to tensor<64xi8>
  %e = tensor.empty() : tensor<1x80xi8>
  %codes = zq.prefix_chunks %own at [%j] count %c16 with %table, %entries outs(%e)
      : tensor<64xi8>, tensor<256xi16>, tensor<2048xi64>, tensor<1x80xi8>
  zq.yield %codes : tensor<1x80xi8>
}

// -----

// Entries of any table.
// expected-error @+1 {{(R5) a tensor of state}}
zq.decoder @d block [1, 8] chunk 16 streams [
  #zq.stream<"table" : i16, (d0, d1) -> (256)>, #zq.stream<"entries" : i64, (d0, d1) -> (2048)>,
  #zq.stream<"bits" : i8, (d0, d1)[s0] -> (s0)>
] decode {
^bb0(%table: tensor<256xi16>, %entries: tensor<2048xi64>, %bits: tensor<?xi8>, %i: index, %j: index, %state: tensor<1x80xi8>):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v, %state : vector<8xf32>, tensor<1x80xi8>
} init {
^bb0(%table: tensor<256xi16>, %entries: tensor<2048xi64>, %bits: tensor<?xi8>, %i: index, %j: index):
  %c16 = arith.constant 16 : index
  %e = tensor.empty() : tensor<1x80xi8>
  %codes = zq.prefix_chunks %bits at [%j] count %c16 with %table, %entries outs(%e)
      : tensor<?xi8>, tensor<256xi16>, tensor<2048xi64>, tensor<1x80xi8>
  zq.yield %codes : tensor<1x80xi8>
}
