//===- RoundedPanels.cpp - Contractions with weights rounded once more ----===//
//
// A task is some blocks of two panels of rows of the weight. It goes along the
// columns in parts; for each, a block is decoded and rounded to bytes that lie
// in the first cache, and multiplied with all rows of the activation, whose
// part lies in the second one, as do the sums. What a group of few columns
// costs is paid once for all rows of the activation.
//
//===----------------------------------------------------------------------===//
#include "RoundedPanels.h"
#include "ContractTiles.h"
#include "TileBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::zq;

/// Columns of a part: half of the first cache in bytes of two panels.
static constexpr int64_t partColumns = 512;
/// Words of a row that are taken in an iteration: so few are left that the CPU
/// foresees the loop's end.
static constexpr int64_t wordsAtOnce = 8;
/// Magnitudes below this count as zero, so that no quotient overflows.
static constexpr float leastMagnitude = 0x1p-100f;

namespace {

class RoundedContraction : TileBuilder {
public:
  RoundedContraction(OpBuilder &b, ContractOp op, LaneKernel &kernel);

  Value emit();

private:
  /// Two panels of the weight, from `first` on, in the groups of a part.
  struct Place {
    Value first, part, groups;
  };

  Value getPanelIndex(Value first, Value half);
  Value getGroup(Place place, Value group) {
    return add(multiply(place.part, index(partGroups)), group);
  }
  Value broadcast(Value scalar) {
    return vector::BroadcastOp::create(
        b, loc, VectorType::get(lanes, scalar.getType()), scalar);
  }
  Value broadcast(float value) {
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(floats, value));
  }
  Value roundWord(ArrayRef<Value> weights, Value inverse);
  SmallVector<Value> decode(Value panel, Value column, Value count,
                            Value values);
  SmallVector<Value> roundGroup(Place place, Value group, Value half,
                                ValueRange carried);
  Value readWord(Value block, Value depth, int64_t row);
  SmallVector<Value> addGroup(Place place, Value group, Value block,
                              Value panels, Value scales, ValueRange sums);
  Value addProducts(Place place, Value i, Value begin, Value block,
                    ValueRange carried);
  Value writeRound(Value firstPanel, Value count, Value begin, Value sums,
                   Value into);
  Value emitTask(Value firstPanel, Value count, Value into);

  static constexpr int64_t halves = 2;

  ContractOp op;
  LaneKernel &kernel;
  int64_t lanes;
  /// Of the activation that are summed for together.
  int64_t rows;
  /// Of the weight, and of the result.
  int64_t panels, columns, height, outputs;
  int64_t group, groups, partGroups, chunk;
  /// Blocks of rows of the activation, and those of a round.
  int64_t blocks, round;
  VectorType floats, integers, bytes;
  bool startsFromZero = false;
};

} // namespace

RoundedContraction::RoundedContraction(OpBuilder &b, ContractOp op,
                                       LaneKernel &kernel)
    : TileBuilder(b, op.getLoc()), op(op), kernel(kernel), lanes(op.getLanes()),
      chunk(kernel.getChunk(tileDepth)),
      floats(VectorType::get(lanes, b.getF32Type())),
      integers(VectorType::get(lanes, b.getI32Type())),
      bytes(VectorType::get(lanes * laneDepth, b.getI8Type())) {
  auto weight = cast<CompressedTensorType>(op.getWeight().getType());
  panels = llvm::divideCeil(weight.getShape()[0], lanes);
  columns = weight.getShape()[1];
  auto result = cast<RankedTensorType>(op.getResult().getType());
  height = result.getDimSize(0), outputs = result.getDimSize(1);
  auto planes = cast<RankedTensorType>(op.getActivations()[0].getType());
  auto starts = cast<RankedTensorType>(op.getActivations()[2].getType());
  blocks = planes.getDimSize(0), rows = planes.getDimSize(3);
  groups = starts.getDimSize(1);
  group = planes.getDimSize(1) * laneDepth / groups;
  partGroups = std::min(groups, std::max<int64_t>(partColumns / group, 1));
  round = std::min<int64_t>(blocks, llvm::divideCeil(roundedRows, rows));
}

/// The panel that is half `half` of the two from `first` on: the last one for
/// one beyond, which nothing is written of.
Value RoundedContraction::getPanelIndex(Value first, Value half) {
  return arith::MinUIOp::create(b, loc, add(first, half), index(panels - 1));
}

