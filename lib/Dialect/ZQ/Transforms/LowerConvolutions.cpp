//===- LowerConvolutions.cpp - Convolutions become contractions -----------===//
//
// A convolution is a product of its filter with a matrix whose columns are
// the windows of the input (im2col). The order of a window's elements is the
// filter's, so that the filter is read as it is stored.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {
#define GEN_PASS_DEF_LOWERCONVOLUTIONS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using linalg::GenericOp;
using linalg::LinalgOp;

/// The loops of `op` that `map` names as they are, in its order.
static SmallVector<unsigned> getLoops(AffineMap map) {
  SmallVector<unsigned> loops;
  for (AffineExpr expr : map.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      loops.push_back(dim.getPosition());
  return loops;
}

/// `map` over the loops of `order` alone, renumbered.
static AffineMap renumber(AffineMap map, ArrayRef<unsigned> order) {
  SmallVector<AffineExpr> dims(map.getNumDims(),
                               getAffineConstantExpr(0, map.getContext()));
  for (auto [i, loop] : llvm::enumerate(order))
    dims[loop] = getAffineDimExpr(i, map.getContext());
  return map.replaceDimsAndSymbols(dims, {}, order.size(), 0);
}

static AffineMap getSelection(ArrayRef<unsigned> loops, unsigned count,
                              MLIRContext *context) {
  return AffineMap::getMultiDimMapWithTargets(count, loops, context);
}

/// The windows of the input: a tensor with a dimension for each of `loops`.
static Value emitColumns(IRRewriter &b, LinalgOp op, ArrayRef<unsigned> loops) {
  Location loc = op.getLoc();
  SmallVector<Range> ranges = op.createLoopRanges(b, loc);
  SmallVector<OpFoldResult> sizes;
  for (unsigned loop : loops)
    sizes.push_back(ranges[loop].size);
  OpOperand *input = op.getDpsInputOperand(0);
  Value empty = tensor::EmptyOp::create(
      b, loc, sizes, getElementTypeOrSelf(input->get().getType()));
  AffineMap maps[] = {renumber(op.getMatchingIndexingMap(input), loops),
                      b.getMultiDimIdentityMap(loops.size())};
  SmallVector<utils::IteratorType> iterators(loops.size(),
                                             utils::IteratorType::parallel);
  auto copy = GenericOp::create(
      b, loc, empty.getType(), input->get(), empty, maps, iterators,
      [](OpBuilder &builder, Location at, ValueRange arguments) {
        linalg::YieldOp::create(builder, at, arguments.front());
      });
  return copy.getResult(0);
}

/// Runs of loops that may be one: those over the output's pixels, and those
/// that are contracted where the filter has them in one dimension already (a
/// compressed filter of other than two dimensions keeps them).
static SmallVector<ReassociationIndices>
getRuns(GenericOp op, ArrayRef<unsigned> pixels,
        ArrayRef<unsigned> contracted) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<ReassociationIndices> runs;
  auto add = [&](ArrayRef<unsigned> loops) {
    ReassociationIndices run;
    for (unsigned loop : loops) {
      bool isDynamic = ShapedType::isDynamic(ranges[loop]);
      run.push_back(loop);
      if (isDynamic || !linalg::areDimSequencesPreserved(maps, {run})) {
        run.pop_back();
        if (run.size() > 1)
          runs.push_back(run);
        run.clear();
        if (!isDynamic)
          run.push_back(loop);
      }
    }
    if (run.size() > 1)
      runs.push_back(run);
  };
  add(pixels);

  Value filter = op.getDpsInputs()[1];
  auto expand = filter.getDefiningOp<tensor::ExpandShapeOp>();
  if (!expand) {
    if (!isWeight(filter.getDefiningOp()))
      add(contracted);
    return runs;
  }
  SmallVector<unsigned> loops = getLoops(maps[1]);
  for (const ReassociationIndices &group : expand.getReassociationIndices()) {
    SmallVector<unsigned> run;
    for (int64_t dim : group)
      if (llvm::is_contained(contracted, loops[dim]))
        run.push_back(loops[dim]);
    if (run.size() == group.size())
      add(run);
  }
  return runs;
}

