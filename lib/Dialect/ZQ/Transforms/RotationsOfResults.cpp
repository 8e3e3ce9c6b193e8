//===- RotationsOfResults.cpp - Rotations move on to what is computed -----===//
//
// A rotation that nothing contracts moves from an operand to the result: across
// contractions, sums, scales of rows and whatever else is linear, and out of
// sums of squares, so that an orthogonal one passes a residual connection and
// an RMS norm until it meets its inverse.
//
//===----------------------------------------------------------------------===//
#include "Rotations.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

/// How many ops a rotation is followed for.
static constexpr unsigned maxDepth = 32;

/// Whether `user`, of `value`, changes its shape; then where the axis is in its
/// result, if it stays what it is.
static std::optional<int64_t> getReshapedAxis(Operation *user, int64_t axis) {
  std::optional<LineDims> after = getLineAfter(user, axis);
  if (!after || after->size() > 1)
    return std::nullopt;
  return after->front();
}

/// Whether a rotation of `value`, if it moves on to what is computed of it,
/// meets its inverse or another one like it.
static bool isWanted(Value value, int64_t axis, const Rotation &rotation,
                     unsigned depth = 0) {
  if (depth > maxDepth)
    return false;
  return llvm::any_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (auto meets = dyn_cast<RotateOp>(user))
      return rotation.isOrthogonal() && use.get() == meets.getSource() &&
             meets.getAxis() == axis && rotation.reversed().isSame(meets);
    if (std::optional<int64_t> to = getReshapedAxis(user, axis))
      return isWanted(user->getResult(0), *to, rotation, depth + 1);
    auto op = dyn_cast<LinalgOp>(user);
    if (!op || op.isDpsInit(&use))
      return false;
    std::optional<unsigned> loop = getLoop(op, &use, axis);
    std::optional<int64_t> to =
        loop ? getLinearResult(op, *loop) : std::nullopt;
    if (!to)
      return false;
    for (auto [input, at] : getLineInputs(op, *loop))
      if (input->get() != value && getRotation(input->get(), at, rotation))
        return true;
    return isWanted(op->getResult(0), *to, rotation, depth + 1);
  });
}

namespace {

/// contract(x, R w) is R contract(x, w) along an axis that the result has.
struct MoveRotationToResult : OpInterfaceRewritePattern<LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(LinalgOp op,
                                PatternRewriter &b) const override {
    if (!isSumOfProducts(op) || !op.hasPureTensorSemantics() ||
        !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
      return failure();
    for (unsigned i : {0u, 1u}) {
      OpOperand *operand = op.getDpsInputOperand(i);
      OpOperand *other = op.getDpsInputOperand(1 - i);
      auto rotation = operand->get().getDefiningOp<RotateOp>();
      if (!rotation)
        continue;
      std::optional<unsigned> loop = getLoop(op, operand, rotation.getAxis());
      AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
      if (!loop || !result.isProjectedPermutation() ||
          op.getMatchingIndexingMap(other).isFunctionOfDim(*loop) ||
          !isMultipliedAsF32(op, other))
        continue;
      auto axis = result.getResultPosition(b.getAffineDimExpr(*loop));
      if (!axis || estimateElements(op->getResult(0)) >
                       estimateElements(rotation.getResult()))
        continue;
      Location loc = op.getLoc();
      Value init = op.getDpsInits().front();
      bool isFirst = isZero(init);
      Value sum = cloneContraction(b, op, operand, rotation.getSource(),
                                   isFirst ? init : zerosLike(b, loc, init));
      Value rotated = Rotation::of(rotation).apply(b, loc, sum, *axis);
      b.replaceOp(op, isFirst ? rotated : emitAdd(b, loc, init, rotated));
      return success();
    }
    return failure();
  }
};

/// f(R x, R y) is R f(x, y) where f is linear in lines, and f(R^-1 x, y) is
/// R^-1 f(x, R y) if R is orthogonal. Only where that makes for less to rotate.
/// What is decoded is exact to the bit, and stays so.
struct MoveRotationAcrossLinear : OpInterfaceRewritePattern<LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(LinalgOp op,
                                PatternRewriter &b) const override {
    for (OpOperand *operand : op.getDpsInputOperands())
      if (auto rotation = operand->get().getDefiningOp<RotateOp>())
        if (!isDecoded(rotation) && succeeded(move(op, operand, rotation, b)))
          return success();
    return failure();
  }

