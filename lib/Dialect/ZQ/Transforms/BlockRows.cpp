//===- BlockRows.cpp - Blocks of known size of what is dynamic ------------===//
//
// What comes later makes good kernels of contractions whose sizes it knows. A
// number of rows that only the call knows is cut into blocks of a few sizes.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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

/// `op` on `count` of its rows from `begin` on, written to `into`.
static FailureOr<Value> emitBlock(RewriterBase &b, LinalgOp op, unsigned rows,
                                  Value begin, int64_t count, Value into) {
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
  offsets[rows] = begin;
  sizes[rows] = b.getIndexAttr(count);
  auto block = tiling.getTiledImplementation(b, offsets, sizes);
  if (failed(block) ||
      failed(tiling.getResultTilePosition(b, 0, offsets, sizes, at, extent)))
    return failure();
  SmallVector<OpFoldResult> strides(at.size(), b.getIndexAttr(1));
  Value result = tensor::InsertSliceOp::create(
      b, loc, block->tiledValues.front(), into, at, extent, strides);
  b.eraseOp(whole);
  return result;
}

/// Replaces `op` by a loop over blocks of each size.
static LogicalResult cut(IRRewriter &b, LinalgOp op, unsigned rows) {
  Location loc = op.getLoc();
  b.setInsertionPoint(op);
  Value end = getValueOrCreateConstantIndexOp(
      b, loc, op.createLoopRanges(b, loc)[rows].size);
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
    FailureOr<Value> block = emitBlock(b, op, rows, loop.getInductionVar(),
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
    SmallVector<std::pair<LinalgOp, unsigned>> found;
    getOperation().walk([&](LinalgOp op) {
      if (auto rows = findRows(op))
        found.push_back({op, *rows});
    });
    IRRewriter rewriter(&getContext());
    for (auto [op, rows] : found)
      if (failed(cut(rewriter, op, rows)))
        return signalPassFailure();
  }
};
} // namespace
