//===- Division.cpp - Division by a constant without dividing -------------===//

#include "zq/Codec/Division.h"

#include <cassert>

using namespace zq::codec;

std::optional<Division> zq::codec::findDivision(uint64_t divisor,
                                                uint64_t largest, int bits) {
  if (divisor == 0 || largest == 0)
    return std::nullopt;
  uint64_t limit = ~uint64_t(0) >> (64 - bits);
  for (int shift = 0; shift < bits; ++shift) {
    uint64_t power = uint64_t(1) << shift;
    uint64_t multiplier = power / divisor + (power % divisor != 0);
    uint64_t excess = multiplier * divisor - power;
    // Both comparisons without a product that could overflow.
    if (excess && largest > (power - 1) / excess)
      continue;
    if (multiplier <= limit / largest)
      return Division{multiplier, shift};
  }
  return std::nullopt;
}
