// Machine code, where there is an assembler.
// REQUIRES: ptxas
// RUN: zq-compile %s --target=sm_80 -o %t.cubin --explain --quiet | FileCheck %s --check-prefix=EXPLAIN
// RUN: FileCheck %s --check-prefix=JSON --input-file=%t.json
// RUN: zq-compile %s --target=sm_80,sm_120a -o %t.fatbin --quiet
// RUN: FileCheck %s --check-prefix=FATBIN --input-file=%t.json

// A disk that is full, or a limit, is told of the files that the assembler is
// given too.
// RUN: not %python -c "import resource, subprocess, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)); sys.exit(abs(subprocess.call(sys.argv[1:])))" zq-compile %s --target=sm_80 -o %t.limited.cubin --quiet 2>&1 | FileCheck %s --check-prefix=LIMIT
// LIMIT: zq-compile: cannot write '{{.*}}kernels.ptx': File too large

// EXPLAIN: sm_80 multiply_kernel: {{.*}}B of arrays, {{.*}}op of tensor cores (as on bf16), {{.*}}op of threads, {{.*}}instructions of threads; bound by {{.*}} on A100 80GB: 
// EXPLAIN: {{[0-9]+}} registers, 0 bytes spilled, {{.*}} blocks on an SM

// JSON: "chip": "sm_80"
// JSON: "registers": {{[1-9]}}
// JSON: "spillStoreBytes": 0

// FATBIN: "chip": "sm_80"
// FATBIN: "chip": "sm_120a"

func.func @multiply(%x: tensor<1x1024xf16>, %w: !zq.tensor<4096x1024xf32, #zq.codec<int4_g32>>)
    -> tensor<1x4096xf32> {
  %e = tensor.empty() : tensor<4096x1024xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4096x1024xf32>)
      : !zq.tensor<4096x1024xf32, #zq.codec<int4_g32>> -> tensor<4096x1024xf32>
  %zero = arith.constant dense<0.0> : tensor<1x4096xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x1024xf16>, tensor<4096x1024xf32>)
      outs(%zero : tensor<1x4096xf32>) -> tensor<1x4096xf32>
  return %y : tensor<1x4096xf32>
}
