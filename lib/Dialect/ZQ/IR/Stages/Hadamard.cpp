//===- Hadamard.cpp - Walsh-Hadamard transform -------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Hadamard.h"
#include "zq/Dialect/ZQ/IR/Butterflies.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

/// Elements of a vector, and vectors that are held at a time: what a CPU has
/// registers for. Longer blocks go through memory.
static constexpr int64_t lanes = 16, maxVectors = 16;

/// The largest matrix whose sums are written out, element by element.
static constexpr int64_t maxWrittenOrder = 36;

/// What the elements of a block of `size` are multiplied by in the end.
static float getFactor(int64_t size) {
  return static_cast<float>(1 / std::sqrt(double(size)));
}

/// The signs of a line of `length` elements.
static std::vector<float> getSigns(uint64_t seed, int64_t length) {
  std::vector<float> signs;
  for (int64_t place = 0; place < length; ++place)
    signs.push_back(::zq::codec::hadamardSign(seed, place));
  return signs;
}

LogicalResult HadamardAttr::verify(ErrorFn emitError, int64_t axis,
                                   int64_t block, std::optional<uint64_t>) {
  if (axis < 0)
    return emitError() << "(hadamard 1) the axis is not negative";
  if (!::zq::codec::hadamardOrder(block) || block > 16384)
    return emitError()
           << "(hadamard 2) the block is a power of two, or that times four "
              "times an odd number up to "
           << ::zq::codec::largestHadamardOrder / 4
           << ", from 1 to 16384, and not " << block;
  return success();
}

LogicalResult HadamardAttr::verifyInput(ErrorFn emitError,
                                        ArrayRef<int64_t> shape,
                                        Type input) const {
  return verifyTransform(emitError, shape, getAxis(), input, "hadamard");
}

Type HadamardAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult HadamardAttr::getParts(int64_t, Type, Operation *,
                                     SmallVectorImpl<Part> &) const {
  return success();
}

Reference HadamardAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Hadamard>(getAxis(), getBlock(),
                                                 getSeed());
}

// A sum and a sign for each butterfly, or the sums of a small matrix.
StageCost HadamardAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  int64_t order = ::zq::codec::hadamardOrder(getBlock());
  return {2.0 * llvm::Log2_64(getBlock() / order) + order, 0};
}

bool HadamardAttr::isLossless() const { return false; }

int64_t HadamardAttr::getTransformAxis() const { return getAxis(); }

int64_t HadamardAttr::getTransformBlock(int64_t) const { return getBlock(); }

Attribute HadamardAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis, getBlock(), getSeed());
}

bool HadamardAttr::isOrthogonal() const { return true; }

std::optional<Butterflies> mlir::zq::getButterflies(Attribute transform,
                                                    int64_t length) {
  auto stage = dyn_cast<HadamardAttr>(transform);
  if (!stage)
    return std::nullopt;
  Butterflies map;
  if (stage.getSeed())
    map.signs = getSigns(*stage.getSeed(), length);
  for (int64_t size : ::zq::codec::hadamardBlocks(length, stage.getBlock())) {
    int64_t order = ::zq::codec::hadamardOrder(size);
    map.blocks.push_back({size / order, order,
                          ::zq::codec::hadamardMatrix(order), getFactor(size)});
  }
  return map;
}

