//===- FuseElementwise.cpp - One op for each elementwise chain ------------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::zq {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

static bool isParallel(linalg::LinalgOp op) {
  return op.getNumLoops() == op.getNumParallelLoops();
}

/// A contraction reads through the transposes of its inputs: the order of the
/// dimensions is its indexing map's business, and a decode behind it stays in
/// the order in which it is stored.
static LogicalResult foldTransposes(IRRewriter &rewriter, linalg::LinalgOp op) {
  auto isTransposed = [](OpOperand *input) {
    return input->get().getDefiningOp<linalg::TransposeOp>() != nullptr;
  };
  if (!llvm::any_of(op.getDpsInputOperands(), isTransposed))
    return success();
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    rewriter.setInsertionPoint(op);
    auto generalized = linalg::generalizeNamedOp(rewriter, op);
    if (failed(generalized))
      return op->emitOpError("cannot be written as linalg.generic");
    generic = *generalized;
  }
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  for (OpOperand *input : generic.getDpsInputOperands()) {
    while (isTransposed(input)) {
      auto transpose = input->get().getDefiningOp<linalg::TransposeOp>();
      AffineMap &map = maps[input->getOperandNumber()];
      SmallVector<AffineExpr> results(map.getNumResults());
      for (auto [i, dim] : llvm::enumerate(transpose.getPermutation()))
        results[dim] = map.getResult(i);
      map = AffineMap::get(map.getNumDims(), 0, results, op->getContext());
      rewriter.modifyOpInPlace(generic,
                               [&] { input->set(transpose.getInput()); });
    }
  }
  rewriter.modifyOpInPlace(generic, [&] {
    generic.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
  });
  return success();
}

/// Whether fusing would compute something expensive for each of the elements
/// that a value is broadcast to: a row's square root for each of its columns.
static bool isRepeatedAtCost(linalg::LinalgOp consumer, OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::LinalgOp>();
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  bool isBroadcast = false;
  for (auto [dim, range] : llvm::enumerate(consumer.getStaticLoopRanges()))
    isBroadcast |= range != 1 && !map.isFunctionOfDim(dim);
  if (!producer || !isBroadcast)
    return false;
  return llvm::any_of(*producer.getBlock(), [](Operation &op) {
    return isa<arith::DivFOp>(op) ||
           isa_and_nonnull<math::MathDialect>(op.getDialect());
  });
}

namespace {
struct FuseElementwisePass
    : mlir::zq::impl::FuseElementwiseBase<FuseElementwisePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::LinalgOp> named, contractions;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.getNumReductionLoops() && op.hasPureTensorSemantics())
        contractions.push_back(op);
    });
    for (linalg::LinalgOp op : contractions)
      if (failed(foldTransposes(rewriter, op)))
        return signalPassFailure();
    getOperation().walk([&](linalg::LinalgOp op) {
      if (isParallel(op) && !isa<linalg::GenericOp, linalg::FillOp>(op) &&
          op.hasPureTensorSemantics())
        named.push_back(op);
    });
    for (linalg::LinalgOp op : named) {
      rewriter.setInsertionPoint(op);
      if (failed(linalg::generalizeNamedOp(rewriter, op))) {
        op->emitOpError("cannot be written as linalg.generic");
        return signalPassFailure();
      }
    }

    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(
        patterns, [](OpOperand *operand) {
          auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
          return consumer && isParallel(consumer) &&
                 operand->get().hasOneUse() &&
                 !isRepeatedAtCost(consumer, operand);
        });
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
