//===- VerifyPhase.cpp - The contracts of the phases ----------------------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::zq {
#define GEN_PASS_DEF_VERIFYPHASE
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// Whether an operand, result or block argument of `op` has such a type.
static bool usesType(Operation *op, function_ref<bool(Type)> isOne) {
  if (llvm::any_of(op->getOperandTypes(), isOne) ||
      llvm::any_of(op->getResultTypes(), isOne))
    return true;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      if (llvm::any_of(block.getArgumentTypes(), isOne))
        return true;
  return false;
}

/// Whether `op` breaks the contract of a phase.
using Offends = bool (*)(Operation *op);

static bool offendsImported(Operation *op) {
  if (auto decode = dyn_cast<DecodeOp>(op))
    return cast<CompressedTensorType>(decode.getSource().getType())
        .getCodec()
        .getRecords();
  return isa<EncodeOp>(op) || usesType(op, [](Type type) {
           return isa<quant::QuantizedType>(getElementTypeOrSelf(type));
         });
}

static bool offendsAlgebra(Operation *op) {
  if (isa<SumOp, ScaleOp>(op))
    return true;
  auto decode = dyn_cast<DecodeOp>(op);
  if (!decode)
    return false;
  auto type = cast<CompressedTensorType>(decode.getSource().getType());
  CodecAttr codec = type.getCodec();
  for (auto [stage, shape] :
       llvm::zip(codec.getStages(), codec.getShapes(type.getShape()))) {
    auto tensorStage = dyn_cast<TensorStageAttrInterface>(stage);
    if (tensorStage && !tensorStage.isBlockStage(shape))
      return true;
  }
  return false;
}

static bool offendsVectors(Operation *op) {
  // Not every op of linalg is a LinalgOp: softmax is not.
  return isa<DecodeOp, RotateOp, ProductOp, ScatterOp, PlanesOp, TilesOp,
             ContractOp, ContractRowsOp>(op) ||
         (isa_and_nonnull<linalg::LinalgDialect>(op->getDialect()) &&
          !isa<linalg::YieldOp, linalg::IndexOp>(op));
}

static bool offendsStreams(Operation *op) {
  return (isa_and_nonnull<ZQDialect>(op->getDialect()) &&
          !isa<UnpackOp, LookupOp, ExpandOp, DotOp, ToBF16Op, MultiplyTilesOp,
               LaneOffsetOp>(op)) ||
         usesType(op,
                  [](Type type) { return isa<CompressedTensorType>(type); });
}

static bool offendsBuffers(Operation *op) {
  return usesType(op, [](Type type) { return isa<mlir::TensorType>(type); });
}

static bool offendsLLVM(Operation *op) {
  return !isa_and_nonnull<LLVM::LLVMDialect, omp::OpenMPDialect>(
             op->getDialect()) &&
         !isa<ModuleOp>(op);
}

/// The host reaches no array: it allocates, copies and launches, and waits for
/// single elements.
static bool offendsDevice(Operation *op) {
  if (!op->getParentOfType<func::FuncOp>() ||
      isa<memref::AllocOp, memref::DeallocOp, memref::CopyOp,
          memref::GetGlobalOp, memref::LoadOp>(op) ||
      op->getName().getStringRef() == "gpu.launch_func")
    return false;
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!effects)
    return false;
  SmallVector<MemoryEffects::EffectInstance> instances;
  effects.getEffects(instances);
  return llvm::any_of(instances,
                      [](const MemoryEffects::EffectInstance &effect) {
                        return effect.getValue() &&
                               isa<BaseMemRefType>(effect.getValue().getType());
                      });
}

namespace {
struct VerifyPhasePass : mlir::zq::impl::VerifyPhaseBase<VerifyPhasePass> {
  using VerifyPhaseBase::VerifyPhaseBase;

  void runOnOperation() override {
    auto offends = llvm::StringSwitch<Offends>(phase)
                       .Case("imported", offendsImported)
                       .Case("algebra", offendsAlgebra)
                       .Case("vectors", offendsVectors)
                       .Case("streams", offendsStreams)
                       .Case("buffers", offendsBuffers)
                       .Case("device", offendsDevice)
                       .Case("llvm", offendsLLVM)
                       .Default(nullptr);
    if (!offends) {
      getOperation()->emitError("zq-verify-phase: there is no phase '")
          << phase << "'";
      return signalPassFailure();
    }
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (offends(op)) {
        InFlightDiagnostic error = op->emitOpError("is left after the phase '")
                                   << phase << "'";
        if (offends == offendsDevice)
          error << ": the host cannot reach what an array of the device holds, "
                   "and nothing on the device can do this for it";
        signalPassFailure();
      }
      // What a decoder says about its streams is no use of them.
      return isa<DecoderOp>(op) ? WalkResult::skip() : WalkResult::advance();
    });
  }
};
} // namespace
