//===- MoveRotations.cpp - Rotations move to activations and cancel -------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
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

/// decode(w : codec<R, rest>) is the inverse of R on decode(w : codec<rest>).
struct ExposeRotation : OpRewritePattern<DecodeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DecodeOp op,
                                PatternRewriter &b) const override {
    auto type = cast<CompressedTensorType>(op.getSource().getType());
    auto transform =
        dyn_cast<TransformAttrInterface>(type.getCodec().getStages().front());
    if (!transform || type.getCodec().getStages().size() == 1)
      return failure();
    auto streams = type.getStreamTypes(op);
    if (failed(streams))
      return failure();

    Location loc = op.getLoc();
    auto rest = CompressedTensorType::get(b.getContext(), type.getShape(),
                                          type.getElementType(),
                                          type.getCodec().dropOutermost());
    Value peeled = AssembleOp::create(
        b, loc, rest,
        DisassembleOp::create(b, loc, *streams, op.getSource()).getResults());

    // The axis of the transform is needed whole, whatever the window.
    int64_t axis = transform.getTransformAxis();
    SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, loc, op.getInit());
    SmallVector<OpFoldResult> cut(offsets.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> window(sizes);
    cut[axis] = offsets[axis];
    offsets[axis] = b.getIndexAttr(0);
    sizes[axis] = b.getIndexAttr(type.getShape()[axis]);
    Value init =
        tensor::EmptyOp::create(b, loc, sizes, type.getElementType());
    Value decoded = DecodeOp::create(b, loc, peeled, offsets, init,
                                     type.getCodec().getDecoderSymbol());
    Value rotated =
        RotateOp::create(b, loc, decoded.getType(), decoded, transform,
                         /*inverse=*/true, emptyLike(b, loc, decoded));
    if (rotated.getType() != op.getType()) {
      SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
      rotated = tensor::ExtractSliceOp::create(
          b, loc, cast<RankedTensorType>(op.getType()), rotated, cut, window,
          strides);
    }
    b.replaceOp(op, rotated);
    return success();
  }
};

/// Whether `op` sums products of its two inputs and does nothing else.
static bool isSumOfProducts(linalg::LinalgOp op) {
  return linalg::isaContractionOpInterface(op) && op.getNumDpsInputs() == 2;
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
      auto position =
          op.getMatchingIndexingMap(other).getResultPosition(dim);
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
    Value moved = linalg::TransposeOp::create(b, op.getLoc(),
                                              rotation.getSource(),
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
  patterns.add<ExposeRotation, MoveRotationAcrossContraction,
               MoveRotationAcrossTranspose, CancelRotations>(
      patterns.getContext());
}
