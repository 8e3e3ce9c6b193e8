//===- Hadamard.cpp - Walsh-Hadamard transform -------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Hadamard.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

/// The longest vector that a block is held in; longer ones go through memory.
static constexpr int64_t longestVector = 1024;

LogicalResult HadamardAttr::verify(ErrorFn emitError, int64_t axis,
                                   int64_t block, std::optional<uint64_t>) {
  if (axis < 0)
    return emitError() << "hadamard: the axis is not negative";
  if (!::zq::codec::hadamardOrder(block) || block > 16384)
    return emitError() << "hadamard: the block is a power of two, or 12, 20, "
                          "28 or 36 times one, from 1 to 16384, and not "
                       << block;
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

bool HadamardAttr::isLossless() const { return false; }

int64_t HadamardAttr::getTransformAxis() const { return getAxis(); }

Attribute HadamardAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis, getBlock(), getSeed());
}

bool HadamardAttr::isOrthogonal() const { return true; }

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
        power(size / order) {}

  Value emit(Value into);

private:
  Value emitInMemory(Value into);
  Value emitSignedSums(Value into, int64_t width);

  /// The place of element `i` of the block on the line.
  Value at(Value i) { return line.add(begin, i); }
  Value withSigns(Value values, Value i);
  Value withFactor(Value values);
  Value butterflies(Value values);
  SmallVector<Value> signedSums(ArrayRef<Value> values);

  LineBuilder &line;
  OpBuilder &b;
  Location loc;
  HadamardAttr stage;
  Value begin;
  int64_t size;
  /// The block is `order` runs of `power` elements.
  int64_t order, power;
};
} // namespace

/// Elements of the block from `i` on times their signs, if there are any.
Value BlockEmitter::withSigns(Value values, Value i) {
  if (!stage.getSeed())
    return values;
  // The signs of the whole axis, of which the block's are a slice.
  SmallVector<float> signs;
  for (int64_t place = 0; place < line.length; ++place)
    signs.push_back(::zq::codec::hadamardSign(*stage.getSeed(), place));
  auto type = RankedTensorType::get(line.length, b.getF32Type());
  Value all = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, ArrayRef(signs)));
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  bool inBounds[] = {true};
  Value sign = vector::TransferReadOp::create(
      b, loc, cast<VectorType>(values.getType()), all, at(i),
      std::optional<Value>(zero), ArrayRef<bool>(inBounds));
  return arith::MulFOp::create(b, loc, values, sign);
}

Value BlockEmitter::withFactor(Value values) {
  float factor = static_cast<float>(1 / std::sqrt(double(size)));
  auto type = cast<VectorType>(values.getType());
  return arith::MulFOp::create(
      b, loc, values,
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, factor)));
}

/// The butterflies over distances below the vector's length.
Value BlockEmitter::butterflies(Value values) {
  int64_t lanes = cast<VectorType>(values.getType()).getNumElements();
  for (int64_t distance = 1; distance < lanes; distance *= 2) {
    // Lanes that differ in one bit of their index meet: (a + b, a - b).
    SmallVector<int64_t> low, high, back(lanes);
    for (int64_t i = 0; i < lanes; ++i) {
      bool isHigh = i & distance;
      back[i] = isHigh ? lanes / 2 + high.size() : low.size();
      (isHigh ? high : low).push_back(i);
    }
    Value a = vector::ShuffleOp::create(b, loc, values, values, low);
    Value c = vector::ShuffleOp::create(b, loc, values, values, high);
    Value sum = arith::AddFOp::create(b, loc, a, c);
    Value difference = arith::SubFOp::create(b, loc, a, c);
    values = vector::ShuffleOp::create(b, loc, sum, difference, back);
  }
  return values;
}

/// The product of the matrix of `order`, or of its transpose, with vectors.
SmallVector<Value> BlockEmitter::signedSums(ArrayRef<Value> values) {
  const std::vector<int8_t> &matrix = ::zq::codec::hadamardMatrix(order);
  SmallVector<Value> sums;
  for (int64_t i = 0; i < order; ++i) {
    Value sum;
    for (int64_t j = 0; j < order; ++j) {
      bool isNegative =
          matrix[line.inverse ? j * order + i : i * order + j] < 0;
      if (!sum)
        sum = isNegative ? arith::NegFOp::create(b, loc, values[j]).getResult()
                         : values[j];
      else if (isNegative)
        sum = arith::SubFOp::create(b, loc, sum, values[j]);
      else
        sum = arith::AddFOp::create(b, loc, sum, values[j]);
    }
    sums.push_back(sum);
  }
  return sums;
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

/// The butterflies of a few elements in registers, the others between vectors
/// in memory.
Value BlockEmitter::emitInMemory(Value into) {
  int64_t width = std::min<int64_t>(power, 256);
  into = line.loop(0, size, width, into, [&](Value i, Value result) {
    Value values = line.read(line.source, at(i), width);
    if (!line.inverse)
      values = withSigns(values, i);
    return line.write(butterflies(values), result, at(i));
  });
  for (int64_t distance = width; distance < power; distance *= 2) {
    bool isLast = order == 1 && 2 * distance == power;
    auto finish = [&](Value values, Value i) {
      if (isLast)
        values = withFactor(values);
      return isLast && line.inverse ? withSigns(values, i) : values;
    };
    into = line.loop(
        0, size, 2 * distance, into, [&](Value run, Value result) -> Value {
          return line.loop(0, distance, width, result, [&](Value i, Value all) {
            Value low = line.add(run, i);
            Value high = line.add(low, line.index(distance));
            Value a = line.read(all, at(low), width);
            Value c = line.read(all, at(high), width);
            Value sum = arith::AddFOp::create(b, loc, a, c);
            Value difference = arith::SubFOp::create(b, loc, a, c);
            all = line.write(finish(sum, low), all, at(low));
            return line.write(finish(difference, high), all, at(high));
          });
        });
  }
  return order == 1 ? into : emitSignedSums(into, std::min<int64_t>(power, 16));
}

Value BlockEmitter::emit(Value into) {
  if (order > 1 || size > longestVector)
    return emitInMemory(into);
  Value zero = line.index(0);
  Value values = line.read(line.source, begin, size);
  if (!line.inverse)
    values = withSigns(values, zero);
  values = withFactor(butterflies(values));
  if (line.inverse)
    values = withSigns(values, zero);
  return line.write(values, into, begin);
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
