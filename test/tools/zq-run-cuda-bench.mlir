// Arrays that are timed come again only after more bytes than the cache holds:
// 1 MiB, of which a call touches half.
// RUN: rm -rf %t && mkdir -p %t
// RUN: clang-22 -shared -fPIC -w %S/Inputs/fake-cuda.c -o %t/libcuda.so.1
// RUN: %python -c "import numpy; numpy.save('%t/x.npy', numpy.ones((256, 256), 'f4'))"
// RUN: env LD_LIBRARY_PATH=%t zq-run %s --target=cuda --bench --input %t/x.npy > %t/out 2> %t/log
// RUN: FileCheck %s --input-file=%t/out
// RUN: FileCheck %s --check-prefix=LOG --input-file=%t/log
// CHECK: arrays: 6 sets in turn, 3.1 MB, beyond the cache of 1.0 MB
// 8 rounds of 20 calls.
// LOG: released after 160 launches on 6 arrays, each 6 or more apart

func.func @main(%x: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %e = tensor.empty() : tensor<256x256xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<256x256xf32>) outs(%e : tensor<256x256xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<256x256xf32>
  return %y : tensor<256x256xf32>
}
