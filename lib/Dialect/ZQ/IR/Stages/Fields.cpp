//===- Fields.cpp - Fields of a float ----------------------------------===//
#include "StageSupport.h"

#include "zq/Codec/FloatFields.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult FieldsAttr::verify(ErrorFn emitError, Type type) {
  if (type.isBF16())
    return success();
  return emitError() << "fields: the type is bf16, and not " << type;
}

LogicalResult FieldsAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  if (input == getType())
    return success();
  return emitError() << "(T3) 'fields' takes in " << getType()
                     << " values, but gets " << input;
}

Type FieldsAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), 8);
}

LogicalResult
FieldsAttr::getParts(int64_t rank, Type, Operation *,
                       SmallVectorImpl<Part> &parts) const {
  addStream(parts, getContext(), "sign_mantissa", IntegerType::get(getContext(), 8),
            rank, getDims(getContext(), rank));
  return success();
}

Reference FieldsAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::FloatFields>();
}

bool FieldsAttr::isLossless() const { return true; }

FailureOr<Value> FieldsAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  auto i16 = getLanes(at, b.getI16Type());
  Value rest = at.loadStream(0, at.position, at.width, at.isExact());
  rest = arith::ExtUIOp::create(b, at.loc, i16, rest);
  Value exponent = arith::ExtUIOp::create(b, at.loc, i16, main);
  Value sign = arith::ShLIOp::create(
      b, at.loc, arith::AndIOp::create(b, at.loc, rest, splat(at, 16, 0x80)),
      splat(at, 16, 8));
  Value mantissa = arith::AndIOp::create(b, at.loc, rest, splat(at, 16, 0x7f));
  Value bits = arith::ShLIOp::create(b, at.loc, exponent, splat(at, 16, 7));
  bits = arith::OrIOp::create(b, at.loc, bits, mantissa);
  bits = arith::OrIOp::create(b, at.loc, bits, sign);
  return arith::BitcastOp::create(b, at.loc, getLanes(at, getType()), bits)
      .getResult();
}
