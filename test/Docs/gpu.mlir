// The example of docs/gpu.md, and what is said there of each phase.

// RUN: zq-opt %s -zq-lower-to-nvvm=chip=sm_90a \
// RUN:   -mlir-print-ir-after=zq-form-kernels,zq-lower-vector-ops-to-nvvm,gpu-kernel-outlining,zq-bare-kernel-arguments \
// RUN:   2>&1 | FileCheck %s
// RUN: zq-compile %s --target=sm_90a -o %t.ptx
// RUN: FileCheck %s --check-prefix=PTX < %t.ptx
// RUN: zq-compile %s --target=sm_90a --explain -o %t.ptx | FileCheck %s --check-prefix=EXPLAIN

#map_x = affine_map<(m, n, k) -> (m, k)>
#map_w = affine_map<(m, n, k) -> (n, k)>
#map_y = affine_map<(m, n, k) -> (m, n)>

func.func @matvec(%x: tensor<1x4096xbf16>,
                  %w: !zq.tensor<4096x4096xf32, #zq.codec<nvfp4>>)
    -> tensor<1x4096xf32> {
  %e = tensor.empty() : tensor<4096x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4096x4096xf32>)
      : !zq.tensor<4096x4096xf32, #zq.codec<nvfp4>> -> tensor<4096x4096xf32>
  %zero = arith.constant dense<0.0> : tensor<1x4096xf32>
  %y = linalg.matmul indexing_maps = [#map_x, #map_w, #map_y]
      ins(%x, %d : tensor<1x4096xbf16>, tensor<4096x4096xf32>)
      outs(%zero : tensor<1x4096xf32>) -> tensor<1x4096xf32>
  return %y : tensor<1x4096xf32>
}

// Kernels.
// CHECK: remark: contraction on tensor cores: weights in registers as codes and factors, 1 product of bf16 each, error at most 0, asked for 5e-05
// CHECK: IR Dump After FormKernels
// CHECK: zq.disassemble %{{.*}} -> tensor<1x1xf32>, tensor<4096x256xf8E4M3FN>, tensor<4096x2048xi8>
// CHECK: gpu.launch blocks({{.*}}) in (%{{.*}} = %c256{{.*}}) threads({{.*}}) in (%{{.*}} = %c256
// CHECK: zq.unpack %{{.*}} bits 4 : vector<16xi8> -> vector<32xi8>
// CHECK: zq.lookup %{{.*}} in %{{.*}} : vector<32xi8>, vector<16xbf16> -> vector<32xbf16>
// CHECK: vector.shuffle %{{.*}} [0, 4, 1, 5, 2, 6, 3, 7, 8, 12,
// CHECK: zq.lookup %{{.*}} : vector<2xi8>, vector<256xbf16> -> vector<2xbf16>
// CHECK: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"
// CHECK: nvvm.mma.sync

// Vectors.
// CHECK: IR Dump After LowerVectorOpsToNVVM
// CHECK: vector.transfer_read %{{.*}} : tensor<4096x2048xi8>, vector<16xi8>
// CHECK: vector.bitcast %{{.*}} : vector<16xi8> to vector<4xi32>
// CHECK: arith.muli %{{.*}}, %c4160_i32
// CHECK: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"

// Outlined.
// CHECK: IR Dump After GpuKernelOutliningPass
// CHECK: gpu.launch_func @matvec_kernel::@matvec_kernel
// CHECK: gpu.func @matvec_kernel(%{{.*}}: memref<

// Pointers.
// CHECK: IR Dump After BareKernelArguments
// CHECK: gpu.func @matvec_kernel(%{{.*}}: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}

// NVVM.
// CHECK: llvm.func @matvec_kernel(
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr -> vector<16xi8>

// PTX: .target sm_90a
// PTX: .visible .entry matvec_kernel
// PTX: ld.global.nc.v4.b32
// PTX: mul.rn.bf16x2
// PTX: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// PTX-NOT: st.local

// EXPLAIN: matvec_kernel
