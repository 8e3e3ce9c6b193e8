//===- DistributeContractions.cpp - Weights in parts are multiplied in parts //
//
// What a codec splits a weight into is never put together again for a
// contraction, which is linear in it. Each rewrite keeps within the error bound
// of the contraction on the decoded weight (lib/Reference/TensorStages.cpp).
//
//===----------------------------------------------------------------------===//
#include "LoopBuilder.h"
#include "Rotations.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

namespace mlir::zq {
#define GEN_PASS_DEF_DISTRIBUTECONTRACTIONS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

namespace {

/// A contraction and one of its inputs that an op of type `Part` makes.
template <typename Part>
struct PartOf {
  OpOperand *weight = nullptr, *other = nullptr;
  Part part;

  explicit operator bool() const { return weight; }
};

/// The first input of `op` that is a `Part`, where `op` is linear in it.
template <typename Part>
PartOf<Part> findPart(LinalgOp op) {
  if (!isSumOfProducts(op) || !op.hasPureTensorSemantics())
    return {};
  for (unsigned i : {0u, 1u}) {
    OpOperand *weight = op.getDpsInputOperand(i);
    if (auto part = weight->get().getDefiningOp<Part>())
      return {weight, op.getDpsInputOperand(1 - i), part};
  }
  return {};
}

/// Whether everything that `op` computes is of f32.
bool isAllF32(LinalgOp op) {
  return llvm::all_of(op->getOperandTypes(), [](Type type) {
    return getElementTypeOrSelf(type).isF32();
  });
}

/// Matches a contraction with a `Part` and hands it to `Derived`.
template <typename Derived, typename Part>
struct PartPattern : OpInterfaceRewritePattern<LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(LinalgOp op,
                                PatternRewriter &b) const override {
    PartOf<Part> found = findPart<Part>(op);
    if (!found)
      return failure();
    FailureOr<Value> result =
        static_cast<const Derived *>(this)->rewrite(b, op, found);
    if (failed(result))
      return failure();
    b.replaceOp(op, *result);
    return success();
  }
};

/// x (A + B) is x A + x B.
struct DistributeOverSum : PartPattern<DistributeOverSum, SumOp> {
  using PartPattern::PartPattern;

  FailureOr<Value> rewrite(PatternRewriter &b, LinalgOp op,
                           PartOf<SumOp> found) const {
    Location loc = op.getLoc();
    Value init = op.getDpsInits().front();
    Value first =
        cloneContraction(b, op, found.weight, found.part.getLhs(), init);
    Value second = cloneContraction(b, op, found.weight, found.part.getRhs(),
                                    zerosLike(b, loc, init));
    return emitAdd(b, loc, first, second);
  }
};

/// x (L R) is (x L) R, or (x R) L where the weight is multiplied from its other
/// side: two contractions with a dimension of the rank's size between them.
struct ReassociateProduct : PartPattern<ReassociateProduct, ProductOp> {
  using PartPattern::PartPattern;

  FailureOr<Value> rewrite(PatternRewriter &b, LinalgOp op,
                           PartOf<ProductOp> found) const;
};

/// A scale of what is parallel leaves the sum: x (s * W) is s * (x W).
struct MoveScaleToResult : PartPattern<MoveScaleToResult, ScaleOp> {
  using PartPattern::PartPattern;

  FailureOr<Value> rewrite(PatternRewriter &b, LinalgOp op,
                           PartOf<ScaleOp> found) const;
};

/// x (W + S) is x W + x S, the latter a sum over the sparse values only. Not
/// where they replace what W has in their places: that is no sum.
struct DistributeOverScatter : PartPattern<DistributeOverScatter, ScatterOp> {
  using PartPattern::PartPattern;

  FailureOr<Value> rewrite(PatternRewriter &b, LinalgOp op,
                           PartOf<ScatterOp> found) const;
};

/// A contraction along the axis of a concatenation is the sum of those of its
/// parts; one of another axis has them side by side.
struct SplitConcatenation : PartPattern<SplitConcatenation, tensor::ConcatOp> {
  using PartPattern::PartPattern;

