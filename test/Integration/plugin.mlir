// The stock mlir-opt compiles compressed tensors with the plugin. Passes of a
// plugin are named in a pipeline: the options of mlir-opt are fixed before it
// is loaded.

// RUN: mlir-opt %s --load-dialect-plugin=%zq_plugin --load-pass-plugin=%zq_plugin \
// RUN:   --pass-pipeline='builtin.module(zq-materialize-decoders)' | FileCheck %s
// RUN: mlir-opt %s --load-dialect-plugin=%zq_plugin --load-pass-plugin=%zq_plugin \
// RUN:   --pass-pipeline='builtin.module(zq-lower-to-llvm)' 2>/dev/null \
// RUN:   | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM
// RUN: not mlir-opt %s 2>&1 | FileCheck %s --check-prefix=STOCK

!w = !zq.tensor<48x64xf32, #zq.codec<nvfp4>>

// CHECK: #nvfp4 = #zq.codec<
// CHECK-LABEL: func.func @linear
// CHECK: zq.decode %{{.*}} using @[[DECODER:[a-z0-9_]+]] at [0, 0]
// CHECK: zq.decoder private @[[DECODER]]

// LLVM-DAG: define void @linear(
// LLVM-DAG: define void @_mlir_ciface_linear(

// STOCK: dialect
func.func @linear(%x: tensor<4x64xf32>, %w: !w) -> tensor<4x48xf32> {
  %we = tensor.empty() : tensor<48x64xf32>
  %wd = zq.decode %w at [0, 0] outs(%we : tensor<48x64xf32>)
      : !w -> tensor<48x64xf32>
  %zero = arith.constant 0.0 : f32
  %ye = tensor.empty() : tensor<4x48xf32>
  %y0 = linalg.fill ins(%zero : f32) outs(%ye : tensor<4x48xf32>)
      -> tensor<4x48xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %wd : tensor<4x64xf32>, tensor<48x64xf32>)
      outs(%y0 : tensor<4x48xf32>) -> tensor<4x48xf32>
  return %y : tensor<4x48xf32>
}
