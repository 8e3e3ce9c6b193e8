//===- Nested.cpp - Codes of many bits, read at fewer ---------------------===//
#include "StageSupport.h"

#include "zq/Codec/Nested.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Ties;

LogicalResult NestedAttr::verify(ErrorFn emitError, int64_t bits, Ties) {
  if (bits < 1 || bits > 8)
    return emitError() << "(nested 1) codes are read at 1 to 8 bits, and not "
                       << bits;
  return success();
}

LogicalResult NestedAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  if (failed(verifyCodes(emitError, input, "nested")))
    return failure();
  if (zq::getBits(input) < getBits())
    return emitError() << "(T3) 'nested' reads " << getBits()
                       << " bits, but gets " << input;
  return success();
}

Type NestedAttr::getOutput(Type input) const { return input; }

LogicalResult NestedAttr::getParts(int64_t, Type, Operation *,
                                   SmallVectorImpl<Part> &) const {
  return success();
}

Reference NestedAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Nested>(zq::getBits(input), getBits(),
                                               getTies());
}

// The width of what it takes in is not known here.
StageCost NestedAttr::getCost(ArrayRef<int64_t>, Type input,
                              Operation *) const {
  return {getBits() == zq::getBits(input) ? 0.0 : 10.0, 0};
}

bool NestedAttr::isLossless() const { return false; }

Attribute NestedAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t bits;
  Ties ties = Ties::Even;
  if (parser.parseLess() || parser.parseKeyword("bits") ||
      parser.parseEqual() || parser.parseInteger(bits))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      (parser.parseKeyword("ties") || parser.parseEqual() ||
       parseTies(parser, ties)))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    bits, ties);
}

void NestedAttr::print(AsmPrinter &printer) const {
  printer << "<bits = " << getBits();
  if (getTies() != Ties::Even)
    printer << ", ties = " << stringifyTies(getTies());
  printer << '>';
}

FailureOr<Value> NestedAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  int64_t stored = zq::getBits(at.input), dropped = stored - getBits();
  if (dropped == 0)
    return main;
  auto constant = [&](int64_t value) { return splat(at, 32, value); };
  auto add = [&](Value left, Value right) -> Value {
    return arith::AddIOp::create(b, at.loc, left, right);
  };
  auto shiftLeft = [&](Value value, int64_t places) -> Value {
    return arith::ShLIOp::create(b, at.loc, value, constant(places));
  };
  auto shiftRight = [&](Value value, int64_t places) -> Value {
    return arith::ShRSIOp::create(b, at.loc, value, constant(places));
  };

  Value code =
      arith::ExtUIOp::create(b, at.loc, getLanes(at, b.getI32Type()), main);
  code = shiftRight(shiftLeft(code, 32 - stored), 32 - stored);

  // A shift rounds down. What is added before makes it the nearest, ties down,
  // and where a tie is to go up, one more.
  int64_t half = int64_t(1) << (dropped - 1);
  auto isNegative = [&] {
    return arith::ShRUIOp::create(b, at.loc, code, constant(31)).getResult();
  };
  Value rounded = add(code, constant(half - 1));
  switch (getTies()) {
  case Ties::Even:
    rounded =
        add(rounded, arith::AndIOp::create(b, at.loc, shiftRight(code, dropped),
                                           constant(1)));
    break;
  case Ties::Up:
    rounded = add(rounded, constant(1));
    break;
  case Ties::Down:
    break;
  case Ties::Away:
    rounded = add(rounded,
                  arith::XOrIOp::create(b, at.loc, isNegative(), constant(1)));
    break;
  case Ties::Zero:
    rounded = add(rounded, isNegative());
    break;
  }
  rounded = shiftRight(rounded, dropped);
  rounded = arith::MinSIOp::create(
      b, at.loc, rounded, constant((int64_t(1) << (getBits() - 1)) - 1));
  rounded = arith::AndIOp::create(b, at.loc, shiftLeft(rounded, dropped),
                                  constant((int64_t(1) << stored) - 1));
  return arith::TruncIOp::create(b, at.loc, getLanes(at, b.getI8Type()),
                                 rounded)
      .getResult();
}
