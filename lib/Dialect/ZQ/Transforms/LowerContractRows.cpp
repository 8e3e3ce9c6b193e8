//===- LowerContractRows.cpp - Contractions with rows of any weight -------===//
//
// A task is some blocks of 32 rows of the weight. It goes along the columns in
// parts; for each, 32 rows at a time are read or decoded, packed to a panel
// that lies in the first cache, and multiplied with all rows of the activation,
// whose part lies in the second one, as do the sums. These have the weight's
// rows down and the activation's across, and are transposed when they are
// finished.
//
//===----------------------------------------------------------------------===//
#include "ContractTiles.h"
#include "LowerTiles.h"
#include "TileBuilder.h"

#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

class RowContraction : TileBuilder {
public:
  RowContraction(OpBuilder &b, ContractRowsOp op);

  Value emit();

private:
  /// Rows of the weight, all of them in blocks of `blockRows`, and the part of
  /// the result that they make.
  struct Task {
    /// The weight, or the decoded rows of the task, which begins at `firstRow`.
    Value source, firstRow;
    Value blocks;
    int64_t blockRows;
  };

  bool decodesParts() const { return compressed && !decodesTasks; }
  Value slice(Value source, ArrayRef<OpFoldResult> offsets,
              ArrayRef<int64_t> sizes, int64_t dropped = 0);
  Value decodeRows(Value row, Value column, int64_t count, int64_t width);
  Value readRows(const Task &task, Value row, Value column, int64_t count,
                 int64_t width);
  Value pack(const Task &task, Value block, Value column, int64_t width,
             Value first, int64_t count, Value side, Value panels);
  Value getAhead(const Task &task, Value block, Value i, Value column,
                 int64_t width, int64_t slots);
  Value addProducts(Value panels, Value side, Value block, Value part,
                    int64_t depth, Value activation, Value i, Value ahead,
                    Value sums);
  SmallVector<Value> emitPart(const Task &task, Value part, int64_t width,
                              Value begin, Value count, ValueRange carried);
  Value writeRound(const Task &task, Value sums, Value begin, Value count,
                   Value into);
  Value emitTask(Task task, Value into);
  Value emitColumns(Value firstRow, int64_t column, int64_t count, Value into);
  Value emitTasks(int64_t blocks, Value into);

  ContractRowsOp op;
  RankedTensorType tiles;
  CompressedTensorType compressed;
  /// Of the weight, those that the result has columns for, and of the
  /// activation.
  int64_t rows, columns, height;
  int64_t width, round, taskBlocks;
  bool startsFromZero = false, decodesTasks = false;
  Type values;
  /// Of two panels.
  RankedTensorType panelsType;
};

} // namespace

RowContraction::RowContraction(OpBuilder &b, ContractRowsOp op)
    : TileBuilder(b, op.getLoc()), op(op),
      tiles(cast<RankedTensorType>(op.getActivation().getType())),
      compressed(dyn_cast<CompressedTensorType>(op.getWeight().getType())) {
  auto dense = dyn_cast<RankedTensorType>(op.getWeight().getType());
  ArrayRef<int64_t> shape =
      compressed ? compressed.getShape() : dense.getShape();
  values = compressed ? compressed.getElementType() : dense.getElementType();
  auto result = cast<RankedTensorType>(op.getResult().getType());
  height = result.getDimSize(0), rows = result.getDimSize(1);
  columns = shape[1];
  width = tiles.getDimSize(2) * tileDepth;
  int64_t blocks = rows / tileRows;
  auto [roundRows, taskColumns] = getTileTask(height, shape[0]);
  round = std::min(tiles.getDimSize(1), roundRows / tileRows);
  taskBlocks = taskColumns / tileRows;
  RankedTensorType panel =
      getTilesType(tiles.getElementType(), {tileRows, width}, op.getPlanes(),
                   width / tileDepth);
  SmallVector<int64_t> sides{2};
  llvm::append_range(sides, panel.getShape());
  panelsType = RankedTensorType::get(sides, panel.getElementType());
  if (!compressed)
    return;
  CodecAttr codec = compressed.getCodec();
  int64_t granule = codec.getGranule(2, compressed.getElementType(), op);
  decodesTasks = codec.getChunk(2, op) != 0 || codec.getRowsPerChunk(2) > 1 ||
                 width % granule != 0;
  // A window of rows has a known number of them.
  if (decodesTasks)
    while (blocks % taskBlocks)
      --taskBlocks;
}