  LogicalResult move(LinalgOp op, OpOperand *operand, RotateOp op0,
                     PatternRewriter &b) const {
    std::optional<unsigned> loop = getLoop(op, operand, op0.getAxis());
    std::optional<int64_t> axis =
        loop ? getLinearResult(op, *loop) : std::nullopt;
    if (!axis)
      return failure();
    Rotation rotation = Rotation::of(op0);
    // What is rotated before and after: operands that nothing else needs, those
    // that are not rotated yet, the result, and what that meets.
    double result = estimateElements(op->getResult(0)), before = 0,
           after = result;
    if (isWanted(op->getResult(0), *axis, rotation))
      before += result;
    llvm::SmallPtrSet<Operation *, 4> seen;
    for (auto [input, at] : getLineInputs(op, *loop)) {
      RotateOp same = getRotation(input->get(), at, rotation);
      if (!same) {
        // Not both ways, which would never end.
        if (!rotation.isOrthogonal() || !rotation.inverse)
          return failure();
        ElementsAttr constant;
        if (!matchPattern(input->get(), m_Constant(&constant)))
          after += estimateElements(input->get());
      } else if (seen.insert(same).second &&
                 llvm::all_of(same->getUsers(),
                              [&](Operation *user) { return user == op; })) {
        before += estimateElements(same.getResult());
      }
    }
    if (after > before || (after == before && seen.size() < 2 &&
                           !isWanted(op->getResult(0), *axis, rotation)))
      return failure();

    Location loc = op.getLoc();
    SmallVector<Value> operands(op->getOperands());
    for (auto [input, at] : getLineInputs(op, *loop)) {
      RotateOp same = getRotation(input->get(), at, rotation);
      operands[input->getOperandNumber()] =
          same ? Value(same.getSource())
               : rotation.reversed().apply(b, loc, input->get(), at);
    }
    Value moved = clone(b, op, op->getResultTypes(), operands)->getResult(0);
    b.replaceOp(op, rotation.apply(b, loc, moved, *axis));
    return success();
  }
};

/// Sums of squares along the axis of an orthogonal rotation need none of it.
struct DropRotationFromSquares : OpInterfaceRewritePattern<LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(LinalgOp op,
                                PatternRewriter &b) const override {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto first = operand->get().getDefiningOp<RotateOp>();
      if (!first || isDecoded(first) ||
          !first.getTransformInterface().isOrthogonal())
        continue;
      Rotation rotation = Rotation::of(first);
      std::optional<unsigned> loop = getLoop(op, operand, first.getAxis());
      if (!loop || getLineMap(op, *loop) != LineMap::Quadratic ||
          !isSummed(op, *loop))
        continue;
      auto inputs = getLineInputs(op, *loop);
      if (!llvm::all_of(inputs, [&](auto input) {
            return getRotation(input.first->get(), input.second, rotation);
          }))
        continue;
      b.modifyOpInPlace(op, [&] {
        for (auto [input, axis] : inputs)
          input->set(getRotation(input->get(), axis, rotation).getSource());
      });
      return success();
    }
    return failure();
  }

  /// Whether `op` sums up what it computes along `loop`, or those do that read
  /// it.
  static bool isSummed(LinalgOp op, unsigned loop) {
    if (!llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
          AffineMap map = op.getMatchingIndexingMap(input);
          return !map.isFunctionOfDim(loop) || map.isProjectedPermutation();
        }))
      return false;
    AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    if (op.getNumReductionLoops() > 0)
      return op.getIteratorTypesArray()[loop] ==
                 utils::IteratorType::reduction &&
             !result.isFunctionOfDim(loop);
    auto axis =
        result.getResultPosition(getAffineDimExpr(loop, op->getContext()));
    return axis && llvm::all_of(op->getUses(), [&](OpOperand &use) {
             auto sum = dyn_cast<LinalgOp>(use.getOwner());
             if (!sum || sum.isDpsInit(&use))
               return false;
             std::optional<unsigned> along = getLoop(sum, &use, *axis);
             return along && sum.getNumReductionLoops() > 0 &&
                    sum.getIteratorTypesArray()[*along] ==
                        utils::IteratorType::reduction &&
                    getLineInputs(sum, *along).size() == 1 &&
                    getLineMap(sum, *along) == LineMap::Linear;
           });
  }
};

/// A reshape that leaves the axis as it is moves before the rotation.
struct MoveRotationAcrossReshape : OpRewritePattern<RotateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RotateOp op,
                                PatternRewriter &b) const override {
    for (Operation *user : op->getUsers()) {
      if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
        continue;
      std::optional<int64_t> axis = getReshapedAxis(user, op.getAxis());
      if (!axis || (!op->hasOneUse() &&
                    !isWanted(user->getResult(0), *axis, Rotation::of(op))))
        continue;
      b.setInsertionPoint(user);
      IRMapping mapping;
      mapping.map(op.getResult(), op.getSource());
      Value moved = b.clone(*user, mapping)->getResult(0);
      b.replaceOp(user,
                  Rotation::of(op).apply(b, user->getLoc(), moved, *axis));
      return success();
    }
    return failure();
  }
};

} // namespace

void mlir::zq::populateRotationsOfResultsPatterns(RewritePatternSet &patterns) {
  patterns.add<MoveRotationToResult, MoveRotationAcrossLinear,
               DropRotationFromSquares, MoveRotationAcrossReshape>(
      patterns.getContext());
}
