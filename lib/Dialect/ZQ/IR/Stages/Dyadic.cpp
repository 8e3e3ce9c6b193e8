//===- Dyadic.cpp - Integers times powers of two --------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Dyadic.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult DyadicAttr::verify(ErrorFn emitError, int64_t bits) {
  if (bits >= 1 && bits <= 24)
    return success();
  return emitError() << "(dyadic 1) a mantissa has 1 to 24 bits, and not "
                     << bits;
}

LogicalResult DyadicAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  return verifyValues(emitError, input, "dyadic");
}

Type DyadicAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), getBits());
}

LogicalResult DyadicAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  addStream(parts, getContext(), "exponent", IntegerType::get(getContext(), 8),
            rank, getDims(getContext(), rank));
  return success();
}

Reference DyadicAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Dyadic>(getBits());
}

StageCost DyadicAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {5, 0};
}

bool DyadicAttr::isLossless() const { return false; }

FailureOr<Value> DyadicAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  auto i32 = getLanes(at, b.getI32Type());
  auto f32 = getLanes(at, b.getF32Type());
  if (main.getType() != i32)
    main = arith::ExtUIOp::create(b, at.loc, i32, main);
  Value mantissa = arith::SIToFPOp::create(b, at.loc, f32, main);
  // 2^e by its exponent field; it is a normal number.
  Value exponent = at.loadStream(0, at.position, at.width, at.isExact());
  exponent = arith::ExtSIOp::create(b, at.loc, i32, exponent);
  exponent = arith::AddIOp::create(b, at.loc, exponent, splat(at, 32, 127));
  exponent = arith::ShLIOp::create(b, at.loc, exponent, splat(at, 32, 23));
  Value power = arith::BitcastOp::create(b, at.loc, f32, exponent);
  return arith::MulFOp::create(b, at.loc, mantissa, power).getResult();
}