Value RowContraction::slice(Value source, ArrayRef<OpFoldResult> offsets,
                            ArrayRef<int64_t> sizes, int64_t dropped) {
  SmallVector<OpFoldResult> ones(offsets.size(), b.getIndexAttr(1));
  auto type = RankedTensorType::get(sizes.drop_front(dropped),
                                    getElementTypeOrSelf(source.getType()));
  return tensor::ExtractSliceOp::create(
      b, loc, type, source, offsets,
      getAsIndexOpFoldResult(b.getContext(), sizes), ones);
}

/// A window of the weight.
Value RowContraction::decodeRows(Value row, Value column, int64_t count,
                                 int64_t width) {
  Value empty = tensor::EmptyOp::create(b, loc, {count, width}, values);
  return DecodeOp::create(b, loc, op.getWeight(),
                          getAsOpFoldResult(ValueRange{row, column}), empty)
      .getResult();
}

/// `width` columns from `column` on of `count` rows of the task from `row` on.
Value RowContraction::readRows(const Task &task, Value row, Value column,
                               int64_t count, int64_t width) {
  if (!decodesTasks)
    row = add(task.firstRow, row);
  if (decodesParts())
    return decodeRows(row, column, count, width);
  return slice(task.source, getAsOpFoldResult(ValueRange{row, column}),
               {count, width});
}

/// The panels with `count` rows of block `block` from `first` on as rows of the
/// one at `side`; all of them where `first` is null.
Value RowContraction::pack(const Task &task, Value block, Value column,
                           int64_t width, Value first, int64_t count,
                           Value side, Value panels) {
  SmallVector<int64_t> one(panelsType.getShape());
  one[0] = 1;
  SmallVector<OpFoldResult> at(one.size(), b.getIndexAttr(0)),
      ones(one.size(), b.getIndexAttr(1));
  at[0] = side;
  Value panel = slice(panels, at, one, /*dropped=*/1);
  Value row = multiply(block, index(tileRows));
  if (first)
    row = add(row, first);
  Value values = readRows(task, row, column, count, width);
  panel = first ? packRows(b, loc, values, first, panel)
                : packTiles(b, loc, values, panel);
  return tensor::InsertSliceOp::create(
      b, loc, panel, panels, at, getAsIndexOpFoldResult(b.getContext(), one),
      ones);
}

/// The rows that are packed after the products that follow those of block
/// `block` with block `i` of the activation, of `slots`; null for a weight that
/// is decoded in parts, or where rows fill no block. After the task's last rows
/// come the first ones of the next part, as far as the task has so many.
Value RowContraction::getAhead(const Task &task, Value block, Value i,
                               Value column, int64_t width, int64_t slots) {
  if (decodesParts() || task.blockRows != tileRows)
    return Value();
  int64_t share = tileRows / slots;
  Value slot = add(multiply(block, index(slots)), add(i, index(slots + 1)));
  Value total = multiply(task.blocks, index(slots));
  Value isOfPart = isBelow(slot, total);
  auto choose = [&](Value ofPart, Value ofNext) -> Value {
    return arith::SelectOp::create(b, loc, isOfPart, ofPart, ofNext);
  };
  Value beyond = arith::SubIOp::create(b, loc, slot, total);
  Value last = arith::SubIOp::create(b, loc, total, index(1));
  slot = choose(slot, arith::MinUIOp::create(b, loc, beyond, last));
  column =
      choose(column, arith::MinUIOp::create(b, loc, add(column, index(width)),
                                            index(columns - width)));
  return readRows(task, multiply(slot, index(share)), column, share, width);
}

