//===- LowerKernelOps.cpp - What kernels compute, in a GPU's terms --------===//
#include "KernelVectors.h"

#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/Target.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_LOWERKERNELOPS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

namespace {
/// From the natural logarithm, for which there is a polynomial.
struct LowerLog10 : OpRewritePattern<math::Log10Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::Log10Op op,
                                PatternRewriter &b) const override {
    if (!getElementTypeOrSelf(op).isF32())
      return failure();
    Value log = math::LogOp::create(b, op.getLoc(), op.getOperand());
    b.replaceOpWithNewOp<arith::MulFOp>(
        op, log,
        splatFloat(b, op.getLoc(), op.getType(), 1 / llvm::numbers::ln10));
    return success();
  }
};

/// Both the root and the division are correctly rounded.
struct LowerRsqrt : OpRewritePattern<math::RsqrtOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::RsqrtOp op,
                                PatternRewriter &b) const override {
    Value root = math::SqrtOp::create(b, op.getLoc(), op.getOperand());
    b.replaceOpWithNewOp<arith::DivFOp>(
        op, splatFloat(b, op.getLoc(), op.getType(), 1), root);
    return success();
  }
};

/// Registers have no index: LLVM puts a vector into local memory for it. A
/// short one's elements are chosen from in pairs, by a bit of the index each
/// time.
struct LowerExtract : OpRewritePattern<vector::ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  static constexpr int64_t mostElements = 32;

  LogicalResult matchAndRewrite(vector::ExtractOp op,
                                PatternRewriter &b) const override {
    VectorType type = op.getSourceVectorType();
    if (op.getDynamicPosition().size() != 1 || type.getRank() != 1 ||
        type.isScalable() || type.getNumElements() > mostElements)
      return failure();
    Location loc = op.getLoc();
    SmallVector<Value> values;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      values.push_back(vector::ExtractOp::create(b, loc, op.getSource(), i));
    Value index = op.getDynamicPosition().front();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    for (int64_t bit = 1; values.size() > 1; bit *= 2) {
      Value isSet = arith::CmpIOp::create(
          b, loc, arith::CmpIPredicate::ne,
          arith::AndIOp::create(b, loc, index,
                                arith::ConstantIndexOp::create(b, loc, bit)),
          zero);
      SmallVector<Value> chosen;
      for (size_t i = 0; i + 1 < values.size(); i += 2)
        chosen.push_back(
            arith::SelectOp::create(b, loc, isSet, values[i + 1], values[i]));
      if (values.size() % 2)
        chosen.push_back(values.back());
      values = std::move(chosen);
    }
    b.replaceOp(op, values.front());
    return success();
  }
};
} // namespace

/// Whether LLVM selects instructions for `op`, which needs no library then.
static bool isNative(Operation *op) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  if (isa<math::SqrtOp, math::FloorOp, math::CeilOp, math::TruncOp,
          math::RoundOp, math::RoundEvenOp, math::AbsFOp, math::CopySignOp,
          math::FmaOp, math::AbsIOp, math::CountLeadingZerosOp,
          math::CountTrailingZerosOp, math::CtPopOp, math::IsNaNOp,
          math::IsInfOp, math::IsFiniteOp, math::IsNormalOp, math::ClampFOp>(
          op))
    return true;
  return isa<math::Exp2Op>(op) && element.isF32();
}

void mlir::zq::populateKernelVectorPatterns(RewritePatternSet &patterns) {
  vector::populateVectorMultiReductionLoweringPatterns(
      patterns, vector::VectorMultiReductionLowering::InnerReduction);
  vector::populateVectorContractLoweringPatterns(
      patterns, vector::VectorContractLowering::OuterProduct);
  vector::populateVectorOuterProductLoweringPatterns(patterns);
  vector::populateVectorBroadcastLoweringPatterns(patterns);
  vector::populateVectorMaskOpLoweringPatterns(patterns);
  vector::populateVectorShapeCastLoweringPatterns(patterns);
  vector::populateVectorTransposeLoweringPatterns(
      patterns, vector::VectorTransposeLowering::EltWise);
  vector::populateVectorInterleaveLoweringPatterns(patterns);
  vector::populateVectorInterleaveToShufflePatterns(patterns);
  vector::populateVectorBitCastLoweringPatterns(patterns);
  vector::populateVectorStepLoweringPatterns(patterns);
  populateGatherPatterns(patterns);
  vector::populateVectorGatherLoweringPatterns(patterns);
  vector::populateVectorGatherToConditionalLoadPatterns(patterns);
  vector::populateVectorFromElementsUnrollPatterns(patterns);
  vector::populateVectorToElementsUnrollPatterns(patterns);
  vector::populateVectorRankReducingFMAPattern(patterns);
  vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
  vector::populateVectorTransferPermutationMapLoweringPatterns(patterns);
  vector::populateVectorTransferLoweringPatterns(patterns,
                                                 /*maxTransferRank=*/1);
  vector::populateVectorMaskMaterializationPatterns(
      patterns, /*force32BitVectorIndices=*/true);
}

namespace {
struct LowerKernelOpsPass
    : mlir::zq::impl::LowerKernelOpsBase<LowerKernelOpsPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    // First, and alone: it makes broadcasts of the inserts that broadcasts are
    // lowered to.
    RewritePatternSet leading(context);
    vector::populateCastAwayVectorLeadingOneDimPatterns(leading);
    if (failed(applyPatternsGreedily(getOperation(), std::move(leading))))
      return signalPassFailure();

    RewritePatternSet patterns(context);
    mlir::zq::populateVectorOpPatterns(patterns);
    populateMathPatterns(patterns);
    patterns.add<LowerLog10, LowerRsqrt, LowerExtract>(context);

    // Work of several threads.
    populateGpuAllReducePatterns(patterns);
    populateGpuGlobalIdPatterns(patterns);
    populateGpuSubgroupIdPatterns(patterns);
    populateGpuBreakDownSubgroupReducePatterns(patterns);
    populateGpuLowerSubgroupReduceToShufflePatterns(patterns, Chip::warpSize);
    populateGpuLowerClusteredSubgroupReduceToShufflePatterns(patterns,
                                                             Chip::warpSize);
    populateGpuShufflePatterns(patterns);

    populateKernelVectorPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();

    getOperation().walk([&](Operation *op) {
      if (isa<UnpackOp, LookupOp, ExpandOp, DotOp>(op)) {
        op->emitOpError("has no lowering for this target");
        signalPassFailure();
      } else if (isa_and_nonnull<math::MathDialect>(op->getDialect()) &&
                 !isNative(op)) {
        op->emitOpError("on ")
            << op->getResult(0).getType()
            << " is no function that GPUs compute without a library";
        signalPassFailure();
      }
    });
  }
};
} // namespace
