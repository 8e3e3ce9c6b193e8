//===- LowerVectorOps.cpp - zq's vector ops and math, by target -----------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
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
    RewritePatternSet patterns(&getContext());
    getX86Target(features)->populateVectorOpPatterns(patterns);
    populateMathPatterns(patterns);
    vector::populateVectorMultiReductionLoweringPatterns(
        patterns, vector::VectorMultiReductionLowering::InnerReduction);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (isa<UnpackOp, LookupOp, ExpandOp, DotOp>(op)) {
        op->emitOpError("has no lowering for this target");
        signalPassFailure();
      }
    });
  }
};
} // namespace
