//===- StoredFloats.cpp - How a stage stores floats at its side -----------===//

#include "zq/Codec/StoredFloats.h"
#include "Elements.h"
#include "FloatCoder.h"

#include <algorithm>
#include <cassert>
#include <cfloat>

using namespace zq::codec;

double zq::codec::maxFinite(ElementType type) {
  switch (type) {
  case ElementType::F64:
    return DBL_MAX;
  case ElementType::F32:
    return FLT_MAX;
  case ElementType::F16:
    return Half.maxFinite();
  case ElementType::BF16:
    return BFloat.maxFinite();
  case ElementType::F8E4M3FN:
    return E4M3FN.maxFinite();
  case ElementType::F8E5M2:
    return E5M2.maxFinite();
  case ElementType::F8E8M0FNU:
    return E8M0.maxFinite();
  default:
    assert(false && "not a floating-point type");
    return 0;
  }
}

StoredFloats::StoredFloats(ElementType type) : element(type) {}

StoredFloats::StoredFloats(CodecRef codec)
    : element(codec->stages().front()->decodedType()), own(std::move(codec)) {}

bool StoredFloats::isSigned() const {
  return own ? own->inputRange().low < 0 : element != ElementType::F8E8M0FNU;
}

double StoredFloats::largestScale() const {
  bool isWide = own || element == ElementType::F32 ||
                element == ElementType::BF16 ||
                element == ElementType::F8E8M0FNU;
  return isWide ? 1 : maxFinite(element);
}

float StoredFloats::round(float value) const {
  value = std::clamp(value, -FLT_MAX, FLT_MAX);
  auto pass = [value](const Minifloat &format) {
    FloatCoder coder(format, /*saturate=*/true);
    return coder.decode(coder.encode(value));
  };
  switch (element) {
  case ElementType::F16:
    return pass(Half);
  case ElementType::BF16:
    return pass(BFloat);
  case ElementType::F8E4M3FN:
    return pass(E4M3FN);
  case ElementType::F8E5M2:
    return pass(E5M2);
  case ElementType::F8E8M0FNU:
    return E8M0Coder().decode(E8M0Coder().encode(value));
  default:
    return value;
  }
}

Array StoredFloats::round(const Array &values) const {
  Array result = *F32View(values);
  for (int64_t i = 0, n = result.size(); i < n; ++i)
    result.set(i, round(result.get<float>(i)));
  return converted(result, element);
}

Range StoredFloats::range() const {
  if (own)
    return own->inputRange();
  return {isSigned() ? -maxFinite(element) : 0, maxFinite(element)};
}

Result<Array> StoredFloats::readBack(const Array &side,
                                     const std::string &what) const {
  if (!own)
    return side;
  Result<Array> read = own->roundTrip(side);
  if (!read)
    return Error{what + ": " + read.message()};
  return read;
}