/// Four columns as a word of bytes in each lane: 128 and a signed integer.
Value RoundedContraction::roundWord(ArrayRef<Value> weights, Value inverse) {
  // Added to 1.5 * 2^23 an integer is in the lowest bits.
  Value magic = broadcast(0x1.8p23f + 128);
  Value word;
  for (auto [i, weight] : llvm::enumerate(weights)) {
    Value shifted = arith::AddFOp::create(
        b, loc, arith::MulFOp::create(b, loc, weight, inverse), magic);
    Value byte = arith::AndIOp::create(
        b, loc, arith::BitcastOp::create(b, loc, integers, shifted),
        splat(b, loc, integers, 255));
    if (i)
      byte =
          arith::ShLIOp::create(b, loc, byte, splat(b, loc, integers, 8 * i));
    word = word ? arith::OrIOp::create(b, loc, word, byte).getResult() : byte;
  }
  return vector::BitCastOp::create(b, loc, bytes, word);
}

/// Writes what the columns from `column` on of a panel decode to, `count` or
/// whole chunks of them, to `values`. Returns these and the bits of the largest
/// magnitude of each lane.
SmallVector<Value> RoundedContraction::decode(Value panel, Value column,
                                              Value count, Value values) {
  Value chunks = arith::CeilDivUIOp::create(b, loc, count, index(chunk));
  Value none = splat(b, loc, integers, 0);
  return loops(
      index(0), chunks, 1, {values, none}, [&](Value i, ValueRange carried) {
        Value offset = multiply(i, index(chunk)), at = add(column, offset);
        auto emit = [&](int64_t count) {
          Value values = carried[0], largest = carried[1];
          SmallVector<Value> weights =
              kernel.emitWeights(panel, at, chunk, count);
          weights.resize(llvm::alignTo(count, laneDepth), broadcast(0.0f));
          for (auto [k, weight] : llvm::enumerate(weights)) {
            values = write(weight, values, {add(offset, index(k)), index(0)});
            // As integers, the bits of magnitudes have their order, NaN last.
            Value bits = arith::AndIOp::create(
                b, loc, arith::BitcastOp::create(b, loc, integers, weight),
                splat(b, loc, integers, 0x7fffffff));
            largest = arith::MaxUIOp::create(b, loc, largest, bits);
          }
          return SmallVector<Value>{values, largest};
        };
        int64_t whole = columns / chunk * chunk;
        if (whole == columns)
          return emit(chunk);
        auto either = scf::IfOp::create(
            b, loc, isBelow(at, index(whole)),
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(b, loc, emit(chunk));
            },
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(b, loc, emit(columns - whole));
            });
        return SmallVector<Value>(either.getResults());
      });
}

/// Rounds one group of a panel. Carries its bytes, scales, and what it decodes
/// to.
SmallVector<Value> RoundedContraction::roundGroup(Place place, Value group,
                                                  Value half,
                                                  ValueRange carried) {
  Value panel = getPanelIndex(place.first, half);
  Value column = multiply(getGroup(place, group), index(this->group));
  Value count = index(this->group);
  if (columns % this->group)
    count = arith::MinUIOp::create(
        b, loc, count, arith::SubIOp::create(b, loc, index(columns), column));
  SmallVector<Value> decoded = decode(panel, column, count, carried[2]);
  Value values = decoded[0];
  Value extent = arith::BitcastOp::create(b, loc, floats, decoded[1]);
  Value isFinite =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, extent,
                            broadcast(std::numeric_limits<float>::infinity()));
  Value least = broadcast(leastMagnitude), most = broadcast(127.0f);
  extent = arith::SelectOp::create(
      b, loc,
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, extent, least),
      extent, least);
  Value inverse = arith::DivFOp::create(b, loc, most, extent);
  Value scale = arith::DivFOp::create(b, loc, extent, most);
  scale = arith::SelectOp::create(
      b, loc, isFinite, scale,
      broadcast(std::numeric_limits<float>::quiet_NaN()));
  Value scales = write(scale, carried[1], {group, half, index(0)});
  Value depths = arith::CeilDivUIOp::create(b, loc, count, index(laneDepth));
  Value rounded =
      loop(index(0), depths, 1, carried[0], [&](Value depth, Value into) {
        Value first = multiply(depth, index(laneDepth));
        SmallVector<Value> weights;
        for (int64_t i = 0; i < laneDepth; ++i)
          weights.push_back(
              read(floats, values, {add(first, index(i)), index(0)}));
        return write(roundWord(weights, inverse), into,
                     {group, depth, half, index(0)});
      });
  return {rounded, scales, values};
}

