//===- Pack.cpp - Codes to strings of bits -----------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Pack.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult PackAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                    Type input) const {
  return verifyCodes(emitError, input, "pack");
}

Type PackAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult PackAttr::getParts(int64_t rank, Type input, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  SmallVector<AffineExpr> sizes = getDims(getContext(), rank);
  sizes.back() = (sizes.back() * getBits(input)).ceilDiv(8);
  addStream(parts, getContext(), "codes", IntegerType::get(getContext(), 8), rank,
            sizes);
  return success();
}

int64_t PackAttr::getGranule(Type input, Operation *) const {
  return 8 / std::gcd<int64_t>(8, getBits(input));
}

Reference PackAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Pack>(getBits(input));
}

bool PackAttr::isLossless() const { return true; }

FailureOr<Value> PackAttr::emitDecode(DecodeBuilder &at, Value) const {
  OpBuilder &b = at.builder;
  int64_t bits = cast<IntegerType>(at.input).getWidth();
  SmallVector<Value> place(at.position);
  if (bits != 8) {
    // Blocks begin on a byte: eight codes fill `bits` of them, so that the
    // product is divided without a rest.
    place.back() = arith::DivUIOp::create(
        b, at.loc,
        arith::MulIOp::create(b, at.loc, place.back(), at.index(bits)),
        at.index(8));
  }
  Value bytes =
      at.loadStream(0, place, at.width * bits / 8, at.isExact());
  if (bits == 8)
    return bytes;
  return UnpackOp::create(b, at.loc, getLanes(at, b.getI8Type()), bytes, bits)
      .getResult();
}
