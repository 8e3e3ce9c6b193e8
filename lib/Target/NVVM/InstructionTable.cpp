//===- InstructionTable.cpp - Which chip has which instruction ------------===//
#include "zq/Target/NVVM/InstructionTable.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// Chips
//===----------------------------------------------------------------------===//

static bool all(const Chip &) { return true; }
static bool from89(const Chip &chip) { return chip.arch >= 89; }
static bool from90(const Chip &chip) { return chip.arch >= 90; }
static bool only90a(const Chip &chip) { return chip.hasWgmma(); }
static bool blackwell(const Chip &chip) { return chip.hasNarrowFloats(); }
static bool family100(const Chip &chip) { return chip.isOfFamily(100); }
static bool family120(const Chip &chip) { return chip.isOfFamily(120); }
static bool only100a(const Chip &chip) { return chip.isExactly(100); }
static bool only100aAnd103a(const Chip &chip) {
  return chip.isExactly(100) || chip.isExactly(103);
}
/// What is particular to a chip or a family, from sm_90 on.
static bool suffixed(const Chip &chip) { return chip.suffix != 0; }

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

template <typename Op, NVVM::LdStMatrixEltType type>
static bool movesMatrixOf(Operation *op) {
  return cast<Op>(op).getEltType() == type;
}

static bool isFloatRedux(Operation *op) {
  return cast<NVVM::ReduxOp>(op).getVal().getType().isF32();
}

template <typename Op>
static bool hasRandomBits(Operation *op) {
  return cast<Op>(op).getRandomBits() != nullptr;
}

static bool isFloatMma(Operation *op) {
  auto mma = cast<NVVM::MmaOp>(op);
  auto type = mma.getMultiplicandAPtxType();
  using T = NVVM::MMATypes;
  return type && (*type == T::f16 || *type == T::bf16 || *type == T::tf32 ||
                  *type == T::f64);
}
static bool isByteMma(Operation *op) {
  auto type = cast<NVVM::MmaOp>(op).getMultiplicandAPtxType();
  return type && (*type == NVVM::MMATypes::s8 || *type == NVVM::MMATypes::u8);
}

static bool isClusterScope(Operation *op) {
  return cast<NVVM::MembarOp>(op).getScope() == NVVM::MemScopeKind::CLUSTER;
}

static bool isAliasProxy(Operation *op) {
  return cast<NVVM::FenceProxyOp>(op).getKind() == NVVM::ProxyKind::alias;
}

static bool isTensorMapPrefetch(Operation *op) {
  return cast<NVVM::PrefetchOp>(op).getTensormap();
}

static bool isKindI8(Operation *op) {
  auto kind = op->getAttrOfType<NVVM::Tcgen05MMAKindAttr>("kind");
  return kind && kind.getValue() == NVVM::Tcgen05MMAKind::I8;
}

static bool isCTAOnly(Operation *op) {
  return op->hasAttr("isCTAOnly") &&
         cast<BoolAttr>(op->getAttr("isCTAOnly")).getValue();
}

static bool isToOwnMemory(Operation *op) {
  auto copy = cast<NVVM::CpAsyncBulkGlobalToSharedClusterOp>(op);
  return cast<LLVM::LLVMPointerType>(copy.getDstMem().getType())
             .getAddressSpace() ==
         static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared);
}

static bool isRoundedTF32(Operation *op) {
  return cast<NVVM::ConvertFloatToTF32Op>(op).getRnd() !=
         NVVM::FPRoundingMode::RNA;
}

