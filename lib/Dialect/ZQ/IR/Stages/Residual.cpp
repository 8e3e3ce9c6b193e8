//===- Residual.cpp - A codec for what another one loses ---------------===//
#include "StageSupport.h"

#include "zq/Codec/Residual.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult ResidualAttr::verify(ErrorFn emitError, Attribute stored) {
  return verifyStoredTensor(emitError, stored, "(residual 1)", "residual");
}

LogicalResult ResidualAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                        Type input) const {
  return verifyValues(emitError, input, "residual");
}

Type ResidualAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult ResidualAttr::getParts(int64_t rank, Type, Operation *,
                                     SmallVectorImpl<Part> &parts) const {
  addStored(parts, "residual", getStored(), rank, getDims(getContext(), rank));
  return success();
}

Reference ResidualAttr::getReference(Type) const {
  auto stored = getStoredFloats(getStored());
  if (!stored)
    return nullptr;
  return std::make_shared<::zq::codec::Residual>(*stored);
}

StageCost ResidualAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {1, 0};
}

bool ResidualAttr::isLossless() const { return false; }

FailureOr<Value> ResidualAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  Value main = at.decode(at.main, at.offsets, at.sizes);
  Value residual = at.decode(at.parts.front(), at.offsets, at.sizes);
  return SumOp::create(at.builder, at.loc, main, residual).getResult();
}
