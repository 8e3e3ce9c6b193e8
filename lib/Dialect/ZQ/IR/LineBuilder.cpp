//===- LineBuilder.cpp - Reading and writing the lines of a tensor --------===//
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::zq;

LineBuilder::LineBuilder(OpBuilder &builder, Location loc, RotateOp op,
                         ValueRange place)
    : builder(builder), loc(loc), source(op.getSource()), axis(op.getAxis()),
      length(cast<RankedTensorType>(source.getType()).getDimSize(axis)),
      parts(op.getParts()), inverse(op.getInverse()), place(place) {}

Value LineBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value LineBuilder::add(Value a, Value b) {
  return arith::AddIOp::create(builder, loc, a, b);
}

Value LineBuilder::extract(Value tensor, Value at) {
  place[axis] = at;
  return tensor::ExtractOp::create(builder, loc, tensor, place);
}

Value LineBuilder::insert(Value element, Value into, Value at) {
  place[axis] = at;
  return tensor::InsertOp::create(builder, loc, element, into, place);
}

/// The map of vectors along the axis of a tensor.
static AffineMapAttr getLineMap(OpBuilder &b, int64_t rank, int64_t axis) {
  return AffineMapAttr::get(AffineMap::get(rank, 0, b.getAffineDimExpr(axis)));
}

Value LineBuilder::read(Value tensor, Value begin, int64_t size) {
  place[axis] = begin;
  Type element = getElementTypeOrSelf(tensor.getType());
  Value padding =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  return vector::TransferReadOp::create(
      builder, loc, VectorType::get(size, element), tensor, place,
      getLineMap(builder, place.size(), axis), padding, /*mask=*/Value(),
      builder.getBoolArrayAttr({true}));
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
  return vector::TransferWriteOp::create(
             builder, loc, into.getType(), vector, into, place,
             getLineMap(builder, place.size(), axis), /*mask=*/Value(),
             builder.getBoolArrayAttr({true}))
      .getResult();
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
