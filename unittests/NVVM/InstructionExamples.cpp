//===- InstructionExamples.cpp - A use of each instruction ----------------===//
#include "InstructionExamples.h"

// clang-format off
#define MMA(shape, types, layout)                                              \
  "{layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, " types  \
  " shape = #nvvm.shape<" shape ">} : " layout
#define BLOCK_SCALE(kind, type, vec, format, k)                                \
  "%d = nvvm.mma.block_scale A[%i, %i, %i, %i] B[%i, %i] C[%f, %f, %f, %f] "   \
  "scaleA[%i, %h, %h] scaleB[%i, %h, %h] "                                     \
  "{shape = #nvvm.shape<m = 16, n = 8, k = " k ">, "                           \
  "multiplicandAPtxType = #nvvm.mma_type<" type ">, "                          \
  "multiplicandBPtxType = #nvvm.mma_type<" type ">, "                          \
  "scaleVecSize = #nvvm.scale_vec_size<" vec ">, "                             \
  "blockScaleFormat = #nvvm.block_scale_format<" format ">, "                  \
  "kind = #nvvm.block_scale_kind<" kind ">} "                                  \
  ": (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>\n"                  \
  "%r = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>"
#define TMEM "%t = llvm.inttoptr %i : i32 to !llvm.ptr<6>\n"
#define CLUSTER "%c = llvm.addrspacecast %s : !llvm.ptr<3> to !llvm.ptr<7>\n"

