// RUN: zq-opt %s -zq-form-kernels -canonicalize -split-input-file -verify-diagnostics | FileCheck %s
// RUN: zq-opt %s -zq-form-kernels=accuracy=1e-2 -split-input-file 2>&1 | FileCheck %s --check-prefix=COARSE

#codec = #zq.codec<nvfp4>

// Few rows: a warp has 16 rows of the weight, and multiplies what its codes
// stand for. Factors of groups are multiplied to them, where their products are
// exact, that of the tensor to the result. The bias is added in the kernel.
// CHECK-LABEL: func.func @few(
// CHECK: zq.disassemble %{{.*}} -> tensor<1x1xf32>, tensor<200x32xf8E4M3FN>, tensor<200x256xi8>
// CHECK: gpu.launch blocks({{.*}}) in (%{{.*}} = %c13, %{{.*}} = %c1, {{.*}}) threads({{.*}}) in (%{{.*}} = %c128,
// CHECK-SAME: workgroup(%{{.*}} : memref<4x8x16xf32, #gpu.address_space<workgroup>>)
// CHECK: scf.for
// CHECK: %[[CODES:.*]] = zq.unpack %{{.*}} bits 4 : vector<16xi8> -> vector<32xi8>
// CHECK: zq.lookup %[[CODES]] in %{{.*}} : vector<32xi8>, vector<16xbf16> -> vector<32xbf16>
// CHECK: zq.lookup %{{.*}} in %{{.*}} : vector<2xi8>, vector<256xbf16> -> vector<2xbf16>
// CHECK: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"
// CHECK: nvvm.mma.sync {{.*}}multiplicandAPtxType = #nvvm.mma_type<bf16>{{.*}}m = 16, n = 8, k = 16
// CHECK-NOT: math.fma
// CHECK: gpu.barrier
// CHECK: %[[FACTOR:.*]] = tensor.extract %{{.*}} : tensor<1x1xf32>
// CHECK: arith.mulf %{{.*}}, %[[FACTOR]] : f32
// CHECK: tensor.extract %{{.*}} : tensor<200xf32>
// CHECK: memref.store %{{.*}} : memref<4x200xf32>
// CHECK: gpu.terminator
// CHECK: bufferization.to_tensor %{{.*}} restrict writable
// CHECK-NOT: linalg.
// COARSE: remark: contraction on tensor cores: weights in registers as codes and factors, 1 product of bf16 each, error at most 0.0039, asked for 0.01
func.func @few(%x: tensor<4x512xf32>, %w: !zq.tensor<200x512xf32, #codec>,
               %bias: tensor<200xf32>) -> tensor<4x200xf32> {
  %e = tensor.empty() : tensor<200x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xf32>)
      : !zq.tensor<200x512xf32, #codec> -> tensor<200x512xf32>
  %zero = arith.constant dense<0.0> : tensor<4x200xf32>
  // expected-remark @below {{contraction on tensor cores: weights in registers as codes and factors, 2 products of bf16 each, error at most 7.6e-06, asked for 5e-05}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<4x512xf32>, tensor<200x512xf32>)
      outs(%zero : tensor<4x200xf32>) -> tensor<4x200xf32>
  %o = tensor.empty() : tensor<4x200xf32>
  %r = linalg.generic {
      indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>,
                       affine_map<(m, n) -> (m, n)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%y, %bias : tensor<4x200xf32>, tensor<200xf32>)
      outs(%o : tensor<4x200xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x200xf32>
  return %r : tensor<4x200xf32>
}

// -----

#codec = #zq.codec<int4_zp_g128>

// Zero points do not leave the sum: the weight is decoded.
// CHECK-LABEL: func.func @few_with_zero_points(
// CHECK: zq.decode %{{.*}} using @decode_int4_zp_g128_200x512xf32_w32 at [%{{.*}}, %{{.*}}] outs(%{{.*}} : tensor<1x32xf32>)
// CHECK: llvm.fptrunc %{{.*}} : vector<32xf32> to vector<32xbf16>
// CHECK: nvvm.mma.sync
func.func @few_with_zero_points(%x: tensor<4x512xbf16>, %w: !zq.tensor<200x512xbf16, #codec>)
    -> tensor<4x200xf32> {
  %e = tensor.empty() : tensor<200x512xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xbf16>)
      : !zq.tensor<200x512xbf16, #codec> -> tensor<200x512xbf16>
  %zero = arith.constant dense<0.0> : tensor<4x200xf32>
  // expected-remark @below {{contraction on tensor cores: weights in registers, 1 product of bf16 each, error at most 0}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<4x512xbf16>, tensor<200x512xbf16>)
      outs(%zero : tensor<4x200xf32>) -> tensor<4x200xf32>
  return %y : tensor<4x200xf32>
}

