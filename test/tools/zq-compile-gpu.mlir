// PTX needs no CUDA: with nothing on PATH it is written all the same.
// RUN: env PATH=/nowhere zq-compile %s --target=sm_90a -o %t.ptx --quiet
// RUN: FileCheck %s --check-prefix=PTX --input-file=%t.ptx
// RUN: FileCheck %s --check-prefix=JSON --input-file=%t.json

// So is what bounds the kernels.
// RUN: env PATH=/nowhere zq-compile %s --target=sm_90a -o %t.ptx --quiet --explain | FileCheck %s --check-prefix=EXPLAIN
// EXPLAIN: sm_90a scale_kernel: 65.5 kB of arrays, 0 op of tensor cores (as on bf16), {{.*}}op of threads, {{.*}}instructions of threads; bound by memory on H200:

// PTX: .target sm_90a
// PTX: .visible .entry [[KERNEL:[a-z_]+]](

// JSON: "code": "zq-compile-gpu.mlir.tmp.ptx"
// JSON: "chip": "sm_90a"
// JSON: "name": "scale"
// JSON: "name": "arg0"
// JSON: "type": "f32"
// JSON: "name": "result0"
// JSON: "launch": "
// JSON: "grid": [
// JSON: "block": [
// JSON: "dynamicSharedBytes": 0
// JSON: "arguments": [
// JSON-DAG: "array": "arg0"
// JSON-DAG: "array": "result0"

// RUN: not zq-compile %s --target=sm_90a -o %t.o 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: for GPUs, it is .ptx, .cubin, .fatbin or .mlir

// RUN: not zq-compile %s --target=sm_90a,sm_80 -o %t.cubin 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: several chips' code goes into a .fatbin

// RUN: not zq-compile %s -o %t.ptx 2>&1 | FileCheck %s --check-prefix=WHICH
// WHICH: say for which GPU with --target=sm_90a

// RUN: not zq-compile %s --target=sm_77 -o %t.ptx 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: unknown chip 'sm_77'; there are sm_80, sm_89, sm_90a

// RUN: not zq-compile %s --target=sm_100 -o %t.ptx 2>&1 | FileCheck %s --check-prefix=PLAIN
// PLAIN: chip 'sm_100' lacks the tensor cores' own instructions; did you mean 'sm_100a'?

func.func @scale(%x: tensor<64x128xf32>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<64x128xf32>) outs(%e : tensor<64x128xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<64x128xf32>
  return %y : tensor<64x128xf32>
}
