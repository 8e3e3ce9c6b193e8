//===- LowerTiles.cpp - Contractions on tiles of bf16 ---------------------===//
//
// A task is some blocks of 32 rows of the weight. It goes along the columns in
// blocks of steps; for each, 32 rows at a time are decoded to a panel that lies
// in the first cache, and multiplied with all rows of the activation, whose
// block of columns lies in the second one, as do the sums. These go to the
// result at the end, with the factors that are the same for all columns.
//
//===----------------------------------------------------------------------===//
#include "LowerTiles.h"
#include "LoopBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// What both lowerings emit.
class TileBuilder : public LoopBuilder {
public:
  TileBuilder(OpBuilder &b, Location loc)
      : LoopBuilder(b, loc), b(b), loc(loc) {}

protected:
  using Body = function_ref<SmallVector<Value>(Value, ValueRange)>;

  /// for (i = begin; i < end; i += step) values = body(i, values).
  SmallVector<Value> loops(Value begin, Value end, int64_t step,
                           ValueRange values, Body body);
  /// As many as are left behind `begin` of `total`, at most `most`: a constant
  /// where that is the same for every `begin`, a multiple of `most`.
  Value getCount(Value begin, int64_t total, int64_t most);
  Value constant(Type type, int64_t bits);
  Value read(Type type, Value source, ValueRange at, bool inBounds = true);
  Value write(Value vector, Value into, ValueRange at, bool inBounds = true);

  OpBuilder &b;
  Location loc;
};

} // namespace

SmallVector<Value> TileBuilder::loops(Value begin, Value end, int64_t step,
                                      ValueRange values, Body body) {
  auto loop = scf::ForOp::create(
      b, loc, begin, end, index(step), values,
      [&](OpBuilder &, Location, Value i, ValueRange carried) {
        scf::YieldOp::create(b, loc, body(i, carried));
      });
  return SmallVector<Value>(loop.getResults());
}

Value TileBuilder::getCount(Value begin, int64_t total, int64_t most) {
  if (total % most == 0)
    return index(most);
  Value left = arith::SubIOp::create(b, loc, index(total), begin);
  return arith::MinUIOp::create(b, loc, left, index(most));
}

/// An integer in each lane of `type`, of the same bits for floats.
Value TileBuilder::constant(Type type, int64_t bits) {
  auto vector = cast<VectorType>(type);
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(vector, static_cast<int32_t>(bits)));
}

Value TileBuilder::read(Type type, Value source, ValueRange at, bool inBounds) {
  Value zero = arith::ConstantOp::create(
      b, loc, b.getZeroAttr(getElementTypeOrSelf(type)));
  return vector::TransferReadOp::create(b, loc, cast<VectorType>(type), source,
                                        at, std::optional<Value>(zero),
                                        ArrayRef<bool>(inBounds));
}

Value TileBuilder::write(Value vector, Value into, ValueRange at,
                         bool inBounds) {
  return vector::TransferWriteOp::create(b, loc, vector, into, at,
                                         ArrayRef<bool>(inBounds))
      .getResult();
}

//===----------------------------------------------------------------------===//
// zq.tiles
//===----------------------------------------------------------------------===//

namespace {

class TilesLowering : TileBuilder {
public:
  TilesLowering(OpBuilder &b, TilesOp op)
      : TileBuilder(b, op.getLoc()), op(op),
        source(cast<RankedTensorType>(op.getSource().getType())),
        type(cast<RankedTensorType>(op.getResult().getType())) {}

  Value emit();

private:
  Value emitRows(Value block, Value into);
  Value emitValues(Value row, Value column);
  Value limit(Value values);

  TilesOp op;
  RankedTensorType source, type;
};

} // namespace

/// The largest bf16 for what would be rounded to infinity without being it.
Value TilesLowering::limit(Value values) {
  auto floats = cast<VectorType>(values.getType());
  VectorType integers = floats.clone(b.getI32Type());
  Value bits = arith::BitcastOp::create(b, loc, integers, values);
  Value magnitude =
      arith::AndIOp::create(b, loc, bits, constant(integers, 0x7fffffff));
  // Unsigned, and so false for infinities and NaN too.
  Value beyond =
      arith::SubIOp::create(b, loc, magnitude, constant(integers, 0x7f7f8000));
  Value isBeyond = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                         beyond, constant(integers, 0x8000));
  Value cut =
      arith::AndIOp::create(b, loc, bits, constant(integers, 0xffff0000));
  bits = arith::SelectOp::create(b, loc, isBeyond, cut, bits);
  return arith::BitcastOp::create(b, loc, floats, bits);
}