// -----

#codec = #zq.codec<int8_row>

// Many rows: tiles of 128 x 128 in shared memory; bf16 activations are copied
// without passing through registers.
// CHECK-LABEL: func.func @many
// CHECK: gpu.launch blocks({{.*}}) in (%{{.*}} = %c2, %{{.*}} = %c2, {{.*}}) threads({{.*}}) in (%{{.*}} = %c256, {{.*}}) dynamic_shared_memory_size
// CHECK: gpu.dynamic_shared_memory
// CHECK: nvvm.cp.async.commit.group
// CHECK: scf.for
// CHECK: zq.decode
// CHECK: nvvm.cp.async.wait.group 1
// CHECK: gpu.barrier
// CHECK: nvvm.cp.async.shared.global
// CHECK: nvvm.mma.sync
func.func @many(%x: tensor<200x512xbf16>, %w: !zq.tensor<200x512xbf16, #codec>)
    -> tensor<200x200xf32> {
  %e = tensor.empty() : tensor<200x512xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xbf16>)
      : !zq.tensor<200x512xbf16, #codec> -> tensor<200x512xbf16>
  %zero = arith.constant dense<0.0> : tensor<200x200xf32>
  // expected-remark @below {{contraction on tensor cores: weights in shared memory, 1 product of bf16 each, error at most 0}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<200x512xbf16>, tensor<200x512xbf16>)
      outs(%zero : tensor<200x200xf32>) -> tensor<200x200xf32>
  return %y : tensor<200x200xf32>
}

// -----

#codec = #zq.codec<bf16_register_rans>

// CHECK-LABEL: func.func @in_sequence
// CHECK: linalg.matmul
func.func @in_sequence(%x: tensor<1x512xbf16>, %w: !zq.tensor<200x512xbf16, #codec>)
    -> tensor<1x200xf32> {
  %e = tensor.empty() : tensor<200x512xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xbf16>)
      : !zq.tensor<200x512xbf16, #codec> -> tensor<200x512xbf16>
  %zero = arith.constant dense<0.0> : tensor<1x200xf32>
  // expected-remark @below {{not on tensor cores: its rows are decoded one after the other}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x512xbf16>, tensor<200x512xbf16>)
      outs(%zero : tensor<1x200xf32>) -> tensor<1x200xf32>
  return %y : tensor<1x200xf32>
}

// -----

// The runs of a rotation that do not depend on one another are lines of their
// own, each a thread's, and the signs come before.
// CHECK-LABEL: func.func @rotated(
// CHECK-SAME: %[[X:.*]]: tensor<2x512xf32>
// CHECK: %[[SIGNS:.*]] = arith.constant dense<{{.*}}> : tensor<4x128xf32>
// CHECK: %[[LINES:.*]] = tensor.expand_shape %[[X]] {{\[}}[0], [1, 2]] output_shape [2, 4, 128]
// CHECK: %[[SIGNED:.*]] = linalg.generic {{.*}} ins(%[[LINES]], %[[SIGNS]] :
// CHECK: %[[R:.*]] = zq.rotate %[[SIGNED]] by #zq.hadamard<axis = 2, block = 128> outs
// CHECK: tensor.collapse_shape %[[R]] {{\[}}[0], [1, 2]]
func.func @rotated(%x: tensor<2x512xf32>) -> tensor<2x512xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 1, block = 128, seed = 1> outs(%x : tensor<2x512xf32>)
      : tensor<2x512xf32> -> tensor<2x512xf32>
  return %r : tensor<2x512xf32>
}

// -----

// One run, and runs of which the last is shorter, stay as they are.
// CHECK-LABEL: func.func @one_run(
// CHECK-NOT: tensor.expand_shape
// CHECK: zq.rotate
// CHECK: zq.rotate
func.func @one_run(%x: tensor<2x128xf32>, %y: tensor<2x192xf32>) -> (tensor<2x128xf32>, tensor<2x192xf32>) {
  %r = zq.rotate %x by #zq.hadamard<axis = 1, block = 128, seed = 1> outs(%x : tensor<2x128xf32>)
      : tensor<2x128xf32> -> tensor<2x128xf32>
  %s = zq.rotate %y by #zq.hadamard<axis = 1, block = 128, seed = 1> outs(%y : tensor<2x192xf32>)
      : tensor<2x192xf32> -> tensor<2x192xf32>
  return %r, %s : tensor<2x128xf32>, tensor<2x192xf32>
}