static constexpr Example examples[] = {
    // Where a thread is.
    {"nvvm.read.ptx.sreg.cluster*", "", "%r = nvvm.read.ptx.sreg.cluster.ctarank : i32", "i32", "%cluster_ctarank"},
    {"nvvm.read.ptx.sreg.cluster*", "", "%r = nvvm.read.ptx.sreg.clusterid.x : i32", "i32", "%clusterid.x"},
    {"nvvm.read.ptx.sreg.ncluster*", "", "%r = nvvm.read.ptx.sreg.nclusterid.x : i32", "i32", "%nclusterid.x"},
    {"nvvm.read.ptx.sreg.aggr.smem.size", "", "%r = nvvm.read.ptx.sreg.aggr.smem.size : i32", "i32", "%aggr_smem_size"},
    {"nvvm.read.ptx.sreg.tid.*", "", "%r = nvvm.read.ptx.sreg.tid.y : i32", "i32", "%tid.y"},
    {"nvvm.read.ptx.sreg.ntid.*", "", "%r = nvvm.read.ptx.sreg.ntid.x : i32", "i32", "%ntid.x"},
    {"nvvm.read.ptx.sreg.ctaid.*", "", "%r = nvvm.read.ptx.sreg.ctaid.z : i32", "i32", "%ctaid.z"},
    {"nvvm.read.ptx.sreg.nctaid.*", "", "%r = nvvm.read.ptx.sreg.nctaid.x : i32", "i32", "%nctaid.x"},
    {"nvvm.read.ptx.sreg.laneid", "", "%r = nvvm.read.ptx.sreg.laneid : i32", "i32", "%laneid"},
    {"nvvm.read.ptx.sreg.lanemask.*", "", "%r = nvvm.read.ptx.sreg.lanemask.lt : i32", "i32", "%lanemask_lt"},
    {"nvvm.read.ptx.sreg.warpid", "", "%r = nvvm.read.ptx.sreg.warpid : i32", "i32", "%warpid"},
    {"nvvm.read.ptx.sreg.nwarpid", "", "%r = nvvm.read.ptx.sreg.nwarpid : i32", "i32", "%nwarpid"},
    {"nvvm.read.ptx.sreg.warpsize", "", "%r = nvvm.read.ptx.sreg.warpsize : i32", "i32", ", 32;"},
    {"nvvm.read.ptx.sreg.smid", "", "%r = nvvm.read.ptx.sreg.smid : i32", "i32", "%smid"},
    {"nvvm.read.ptx.sreg.nsmid", "", "%r = nvvm.read.ptx.sreg.nsmid : i32", "i32", "%nsmid"},
    {"nvvm.read.ptx.sreg.clock*", "", "%r = nvvm.read.ptx.sreg.clock64 : i64", "i64", "%clock64"},
    {"nvvm.read.ptx.sreg.globaltimer", "", "%r = nvvm.read.ptx.sreg.globaltimer : i64", "i64", "%globaltimer"},
    {"nvvm.read.ptx.sreg.dynamic.smem.size", "", "%r = nvvm.read.ptx.sreg.dynamic.smem.size : i32", "i32", "%dynamic_smem_size"},
    {"nvvm.read.ptx.sreg.total.smem.size", "", "%r = nvvm.read.ptx.sreg.total.smem.size : i32", "i32", "%total_smem_size"},

    // Threads together.
    {"nvvm.barrier", "", "nvvm.barrier", "", "bar.sync"},
    {"nvvm.barrier", "", "nvvm.barrier id = %i number_of_threads = %i", "", "bar.sync"},
    {"nvvm.barrier0", "", "nvvm.barrier0", "", "bar.sync"},
    {"nvvm.barrier.arrive", "", "nvvm.barrier.arrive id = %i number_of_threads = %i", "", "bar"},
    {"nvvm.bar.warp.sync", "", "nvvm.bar.warp.sync %i : i32", "", "bar.warp.sync"},
    {"nvvm.shfl.sync", "", "%r = nvvm.shfl.sync bfly %i, %f, %i, %i : f32 -> f32", "f32", "shfl.sync.bfly.b32"},
    {"nvvm.shfl.sync", "", "%r = nvvm.shfl.sync idx %i, %i, %i, %i : i32 -> i32", "i32", "shfl.sync.idx.b32"},
    {"nvvm.vote.sync", "", "%r = nvvm.vote.sync ballot %i, %p -> i32", "i32", "vote.sync.ballot.b32"},
    {"nvvm.match.sync", "", "%r = nvvm.match.sync any %i, %i : i32 -> i32", "i32", "match.any.sync.b32"},
    {"nvvm.redux.sync", "on f32", "%r = nvvm.redux.sync fmax %f, %i : f32 -> f32", "f32", "redux.sync.max.f32"},
    {"nvvm.redux.sync", "", "%r = nvvm.redux.sync add %i, %i : i32 -> i32", "i32", "redux.sync.add.s32"},
    {"nvvm.elect.sync", "", "%r = nvvm.elect.sync -> i1", "i1", "elect.sync"},
    {"nvvm.cluster.arrive", "", "nvvm.cluster.arrive", "", "barrier.cluster.arrive"},
    {"nvvm.cluster.arrive.relaxed", "", "nvvm.cluster.arrive.relaxed", "", "barrier.cluster.arrive.relaxed"},
    {"nvvm.cluster.wait", "", "nvvm.cluster.wait", "", "barrier.cluster.wait"},
    {"nvvm.mapa", "", "%c = nvvm.mapa %s, %i : !llvm.ptr<3> -> !llvm.ptr<7>\n%r = llvm.ptrtoint %c : !llvm.ptr<7> to i32", "i32", "mapa.shared::cluster"},
    {"nvvm.memory.barrier", "in a cluster", "nvvm.memory.barrier #nvvm.mem_scope<cluster>", "", "fence.sc.cluster"},
    {"nvvm.memory.barrier", "", "nvvm.memory.barrier #nvvm.mem_scope<gpu>", "", "membar.gl"},
    {"nvvm.fence.sc.cluster", "", "nvvm.fence.sc.cluster", "", "fence.sc.cluster"},
    {"nvvm.fence.mbarrier.init", "", "nvvm.fence.mbarrier.init", "", "fence.mbarrier_init"},
    {"nvvm.fence.proxy", "alias", "nvvm.fence.proxy {kind = #nvvm.proxy_kind<alias>}", "", "fence.proxy.alias"},
    {"nvvm.fence.proxy", "", "nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}", "", "fence.proxy.async.shared::cta"},
    {"nvvm.griddepcontrol", "", "nvvm.griddepcontrol wait", "", "griddepcontrol.wait"},
    {"nvvm.setmaxregister", "", "nvvm.setmaxregister increase 80", "", "setmaxnreg.inc"},
    {"nvvm.nanosleep", "", "nvvm.nanosleep %i", "", "nanosleep"},
    {"nvvm.exit", "", "nvvm.exit", "", "exit;"},

    // Transaction barriers.
    {"nvvm.mbarrier.init", "", "nvvm.mbarrier.init %s, %i : !llvm.ptr<3>, i32", "", "mbarrier.init.shared.b64"},
    {"nvvm.mbarrier.inval", "", "nvvm.mbarrier.inval %s : !llvm.ptr<3>", "", "mbarrier.inval.shared.b64"},
    {"nvvm.mbarrier.arrive", "", "%r = nvvm.mbarrier.arrive %s : !llvm.ptr<3> -> i64", "i64", "mbarrier.arrive"},
    {"nvvm.mbarrier.arrive.nocomplete", "", "%r = nvvm.mbarrier.arrive.nocomplete %s, %i : !llvm.ptr<3>, i32 -> i64", "i64", "mbarrier.arrive.noComplete"},
    {"nvvm.mbarrier.arrive.expect_tx", "", "nvvm.mbarrier.arrive.expect_tx %s, %i : !llvm.ptr<3>, i32", "", "mbarrier.arrive.expect_tx"},
    {"nvvm.mbarrier.expect_tx", "", "nvvm.mbarrier.expect_tx %s, %i : !llvm.ptr<3>, i32", "", "mbarrier.expect_tx"},
    {"nvvm.mbarrier.complete_tx", "", "nvvm.mbarrier.complete_tx %s, %i : !llvm.ptr<3>, i32", "", "mbarrier.complete_tx"},
    {"nvvm.mbarrier.test.wait", "", "%r = nvvm.mbarrier.test.wait %s, %l : !llvm.ptr<3>, i64 -> i1", "i1", "mbarrier.test_wait"},
    {"nvvm.mbarrier.try_wait", "", "%r = nvvm.mbarrier.try_wait %s, %i : !llvm.ptr<3>, i32 -> i1", "i1", "mbarrier.try_wait.parity"},
    {"nvvm.mbarrier.try_wait.parity", "", "nvvm.mbarrier.try_wait.parity %s, %i, %i : !llvm.ptr<3>, i32, i32", "", "mbarrier.try_wait.parity"},

    // Copies.
    {"nvvm.cp.async.shared.global", "", "nvvm.cp.async.shared.global %s, %g, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>", "", "cp.async.cg.shared.global"},
    {"nvvm.cp.async.shared.global", "", "nvvm.cp.async.shared.global %s, %g, 16, cache = cg, %i : !llvm.ptr<3>, !llvm.ptr<1>, i32", "", "cp.async.cg.shared.global"},
    {"nvvm.cp.async.shared.global", "", "nvvm.cp.async.shared.global %s, %g, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>", "", "cp.async.ca.shared.global"},
    {"nvvm.cp.async.commit.group", "", "nvvm.cp.async.commit.group", "", "cp.async.commit_group"},
    {"nvvm.cp.async.wait.group", "", "nvvm.cp.async.wait.group 1", "", "cp.async.wait_group"},
    {"nvvm.cp.async.mbarrier.arrive", "", "nvvm.cp.async.mbarrier.arrive %s : !llvm.ptr<3>", "", "cp.async.mbarrier.arrive"},
    {"nvvm.cp.async.bulk.shared.cluster.global", "", CLUSTER "nvvm.cp.async.bulk.shared.cluster.global %c, %g, %s, %i : !llvm.ptr<7>, !llvm.ptr<1>", "", "cp.async.bulk.shared::cluster.global"},
    {"nvvm.cp.async.bulk.shared.cluster.global", "to the block's own memory", "nvvm.cp.async.bulk.shared.cluster.global %s, %g, %s, %i : !llvm.ptr<3>, !llvm.ptr<1>", "", "cp.async.bulk.shared::cta.global"},
    {"nvvm.cp.async.bulk.global.shared.cta", "", "nvvm.cp.async.bulk.global.shared.cta %g, %s, %i : !llvm.ptr<1>, !llvm.ptr<3>", "", "cp.async.bulk.global.shared::cta"},
    {"nvvm.cp.async.bulk.shared.cluster.shared.cta", "", CLUSTER "nvvm.cp.async.bulk.shared.cluster.shared.cta %c, %s, %s, %i : !llvm.ptr<7>, !llvm.ptr<3>", "", "cp.async.bulk.shared::cluster.shared::cta"},
    {"nvvm.cp.async.bulk.prefetch", "", "nvvm.cp.async.bulk.prefetch %g, %i : !llvm.ptr<1>", "", "cp.async.bulk.prefetch"},
    {"nvvm.cp.async.bulk.commit.group", "", "nvvm.cp.async.bulk.commit.group", "", "cp.async.bulk.commit_group"},
    {"nvvm.cp.async.bulk.wait_group", "", "nvvm.cp.async.bulk.wait_group 0", "", "cp.async.bulk.wait_group"},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global", "to the block's own memory", "nvvm.cp.async.bulk.tensor.shared.cluster.global %s, %q, %s, box[%i, %i] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr", "", "cp.async.bulk.tensor.2d.shared::cta.global"},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global", "", CLUSTER "nvvm.cp.async.bulk.tensor.shared.cluster.global %c, %q, %s, box[%i, %i] : !llvm.ptr<7>, !llvm.ptr", "", "cp.async.bulk.tensor.2d.shared::cluster.global"},
    {"nvvm.cp.async.bulk.tensor.global.shared.cta", "", "nvvm.cp.async.bulk.tensor.global.shared.cta %q, %s, box[%i, %i] : !llvm.ptr, !llvm.ptr<3>", "", "cp.async.bulk.tensor.2d.global.shared::cta"},
    {"nvvm.cp.async.bulk.tensor.prefetch", "", "nvvm.cp.async.bulk.tensor.prefetch %q, box[%i, %i] : !llvm.ptr", "", "cp.async.bulk.prefetch.tensor.2d"},
    {"nvvm.prefetch", "of a tensor map", "nvvm.prefetch tensormap, %q : !llvm.ptr", "", "prefetch.tensormap"},
    {"nvvm.prefetch", "", "nvvm.prefetch level = L2, %g : !llvm.ptr<1>", "", "prefetch.global.L2"},

    // Matrices between registers and shared memory.
    {"nvvm.ldmatrix", "of 16 bits", "%d = nvvm.ldmatrix %s {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>\n%r = llvm.extractvalue %d[0] : !llvm.struct<(i32, i32, i32, i32)>", "i32", "ldmatrix.sync.aligned.m8n8.x4.shared.b16"},
    {"nvvm.ldmatrix", "of 8, 6 or 4 bits", "%d = nvvm.ldmatrix %s {num = 2 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 16>, eltType = #nvvm.ld_st_matrix_elt_type<b8x16.b4x16_p64>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>\n%r = llvm.extractvalue %d[0] : !llvm.struct<(i32, i32)>", "i32", "b8x16.b4x16_p64"},
    {"nvvm.stmatrix", "of 16 bits", "nvvm.stmatrix %s, %i, %i {layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : !llvm.ptr<3>, i32, i32", "", "stmatrix.sync.aligned.m8n8.x2.shared.b16"},
    {"nvvm.stmatrix", "of 8 bits", "nvvm.stmatrix %s, %i, %i {layout = #nvvm.mma_layout<col>, shape = #nvvm.ld_st_matrix_shape<m = 16, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b8>} : !llvm.ptr<3>, i32, i32", "", "stmatrix.sync.aligned.m16n8.x2.trans.shared.b8"},

    // Products.
    {"nvvm.mma.sync", "on 16-bit floats, tf32 or f64", "%d = nvvm.mma.sync A[%i, %i, %i, %i] B[%i, %i] C[%f, %f, %f, %f] " MMA("m = 16, n = 8, k = 16", "multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>,", "(i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>") "\n%r = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>", "f32", "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"},
    {"nvvm.mma.sync", "on 16-bit floats, tf32 or f64", "%v = llvm.bitcast %i : i32 to vector<2xf16>\n%d = nvvm.mma.sync A[%v, %v, %v, %v] B[%v, %v] C[%f, %f, %f, %f] " MMA("m = 16, n = 8, k = 16", "", "(vector<2xf16>, vector<2xf16>, f32) -> !llvm.struct<(f32, f32, f32, f32)>") "\n%r = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>", "f32", "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"},
    {"nvvm.mma.sync", "on 16-bit floats, tf32 or f64", "%d = nvvm.mma.sync A[%i, %i, %i, %i] B[%i, %i] C[%f, %f, %f, %f] " MMA("m = 16, n = 8, k = 8", "multiplicandAPtxType = #nvvm.mma_type<tf32>, multiplicandBPtxType = #nvvm.mma_type<tf32>,", "(i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>") "\n%r = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>", "f32", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"},
    {"nvvm.mma.sync", "on bytes", "%d = nvvm.mma.sync A[%i, %i, %i, %i] B[%i, %i] C[%i, %i, %i, %i] " MMA("m = 16, n = 8, k = 32", "multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>,", "(i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>") "\n%r = llvm.extractvalue %d[0] : !llvm.struct<(i32, i32, i32, i32)>", "i32", "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32"},
    {"nvvm.mma.block_scale", "", BLOCK_SCALE("mxf4nvf4", "e2m1", "x4", "ue4m3", "64"), "f32", "kind::mxf4nvf4.block_scale.scale_vec::4X"},
    {"nvvm.mma.block_scale", "", BLOCK_SCALE("mxf4", "e2m1", "x2", "ue8m0", "64"), "f32", "kind::mxf4.block_scale.scale_vec::2X"},
    {"nvvm.mma.block_scale", "", BLOCK_SCALE("mxf8f6f4", "e4m3", "x1", "ue8m0", "32"), "f32", "kind::mxf8f6f4.block_scale.scale_vec::1X"},
    {"llvm.nvvm.mma.m16n8k32.row.col.f32.e4m3.*", "", "%d = llvm.call_intrinsic \"llvm.nvvm.mma.m16n8k32.row.col.f32.e4m3.e4m3.f32\"(%i, %i, %i, %i, %i, %i, %f, %f, %f, %f) : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>\n%r = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>", "f32", "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32"},
    {"llvm.nvvm.mma.m16n8k32.row.col.f32.e5m2.*", "", "%d = llvm.call_intrinsic \"llvm.nvvm.mma.m16n8k32.row.col.f32.e5m2.e4m3.f32\"(%i, %i, %i, %i, %i, %i, %f, %f, %f, %f) : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>\n%r = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>", "f32", "mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e4m3.f32"},
    {"llvm.nvvm.mma.m16n8k32.row.col.kind.f8f6f4.*", "", "%d = llvm.call_intrinsic \"llvm.nvvm.mma.m16n8k32.row.col.kind.f8f6f4.f32.e2m1.e4m3.f32\"(%i, %i, %i, %i, %i, %i, %f, %f, %f, %f) : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>\n%r = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>", "f32", "kind::f8f6f4"},
    {"nvvm.dot.accumulate.4way", "", "%v = llvm.bitcast %i : i32 to vector<4xi8>\n%r = nvvm.dot.accumulate.4way %v <signed>, %v <signed>, %i : vector<4xi8>, vector<4xi8>", "i32", "dp4a.s32.s32"},
    {"nvvm.dot.accumulate.2way", "", "%v = llvm.bitcast %i : i32 to vector<2xi16>\n%w = llvm.bitcast %i : i32 to vector<4xi8>\n%r = nvvm.dot.accumulate.2way %v <signed>, %w <signed>, %i {b_hi = false} : vector<2xi16>, vector<4xi8>", "i32", "dp2a.lo.s32.s32"},
    {"nvvm.wgmma.fence.aligned", "", "nvvm.wgmma.fence.aligned", "", "wgmma.fence.sync.aligned"},
    {"nvvm.wgmma.commit.group.sync.aligned", "", "nvvm.wgmma.commit.group.sync.aligned", "", "wgmma.commit_group.sync.aligned"},
    {"nvvm.wgmma.wait.group.sync.aligned", "", "nvvm.wgmma.wait.group.sync.aligned 0", "", "wgmma.wait_group.sync.aligned"},
    {"nvvm.wgmma.mma_async", "", "%u = llvm.mlir.undef : !llvm.struct<(f32, f32, f32, f32)>\n%d = nvvm.wgmma.mma_async %l, %l, %u, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, #nvvm.wgmma_scale_out<zero>], A [<bf16>, #nvvm.wgmma_scale_in<one>, <row>], B [<bf16>, #nvvm.wgmma_scale_in<one>, <col>] : !llvm.struct<(f32, f32, f32, f32)> -> !llvm.struct<(f32, f32, f32, f32)>\n%r = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>", "f32", "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16"},

    // Tensor memory.
    {"nvvm.tcgen05.alloc", "", "nvvm.tcgen05.alloc %s, %i : !llvm.ptr<3>, i32", "", "tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32"},
    {"nvvm.tcgen05.dealloc", "", TMEM "nvvm.tcgen05.dealloc %t, %i : !llvm.ptr<6>, i32", "", "tcgen05.dealloc.cta_group::1"},
    {"nvvm.tcgen05.relinquish_alloc_permit", "", "nvvm.tcgen05.relinquish_alloc_permit", "", "tcgen05.relinquish_alloc_permit.cta_group::1"},
    {"nvvm.tcgen05.fence", "", "nvvm.tcgen05.fence #nvvm.tcgen05_fence<before>", "", "tcgen05.fence::before_thread_sync"},
    {"nvvm.tcgen05.wait", "", "nvvm.tcgen05.wait #nvvm.tcgen05_wait<load>", "", "tcgen05.wait::ld"},
    {"nvvm.tcgen05.commit", "", "nvvm.tcgen05.commit %s : !llvm.ptr<3>", "", "tcgen05.commit.cta_group::1"},
    {"nvvm.tcgen05.cp", "", TMEM "nvvm.tcgen05.cp %t, %l {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}", "", "tcgen05.cp.cta_group::1.32x128b.warpx4"},
    {"nvvm.tcgen05.ld", "", TMEM "%v = nvvm.tcgen05.ld %t {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<4xi32>\nnvvm.tcgen05.wait #nvvm.tcgen05_wait<load>\n%z = llvm.mlir.constant(0 : i32) : i32\n%r = llvm.extractelement %v[%z : i32] : vector<4xi32>", "i32", "tcgen05.ld.sync.aligned.32x32b.x4.b32"},
    {"nvvm.tcgen05.st", "", TMEM "nvvm.tcgen05.st %t, %i {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : i32", "", "tcgen05.st.sync.aligned.32x32b.x1.b32"},
    {"nvvm.tcgen05.mma", "on bytes", TMEM "nvvm.tcgen05.mma %t, %l, %l, %i, %p {kind = #nvvm.tcgen05_mma_kind<i8>, ctaGroup = #nvvm.cta_group<cta_1>} : (!llvm.ptr<6>, i64, i64, i32, i1)", "", "tcgen05.mma.cta_group::1.kind::i8"},
    {"nvvm.tcgen05.mma", "", TMEM "nvvm.tcgen05.mma %t, %l, %l, %i, %p {kind = #nvvm.tcgen05_mma_kind<f16>, ctaGroup = #nvvm.cta_group<cta_1>} : (!llvm.ptr<6>, i64, i64, i32, i1)", "", "tcgen05.mma.cta_group::1.kind::f16"},
    {"nvvm.tcgen05.mma.block_scale", "", TMEM "nvvm.tcgen05.mma.block_scale %t, %l, %l, %i, %p, %t, %t {kind = #nvvm.block_scale_kind<mxf4nvf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block16>} : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)", "", "kind::mxf4nvf4.block_scale"},

    // Conversions.
    {"nvvm.convert.float.to.tf32", "to nearest even or to zero", "%r = nvvm.convert.float.to.tf32 %f {rnd = #nvvm.fp_rnd_mode<rn>}", "i32", "cvt.rn.tf32.f32"},
    {"nvvm.convert.float.to.tf32", "", "%r = nvvm.convert.float.to.tf32 %f {rnd = #nvvm.fp_rnd_mode<rna>}", "i32", "cvt.rna.tf32.f32"},
    {"nvvm.convert.f32x2.to.f16x2", "with random bits", "%r = nvvm.convert.f32x2.to.f16x2 %f, %f, %i {rnd = #nvvm.fp_rnd_mode<rs>} : vector<2xf16>", "vector<2xf16>", "cvt.rs.f16x2.f32"},
    {"nvvm.convert.f32x2.to.f16x2", "", "%r = nvvm.convert.f32x2.to.f16x2 %f, %f {rnd = #nvvm.fp_rnd_mode<rn>} : vector<2xf16>", "vector<2xf16>", "cvt.rn.f16x2.f32"},
    {"nvvm.convert.f32x2.to.bf16x2", "with random bits", "%r = nvvm.convert.f32x2.to.bf16x2 %f, %f, %i {rnd = #nvvm.fp_rnd_mode<rs>} : vector<2xbf16>", "vector<2xbf16>", "cvt.rs.bf16x2.f32"},
    {"nvvm.convert.f32x2.to.bf16x2", "", "%r = nvvm.convert.f32x2.to.bf16x2 %f, %f {rnd = #nvvm.fp_rnd_mode<rn>} : vector<2xbf16>", "vector<2xbf16>", "cvt.rn.bf16x2.f32"},
    {"nvvm.convert.f32x2.to.f8x2", "to f8E8M0FNU", "%r = nvvm.convert.f32x2.to.f8x2 %f, %f {rnd = #nvvm.fp_rnd_mode<rp>, sat = #nvvm.sat_mode<satfinite>} : i16 (f8E8M0FNU)", "i16", "cvt.rp.satfinite.ue8m0x2.f32"},
    {"nvvm.convert.f32x2.to.f8x2", "", "%r = nvvm.convert.f32x2.to.f8x2 %f, %f {rnd = #nvvm.fp_rnd_mode<rn>, sat = #nvvm.sat_mode<satfinite>} : i16 (f8E4M3FN)", "i16", "cvt.rn.satfinite.e4m3x2.f32"},
    {"nvvm.convert.f16x2.to.f8x2", "", "%v = llvm.bitcast %i : i32 to vector<2xf16>\n%r = nvvm.convert.f16x2.to.f8x2 %v : vector<2xf16> -> i16 (f8E5M2)", "i16", "cvt.rn.satfinite.e5m2x2.f16x2"},
    {"nvvm.convert.bf16x2.to.f8x2", "", "%v = llvm.bitcast %i : i32 to vector<2xbf16>\n%r = nvvm.convert.bf16x2.to.f8x2 %v {rnd = #nvvm.fp_rnd_mode<rz>, sat = #nvvm.sat_mode<satfinite>} : vector<2xbf16> -> i16 (f8E8M0FNU)", "i16", "cvt.rz.satfinite.ue8m0x2.bf16x2"},
    {"nvvm.convert.f8x2.to.f16x2", "", "%v = llvm.bitcast %h : i16 to vector<2xi8>\n%r = nvvm.convert.f8x2.to.f16x2 %v : vector<2xi8> (f8E4M3FN) -> vector<2xf16>", "vector<2xf16>", "cvt.rn.f16x2.e4m3x2"},
    {"nvvm.convert.f8x2.to.bf16x2", "", "%v = llvm.bitcast %h : i16 to vector<2xi8>\n%r = nvvm.convert.f8x2.to.bf16x2 %v : vector<2xi8> (f8E8M0FNU) -> vector<2xbf16>", "vector<2xbf16>", "cvt.rn.bf16x2.ue8m0x2"},
    {"nvvm.convert.f32x2.to.f6x2", "", "%r = nvvm.convert.f32x2.to.f6x2 %f, %f : i16 (f6E2M3FN)", "i16", "cvt.rn.satfinite.e2m3x2.f32"},
    {"nvvm.convert.f6x2.to.f16x2", "", "%v = llvm.bitcast %h : i16 to vector<2xi8>\n%r = nvvm.convert.f6x2.to.f16x2 %v : vector<2xi8> (f6E3M2FN) -> vector<2xf16>", "vector<2xf16>", "cvt.rn.f16x2.e3m2x2"},
    {"nvvm.convert.f32x2.to.f4x2", "", "%r = nvvm.convert.f32x2.to.f4x2 %f, %f : i8 (f4E2M1FN)", "i8", "cvt.rn.satfinite.e2m1x2.f32"},
    {"nvvm.convert.f4x2.to.f16x2", "", "%b = llvm.trunc %i : i32 to i8\n%r = nvvm.convert.f4x2.to.f16x2 %b : i8 (f4E2M1FN) -> vector<2xf16>", "vector<2xf16>", "cvt.rn.f16x2.e2m1x2"},
    {"nvvm.convert.f32x4.to.*", "", "%z = llvm.mlir.zero : vector<4xf32>\n%k = llvm.mlir.constant(0 : i32) : i32\n%v = llvm.insertelement %f, %z[%k : i32] : vector<4xf32>\n%r = nvvm.convert.f32x4.to.f4x4 %v, %i : vector<4xf32> -> i16 (f4E2M1FN)", "i16", "cvt.rs.satfinite.e2m1x4.f32"},

    // Arithmetic.
    {"nvvm.prmt", "", "%r = nvvm.prmt #nvvm.permute_mode<default> %i, %i, %i : i32", "i32", "prmt.b32"},
    {"llvm.nvvm.fma.rn.f16x2", "", "%v = llvm.bitcast %i : i32 to vector<2xf16>\n%w = llvm.call_intrinsic \"llvm.nvvm.fma.rn.f16x2\"(%v, %v, %v) : (vector<2xf16>, vector<2xf16>, vector<2xf16>) -> vector<2xf16>\n%r = llvm.bitcast %w : vector<2xf16> to i32", "i32", "fma.rn.f16x2"},
    {"llvm.nvvm.fma.rn.bf16x2", "", "%v = llvm.bitcast %i : i32 to vector<2xbf16>\n%w = llvm.call_intrinsic \"llvm.nvvm.fma.rn.bf16x2\"(%v, %v, %v) : (vector<2xbf16>, vector<2xbf16>, vector<2xbf16>) -> vector<2xbf16>\n%r = llvm.bitcast %w : vector<2xbf16> to i32", "i32", "fma.rn.bf16x2"},
    {"nvvm.rcp.approx.ftz.f", "", "%r = nvvm.rcp.approx.ftz.f %f : f32", "f32", "rcp.approx.ftz.f32"},
    {"llvm.nvvm.ex2.approx*", "", "%r = llvm.call_intrinsic \"llvm.nvvm.ex2.approx.f32\"(%f) : (f32) -> f32", "f32", "ex2.approx.f32"},
    {"llvm.nvvm.lg2.approx*", "", "%r = llvm.call_intrinsic \"llvm.nvvm.lg2.approx.f\"(%f) : (f32) -> f32", "f32", "lg2.approx.f32"},
    {"llvm.nvvm.rsqrt.approx*", "", "%r = llvm.call_intrinsic \"llvm.nvvm.rsqrt.approx.f\"(%f) : (f32) -> f32", "f32", "rsqrt.approx.f32"},
    {"llvm.nvvm.sqrt.approx*", "", "%r = llvm.call_intrinsic \"llvm.nvvm.sqrt.approx.f\"(%f) : (f32) -> f32", "f32", "sqrt.approx.f32"},
    {"llvm.nvvm.rcp.approx.ftz.f", "", "%r = llvm.call_intrinsic \"llvm.nvvm.rcp.approx.ftz.f\"(%f) : (f32) -> f32", "f32", "rcp.approx.ftz.f32"},
};
// clang-format on

llvm::ArrayRef<Example> getExamples() { return examples; }
