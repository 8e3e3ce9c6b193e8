//===- LowerTiles.cpp - Contractions on tiles of bf16 ---------------------===//
//
// A task is some blocks of 32 rows of the weight. It goes along the columns in
// blocks of steps; for each, 32 rows at a time are decoded to a panel that lies
// in the first cache, and multiplied with all rows of the activation, whose
// block of columns lies in the second one, as do the sums. Meanwhile the next
// panel is decoded. The sums go to the result at the end, with the factors that
// are the same for all columns.
//
//===----------------------------------------------------------------------===//
#include "LowerTiles.h"
#include "ContractTiles.h"
#include "TileBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// zq.tiles
//===----------------------------------------------------------------------===//

namespace {

class TilesLowering : TileBuilder {
public:
  /// Of `matrix`, to tiles of `type`.
  TilesLowering(OpBuilder &b, Location loc, Value matrix, RankedTensorType type)
      : TileBuilder(b, loc), matrix(matrix),
        source(cast<RankedTensorType>(matrix.getType())), type(type),
        isRight(type.getRank() == 7), steps(type.getDimSize(2)),
        planes(type.getDimSize(3)) {}

  Value emit();
  Value emitRows(Value block, Value into);
  Value emitRow(Value row, Value place, Value into, bool exists = false);

private:
  Value emitValues(Value row, Value column, bool exists);
  Value limit(Value values);
  Value writeValues(Value values, ArrayRef<Value> place, Value row, Value into);

  Value matrix;
  RankedTensorType source, type;
  bool isRight;
  int64_t steps, planes;
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
Value TilesLowering::emitValues(Value row, Value column, bool exists) {
  auto floats = VectorType::get(tileDepth, source.getElementType());
  int64_t height = source.getDimSize(0);
  bool areColumnsWhole = source.getDimSize(1) % (tileDepth * steps) == 0;
  if (exists || height % tileRows == 0)
    return read(floats, matrix, {row, column}, areColumnsWhole);
  Value inside = arith::MinUIOp::create(b, loc, row, index(height - 1));
  Value values = read(floats, matrix, {inside, column}, areColumnsWhole);
  Value isInside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, row,
                                         index(height));
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(floats));
  return arith::SelectOp::create(b, loc, isInside, values, zeros);
}

/// Writes one plane of row `row` to the tile at `place`.
Value TilesLowering::writeValues(Value values, ArrayRef<Value> place, Value row,
                                 Value into) {
  SmallVector<Value> at(place);
  Value zero = index(0);
  if (!isRight) {
    at.append({row, zero});
    return write(values, into, at);
  }
  Type element = type.getElementType();
  int64_t pack = getTilePack(element);
  // Each word begins in another row of the tile.
  Value words = vector::ShapeCastOp::create(
      b, loc, VectorType::get({tileDepth / pack, pack}, element), values);
  Value lanes = index(tileLanes);
  at.append(
      {arith::DivUIOp::create(b, loc, row, lanes), zero,
       multiply(arith::RemUIOp::create(b, loc, row, lanes), index(pack))});
  auto map = AffineMap::getMultiDimMapWithTargets(7, {5, 6}, b.getContext());
  return vector::TransferWriteOp::create(b, loc, words, into, at, map,
                                         ArrayRef<bool>{true, true})
      .getResult();
}

/// The rows of block `block`, in all its columns; `into` is that block.
Value TilesLowering::emitRows(Value block, Value into) {
  return loop(index(0), index(tileRows), 1, into, [&](Value row, Value into) {
    return emitRow(add(multiply(block, index(tileRows)), row), row, into);
  });
}