  FailureOr<Value> rewrite(PatternRewriter &b, LinalgOp op,
                           PartOf<tensor::ConcatOp> found) const;
};

} // namespace

//===----------------------------------------------------------------------===//
// Low rank
//===----------------------------------------------------------------------===//

FailureOr<Value> ReassociateProduct::rewrite(PatternRewriter &b, LinalgOp op,
                                             PartOf<ProductOp> found) const {
  if (!isAllF32(op))
    return failure();
  Location loc = op.getLoc();
  MLIRContext *context = b.getContext();
  AffineMap weight = op.getMatchingIndexingMap(found.weight);
  AffineMap other = op.getMatchingIndexingMap(found.other);
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  auto loopOf = [&](int64_t result) {
    return cast<AffineDimExpr>(weight.getResult(result)).getPosition();
  };
  int64_t rank = weight.getNumResults();
  auto isReduced = [&](unsigned loop) {
    return iterators[loop] == utils::IteratorType::reduction;
  };
  // Of the matrix's two loops one is contracted, the other is the result's
  // alone; all others of the weight are batches.
  bool rowReduced = isReduced(loopOf(rank - 2));
  unsigned reduced = loopOf(rowReduced ? rank - 2 : rank - 1);
  unsigned kept = loopOf(rowReduced ? rank - 1 : rank - 2);
  if (!isReduced(reduced) || isReduced(kept) || other.isFunctionOfDim(kept))
    return failure();
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    if (isReduced(loopOf(dim)))
      return failure();

  // The loop of the rank takes the place of the one that is kept: the product
  // with the first factor has the result's loops otherwise.
  unsigned numLoops = op.getNumLoops();
  SmallVector<AffineExpr> between, sizesOf;
  SmallVector<OpFoldResult> sizes;
  SmallVector<Range> ranges = op.createLoopRanges(b, loc);
  auto product = found.part;
  int64_t depth =
      cast<RankedTensorType>(product.getLeft().getType()).getShape().back();
  for (unsigned loop = 0; loop < numLoops; ++loop)
    if (loop == kept || !isReduced(loop)) {
      between.push_back(b.getAffineDimExpr(loop));
      sizes.push_back(loop == kept ? OpFoldResult(b.getIndexAttr(depth))
                                   : ranges[loop].size);
    }
  Value first = rowReduced ? product.getLeft() : product.getRight();
  Value second = rowReduced ? product.getRight() : product.getLeft();
  // left is [..., row, rank], right is [..., rank, column].
  auto withRank = [&](bool isLeft, unsigned rankLoop, unsigned numDims) {
    SmallVector<AffineExpr> results(weight.getResults());
    results[isLeft ? rank - 1 : rank - 2] = b.getAffineDimExpr(rankLoop);
    return AffineMap::get(numDims, 0, results, context);
  };
  Value empty = tensor::EmptyOp::create(b, loc, sizes, b.getF32Type());
  AffineMap maps[] = {other, withRank(rowReduced, kept, numLoops),
                      AffineMap::get(numLoops, 0, between, context)};
  Value part = emitSumOfProducts(b, loc, found.other->get(), first,
                                 zerosLike(b, loc, empty), maps, iterators);

  // Then the rank is contracted, in a loop of its own, and nothing else.
  SmallVector<AffineExpr> renamed(numLoops);
  SmallVector<utils::IteratorType> loops;
  for (unsigned loop = 0; loop < numLoops; ++loop)
    if (!isReduced(loop)) {
      renamed[loop] = b.getAffineDimExpr(loops.size());
      loops.push_back(utils::IteratorType::parallel);
    } else {
      renamed[loop] = b.getAffineConstantExpr(0);
    }
  unsigned rankLoop = loops.size();
  loops.push_back(utils::IteratorType::reduction);
  auto rename = [&](AffineMap map) {
    return map.replaceDimsAndSymbols(renamed, {}, loops.size(), 0);
  };
  SmallVector<AffineExpr> partResults;
  for (AffineExpr expr : between)
    partResults.push_back(
        cast<AffineDimExpr>(expr).getPosition() == kept
            ? b.getAffineDimExpr(rankLoop)
            : renamed[cast<AffineDimExpr>(expr).getPosition()]);
  SmallVector<AffineExpr> secondResults;
  for (auto [i, expr] : llvm::enumerate(weight.getResults()))
    secondResults.push_back(
        static_cast<int64_t>(i) == (rowReduced ? rank - 2 : rank - 1)
            ? b.getAffineDimExpr(rankLoop)
            : renamed[cast<AffineDimExpr>(expr).getPosition()]);
  AffineMap last[] = {
      AffineMap::get(loops.size(), 0, partResults, context),
      AffineMap::get(loops.size(), 0, secondResults, context),
      rename(op.getMatchingIndexingMap(op.getDpsInitOperand(0)))};
  return emitSumOfProducts(b, loc, part, second, op.getDpsInits().front(), last,
                           loops);
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

/// `scales` without the dimensions that have one element for all.
static Value dropUnitDims(OpBuilder &b, Location loc, Value scales) {
  auto type = cast<RankedTensorType>(scales.getType());
  SmallVector<int64_t> shape;
  for (int64_t size : type.getShape())
    if (size != 1)
      shape.push_back(size);
  if (static_cast<int64_t>(shape.size()) == type.getRank())
    return scales;
  // A slice of nothing has no place to begin at.
  if (llvm::is_contained(shape, 0))
    return tensor::EmptyOp::create(b, loc, shape, type.getElementType());
  return tensor::ExtractSliceOp::create(
      b, loc, RankedTensorType::get(shape, type.getElementType()), scales,
      SmallVector<OpFoldResult>(type.getRank(), b.getIndexAttr(0)),
      tensor::getMixedSizes(b, loc, scales),
      SmallVector<OpFoldResult>(type.getRank(), b.getIndexAttr(1)));
}

FailureOr<Value> MoveScaleToResult::rewrite(PatternRewriter &b, LinalgOp op,
                                            PartOf<ScaleOp> found) const {
  if (!isAllF32(op))
    return failure();
  Location loc = op.getLoc();
  AffineMap weight = op.getMatchingIndexingMap(found.weight);
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  auto scales = cast<RankedTensorType>(found.part.getScales().getType());
  // Nothing can be cut out of nothing.
  if (scales.getNumElements() == 0)
    return failure();
  SmallVector<AffineExpr> places;
  for (auto [expr, size] : llvm::zip(weight.getResults(), scales.getShape())) {
    if (size == 1)
      continue;
    std::optional<unsigned> place = result.getResultPosition(expr);
    if (!place)
      return failure();
    places.push_back(b.getAffineDimExpr(*place));
  }
  Value init = op.getDpsInits().front();
  Value sum = cloneContraction(b, op, found.weight, found.part.getSource(),
                               zerosLike(b, loc, init));
  int64_t rank = result.getNumResults();
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  AffineMap maps[] = {identity, AffineMap::get(rank, 0, places, b.getContext()),
                      identity, identity};
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, init.getType(),
             ValueRange{sum, dropUnitDims(b, loc, found.part.getScales()),
                        init},
             emptyLike(b, loc, init), maps, loops,
             [](OpBuilder &b, Location loc, ValueRange values) {
               Value scaled =
                   arith::MulFOp::create(b, loc, values[0], values[1]);
               Value added = arith::AddFOp::create(b, loc, values[2], scaled);
               linalg::YieldOp::create(b, loc, added);
             })
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Sparse values
//===----------------------------------------------------------------------===//

/// The sum of products with the sparse values of `scatter` alone.
static Value emitSparse(OpBuilder &b, LinalgOp op, OpOperand *weight,
                        OpOperand *other, ScatterOp scatter) {
  Location loc = op.getLoc();
  LoopBuilder loops(b, loc);
  AffineMap weightMap = op.getMatchingIndexingMap(weight);
  AffineMap otherMap = op.getMatchingIndexingMap(other);
  AffineMap resultMap = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  unsigned column =
      cast<AffineDimExpr>(weightMap.getResults().back()).getPosition();
  bool isReduced =
      op.getIteratorTypesArray()[column] == utils::IteratorType::reduction;
  SmallVector<OpFoldResult> sizes;
  for (Range range : op.createLoopRanges(b, loc))
    sizes.push_back(range.size);
  auto placeOf = [&](AffineMap map, ArrayRef<Value> place) {
    return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
      return place[cast<AffineDimExpr>(expr).getPosition()];
    });
  };
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));

  auto extractColumn = [&](Value i) {
    return loops.clampTo(scatter.getMain(),
                         scatter.getMain().getType().getRank() - 1,
                         loops.extractIndex(scatter.getColumns(), i));
  };
  // Adds the product with sparse value `i` of a row to `sum`.
  auto addTerm = [&](MutableArrayRef<Value> place, Value i, Value sum) {
    Value value = emitToF32(b, loc, loops.extract(scatter.getValues(), i));
    Value factor = loops.extract(other->get(), placeOf(otherMap, place));
    Value term = arith::MulFOp::create(b, loc, factor, value);
    return arith::AddFOp::create(b, loc, sum, term).getResult();
  };
  return loops.nest(
      sizes, column, zerosLike(b, loc, op.getDpsInits().front()),
      [&](ArrayRef<Value> outer, Value result) -> Value {
        SmallVector<Value> place(outer);
        Value row = loops.index(0);
        for (auto [expr, size] :
             llvm::zip(weightMap.getResults().drop_back(), scatter.getShape()))
          row = loops.add(loops.multiply(row, loops.index(size)),
                          place[cast<AffineDimExpr>(expr).getPosition()]);
        Value begin = loops.extractIndex(scatter.getRows(), row);
        Value end = loops.extractEnd(scatter.getRows(), scatter.getColumns(),
                                     scatter.getValues(), row);
        if (isReduced) {
          Value sum = loops.loop(begin, end, 1, zero, [&](Value i, Value part) {
            place[column] = extractColumn(i);
            return addTerm(place, i, part);
          });
          SmallVector<Value> to = placeOf(resultMap, place);
          Value before = loops.extract(result, to);
          return loops.insert(arith::AddFOp::create(b, loc, before, sum),
                              result, to);
        }
        return loops.loop(begin, end, 1, result, [&](Value i, Value all) {
          place[column] = extractColumn(i);
          SmallVector<Value> to = placeOf(resultMap, place);
          return loops.insert(addTerm(place, i, loops.extract(all, to)), all,
                              to);
        });
      });
}

