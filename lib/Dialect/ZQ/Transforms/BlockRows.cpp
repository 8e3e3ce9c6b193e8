//===- BlockRows.cpp - Blocks of known size of what is dynamic ------------===//
//
// What comes later makes good kernels of contractions whose sizes it knows. A
// number of rows that only the call knows is cut into blocks of a few sizes,
// with what is done to these rows before and behind.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {
#define GEN_PASS_DEF_BLOCKROWS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

/// Rows of a block, the largest first: a weight is decoded for each block, and
/// what is left over by one size makes at most three blocks of the next.
static constexpr int64_t blockSizes[] = {64, 16, 4, 1};

/// The loop of contraction `op` to cut: the last parallel one of unknown size
/// that one input has alone, and not the one that is dense along it.
static std::optional<unsigned> findRows(LinalgOp op) {
  if (!isSumOfProducts(op) || !op.hasPureTensorSemantics())
    return std::nullopt;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<unsigned> parallel;
  op.getParallelDims(parallel);
  AffineMap left = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap right = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
  for (unsigned loop : llvm::reverse(parallel))
    if (ShapedType::isDynamic(ranges[loop]) &&
        left.isFunctionOfDim(loop) != right.isFunctionOfDim(loop))
      return loop;
  return std::nullopt;
}

/// An op and one of its loops.
struct Rows {
  LinalgOp op;
  unsigned loop;
};

/// The loop of `op` along dimension `dim` of its operand or result of `map`.
static std::optional<unsigned> getLoop(AffineMap map, unsigned dim) {
  auto loop = dyn_cast<AffineDimExpr>(map.getResult(dim));
  return loop ? std::optional<unsigned>(loop.getPosition()) : std::nullopt;
}

static bool isOneTensor(LinalgOp op) {
  return op.hasPureTensorSemantics() && op->getNumResults() == 1;
}

/// The elementwise op that alone reads what `rows` makes, each element once,
/// and its loop along the same rows.
static std::optional<Rows> findReader(Rows rows) {
  if (!rows.op->hasOneUse())
    return std::nullopt;
  OpOperand &use = *rows.op->use_begin();
  auto reader = dyn_cast<LinalgOp>(use.getOwner());
  if (!reader || !linalg::isElementwise(reader) || !isOneTensor(reader) ||
      !reader.isDpsInput(&use) ||
      !dependsOnAllLoops(reader, &use, reader.getStaticLoopRanges()))
    return std::nullopt;
  AffineMap result =
      rows.op.getMatchingIndexingMap(rows.op.getDpsInitOperand(0));
  auto dim = result.getResultPosition(
      getAffineDimExpr(rows.loop, rows.op.getContext()));
  auto loop =
      dim ? getLoop(reader.getMatchingIndexingMap(&use), *dim) : std::nullopt;
  return loop ? std::optional<Rows>({reader, *loop}) : std::nullopt;
}

/// Adds to `found` what makes the rows of `rows`, and nothing else: a block of
/// them can be made in their block.
static void findMakers(Rows rows, DenseSet<Operation *> &found) {
  for (OpOperand &operand : rows.op->getOpOperands()) {
    auto maker = operand.get().getDefiningOp<LinalgOp>();
    auto dim = rows.op.getMatchingIndexingMap(&operand).getResultPosition(
        getAffineDimExpr(rows.loop, rows.op.getContext()));
    if (!maker || !dim || !isOneTensor(maker) ||
        !(maker->hasOneUse() || isa<linalg::FillOp>(maker)))
      continue;
    auto loop =
        getLoop(maker.getMatchingIndexingMap(maker.getDpsInitOperand(0)), *dim);
    if (loop && found.insert(maker).second)
      findMakers({maker, *loop}, found);
  }
}

