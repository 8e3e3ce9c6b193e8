//===- Permute.cpp - Another order along an axis -----------------------===//
#include "StageSupport.h"

#include "zq/Codec/Permute.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult PermuteAttr::verify(ErrorFn emitError, int64_t axis) {
  if (axis < 0)
    return emitError() << "(permute 1) the axis is not negative";
  return success();
}

LogicalResult PermuteAttr::verifyInput(ErrorFn emitError,
                                       ArrayRef<int64_t> shape,
                                       Type input) const {
  return verifyTransform(emitError, shape, getAxis(), input, "permute");
}

Type PermuteAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult PermuteAttr::getParts(int64_t rank, Type, Operation *,
                                    SmallVectorImpl<Part> &parts) const {
  addStream(parts, getContext(), "order", IntegerType::get(getContext(), 32),
            rank, getAffineDimExpr(getAxis(), getContext()));
  return success();
}

Reference PermuteAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Permute>(getAxis());
}

// A place is read, and the value there.
StageCost PermuteAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {0, 2};
}

bool PermuteAttr::isLossless() const { return false; }

int64_t PermuteAttr::getTransformAxis() const { return getAxis(); }

Attribute PermuteAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis);
}

// An order is checked to be a permutation.
bool PermuteAttr::isOrthogonal() const { return true; }

/// Elements that are read at once, where they lie along the last axis.
static constexpr int64_t lanes = 16;

/// `lanes` places of the order from `j` on. Whatever the stream says, they stay
/// inside of the line.
static Value emitPlaces(LineBuilder &line, Value j) {
  OpBuilder &b = line.builder;
  auto type = VectorType::get(lanes, b.getI32Type());
  bool inBounds[] = {true};
  Value zero = arith::ConstantOp::create(b, line.loc, b.getI32IntegerAttr(0));
  Value places = vector::TransferReadOp::create(
      b, line.loc, type, line.parts.front(), j, std::optional<Value>(zero),
      ArrayRef<bool>(inBounds));
  Value last = arith::ConstantOp::create(
      b, line.loc,
      DenseElementsAttr::get(type, static_cast<int32_t>(line.length - 1)));
  return arith::MinUIOp::create(b, line.loc, places, last);
}

Value PermuteAttr::emitLine(LineBuilder &line, Value into) const {
  OpBuilder &b = line.builder;
  auto type = cast<RankedTensorType>(line.source.getType());
  // An activation takes the order of its weight.
  int64_t gathered = 0;
  if (!line.inverse && line.axis == type.getRank() - 1) {
    gathered = line.length / lanes * lanes;
    into = line.loop(0, gathered, lanes, into, [&](Value j, Value result) {
      return line.write(line.gather(line.source, emitPlaces(line, j)), result,
                        j);
    });
  }
  return line.loop(gathered, line.length, 1, into, [&](Value j, Value result) {
    Value stored =
        tensor::ExtractOp::create(b, line.loc, line.parts.front(), j);
    Value i =
        arith::IndexCastUIOp::create(b, line.loc, b.getIndexType(), stored);
    // Whatever the stream says, it stays inside of the line.
    Value last = arith::ConstantIndexOp::create(b, line.loc, line.length - 1);
    i = arith::MinUIOp::create(b, line.loc, i, last);
    Value from = line.inverse ? j : i, to = line.inverse ? i : j;
    return line.insert(line.extract(line.source, from), result, to);
  });
}

FailureOr<Value> PermuteAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  return emitInverseTransform(at, *this);
}