/// The elements of a step in one row; zeros beyond the source's end.
Value TilesLowering::emitValues(Value row, Value column) {
  auto floats = VectorType::get(tileDepth, b.getF32Type());
  int64_t height = source.getDimSize(0);
  bool areColumnsWhole =
      source.getDimSize(1) % (tileDepth * op.getSteps()) == 0;
  if (height % tileRows == 0)
    return read(floats, op.getSource(), {row, column}, areColumnsWhole);
  Value inside = arith::MinUIOp::create(b, loc, row, index(height - 1));
  Value values =
      read(floats, op.getSource(), {inside, column}, areColumnsWhole);
  Value exists = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, row,
                                       index(height));
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(floats));
  return arith::SelectOp::create(b, loc, exists, values, zeros);
}

/// The rows of block `block`, in all its columns; `into` is that block.
Value TilesLowering::emitRows(Value block, Value into) {
  auto planeType = VectorType::get(tileDepth, b.getBF16Type());
  int64_t steps = op.getSteps(), planes = op.getPlanes();
  Value zero = index(0);
  return loop(
      zero, index(type.getDimSize(0)), 1, into, [&](Value part, Value into) {
        return loop(zero, index(tileRows), 1, into, [&](Value row, Value into) {
          return loop(zero, index(steps), 1, into, [&](Value step, Value into) {
            Value at = add(multiply(part, index(steps)), step);
            Value values =
                emitValues(add(multiply(block, index(tileRows)), row),
                           multiply(at, index(tileDepth)));
            for (int64_t plane = 0; plane < planes; ++plane) {
              Value rounded = ToBF16Op::create(b, loc, planeType,
                                               plane ? values : limit(values));
              into = write(rounded, into,
                           {part, zero, step, index(plane), row, zero});
              if (plane + 1 < planes)
                values = arith::SubFOp::create(
                    b, loc, values,
                    arith::ExtFOp::create(b, loc, values.getType(), rounded));
            }
            return into;
          });
        });
      });
}

Value TilesLowering::emit() {
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  SmallVector<OpFoldResult> blocks{b.getIndexAttr(type.getDimSize(1))};
  auto forall = scf::ForallOp::create(
      b, loc, blocks, ValueRange(empty), std::nullopt,
      [&](OpBuilder &, Location, ValueRange args) {
        SmallVector<OpFoldResult> offsets(6, b.getIndexAttr(0)),
            sizes = getAsIndexOpFoldResult(b.getContext(), type.getShape()),
            ones(6, b.getIndexAttr(1));
        offsets[1] = args[0];
        sizes[1] = b.getIndexAttr(1);
        Value slice = tensor::ExtractSliceOp::create(b, loc, args[1], offsets,
                                                     sizes, ones);
        slice = emitRows(args[0], slice);
        auto end = scf::InParallelOp::create(b, loc);
        b.setInsertionPointToStart(end.getBody());
        tensor::ParallelInsertSliceOp::create(b, loc, slice, args[1], offsets,
                                              sizes, ones);
      });
  b.setInsertionPointAfter(forall);
  return forall.getResult(0);
}

Value mlir::zq::lowerTiles(OpBuilder &b, TilesOp op) {
  return TilesLowering(b, op).emit();
}

//===----------------------------------------------------------------------===//
// zq.contract on tiles
//===----------------------------------------------------------------------===//

/// Blocks of rows of the activation whose sums one task keeps: with more, a
/// weight is decoded once for each so many.
static constexpr int64_t roundBlocks = 16;

/// Bytes of sums of a task, in the second cache beside a block of columns of
/// the activation.
static constexpr int64_t sumBytes = 1 << 20;

/// Tasks that there are at least, where the weight has as many blocks, so that
/// all threads have some.
static constexpr int64_t leastTasks = 16;

