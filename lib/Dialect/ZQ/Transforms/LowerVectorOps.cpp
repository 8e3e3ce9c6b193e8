//===- LowerVectorOps.cpp - zq's vector ops and math, by target -----------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "zq/Target/Target.h"

namespace mlir::zq {
#define GEN_PASS_DEF_LOWERVECTOROPS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

namespace {
struct LowerVectorOpsPass
    : mlir::zq::impl::LowerVectorOpsBase<LowerVectorOpsPass> {
  using LowerVectorOpsBase::LowerVectorOpsBase;

  void runOnOperation() override {
    if (auto known = checkFeatures(features); !known) {
      getOperation().emitError(known.message());
      return signalPassFailure();
    }
    std::unique_ptr<Target> target = getTarget(features);
    if (!target->hasGathers())
      remarkOnGathers();
    RewritePatternSet patterns(&getContext());
    target->populateVectorOpPatterns(patterns);
    populateMathPatterns(patterns);
    populateGatherPatterns(patterns);
    vector::populateVectorMultiReductionLoweringPatterns(
        patterns, vector::VectorMultiReductionLowering::InnerReduction);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (isa<UnpackOp, LookupOp, ExpandOp, DotOp, ToBF16Op, MultiplyTilesOp>(
              op)) {
        op->emitOpError("has no lowering for this target");
        signalPassFailure();
      }
    });
    target->addEntryChecks(getOperation());
  }

  /// Says of each function with gathers that they are loads one by one.
  void remarkOnGathers() {
    getOperation().walk([](func::FuncOp function) {
      bool hasGather =
          function
              .walk([](vector::GatherOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
      if (hasGather)
        function.emitRemark("gathers: a load for each element, since the CPU "
                            "has no instruction for them");
    });
  }
};
} // namespace
