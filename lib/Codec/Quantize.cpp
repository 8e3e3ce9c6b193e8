//===- Quantize.cpp - Values to small codes -------------------------------===//

#include "zq/Codec/Quantize.h"
#include "Validate.h"

#include <algorithm>
#include <cmath>
#include <functional>

using namespace zq::codec;

Result<Array> Quantize::encode(const Array &input, const Below &below,
                               std::vector<Stream> &sides) const {
  (void)below, (void)sides;
  if (Status valid = checkFloat(keyword(), input); !valid)
    return valid.error();
  Array codes(ElementType::I8, input.shape);
  for (int64_t i = 0, n = codes.size(); i < n; ++i) {
    float value = input.getFloat(i);
    if (std::isnan(value))
      return Error{elementName(input.shape, i) + " is NaN: " + keyword() +
                   " needs numbers"};
    codes.set(i, encodeOne(value));
  }
  return codes;
}

Status Quantize::check(const Array *main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (!main)
    return checkShape(shape);
  if (Status valid = checkArray("the main array of " + keyword(), *main,
                                ElementType::I8, shape);
      !valid)
    return valid;
  return checkCodes(keyword(), *main, numCodes());
}

Result<Array> Quantize::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array values(ElementType::F32, shape);
  for (int64_t i = 0, n = values.size(); i < n; ++i)
    values.set(i, decodeOne(main.get<uint8_t>(i)));
  return values;
}

QuantizeFloat::QuantizeFloat(const Minifloat &format) : format(format) {
  assert(format.bits() <= 8 && format.hasSign && format.hasSubnormals &&
         "not an element format");
}

uint8_t QuantizeFloat::encodeOne(float value) const {
  return encodeMinifloat(format, value);
}

float QuantizeFloat::decodeOne(uint8_t code) const {
  return decodeMinifloat(format, code);
}

Range QuantizeFloat::inputRange(Range target) const {
  (void)target;
  return {-format.maxFinite(), format.maxFinite()};
}

QuantizeInteger::QuantizeInteger(int bits, bool isSigned)
    : bits(bits), isSigned(isSigned) {
  assert(1 <= bits && bits <= 8 && "codes have 1 to 8 bits");
}

uint8_t QuantizeInteger::encodeOne(float value) const {
  int low = isSigned ? -(1 << (bits - 1)) : 0;
  int high = low + (1 << bits) - 1;
  // Clamped as a float, since the conversion of a large one is undefined.
  int rounded = static_cast<int>(
      std::clamp(std::nearbyint(value), float(low), float(high)));
  return rounded & ((1 << bits) - 1);
}

float QuantizeInteger::decodeOne(uint8_t code) const {
  int value = code;
  if (isSigned && (code >> (bits - 1) & 1))
    value -= 1 << bits;
  return static_cast<float>(value);
}

Range QuantizeInteger::inputRange(Range target) const {
  (void)target;
  double low = isSigned ? -(1 << (bits - 1)) : 0;
  return {low, low + (1 << bits) - 1};
}

Lookup::Lookup(std::vector<float> table) : table(std::move(table)) {
  assert(this->table.size() >= 2 && this->table.size() <= 256 &&
         "a table has 2 to 256 entries");
  assert(std::adjacent_find(this->table.begin(), this->table.end(),
                            std::greater_equal<float>()) == this->table.end() &&
         "a table increases strictly");
}

int Lookup::codeBits() const {
  int bits = 1;
  while (size_t(1) << bits < table.size())
    ++bits;
  return bits;
}

uint8_t Lookup::encodeOne(float value) const {
  // In f64, where the midpoint of two floats of like size is exact.
  int code = 0;
  while (code + 1 < int(table.size()) &&
         value > (double(table[code]) + double(table[code + 1])) / 2)
    ++code;
  return code;
}

Range Lookup::inputRange(Range target) const {
  (void)target;
  return {table.front(), table.back()};
}