/// Row `row`, of which it is known whether it `exists`, as row `place` of a
/// block.
Value TilesLowering::emitRow(Value row, Value place, Value into, bool exists) {
  Type element = type.getElementType();
  auto planeType = VectorType::get(tileDepth, element);
  auto floats = planeType.clone(b.getF32Type());
  // Values that one plane holds are not rounded.
  bool isExact =
      element.isF32() || (source.getElementType() == element && planes == 1);
  Value zero = index(0);
  return loop(
      zero, index(type.getDimSize(0)), 1, into, [&](Value part, Value into) {
        return loop(zero, index(steps), 1, into, [&](Value step, Value into) {
          Value at = add(multiply(part, index(steps)), step);
          Value values =
              emitValues(row, multiply(at, index(tileDepth)), exists);
          if (values.getType() != (isExact ? planeType : floats))
            values = arith::ExtFOp::create(b, loc, floats, values);
          if (isExact)
            return writeValues(values, {part, zero, step, zero}, place, into);
          for (int64_t plane = 0; plane < planes; ++plane) {
            Value rounded = ToBF16Op::create(b, loc, planeType,
                                             plane ? values : limit(values));
            into = writeValues(rounded, {part, zero, step, index(plane)}, place,
                               into);
            if (plane + 1 < planes)
              values = arith::SubFOp::create(
                  b, loc, values,
                  arith::ExtFOp::create(b, loc, values.getType(), rounded));
          }
          return into;
        });
      });
}

Value TilesLowering::emit() {
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  return tasks(
      type.getDimSize(1), empty,
      [&](Value block, Value whole) {
        SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)),
            sizes = getAsIndexOpFoldResult(b.getContext(), type.getShape());
        offsets[1] = block;
        sizes[1] = b.getIndexAttr(1);
        return TaskSlice{offsets, sizes};
      },
      [&](Value block, Value slice) { return emitRows(block, slice); });
}

Value mlir::zq::lowerTiles(OpBuilder &b, TilesOp op) {
  return TilesLowering(b, op.getLoc(), op.getSource(),
                       cast<RankedTensorType>(op.getResult().getType()))
      .emit();
}

Value mlir::zq::packTiles(OpBuilder &b, Location loc, Value matrix,
                          Value into) {
  return TilesLowering(b, loc, matrix, cast<RankedTensorType>(into.getType()))
      .emitRows(arith::ConstantIndexOp::create(b, loc, 0), into);
}

Value mlir::zq::packRows(OpBuilder &b, Location loc, Value matrix, Value first,
                         Value into) {
  LoopBuilder loops(b, loc);
  TilesLowering lowering(b, loc, matrix,
                         cast<RankedTensorType>(into.getType()));
  int64_t count = cast<RankedTensorType>(matrix.getType()).getDimSize(0);
  return loops.loop(loops.index(0), loops.index(count), 1, into,
                    [&](Value row, Value into) {
                      return lowering.emitRow(row, loops.add(first, row), into,
                                              /*exists=*/true);
                    });
}

//===----------------------------------------------------------------------===//
// zq.contract on tiles
//===----------------------------------------------------------------------===//

namespace {

class TileContraction : TileBuilder {
public:
  TileContraction(OpBuilder &b, ContractOp op, LaneKernel &kernel)
      : TileBuilder(b, op.getLoc()), op(op), kernel(kernel),
        tiles(cast<RankedTensorType>(op.getActivations()[0].getType())),
        planes(*op.getPlanes()) {
    auto weight = cast<CompressedTensorType>(op.getWeight().getType());
    rows = weight.getShape()[0], columns = weight.getShape()[1];
    auto result = cast<RankedTensorType>(op.getResult().getType());
    height = result.getDimSize(0), outputs = result.getDimSize(1);
    steps = tiles.getDimSize(2);
    parts = tiles.getDimSize(0);
    blocks = llvm::divideCeil(outputs, tileRows);
    auto [roundRows, taskColumns] = getTileTask(height, rows);
    round = std::min(tiles.getDimSize(1), roundRows / tileRows);
    // A part of the result is a task of its own.
    taskBlocks = op.getRow() ? blocks : taskColumns / tileRows;
    chunk = kernel.getChunk(tileDepth);
    std::string why;
    isExact = getDigits(*getLaneForm(weight, tileLanes, why)) <= bf16Digits;
    slots = llvm::divideCeil(round, halves);
    share = llvm::divideCeil(steps * tileDepth / chunk, slots);
    panelsType = RankedTensorType::get(
        {2, steps, planes, halves, tileDepth / 2, 2 * tileLanes},
        b.getBF16Type());
    sumsType = RankedTensorType::get({taskBlocks, round, tileRows, tileRows},
                                     b.getF32Type());
    floats = VectorType::get(tileLanes, b.getF32Type());
    integers = VectorType::get(tileLanes, b.getI32Type());
  }