/// Four bytes of a row of the activation, for all lanes.
Value RoundedContraction::readWord(Value block, Value depth, int64_t row) {
  Value x =
      read(VectorType::get(laneDepth, b.getI8Type()), op.getActivations()[0],
           {block, depth, index(0), index(row), index(0)});
  x = vector::BitCastOp::create(b, loc, VectorType::get(1, b.getI32Type()), x);
  x = broadcast(vector::ExtractOp::create(b, loc, x, 0));
  return vector::BitCastOp::create(b, loc, bytes, x);
}

/// Adds the products of one group with block `block` of the activation to
/// `sums`, of which each row has one for each half.
SmallVector<Value> RoundedContraction::addGroup(Place place, Value group,
                                                Value block, Value panels,
                                                Value scales, ValueRange sums) {
  Value at = getGroup(place, group);
  SmallVector<Value> products;
  for (int64_t row = 0; row < rows; ++row)
    products.append(halves, broadcast(extract(op.getActivations()[2],
                                              {block, at, index(row)})));
  int64_t depths = this->group / laneDepth;
  Value first = multiply(at, index(depths));
  int64_t step = std::gcd(depths, wordsAtOnce);
  products =
      loops(index(0), index(depths), step, products,
            [&](Value depth, ValueRange carried) {
              SmallVector<Value> results(carried);
              for (int64_t i = 0; i < step; ++i) {
                Value word = add(depth, index(i));
                Value weights[halves];
                for (int64_t half = 0; half < halves; ++half)
                  weights[half] =
                      read(bytes, panels, {group, word, index(half), index(0)});
                for (int64_t row = 0; row < rows; ++row) {
                  Value x = readWord(block, add(first, word), row);
                  for (int64_t half = 0; half < halves; ++half) {
                    Value &sum = results[row * halves + half];
                    sum =
                        DotOp::create(b, loc, integers, weights[half], x, sum);
                  }
                }
              }
              return results;
            });
  constexpr auto contract = arith::FastMathFlags::contract;
  SmallVector<Value> results(sums);
  for (int64_t half = 0; half < halves; ++half) {
    Value scale = read(floats, scales, {group, index(half), index(0)});
    for (int64_t row = 0; row < rows; ++row) {
      int64_t i = row * halves + half;
      Value sum = arith::SIToFPOp::create(b, loc, floats, products[i]);
      Value x =
          broadcast(extract(op.getActivations()[1], {block, at, index(row)}));
      // First the scales: a sum in units of one alone may be out of range.
      Value both = arith::MulFOp::create(b, loc, scale, x);
      sum = arith::MulFOp::create(b, loc, sum, both, contract);
      results[i] = arith::AddFOp::create(b, loc, results[i], sum, contract);
    }
  }
  return results;
}

/// Adds the products of a part of block `i` of the task with block `block` of
/// the round that begins at `begin` to its sums.
Value RoundedContraction::addProducts(Place place, Value i, Value begin,
                                      Value block, ValueRange carried) {
  Value sums = carried[0];
  Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                        place.part, index(0));
  auto getPlace = [&](int64_t sum) {
    return SmallVector<Value>{i, block, index(sum / halves),
                              index(sum % halves * lanes)};
  };
  SmallVector<Value> values;
  for (int64_t sum = 0; sum < rows * halves; ++sum)
    values.push_back(arith::SelectOp::create(
        b, loc, isFirst, broadcast(0.0f), read(floats, sums, getPlace(sum))));
  values = loops(index(0), place.groups, 1, values,
                 [&](Value group, ValueRange values) {
                   return addGroup(place, group, add(begin, block), carried[1],
                                   carried[2], values);
                 });
  for (auto [sum, value] : llvm::enumerate(values))
    sums = write(value, sums, getPlace(sum));
  return sums;
}

