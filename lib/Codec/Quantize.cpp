//===- Quantize.cpp - Values to small codes -------------------------------===//

#include "zq/Codec/Quantize.h"
#include "Validate.h"

#include <algorithm>
#include <cmath>
#include <functional>

using namespace zq::codec;

int zq::codec::bitsFor(int64_t count) {
  int bits = 1;
  while (int64_t(1) << bits < count)
    ++bits;
  return bits;
}

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
    codes.set(i, encodeOne(value, i));
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

QuantizeFloat::QuantizeFloat(const Minifloat &format, Rounding rounding)
    : format(format), rounding(rounding) {
  assert(format.bits() <= 8 && "not a minifloat");
}

uint8_t QuantizeFloat::encodeOne(float value, int64_t index) const {
  if (!format.hasSign)
    value = std::max(value, 0.0f);
  uint8_t nearest = encodeMinifloat(format, value);
  if (std::isinf(value) || (!rounding.seed && rounding.ties == Ties::Even))
    return nearest;

  // The codes of the neighbours, by magnitude.
  int signBit = format.hasSign ? 1 << (format.bits() - 1) : 0;
  int sign = nearest & signBit, lower = nearest & ~signBit;
  double magnitude = std::clamp(std::fabs(value), decodeMinifloat(format, 0),
                                format.maxFinite());
  if (decodeMinifloat(format, lower) > magnitude)
    --lower;
  double inner = decodeMinifloat(format, lower);
  if (inner == magnitude)
    return sign | lower;
  double outer = decodeMinifloat(format, lower + 1);
  bool isOdd = lower & 1;
  bool takesOuter =
      sign ? !roundsUp(rounding, -outer, -inner, !isOdd, -magnitude, index)
           : roundsUp(rounding, inner, outer, isOdd, magnitude, index);
  return sign | (lower + takesOuter);
}

float QuantizeFloat::decodeOne(uint8_t code) const {
  return decodeMinifloat(format, code);
}

Range QuantizeFloat::inputRange(Range target) const {
  (void)target;
  double largest = format.maxFinite();
  return {format.hasSign ? -largest : 0, largest};
}

IntegerGrid IntegerGrid::full(int bits, bool isSigned) {
  assert(1 <= bits && bits <= 8 && "codes have 1 to 8 bits");
  int low = isSigned ? -(1 << (bits - 1)) : 0;
  return {low, low + (1 << bits) - 1, 1, true, bits};
}

IntegerGrid IntegerGrid::symmetric(int bits) {
  assert(2 <= bits && bits <= 8 && "symmetric codes have 2 to 8 bits");
  int high = (1 << (bits - 1)) - 1;
  return {-high, high, 1, true, bits};
}

IntegerGrid IntegerGrid::bipolar(int bits) {
  assert(1 <= bits && bits <= 8 && "codes have 1 to 8 bits");
  int high = (1 << bits) - 1;
  return {-high, high, 2, false, bits};
}

IntegerGrid IntegerGrid::levels(int count) {
  assert(3 <= count && count <= 255 && count % 2 && "levels are odd in number");
  return {-(count / 2), count / 2, 1, false, bitsFor(count)};
}

int QuantizeInteger::numCodes() const {
  return grid.isTwosComplement ? 1 << grid.bits
                               : (grid.high - grid.low) / grid.step + 1;
}

uint8_t QuantizeInteger::encodeOne(float value, int64_t index) const {
  // In f64, where every step is exact but for values too small to matter.
  double x = std::clamp(double(value), double(grid.low), double(grid.high));
  int step = grid.step, phase = step - 1;
  int low = step * static_cast<int>(std::floor((x + phase) / step)) - phase;
  int result = low;
  bool highIsEven = step == 2 || low % 2 != 0;
  if (x != low && roundsUp(rounding, low, low + step, highIsEven, x, index))
    result += step;
  return grid.isTwosComplement ? result & ((1 << grid.bits) - 1)
                               : (result - grid.low) / step;
}

float QuantizeInteger::decodeOne(uint8_t code) const {
  int value = code;
  if (!grid.isTwosComplement)
    value = grid.low + grid.step * code;
  else if (grid.low < 0 && (code >> (grid.bits - 1) & 1))
    value -= 1 << grid.bits;
  return static_cast<float>(value);
}

Range QuantizeInteger::inputRange(Range target) const {
  (void)target;
  return {double(grid.low), double(grid.high)};
}

Lookup::Lookup(std::vector<float> table) : table(std::move(table)) {
  assert(this->table.size() >= 2 && this->table.size() <= 256 &&
         "a table has 2 to 256 entries");
  assert(std::adjacent_find(this->table.begin(), this->table.end(),
                            std::greater_equal<float>()) == this->table.end() &&
         "a table increases strictly");
}

int Lookup::codeBits() const { return bitsFor(numCodes()); }

uint8_t Lookup::encodeOne(float value, int64_t index) const {
  (void)index;
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
