//===- Permute.cpp - Another order along an axis -----------------------===//
#include "StageSupport.h"

#include "zq/Codec/Permute.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult PermuteAttr::verify(ErrorFn emitError, int64_t axis) {
  if (axis < 0)
    return emitError() << "permute: the axis is not negative";
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

bool PermuteAttr::isLossless() const { return false; }

int64_t PermuteAttr::getTransformAxis() const { return getAxis(); }

Attribute PermuteAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis);
}

// An order is checked to be a permutation.
bool PermuteAttr::isOrthogonal() const { return true; }

Value PermuteAttr::emitLine(LineBuilder &line, Value into) const {
  OpBuilder &b = line.builder;
  return line.loop(0, line.length, 1, into, [&](Value j, Value result) {
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
