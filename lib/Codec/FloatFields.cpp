//===- FloatFields.cpp - Floats as exponent and the rest ------------------===//

#include "zq/Codec/FloatFields.h"
#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/Parallel.h"

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

/// The fields of values of type T, and of the rest of each, of type Rest. (In
/// both loops what is captured is copied, so that stores of bytes, which may
/// change anything, cannot change it.)
template <typename T, typename Rest>
static void splitFields(const Array &values, int exponent, int mantissa,
                        Array &exponents, Array &rests) {
  const uint32_t exponentMask = (1u << exponent) - 1;
  const uint32_t mantissaMask = (1u << mantissa) - 1;
  const T *from = elements<T>(values);
  uint8_t *exponentTo = elements<uint8_t>(exponents);
  Rest *restTo = elements<Rest>(rests);
  parallelFor(values.size(), elementGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      uint32_t bits = from[i];
      exponentTo[i] = bits >> mantissa & exponentMask;
      restTo[i] =
          (bits >> (exponent + mantissa)) << mantissa | (bits & mantissaMask);
    }
  });
}

template <typename T, typename Rest>
static void joinFields(const Array &exponents, const Array &rests, int exponent,
                       int mantissa, Array &values) {
  const uint32_t mantissaMask = (1u << mantissa) - 1;
  const uint8_t *exponentFrom = elements<uint8_t>(exponents);
  const Rest *restFrom = elements<Rest>(rests);
  T *to = elements<T>(values);
  parallelFor(values.size(), elementGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      uint32_t rest = restFrom[i];
      to[i] = (rest >> mantissa) << (exponent + mantissa) |
              uint32_t(exponentFrom[i]) << mantissa | (rest & mantissaMask);
    }
  });
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
  switch (type) {
  case ElementType::I8:
    splitFields<uint8_t, uint8_t>(input, exponent, mantissa, exponents, rest);
    break;
  case ElementType::BF16:
    splitFields<uint16_t, uint8_t>(input, exponent, mantissa, exponents, rest);
    break;
  case ElementType::F16:
    splitFields<uint16_t, uint16_t>(input, exponent, mantissa, exponents, rest);
    break;
  default:
    splitFields<uint32_t, uint32_t>(input, exponent, mantissa, exponents, rest);
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
  if (Status valid = checkMain(keyword(), main, shape, ElementType::I8);
      !valid || !main)
    return valid;
  return checkCodes("the exponent", *main, int64_t(1) << exponent);
}

Result<Array> FloatFields::decode(const Array &main,
                                  const std::vector<Stream> &sides,
                                  const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &rest = sides[0].array;
  Array values(type, shape);
  switch (type) {
  case ElementType::I8:
    joinFields<uint8_t, uint8_t>(main, rest, exponent, mantissa, values);
    break;
  case ElementType::BF16:
    joinFields<uint16_t, uint8_t>(main, rest, exponent, mantissa, values);
    break;
  case ElementType::F16:
    joinFields<uint16_t, uint16_t>(main, rest, exponent, mantissa, values);
    break;
  default:
    joinFields<uint32_t, uint32_t>(main, rest, exponent, mantissa, values);
  }
  return values;
}
