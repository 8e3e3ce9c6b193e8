// RUN: zq-opt %s -zq-form-kernels -canonicalize -split-input-file -verify-diagnostics | FileCheck %s
// RUN: zq-opt %s -zq-form-kernels=accuracy=1e-2 -split-input-file 2>&1 | FileCheck %s --check-prefix=COARSE
// RUN: zq-opt %s -zq-form-kernels=processors=108 -canonicalize -split-input-file 2>&1 | FileCheck %s --check-prefix=PARTS

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
// COARSE: remark: contraction on tensor cores: weights in registers as codes and factors, 1 product of bf16 each, error at most 0.00391, asked for 0.01
func.func @few(%x: tensor<4x512xf32>, %w: !zq.tensor<200x512xf32, #codec>,
               %bias: tensor<200xf32>) -> tensor<4x200xf32> {
  %e = tensor.empty() : tensor<200x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xf32>)
      : !zq.tensor<200x512xf32, #codec> -> tensor<200x512xf32>
  %zero = arith.constant dense<0.0> : tensor<4x200xf32>
  // expected-remark @below {{contraction on tensor cores: weights in registers as codes and factors, 2 products of bf16 each, error at most 7.63e-06, asked for 5e-05}}
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

#codec = #zq.codec<fields<bf16, [window<bits = 3, chunk = 64>]>, register_rans<lanes = 64, rows = 4>>

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

// Sixteen runs of a rotation share a block: eight elements of a thread at a
// time, which change places through the block's memory. Elementwise work before
// it is done on the way.
// CHECK-LABEL: func.func @rotated(
// CHECK-NOT: linalg.
// CHECK: %[[OUT:.*]] = memref.alloc() : memref<64x512xf32>
// CHECK: gpu.launch blocks({{.*}}) in (%{{.*}} = %c16, {{.*}}) threads({{.*}}) in (%{{.*}} = %c256, {{.*}}) dynamic_shared_memory_size
// CHECK: math.absf
// CHECK: gpu.barrier
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: gpu.terminator
// CHECK-NOT: zq.rotate
func.func @rotated(%x: tensor<64x512xf32>) -> tensor<64x512xf32> {
  %e = tensor.empty() : tensor<64x512xf32>
  %a = linalg.generic {
      indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<64x512xf32>) outs(%e : tensor<64x512xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = math.absf %v : f32
    linalg.yield %s : f32
  } -> tensor<64x512xf32>
  %r = zq.rotate %a by #zq.hadamard<axis = 1, block = 128, seed = 1> outs(%e : tensor<64x512xf32>)
      : tensor<64x512xf32> -> tensor<64x512xf32>
  return %r : tensor<64x512xf32>
}

// -----

// Of runs of which the last is shorter there are two kernels.
// CHECK-LABEL: func.func @rotated_rest(
// CHECK: gpu.launch
// CHECK: gpu.launch
// CHECK-NOT: gpu.launch
func.func @rotated_rest(%y: tensor<2x192xf32>) -> tensor<2x192xf32> {
  %s = zq.rotate %y by #zq.hadamard<axis = 1, block = 128, seed = 1> outs(%y : tensor<2x192xf32>)
      : tensor<2x192xf32> -> tensor<2x192xf32>
  return %s : tensor<2x192xf32>
}

// -----

// A matrix whose rows have more elements than registers do lies in memory, and a
// thread adds up one sum at a time.
// CHECK-LABEL: func.func @rotated_by_large_matrix(
// CHECK: %[[M:.*]] = bufferization.to_buffer %{{.*}} read_only : tensor<1936xf32>
// CHECK: gpu.launch
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK: gpu.terminator
// CHECK-NOT: zq.rotate
func.func @rotated_by_large_matrix(%x: tensor<8x352xf32>) -> tensor<8x352xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 1, block = 352> outs(%x : tensor<8x352xf32>)
      : tensor<8x352xf32> -> tensor<8x352xf32>
  return %r : tensor<8x352xf32>
}

// -----

// Along another axis the runs that do not depend on one another are lines of
// their own, each a thread's, and the signs come before.
// CHECK-LABEL: func.func @rotated_columns(
// CHECK-SAME: %[[X:.*]]: tensor<512x2xf32>
// CHECK: %[[SIGNS:.*]] = arith.constant dense<{{.*}}> : tensor<4x128xf32>
// CHECK: %[[LINES:.*]] = tensor.expand_shape %[[X]] {{\[}}[0, 1], [2]] output_shape [4, 128, 2]
// CHECK: %[[SIGNED:.*]] = linalg.generic {{.*}} ins(%[[LINES]], %[[SIGNS]] :
// CHECK: %[[R:.*]] = zq.rotate %[[SIGNED]] by #zq.hadamard<axis = 1, block = 128> outs
// CHECK: tensor.collapse_shape %[[R]] {{\[}}[0, 1], [2]]
func.func @rotated_columns(%x: tensor<512x2xf32>) -> tensor<512x2xf32> {
  // expected-remark @below {{rotated by a thread for each line, and not by blocks: its lines are not along the last axis}}
  %r = zq.rotate %x by #zq.hadamard<axis = 0, block = 128, seed = 1> outs(%x : tensor<512x2xf32>)
      : tensor<512x2xf32> -> tensor<512x2xf32>
  return %r : tensor<512x2xf32>
}

