//===- Quantize.cpp - Values to small codes -------------------------------===//

#include "zq/Codec/Quantize.h"
#include "FloatCoder.h"
#include "Validate.h"
#include "zq/Codec/Parallel.h"

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
  const F32View f32(input);
  const float *values = elements<float>(*f32);
  Array codes(ElementType::I8, input.shape);
  Status encoded = parallelCheck(
      codes.size(), elementGrain, [&](int64_t begin, int64_t end) -> Status {
        bool isNaN = false;
        for (int64_t i = begin; i < end; ++i)
          isNaN |= std::isnan(values[i]);
        if (isNaN) {
          int64_t i = begin;
          while (!std::isnan(values[i]))
            ++i;
          return Error{elementName(input.shape, i) + " is NaN: " + keyword() +
                       " needs numbers"};
        }
        encodeMany(values + begin, end - begin, begin,
                   elements<uint8_t>(codes) + begin);
        return {};
      });
  if (!encoded)
    return encoded.error();
  return codes;
}

void Quantize::encodeMany(const float *values, int64_t count, int64_t first,
                          uint8_t *codes) const {
  for (int64_t i = 0; i < count; ++i)
    codes[i] = encodeOne(values[i], first + i);
}

Status Quantize::check(const Array *main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (!main)
    return checkShape(shape);
  if (Status valid = checkMain(keyword(), main, shape, ElementType::I8); !valid)
    return valid;
  return checkCodes(keyword(), *main, numCodes());
}

std::vector<float> zq::codec::valuesOf(const Quantize &quantizer) {
  std::vector<float> values(quantizer.numCodes());
  for (size_t code = 0; code < values.size(); ++code)
    values[code] = quantizer.decodeOne(static_cast<uint8_t>(code));
  return values;
}

Result<Array> Quantize::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const std::vector<float> valueOf = valuesOf(*this);
  Array values(ElementType::F32, shape);
  const uint8_t *codes = elements<uint8_t>(main);
  float *to = elements<float>(values);
  parallelFor(values.size(), elementGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      to[i] = valueOf[codes[i]];
  });
  return values;
}

class Quantize::Map : public ElementMap {
public:
  explicit Map(const Quantize &stage)
      : stage(stage), valueOf(valuesOf(stage)) {}

  void encode(const ElementLine &line, float *values) const override {
    for (int64_t i = 0; i < line.count; ++i)
      values[i] = valueOf[stage.encodeOne(values[i], line.at(i))];
  }
  void decode(const ElementLine &, float *) const override {}
  void readAs(const std::vector<uint8_t> &codesRead) override {
    const std::vector<float> values = valueOf;
    for (size_t code = 0; code < values.size(); ++code)
      valueOf[code] = values[codesRead[code]];
  }

private:
  const Quantize &stage;
  std::vector<float> valueOf;
};

std::unique_ptr<ElementMap> Quantize::elementMap(const std::vector<Stream> &,
                                                 const Shape &) const {
  return std::make_unique<Map>(*this);
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

void QuantizeFloat::encodeMany(const float *values, int64_t count,
                               int64_t first, uint8_t *codes) const {
  if (rounding.seed || rounding.ties != Ties::Even || !format.hasSubnormals)
    return Quantize::encodeMany(values, count, first, codes);
  const FloatCoder coder(format, /*saturate=*/true);
  if (format.hasSign)
    for (int64_t i = 0; i < count; ++i)
      codes[i] = coder.encode(values[i]);
  else
    for (int64_t i = 0; i < count; ++i)
      codes[i] = coder.encode(std::max(values[i], 0.0f));
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

void QuantizeInteger::encodeMany(const float *values, int64_t count,
                                 int64_t first, uint8_t *codes) const {
  if (rounding.seed || rounding.ties != Ties::Even || grid.step > 2)
    return Quantize::encodeMany(values, count, first, codes);
  const float low = grid.low, high = grid.high;
  if (grid.step == 2 && !grid.isTwosComplement) {
    // Ties are even and go up, so that 2k + 1 is for values from 2k on.
    const int begin = (grid.low - 1) / 2;
    for (int64_t i = 0; i < count; ++i) {
      float value = std::clamp(values[i], low, high);
      int floor = static_cast<int>(value);
      floor -= static_cast<float>(floor) > value;
      codes[i] = (floor >> 1) - begin;
    }
    return;
  }
  const int origin = grid.isTwosComplement ? 0 : grid.low;
  const int mask = grid.isTwosComplement ? (1 << grid.bits) - 1 : ~0;
  // Next to 1.5 * 2^23 f32 has the integers and nothing between, so that the
  // addition rounds, ties to even.
  const float integers = 0x1.8p23f;
  for (int64_t i = 0; i < count; ++i) {
    float rounded = std::clamp(values[i], low, high) + integers;
    int integer = int32_t(bitsOf(rounded)) - int32_t(bitsOf(integers));
    codes[i] = (integer - origin) & mask;
  }
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

void Lookup::encodeMany(const float *values, int64_t count, int64_t first,
                        uint8_t *codes) const {
  // Counting the midpoints below is faster than searching while there are few.
  if (table.size() > 32)
    return Quantize::encodeMany(values, count, first, codes);
  // A float is above a midpoint where it is above the last float that is not.
  std::vector<float> below;
  for (size_t i = 0; i + 1 < table.size(); ++i) {
    double middle = (double(table[i]) + double(table[i + 1])) / 2;
    float nearest = static_cast<float>(middle);
    below.push_back(nearest <= middle ? nearest
                                      : std::nextafter(nearest, -INFINITY));
  }
  constexpr int64_t lanes = 8;
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t here = std::min(lanes, count - i);
    float own[lanes] = {};
    std::copy(values + i, values + i + here, own);
    int32_t above[lanes] = {};
    for (float middle : below)
      for (int64_t lane = 0; lane < lanes; ++lane)
        above[lane] += own[lane] > middle;
    std::copy(above, above + here, codes + i);
  }
}

Range Lookup::inputRange(Range target) const {
  (void)target;
  return {table.front(), table.back()};
}
