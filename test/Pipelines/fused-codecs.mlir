// One list of passes makes one fused loop nest for every codec, whether its
// decode is arithmetic, a rotation, sequential or written by the user; the dense
// weight is never there, neither whole nor as a panel of it.
// RUN: zq-opt %s --zq-lower-to-vectors=features=+avx512f,+avx512bw,+avx512vl,+avx2,+fma -split-input-file 2>/dev/null \
// RUN:   | FileCheck %s --implicit-check-not="{{(64|32|8)x256x(f32|bf16)>}}"

#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

// CHECK-LABEL: func.func @nvfp4(
// CHECK-DAG: %[[VALUES:.*]] = arith.constant dense<[0.000000e+00, 5.000000e-01, 1.000000e+00, {{.*}}, -6.000000e+00]> : vector<16xf32>
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.0{{.*}}> : vector<1x8x16xf32>
// CHECK: %[[S:.*]]:3 = zq.disassemble
// CHECK: tensor.extract %[[S]]#0
// CHECK: scf.forall (
// CHECK: scf.for {{.*}} step %c8
// CHECK: %[[SUMS:.*]] = scf.for {{.*}} = %c0 to %c256 step %c16 iter_args(%[[ACC:.*]] = %[[ZERO]]) -> (vector<1x8x16xf32>)
// CHECK: %[[B:.*]] = vector.transfer_read %[[S]]#2
// CHECK: %[[C:.*]] = zq.unpack %[[B]] bits 4 : vector<8xi8> -> vector<16xi8>
// CHECK: zq.lookup %[[C]] in %[[VALUES]] : vector<16xi8>, vector<16xf32> -> vector<16xf32>
// CHECK: tensor.extract %[[S]]#1
// CHECK-COUNT-2: arith.mulf {{.*}} : vector<16xf32>
// CHECK-COUNT-7: zq.unpack
// CHECK-NOT: scf.
// CHECK: %[[P:.*]] = arith.mulf {{.*}} : vector<1x8x16xf32>
// CHECK: %[[A:.*]] = arith.addf %[[ACC]], %[[P]] {{.*}} : vector<1x8x16xf32>
// CHECK: scf.yield %[[A]]
// CHECK: vector.multi_reduction <add>, %[[SUMS]]
// CHECK: scf.forall.in_parallel
// CHECK-NOT: scf.for
func.func @nvfp4(%x: tensor<1x256xf32>, %w: !zq.tensor<64x256xf32, #zq.codec<nvfp4>>,
                 %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<nvfp4>> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// -----

// The rotation is done on the activation, once for all tiles, and nowhere else.

#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

// CHECK-LABEL: func.func @int4_h128(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x256xf32>
// CHECK: %[[S:.*]]:3 = zq.disassemble
// CHECK: %[[R:.*]] = scf.for {{.*}} = %c0 to %c256 step %c128
// CHECK: vector.transfer_read %[[X]]
// CHECK-COUNT-14: vector.fma {{.*}} : vector<16xf32>
// CHECK: scf.forall (
// CHECK: scf.for {{.*}} step %c8
// CHECK: %[[SUMS:.*]] = scf.for {{.*}} = %c0 to %c256 step %c16 iter_args(%[[ACC:.*]] = %{{.*}}) -> (vector<1x8x16xf32>)
// CHECK-NOT: vector<64xf32>
// CHECK: %[[B:.*]] = vector.transfer_read %[[S]]#2
// CHECK: %[[C:.*]] = zq.unpack %[[B]] bits 4
// CHECK: %[[I:.*]] = arith.extui %[[C]]
// CHECK: %[[F:.*]] = arith.sitofp %[[I]] : vector<16xi32> to vector<16xf32>
// CHECK: tensor.extract %[[S]]#1
// CHECK: %[[ZP:.*]] = arith.subf %[[F]], {{.*}} : vector<16xf32>
// CHECK: arith.mulf %[[ZP]], {{.*}} : vector<16xf32>
// CHECK-COUNT-7: zq.unpack
// CHECK-NOT: scf.
// CHECK: vector.transfer_read %[[R]]
// CHECK: %[[P:.*]] = arith.mulf {{.*}} : vector<1x8x16xf32>
// CHECK: arith.addf %[[ACC]], %[[P]] {{.*}} : vector<1x8x16xf32>
// CHECK: vector.multi_reduction <add>, %[[SUMS]]
// CHECK: scf.forall.in_parallel
// CHECK-NOT: scf.for
func.func @int4_h128(%x: tensor<1x256xf32>, %w: !zq.tensor<64x256xf32, #zq.codec<int4_h128>>,
                     %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<int4_h128>> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// -----

// Where chunks are too long to be decoded at once, the loop along the row
// carries the place in the bits of each of its 8 rows beside their sums. It is
// over with the first chunk.

#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

// CHECK-LABEL: func.func @bf16_huff(
// CHECK: %[[S:.*]]:4 = zq.disassemble
// CHECK: scf.forall (
// CHECK: scf.for {{.*}} step %c8
// CHECK: %[[CARRIED:.*]]:9 = scf.for %[[K:.*]] = %c0 to %c256 step %c16 iter_args(%[[BIT:[^ ]*]] = %{{.*}}) -> (index, index, index, index, index, index, index, index, vector<1x8x16xf32>)
// CHECK-NOT: scf.for
// CHECK-NOT: scf.if
// CHECK: vector.transfer_read %[[S]]#3
// CHECK: tensor.extract %[[S]]#1
// CHECK: vector.transfer_read %[[S]]#0
// CHECK: arith.bitcast {{.*}} : vector<16xi16> to vector<16xbf16>
// CHECK: %[[P:.*]] = arith.mulf {{.*}} : vector<1x8x16xf32>
// CHECK: arith.addf {{.*}} : vector<1x8x16xf32>
// CHECK: vector.multi_reduction <add>, %[[CARRIED]]#8
// CHECK: scf.forall.in_parallel
// CHECK-NOT: scf.for
func.func @bf16_huff(%x: tensor<1x256xf32>, %w: !zq.tensor<64x256xbf16, #zq.codec<fields<bf16>, huffman<chunk = 4096, length = 10>>>,
                     %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x256xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xbf16>)
      : !zq.tensor<64x256xbf16, #zq.codec<fields<bf16>, huffman<chunk = 4096, length = 10>>> -> tensor<64x256xbf16>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<64x256xbf16>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// -----

// A decoder that no C++ knows: two of its blocks make a vector. Its table is
// read once, before all loops.

#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

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

// CHECK-LABEL: func.func @user_written(
// CHECK: %[[S:.*]]:3 = zq.disassemble
// CHECK: %[[T:.*]] = vector.transfer_read %[[S]]#2
// CHECK: scf.forall (
// CHECK: scf.for {{.*}} step %c8
// CHECK: %[[SUMS:.*]] = scf.for {{.*}} = %c0 to %c256 step %c16 iter_args(%[[ACC:.*]] = %{{.*}}) -> (vector<1x8x16xf32>)
// CHECK: %[[B:.*]] = vector.transfer_read %[[S]]#0
// CHECK: %[[C:.*]] = zq.unpack %[[B]] bits 3 : vector<3xi8> -> vector<8xi8>
// CHECK: %[[V:.*]] = zq.lookup %[[C]] in %[[T]] : vector<8xi8>, vector<8xf32> -> vector<8xf32>
// CHECK: tensor.extract %[[S]]#1
// CHECK: arith.mulf %[[V]]
// CHECK-COUNT-15: zq.unpack
// CHECK-NOT: scf.
// CHECK: %[[P:.*]] = arith.mulf {{.*}} : vector<1x8x16xf32>
// CHECK: arith.addf %[[ACC]], %[[P]] {{.*}} : vector<1x8x16xf32>
// CHECK: vector.multi_reduction <add>, %[[SUMS]]
// CHECK: scf.forall.in_parallel
// CHECK-NOT: scf.for
func.func @user_written(%x: tensor<1x256xf32>, %w: !zq.tensor<64x256xf32, #zq.codec<@lut3>>,
                        %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %w using @lut3 at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<@lut3>> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<1x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}