// The signs, which depend on the place in a line, go before.
Value HadamardAttr::emitRuns(OpBuilder &b, Location loc, Value source) const {
  auto type = cast<RankedTensorType>(source.getType());
  int64_t rank = type.getRank(), length = type.getDimSize(getAxis());
  if (ShapedType::isDynamic(length) || length <= getBlock() ||
      length % getBlock() != 0)
    return nullptr;
  int64_t runs = length / getBlock();
  SmallVector<int64_t> shape(type.getShape());
  shape[getAxis()] = runs;
  shape.insert(shape.begin() + getAxis() + 1, getBlock());
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t place = dim + (dim > getAxis() ? 1 : 0);
    groups.push_back({place});
    if (dim == getAxis())
      groups.back().push_back(place + 1);
  }
  auto split = RankedTensorType::get(shape, type.getElementType());
  Value lines = tensor::ExpandShapeOp::create(b, loc, split, source, groups);
  auto emptyLikeLines = [&] {
    return tensor::EmptyOp::create(b, loc, tensor::getMixedSizes(b, loc, lines),
                                   type.getElementType());
  };
  if (getSeed()) {
    auto signsType = RankedTensorType::get({runs, getBlock()}, b.getF32Type());
    Value all = arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(signsType,
                               ArrayRef(getSigns(*getSeed(), length))));
    AffineMap perElement = b.getMultiDimIdentityMap(rank + 1);
    AffineMap maps[] = {perElement, perElement.getSliceMap(getAxis(), 2),
                        perElement};
    SmallVector<utils::IteratorType> loops(rank + 1,
                                           utils::IteratorType::parallel);
    Value into = emptyLikeLines();
    lines = linalg::GenericOp::create(
                b, loc, split, ValueRange{lines, all}, into, maps, loops,
                [](OpBuilder &b, Location loc, ValueRange values) {
                  Value signedOne =
                      arith::MulFOp::create(b, loc, values[0], values[1]);
                  linalg::YieldOp::create(b, loc, signedOne);
                })
                .getResult(0);
  }
  auto ofRun = get(getContext(), getAxis() + 1, getBlock(), std::nullopt);
  Value rotated = RotateOp::create(b, loc, split, lines, ofRun, ValueRange(),
                                   /*inverse=*/false, emptyLikeLines());
  return tensor::CollapseShapeOp::create(b, loc, type, rotated, groups);
}

FailureOr<Value> HadamardAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  return emitInverseTransform(at, *this);
}

//===----------------------------------------------------------------------===//
// One line
//===----------------------------------------------------------------------===//

namespace {
/// One block of a line: c H, with the signs of the seed before or after it.
class BlockEmitter {
public:
  BlockEmitter(LineBuilder &line, HadamardAttr stage, Value begin, int64_t size)
      : line(line), b(line.builder), loc(line.loc), stage(stage), begin(begin),
        size(size), order(::zq::codec::hadamardOrder(size)),
        power(size / order), matrix(::zq::codec::hadamardMatrix(order)) {}

  Value emit(Value into);

private:
  Value emitRun(Value into, int64_t width);
  Value emitPass(Value into, int64_t distance, int64_t count, int64_t width);
  Value emitSignedSums(Value into, int64_t width);
  Value emitSumsInLoops(Value into, int64_t width);

  /// The place of element `i` of the block on the line.
  Value at(Value i) { return line.add(begin, i); }
  Value withSigns(Value values, Value i);
  Value splat(Type type, float value);
  Value withFactor(Value values);
  Value finish(Value values, Value i, bool isLast);
  Value butterfliesInside(Value values);
  void butterfliesAcross(MutableArrayRef<Value> values, int64_t count);
  SmallVector<Value> signedSums(ArrayRef<Value> values);
  SmallVector<Value> signedSums(Value runs, Value firstRow, int64_t count,
                                int64_t width);
  /// Whether each pass makes a normalised transform of its own: a decode
  /// multiplies once, in the end, as the reference does.
  bool isNormalised() const { return !line.inverse && order == 1; }
  bool isNegative(int64_t row, int64_t column) const {
    return matrix[line.inverse ? column * order + row : row * order + column] <
           0;
  }

  LineBuilder &line;
  OpBuilder &b;
  Location loc;
  HadamardAttr stage;
  Value begin;
  int64_t size;
  /// The block is `order` runs of `power` elements.
  int64_t order, power;
  ArrayRef<int8_t> matrix;
};
} // namespace

