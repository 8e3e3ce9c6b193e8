//===- MoveRotations.cpp - Rotations move to activations and cancel -------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::zq {
#define GEN_PASS_DEF_MOVEROTATIONS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// An uninitialised tensor of the type and size of `like`.
static Value emptyLike(OpBuilder &b, Location loc, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  return tensor::EmptyOp::create(b, loc, tensor::getMixedSizes(b, loc, like),
                                 type.getElementType());
}

namespace {

/// Whether `op` sums products of its two inputs and does nothing else. A
/// contraction may also apply any function to an operand on its way, such as
/// the conversion to an integer; that is not linear.
static bool isSumOfProducts(linalg::LinalgOp op) {
  if (!linalg::isaContractionOpInterface(op) || op.getNumDpsInputs() != 2)
    return false;
  return llvm::all_of(op.getBlock()->without_terminator(), [](Operation &body) {
    return isa<arith::MulFOp, arith::AddFOp, arith::ExtFOp, arith::TruncFOp>(
        body);
  });
}

/// contract(x, R^-1 w) is contract(R x, w) where the axis of R is contracted: R
/// is orthogonal, so that R^-1 = R^T.
struct MoveRotationAcrossContraction
    : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &b) const override {
    if (!isSumOfProducts(op) || !op.hasPureTensorSemantics())
      return failure();
    for (unsigned i : {0u, 1u}) {
      OpOperand *operand = op.getDpsInputOperand(i);
      auto rotation = operand->get().getDefiningOp<RotateOp>();
      if (!rotation || !rotation.getInverse())
        continue;
      OpOperand *other = op.getDpsInputOperand(1 - i);
      auto otherType = dyn_cast<RankedTensorType>(other->get().getType());
      if (!otherType || !otherType.getElementType().isF32())
        continue;
      // The loop of the axis, and where the other operand has it.
      auto dim = dyn_cast<AffineDimExpr>(
          op.getMatchingIndexingMap(operand).getResult(rotation.getAxis()));
      if (!dim || op.getIteratorTypesArray()[dim.getPosition()] !=
                      utils::IteratorType::reduction)
        continue;
      auto position = op.getMatchingIndexingMap(other).getResultPosition(dim);
      if (!position || otherType.isDynamicDim(*position))
        continue;
      Location loc = op.getLoc();
      b.setInsertionPoint(op);
      Value moved = RotateOp::create(
          b, loc, otherType, other->get(),
          rotation.getTransformInterface().getAlongAxis(*position),
          /*inverse=*/false, emptyLike(b, loc, other->get()));
      b.modifyOpInPlace(op, [&] {
        op->setOperand(other->getOperandNumber(), moved);
        op->setOperand(operand->getOperandNumber(), rotation.getSource());
      });
      return success();
    }
    return failure();
  }
};

/// transpose(R x) is R, along where the axis goes, of transpose(x).
struct MoveRotationAcrossTranspose : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &b) const override {
    auto rotation = op.getInput().getDefiningOp<RotateOp>();
    if (!rotation || !op.hasPureTensorSemantics())
      return failure();
    ArrayRef<int64_t> permutation = op.getPermutation();
    int64_t axis =
        llvm::find(permutation, rotation.getAxis()) - permutation.begin();
    Value moved =
        linalg::TransposeOp::create(b, op.getLoc(), rotation.getSource(),
                                    op.getInit(), permutation)
            ->getResult(0);
    b.replaceOpWithNewOp<RotateOp>(
        op, moved.getType(), moved,
        rotation.getTransformInterface().getAlongAxis(axis),
        rotation.getInverse(), op.getInit());
    return success();
  }
};

/// A rotation of its inverse is nothing.
struct CancelRotations : OpRewritePattern<RotateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RotateOp op,
                                PatternRewriter &b) const override {
    auto inner = op.getSource().getDefiningOp<RotateOp>();
    if (!inner || inner.getTransform() != op.getTransform() ||
        inner.getInverse() == op.getInverse())
      return failure();
    b.replaceOp(op, inner.getSource());
    return success();
  }
};

struct MoveRotationsPass
    : mlir::zq::impl::MoveRotationsBase<MoveRotationsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMoveRotationsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void mlir::zq::populateMoveRotationsPatterns(RewritePatternSet &patterns) {
  patterns.add<MoveRotationAcrossContraction, MoveRotationAcrossTranspose,
               CancelRotations>(
      patterns.getContext());
}
