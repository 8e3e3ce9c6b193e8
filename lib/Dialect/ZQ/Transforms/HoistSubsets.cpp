//===- HoistSubsets.cpp - Parts of tensors are kept in registers ----------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SubsetOpInterface.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace mlir::zq {
#define GEN_PASS_DEF_HOISTSUBSETS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// Whether `op` takes the same part of a tensor that `loop` changes in each of
/// its iterations.
static bool takesInvariantPart(LoopLikeOpInterface loop, SubsetOpInterface op) {
  OpOperand *whole, *part = nullptr;
  if (auto insertion =
          dyn_cast<SubsetInsertionOpInterface>(op.getOperation())) {
    whole = &insertion.getDestinationOperand();
    part = &insertion.getSourceOperand();
  } else {
    whole = &cast<SubsetExtractionOpInterface>(op.getOperation())
                 .getSourceOperand();
  }
  if (loop.isDefinedOutsideOfLoop(whole->get()))
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    return &operand == whole || &operand == part ||
           loop.isDefinedOutsideOfLoop(operand.get());
  });
}

/// Whether `loop` may have something to hoist.
static bool hasInvariantPart(LoopLikeOpInterface loop) {
  WalkResult result = loop->walk([&](SubsetOpInterface op) {
    return takesInvariantPart(loop, op) ? WalkResult::interrupt()
                                        : WalkResult::advance();
  });
  return result.wasInterrupted();
}

namespace {
struct HoistSubsets : mlir::zq::impl::HoistSubsetsBase<HoistSubsets> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    // Inner loops first: what leaves one may leave the loop around it as well.
    getOperation().walk([&](LoopLikeOpInterface loop) {
      // Upstream compares each two parts of a tensor before it asks whether
      // any of them can be hoisted, at some hundred microseconds a pair.
      if (hasInvariantPart(loop))
        (void)hoistLoopInvariantSubsets(rewriter, loop);
    });
  }
};
} // namespace
