// RUN: zq-opt %s -zq-form-block-scaled-kernels=chip=sm_100a -canonicalize -cse -split-input-file -verify-diagnostics | FileCheck %s
// RUN: zq-opt %s -zq-form-block-scaled-kernels=chip=sm_103a -canonicalize -cse -split-input-file -verify-diagnostics | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @nvfp4(
// Four warps that copy and store, one for the tensor core, one for boxes.
// CHECK: gpu.launch blocks({{.*}}) in ({{.*}} = %c8, {{.*}} = %c8, {{.*}} = %c1) threads(%[[T:.*]], %{{.*}}, %{{.*}}) in ({{.*}} = %c192, {{.*}}) dynamic_shared_memory_size %c148560_i32
// CHECK: %[[THREAD:.*]] = arith.index_cast %[[T]]
// Codes come in boxes of 128 rows of 128 bytes.
// CHECK: %[[A:.*]] = nvgpu.tma.create.descriptor %{{.*}} box[%c128, %c128] : memref<*xi8> -> <tensor = memref<128x128xi8, 3>, swizzle = swizzle_128b
// CHECK: %[[MAPA:.*]] = builtin.unrealized_conversion_cast %[[A]] : {{.*}} to !llvm.ptr
// CHECK: %[[B:.*]] = nvgpu.tma.create.descriptor %{{.*}} box[%c128, %c128]
// CHECK: %[[MAPB:.*]] = builtin.unrealized_conversion_cast %[[B]]
// 128 columns of sums, and 32 of scales for each of four stages.
// CHECK: scf.if
// CHECK: nvvm.tcgen05.alloc %{{.*}}, %c256_i32 : !llvm.ptr<3>, i32
// CHECK: nvvm.tcgen05.relinquish_alloc_permit
// A stage is full when four warps and the copy engine say so, empty when the
// tensor core does.
// CHECK: scf.if
// CHECK: nvvm.mbarrier.init %[[FULL:.*]], %c5_i32
// CHECK: nvvm.mbarrier.init %{{.*}}, %c1_i32
// CHECK-COUNT-3: nvvm.mbarrier.init %{{.*}}, %c5_i32
// CHECK: nvvm.mbarrier.init %{{.*}}, %c1_i32
// CHECK-NEXT: nvvm.mbarrier.init %[[FINISHED:.*]], %c1_i32
// CHECK-NEXT: nvvm.fence.mbarrier.init
// CHECK: nvvm.tcgen05.fence <before>
// CHECK-NEXT: gpu.barrier
// CHECK-NEXT: nvvm.tcgen05.fence <after>

// CHECK: %[[MULTIPLIES:.*]] = arith.cmpi eq, %[[THREAD]], %c128_i32
// CHECK: scf.if %[[MULTIPLIES]]
// CHECK: scf.for {{.*}} iter_args(%[[SLOT:.*]] = %c0_i32, %[[PARITY:.*]] = %c0_i32)
// CHECK: scf.while
// CHECK: nvvm.mbarrier.try_wait %{{.*}}, %[[PARITY]]
// CHECK-COUNT-8: nvvm.tcgen05.cp {{.*}}multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>
// M 128, N 128, both e2m1.
// CHECK: nvvm.tcgen05.mma.block_scale {{.*}}, %c136316032_i32, %{{.*}}, %{{.*}}, %{{.*}} {blockScale = #nvvm.tcgen05_mma_block_scale<block16>, ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.block_scale_kind<mxf4nvf4>}
// CHECK-COUNT-3: nvvm.tcgen05.mma.block_scale {{.*}}, %true,
// CHECK-NOT: nvvm.tcgen05.mma
// CHECK: nvvm.tcgen05.commit
// CHECK: scf.yield %{{.*}}, %{{.*}} : i32, i32
// CHECK: nvvm.tcgen05.commit %[[FINISHED]]

// CHECK: %[[BOXES:.*]] = arith.cmpi eq, %[[THREAD]], %c160_i32
// CHECK: scf.if %[[BOXES]]
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %c0_i32, %[[PARITY:.*]] = %c0_i32)
// An empty stage's parity is the other one: that of the first is over at once.
// CHECK: %[[OTHER:.*]] = arith.xori %[[PARITY]], %c1_i32
// CHECK: nvvm.mbarrier.try_wait %{{.*}}, %[[OTHER]]
// CHECK: nvvm.mbarrier.arrive.expect_tx %[[FULL:.*]], %c32768_i32
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAPA]], %[[FULL]], box[%{{.*}}, %{{.*}}] {isCTAOnly = true}
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAPB]], %[[FULL]], box

