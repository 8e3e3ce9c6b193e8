//===- Fields.cpp - Fields of a float -------------------------------------===//
#include "StageSupport.h"

#include "zq/Codec/FloatFields.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::FloatFields;

/// Whether values of `type` are split, and not a quantizer's codes.
static bool isOfValues(Type type) {
  return type.isF16() || type.isBF16() || type.isF32();
}

/// The stage of the reference; `restCodec` is that of sign and mantissa.
static FloatFields getFields(Type type,
                             ::zq::codec::CodecRef restCodec = nullptr) {
  if (isOfValues(type))
    return FloatFields(*toReferenceType(type), std::move(restCodec));
  return FloatFields(*toMinifloat(type), std::move(restCodec));
}

LogicalResult FieldsAttr::verify(ErrorFn emitError, Type type,
                                 Attribute stored) {
  if (!isOfValues(type) && !toMinifloat(type))
    return emitError() << "(fields 1) the type is f16, bf16, f32 or a smaller "
                          "float of a quantizer, and not "
                       << type;
  return success();
}

LogicalResult FieldsAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  if (isOfValues(getType())) {
    if (input == getType())
      return success();
    return emitError() << "(T3) 'fields' takes in " << getType()
                       << " values, but gets " << input;
  }
  unsigned bits = toMinifloat(getType())->bits();
  if (input.isInteger(bits))
    return success();
  return emitError() << "(T3) 'fields' takes in the " << bits
                     << "-bit codes of " << getType() << ", but gets " << input;
}

Type FieldsAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), getFields(getType()).exponentBits());
}

LogicalResult FieldsAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  int64_t bits = getFields(getType()).restBits();
  auto codec = dyn_cast_or_null<CodecAttr>(getStored());
  // As it is a code lies in a byte or more; a codec knows its exact width.
  Type element =
      codec ? IntegerType::get(getContext(), bits)
            : fromReferenceType(getContext(), ::zq::codec::codeType(bits));
  addStream(parts, getContext(), "sign_mantissa", element, rank,
            getDims(getContext(), rank));
  parts.back().codec = codec;
  return success();
}

StageAttrInterface FieldsAttr::withPlainPart(unsigned, Type) const {
  return get(getContext(), getType(), Attribute());
}

Reference FieldsAttr::getReference(Type) const {
  auto codec = dyn_cast_or_null<CodecAttr>(getStored());
  if (!codec)
    return std::make_shared<FloatFields>(getFields(getType()));
  auto rest = codec.getReference(
      IntegerType::get(getContext(), getFields(getType()).restBits()));
  if (!rest)
    return nullptr;
  return std::make_shared<FloatFields>(getFields(getType(), rest));
}

StageCost FieldsAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {4, 0};
}

bool FieldsAttr::isLossless() const {
  auto codec = dyn_cast_or_null<CodecAttr>(getStored());
  return !codec || codec.isLossless();
}

Attribute FieldsAttr::parse(AsmParser &parser, Type) {
  Type type;
  CodecAttr codec;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseType(type))
    return {};
  if (succeeded(parser.parseOptionalComma()) && parseCodecList(parser, codec))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    type, Attribute(codec));
}

void FieldsAttr::print(AsmPrinter &printer) const {
  printer << '<' << getType();
  if (getStored()) {
    printer << ", ";
    printStored(printer, getStored());
  }
  printer << '>';
}

FailureOr<Value> FieldsAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  FloatFields fields = getFields(getType());
  unsigned width =
      isOfValues(getType()) ? getType().getIntOrFloatBitWidth() : 8;
  auto type = getLanes(at, b.getIntegerType(width));
  auto extend = [&](Value codes) -> Value {
    if (codes.getType() == type)
      return codes;
    return arith::ExtUIOp::create(b, at.loc, type, codes);
  };

  FailureOr<Value> stored =
      at.load(0, at.position, at.width, at.width, at.isExact());
  if (failed(stored))
    return failure();
  Value rest = extend(*stored), exponent = extend(main);
  Value sign, mantissa;
  if (fields.hasSign())
    sign = arith::ShLIOp::create(
        b, at.loc,
        arith::AndIOp::create(
            b, at.loc, rest,
            splat(at, width, int64_t(1) << fields.mantissaBits())),
        splat(at, width, fields.exponentBits()));
  if (fields.mantissaBits())
    mantissa = arith::AndIOp::create(
        b, at.loc, rest,
        splat(at, width, (int64_t(1) << fields.mantissaBits()) - 1));
  Value bits = arith::ShLIOp::create(b, at.loc, exponent,
                                     splat(at, width, fields.mantissaBits()));
  for (Value field : {mantissa, sign})
    if (field)
      bits = arith::OrIOp::create(b, at.loc, bits, field);
  if (!isOfValues(getType()))
    return bits;
  return arith::BitcastOp::create(b, at.loc, getLanes(at, getType()), bits)
      .getResult();
}