namespace {

class TileContraction : TileBuilder {
public:
  TileContraction(OpBuilder &b, ContractOp op, LaneKernel &kernel)
      : TileBuilder(b, op.getLoc()), op(op), kernel(kernel),
        tiles(cast<RankedTensorType>(op.getActivations()[0].getType())),
        startsFromZero(matchPattern(op.getInit(), m_AnyZeroFloat())),
        planes(*op.getPlanes()) {
    auto weight = cast<CompressedTensorType>(op.getWeight().getType());
    rows = weight.getShape()[0], columns = weight.getShape()[1];
    height = cast<RankedTensorType>(op.getResult().getType()).getDimSize(0);
    steps = tiles.getDimSize(2);
    blocks = llvm::divideCeil(rows, tileRows);
    round = std::min(tiles.getDimSize(1), roundBlocks);
    int64_t sums = 4 * tileRows * tileRows;
    taskBlocks =
        std::clamp<int64_t>(blocks / leastTasks, 1, sumBytes / (round * sums));
    panelType = RankedTensorType::get(
        {steps, planes, tileRows / tileLanes, tileDepth / 2, 2 * tileLanes},
        b.getBF16Type());
    sumsType = RankedTensorType::get({taskBlocks, round, tileRows, tileRows},
                                     b.getF32Type());
    floats = VectorType::get(tileLanes, b.getF32Type());
    integers = VectorType::get(tileLanes, b.getI32Type());
  }

  Value emit();

private:
  Value emitTask(Value task, Value into);
  Value getPanelIndex(Value block, Value half);
  Value decode(Value block, Value part, Value panel);
  Value decodeColumns(Value index, Value half, Value column, int64_t count,
                      Value step, Value panel);
  Value multiplyBlocks(Value panel, Value part, Value first, Value count,
                       Value place, Value sums);
  Value writeRound(Value sums, Value firstBlock, Value count, Value begin,
                   Value into);

  ContractOp op;
  LaneKernel &kernel;
  RankedTensorType tiles, panelType, sumsType;
  VectorType floats, integers;
  bool startsFromZero;
  /// Of the weight, and of the activation.
  int64_t rows, columns, height;
  int64_t planes, steps, blocks, round, taskBlocks;
};

} // namespace

/// The panel of lanes that is half `half` of block `block`: the last one for
/// those beyond, which nothing is written of.
Value TileContraction::getPanelIndex(Value block, Value half) {
  int64_t halves = tileRows / tileLanes;
  Value panel = add(multiply(block, index(halves)), half);
  int64_t panels = llvm::divideCeil(rows, tileLanes);
  if (panels % halves == 0)
    return panel;
  return arith::MinUIOp::create(b, loc, panel, index(panels - 1));
}

/// Decodes `count` columns from `column` on of one panel of lanes, and zeros up
/// to the end of a step, to the steps from `step` on.
Value TileContraction::decodeColumns(Value panelIndex, Value half, Value column,
                                     int64_t count, Value step, Value panel) {
  SmallVector<Value> weights =
      kernel.emitWeights(panelIndex, column, kernel.getChunk(tileDepth), count);
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(floats));
  weights.resize(llvm::alignTo(count, tileDepth), zeros);
  auto pairs = VectorType::get(2 * tileLanes, b.getBF16Type());
  for (size_t k = 0; k < weights.size(); k += 2) {
    Value low = weights[k], high = weights[k + 1];
    Value at = add(step, index(k / tileDepth));
    for (int64_t plane = 0; plane < planes; ++plane) {
      Value both = vector::InterleaveOp::create(b, loc, low, high);
      Value rounded = ToBF16Op::create(b, loc, pairs, both);
      panel =
          write(rounded, panel,
                {at, index(plane), half, index(k % tileDepth / 2), index(0)});
      if (plane + 1 == planes)
        break;
      Value words = vector::BitCastOp::create(b, loc, integers, rounded);
      Value lowBits =
          arith::ShLIOp::create(b, loc, words, constant(integers, 16));
      Value highBits =
          arith::AndIOp::create(b, loc, words, constant(integers, 0xffff0000));
      auto rest = [&](Value value, Value bits) -> Value {
        return arith::SubFOp::create(
            b, loc, value, arith::BitcastOp::create(b, loc, floats, bits));
      };
      low = rest(low, lowBits), high = rest(high, highBits);
    }
  }
  return panel;
}

