//===- MoveRotations.cpp - Rotations move to activations and cancel -------===//
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
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

namespace {

/// contract(x, R^T w) is contract(R x, w) where the axis of R is contracted;
/// what decodes is R^T.
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
      std::optional<int64_t> position =
          getContractedAxis(op, operand, rotation.getAxis());
      if (!position)
        continue;
      Location loc = op.getLoc();
      b.setInsertionPoint(op);
      Value moved = RotateOp::create(
          b, loc, other->get().getType(), other->get(),
          rotation.getTransformInterface().getAlongAxis(*position),
          rotation.getParts(), /*inverse=*/false,
          emptyLike(b, loc, other->get()));
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
        rotation.getParts(), rotation.getInverse(), op.getInit());
    return success();
  }
};

/// An orthogonal rotation of its inverse is nothing.
struct CancelRotations : OpRewritePattern<RotateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RotateOp op,
                                PatternRewriter &b) const override {
    auto inner = op.getSource().getDefiningOp<RotateOp>();
    if (!inner || inner.getTransform() != op.getTransform() ||
        inner.getParts() != op.getParts() ||
        inner.getInverse() == op.getInverse() ||
        !op.getTransformInterface().isOrthogonal())
      return failure();
    b.replaceOp(op, inner.getSource());
    return success();
  }
};

/// A rotation by a matrix (not its inverse, whose roundings decoding keeps) is
/// a contraction like any other.
struct ContractRotation : OpRewritePattern<RotateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RotateOp op,
                                PatternRewriter &b) const override {
    if (op.getInverse())
      return failure();
    Value result = op.getTransformInterface().emitContraction(
        b, op.getLoc(), op.getSource(), op.getParts());
    if (!result)
      return failure();
    b.replaceOp(op, result);
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
               CancelRotations, ContractRotation>(patterns.getContext());
}
