// The example of docs/aarch64.md, and the loop that is shown there.

// RUN: zq-compile %s --target=aarch64 --cpu=neoverse-n1 --pack-weights \
// RUN:   --accuracy=1e-2 --no-threads --emit=asm -o - 2>/dev/null | FileCheck %s
// RUN: zq-compile %s --target=aarch64 --cpu=neoverse-v1 --pack-weights \
// RUN:   --accuracy=1e-2 --no-threads --emit=asm -o - 2>/dev/null | FileCheck %s --check-prefix=SVE

!w = !zq.tensor<512x1024xf32, #zq.codec<scale<1x32, f16>, quantize<si4>, pack>>

func.func @matvec(%x: tensor<1024xf32>, %w: !w) -> tensor<512xf32> {
  %e = tensor.empty() : tensor<512x1024xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x1024xf32>)
      : !w -> tensor<512x1024xf32>
  %zero = arith.constant dense<0.0> : tensor<512xf32>
  %y = linalg.matvec ins(%d, %x : tensor<512x1024xf32>, tensor<1024xf32>)
                     outs(%zero : tensor<512xf32>) -> tensor<512xf32>
  return %y : tensor<512xf32>
}

// The innermost loop, which is the one with sums of products: from the load of
// codes to the jump nothing is loaded by the byte, and nothing is spilt.
// CHECK: ldp q{{[0-9]+}}, q{{[0-9]+}}, [x[[CODES:[0-9]+]], #-128]
// CHECK-NOT: {{ldrs?b|sp\]|sp, #}}
// CHECK: and [[LOW:v[0-9]+]].16b, {{v[0-9]+}}.16b, v0.16b
// CHECK: ld1r { {{v[0-9]+}}.4s }
// CHECK: fcvtl {{v[0-9]+}}.4s, {{v[0-9]+}}.4h
// CHECK: ushr {{v[0-9]+}}.16b, {{v[0-9]+}}.16b, #4
// CHECK: tbl {{v[0-9]+}}.16b, { v1.16b }, [[LOW]].16b
// CHECK: sdot {{v[0-9]+}}.4s, {{v[0-9]+}}.16b, {{v[0-9]+}}.16b
// CHECK-NOT: {{ldrs?b|sp\]|sp, #}}
// CHECK: scvtf {{v[0-9]+}}.4s
// CHECK: fmla {{v[0-9]+}}.4s
// CHECK-NOT: {{ldrs?b|sp\]|sp, #}}
// CHECK: b.lo

// SVE: ld1rw { {{z[0-9]+}}.s }
// SVE: tbl {{z[0-9]+}}.b, { {{z[0-9]+}}.b }, {{z[0-9]+}}.b
// SVE: sdot {{z[0-9]+}}.s, {{z[0-9]+}}.b, {{z[0-9]+}}.b
// SVE: fmla {{z[0-9]+}}.s