/// Elements of the block from `i` on times their signs, if there are any.
Value BlockEmitter::withSigns(Value values, Value i) {
  if (!stage.getSeed())
    return values;
  // The signs of the whole axis, of which the block's are a slice.
  auto type = RankedTensorType::get(line.length, b.getF32Type());
  Value all = arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(
          type, ArrayRef(getSigns(*stage.getSeed(), line.length))));
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  bool inBounds[] = {true};
  Value sign = vector::TransferReadOp::create(
      b, loc, cast<VectorType>(values.getType()), all, at(i),
      std::optional<Value>(zero), ArrayRef<bool>(inBounds));
  return arith::MulFOp::create(b, loc, values, sign);
}

Value BlockEmitter::splat(Type type, float value) {
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(cast<VectorType>(type), value));
}

Value BlockEmitter::withFactor(Value values) {
  Value factor = splat(values.getType(), getFactor(size));
  return arith::MulFOp::create(b, loc, values, factor);
}

/// What comes after the last butterflies of a block of one run.
Value BlockEmitter::finish(Value values, Value i, bool isLast) {
  if (!isLast || order > 1 || isNormalised())
    return values;
  return withSigns(withFactor(values), i);
}

/// The butterflies over distances below the vector's length: each lane is added
/// to its partner, or subtracted from it, which is a sum with the lane times 1
/// or -1. That product is exact and needs no rounding of its own, so that it
/// may be fused with the sum.
Value BlockEmitter::butterfliesInside(Value values) {
  auto type = cast<VectorType>(values.getType());
  auto exact = arith::FastMathFlagsAttr::get(b.getContext(),
                                             arith::FastMathFlags::contract);
  for (int64_t distance = 1; distance < type.getNumElements(); distance *= 2) {
    SmallVector<int64_t> partners;
    SmallVector<float> signs;
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      partners.push_back(i ^ distance);
      signs.push_back(i & distance ? -1.0f : 1.0f);
    }
    Value partner = vector::ShuffleOp::create(b, loc, values, values, partners);
    Value sign = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, ArrayRef(signs)));
    values = arith::MulFOp::create(b, loc, values, sign, exact);
    values = arith::AddFOp::create(b, loc, partner, values, exact);
  }
  return values;
}

/// The butterflies between vectors, a power of two of them, which end those of
/// `count` elements. The factor, if these have one, goes to the first vector,
/// and to another when it is first added to one that has it: a product within
/// a sum, which takes no time of its own, and half of the sums go where there
/// are units for products alone.
void BlockEmitter::butterfliesAcross(MutableArrayRef<Value> values,
                                     int64_t count) {
  Type type = values.front().getType();
  Value factor, negated;
  if (isNormalised()) {
    factor = splat(type, getFactor(count));
    negated = splat(type, -getFactor(count));
    values.front() = arith::MulFOp::create(b, loc, values.front(), factor);
  }
  for (size_t distance = 1; distance < values.size(); distance *= 2)
    for (size_t i = 0; i < values.size(); ++i) {
      if (i & distance)
        continue;
      Value low = values[i], high = values[i + distance];
      if (factor && i < distance) {
        values[i] = vector::FMAOp::create(b, loc, high, factor, low);
        values[i + distance] =
            vector::FMAOp::create(b, loc, high, negated, low);
        continue;
      }
      values[i] = arith::AddFOp::create(b, loc, low, high);
      values[i + distance] = arith::SubFOp::create(b, loc, low, high);
    }
}

/// The product of the matrix of `order`, or of its transpose, with vectors.
SmallVector<Value> BlockEmitter::signedSums(ArrayRef<Value> values) {
  SmallVector<Value> sums;
  for (int64_t i = 0; i < order; ++i) {
    Value sum;
    for (int64_t j = 0; j < order; ++j) {
      if (!sum)
        sum = isNegative(i, j)
                  ? arith::NegFOp::create(b, loc, values[j]).getResult()
                  : values[j];
      else if (isNegative(i, j))
        sum = arith::SubFOp::create(b, loc, sum, values[j]);
      else
        sum = arith::AddFOp::create(b, loc, sum, values[j]);
    }
    sums.push_back(sum);
  }
  return sums;
}

