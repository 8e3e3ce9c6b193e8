//===- EmulatedAsyncOps.cpp - Functions of mbarriers, bulk ops, tcgen05 ---===//
#include "EmulatedCalls.h"
#include "Emulator/Site.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;
namespace emulator = ::zq::emulator;

static Lookup lookupMbarrierOp(Operation *op) {
  return TypeSwitch<Operation *, Lookup>(op)
      .Case([](NVVM::MBarrierInitOp op) -> FailureOr<EmulatedCall> {
        if (op.getPredicate())
          return refuse(op, "with a predicate");
        return makeCall(op, "mbarrier_init");
      })
      .Case([](NVVM::MBarrierInvalOp op) {
        return makeCall(op, "mbarrier_inval");
      })
      .Case([](NVVM::MBarrierExpectTxOp op) {
        return makeCall(op, "mbarrier_tx", {0});
      })
      .Case([](NVVM::MBarrierCompleteTxOp op) {
        return makeCall(op, "mbarrier_tx", {1});
      })
      .Case<NVVM::MBarrierArriveOp, NVVM::MBarrierArriveDropOp>([](auto op) {
        return makeCall(op, "mbarrier_arrive",
                        {bool(op.getCount()), 0,
                         isa<NVVM::MBarrierArriveDropOp>(op),
                         bool(op.getRes())});
      })
      .Case<NVVM::MBarrierArriveNocompleteOp,
            NVVM::MBarrierArriveDropNocompleteOp>([](auto op) {
        return makeCall(
            op, "mbarrier_arrive",
            {1, 0, isa<NVVM::MBarrierArriveDropNocompleteOp>(op), 1});
      })
      .Case([](NVVM::MBarrierArriveExpectTxOp op) -> FailureOr<EmulatedCall> {
        if (op.getPredicate())
          return refuse(op, "with a predicate");
        return makeCall(op, "mbarrier_arrive", {0, 1, 0, bool(op.getRes())});
      })
      .Case([](NVVM::MBarrierArriveDropExpectTxOp op) {
        return makeCall(op, "mbarrier_arrive", {0, 1, 1, bool(op.getRes())});
      })
      .Case([](NVVM::MBarrierTestWaitOp op) {
        return makeCall(op, "mbarrier_wait",
                        {op.getStateOrPhase().getType().isInteger(64), 0});
      })
      .Case([](NVVM::MBarrierTryWaitOp op) {
        return makeCall("mbarrier_wait",
                        {op.getStateOrPhase().getType().isInteger(64), 0},
                        {op.getAddr(), op.getStateOrPhase()});
      })
      .Case([](NVVM::MBarrierTryWaitParityOp op) {
        return makeCall("mbarrier_wait", {0, 1}, {op.getAddr(), op.getPhase()});
      })
      .Default([](Operation *) { return std::nullopt; });
}