// -----

#codec = #zq.codec<nvfp4>

// A number of rows that is not known: both kernels.
// CHECK-LABEL: func.func @any_height(
// CHECK: %[[HEIGHT:.*]] = tensor.dim
// CHECK: %[[FEW:.*]] = arith.cmpi ule, %[[HEIGHT]], %c32
// CHECK: scf.if %[[FEW]] {
// CHECK: gpu.launch
// CHECK: zq.lookup
// CHECK: } else {
// CHECK: gpu.launch blocks({{.*}}) dynamic_shared_memory_size
// CHECK: zq.decode
// CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>, num = 4
// CHECK: nvvm.mma.sync
func.func @any_height(%x: tensor<?x512xbf16>, %w: !zq.tensor<256x512xf32, #codec>, %init: tensor<?x256xf32>)
    -> tensor<?x256xf32> {
  %e = tensor.empty() : tensor<256x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<256x512xf32>)
      : !zq.tensor<256x512xf32, #codec> -> tensor<256x512xf32>
  // expected-remark @below {{weights in registers as codes and factors, 1 product}}
  // expected-remark @below {{weights in shared memory, 2 products}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<?x512xbf16>, tensor<256x512xf32>)
      outs(%init : tensor<?x256xf32>) -> tensor<?x256xf32>
  return %y : tensor<?x256xf32>
}

// -----

#codec = #zq.codec<int4_zp_g128>

// Codes less their zero points are small integers. Two bands of 16 rows have the
// same activations.
// CHECK-LABEL: func.func @zero_points(
// CHECK: gpu.launch
// CHECK-COUNT-2: vector.load %{{.*}} : memref<16x512xbf16>, vector<32xbf16>
// CHECK-COUNT-4: zq.lookup %{{.*}} : vector<32xi8>, vector<16xbf16> -> vector<32xbf16>
// CHECK-NOT: zq.lookup %{{.*}} : vector<32xi8>
// CHECK: gpu.terminator
func.func @zero_points(%x: tensor<16x512xbf16>, %w: !zq.tensor<2048x512xf32, #codec>)
    -> tensor<16x2048xf32> {
  %e = tensor.empty() : tensor<2048x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<2048x512xf32>)
      : !zq.tensor<2048x512xf32, #codec> -> tensor<2048x512xf32>
  %zero = arith.constant dense<0.0> : tensor<16x2048xf32>
  // expected-remark @below {{weights in registers as codes and factors, 1 product of bf16 each}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<16x512xbf16>, tensor<2048x512xf32>)
      outs(%zero : tensor<16x2048xf32>) -> tensor<16x2048xf32>
  return %y : tensor<16x2048xf32>
}

// -----

#codec = #zq.codec<q4_1>

// An offset of a group is multiplied by the sum of its activations: products
// with ones, which both rows of a lane share.
// CHECK-LABEL: func.func @offsets(
// CHECK: gpu.launch
// CHECK-COUNT-8: nvvm.mma.sync A[%[[ONES:.*]], %[[ONES]], %[[ONES]], %[[ONES]]]
// CHECK-COUNT-2: zq.lookup %{{.*}} : vector<32xi8>, vector<16xbf16> -> vector<32xbf16>
// CHECK-COUNT-4: math.fma
// CHECK-COUNT-8: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK-COUNT-4: math.fma
// CHECK-NOT: math.fma
// CHECK: gpu.terminator
func.func @offsets(%x: tensor<1x512xbf16>, %w: !zq.tensor<200x512xf32, #codec>) -> tensor<1x200xf32> {
  %e = tensor.empty() : tensor<200x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xf32>)
      : !zq.tensor<200x512xf32, #codec> -> tensor<200x512xf32>
  %zero = arith.constant dense<0.0> : tensor<1x200xf32>
  // expected-remark @below {{weights in registers as codes and factors, 1 product of bf16 each}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x512xbf16>, tensor<200x512xf32>)
      outs(%zero : tensor<1x200xf32>) -> tensor<1x200xf32>
  return %y : tensor<1x200xf32>
}

