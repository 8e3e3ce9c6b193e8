// What decoding costs in the loop of a matrix-vector product, in instructions of
// PTX for each weight, does not grow.
// REQUIRES: long_tests
// DEFINE: %{count} = %python %S/Inputs/count_instructions.py --zq-compile zq-compile --chip sm_80 --chip sm_90a --chip sm_120a

// RUN: %{count} %s --codec int4_g128:2.9 --codec int4_g32:2.95 --codec int4_zp_g128:3.2 --codec mxfp4:3.9 --codec nvfp4:4.25 \
// RUN:   --codec int8_g128:3.3 --codec fp8_e4m3:5.8 --codec mxfp8_e4m3:6.3 | FileCheck %s
// RUN: %{count} %s --products 2 --codec nf4:6
// Of weights with offsets half of the products add up activations.
// RUN: %{count} %s --products 2 --codec q4_1:3.1 --codec q4_k:4.15 --codec q2_k:3.9
// RUN: sed 's/4096x4096xf32/4096x4096xbf16/g' %s > %t.mlir
// RUN: %{count} %t.mlir --codec nvfp4:8.9 --codec bf16_window3:12 --codec bf16_window4:12.2 --codec bf16_window222:29.2 --codec bf16_huff:21.1

// 16 rows of the activation, in two tiles: two bands of weights share what they take.
// RUN: sed 's/tensor<1x/tensor<16x/g' %s > %t.16.mlir
// RUN: %{count} %t.16.mlir --products 2 --codec int4_g128:3.1 --codec int4_g32:3.9 --codec int4_zp_g128:3.5 \
// RUN:   --codec mxfp4:4.5 --codec nvfp4:4.5 --codec int8_g128:3.7

// CHECK: sm_80: int4_g128: {{[0-9.]+}} instructions for a weight
// CHECK: sm_120a: mxfp8_e4m3: {{[0-9.]+}} instructions for a weight

// The check finds what is wrong.
// RUN: not %{count} %s --codec int4_g128:1 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: sm_80: int4_g128: {{[0-9.]+}} instructions for a weight, which are more than 1

func.func @matvec(%x: tensor<1x4096xbf16>, %w: !zq.tensor<4096x4096xf32, #zq.codec<CODEC>>)
    -> tensor<1x4096xf32> {
  %e = tensor.empty() : tensor<4096x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4096x4096xf32>)
      : !zq.tensor<4096x4096xf32, #zq.codec<CODEC>> -> tensor<4096x4096xf32>
  %zero = arith.constant dense<0.0> : tensor<1x4096xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xbf16>, tensor<4096x4096xf32>)
      outs(%zero : tensor<1x4096xf32>) -> tensor<1x4096xf32>
  return %y : tensor<1x4096xf32>
}