/// Makes of `makers` the parts that `slices` are, in their place, and so on.
static void pull(RewriterBase &b, ArrayRef<Operation *> slices,
                 const DenseSet<Operation *> &makers) {
  for (Operation *made : slices) {
    auto slice = dyn_cast<tensor::ExtractSliceOp>(made);
    auto maker = slice ? dyn_cast<OpResult>(slice.getSource()) : OpResult();
    if (!maker || !makers.contains(maker.getOwner()))
      continue;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(slice);
    auto part = tensor::replaceExtractSliceWithTiledProducer(b, slice, maker);
    if (failed(part))
      continue;
    b.replaceOp(slice, part->tiledValues);
    for (Operation *op : part->tiledOps)
      giveOwnDestination(b, cast<DestinationStyleOpInterface>(op));
    SmallVector<Operation *> next;
    for (Operation *op : part->tiledOps)
      for (Value operand : op->getOperands())
        if (auto own = operand.getDefiningOp<tensor::ExtractSliceOp>())
          next.push_back(own);
    pull(b, next, makers);
  }
}

/// `rows` from `begin` on, `count` of them, written to `into`.
static FailureOr<Value> emitBlock(RewriterBase &b, Rows rows,
                                  const DenseSet<Operation *> &makers,
                                  Value begin, int64_t count, Value into) {
  auto [op, loop] = rows;
  Location loc = op.getLoc();
  Operation *whole = cloneContraction(b, op, op.getDpsInputOperand(0),
                                      op.getDpsInputOperand(0)->get(), into)
                         .getDefiningOp();
  auto tiling = cast<TilingInterface>(whole);
  SmallVector<OpFoldResult> offsets, sizes, at, extent;
  for (Range range : tiling.getIterationDomain(b)) {
    offsets.push_back(range.offset);
    sizes.push_back(range.size);
  }
  offsets[loop] = begin;
  sizes[loop] = b.getIndexAttr(count);
  auto block = tiling.getTiledImplementation(b, offsets, sizes);
  if (failed(block) ||
      failed(tiling.getResultTilePosition(b, 0, offsets, sizes, at, extent)))
    return failure();
  SmallVector<OpFoldResult> strides(at.size(), b.getIndexAttr(1));
  Value result = tensor::InsertSliceOp::create(
      b, loc, block->tiledValues.front(), into, at, extent, strides);
  pull(b, block->generatedSlices, makers);
  b.eraseOp(whole);
  return result;
}

/// Replaces the op by a loop over blocks of each size.
static LogicalResult cut(IRRewriter &b, Rows rows,
                         const DenseSet<Operation *> &makers) {
  LinalgOp op = rows.op;
  Location loc = op.getLoc();
  b.setInsertionPoint(op);
  Value end = getValueOrCreateConstantIndexOp(
      b, loc, op.createLoopRanges(b, loc)[rows.loop].size);
  Value begin = arith::ConstantIndexOp::create(b, loc, 0);
  Value result = op.getDpsInits().front();
  for (int64_t size : blockSizes) {
    Value step = arith::ConstantIndexOp::create(b, loc, size);
    Value rest = arith::SubIOp::create(b, loc, end, begin);
    rest = arith::RemUIOp::create(b, loc, rest, step);
    Value stop = arith::SubIOp::create(b, loc, end, rest);
    auto loop =
        scf::ForOp::create(b, loc, begin, stop, step, ValueRange(result));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    FailureOr<Value> block = emitBlock(b, rows, makers, loop.getInductionVar(),
                                       size, loop.getRegionIterArg(0));
    if (failed(block))
      return op->emitOpError("cannot be cut into blocks of rows");
    scf::YieldOp::create(b, loc, *block);
    result = loop.getResult(0);
    begin = stop;
  }
  b.replaceOp(op, result);
  return success();
}

namespace {
struct BlockRowsPass : mlir::zq::impl::BlockRowsBase<BlockRowsPass> {
  void runOnOperation() override {
    SmallVector<Rows> found;
    getOperation().walk([&](LinalgOp op) {
      if (auto rows = findRows(op))
        found.push_back({op, *rows});
    });
    IRRewriter rewriter(&getContext());
    // The last ones first, which take what makes their rows along.
    DenseSet<Operation *> taken;
    for (Rows rows : llvm::reverse(found)) {
      if (taken.contains(rows.op))
        continue;
      while (auto reader = findReader(rows))
        rows = *reader;
      if (!taken.insert(rows.op).second)
        continue;
      DenseSet<Operation *> makers;
      findMakers(rows, makers);
      taken.insert(makers.begin(), makers.end());
      if (failed(cut(rewriter, rows, makers)))
        return signalPassFailure();
    }
  }
};
} // namespace