/// Adds the products of the panel at `side` with block `i` of the activation to
/// the sums of block `block`.
Value RowContraction::addProducts(Value panels, Value side, Value block,
                                  Value part, int64_t depth, Value activation,
                                  Value i, Value ahead, Value sums) {
  Value isFirst =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, part, index(0));
  OpFoldResult none = b.getIndexAttr(0), one = b.getIndexAttr(1);
  SmallVector<int64_t> left(panelsType.getShape()), right(tiles.getShape());
  left[0] = right[0] = right[1] = 1;
  left[3] = right[2] = depth;
  SmallVector<OpFoldResult> at(left.size(), none);
  at[0] = side;
  Value lhs = slice(panels, at, left, /*dropped=*/3);
  at.assign(right.size(), none);
  at[0] = part, at[1] = activation;
  Value rhs = slice(op.getActivation(), at, right, /*dropped=*/2);
  SmallVector<OpFoldResult> place{block, i, none, none}, ones(4, one);
  SmallVector<int64_t> sizes{1, 1, tileRows, tileRows};
  Value init = slice(sums, place, sizes, /*dropped=*/2);
  Value sum = MultiplyTilesOp::create(b, loc, init.getType(), lhs, rhs, isFirst,
                                      ahead, init)
                  .getResult(0);
  return tensor::InsertSliceOp::create(
             b, loc, sum, sums, place,
             getAsIndexOpFoldResult(b.getContext(), sizes), ones)
      .getResult();
}

/// Adds the products of `width` columns of the task's rows, which begin part
/// `part`, with `count` blocks of the activation from `begin` on. Carries the
/// sums and two panels: each block is packed while the one before is
/// multiplied, some of its rows after each block of the activation, so that
/// memory and the decode's instructions are busy meanwhile.
SmallVector<Value> RowContraction::emitPart(const Task &task, Value part,
                                            int64_t width, Value begin,
                                            Value count, ValueRange carried) {
  Value zero = index(0), one = index(1);
  Value column = multiply(part, index(this->width));
  int64_t depth = llvm::divideCeil(width, tileDepth);
  int64_t slots = llvm::PowerOf2Ceil(round), share = tileRows / slots;
  bool isWhole = task.blockRows == tileRows;
  SmallVector<Value> start(carried);
  start[1] = pack(task, zero, column, width, /*first=*/Value(), task.blockRows,
                  zero, start[1]);
  return loops(
      zero, task.blocks, 1, start, [&](Value block, ValueRange carried) {
        Value side = arith::RemUIOp::create(b, loc, block, index(2));
        Value other = arith::SubIOp::create(b, loc, one, side);
        Value next = add(block, one);
        Value hasNext = isBelow(next, task.blocks);
        return loops(
            zero, index(slots), 1, carried,
            [&](Value i, ValueRange carried) -> SmallVector<Value> {
              Value sums = carried[0], panels = carried[1];
              sums = doIf(isBelow(i, count), sums, [&] {
                return addProducts(
                    panels, side, block, part, depth, add(begin, i), i,
                    getAhead(task, block, i, column, width, slots), sums);
              });
              if (isWhole)
                panels = doIf(hasNext, panels, [&] {
                  return pack(task, next, column, width,
                              multiply(i, index(share)), share, other, panels);
                });
              return {sums, panels};
            });
      });
}

/// Adds the finished sums with `count` blocks of the activation from `begin` on
/// to `into`, a square of 16 by 16 at a time.
Value RowContraction::writeRound(const Task &task, Value sums, Value begin,
                                 Value count, Value into) {
  constexpr int64_t halves = tileRows / tileLanes;
  auto square = VectorType::get({tileLanes, tileLanes}, b.getF32Type());
  auto floats = VectorType::get(tileLanes, b.getF32Type());
  bool areColumnsWhole = task.blockRows == tileRows;
  Value zero = index(0),
        none = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  auto writeRow = [&](Value sum, Value row, Value column, Value into) {
    if (!startsFromZero)
      sum = arith::AddFOp::create(
          b, loc, read(floats, into, {row, column}, areColumnsWhole), sum);
    return write(sum, into, {row, column}, areColumnsWhole);
  };
  auto writeSquare = [&](Value block, Value i, Value down, Value across,
                         Value into) {
    Value sum = vector::TransferReadOp::create(
        b, loc, square, sums, ValueRange{block, i, down, across},
        std::optional<Value>(none), ArrayRef<bool>{true, true});
    sum = vector::TransposeOp::create(b, loc, sum, ArrayRef<int64_t>{1, 0});
    Value first = add(multiply(add(begin, i), index(tileRows)), across);
    Value column = add(multiply(block, index(tileRows)), down);
    for (int64_t r = 0; r < tileLanes; ++r) {
      Value line = vector::ExtractOp::create(b, loc, sum, r);
      Value row = add(first, index(r));
      if (height % tileRows == 0) {
        into = writeRow(line, row, column, into);
        continue;
      }
      into = doIf(isBelow(row, index(height)), into,
                  [&] { return writeRow(line, row, column, into); });
    }
    return into;
  };
  return loop(zero, count, 1, into, [&](Value i, Value into) {
    return loop(zero, index(halves), 1, into, [&](Value half, Value into) {
      Value across = multiply(half, index(tileLanes));
      return loop(zero, task.blocks, 1, into, [&](Value block, Value into) {
        return loop(zero, index(tileRows), tileLanes, into,
                    [&](Value down, Value into) {
                      return writeSquare(block, i, down, across, into);
                    });
      });
    });
  });
}