/// `count` elements of that product from `firstRow` on, of vectors one behind
/// the other in `runs`. A term is an element times 1 or -1, which is exact and
/// may be fused with the sum.
SmallVector<Value> BlockEmitter::signedSums(Value runs, Value firstRow,
                                            int64_t count, int64_t width) {
  auto exact = arith::FastMathFlagsAttr::get(b.getContext(),
                                             arith::FastMathFlags::contract);
  auto type = VectorType::get(width, b.getF32Type());
  SmallVector<float> entries;
  for (int64_t row = 0; row < order; ++row)
    for (int64_t column = 0; column < order; ++column)
      entries.push_back(isNegative(row, column) ? -1.0f : 1.0f);
  Value signs = arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(
          RankedTensorType::get({order, order}, b.getF32Type()),
          ArrayRef(entries)));
  auto getTerms = [&](Value column) {
    Value at =
        arith::MulIOp::create(b, loc, column, line.index(width)).getResult();
    Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
    bool inBounds[] = {true};
    Value values = vector::TransferReadOp::create(b, loc, type, runs, at,
                                                  std::optional<Value>(zero),
                                                  ArrayRef<bool>(inBounds));
    SmallVector<Value> terms;
    for (int64_t row = 0; row < count; ++row) {
      Value sign = tensor::ExtractOp::create(
          b, loc, signs,
          ValueRange{line.add(firstRow, line.index(row)), column});
      Value all = vector::BroadcastOp::create(b, loc, type, sign);
      terms.push_back(arith::MulFOp::create(b, loc, values, all, exact));
    }
    return terms;
  };
  auto loop = scf::ForOp::create(
      b, loc, line.index(1), line.index(order), line.index(1),
      getTerms(line.index(0)),
      [&](OpBuilder &, Location, Value column, ValueRange sums) {
        SmallVector<Value> more;
        for (auto [sum, term] : llvm::zip(sums, getTerms(column)))
          more.push_back(arith::AddFOp::create(b, loc, sum, term, exact));
        scf::YieldOp::create(b, loc, more);
      });
  return SmallVector<Value>(loop.getResults());
}

/// The same as `emitSignedSums` for matrices that are too large to be written
/// out: what the sums are of is copied before the first one takes its place.
Value BlockEmitter::emitSumsInLoops(Value into, int64_t width) {
  // Sums at a time; every order but 1 is a multiple of four.
  const int64_t count = 4;
  Value copies = tensor::EmptyOp::create(
      b, loc, ArrayRef<int64_t>{order * width}, b.getF32Type());
  auto forEachPlace = scf::ForOp::create(
      b, loc, line.index(0), line.index(power), line.index(width),
      ValueRange{into, copies},
      [&](OpBuilder &, Location, Value i, ValueRange carried) {
        auto placeOf = [&](Value run) -> Value {
          return line.add(
              i, arith::MulIOp::create(b, loc, run, line.index(power)));
        };
        Value runs = line.loop(
            0, order, 1, carried[1], [&](Value run, Value all) -> Value {
              Value values = line.read(carried[0], at(placeOf(run)), width);
              Value to = arith::MulIOp::create(b, loc, run, line.index(width));
              bool inBounds[] = {true};
              return vector::TransferWriteOp::create(b, loc, values, all, to,
                                                     ArrayRef<bool>(inBounds))
                  .getResult();
            });
        Value result = line.loop(
            0, order, count, carried[0], [&](Value row, Value all) -> Value {
              auto sums = signedSums(runs, row, count, width);
              for (auto [j, sum] : llvm::enumerate(sums)) {
                Value place = placeOf(line.add(row, line.index(j)));
                Value scaled = withFactor(sum);
                if (line.inverse)
                  scaled = withSigns(scaled, place);
                all = line.write(scaled, all, at(place));
              }
              return all;
            });
        scf::YieldOp::create(b, loc, ValueRange{result, runs});
      });
  return forEachPlace.getResult(0);
}

