//===- Quantize.cpp - Values to small codes ----------------------------===//
#include "StageSupport.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Ties;
using Kind = QuantizeFormat::Kind;

LogicalResult QuantizeAttr::verify(ErrorFn emitError, QuantizeFormat format,
                                   Ties ties, std::optional<uint64_t> seed) {
  if (format.kind == Kind::Symmetric && format.size < 2)
    return emitError() << "(quantize 3) symmetric integers have 2 to 8 bits";
  if (format.kind == Kind::Levels &&
      (format.size < 3 || format.size > 255 || format.size % 2 == 0))
    return emitError()
           << "(quantize 4) the number of levels is odd and from 3 to "
              "255, and not "
           << format.size;
  if (seed && ties != Ties::Even)
    return emitError() << "(quantize 5) stochastic rounding knows no ties";
  return success();
}

LogicalResult QuantizeAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                        Type input) const {
  return verifyValues(emitError, input, "quantize");
}

Type QuantizeAttr::getOutput(Type) const {
  return IntegerType::get(getContext(),
                          getFormat().getReference({})->codeBits());
}

LogicalResult QuantizeAttr::getParts(int64_t, Type, Operation *,
                                     SmallVectorImpl<Part> &) const {
  return success();
}

Reference QuantizeAttr::getReference(Type) const {
  ::zq::codec::Rounding rounding(getTies());
  rounding.seed = getSeed();
  return getFormat().getReference(rounding);
}

// A lookup, the fields of a float, or an extension and a conversion.
StageCost QuantizeAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  QuantizeFormat format = getFormat();
  if (format.kind == QuantizeFormat::Kind::Float)
    return {format.getMinifloat().bits() > 5 ? 8.0 : 2.0, 0};
  return {2, 0};
}

bool QuantizeAttr::isLossless() const { return false; }

Attribute QuantizeAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  FailureOr<QuantizeFormat> format = parseQuantizeFormat(parser);
  if (failed(format))
    return {};
  Ties ties = Ties::Even;
  std::optional<uint64_t> seed;
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc optionLoc = parser.getCurrentLocation();
    StringRef option;
    if (parser.parseKeyword(&option))
      return {};
    if (option == "symmetric" || option == "bipolar") {
      if (format->kind != Kind::Signed) {
        parser.emitError(optionLoc)
            << "(quantize 2) '" << option << "' is for siN alone";
        return {};
      }
      format->kind = option == "bipolar" ? Kind::Bipolar : Kind::Symmetric;
    } else if (option == "ties") {
      if (parser.parseEqual() || parseTies(parser, ties))
        return {};
    } else if (option == "stochastic") {
      if (parser.parseEqual() || parser.parseInteger(seed.emplace()))
        return {};
    } else {
      parser.emitError(optionLoc)
          << "quantize: the options are symmetric, bipolar, ties and "
             "stochastic, and not '"
          << option << "'";
      return {};
    }
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *format, ties, seed);
}

void QuantizeAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printQuantizeFormat(printer, getFormat(), getContext());
  if (getTies() != Ties::Even)
    printer << ", ties = " << stringifyTies(getTies());
  if (getSeed())
    printer << ", stochastic = " << *getSeed();
  printer << '>';
}

FailureOr<Value> QuantizeAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  QuantizeFormat format = getFormat();
  if (format.kind == Kind::Float) {
    ::zq::codec::Minifloat minifloat = format.getMinifloat();
    // Where the values fit one or two registers a lookup is the shortest way.
    if (minifloat.bits() > 5)
      return emitMinifloatToF32(b, at.loc, main, minifloat);
    SmallVector<float> values;
    for (int code = 0; code < (1 << minifloat.bits()); ++code)
      values.push_back(::zq::codec::decodeMinifloat(minifloat, code));
    return emitLookup(at, main, values);
  }

  Value wide =
      arith::ExtUIOp::create(b, at.loc, getLanes(at, b.getI32Type()), main);
  auto constant = [&](int64_t value) { return splat(at, 32, value); };
  switch (format.kind) {
  case Kind::Signed:
  case Kind::Symmetric:
    wide = arith::ShLIOp::create(b, at.loc, wide, constant(32 - format.size));
    wide = arith::ShRSIOp::create(b, at.loc, wide, constant(32 - format.size));
    break;
  case Kind::Bipolar:
    wide = arith::ShLIOp::create(b, at.loc, wide, constant(1));
    wide = arith::SubIOp::create(b, at.loc, wide,
                                 constant((int64_t(1) << format.size) - 1));
    break;
  case Kind::Levels:
    wide = arith::SubIOp::create(b, at.loc, wide, constant(format.size / 2));
    break;
  case Kind::Unsigned:
  case Kind::Float:
    break;
  }
  return arith::SIToFPOp::create(b, at.loc, getLanes(at, b.getF32Type()), wide)
      .getResult();
}
