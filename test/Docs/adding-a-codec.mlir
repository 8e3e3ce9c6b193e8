// Two codecs that no C++ knows, as docs/AddingACodec.md shows them, beside the
// one of examples/lut3.mlir: a composition, and a decoder with state.

// RUN: cat %zq_src/examples/lut3.mlir %s > %t.mlir
// RUN: zq-opt %t.mlir | zq-opt | FileCheck %s
// RUN: zq-opt %t.mlir -zq-lower-to-vectors 2> %t.remarks | FileCheck %s --check-prefix=FUSED
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: zq-run %t.mlir --entry=ramp --compare-reference | FileCheck %s --check-prefix=VALUES

// CHECK-LABEL: func.func @composed
// CHECK-SAME: !zq.tensor<48x128xf32, #{{.*}}>
// Each value is used once, so that no dense weight is left.
// FUSED-NOT: tensor<48x128xf32>
// REMARK: decode fused in registers: uses of each value in a tile: 1
func.func @composed(%x: tensor<1x128xf32>,
                    %w: !zq.tensor<48x128xf32, #zq.codec<
                        scale<1x64, f8E4M3FN>, quantize<si3>,
                        huffman<chunk = 1024, length = 8>>>)
    -> tensor<1x48xf32> {
  %e = tensor.empty() : tensor<48x128xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<48x128xf32>)
      : !zq.tensor<48x128xf32, #zq.codec<
          scale<1x64, f8E4M3FN>, quantize<si3>,
          huffman<chunk = 1024, length = 8>>> -> tensor<48x128xf32>
  %zero = arith.constant dense<0.0> : tensor<1x48xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x128xf32>, tensor<48x128xf32>)
      outs(%zero : tensor<1x48xf32>) -> tensor<1x48xf32>
  return %y : tensor<1x48xf32>
}

// CHECK-LABEL: func.func @looked_up
// CHECK: zq.decode %{{.*}} using @lut3 at [0, 0]
// REMARK: decode fused in registers: uses of each value in a tile: 1
func.func @looked_up(%x: tensor<1x128xf32>,
                     %w: !zq.tensor<48x128xf32, #zq.codec<@lut3>>)
    -> tensor<1x48xf32> {
  %e = tensor.empty() : tensor<48x128xf32>
  %d = zq.decode %w using @lut3 at [0, 0] outs(%e : tensor<48x128xf32>)
      : !zq.tensor<48x128xf32, #zq.codec<@lut3>> -> tensor<48x128xf32>
  %zero = arith.constant dense<0.0> : tensor<1x48xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x128xf32>, tensor<48x128xf32>)
      outs(%zero : tensor<1x48xf32>) -> tensor<1x48xf32>
  return %y : tensor<1x48xf32>
}

// CHECK: zq.decoder @delta block [1, 4] chunk 64
// CHECK: } init {

// Differences between neighbours, one byte each, in units of `unit`. `start`
// holds what comes before each 64 elements of a row.
zq.decoder @delta block [1, 4] chunk 64 streams [
  #zq.stream<"steps" : i8, (d0, d1) -> (d0, d1)>,
  #zq.stream<"start" : i32, (d0, d1) -> (d0, d1 ceildiv 64)>,
  #zq.stream<"unit" : f32, (d0, d1) -> (1)>
] decode {
^bb0(%steps: tensor<?x?xi8>, %start: tensor<?x?xi32>, %unit: tensor<1xf32>,
     %i: index, %j: index, %before: i32):
  %c0 = arith.constant 0 : index
  %no_step = arith.constant 0 : i8

  // Beyond the end of a row a step reads as zero.
  %bytes = vector.transfer_read %steps[%i, %j], %no_step
      : tensor<?x?xi8>, vector<4xi8>
  %wide = arith.extsi %bytes : vector<4xi8> to vector<4xi32>
  %s0, %s1, %s2, %s3 = vector.to_elements %wide : vector<4xi32>
  %v0 = arith.addi %before, %s0 : i32
  %v1 = arith.addi %v0, %s1 : i32
  %v2 = arith.addi %v1, %s2 : i32
  %v3 = arith.addi %v2, %s3 : i32
  %sums = vector.from_elements %v0, %v1, %v2, %v3 : vector<4xi32>

  %values = arith.sitofp %sums : vector<4xi32> to vector<4xf32>
  %one = tensor.extract %unit[%c0] : tensor<1xf32>
  %units = vector.broadcast %one : f32 to vector<4xf32>
  %result = arith.mulf %values, %units : vector<4xf32>
  zq.yield %result, %v3 : vector<4xf32>, i32
} init {
^bb0(%steps: tensor<?x?xi8>, %start: tensor<?x?xi32>, %unit: tensor<1xf32>,
     %i: index, %j: index):
  %c64 = arith.constant 64 : index
  %chunk = arith.divui %j, %c64 : index
  %before = tensor.extract %start[%i, %chunk] : tensor<?x?xi32>
  zq.yield %before : i32
}

// 70 steps of 1 from -1 on, a chunk's end among them, in units of a half.
// CHECK-LABEL: func.func @ramp
// VALUES: reference: largest difference 0
// VALUES: result 0: tensor<1x70xf32>, from 0 to 34.5, mean 17.25
func.func @ramp() -> tensor<1x70xf32> {
  %steps = arith.constant dense<1> : tensor<1x70xi8>
  %start = arith.constant dense<[[-1, 63]]> : tensor<1x2xi32>
  %unit = arith.constant dense<0.5> : tensor<1xf32>
  %w = zq.assemble %steps, %start, %unit
      : tensor<1x70xi8>, tensor<1x2xi32>, tensor<1xf32>
      -> !zq.tensor<1x70xf32, #zq.codec<@delta>>
  %e = tensor.empty() : tensor<1x70xf32>
  %d = zq.decode %w using @delta at [0, 0] outs(%e : tensor<1x70xf32>)
      : !zq.tensor<1x70xf32, #zq.codec<@delta>> -> tensor<1x70xf32>
  return %d : tensor<1x70xf32>
}
