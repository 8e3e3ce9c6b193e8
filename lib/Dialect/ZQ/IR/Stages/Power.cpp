//===- Power.cpp - Integers of a power of the value -----------------------===//
#include "StageSupport.h"

#include "zq/Codec/Power.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult PowerAttr::verify(ErrorFn emitError, int64_t bits,
                                APFloat exponent) {
  if (bits < 2 || bits > 8)
    return emitError() << "(power 1) codes have 2 to 8 bits, and not " << bits;
  if (!exponent.isFiniteNonZero() || exponent.isNegative())
    return emitError() << "(power 2) the exponent is positive";
  return success();
}

LogicalResult PowerAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                     Type input) const {
  return verifyValues(emitError, input, "power");
}

Type PowerAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), getBits());
}

LogicalResult PowerAttr::getParts(int64_t, Type, Operation *,
                                  SmallVectorImpl<Part> &) const {
  return success();
}

static ::zq::codec::Power getStage(PowerAttr attribute) {
  return ::zq::codec::Power(attribute.getBits(),
                            attribute.getExponent().convertToDouble());
}

Reference PowerAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Power>(getStage(*this));
}

StageCost PowerAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return getLookupCost(int64_t(1) << getBits());
}

bool PowerAttr::isLossless() const { return false; }

Attribute PowerAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t bits;
  APFloat exponent(0.0);
  if (parser.parseLess() || parser.parseKeyword("bits") ||
      parser.parseEqual() || parser.parseInteger(bits) || parser.parseComma() ||
      parser.parseKeyword("exponent") || parser.parseEqual() ||
      parser.parseFloat(exponent.getSemantics(), exponent) ||
      parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    bits, exponent);
}

void PowerAttr::print(AsmPrinter &printer) const {
  printer << "<bits = " << getBits() << ", exponent = ";
  printer.printFloat(getExponent());
  printer << '>';
}

FailureOr<Value> PowerAttr::emitDecode(DecodeBuilder &at, Value main) const {
  ::zq::codec::Power stage = getStage(*this);
  SmallVector<float> values;
  for (int code = 0; code < stage.numCodes(); ++code)
    values.push_back(stage.decodeOne(code));
  return emitLookup(at, main, values);
}
