//===- Dyadic.cpp - Positive values as integers times powers of two -------===//

#include "zq/Codec/Dyadic.h"
#include "Validate.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

static constexpr int leastExponent = -126;

Dyadic::Dyadic(int bits) : bits(bits) {
  assert(1 <= bits && bits <= 24 && "mantissas have 1 to 24 bits");
}

Range Dyadic::inputRange(Range target) const {
  (void)target;
  return {0, 1};
}

Result<Array> Dyadic::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  Array mantissas(codeType(bits), input.shape);
  Array exponents(ElementType::I8, input.shape);
  const int64_t end = int64_t(1) << bits;
  for (int64_t i = 0, n = values->size(); i < n; ++i) {
    double value = values->get<float>(i);
    if (value < 0)
      return Error{elementName(input.shape, i) + " is negative: " + keyword() +
                   " has no sign"};
    if (value == 0)
      continue;
    int exponent = std::max(std::ilogb(value) + 1 - bits, leastExponent);
    // Exact in f64 but for the rounding that is meant.
    auto mantissa =
        static_cast<int64_t>(std::floor(std::ldexp(value, -exponent) + 0.5));
    if (mantissa == end) {
      mantissa /= 2;
      ++exponent;
    }
    if (exponent > largestExponent()) {
      mantissa = end - 1;
      exponent = largestExponent();
    }
    setCode(mantissas, i, static_cast<uint32_t>(mantissa));
    exponents.set(i, static_cast<int8_t>(exponent));
  }
  sides.push_back({"exponent", std::move(exponents)});
  return mantissas;
}

Status Dyadic::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  const Array &exponents = sides[0].array;
  if (Status valid =
          checkArray("stream 'exponent'", exponents, ElementType::I8, shape);
      !valid)
    return valid;
  for (int64_t i = 0, n = exponents.size(); i < n; ++i) {
    const auto exponent = exponents.get<int8_t>(i);
    if (exponent < leastExponent || exponent > largestExponent())
      return Error{elementName(shape, i) + " of stream 'exponent' is " +
                   std::to_string(exponent) + ": dyadic has exponents from " +
                   std::to_string(leastExponent) + " to " +
                   std::to_string(largestExponent())};
  }
  if (Status valid = checkMain(keyword(), main, shape, codeType(bits));
      !valid || !main)
    return valid;
  return checkCodes(keyword(), *main, int64_t(1) << bits);
}

Result<Array> Dyadic::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result(ElementType::F32, shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i) {
    float power = std::ldexp(1.0f, sides[0].array.get<int8_t>(i));
    result.set(i, static_cast<float>(getCode(main, i)) * power);
  }
  return result;
}
