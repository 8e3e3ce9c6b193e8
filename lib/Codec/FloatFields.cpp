//===- FloatFields.cpp - Floats as exponent and the rest ------------------===//

#include "zq/Codec/FloatFields.h"
#include "Validate.h"

#include <cassert>

using namespace zq::codec;

FloatFields::FloatFields(ElementType type, CodecRef restCodec)
    : type(type), exponent(type == ElementType::F16 ? 5 : 8),
      mantissa(type == ElementType::F16    ? 10
               : type == ElementType::BF16 ? 7
                                           : 23),
      sign(1), restCodec(std::move(restCodec)) {
  assert((type == ElementType::F16 || type == ElementType::BF16 ||
          type == ElementType::F32) &&
         "fields splits f16, bf16 and f32");
}

FloatFields::FloatFields(const Minifloat &codes, CodecRef restCodec)
    : type(ElementType::I8), exponent(codes.exponentBits),
      mantissa(codes.mantissaBits), sign(codes.hasSign),
      restCodec(std::move(restCodec)) {
  assert(codes.bits() <= 8 && exponent >= 1 && restBits() >= 1 &&
         "fields splits codes of up to 8 bits in two");
}

Result<Array> FloatFields::encode(const Array &input, const Below &below,
                                  std::vector<Stream> &sides) const {
  (void)below;
  if (Status valid =
          checkArray("the input of fields", input, type, input.shape);
      !valid)
    return valid.error();
  if (type == ElementType::I8)
    if (Status valid =
            checkCodes(keyword(), input, int64_t(1) << (exponent + restBits()));
        !valid)
      return valid.error();

  Array exponents(ElementType::I8, input.shape);
  Array rest(codeType(restBits()), input.shape);
  uint32_t exponentMask = (1u << exponent) - 1;
  uint32_t mantissaMask = (1u << mantissa) - 1;
  for (int64_t i = 0, n = input.size(); i < n; ++i) {
    uint32_t bits = getCode(input, i);
    setCode(exponents, i, bits >> mantissa & exponentMask);
    setCode(rest, i,
            (bits >> (exponent + mantissa)) << mantissa |
                (bits & mantissaMask));
  }
  sides.push_back({"sign_mantissa", std::move(rest)});
  return exponents;
}

Status FloatFields::check(const Array *main, const std::vector<Stream> &sides,
                          const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 1); !valid)
    return valid;
  const Array &rest = sides[0].array;
  if (Status valid = checkArray("stream 'sign_mantissa'", rest,
                                codeType(restBits()), shape);
      !valid)
    return valid;
  if (Status valid =
          checkCodes("sign_mantissa", rest, int64_t(1) << restBits());
      !valid)
    return valid;
  if (!main)
    return {};
  if (Status valid =
          checkArray("the main array of fields", *main, ElementType::I8, shape);
      !valid)
    return valid;
  return checkCodes("the exponent", *main, int64_t(1) << exponent);
}

Result<Array> FloatFields::decode(const Array &main,
                                  const std::vector<Stream> &sides,
                                  const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array values(type, shape);
  uint32_t mantissaMask = (1u << mantissa) - 1;
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    uint32_t rest = getCode(sides[0].array, i);
    setCode(values, i,
            (rest >> mantissa) << (exponent + mantissa) |
                getCode(main, i) << mantissa | (rest & mantissaMask));
  }
  return values;
}
