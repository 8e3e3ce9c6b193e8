//===- LineBuilder.cpp - Reading and writing the lines of a tensor --------===//
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::zq;

LineBuilder::LineBuilder(OpBuilder &builder, Location loc, RotateOp op,
                         ValueRange place, ValueRange parts)
    : builder(builder), loc(loc), source(op.getSource()), axis(op.getAxis()),
      length(cast<RankedTensorType>(source.getType()).getDimSize(axis)),
      parts(parts), inverse(op.getInverse()), place(place) {}

Value LineBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value LineBuilder::add(Value a, Value b) {
  return arith::AddIOp::create(builder, loc, a, b);
}

/// The map of vectors along the axis of a tensor.
static AffineMapAttr getLineMap(OpBuilder &b, int64_t rank, int64_t axis) {
  return AffineMapAttr::get(AffineMap::get(rank, 0, b.getAffineDimExpr(axis)));
}

/// `size` elements of `tensor` along `axis` from `place` on; all are there.
static Value readAlong(OpBuilder &b, Location loc, Value tensor,
                       ValueRange place, int64_t axis, int64_t size) {
  Type element = getElementTypeOrSelf(tensor.getType());
  Value padding = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  return vector::TransferReadOp::create(
      b, loc, VectorType::get(size, element), tensor, place,
      getLineMap(b, place.size(), axis), padding, /*mask=*/Value(),
      b.getBoolArrayAttr({true}));
}

static Value writeAlong(OpBuilder &b, Location loc, Value vector, Value into,
                        ValueRange place, int64_t axis) {
  return vector::TransferWriteOp::create(
             b, loc, into.getType(), vector, into, place,
             getLineMap(b, place.size(), axis), /*mask=*/Value(),
             b.getBoolArrayAttr({true}))
      .getResult();
}

Value LineBuilder::extract(Value tensor, Value at) {
  place[axis] = at;
  if (width)
    return readAlong(builder, loc, tensor, place, place.size() - 1, width);
  return tensor::ExtractOp::create(builder, loc, tensor, place);
}

Value LineBuilder::insert(Value element, Value into, Value at) {
  place[axis] = at;
  if (width)
    return writeAlong(builder, loc, element, into, place, place.size() - 1);
  return tensor::InsertOp::create(builder, loc, element, into, place);
}

Value LineBuilder::read(Value tensor, Value begin, int64_t size) {
  place[axis] = begin;
  return readAlong(builder, loc, tensor, place, axis, size);
}

Value LineBuilder::gather(Value tensor, Value places) {
  assert(axis == cast<RankedTensorType>(tensor.getType()).getRank() - 1 &&
         "only along the last axis elements are that far apart");
  place[axis] = index(0);
  auto type = cast<VectorType>(places.getType());
  auto values = type.clone(getElementTypeOrSelf(tensor.getType()));
  Value mask = arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(type.clone(builder.getI1Type()), true));
  Value unread =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(values));
  return vector::GatherOp::create(builder, loc, values, tensor, place, places,
                                  mask, unread);
}

Value LineBuilder::write(Value vector, Value into, Value begin) {
  place[axis] = begin;
  return writeAlong(builder, loc, vector, into, place, axis);
}

Value LineBuilder::loop(int64_t begin, int64_t end, int64_t step, Value value,
                        function_ref<Value(Value, Value)> body) {
  if (begin >= end)
    return value;
  auto loop = scf::ForOp::create(
      builder, loc, index(begin), index(end), index(step), value,
      [&](OpBuilder &, Location, Value i, ValueRange carried) {
        scf::YieldOp::create(builder, loc, body(i, carried.front()));
      });
  return loop.getResult(0);
}
