// What zq-run asks of a driver, by one without a GPU.
// RUN: rm -rf %t && mkdir -p %t
// RUN: clang-22 -shared -fPIC -w %S/Inputs/fake-cuda.c -o %t/libcuda.so.1
// RUN: env LD_LIBRARY_PATH=%t zq-run %s --target=cuda --bench > %t/out 2> %t/log
// RUN: FileCheck %s --input-file=%t/out
// RUN: FileCheck %s --check-prefix=LOG --input-file=%t/log
// A copy of 256 MiB takes the clock's 2 ms.
// CHECK: calls on Fake GPU (sm_90a), driver for CUDA 13.0; 0.0 GB/s of inputs, 0.0% of a copy's 268.4 GB/s
// LOG: launch main_kernel {{[0-9]+}}x1x1 of 128x1x1 with 0
// LOG: released

// RUN: env LD_LIBRARY_PATH=%t FAKE_CUDA_FAIL=cuInit not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=INIT
// INIT: zq-run: cannot start the NVIDIA driver: no CUDA-capable device is detected (CUDA error 100)
// RUN: env LD_LIBRARY_PATH=%t FAKE_CUDA_FAIL=cuDeviceGetCount not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: zq-run: no NVIDIA GPU: the driver shows none
// RUN: env LD_LIBRARY_PATH=%t FAKE_CUDA_FAIL=cuModuleLoadDataEx not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=LOAD
// LOAD: error: the driver does not take the kernels for Fake GPU (sm_90a), driver for CUDA 13.0: {{.*}} (CUDA error 222): ptxas error: Unsupported .version
// RUN: env LD_LIBRARY_PATH=%t FAKE_CUDA_FAIL=cuLaunchKernel not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=LAUNCH
// LAUNCH: zq-run: cannot launch kernel 'main_kernel': an illegal memory access was encountered (CUDA error 700)
// RUN: env LD_LIBRARY_PATH=%t FAKE_CUDA_FAIL=cuCtxSynchronize not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=FAULT
// FAULT: zq-run: a kernel failed: an illegal memory access was encountered (CUDA error 700)
// RUN: env LD_LIBRARY_PATH=%t FAKE_CUDA_FAIL=cuMemAlloc_v2 not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=MEMORY
// MEMORY: zq-run: cannot allocate 8192 bytes of device memory

// A library that is no driver.
// RUN: mkdir -p %t/old && echo "int cuInit(unsigned x) { return 0; }" > %t/old/old.c
// RUN: clang-22 -shared -fPIC -w %t/old/old.c -o %t/old/libcuda.so.1
// RUN: env LD_LIBRARY_PATH=%t/old not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=OLD
// OLD: zq-run: libcuda.so.1 has no function 'cuGetErrorString': the NVIDIA driver is too old

func.func @main() -> tensor<64x32xf32> {
  %e = tensor.empty() : tensor<64x32xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<64x32xf32>) {
  ^bb0(%a: f32):
    %i = linalg.index 0 : index
    %k = arith.index_cast %i : index to i32
    %f = arith.sitofp %k : i32 to f32
    linalg.yield %f : f32
  } -> tensor<64x32xf32>
  return %y : tensor<64x32xf32>
}