static Lookup lookupBulkOp(Operation *op) {
  return TypeSwitch<Operation *, Lookup>(op)
      .Case([](NVVM::CpAsyncBulkCommitGroupOp op) {
        return makeCall(op, "bulk_commit_group");
      })
      .Case([](NVVM::CpAsyncBulkWaitGroupOp op) {
        return makeCall(op, "bulk_wait_group",
                        {int32_t(op.getGroup()), bool(op.getRead())});
      })
      .Case([](NVVM::CpAsyncBulkGlobalToSharedClusterOp op)
                -> FailureOr<EmulatedCall> {
        if (op.getMulticastMask())
          return refuse(op, "to several CTAs");
        return makeCall(
            "bulk_load", {},
            {op.getDstMem(), op.getSrcMem(), op.getMbar(), op.getSize()});
      })
      .Case([](NVVM::CpAsyncBulkSharedCTAToGlobalOp op)
                -> FailureOr<EmulatedCall> {
        if (op.getByteMask())
          return refuse(op, "with a byte mask");
        return makeCall("bulk_store", {},
                        {op.getDstMem(), op.getSrcMem(), op.getSize()});
      })
      .Case([](NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp op)
                -> FailureOr<EmulatedCall> {
        if (op.getMode() != NVVM::TMALoadMode::TILE || op.getMulticastMask() ||
            op.getPredicate() || op.getGroup() == NVVM::CTAGroupKind::CTA_2)
          return refuse(op, "other than of tiles, for this CTA");
        SmallVector<Value> operands{op.getDstMem(), op.getTmaDescriptor()};
        llvm::append_range(operands, op.getCoordinates());
        operands.push_back(op.getMbar());
        return makeCall("tensor_load", {int32_t(op.getCoordinates().size())},
                        operands);
      })
      .Case([](NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp op)
                -> FailureOr<EmulatedCall> {
        if (op.getMode() != NVVM::TMAStoreMode::TILE || op.getPredicate())
          return refuse(op, "other than of tiles");
        SmallVector<Value> operands{op.getTmaDescriptor(), op.getSrcMem()};
        llvm::append_range(operands, op.getCoordinates());
        return makeCall("tensor_store", {int32_t(op.getCoordinates().size())},
                        operands);
      })
      .Case<NVVM::CpAsyncBulkPrefetchOp, NVVM::CpAsyncBulkTensorPrefetchOp>(
          [](auto op) { return makeCall("nothing", {}, {}); })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// tcgen05
//===----------------------------------------------------------------------===//

/// Rows, chunks of 16 bytes, and copies, of a tcgen05.cp.
static FailureOr<EmulatedCall> getTensorCopy(NVVM::Tcgen05CpOp op) {
  if (op.getSrcFormat())
    return refuse(op, "of packed values");
  bool isPlain = op.getMulticast() == NVVM::Tcgen05CpMulticast::NONE;
  if (op.getShape() == NVVM::Tcgen05CpShape::SHAPE_32x128b &&
      op.getMulticast() == NVVM::Tcgen05CpMulticast::WARPX4)
    return makeCall(op, "tcgen05_cp", {32, 1, 4});
  if (op.getShape() == NVVM::Tcgen05CpShape::SHAPE_128x128b && isPlain)
    return makeCall(op, "tcgen05_cp", {128, 1, 1});
  if (op.getShape() == NVVM::Tcgen05CpShape::SHAPE_128x256b && isPlain)
    return makeCall(op, "tcgen05_cp", {128, 2, 1});
  return refuse(op, "of this shape");
}

template <typename Op>
static FailureOr<EmulatedCall> getTensorMove(Op op, StringRef function,
                                             Type words, bool packs) {
  static_assert(int(NVVM::Tcgen05LdStShape::SHAPE_16X64B) ==
                    emulator::TensorShape16x64b &&
                int(NVVM::Tcgen05LdStShape::SHAPE_16X128B) ==
                    emulator::TensorShape16x128b &&
                int(NVVM::Tcgen05LdStShape::SHAPE_16X256B) ==
                    emulator::TensorShape16x256b &&
                int(NVVM::Tcgen05LdStShape::SHAPE_32X32B) ==
                    emulator::TensorShape32x32b &&
                int(NVVM::Tcgen05LdStShape::SHAPE_16X32BX2) ==
                    emulator::TensorShape16x32bx2);
  if (packs)
    return refuse(op, "of halves of words");
  auto vector = dyn_cast<VectorType>(words);
  EmulatedCall call = makeCall(op, function,
                               {int32_t(op.getShape()),
                                int32_t(vector ? vector.getNumElements() : 1),
                                bool(op.getOffset())});
  // The offset, where there is one, before the words.
  if (isa<NVVM::Tcgen05StOp>(op) && op.getOffset())
    std::swap(call.operands[1], call.operands[2]);
  return call;
}

static FailureOr<EmulatedCall> getTensorMma(NVVM::Tcgen05MMAOp op) {
  if (op.getAShift() || op.getDisableOutputLane())
    return refuse(op, "with shifted rows or masked lanes");
  emulator::TensorKind kind = emulator::TensorF16;
  switch (op.getKind()) {
  case NVVM::Tcgen05MMAKind::F16:
    break;
  case NVVM::Tcgen05MMAKind::TF32:
    kind = emulator::TensorTF32;
    break;
  case NVVM::Tcgen05MMAKind::F8F6F4:
    kind = emulator::TensorF8F6F4;
    break;
  case NVVM::Tcgen05MMAKind::I8:
    kind = emulator::TensorI8;
    break;
  }
  bool isInTensorMemory = isa<LLVM::LLVMPointerType>(op.getMatrixA().getType());
  return makeCall(op, "tcgen05_mma",
                  {kind, isInTensorMemory, 0, bool(op.getScaleInputD())});
}

static FailureOr<EmulatedCall>
getTensorScaledMma(NVVM::Tcgen05MMABlockScaleOp op) {
  using Scale = NVVM::Tcgen05MMABlockScale;
  Scale scale = op.getBlockScale();
  emulator::TensorKind kind;
  int32_t scales;
  switch (op.getKind()) {
  case NVVM::MMABlockScaleKind::MXF8F6F4:
    kind = emulator::TensorMXF8F6F4;
    scales = scale == Scale::BLOCK16 ? 0 : 1;
    break;
  case NVVM::MMABlockScaleKind::MXF4:
    kind = emulator::TensorMXF4;
    scales = scale == Scale::BLOCK16 ? 0 : 2;
    break;
  case NVVM::MMABlockScaleKind::MXF4NVF4:
    kind = emulator::TensorMXF4NVF4;
    scales = scale == Scale::BLOCK16 ? 4 : scale == Scale::BLOCK32 ? 2 : 0;
    break;
  }
  if (!scales)
    return refuse(op, "with these blocks of scales");
  bool isInTensorMemory = isa<LLVM::LLVMPointerType>(op.getMatrixA().getType());
  return makeCall(op, "tcgen05_mma_block_scale",
                  {kind, isInTensorMemory, scales});
}

static Lookup lookupTensorOp(Operation *op) {
  if (auto group = op->getAttrOfType<NVVM::CTAGroupKindAttr>("group");
      group && group.getValue() == NVVM::CTAGroupKind::CTA_2)
    return refuse(op, "of two CTAs");
  if (auto group = op->getAttrOfType<NVVM::CTAGroupKindAttr>("ctaGroup");
      group && group.getValue() == NVVM::CTAGroupKind::CTA_2)
    return refuse(op, "of two CTAs");
  return TypeSwitch<Operation *, Lookup>(op)
      .Case(
          [](NVVM::Tcgen05AllocOp op) { return makeCall(op, "tcgen05_alloc"); })
      .Case([](NVVM::Tcgen05DeallocOp op) {
        return makeCall(op, "tcgen05_dealloc");
      })
      .Case([](NVVM::Tcgen05RelinquishAllocPermitOp op) {
        return makeCall(op, "tcgen05_relinquish_alloc_permit");
      })
      .Case([](NVVM::Tcgen05FenceOp op) {
        return makeCall(
            op, "tcgen05_fence",
            {op.getKind() == NVVM::Tcgen05FenceKind::AFTER_THREAD_SYNC});
      })
      .Case([](NVVM::Tcgen05WaitOp op) {
        return makeCall(op, "tcgen05_wait",
                        {op.getKind() == NVVM::Tcgen05WaitKind::STORE});
      })
      .Case([](NVVM::Tcgen05CommitOp op) -> FailureOr<EmulatedCall> {
        if (op.getMulticastMask())
          return refuse(op, "to several CTAs");
        return makeCall(op, "tcgen05_commit");
      })
      .Case([](NVVM::Tcgen05CpOp op) { return getTensorCopy(op); })
      .Case([](NVVM::Tcgen05MmaSmemDescOp op) {
        return makeCall(op, "tcgen05_mma_smem_desc");
      })
      .Case([](NVVM::Tcgen05LdOp op) {
        return getTensorMove(op, "tcgen05_ld", op.getRes().getType(),
                             op.getPack());
      })
      .Case([](NVVM::Tcgen05StOp op) {
        return getTensorMove(op, "tcgen05_st", op.getVal().getType(),
                             op.getUnpack());
      })
      .Case([](NVVM::Tcgen05MMAOp op) { return getTensorMma(op); })
      .Case([](NVVM::Tcgen05MMABlockScaleOp op) {
        return getTensorScaledMma(op);
      })
      .Default([](Operation *) { return std::nullopt; });
}

Lookup mlir::zq::lookupAsyncOp(Operation *op) {
  for (auto lookup : {lookupMbarrierOp, lookupBulkOp, lookupTensorOp})
    if (Lookup call = lookup(op))
      return call;
  return std::nullopt;
}