static LogicalResult lower(IRRewriter &b, LinalgOp op,
                           const linalg::ConvolutionDimensions &dims) {
  b.setInsertionPoint(op);
  MLIRContext *context = op.getContext();
  OpOperand *filter = op.getDpsInputOperand(1);
  AffineMap filterMap = op.getMatchingIndexingMap(filter);
  AffineMap outputMap = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!filterMap.isProjectedPermutation() ||
      !outputMap.isProjectedPermutation())
    return op.emitOpError("has a filter or a result that is not indexed by "
                          "its loops");

  // Groups of channels first, then pixels and channels of the output, which
  // are the loops that tiles have, then what is contracted in the order in
  // which the filter is stored.
  SmallVector<unsigned> groups, pixels, channels, contracted;
  for (unsigned loop : getLoops(outputMap)) {
    if (llvm::is_contained(dims.batch, loop) ||
        llvm::is_contained(dims.outputImage, loop))
      pixels.push_back(loop);
    else if (llvm::is_contained(dims.depth, loop) &&
             !dims.outputChannel.empty())
      groups.push_back(loop);
    else
      channels.push_back(loop);
  }
  SmallVector<unsigned> columns(pixels);
  AffineMap inputMap = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  for (unsigned loop : getLoops(filterMap)) {
    if (!outputMap.isFunctionOfDim(loop))
      contracted.push_back(loop);
    if (inputMap.isFunctionOfDim(loop))
      columns.push_back(loop);
  }
  SmallVector<unsigned> order;
  for (ArrayRef<unsigned> loops : {groups, pixels, channels, contracted})
    llvm::append_range(order, loops);
  if (order.size() != op.getNumLoops())
    return op.emitOpError("has a loop that neither its filter nor its result "
                          "has");

  Value windows = emitColumns(b, op, columns);
  AffineMap maps[] = {
      renumber(getSelection(columns, op.getNumLoops(), context), order),
      renumber(filterMap, order), renumber(outputMap, order)};
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray(),
                                   iterators;
  for (unsigned loop : order)
    iterators.push_back(kinds[loop]);
  Value init = op.getDpsInits().front();
  auto contraction = GenericOp::create(b, op.getLoc(), init.getType(),
                                       ValueRange{windows, filter->get()}, init,
                                       maps, iterators);
  b.cloneRegionBefore(op->getRegion(0), contraction.getRegion(),
                      contraction.getRegion().begin());

  // Where the loops are in the contraction.
  auto locate = [&](ArrayRef<unsigned> loops) {
    SmallVector<unsigned> places;
    for (unsigned loop : loops)
      places.push_back(llvm::find(order, loop) - order.begin());
    return places;
  };
  SmallVector<ReassociationIndices> runs =
      getRuns(contraction, locate(pixels), locate(contracted));
  Value result = contraction.getResult(0);
  if (!runs.empty()) {
    auto collapsed = linalg::collapseOpIterationDims(
        cast<LinalgOp>(contraction.getOperation()), runs, b);
    if (failed(collapsed))
      return op.emitOpError("cannot be collapsed");
    result = collapsed->results.front();
    b.eraseOp(contraction);
  }
  b.replaceOp(op, result);
  return success();
}

namespace {
struct LowerConvolutionsPass
    : mlir::zq::impl::LowerConvolutionsBase<LowerConvolutionsPass> {
  void runOnOperation() override {
    SmallVector<std::pair<LinalgOp, linalg::ConvolutionDimensions>> ops;
    getOperation().walk([&](LinalgOp op) {
      if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
          op.getNumDpsInits() != 1 || !linalg::isaConvolutionOpInterface(op))
        return;
      auto dims = linalg::inferConvolutionDims(op);
      // A window that is not multiplied with anything, as in pooling, has no
      // weight.
      if (succeeded(dims) &&
          !op.getMatchingBlockArgument(op.getDpsInputOperand(1)).use_empty())
        ops.push_back({op, *dims});
    });
    IRRewriter rewriter(&getContext());
    for (auto &[op, dims] : ops)
      if (failed(lower(rewriter, op, dims)))
        return signalPassFailure();
  }
};
} // namespace