Value RowContraction::emitTask(Task task, Value into) {
  task.source = op.getWeight();
  if (decodesTasks)
    task.source = decodeRows(task.firstRow, index(0),
                             task.blockRows == tileRows ? taskBlocks * tileRows
                                                        : task.blockRows,
                             columns);
  int64_t ofActivation = tiles.getDimSize(1);
  Value sums = tensor::EmptyOp::create(
      b, loc, {taskBlocks, round, tileRows, tileRows}, b.getF32Type());
  Value panels = tensor::EmptyOp::create(b, loc, panelsType.getShape(),
                                         panelsType.getElementType());
  int64_t parts = columns / width, rest = columns % width;
  return loops(index(0), index(ofActivation), round, {into, sums, panels},
               [&](Value begin, ValueRange carried) -> SmallVector<Value> {
                 Value count = getCount(begin, ofActivation, round);
                 SmallVector<Value> next(carried.drop_front());
                 if (parts)
                   next = loops(index(0), index(parts), 1, next,
                                [&](Value part, ValueRange carried) {
                                  return emitPart(task, part, width, begin,
                                                  count, carried);
                                });
                 if (rest)
                   next =
                       emitPart(task, index(parts), rest, begin, count, next);
                 Value into =
                     writeRound(task, next[0], begin, count, carried[0]);
                 return {into, next[0], next[1]};
               })
      .front();
}

/// The `count` columns of `into` from `column` on, which begins at `firstRow`.
Value RowContraction::emitColumns(Value firstRow, int64_t column, int64_t count,
                                  Value into) {
  SmallVector<OpFoldResult> at = getAsIndexOpFoldResult(b.getContext(),
                                                        {0, column}),
                            extent = getAsIndexOpFoldResult(b.getContext(),
                                                            {height, count}),
                            ones(2, b.getIndexAttr(1));
  int64_t blockRows = std::min(count, tileRows);
  taskBlocks = count / blockRows;
  Value part = slice(into, at, {height, count});
  part = emitTask(
      {Value(), add(firstRow, index(column)), index(taskBlocks), blockRows},
      part);
  return tensor::InsertSliceOp::create(b, loc, part, into, at, extent, ones);
}

/// All columns of `into` that whole blocks of rows of the weight make.
Value RowContraction::emitTasks(int64_t blocks, Value into) {
  int64_t taskRows = taskBlocks * tileRows;
  return this->tasks(
      llvm::divideCeil(blocks, taskBlocks), into,
      [&](Value task, Value) {
        Value row = multiply(task, index(taskRows));
        return TaskSlice{
            {b.getIndexAttr(0), row},
            {b.getIndexAttr(height),
             getAsOpFoldResult(getCount(row, blocks * tileRows, taskRows))}};
      },
      [&](Value task, Value slice) {
        Value count =
            getCount(multiply(task, index(taskBlocks)), blocks, taskBlocks);
        Value row = multiply(task, index(taskRows));
        return emitTask({Value(), row, count, tileRows}, slice);
      });
}

Value RowContraction::emit() {
  auto destination = emitDestination(b, loc, op.getInit());
  Value result = destination.into;
  startsFromZero = destination.isZero;
  Value first = op.getRow() ? op.getRow() : index(0);
  int64_t blocks = rows / tileRows, rest = rows % tileRows;
  // A part of the result is a task of its own.
  if (blocks)
    result = op.getRow() ? emitColumns(first, 0, blocks * tileRows, result)
                         : emitTasks(blocks, result);
  // What fills no block.
  return rest ? emitColumns(first, blocks * tileRows, rest, result) : result;
}

Value mlir::zq::lowerContractRows(OpBuilder &b, ContractRowsOp op) {
  return RowContraction(b, op).emit();
}
