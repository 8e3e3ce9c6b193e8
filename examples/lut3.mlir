// A codec that no C++ knows: 3-bit indices into a table of 8 values, with a
// bf16 scale for each 64 columns of a row. The table is a stream, so that it
// may differ from one tensor to the next.
zq.decoder @lut3 block [1, 8] streams [
  #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 8) * 3)>,
  #zq.stream<"scale" : bf16, (d0, d1) -> (d0, d1 ceildiv 64)>,
  #zq.stream<"table" : f32, (d0, d1) -> (8)>
] decode {
^bb0(%codes: tensor<?x?xi8>, %scale: tensor<?x?xbf16>, %table: tensor<8xf32>,
     %i: index, %j: index):
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %no_byte = arith.constant 0 : i8
  %no_value = arith.constant 0.0 : f32

  // Eight codes fill three bytes.
  %block = arith.divui %j, %c8 : index
  %first = arith.muli %block, %c3 : index
  %bytes = vector.transfer_read %codes[%i, %first], %no_byte {in_bounds = [true]}
      : tensor<?x?xi8>, vector<3xi8>
  %indices = zq.unpack %bytes bits 3 : vector<3xi8> -> vector<8xi8>

  %entries = vector.transfer_read %table[%c0], %no_value {in_bounds = [true]}
      : tensor<8xf32>, vector<8xf32>
  %values = zq.lookup %indices in %entries
      : vector<8xi8>, vector<8xf32> -> vector<8xf32>

  %group = arith.divui %j, %c64 : index
  %one = tensor.extract %scale[%i, %group] : tensor<?x?xbf16>
  %wide = arith.extf %one : bf16 to f32
  %scales = vector.broadcast %wide : f32 to vector<8xf32>
  %result = arith.mulf %values, %scales : vector<8xf32>
  zq.yield %result : vector<8xf32>
}