/// Adds the finished sums of the panels from `firstPanel` on, in `count`
/// blocks, to `into`, for the rows of the activation from block `begin` on.
Value RoundedContraction::writeRound(Value firstPanel, Value count, Value begin,
                                     Value sums, Value into) {
  bool isWhole = outputs % (halves * lanes) == 0;
  Value firstRow = multiply(begin, index(rows));
  Value rowCount = getCount(firstRow, height, round * rows);
  return loop(index(0), rowCount, 1, into, [&](Value row, Value into) {
    Value block = arith::DivUIOp::create(b, loc, row, index(rows));
    Value inBlock = arith::RemUIOp::create(b, loc, row, index(rows));
    Value at = add(firstRow, row);
    return loop(index(0), count, 1, into, [&](Value i, Value into) {
      Value column = multiply(i, index(halves * lanes));
      Value first = add(firstPanel, multiply(i, index(halves)));
      for (int64_t half = 0; half < halves; ++half) {
        Value lane = index(half * lanes);
        Value sum = read(floats, sums, {i, block, inBlock, lane});
        Value panel = getPanelIndex(first, index(half));
        if (Value factor = kernel.emitRowFactors(panel))
          sum = arith::MulFOp::create(b, loc, sum, factor);
        Value place = add(column, lane);
        if (!startsFromZero)
          sum = arith::AddFOp::create(
              b, loc, read(floats, into, {at, place}, isWhole), sum);
        into = write(sum, into, {at, place}, isWhole);
      }
      return into;
    });
  });
}

/// `count` blocks of two panels, from `firstPanel` on, whose columns of the
/// result are `into`.
Value RoundedContraction::emitTask(Value firstPanel, Value count, Value into) {
  int64_t taskBlocks = getConstantIntValue(count).value_or(
      getTileTask(height, panels * lanes).columns / (halves * lanes));
  auto empty = [&](ArrayRef<int64_t> shape, Type type) -> Value {
    return tensor::EmptyOp::create(b, loc, shape, type);
  };
  Type f32 = b.getF32Type();
  SmallVector<Value> start{
      into, empty({taskBlocks, round, rows, halves * lanes}, f32),
      empty({partGroups, group / laneDepth, halves, lanes * laneDepth},
            b.getI8Type()),
      empty({partGroups, halves, lanes}, f32), empty({group, lanes}, f32)};
  auto multiplyPart = [&](Value part, Value begin, Value ofRound,
                          ValueRange carried) {
    Value groupCount =
        getCount(multiply(part, index(partGroups)), groups, partGroups);
    return loops(
        index(0), count, 1, carried,
        [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Place place{add(firstPanel, multiply(i, index(halves))), part,
                      groupCount};
          SmallVector<Value> rounded = loops(
              index(0), groupCount, 1, carried.drop_front(),
              [&](Value group, ValueRange carried) {
                return loops(index(0), index(halves), 1, carried,
                             [&](Value half, ValueRange carried) {
                               return roundGroup(place, group, half, carried);
                             });
              });
          Value sums = loop(
              index(0), ofRound, 1, carried[0], [&](Value block, Value sums) {
                return addProducts(place, i, begin, block,
                                   {sums, rounded[0], rounded[1]});
              });
          return {sums, rounded[0], rounded[1], rounded[2]};
        });
  };
  return loops(index(0), index(blocks), round, start,
               [&](Value begin, ValueRange carried) {
                 Value ofRound = getCount(begin, blocks, round);
                 int64_t parts = llvm::divideCeil(groups, partGroups);
                 SmallVector<Value> next =
                     loops(index(0), index(parts), 1, carried.drop_front(),
                           [&](Value part, ValueRange carried) {
                             return multiplyPart(part, begin, ofRound, carried);
                           });
                 next.insert(next.begin(), writeRound(firstPanel, count, begin,
                                                      next[0], carried[0]));
                 return next;
               })
      .front();
}

Value RoundedContraction::emit() {
  auto [result, isZero] = emitDestination(b, loc, op.getInit());
  startsFromZero = isZero;
  int64_t width = halves * lanes, count = llvm::divideCeil(outputs, width);
  // A part of the result is a task of its own.
  if (Value row = op.getRow())
    return emitTask(arith::DivUIOp::create(b, loc, row, index(lanes)),
                    index(count), result);
  int64_t ofTask = getTileTask(height, panels * lanes).columns;
  return tasks(
      llvm::divideCeil(outputs, ofTask), result,
      [&](Value task, Value) {
        Value column = multiply(task, index(ofTask));
        return TaskSlice{
            {b.getIndexAttr(0), column},
            {b.getIndexAttr(height),
             getAsOpFoldResult(getCount(column, outputs, ofTask))}};
      },
      [&](Value task, Value slice) {
        Value first = multiply(task, index(ofTask / width));
        return emitTask(multiply(first, index(halves)),
                        getCount(first, count, ofTask / width), slice);
      });
}

Value mlir::zq::lowerRoundedContract(OpBuilder &b, ContractOp op,
                                     LaneKernel &kernel) {
  return RoundedContraction(b, op, kernel).emit();
}
