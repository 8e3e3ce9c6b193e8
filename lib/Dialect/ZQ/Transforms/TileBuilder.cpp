//===- TileBuilder.cpp - Loops over tiles and vectors in them -------------===//
#include "TileBuilder.h"

using namespace mlir;
using namespace mlir::zq;

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

Value TileBuilder::isBelow(Value x, Value y) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x, y);
}

Value TileBuilder::doIf(Value condition, Value otherwise,
                        function_ref<Value()> body) {
  return scf::IfOp::create(
             b, loc, condition,
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(b, loc, body());
             },
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(b, loc, otherwise);
             })
      .getResult(0);
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
