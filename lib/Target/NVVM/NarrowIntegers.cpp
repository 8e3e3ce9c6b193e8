//===- NarrowIntegers.cpp - Integers of 32 bits where ranges allow --------===//
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_NARROWINTEGERS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

namespace {
struct NarrowIntegersPass
    : mlir::zq::impl::NarrowIntegersBase<NarrowIntegersPass> {
  void runOnOperation() override {
    WalkResult found = getOperation().walk(
        [](gpu::DynamicSharedMemoryOp) { return WalkResult::interrupt(); });
    if (!found.wasInterrupted())
      return;
    OpPassManager narrow(gpu::GPUFuncOp::getOperationName());
    narrow.addPass(arith::createArithIntRangeNarrowing({{32}}));
    if (failed(runPipeline(narrow, getOperation())))
      signalPassFailure();
  }
};
} // namespace
