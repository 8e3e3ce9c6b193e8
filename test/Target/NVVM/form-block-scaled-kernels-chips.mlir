// RUN: zq-opt %s -zq-form-block-scaled-kernels=chip=sm_90a -verify-diagnostics | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @without_the_instruction(
// CHECK-NOT: gpu.launch
// CHECK: linalg.matmul
func.func @without_the_instruction(
    %x: !zq.tensor<64x64xf32, #zq.codec<nvfp4>>,
    %w: !zq.tensor<64x64xf32, #zq.codec<nvfp4>>) -> tensor<64x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %dx = zq.decode %x at [0, 0] outs(%e : tensor<64x64xf32>)
      : !zq.tensor<64x64xf32, #zq.codec<nvfp4>> -> tensor<64x64xf32>
  %dw = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>)
      : !zq.tensor<64x64xf32, #zq.codec<nvfp4>> -> tensor<64x64xf32>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{operands are decoded: sm_90a has no block-scaled products}}
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dw : tensor<64x64xf32>, tensor<64x64xf32>)
      outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y : tensor<64x64xf32>
}
