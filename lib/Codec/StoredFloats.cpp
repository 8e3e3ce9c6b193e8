//===- StoredFloats.cpp - How a stage stores floats at its side -----------===//

#include "zq/Codec/StoredFloats.h"
#include "zq/Codec/Minifloat.h"

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
  float largest = static_cast<float>(
      std::min(maxFinite(element), maxFinite(ElementType::F32)));
  Array slot(element, {1});
  slot.setFloat(0, std::clamp(value, -largest, largest));
  return slot.getFloat(0);
}

Array StoredFloats::round(const Array &values) const {
  Array result(element, values.shape);
  for (int64_t i = 0, n = values.size(); i < n; ++i)
    result.setFloat(i, round(values.getFloat(i)));
  return result;
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
