// What is decoded goes from the stream to the sums in registers: the innermost
// loop of a product with one row of activations writes nothing to memory.
// RUN: split-file %s %t
// DEFINE: %{codec} =
// DEFINE: %{loop} = zq-opt %t/%{codec}.mlir --zq-lower-to-llvm="features=+avx512f,+avx512bw,+avx512vl,+avx2,+fma threads=false" 2>/dev/null \
// DEFINE:   | mlir-translate --mlir-to-llvmir \
// DEFINE:   | opt -O3 -mtriple=x86_64-linux-gnu -mcpu=x86-64-v4 \
// DEFINE:   | llc -O3 -mtriple=x86_64-linux-gnu -mcpu=x86-64-v4 \
// DEFINE:   | %python %S/Inputs/innermost_loop.py

// REDEFINE: %{codec} = nvfp4
// RUN: %{loop} | FileCheck %t/nvfp4.mlir --implicit-check-not=STORE --implicit-check-not=call --implicit-check-not="(%rsp"
// REDEFINE: %{codec} = int4_h128
// RUN: %{loop} | FileCheck %t/int4_h128.mlir --implicit-check-not=STORE --implicit-check-not=call
// REDEFINE: %{codec} = lut3
// RUN: %{loop} | FileCheck %t/lut3.mlir --implicit-check-not=STORE --implicit-check-not=call
// REDEFINE: %{codec} = long_chunks
// RUN: %{loop} | FileCheck %t/long_chunks.mlir --implicit-check-not=call --implicit-check-not="{{STORE .*\(%(r[^s]|rs[^p])}}"

//--- nvfp4.mlir

// Eight rows of 16 values: a permute looks the codes up, the sums are added to
// as they are multiplied.
// CHECK: LOOP
// CHECK-COUNT-8: {{vperm(d|ps)}} %zmm
// CHECK-COUNT-8: {{vfmadd[0-9]+ps}} %zmm
// CHECK: END
func.func @nvfp4(%x: tensor<1x4096xf32>, %w: !zq.tensor<64x4096xf32, #zq.codec<nvfp4>>,
                 %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x4096xf32>)
      : !zq.tensor<64x4096xf32, #zq.codec<nvfp4>> -> tensor<64x4096xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xf32>, tensor<64x4096xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

//--- int4_h128.mlir

// Codes are converted, zero points subtracted; nothing is rotated here.
// CHECK: LOOP
// CHECK-DAG: vcvtdq2ps {{.*}}%zmm
// CHECK-DAG: vsubps {{.*}}%zmm
// CHECK-DAG: vmulps {{.*}}%zmm
// CHECK-COUNT-8: {{vfmadd[0-9]+ps}} {{.*}}%zmm
// CHECK: END
func.func @int4_h128(%x: tensor<1x4096xf32>, %w: !zq.tensor<64x4096xf32, #zq.codec<int4_h128>>,
                     %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x4096xf32>)
      : !zq.tensor<64x4096xf32, #zq.codec<int4_h128>> -> tensor<64x4096xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xf32>, tensor<64x4096xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

//--- lut3.mlir

// The user's decoder: blocks of 8 looked up in a table that is a stream.
// CHECK: LOOP
// CHECK-COUNT-16: {{vperm(d|ps)}} {{.*}}%ymm
// CHECK-COUNT-8: {{vfmadd[0-9]+ps}} {{.*}}%zmm
// CHECK: END
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
func.func @user_written(%x: tensor<1x4096xf32>, %w: !zq.tensor<64x4096xf32, #zq.codec<@lut3>>,
                        %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x4096xf32>
  %d = zq.decode %w using @lut3 at [0, 0] outs(%e : tensor<64x4096xf32>)
      : !zq.tensor<64x4096xf32, #zq.codec<@lut3>> -> tensor<64x4096xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xf32>, tensor<64x4096xf32>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

//--- long_chunks.mlir

// Chunks that are too long to be decoded at once: the bits of eight rows take
// more registers than there are, some go to the stack, and only there.
// CHECK: LOOP
// CHECK: {{shrx|shr}}
// CHECK-COUNT-8: {{vfmadd[0-9]+ps}} {{.*}}%zmm
// CHECK: END
func.func @long_chunks(%x: tensor<1x4096xf32>, %w: !zq.tensor<64x4096xbf16, #zq.codec<fields<bf16>, huffman<chunk = 4096, length = 10>>>,
                     %o: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x4096xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x4096xbf16>)
      : !zq.tensor<64x4096xbf16, #zq.codec<fields<bf16>, huffman<chunk = 4096, length = 10>>> -> tensor<64x4096xbf16>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xf32>, tensor<64x4096xbf16>)
      outs(%o : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}