  Value emit();

private:
  /// A block of rows of the weight, in a block of columns.
  struct Place {
    Value block, part;
  };

  Value emitTask(Value firstBlock, Value count, Value into);
  Value getPanelIndex(Value block, Value half);
  Value roundPairs(Value low, Value high);
  Value decodeColumns(Value index, Value half, Value column, int64_t count,
                      Value step, Value side, Value panels);
  Value decode(Place place, Value half, Value slot, Value side, Value panels);
  Value addProducts(Value panels, Value side, Place place, Value first, Value i,
                    Value sums);
  SmallVector<Value> emitRound(Value firstBlock, Value panelCount, Value begin,
                               Value count, ValueRange carried);
  Value writeRound(Value sums, Value firstBlock, Value count, Value begin,
                   Value into);

  static constexpr int64_t halves = tileRows / tileLanes;

  ContractOp op;
  LaneKernel &kernel;
  RankedTensorType tiles, panelsType, sumsType;
  VectorType floats, integers;
  bool startsFromZero = false;
  /// Whether bf16 holds what the weight decodes to.
  bool isExact;
  /// Of the weight, and of the result.
  int64_t rows, columns, height, outputs;
  int64_t planes, steps, parts, blocks, round, taskBlocks;
  /// Columns that decode together. Of those that a half of a panel has in a
  /// block, `share` are decoded after each of `slots` blocks of the activation.
  int64_t chunk, slots, share;
};

} // namespace

/// The panel of lanes that is half `half` of block `block`: the last one for
/// those beyond, which nothing is written of.
Value TileContraction::getPanelIndex(Value block, Value half) {
  Value panel = add(multiply(block, index(halves)), half);
  int64_t panels = llvm::divideCeil(rows, tileLanes);
  if (panels % halves == 0)
    return panel;
  return arith::MinUIOp::create(b, loc, panel, index(panels - 1));
}

/// Two columns as pairs of bf16.
Value TileContraction::roundPairs(Value low, Value high) {
  auto pairs = VectorType::get(2 * tileLanes, b.getBF16Type());
  if (!isExact) {
    Value both = vector::InterleaveOp::create(b, loc, low, high);
    return ToBF16Op::create(b, loc, pairs, both);
  }
  // What bf16 has no digits for is zero.
  auto toBits = [&](Value value) -> Value {
    return arith::BitcastOp::create(b, loc, integers, value);
  };
  Value word = arith::OrIOp::create(
      b, loc,
      arith::ShRUIOp::create(b, loc, toBits(low), constant(integers, 16)),
      arith::AndIOp::create(b, loc, toBits(high),
                            constant(integers, 0xffff0000)));
  return vector::BitCastOp::create(b, loc, pairs, word);
}