/// The last step of a block of several runs, `width` elements of each at a
/// time.
Value BlockEmitter::emitSignedSums(Value into, int64_t width) {
  return line.loop(0, power, width, into, [&](Value i, Value result) -> Value {
    SmallVector<Value> places, values;
    for (int64_t run = 0; run < order; ++run) {
      places.push_back(line.add(i, line.index(run * power)));
      values.push_back(line.read(result, at(places.back()), width));
    }
    for (auto [place, sum] : llvm::zip(places, signedSums(values))) {
      Value scaled = withFactor(sum);
      if (line.inverse)
        scaled = withSigns(scaled, place);
      result = line.write(scaled, result, at(place));
    }
    return result;
  });
}

/// The butterflies over the distances below `width`, run by run of as many
/// elements: all of them in registers.
Value BlockEmitter::emitRun(Value into, int64_t width) {
  int64_t size = std::min(width, lanes);
  return line.loop(0, this->size, width, into, [&](Value run, Value result) {
    SmallVector<Value> places, values;
    for (int64_t begin = 0; begin < width; begin += size) {
      places.push_back(line.add(run, line.index(begin)));
      Value read = line.read(line.source, at(places.back()), size);
      if (!line.inverse)
        read = withSigns(read, places.back());
      values.push_back(butterfliesInside(read));
    }
    butterfliesAcross(values, width);
    for (auto [place, value] : llvm::zip(places, values))
      result =
          line.write(finish(value, place, width == power), result, at(place));
    return result;
  });
}

/// The butterflies over `distance` and its next multiples, between `count`
/// vectors that are that far apart in memory.
Value BlockEmitter::emitPass(Value into, int64_t distance, int64_t count,
                             int64_t width) {
  bool isLast = distance * count == power;
  return line.loop(
      0, size, distance * count, into, [&](Value run, Value result) {
        return line.loop(0, distance, width, result, [&](Value i, Value all) {
          SmallVector<Value> places, values;
          for (int64_t j = 0; j < count; ++j) {
            places.push_back(
                line.add(line.add(run, i), line.index(j * distance)));
            values.push_back(line.read(all, at(places.back()), width));
          }
          butterfliesAcross(values, count);
          for (auto [place, value] : llvm::zip(places, values))
            all = line.write(finish(value, place, isLast), all, at(place));
          return all;
        });
      });
}

Value BlockEmitter::emit(Value into) {
  // As few passes as there can be, and runs no longer than these leave: the
  // next one begins while a short one ends.
  int64_t width = power;
  while (width > lanes * maxVectors)
    width /= maxVectors;
  into = emitRun(into, width);
  for (int64_t distance = width; distance < power;) {
    int64_t count = std::min(power / distance, maxVectors);
    into = emitPass(into, distance, count, lanes);
    distance *= count;
  }
  if (order == 1)
    return into;
  width = std::min(power, lanes);
  return order <= maxWrittenOrder ? emitSignedSums(into, width)
                                  : emitSumsInLoops(into, width);
}

Value HadamardAttr::emitLine(LineBuilder &line, Value into) const {
  // Equal blocks in a loop, those of the tail after it.
  std::vector<int64_t> blocks =
      ::zq::codec::hadamardBlocks(line.length, getBlock());
  int64_t whole = line.length / getBlock() * getBlock();
  into = line.loop(0, whole, getBlock(), into, [&](Value begin, Value result) {
    return BlockEmitter(line, *this, begin, getBlock()).emit(result);
  });
  int64_t begin = whole;
  for (int64_t size : ArrayRef(blocks).drop_front(whole / getBlock())) {
    into = BlockEmitter(line, *this, line.index(begin), size).emit(into);
    begin += size;
  }
  return into;
}
