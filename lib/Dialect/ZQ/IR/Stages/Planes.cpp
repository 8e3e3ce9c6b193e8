//===- Planes.cpp - The low bits of codes aside ---------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Planes.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult PlanesAttr::verify(ErrorFn emitError, int64_t low, CodecAttr) {
  if (low < 1 || low > 7)
    return emitError() << "(planes 1) 1 to 7 bits are low, and not " << low;
  return success();
}

LogicalResult PlanesAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  if (failed(verifyCodes(emitError, input, "planes")))
    return failure();
  if (zq::getBits(input) <= getLow())
    return emitError() << "(T3) 'planes' takes in codes of more than "
                       << getLow() << " bits, but gets " << input;
  return success();
}

Type PlanesAttr::getOutput(Type input) const {
  return IntegerType::get(getContext(), zq::getBits(input) - getLow());
}

LogicalResult PlanesAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  // As it is a code lies in a byte; a codec knows its exact width.
  Type codes = IntegerType::get(getContext(), getStored() ? getLow() : 8);
  addStream(parts, getContext(), "low", codes, rank,
            getDims(getContext(), rank));
  parts.back().codec = getStored();
  return success();
}

StageAttrInterface PlanesAttr::withPlainPart(unsigned, Type) const {
  return get(getContext(), getLow(), CodecAttr());
}

Reference PlanesAttr::getReference(Type input) const {
  std::shared_ptr<const ::zq::codec::Codec> low;
  if (getStored()) {
    low = getStored().getReference(IntegerType::get(getContext(), getLow()));
    if (!low)
      return nullptr;
  }
  return std::make_shared<::zq::codec::Planes>(zq::getBits(input), getLow(),
                                               low);
}

// A shift, and the other bits.
StageCost PlanesAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {2, 0};
}

bool PlanesAttr::isLossless() const {
  return !getStored() || getStored().isLossless();
}

Attribute PlanesAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t low;
  CodecAttr stored;
  if (parser.parseLess() || parser.parseKeyword("low") || parser.parseEqual() ||
      parser.parseInteger(low))
    return {};
  if (succeeded(parser.parseOptionalComma()) && parseCodecList(parser, stored))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    low, stored);
}

void PlanesAttr::print(AsmPrinter &printer) const {
  printer << "<low = " << getLow();
  if (getStored()) {
    printer << ", ";
    printCodecList(printer, getStored());
  }
  printer << '>';
}

FailureOr<Value> PlanesAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  FailureOr<Value> stored =
      at.load(0, at.position, at.width, at.width, at.isExact());
  if (failed(stored))
    return failure();
  Value low = arith::AndIOp::create(b, at.loc, *stored,
                                    splat(at, 8, (int64_t(1) << getLow()) - 1));
  Value upper = arith::ShLIOp::create(b, at.loc, main, splat(at, 8, getLow()));
  return arith::OrIOp::create(b, at.loc, upper, low).getResult();
}
