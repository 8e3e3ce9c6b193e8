// A codec made only of stages that are there is a line in the table of names,
// and nothing else: no other file of the compiler knows of it, and it is fused
// like the others.

// RUN: grep -rl nf3_e4m3_huff %zq_src/include %zq_src/lib | FileCheck %s --check-prefix=FILES
// FILES: {{^.*}}/lib/Dialect/ZQ/IR/NamedCodecs.cpp{{$}}
// FILES-NOT: {{.}}
// RUN: grep -c nf3_e4m3_huff %zq_src/lib/Dialect/ZQ/IR/NamedCodecs.cpp | FileCheck %s --check-prefix=LINES
// LINES: {{^1$}}

// RUN: %python %zq_src/test/tools/Inputs/tensors.py %t
// RUN: zq-run %s --input %t/x.npy --input %t/w.npy --compare-reference --remarks > %t/out 2> %t/err
// RUN: FileCheck %s --input-file=%t/out
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t/err
// CHECK: input 1: nf3_e4m3_huff, 3.{{[0-9]+}} bits per weight
// CHECK: reference: largest difference {{.*}}, bound there
// REMARK: decode fused in registers

// RUN: zq-opt %s --zq-lower-to-vectors="threads=0" 2>/dev/null | FileCheck %s --check-prefix=LOOPS

// One nest of loops with the decode in it, and no dense weight.
// LOOPS-LABEL: func.func @linear(
// LOOPS-NOT: tensor<48x256xf32>
// LOOPS: scf.forall
// LOOPS-NOT: tensor<48x256xf32>
// LOOPS: scf.for
// LOOPS: zq.lookup
// LOOPS: arith.addf {{.*}} : vector<
// LOOPS-NOT: tensor<48x256xf32>
// LOOPS: return

!w = !zq.tensor<48x256xf32, #zq.codec<nf3_e4m3_huff>>

func.func @linear(%x: tensor<4x256xf32>, %w: !w) -> tensor<4x48xf32> {
  %we = tensor.empty() : tensor<48x256xf32>
  %wd = zq.decode %w at [0, 0] outs(%we : tensor<48x256xf32>)
      : !w -> tensor<48x256xf32>
  %zero = arith.constant 0.0 : f32
  %ye = tensor.empty() : tensor<4x48xf32>
  %y0 = linalg.fill ins(%zero : f32) outs(%ye : tensor<4x48xf32>)
      -> tensor<4x48xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %wd : tensor<4x256xf32>, tensor<48x256xf32>)
      outs(%y0 : tensor<4x48xf32>) -> tensor<4x48xf32>
  return %y : tensor<4x48xf32>
}
