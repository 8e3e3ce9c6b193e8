//===- Nested.cpp - Codes of many bits, read at fewer ---------------------===//
#include "StageSupport.h"

#include "zq/Codec/Nested.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Ties;

LogicalResult NestedAttr::verify(ErrorFn emitError, int64_t bits, Ties) {
  if (bits < 1 || bits > 8)
    return emitError() << "nested: codes are read at 1 to 8 bits, and not "
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

/// Whether a tie between `low` and low + 1 goes up; `low` is the code's integer
/// divided by the step, rounded down.
static Value emitTieGoesUp(DecodeBuilder &at, Ties ties, Value low) {
  OpBuilder &b = at.builder;
  auto compare = [&](arith::CmpIPredicate predicate, Value value,
                     int64_t with) -> Value {
    return arith::CmpIOp::create(b, at.loc, predicate, value,
                                 splat(at, 8, with));
  };
  auto isPositive = [&] { return compare(arith::CmpIPredicate::sge, low, 0); };
  switch (ties) {
  case Ties::Even:
    return compare(arith::CmpIPredicate::ne,
                   arith::AndIOp::create(b, at.loc, low, splat(at, 8, 1)), 0);
  case Ties::Up:
    return splat(at, 1, 1);
  case Ties::Down:
    return splat(at, 1, 0);
  case Ties::Away:
    return isPositive();
  case Ties::Zero:
    return compare(arith::CmpIPredicate::slt, low, 0);
  }
  llvm_unreachable("not a tie rule");
}

FailureOr<Value> NestedAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  int64_t stored = zq::getBits(at.input), dropped = stored - getBits();
  if (dropped == 0)
    return main;
  auto type = getLanes(at, b.getI8Type());
  auto constant = [&](int64_t value) { return splat(at, 8, value); };

  // All in 8 bits, where codes fill the upper ones: the integer divided by the
  // step, rounded down, and what that leaves.
  Value high = arith::ShLIOp::create(b, at.loc, main, constant(8 - stored));
  Value low = arith::ShRSIOp::create(b, at.loc, high, constant(8 - getBits()));
  int64_t half = int64_t(1) << (dropped - 1);
  Value rest = arith::AndIOp::create(b, at.loc, main, constant(2 * half - 1));

  Value goesUp = arith::CmpIOp::create(b, at.loc, arith::CmpIPredicate::ugt,
                                       rest, constant(half));
  Value isTie = arith::CmpIOp::create(b, at.loc, arith::CmpIPredicate::eq, rest,
                                      constant(half));
  isTie = arith::AndIOp::create(b, at.loc, isTie,
                                emitTieGoesUp(at, getTies(), low));
  goesUp = arith::OrIOp::create(b, at.loc, goesUp, isTie);
  Value rounded = arith::AddIOp::create(
      b, at.loc, low, arith::ExtUIOp::create(b, at.loc, type, goesUp));
  rounded = arith::MinSIOp::create(
      b, at.loc, rounded, constant((int64_t(1) << (getBits() - 1)) - 1));
  rounded = arith::ShLIOp::create(b, at.loc, rounded, constant(dropped));
  return arith::AndIOp::create(b, at.loc, rounded,
                               constant((int64_t(1) << stored) - 1))
      .getResult();
}
