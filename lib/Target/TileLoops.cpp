//===- TileLoops.cpp - Products in tiles by loops of vectors --------------===//
#include "TileLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"

using namespace mlir;
using namespace mlir::zq;

/// Rows whose sums are in registers: half of 32, beside the weights' and the
/// activation's.
static constexpr int64_t rowsAtOnce = 8;

/// Words of a row that are taken in an iteration: so few are left that the CPU
/// foresees the loop's end.
static constexpr int64_t wordsAtOnce = 4;

/// Fetches what falls to step `step` of round `round` of the matrix `ahead`,
/// all of which is fetched in `rounds` of `steps`: memory takes as long as
/// hundreds of products, and the operands would wait behind many lines at once.
static void fetchAhead(OpBuilder &b, Location loc, Value ahead, Value round,
                       int64_t rounds, Value step, int64_t steps) {
  constexpr int64_t lineBytes = 64;
  auto type = cast<MemRefType>(ahead.getType());
  int64_t perLine = lineBytes * 8 / type.getElementTypeBitWidth();
  int64_t rowLines = llvm::divideCeil(type.getDimSize(1), perLine);
  int64_t lines = type.getDimSize(0) * rowLines, turns = rounds * steps;
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value turn = arith::AddIOp::create(
      b, loc, arith::MulIOp::create(b, loc, round, index(steps)), step);
  Value first = arith::DivUIOp::create(
      b, loc, arith::MulIOp::create(b, loc, turn, index(lines)), index(turns));
  for (int64_t i = 0, end = llvm::divideCeil(lines, turns); i < end; ++i) {
    Value line = arith::MinUIOp::create(
        b, loc, arith::AddIOp::create(b, loc, first, index(i)),
        index(lines - 1));
    Value row = arith::DivUIOp::create(b, loc, line, index(rowLines));
    Value column = arith::MulIOp::create(
        b, loc, arith::RemUIOp::create(b, loc, line, index(rowLines)),
        index(perLine));
    memref::PrefetchOp::create(b, loc, ahead, ValueRange{row, column},
                               /*isWrite=*/false, /*localityHint=*/2,
                               /*isDataCache=*/true);
  }
}

LogicalResult mlir::zq::lowerToTileLoops(MultiplyTilesOp op, PatternRewriter &b,
                                         PairProduct product) {
  auto init = dyn_cast<MemRefType>(op.getInit().getType());
  if (!init)
    return failure();
  Location loc = op.getLoc();
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  auto add = [&](Value x, int64_t y) -> Value {
    return arith::AddIOp::create(b, loc, x, index(y));
  };
  constexpr int64_t halves = tileRows / tileLanes;
  auto floats = VectorType::get(tileLanes, b.getF32Type());
  auto words = VectorType::get(tileLanes, b.getI32Type());
  Type element = cast<MemRefType>(op.getLhs().getType()).getElementType();
  int64_t pack = getTilePack(element);
  auto pairs = VectorType::get(pack * tileLanes, element);
  auto pair = VectorType::get(pack, element);
  auto word = VectorType::get(1, b.getI32Type());
  auto planePairs =
      getPlanePairs(cast<MemRefType>(op.getLhs().getType()).getDimSize(1),
                    cast<MemRefType>(op.getRhs().getType()).getDimSize(1));
  Value steps = memref::DimOp::create(b, loc, op.getLhs(), 0);
  int64_t stepCount = cast<MemRefType>(op.getLhs().getType()).getDimSize(0);
  bool fetches = op.getAhead() && !ShapedType::isDynamic(stepCount);

  // One pair of columns, or a column of f32: all of `sums` with it.
  auto addPair = [&](Value step, Value row, Value at, ValueRange sums) {
    SmallVector<Value> results(sums);
    for (auto [i, j] : planePairs) {
      SmallVector<Value> right;
      for (int64_t half = 0; half < halves; ++half)
        right.push_back(vector::BitCastOp::create(
            b, loc, words,
            vector::LoadOp::create(
                b, loc, pairs, op.getRhs(),
                ValueRange{step, index(j), index(half), at, index(0)})));
      Value column = arith::MulIOp::create(b, loc, at, index(pack));
      for (int64_t r = 0; r < rowsAtOnce; ++r) {
        Value left = vector::LoadOp::create(
            b, loc, pair, op.getLhs(),
            ValueRange{step, index(i), add(row, r), column});
        left = vector::BitCastOp::create(b, loc, word, left);
        left = vector::BroadcastOp::create(
            b, loc, words, vector::ExtractOp::create(b, loc, left, 0));
        for (int64_t half = 0; half < halves; ++half) {
          Value &sum = results[r * halves + half];
          sum = product(b, loc, sum, left, right[half]);
        }
      }
    }
    return results;
  };
  auto loop = [&](Value end, int64_t step, ValueRange values,
                  function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    auto loop = scf::ForOp::create(
        b, loc, index(0), end, index(step), values,
        [&](OpBuilder &, Location, Value i, ValueRange carried) {
          scf::YieldOp::create(b, loc, body(i, carried));
        });
    return SmallVector<Value>(loop.getResults());
  };
  // Of sum `i` of the rows from `row` on.
  auto getPlace = [&](Value row, int64_t i) -> SmallVector<Value> {
    return {add(row, i / halves), index(i % halves * tileLanes)};
  };
  loop(index(tileRows), rowsAtOnce, {},
       [&](Value row, ValueRange) -> SmallVector<Value> {
         Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(floats));
         SmallVector<Value> sums(rowsAtOnce * halves, zero);
         // Where they are written in the end, which takes long from here.
         for (int64_t i = 0; i < rowsAtOnce * halves; ++i)
           memref::PrefetchOp::create(b, loc, op.getInit(), getPlace(row, i),
                                      /*isWrite=*/true, /*localityHint=*/3,
                                      /*isDataCache=*/true);
         Value round = arith::DivUIOp::create(b, loc, row, index(rowsAtOnce));
         sums = loop(steps, 1, sums, [&](Value step, ValueRange sums) {
           if (fetches)
             fetchAhead(b, loc, op.getAhead(), round, tileRows / rowsAtOnce,
                        step, stepCount);
           return loop(index(tileDepth / pack), wordsAtOnce, sums,
                       [&](Value at, ValueRange sums) {
                         SmallVector<Value> results(sums);
                         for (int64_t i = 0; i < wordsAtOnce; ++i)
                           results = addPair(step, row, add(at, i), results);
                         return results;
                       });
         });
         // The sums of the part before are added in the end: they may lie far.
         auto write = [&](OpBuilder &b, Location loc, bool isFresh) {
           for (auto [i, sum] : llvm::enumerate(sums)) {
             SmallVector<Value> at = getPlace(row, i);
             Value value = sum;
             if (!isFresh)
               value = arith::AddFOp::create(
                   b, loc,
                   vector::LoadOp::create(b, loc, floats, op.getInit(), at),
                   sum);
             vector::StoreOp::create(b, loc, value, op.getInit(), at);
           }
           scf::YieldOp::create(b, loc);
         };
         scf::IfOp::create(
             b, loc, op.getFresh(),
             [&](OpBuilder &b, Location loc) { write(b, loc, true); },
             [&](OpBuilder &b, Location loc) { write(b, loc, false); });
         return {};
       });
  b.eraseOp(op);
  return success();
}