FailureOr<Value> DistributeOverScatter::rewrite(PatternRewriter &b, LinalgOp op,
                                                PartOf<ScatterOp> found) const {
  if (found.part.getReplace() || !found.part.isWhole() || !isAllF32(op))
    return failure();
  Value init = op.getDpsInits().front();
  Value dense =
      cloneContraction(b, op, found.weight, found.part.getMain(), init);
  found.part.emitRemark("products with sparse values are summed one by one: "
                        "their columns are data");
  Value sparse = emitSparse(b, op, found.weight, found.other, found.part);
  return emitAdd(b, op.getLoc(), dense, sparse);
}

//===----------------------------------------------------------------------===//
// Concatenations
//===----------------------------------------------------------------------===//

FailureOr<Value>
SplitConcatenation::rewrite(PatternRewriter &b, LinalgOp op,
                            PartOf<tensor::ConcatOp> found) const {
  Location loc = op.getLoc();
  int64_t axis = found.part.getDim();
  AffineExpr loop = op.getMatchingIndexingMap(found.weight).getResult(axis);
  auto size = [&](Value part) {
    return cast<RankedTensorType>(part.getType()).getDimSize(axis);
  };
  if (llvm::any_of(found.part.getInputs(), [&](Value part) {
        return ShapedType::isDynamic(size(part));
      }))
    return failure();

  // What of another operand belongs to a part of the loop.
  auto cut = [&](Value value, OpOperand *operand, int64_t begin,
                 int64_t count) -> Value {
    auto place = op.getMatchingIndexingMap(operand).getResultPosition(loop);
    if (!place)
      return value;
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, value);
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    offsets[*place] = b.getIndexAttr(begin);
    sizes[*place] = b.getIndexAttr(count);
    return tensor::ExtractSliceOp::create(b, loc, value, offsets, sizes,
                                          strides);
  };
  OpOperand *init = op.getDpsInitOperand(0);
  auto place = op.getMatchingIndexingMap(init).getResultPosition(loop);
  Value result = init->get();
  int64_t begin = 0;
  for (Value part : found.part.getInputs()) {
    int64_t count = size(part);
    SmallVector<Value> operands(op->getOperands());
    operands[found.weight->getOperandNumber()] = part;
    operands[found.other->getOperandNumber()] =
        cut(found.other->get(), found.other, begin, count);
    Value own = cut(result, init, begin, count);
    operands[init->getOperandNumber()] = own;
    Value product = clone(b, op, own.getType(), operands)->getResult(0);
    if (place) {
      auto slice = own.getDefiningOp<tensor::ExtractSliceOp>();
      product = tensor::InsertSliceOp::create(
          b, loc, product, result, slice.getMixedOffsets(),
          slice.getMixedSizes(), slice.getMixedStrides());
    }
    result = product;
    begin += count;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// What nothing multiplies
//===----------------------------------------------------------------------===//

namespace {

struct LowerSum : OpRewritePattern<SumOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SumOp op, PatternRewriter &b) const override {
    b.replaceOp(op, emitAdd(b, op.getLoc(), op.getLhs(), op.getRhs()));
    return success();
  }
};