/// Decodes block `block` of rows, in the columns of block `part`.
Value TileContraction::decode(Value block, Value part, Value panel) {
  int64_t chunk = kernel.getChunk(tileDepth), width = steps * tileDepth;
  Value begin = multiply(part, index(width));
  int64_t whole = columns / chunk * chunk, tail = columns % chunk;
  Value end = columns % width
                  ? arith::MinUIOp::create(b, loc, add(begin, index(width)),
                                           index(whole))
                        .getResult()
                  : add(begin, index(width));
  auto getStep = [&](Value column) {
    return arith::DivUIOp::create(
        b, loc, arith::SubIOp::create(b, loc, column, begin), index(tileDepth));
  };
  return loop(
      index(0), index(tileRows / tileLanes), 1, panel,
      [&](Value half, Value panel) {
        Value panelIndex = getPanelIndex(block, half);
        panel = loop(begin, end, chunk, panel, [&](Value column, Value panel) {
          return decodeColumns(panelIndex, half, column, chunk, getStep(column),
                               panel);
        });
        if (!tail)
          return panel;
        Value isLast =
            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, part,
                                  index(tiles.getDimSize(0) - 1));
        auto last = scf::IfOp::create(
            b, loc, isLast,
            [&](OpBuilder &, Location) {
              Value column = index(whole);
              scf::YieldOp::create(b, loc,
                                   decodeColumns(panelIndex, half, column, tail,
                                                 getStep(column), panel));
            },
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(b, loc, panel);
            });
        return last.getResult(0);
      });
}

/// Adds the products of the panel with `count` blocks of the activation from
/// `first` on to the sums at `place`.
Value TileContraction::multiplyBlocks(Value panel, Value part, Value first,
                                      Value count, Value place, Value sums) {
  Value isFirst =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, part, index(0));
  int64_t total = llvm::divideCeil(columns, tileDepth);
  // In the last block of columns there may be less of them.
  OpFoldResult depth =
      getAsOpFoldResult(getCount(multiply(part, index(steps)), total, steps));
  auto slice = [&](Value source, SmallVector<OpFoldResult> offsets,
                   SmallVector<OpFoldResult> sizes, int64_t dropped) -> Value {
    SmallVector<OpFoldResult> ones(offsets.size(), b.getIndexAttr(1));
    SmallVector<int64_t> shape;
    for (OpFoldResult size : ArrayRef(sizes).drop_front(dropped))
      shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
    auto type =
        RankedTensorType::get(shape, getElementTypeOrSelf(source.getType()));
    return tensor::ExtractSliceOp::create(b, loc, type, source, offsets, sizes,
                                          ones);
  };
  auto attributes = [&](ArrayRef<int64_t> values) {
    return getAsIndexOpFoldResult(b.getContext(), values);
  };
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  SmallVector<OpFoldResult> panelSizes = attributes(panelType.getShape());
  panelSizes[0] = depth;
  Value rhs = slice(panel, SmallVector<OpFoldResult>(5, zero), panelSizes, 0);
  return loop(index(0), count, 1, sums, [&](Value i, Value sums) {
    SmallVector<OpFoldResult> offsets(6, zero);
    offsets[0] = part;
    offsets[1] = add(first, i);
    SmallVector<OpFoldResult> sizes = attributes(tiles.getShape());
    sizes[0] = sizes[1] = one;
    sizes[2] = depth;
    Value lhs = slice(op.getActivations()[0], offsets, sizes, 2);
    SmallVector<OpFoldResult> at{place, i, zero, zero},
        shape = attributes({1, 1, tileRows, tileRows}), ones(4, one);
    Value init = slice(sums, at, shape, 2);
    Value sum =
        MultiplyTilesOp::create(b, loc, init.getType(), lhs, rhs, isFirst, init)
            .getResult(0);
    return tensor::InsertSliceOp::create(b, loc, sum, sums, at, shape, ones)
        .getResult();
  });
}

