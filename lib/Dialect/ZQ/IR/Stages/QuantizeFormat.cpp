//===- QuantizeFormat.cpp - What `quantize` rounds to ---------------------===//
#include "zq/Dialect/ZQ/IR/QuantizeFormat.h"

#include "mlir/IR/BuiltinTypes.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::IntegerGrid;
using ::zq::codec::Minifloat;
using ::zq::codec::QuantizeFloat;
using ::zq::codec::QuantizeInteger;
using ::zq::codec::Ties;

QuantizeFormat QuantizeFormat::get(const Minifloat &format) {
  return {Kind::Float, format.bits(), format.hasSign, format.exponentBits,
          format.mantissaBits};
}

std::optional<QuantizeFormat> QuantizeFormat::get(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    if (!integer.isSignless() && integer.getWidth() >= 1 &&
        integer.getWidth() <= 8)
      return QuantizeFormat{integer.isSigned() ? Kind::Signed : Kind::Unsigned,
                            integer.getWidth()};
  if (std::optional<Minifloat> format = toMinifloat(type))
    return get(*format);
  return std::nullopt;
}

Minifloat QuantizeFormat::getMinifloat() const {
  Minifloat fields{};
  fields.hasSign = hasSign;
  fields.exponentBits = exponentBits;
  fields.mantissaBits = mantissaBits;
  return *::zq::codec::parseMinifloat(fields.name());
}

std::shared_ptr<const ::zq::codec::Quantize>
QuantizeFormat::getReference(::zq::codec::Rounding rounding) const {
  auto integers = [&](IntegerGrid grid) {
    return std::make_shared<QuantizeInteger>(grid, rounding);
  };
  switch (kind) {
  case Kind::Signed:
    return integers(IntegerGrid::full(size, true));
  case Kind::Unsigned:
    return integers(IntegerGrid::full(size, false));
  case Kind::Symmetric:
    return integers(IntegerGrid::symmetric(size));
  case Kind::Bipolar:
    return integers(IntegerGrid::bipolar(size));
  case Kind::Levels:
    return integers(IntegerGrid::levels(size));
  case Kind::Float:
    return std::make_shared<QuantizeFloat>(getMinifloat(), rounding);
  }
  llvm_unreachable("a kind of format without a reference");
}

bool QuantizeFormat::operator==(const QuantizeFormat &other) const {
  return kind == other.kind && size == other.size && hasSign == other.hasSign &&
         exponentBits == other.exponentBits &&
         mantissaBits == other.mantissaBits;
}

llvm::hash_code mlir::zq::hash_value(const QuantizeFormat &format) {
  return llvm::hash_combine(format.kind, format.size, format.hasSign,
                            format.exponentBits, format.mantissaBits);
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static InFlightDiagnostic refuse(AsmParser &parser, SMLoc loc) {
  return parser.emitError(loc)
         << "(quantize 1) the type is siN or uiN with N from 1 to 8, f4E2M1FN, "
            "f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, or eXmY or ueXmY of at "
            "most 8 bits, and not ";
}

FailureOr<QuantizeFormat> mlir::zq::parseQuantizeFormat(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  Type type;
  OptionalParseResult isType = parser.parseOptionalType(type);
  if (isType.has_value()) {
    if (failed(*isType))
      return failure();
    if (std::optional<QuantizeFormat> format = QuantizeFormat::get(type))
      return *format;
    refuse(parser, loc) << type;
    return failure();
  }
  std::string name;
  if (parser.parseKeywordOrString(&name))
    return failure();
  if (name == "levels") {
    int64_t count;
    if (parser.parseEqual() || parser.parseInteger(count))
      return failure();
    return QuantizeFormat{QuantizeFormat::Kind::Levels, count};
  }
  if (std::optional<Minifloat> format = ::zq::codec::parseMinifloat(name))
    return QuantizeFormat::get(*format);
  refuse(parser, loc) << "'" << name << "'";
  return failure();
}

void mlir::zq::printQuantizeFormat(AsmPrinter &printer,
                                   const QuantizeFormat &format,
                                   MLIRContext *context) {
  using Kind = QuantizeFormat::Kind;
  switch (format.kind) {
  case Kind::Levels:
    printer << "levels = " << format.size;
    return;
  case Kind::Float: {
    for (Type type : {Type(Float4E2M1FNType::get(context)),
                      Type(Float6E2M3FNType::get(context)),
                      Type(Float6E3M2FNType::get(context)),
                      Type(Float8E4M3FNType::get(context)),
                      Type(Float8E5M2Type::get(context))})
      if (QuantizeFormat::get(type) == format) {
        printer << type;
        return;
      }
    printer << format.getMinifloat().name();
    return;
  }
  default:
    printer << (format.kind == Kind::Unsigned ? "ui" : "si") << format.size;
    if (format.kind == Kind::Symmetric)
      printer << ", symmetric";
    else if (format.kind == Kind::Bipolar)
      printer << ", bipolar";
  }
}

StringRef mlir::zq::stringifyTies(Ties ties) {
  switch (ties) {
  case Ties::Even:
    return "even";
  case Ties::Up:
    return "up";
  case Ties::Down:
    return "down";
  case Ties::Away:
    return "away";
  case Ties::Zero:
    return "zero";
  }
  llvm_unreachable("a tie rule without a keyword");
}

ParseResult mlir::zq::parseTies(AsmParser &parser, Ties &ties) {
  StringRef keyword;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&keyword))
    return failure();
  for (Ties rule : {Ties::Even, Ties::Up, Ties::Down, Ties::Away, Ties::Zero})
    if (keyword == stringifyTies(rule)) {
      ties = rule;
      return success();
    }
  return parser.emitError(loc)
         << "ties go to even, up, down, away or zero, and not '" << keyword
         << "'";
}