struct LowerScale : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaleOp op, PatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    auto scales = cast<RankedTensorType>(op.getScales().getType());
    // One scale of a dimension is read for all of it.
    SmallVector<AffineExpr> places;
    for (auto [dim, size] : llvm::enumerate(scales.getShape()))
      places.push_back(size == 1 ? b.getAffineConstantExpr(0)
                                 : b.getAffineDimExpr(dim));
    AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
    AffineMap maps[] = {
        identity, AffineMap::get(type.getRank(), 0, places, b.getContext()),
        identity};
    SmallVector<utils::IteratorType> loops(type.getRank(),
                                           utils::IteratorType::parallel);
    b.replaceOpWithNewOp<linalg::GenericOp>(
        op, type, ValueRange{op.getSource(), op.getScales()},
        emptyLike(b, op.getLoc(), op.getSource()), maps, loops,
        [](OpBuilder &b, Location loc, ValueRange values) {
          Value product = arith::MulFOp::create(b, loc, values[0], values[1]);
          linalg::YieldOp::create(b, loc, product);
        });
    return success();
  }
};

struct DistributeContractionsPass
    : mlir::zq::impl::DistributeContractionsBase<DistributeContractionsPass> {
  void runOnOperation() override {
    // A part may be a rotation, and what is rotated may be in parts.
    RewritePatternSet patterns(&getContext());
    populateDistributeContractionsPatterns(patterns);
    populateMoveRotationsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))) ||
        failed(finishRotations(getOperation(), /*explain=*/false)))
      return signalPassFailure();

    RewritePatternSet rest(&getContext());
    rest.add<LowerSum, LowerScale>(&getContext());
    tensor::populateDecomposeTensorConcatPatterns(rest);
    if (failed(applyPatternsGreedily(getOperation(), std::move(rest))))
      signalPassFailure();
  }
};

} // namespace

void mlir::zq::populateDistributeContractionsPatterns(
    RewritePatternSet &patterns) {
  patterns.add<DistributeOverSum, ReassociateProduct, MoveScaleToResult,
               DistributeOverScatter, SplitConcatenation>(
      patterns.getContext());
}
