// A kernel that copies boxes has its host make their tensor maps: as text for
// any host, and by the driver for each launch.
// RUN: zq-compile %s --target=sm_100a -o %t.ptx --quiet
// RUN: FileCheck %s --check-prefix=PTX --input-file=%t.ptx
// RUN: FileCheck %s --check-prefix=JSON --input-file=%t.json
// RUN: rm -rf %t && mkdir -p %t
// RUN: clang-22 -shared -fPIC -w %S/Inputs/fake-cuda.c -o %t/libcuda.so.1
// RUN: env LD_LIBRARY_PATH=%t FAKE_CUDA_MAJOR=10 zq-run %s --target=cuda > %t/out 2> %t/log
// RUN: FileCheck %s --check-prefix=LOG --input-file=%t/log
// RUN: env LD_LIBRARY_PATH=%t FAKE_CUDA_MAJOR=10 FAKE_CUDA_FAIL=cuTensorMapEncodeTiled not zq-run %s --target=cuda 2>&1 | FileCheck %s --check-prefix=FAIL
// FAIL: zq-run: the driver makes no tensor map of this shape: an illegal memory access was encountered (CUDA error 700)

// PTX: .visible .entry [[KERNEL:main_kernel]](
// PTX: .param .align 64 .b8 [[KERNEL]]_param_{{[0-9]+}}[128],
// PTX: .param .align 64 .b8 [[KERNEL]]_param_{{[0-9]+}}[128]
// The copy engine reads it where it is.
// PTX-NOT: .local
// PTX: cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes

// JSON: "launch": "main_kernel",
// JSON: "tensorMap": {
// JSON-NEXT: "array": "constant{{[0-9]+}}",
// JSON-NEXT: "dataType": 0,
// JSON-NEXT: "swizzle": 3,
// JSON-NEXT: "sizes": [
// JSON-NEXT: 160,
// JSON-NEXT: 70
// JSON: "strides": [
// JSON-NEXT: 160
// JSON: "box": [
// JSON-NEXT: 128,
// JSON-NEXT: 128

// LOG: tensor map of type 0, rank 2: 160x70 by 160, box 128x128, swizzle 3
// LOG: tensor map of type 0, rank 2: 160x200 by 160, box 128x128, swizzle 3
// LOG: launch main_kernel 1x2x1 of 192x1x1

#c = #zq.codec<nvfp4>
func.func @main() -> tensor<70x200xf32> {
  %x = arith.constant dense<0.5> : tensor<70x320xf32>
  %w = arith.constant dense<0.25> : tensor<200x320xf32>
  %cx = zq.encode %x : tensor<70x320xf32> -> !zq.tensor<70x320xf32, #c>
  %cw = zq.encode %w : tensor<200x320xf32> -> !zq.tensor<200x320xf32, #c>
  %ex = tensor.empty() : tensor<70x320xf32>
  %dx = zq.decode %cx at [0, 0] outs(%ex : tensor<70x320xf32>) : !zq.tensor<70x320xf32, #c> -> tensor<70x320xf32>
  %ew = tensor.empty() : tensor<200x320xf32>
  %dw = zq.decode %cw at [0, 0] outs(%ew : tensor<200x320xf32>) : !zq.tensor<200x320xf32, #c> -> tensor<200x320xf32>
  %zero = arith.constant dense<0.0> : tensor<70x200xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%dx, %dw : tensor<70x320xf32>, tensor<200x320xf32>)
      outs(%zero : tensor<70x200xf32>) -> tensor<70x200xf32>
  return %y : tensor<70x200xf32>
}
