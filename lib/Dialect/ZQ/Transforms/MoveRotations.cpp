//===- MoveRotations.cpp - Rotations move to activations and cancel -------===//
#include "Rotations.h"
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
      multiplyAsF32(b, op, other);
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
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))) ||
        failed(finishRotations(getOperation(), /*explain=*/true)))
      signalPassFailure();
  }
};

} // namespace

/// Why a rotation does not move on to what `use` computes.
static std::string explainUse(RotateOp op, OpOperand &use) {
  auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
  std::string name = use.getOwner()->getName().getStringRef().str();
  if (isa<RotateOp>(use.getOwner()))
    return "";
  if (!user || user.isDpsInit(&use))
    return name + " needs it as it is";
  std::optional<unsigned> loop = getLoop(user, &use, op.getAxis());
  if (!loop)
    return name + " takes its axis apart";
  if (getContractedAxis(user, &use, op.getAxis()))
    return "";
  if (isSumOfProducts(user))
    return "the result of " + name + " is no smaller, or of another type";
  Operation *reason = nullptr;
  switch (getLineMap(user, *loop, &reason)) {
  case LineMap::Linear:
    if (user.getNumReductionLoops() > 0)
      return name + " adds up what it rotates, and not its squares";
    return isDecoded(op) ? "what is decoded is exact to the bit"
                         : "past " + name + " there would be no less to rotate";
  case LineMap::Quadratic:
    return name + " multiplies by what varies along its axis; fold such a "
                  "factor into the next weight";
  default:
    return (reason ? reason->getName().getStringRef().str() : name) +
           " is not linear along its axis";
  }
}

/// The rotation stays where it is.
static void emitReason(RotateOp op, StringRef unfolded) {
  if (!unfolded.empty()) {
    op.emitRemark("rotates at run time: ") << unfolded;
    return;
  }
  if (!op.getInverse())
    return;
  // A weight in parts is multiplied in parts, later.
  for (OpOperand &use : op->getUses())
    if (isa<SumOp, ScaleOp, ScatterOp, ProductOp>(use.getOwner()))
      return;
  for (OpOperand &use : op->getUses()) {
    std::string reason = explainUse(op, use);
    if (reason.empty())
      continue;
    op.emitRemark(isDecoded(op) ? "rotates a weight back: "
                                : "rotates at run time: ")
        << reason;
    return;
  }
}

LogicalResult mlir::zq::finishRotations(Operation *root, bool explain) {
  SmallVector<RotateOp> left;
  root->walk([&](RotateOp op) { left.push_back(op); });
  OpBuilder b(root->getContext());
  // From the last one on, of whose operands others may be left.
  for (RotateOp op : llvm::reverse(left)) {
    if (!op->use_empty())
      moveAcrossReshapes(op, b);
    if (!op->use_empty())
      if (std::string reason = foldRotation(op, b); explain && !op->use_empty())
        emitReason(op, reason);
    if (!op->use_empty())
      continue;
    Value source = op.getSource();
    op.erase();
    eraseUnused(source);
  }
  RewritePatternSet patterns(root->getContext());
  patterns.add<ContractRotation>(root->getContext());
  return applyPatternsGreedily(root, std::move(patterns));
}

void mlir::zq::populateMoveRotationsPatterns(RewritePatternSet &patterns) {
  patterns.add<MoveRotationAcrossContraction, MoveRotationAcrossTranspose,
               CancelRotations>(patterns.getContext());
  populateRotationsOfResultsPatterns(patterns);
}
