//===- Lattice.cpp - Points of a lattice near the origin ------------------===//

#include "zq/Codec/Lattice.h"

#include <cassert>
#include <cmath>
#include <limits>

using namespace zq::codec;

/// The base vectors of squared norm 12: bit j says that element j is 1/2.
static constexpr uint8_t squaredNorm12[29] = {
    0x0E, 0x0D, 0x0B, 0x07, 0xC8, 0xA8, 0x98, 0x68, 0x58, 0x38,
    0xC4, 0xA4, 0x94, 0x64, 0x54, 0x34, 0xC2, 0xA2, 0x92, 0x62,
    0x52, 0x31, 0xC1, 0xA1, 0x91, 0x61, 0x51, 0x13, 0x8C};

static std::array<LatticeE8P::Vector, 256> makeBases() {
  std::array<LatticeE8P::Vector, 256> bases;
  size_t count = 0;
  auto append = [&](LatticeE8P::Vector twice) {
    int sum = 0;
    for (int8_t element : twice)
      sum += static_cast<int>(element);
    // The sum of the halves is even where that of the doubles is 0 mod 4.
    if (sum % 4 != 0)
      twice[7] = -twice[7];
    bases[count++] = twice;
  };
  // Counting in base 3, element 0 first, is lexicographic order.
  for (int number = 0; number < 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3; ++number) {
    LatticeE8P::Vector twice;
    int squaredNorm = 0;
    for (int j = 7, digits = number; j >= 0; --j, digits /= 3) {
      twice[j] = 2 * (digits % 3) + 1;
      squaredNorm += twice[j] * twice[j];
    }
    if (squaredNorm <= 4 * 10)
      append(twice);
  }
  for (uint8_t halves : squaredNorm12) {
    LatticeE8P::Vector twice;
    for (int j = 0; j < 8; ++j)
      twice[j] = halves >> j & 1 ? 1 : 3;
    append(twice);
  }
  assert(count == bases.size() && "227 and 29 base vectors");
  return bases;
}

const std::array<LatticeE8P::Vector, 256> &LatticeE8P::twiceBases() {
  static const std::array<Vector, 256> bases = makeBases();
  return bases;
}

void LatticeE8P::decodeVector(uint32_t code, float *values) const {
  const Vector &base = twiceBases()[code >> 8];
  uint32_t negated = code & 0xFF;
  uint32_t isOdd = 0;
  for (int j = 0; j < 8; ++j)
    isOdd ^= negated >> j & 1;
  negated ^= isOdd;
  for (int j = 0; j < 8; ++j) {
    float value = 0.5f * base[j];
    if (negated >> signBit(j) & 1)
      value = -value;
    values[j] = isOdd ? value - 0.25f : value + 0.25f;
  }
}

uint32_t LatticeE8P::encodeVector(const float *values) const {
  double nearest = std::numeric_limits<double>::infinity();
  uint32_t code = 0;
  for (uint32_t isOdd : {0u, 1u}) {
    double rest[8], squares = 0;
    for (int j = 0; j < 8; ++j) {
      rest[j] = double(values[j]) + (isOdd ? 0.25 : -0.25);
      squares += rest[j] * rest[j];
    }
    for (uint32_t index = 0; index < 256; ++index) {
      // The best signs are those of `rest`, if that negates an even number;
      // else one more has to change, where it costs least.
      const Vector &base = twiceBases()[index];
      uint32_t negated = 0, changed = 0;
      bool negatesOdd = false;
      double distance = squares;
      double cost = std::numeric_limits<double>::infinity();
      for (int j = 0; j < 8; ++j) {
        double magnitude = 0.5 * std::abs(base[j]);
        double product = std::fabs(rest[j]) * magnitude;
        distance += magnitude * magnitude - 2 * product;
        if ((rest[j] < 0) != (base[j] < 0)) {
          negated |= 1u << signBit(j);
          negatesOdd = !negatesOdd;
        }
        if (product < cost) {
          cost = product;
          changed = 1u << signBit(j);
        }
      }
      if (negatesOdd) {
        distance += 4 * cost;
        negated ^= changed;
      }
      if (distance < nearest) {
        nearest = distance;
        code = index << 8 | (negated ^ isOdd);
      }
    }
  }
  return code;
}

Range LatticeE8P::inputRange(Range target) const {
  (void)target;
  return {-2.75, 2.75};
}
