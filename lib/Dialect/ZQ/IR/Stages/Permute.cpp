//===- Permute.cpp - Another order along an axis -----------------------===//
#include "StageSupport.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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

// A place is read, and the value there: one by one along the last axis, as rows
// along others.
StageCost PermuteAttr::getCost(ArrayRef<int64_t> shape, Type,
                               Operation *) const {
  if (getAxis() + 1 < int64_t(shape.size()))
    return {1, 0};
  return {1, 1};
}

bool PermuteAttr::isLossless() const { return false; }

int64_t PermuteAttr::getTransformAxis() const { return getAxis(); }

Attribute PermuteAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis);
}

// An order is checked to be a permutation.
bool PermuteAttr::isOrthogonal() const { return true; }

bool PermuteAttr::movesElements() const { return true; }

/// `place` where it is inside of a line; whatever a stream says.
static Value emitClamped(OpBuilder &b, Location loc, Value place,
                         int64_t length) {
  Value last = arith::ConstantOp::create(
      b, loc,
      b.getIntegerAttr(getElementTypeOrSelf(place.getType()), length - 1));
  if (auto type = dyn_cast<VectorType>(place.getType()))
    last = vector::BroadcastOp::create(b, loc, type, last);
  return arith::MinUIOp::create(b, loc, place, last);
}

// Back, an element comes from where the order has its place: the inverse of the
// order, so that lines are read at places and written in a row both ways.
SmallVector<Value> PermuteAttr::emitLineParts(OpBuilder &b, Location loc,
                                              ValueRange parts, int64_t length,
                                              bool inverse) const {
  if (!inverse || length == 0)
    return SmallVector<Value>(parts);
  Value order = parts.front();
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  // Zeros, since a stream may name no place at all.
  Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
  Value empty = tensor::EmptyOp::create(b, loc, ArrayRef<int64_t>{length},
                                        b.getI32Type());
  auto run = [&](Value into, llvm::function_ref<Value(Value, Value)> body) {
    return scf::ForOp::create(
               b, loc, index(0), index(length), index(1), into,
               [&](OpBuilder &, Location, Value j, ValueRange carried) {
                 scf::YieldOp::create(b, loc, body(j, carried.front()));
               })
        .getResult(0);
  };
  Value zeros = run(empty, [&](Value j, Value into) -> Value {
    return tensor::InsertOp::create(b, loc, zero, into, j);
  });
  Value inverted = run(zeros, [&](Value j, Value into) -> Value {
    Value place = tensor::ExtractOp::create(b, loc, order, j);
    place = emitClamped(b, loc, place, length);
    place = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), place);
    Value from = arith::IndexCastUIOp::create(b, loc, b.getI32Type(), j);
    return tensor::InsertOp::create(b, loc, from, into, place);
  });
  return {inverted};
}

/// Elements that are read at once, where they lie along the last axis.
static constexpr int64_t lanes = 16;

Value PermuteAttr::emitLine(LineBuilder &line, Value into) const {
  OpBuilder &b = line.builder;
  Location loc = line.loc;
  Value order = line.parts.front();
  int64_t gathered = 0;
  if (line.axis == cast<RankedTensorType>(line.source.getType()).getRank() - 1)
    gathered = line.length / lanes * lanes;
  into = line.loop(0, gathered, lanes, into, [&](Value j, Value result) {
    auto type = VectorType::get(lanes, b.getI32Type());
    bool inBounds[] = {true};
    Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
    Value places = vector::TransferReadOp::create(b, loc, type, order, j,
                                                  std::optional<Value>(zero),
                                                  ArrayRef<bool>(inBounds));
    places = emitClamped(b, loc, places, line.length);
    return line.write(line.gather(line.source, places), result, j);
  });
  return line.loop(gathered, line.length, 1, into, [&](Value j, Value result) {
    Value place = tensor::ExtractOp::create(b, loc, order, j);
    place = emitClamped(b, loc, place, line.length);
    place = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), place);
    return line.insert(line.extract(line.source, place), result, j);
  });
}

FailureOr<Value> PermuteAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  return emitInverseTransform(at, *this);
}