// CHECK: %[[COPIES:.*]] = arith.cmpi slt, %[[THREAD]], %c128_i32
// CHECK: scf.if %[[COPIES]]
// CHECK: scf.for
// CHECK: nvvm.mbarrier.try_wait
// Scales go to their chunk a word at a time, those of two stages at once.
// CHECK-COUNT-8: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache = ca
// CHECK-NOT: nvvm.cp.async.shared
// CHECK: nvvm.cp.async.wait.group 2
// CHECK: scf.if
// CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
// CHECK-NEXT: nvvm.bar.warp.sync
// CHECK: nvvm.mbarrier.arrive
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-COUNT-2: nvvm.mbarrier.arrive
// CHECK: nvvm.mbarrier.try_wait %[[FINISHED]], %c0_i32
// CHECK: nvvm.tcgen05.fence <after>
// CHECK: nvvm.tcgen05.ld %{{.*}} {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<32xi32>
// CHECK-NEXT: nvvm.tcgen05.wait <load>
// CHECK: llvm.store {{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
// CHECK: nvvm.tcgen05.fence <before>
// CHECK-NEXT: gpu.barrier
// CHECK: nvvm.tcgen05.dealloc %{{.*}}, %c256_i32
func.func @nvfp4(%x: !zq.tensor<1024x1024xf32, #zq.codec<nvfp4>>,
                 %w: !zq.tensor<1024x1024xf32, #zq.codec<nvfp4>>)
    -> tensor<1024x1024xf32> {
  %e = tensor.empty() : tensor<1024x1024xf32>
  %dx = zq.decode %x at [0, 0] outs(%e : tensor<1024x1024xf32>)
      : !zq.tensor<1024x1024xf32, #zq.codec<nvfp4>> -> tensor<1024x1024xf32>
  %dw = zq.decode %w at [0, 0] outs(%e : tensor<1024x1024xf32>)
      : !zq.tensor<1024x1024xf32, #zq.codec<nvfp4>> -> tensor<1024x1024xf32>
  %zero = arith.constant dense<0.0> : tensor<1024x1024xf32>
  // expected-remark @below {{block-scaled product, mxf4nvf4, nothing decoded: tiles of 128x128x256, 4 stages, 148560 bytes shared}}
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dw : tensor<1024x1024xf32>, tensor<1024x1024xf32>)
      outs(%zero : tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  return %y : tensor<1024x1024xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Few rows are the columns of the sums. 16 floats of 4 bits lie in the first
// half of 16 bytes. A word of scales is for four steps: bytes 0 to 3, the
// weight's e2m1 (5) first, the activation's e5m2 (1) second, N 8.
// CHECK-LABEL: func.func @mixed(
// CHECK: gpu.launch blocks({{.*}}) in ({{.*}} = %c8, {{.*}} = %c1, {{.*}} = %c1)
// The copy engine leaves 8 bytes after each 8.
// CHECK: %[[CODES:.*]] = builtin.unrealized_conversion_cast %{{.*}} : memref<1024x256xi8> to memref<1024x512xi4>
// CHECK: memref.cast %[[CODES]] : memref<1024x512xi4> to memref<*xi4>
// CHECK: nvgpu.tma.create.descriptor %{{.*}} box[%c128, %c128] : memref<*xi4> -> <tensor = memref<128x128xi8, 3>, swizzle = swizzle_128b
// CHECK: nvgpu.tma.create.descriptor %{{.*}} box[%c8, %c128] : memref<*xi8>
// CHECK-COUNT-2: nvvm.tcgen05.cp
// CHECK-NOT: nvvm.tcgen05.cp
// CHECK: nvvm.tcgen05.mma.block_scale {{.*}}, %c142739072_i32, %{{.*}} {blockScale = #nvvm.tcgen05_mma_block_scale<block32>, {{.*}}kind = #nvvm.block_scale_kind<mxf8f6f4>}
// CHECK: nvvm.tcgen05.mma.block_scale {{.*}}, %c679610000_i32,
// CHECK: nvvm.tcgen05.mma.block_scale {{.*}}, %c1216480928_i32,
// CHECK: nvvm.tcgen05.mma.block_scale {{.*}}, %c1753351856_i32,
// CHECK: nvvm.tcgen05.ld {{.*}} : vector<8xi32>
func.func @mixed(%x: !zq.tensor<3x512xf32, #zq.codec<mxfp8_e5m2>>,
                 %w: !zq.tensor<1024x512xf32, #zq.codec<mxfp4>>)
    -> tensor<3x1024xf32> {
  %ex = tensor.empty() : tensor<3x512xf32>
  %ew = tensor.empty() : tensor<1024x512xf32>
  %dx = zq.decode %x at [0, 0] outs(%ex : tensor<3x512xf32>)
      : !zq.tensor<3x512xf32, #zq.codec<mxfp8_e5m2>> -> tensor<3x512xf32>
  %dw = zq.decode %w at [0, 0] outs(%ew : tensor<1024x512xf32>)
      : !zq.tensor<1024x512xf32, #zq.codec<mxfp4>> -> tensor<1024x512xf32>
  %zero = arith.constant dense<0.0> : tensor<3x1024xf32>
  // expected-remark @below {{block-scaled product, mxf8f6f4, nothing decoded: tiles of 128x8x128 with the weight's rows first, 4 stages}}
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dw : tensor<3x512xf32>, tensor<1024x512xf32>)
      outs(%zero : tensor<3x1024xf32>) -> tensor<3x1024xf32>
  return %y : tensor<3x1024xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Rows of 36 bytes are in no box: threads copy all, and no warp is for boxes.
// CHECK-LABEL: func.func @odd_rows(
// CHECK: gpu.launch blocks({{.*}}) threads({{.*}}) in ({{.*}} = %c160, {{.*}})
// CHECK-NOT: nvgpu.tma
// CHECK: nvvm.mbarrier.init %{{.*}}, %c4_i32
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache = ca
func.func @odd_rows(%x: !zq.tensor<64x72xf32, #zq.codec<mxfp4>>, %w: !zq.tensor<64x72xf32, #zq.codec<mxfp4>>)
    -> tensor<64x64xf32> {
  %e = tensor.empty() : tensor<64x72xf32>
  %dx = zq.decode %x at [0, 0] outs(%e : tensor<64x72xf32>)
      : !zq.tensor<64x72xf32, #zq.codec<mxfp4>> -> tensor<64x72xf32>
  %dw = zq.decode %w at [0, 0] outs(%e : tensor<64x72xf32>)
      : !zq.tensor<64x72xf32, #zq.codec<mxfp4>> -> tensor<64x72xf32>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{codes of the left operand come by threads, no box has rows of 36 bytes; codes of the right operand come by threads, no box has rows of 36 bytes}}
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%dx, %dw : tensor<64x72xf32>, tensor<64x72xf32>)
      outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y : tensor<64x64xf32>
}
