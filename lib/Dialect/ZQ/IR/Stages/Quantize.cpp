//===- Quantize.cpp - Values to small codes ----------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Quantize.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult QuantizeAttr::verify(ErrorFn emitError, Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    if (!integer.isSignless() && integer.getWidth() >= 1 &&
        integer.getWidth() <= 8)
      return success();
  if (toMinifloat(type))
    return success();
  return emitError() << "quantize: the type is siN or uiN with N from 1 to 8, "
                        "f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, and "
                        "not "
                     << type;
}

LogicalResult QuantizeAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                        Type input) const {
  return verifyValues(emitError, input, "quantize");
}

Type QuantizeAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), getType().getIntOrFloatBitWidth());
}

LogicalResult QuantizeAttr::getParts(int64_t, Type, Operation *,
                                       SmallVectorImpl<Part> &) const {
  return success();
}

Reference QuantizeAttr::getReference(Type) const {
  if (auto integer = dyn_cast<IntegerType>(getType()))
    return std::make_shared<::zq::codec::QuantizeInteger>(integer.getWidth(),
                                                          integer.isSigned());
  return std::make_shared<::zq::codec::QuantizeFloat>(*toMinifloat(getType()));
}

bool QuantizeAttr::isLossless() const { return false; }

FailureOr<Value> QuantizeAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  auto f32 = getLanes(at, b.getF32Type());
  if (auto integer = dyn_cast<IntegerType>(getType())) {
    auto i32 = getLanes(at, b.getI32Type());
    Value wide = arith::ExtUIOp::create(b, at.loc, i32, main);
    if (integer.isSigned()) {
      Value places = splat(at, 32, 32 - integer.getWidth());
      wide = arith::ShLIOp::create(b, at.loc, wide, places);
      wide = arith::ShRSIOp::create(b, at.loc, wide, places);
    }
    return arith::SIToFPOp::create(b, at.loc, f32, wide).getResult();
  }
  auto format = *toMinifloat(getType());
  // Where the values fit one or two registers a lookup is the shortest way.
  if (format.bits() > 5)
    return emitMinifloatToF32(b, at.loc, main, format);
  SmallVector<float> values;
  for (int code = 0; code < (1 << format.bits()); ++code)
    values.push_back(::zq::codec::decodeMinifloat(format, code));
  return emitLookup(at, main, values);
}
