//===- Power.cpp - Integers of a power of the value -----------------------===//

#include "zq/Codec/Power.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

Power::Power(int bits, double exponent) : bits(bits), exponent(exponent) {
  assert(2 <= bits && bits <= 8 && "codes have 2 to 8 bits");
  assert(exponent > 0 && std::isfinite(exponent) && "not a power");
  int count = 1 << bits, largest = count / 2 - 1;
  for (int code = 0; code < count; ++code) {
    int integer = code > largest ? code - count : code;
    double magnitude = std::min(std::abs(integer), largest) / double(largest);
    double value = std::pow(magnitude, 1 / exponent);
    values.push_back(static_cast<float>(integer < 0 ? -value : value));
  }
}

uint8_t Power::encodeOne(float value, int64_t index) const {
  (void)index;
  int count = 1 << bits, largest = count / 2 - 1;
  double magnitude = std::min(std::fabs(double(value)), 1.0);
  int code =
      static_cast<int>(std::nearbyint(largest * std::pow(magnitude, exponent)));
  return (value < 0 ? -code : code) & (count - 1);
}

Range Power::inputRange(Range target) const {
  (void)target;
  return {-1, 1};
}