// Activations of f32 are not exact in planes, and what is multiplied for a
// weight may be much more than that: it is decoded.
// CHECK-LABEL: func.func @offsets_of_inexact(
// CHECK: zq.decode %{{.*}} using @decode_q4_1_200x512xf32_w32
func.func @offsets_of_inexact(%x: tensor<1x512xf32>, %w: !zq.tensor<200x512xf32, #codec>) -> tensor<1x200xf32> {
  %e = tensor.empty() : tensor<200x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<200x512xf32>)
      : !zq.tensor<200x512xf32, #codec> -> tensor<200x512xf32>
  %zero = arith.constant dense<0.0> : tensor<1x200xf32>
  // expected-remark @below {{weights in registers, }}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x512xf32>, tensor<200x512xf32>)
      outs(%zero : tensor<1x200xf32>) -> tensor<1x200xf32>
  return %y : tensor<1x200xf32>
}

// -----

#codec = #zq.codec<int8_row>

// What is decoded together lies across the sums: it is stored as it comes, and
// transposed on the way to registers.
// CHECK-LABEL: func.func @across(
// CHECK: gpu.launch {{.*}} dynamic_shared_memory_size
// CHECK: scf.for
// CHECK: zq.decode %{{.*}} outs(%{{.*}} : tensor<1x16xf32>)
// CHECK: llvm.store %{{.*}} : vector<8xbf16>, !llvm.ptr<3>
// CHECK: zq.lane_offset %{{.*}} in <lanes = [(1, 16), (2, 32), (4, 64), (0, 16), (8, 0)]
// CHECK: nvvm.ldmatrix %{{.*}} {eltType = {{.*}}, layout = #nvvm.mma_layout<col>, num = 4
// CHECK: nvvm.mma.sync
func.func @across(%x: tensor<40x512xbf16>, %w: !zq.tensor<512x256xbf16, #codec>)
    -> tensor<40x256xf32> {
  %e = tensor.empty() : tensor<512x256xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x256xbf16>)
      : !zq.tensor<512x256xbf16, #codec> -> tensor<512x256xbf16>
  %zero = arith.constant dense<0.0> : tensor<40x256xf32>
  // expected-remark @below {{contraction on tensor cores: weights in shared memory}}
  %y = linalg.matmul ins(%x, %d : tensor<40x512xbf16>, tensor<512x256xbf16>)
      outs(%zero : tensor<40x256xf32>) -> tensor<40x256xf32>
  return %y : tensor<40x256xf32>
}

// -----

// Two dense operands, both copied as they are. A block has one matrix of the
// batch.
// CHECK-LABEL: func.func @dense(
// CHECK: gpu.launch blocks(%{{.*}}, %{{.*}}, %[[BATCH:.*]]) in (%{{.*}} = %c1, %{{.*}} = %c1, %{{.*}} = %c3)
// CHECK-COUNT-4: nvvm.cp.async.shared.global
// CHECK: nvvm.mma.sync {{.*}}mma_type<bf16>
func.func @dense(%x: tensor<3x16x64xbf16>, %w: tensor<3x64x32xbf16>) -> tensor<3x16x32xf32> {
  %zero = arith.constant dense<0.0> : tensor<3x16x32xf32>
  // expected-remark @below {{contraction on tensor cores: both operands in shared memory, 1 product of bf16 each, error at most 0}}
  %y = linalg.batch_matmul ins(%x, %w : tensor<3x16x64xbf16>, tensor<3x64x32xbf16>)
      outs(%zero : tensor<3x16x32xf32>) -> tensor<3x16x32xf32>
  return %y : tensor<3x16x32xf32>
}

// -----

#codec = #zq.codec<int8_row>

// Four blocks, on so many processors as could run 27 times as many: what
// follows the sum is done where its parts are added up.
// PARTS-LABEL: func.func @long_sums(
// PARTS: %[[PARTS:.*]] = memref.alloc() : memref<8x1x1x64xf32>
// PARTS: gpu.launch blocks({{.*}}) in (%{{.*}} = %c4, %{{.*}} = %c1, %{{.*}} = %c8)
// PARTS: memref.store %{{.*}}, %[[PARTS]][
// PARTS: gpu.launch
// PARTS-COUNT-8: memref.load %[[PARTS]]
// PARTS: math.absf
// PARTS: memref.store %{{.*}} : memref<1x64xf32>
func.func @long_sums(%x: tensor<1x16384xbf16>, %w: !zq.tensor<64x16384xf32, #codec>)
    -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x16384xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x16384xf32>)
      : !zq.tensor<64x16384xf32, #codec> -> tensor<64x16384xf32>
  %zero = arith.constant dense<0.0> : tensor<1x64xf32>
  // expected-remark @below {{contraction on tensor cores: weights in registers}}
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x16384xbf16>, tensor<64x16384xf32>)
      outs(%zero : tensor<1x64xf32>) -> tensor<1x64xf32>
  %o = tensor.empty() : tensor<1x64xf32>
  %r = linalg.generic {
      indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<1x64xf32>) outs(%o : tensor<1x64xf32>) {
  ^bb0(%a: f32, %c: f32):
    %s = math.absf %a : f32
    linalg.yield %s : f32
  } -> tensor<1x64xf32>
  return %r : tensor<1x64xf32>
}
