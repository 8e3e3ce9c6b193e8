//===- Raw.cpp - Values as they are ---------------------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Raw.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult RawAttr::verify(ErrorFn emitError, Type type) {
  if (type.isF32() || type.isF16() || type.isBF16())
    return success();
  return emitError()
         << "(raw 1) values are stored as f32, f16 or bf16, and not " << type;
}

LogicalResult RawAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                   Type input) const {
  return verifyValues(emitError, input, "raw");
}

Type RawAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult RawAttr::getParts(int64_t rank, Type, Operation *,
                                SmallVectorImpl<Part> &parts) const {
  addStream(parts, getContext(), "values", getType(), rank,
            getDims(getContext(), rank));
  return success();
}

Reference RawAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Raw>(*toReferenceType(getType()),
                                            *toReferenceType(input));
}

// It is where it takes in its own type, which is not known here.
StageCost RawAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {1, 0};
}

bool RawAttr::isLossless() const { return false; }

FailureOr<Value> RawAttr::emitDecode(DecodeBuilder &at, Value) const {
  Value values = at.loadStream(0, at.position, at.width, at.isExact());
  if (at.input == getType())
    return values;
  // What another stage takes in is f32; a narrower tensor is rounded to last.
  return emitToF32(at.builder, at.loc, values);
}