static bool isF8E8M0(Operation *op) {
  for (NamedAttribute attr : op->getAttrs())
    if (auto type = dyn_cast<TypeAttr>(attr.getValue()))
      return isa<Float8E8M0FNUType>(type.getValue());
  return false;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static constexpr Instruction instructions[] = {
    // Where a thread is.
    {"nvvm.read.ptx.sreg.cluster*", "", from90, 78},
    {"nvvm.read.ptx.sreg.ncluster*", "", from90, 78},
    {"nvvm.read.ptx.sreg.aggr.smem.size", "", from90, 81},
    {"nvvm.read.ptx.sreg.tid.*", "", all, 70},
    {"nvvm.read.ptx.sreg.ntid.*", "", all, 70},
    {"nvvm.read.ptx.sreg.ctaid.*", "", all, 70},
    {"nvvm.read.ptx.sreg.nctaid.*", "", all, 70},
    {"nvvm.read.ptx.sreg.laneid", "", all, 70},
    {"nvvm.read.ptx.sreg.lanemask.*", "", all, 70},
    {"nvvm.read.ptx.sreg.warpid", "", all, 70},
    {"nvvm.read.ptx.sreg.nwarpid", "", all, 70},
    {"nvvm.read.ptx.sreg.warpsize", "", all, 70},
    {"nvvm.read.ptx.sreg.smid", "", all, 70},
    {"nvvm.read.ptx.sreg.nsmid", "", all, 70},
    {"nvvm.read.ptx.sreg.clock*", "", all, 70},
    {"nvvm.read.ptx.sreg.globaltimer", "", all, 70},
    {"nvvm.read.ptx.sreg.dynamic.smem.size", "", all, 70},
    {"nvvm.read.ptx.sreg.total.smem.size", "", all, 70},

    // Threads together.
    {"nvvm.barrier", "", all, 70},
    {"nvvm.barrier0", "", all, 70},
    {"nvvm.barrier.arrive", "", all, 70},
    {"nvvm.bar.warp.sync", "", all, 70},
    {"nvvm.shfl.sync", "", all, 70},
    {"nvvm.vote.sync", "", all, 70},
    {"nvvm.match.sync", "", all, 70},
    {"nvvm.redux.sync", "on f32", family100, 86, isFloatRedux},
    {"nvvm.redux.sync", "", all, 70},
    {"nvvm.elect.sync", "", from90, 80},
    {"nvvm.cluster.arrive", "", from90, 78},
    {"nvvm.cluster.arrive.relaxed", "", from90, 80},
    {"nvvm.cluster.wait", "", from90, 78},
    {"nvvm.mapa", "", from90, 78},
    {"nvvm.memory.barrier", "in a cluster", from90, 78, isClusterScope},
    {"nvvm.memory.barrier", "", all, 70},
    {"nvvm.fence.sc.cluster", "", from90, 78},
    {"nvvm.fence.mbarrier.init", "", from90, 80},
    {"nvvm.fence.proxy", "alias", all, 75, isAliasProxy},
    {"nvvm.fence.proxy", "", from90, 80},
    {"nvvm.griddepcontrol", "", from90, 78},
    {"nvvm.setmaxregister", "", suffixed, 80},
    {"nvvm.nanosleep", "", all, 70},
    {"nvvm.exit", "", all, 70},

    // Transaction barriers.
    {"nvvm.mbarrier.init", "", all, 70},
    {"nvvm.mbarrier.inval", "", all, 70},
    {"nvvm.mbarrier.arrive", "", from90, 80},
    {"nvvm.mbarrier.arrive.nocomplete", "", all, 70},
    {"nvvm.mbarrier.arrive.expect_tx", "", from90, 80},
    {"nvvm.mbarrier.expect_tx", "", from90, 80},
    {"nvvm.mbarrier.complete_tx", "", from90, 80},
    {"nvvm.mbarrier.test.wait", "", from90, 80},
    {"nvvm.mbarrier.try_wait", "", from90, 80},
    {"nvvm.mbarrier.try_wait.parity", "", from90, 78},

    // Copies.
    {"nvvm.cp.async.shared.global", "", all, 70},
    {"nvvm.cp.async.commit.group", "", all, 70},
    {"nvvm.cp.async.wait.group", "", all, 70},
    {"nvvm.cp.async.mbarrier.arrive", "", all, 70},
    {"nvvm.cp.async.bulk.shared.cluster.global", "to the block's own memory",
     from90, 86, isToOwnMemory},
    {"nvvm.cp.async.bulk.shared.cluster.global", "", from90, 80},
    {"nvvm.cp.async.bulk.global.shared.cta", "", from90, 80},
    {"nvvm.cp.async.bulk.shared.cluster.shared.cta", "", from90, 80},
    {"nvvm.cp.async.bulk.prefetch", "", from90, 80},
    {"nvvm.cp.async.bulk.commit.group", "", from90, 80},
    {"nvvm.cp.async.bulk.wait_group", "", from90, 80},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global",
     "to the block's own "
     "memory",
     from90, 86, isCTAOnly},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global", "", from90, 80},
    {"nvvm.cp.async.bulk.tensor.global.shared.cta", "", from90, 80},
    {"nvvm.cp.async.bulk.tensor.prefetch", "", from90, 80},
    {"nvvm.prefetch", "of a tensor map", from90, 80, isTensorMapPrefetch},
    {"nvvm.prefetch", "", from90, 80},

    // Matrices between registers and shared memory.
    {"nvvm.ldmatrix", "of 16 bits", all, 70,
     movesMatrixOf<NVVM::LdMatrixOp, NVVM::LdStMatrixEltType::B16>},
    {"nvvm.ldmatrix", "of 8, 6 or 4 bits", blackwell, 86},
    {"nvvm.stmatrix", "of 16 bits", from90, 78,
     movesMatrixOf<NVVM::StMatrixOp, NVVM::LdStMatrixEltType::B16>},
    {"nvvm.stmatrix", "of 8 bits", blackwell, 86},

    // Products.
    {"nvvm.mma.sync", "on 16-bit floats, tf32 or f64", all, 70, isFloatMma},
    {"nvvm.mma.sync", "on bytes", all, 70, isByteMma},
    {"nvvm.mma.block_scale", "", family120, 88},
    {"llvm.nvvm.mma.m16n8k32.row.col.f32.e4m3.*", "", from89, 84},
    {"llvm.nvvm.mma.m16n8k32.row.col.f32.e5m2.*", "", from89, 84},
    {"llvm.nvvm.mma.m16n8k32.row.col.kind.f8f6f4.*", "", family120, 87},
    {"nvvm.dot.accumulate.4way", "", all, 70},
    {"nvvm.dot.accumulate.2way", "", all, 70},
    {"nvvm.wgmma.fence.aligned", "", only90a, 80},
    {"nvvm.wgmma.commit.group.sync.aligned", "", only90a, 80},
    {"nvvm.wgmma.wait.group.sync.aligned", "", only90a, 80},
    {"nvvm.wgmma.mma_async", "", only90a, 80},

    // Tensor memory.
    {"nvvm.tcgen05.alloc", "", family100, 88},
    {"nvvm.tcgen05.dealloc", "", family100, 88},
    {"nvvm.tcgen05.relinquish_alloc_permit", "", family100, 88},
    {"nvvm.tcgen05.fence", "", family100, 88},
    {"nvvm.tcgen05.wait", "", family100, 88},
    {"nvvm.tcgen05.commit", "", family100, 88},
    {"nvvm.tcgen05.cp", "", family100, 88},
    {"nvvm.tcgen05.ld", "", family100, 88},
    {"nvvm.tcgen05.st", "", family100, 88},
    {"nvvm.tcgen05.mma", "on bytes", only100a, 88, isKindI8},
    {"nvvm.tcgen05.mma", "", family100, 88},
    {"nvvm.tcgen05.mma.block_scale", "", family100, 88},

    // Conversions.
    {"nvvm.convert.float.to.tf32", "to nearest even or to zero", from90, 78,
     isRoundedTF32},
    {"nvvm.convert.float.to.tf32", "", all, 70},
    {"nvvm.convert.f32x2.to.f16x2", "with random bits", only100aAnd103a, 87,
     hasRandomBits<NVVM::ConvertF32x2ToF16x2Op>},
    {"nvvm.convert.f32x2.to.f16x2", "", all, 70},
    {"nvvm.convert.f32x2.to.bf16x2", "with random bits", only100aAnd103a, 87,
     hasRandomBits<NVVM::ConvertF32x2ToBF16x2Op>},
    {"nvvm.convert.f32x2.to.bf16x2", "", all, 70},
    {"nvvm.convert.f32x2.to.f8x2", "to f8E8M0FNU", blackwell, 86, isF8E8M0},
    {"nvvm.convert.f32x2.to.f8x2", "", from89, 81},
    {"nvvm.convert.f16x2.to.f8x2", "", from89, 81},
    {"nvvm.convert.bf16x2.to.f8x2", "", blackwell, 86},
    {"nvvm.convert.f8x2.to.f16x2", "", from89, 81},
    {"nvvm.convert.f8x2.to.bf16x2", "", blackwell, 86},
    {"nvvm.convert.f32x2.to.f6x2", "", blackwell, 86},
    {"nvvm.convert.f6x2.to.f16x2", "", blackwell, 86},
    {"nvvm.convert.f32x2.to.f4x2", "", blackwell, 86},
    {"nvvm.convert.f4x2.to.f16x2", "", blackwell, 86},
    {"nvvm.convert.f32x4.to.*", "", only100aAnd103a, 87},

    // Arithmetic.
    {"nvvm.prmt", "", all, 70},
    {"llvm.nvvm.fma.rn.f16x2", "", all, 70},
    {"llvm.nvvm.fma.rn.bf16x2", "", all, 70},
    {"nvvm.rcp.approx.ftz.f", "", all, 70},
    {"llvm.nvvm.ex2.approx*", "", all, 70},
    {"llvm.nvvm.lg2.approx*", "", all, 70},
    {"llvm.nvvm.rsqrt.approx*", "", all, 70},
    {"llvm.nvvm.sqrt.approx*", "", all, 70},
    {"llvm.nvvm.rcp.approx.ftz.f", "", all, 70},
};

llvm::ArrayRef<Instruction> mlir::zq::getInstructions() { return instructions; }

static bool matches(llvm::StringRef pattern, llvm::StringRef name) {
  if (pattern.consume_back("*"))
    return name.starts_with(pattern);
  return name == pattern;
}

const Instruction *mlir::zq::lookUpInstruction(Operation *op) {
  llvm::StringRef name = op->getName().getStringRef();
  if (auto call = dyn_cast<LLVM::CallIntrinsicOp>(op))
    name = call.getIntrin();
  for (const Instruction &row : instructions)
    if (matches(row.name, name) && (!row.isForm || row.isForm(op)))
      return &row;
  return nullptr;
}

std::string mlir::zq::getChipsWith(const Instruction &instruction) {
  return llvm::join(
      llvm::map_range(llvm::make_filter_range(getChips(),
                                              [&](const Chip &chip) {
                                                return instruction.isOn(chip);
                                              }),
                      [](const Chip &chip) { return chip.name.str(); }),
      ", ");
}