/// Decodes `count` columns from `column` on of one panel of lanes, and zeros up
/// to the end of a step, to the steps from `step` on.
Value TileContraction::decodeColumns(Value panelIndex, Value half, Value column,
                                     int64_t count, Value step, Value side,
                                     Value panels) {
  SmallVector<Value> weights =
      kernel.emitWeights(panelIndex, column, chunk, count);
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(floats));
  weights.resize(llvm::alignTo(count, tileDepth), zeros);
  for (size_t k = 0; k < weights.size(); k += 2) {
    Value low = weights[k], high = weights[k + 1];
    Value at = add(step, index(k / tileDepth));
    for (int64_t plane = 0; plane < planes; ++plane) {
      Value rounded = roundPairs(low, high);
      panels = write(
          rounded, panels,
          {side, at, index(plane), half, index(k % tileDepth / 2), index(0)});
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
  return panels;
}

/// Decodes the columns of slot `slot` of one half of a panel.
Value TileContraction::decode(Place place, Value half, Value slot, Value side,
                              Value panels) {
  int64_t width = steps * tileDepth, whole = columns / chunk * chunk;
  Value first = multiply(slot, index(share));
  Value begin = multiply(place.part, index(width));
  Value panelIndex = getPanelIndex(place.block, half);
  Value count = index(share);
  bool isEven = columns % width == 0 && slots * share * chunk == width;
  if (!isEven) {
    // In the last block of columns, and in the last slot, there may be less.
    Value left = arith::MinUIOp::create(
        b, loc, arith::SubIOp::create(b, loc, index(columns), begin),
        index(width));
    left = arith::CeilDivUIOp::create(b, loc, left, index(chunk));
    left = arith::SubIOp::create(b, loc, left,
                                 arith::MinUIOp::create(b, loc, left, first));
    count = arith::MinUIOp::create(b, loc, left, count);
  }
  return loop(index(0), count, 1, panels, [&](Value i, Value panels) {
    Value offset = multiply(add(first, i), index(chunk));
    Value column = add(begin, offset);
    Value step = arith::DivUIOp::create(b, loc, offset, index(tileDepth));
    auto emit = [&](int64_t count, Value panels) {
      return decodeColumns(panelIndex, half, column, count, step, side, panels);
    };
    if (whole == columns)
      return emit(chunk, panels);
    Value isWhole = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                          column, index(whole));
    auto either = scf::IfOp::create(
        b, loc, isWhole,
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(b, loc, emit(chunk, panels));
        },
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(b, loc, emit(columns - whole, panels));
        });
    return either.getResult(0);
  });
}

/// Adds the products of one panel with block `i` of the activation's round from
/// block `first` on to its sums. Blocks count from the task's first one here.
Value TileContraction::addProducts(Value panels, Value side, Place place,
                                   Value first, Value i, Value sums) {
  Value part = place.part;
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
  SmallVector<OpFoldResult> offsets(6, zero),
      sizes = attributes(panelsType.getShape());
  offsets[0] = side;
  sizes[0] = one, sizes[1] = depth;
  Value rhs = slice(panels, offsets, sizes, 1);
  offsets[0] = part, offsets[1] = add(first, i);
  sizes = attributes(tiles.getShape());
  sizes[0] = sizes[1] = one, sizes[2] = depth;
  Value lhs = slice(op.getActivations()[0], offsets, sizes, 2);
  SmallVector<OpFoldResult> at{place.block, i, zero, zero},
      shape = attributes({1, 1, tileRows, tileRows}), ones(4, one);
  Value init = slice(sums, at, shape, 2);
  Value sum = MultiplyTilesOp::create(b, loc, init.getType(), lhs, rhs, isFirst,
                                      /*ahead=*/Value(), init)
                  .getResult(0);
  return tensor::InsertSliceOp::create(b, loc, sum, sums, at, shape, ones)
      .getResult();
}