/// Adds the finished sums of `count` blocks of rows of the weight from
/// `firstBlock` on to `into`, for the rows of the activation from block `begin`
/// on.
Value TileContraction::writeRound(Value sums, Value firstBlock, Value count,
                                  Value begin, Value into) {
  Value firstRow = multiply(begin, index(tileRows));
  Value rowCount = getCount(firstRow, height, round * tileRows);
  bool isWhole = rows % tileRows == 0;
  auto divide = [&](Value x) -> Value {
    return arith::DivUIOp::create(b, loc, x, index(tileRows));
  };
  return loop(index(0), rowCount, 1, into, [&](Value row, Value into) {
    Value tile = divide(row);
    Value inTile = arith::RemUIOp::create(b, loc, row, index(tileRows));
    Value at = add(firstRow, row);
    return loop(index(0), count, 1, into, [&](Value i, Value into) {
      for (int64_t half = 0; half < tileRows / tileLanes; ++half) {
        Value lane = index(half * tileLanes);
        Value sum = read(floats, sums, {i, tile, inTile, lane});
        Value panel = getPanelIndex(add(firstBlock, i), index(half));
        if (Value factor = kernel.emitRowFactors(panel))
          sum = arith::MulFOp::create(b, loc, sum, factor);
        Value column = add(multiply(i, index(tileRows)), lane);
        if (!startsFromZero)
          sum = arith::AddFOp::create(
              b, loc, read(floats, into, {at, column}, isWhole), sum);
        into = write(sum, into, {at, column}, isWhole);
      }
      return into;
    });
  });
}

Value TileContraction::emitTask(Value task, Value into) {
  Value firstBlock = multiply(task, index(taskBlocks));
  Value count = getCount(firstBlock, blocks, taskBlocks);
  Value sums =
      tensor::EmptyOp::create(b, loc, sumsType.getShape(), b.getF32Type());
  Value panel =
      tensor::EmptyOp::create(b, loc, panelType.getShape(), b.getBF16Type());
  int64_t ofActivation = tiles.getDimSize(1);
  return loops(index(0), index(ofActivation), round, {into, sums, panel},
               [&](Value begin, ValueRange carried) -> SmallVector<Value> {
                 Value into = carried[0];
                 Value ofRound = getCount(begin, ofActivation, round);
                 SmallVector<Value> next = loops(
                     index(0), index(tiles.getDimSize(0)), 1,
                     carried.drop_front(), [&](Value part, ValueRange carried) {
                       return loops(
                           index(0), count, 1, carried,
                           [&](Value i,
                               ValueRange carried) -> SmallVector<Value> {
                             Value panel =
                                 decode(add(firstBlock, i), part, carried[1]);
                             Value sums = multiplyBlocks(
                                 panel, part, begin, ofRound, i, carried[0]);
                             return {sums, panel};
                           });
                     });
                 into = writeRound(next[0], firstBlock, count, begin, into);
                 return {into, next[0], next[1]};
               })
      .front();
}

Value TileContraction::emit() {
  Value result = op.getInit();
  // Zeros need not be written to memory, nor read from it.
  if (startsFromZero)
    result = tensor::EmptyOp::create(
        b, loc, cast<RankedTensorType>(result.getType()).getShape(),
        b.getF32Type());
  int64_t width = taskBlocks * tileRows;
  SmallVector<OpFoldResult> tasks{
      b.getIndexAttr(llvm::divideCeil(blocks, taskBlocks))};
  auto forall = scf::ForallOp::create(
      b, loc, tasks, ValueRange(result), std::nullopt,
      [&](OpBuilder &, Location, ValueRange args) {
        Value column = multiply(args[0], index(width));
        SmallVector<OpFoldResult> offsets{b.getIndexAttr(0), column};
        SmallVector<OpFoldResult> sizes{
            b.getIndexAttr(height),
            getAsOpFoldResult(getCount(column, rows, width))};
        SmallVector<OpFoldResult> ones(2, b.getIndexAttr(1));
        Value slice = tensor::ExtractSliceOp::create(b, loc, args[1], offsets,
                                                     sizes, ones);
        slice = emitTask(args[0], slice);
        auto end = scf::InParallelOp::create(b, loc);
        b.setInsertionPointToStart(end.getBody());
        tensor::ParallelInsertSliceOp::create(b, loc, slice, args[1], offsets,
                                              sizes, ones);
      });
  b.setInsertionPointAfter(forall);
  return forall.getResult(0);
}

Value mlir::zq::lowerContractOnTiles(OpBuilder &b, ContractOp op,
                                     LaneKernel &kernel) {
  return TileContraction(b, op, kernel).emit();
}