/// Adds the finished sums of `count` blocks of rows of the weight from
/// `firstBlock` on to `into`, for the rows of the activation from block `begin`
/// on.
Value TileContraction::writeRound(Value sums, Value firstBlock, Value count,
                                  Value begin, Value into) {
  Value firstRow = multiply(begin, index(tileRows));
  Value rowCount = getCount(firstRow, height, round * tileRows);
  bool isWhole = outputs % tileRows == 0;
  auto divide = [&](Value x) -> Value {
    return arith::DivUIOp::create(b, loc, x, index(tileRows));
  };
  return loop(index(0), rowCount, 1, into, [&](Value row, Value into) {
    Value tile = divide(row);
    Value inTile = arith::RemUIOp::create(b, loc, row, index(tileRows));
    Value at = add(firstRow, row);
    return loop(index(0), count, 1, into, [&](Value i, Value into) {
      for (int64_t half = 0; half < halves; ++half) {
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

/// The sums of all of the task's rows of the weight, in all columns, with the
/// `count` blocks of the activation from `begin` on. Each panel is decoded
/// while the one before is multiplied: blocks of the activation take turns with
/// columns of the panel, so few that the CPU looks ahead from the one to the
/// other.
SmallVector<Value> TileContraction::emitRound(Value firstBlock,
                                              Value panelCount, Value begin,
                                              Value count, ValueRange carried) {
  Value zero = index(0), one = index(1);
  Value total = multiply(index(parts), panelCount);
  auto getPlace = [&](Value panel) -> Place {
    return {arith::RemUIOp::create(b, loc, panel, panelCount),
            arith::DivUIOp::create(b, loc, panel, panelCount)};
  };
  return loops(
      zero, add(total, one), 1, carried, [&](Value next, ValueRange carried) {
        Value side = arith::RemUIOp::create(b, loc, next, index(2));
        Value otherSide = arith::SubIOp::create(b, loc, one, side);
        Place decoded = getPlace(next);
        decoded.block = add(firstBlock, decoded.block);
        Value isDecoded = isBelow(next, total);
        // What the first iteration makes of it is not used.
        Place done = getPlace(arith::SubIOp::create(
            b, loc, arith::MaxUIOp::create(b, loc, next, one), one));
        Value isMultiplied = isBelow(zero, next);
        return loops(
            zero, index(halves), 1, carried,
            [&](Value half, ValueRange carried) {
              return loops(
                  zero, index(slots), 1, carried,
                  [&](Value slot, ValueRange carried) -> SmallVector<Value> {
                    Value sums = carried[0], panels = carried[1];
                    Value i = add(multiply(half, index(slots)), slot);
                    Value exists = arith::AndIOp::create(b, loc, isMultiplied,
                                                         isBelow(i, count));
                    sums = doIf(exists, sums, [&] {
                      return addProducts(panels, otherSide, done, begin, i,
                                         sums);
                    });
                    panels = doIf(isDecoded, panels, [&] {
                      return decode(decoded, half, slot, side, panels);
                    });
                    return {sums, panels};
                  });
            });
      });
}

/// The `count` blocks of rows of the weight from `firstBlock` on, whose columns
/// of the result are `into`.
Value TileContraction::emitTask(Value firstBlock, Value count, Value into) {
  Value sums =
      tensor::EmptyOp::create(b, loc, sumsType.getShape(), b.getF32Type());
  Value panels =
      tensor::EmptyOp::create(b, loc, panelsType.getShape(), b.getBF16Type());
  int64_t ofActivation = tiles.getDimSize(1);
  return loops(index(0), index(ofActivation), round, {into, sums, panels},
               [&](Value begin, ValueRange carried) -> SmallVector<Value> {
                 Value ofRound = getCount(begin, ofActivation, round);
                 SmallVector<Value> next = emitRound(
                     firstBlock, count, begin, ofRound, carried.drop_front());
                 Value into =
                     writeRound(next[0], firstBlock, count, begin, carried[0]);
                 return {into, next[0], next[1]};
               })
      .front();
}

Value TileContraction::emit() {
  auto [result, isZero] = emitDestination(b, loc, op.getInit());
  startsFromZero = isZero;
  if (Value row = op.getRow())
    return emitTask(arith::DivUIOp::create(b, loc, row, index(tileRows)),
                    index(blocks), result);
  int64_t ofTask = taskBlocks * tileRows;
  return tasks(
      llvm::divideCeil(blocks, taskBlocks), result,
      [&](Value task, Value) {
        Value column = multiply(task, index(ofTask));
        return TaskSlice{
            {b.getIndexAttr(0), column},
            {b.getIndexAttr(height),
             getAsOpFoldResult(getCount(column, outputs, ofTask))}};
      },
      [&](Value task, Value slice) {
        Value firstBlock = multiply(task, index(taskBlocks));
        return emitTask(firstBlock, getCount(firstBlock, blocks, taskBlocks),
                        slice);
      });
}

Value mlir::zq::lowerContractOnTiles(OpBuilder &b, ContractOp op,
                                     LaneKernel &kernel) {
  return TileContraction(b, op, kernel).emit();
}
