//===- Minifloat.cpp - Small floating-point formats -----------------------===//

#include "zq/Codec/Minifloat.h"

#include <cassert>
#include <cmath>
#include <cstring>

using namespace zq::codec;

float Minifloat::maxFinite() const {
  return decodeFloat(*this, maxFiniteCode());
}

std::string Minifloat::name() const {
  return (hasSign ? "e" : "ue") + std::to_string(exponentBits) + "m" +
         std::to_string(mantissaBits);
}

std::optional<Minifloat> zq::codec::parseMinifloat(const std::string &name) {
  for (const Minifloat &format : {E4M3FN, E5M2, E8M0, UE4M3, UE5M3})
    if (format.name() == name)
      return format;
  for (bool hasSign : {false, true})
    for (int exponentBits = 1; exponentBits <= 8; ++exponentBits)
      for (int mantissaBits = 0; hasSign + exponentBits + mantissaBits <= 8;
           ++mantissaBits) {
        Minifloat format{
            exponentBits, mantissaBits, (1 << (exponentBits - 1)) - 1,
            hasSign,      true,         false,
            false};
        if (format.name() == name)
          return format;
      }
  return std::nullopt;
}

/// A quiet NaN with this sign and, below the quiet bit, these payload bits.
static float makeNaN(bool negative, uint32_t payload) {
  uint32_t bits = (negative ? 0xFFC00000u : 0x7FC00000u) | payload;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

float zq::codec::decodeFloat(const Minifloat &format, uint16_t code) {
  int magnitudeBits = format.exponentBits + format.mantissaBits;
  int magnitude = code & ((1 << magnitudeBits) - 1);
  bool negative = format.hasSign && (code >> magnitudeBits & 1);
  int mantissa = magnitude & ((1 << format.mantissaBits) - 1);
  int exponent = magnitude >> format.mantissaBits;

  if (magnitude > format.maxFiniteCode()) {
    if (format.hasInfinity && magnitude == format.infinityCode())
      return negative ? -INFINITY : INFINITY;
    return makeNaN(negative, format.hasInfinity
                                 ? mantissa << (23 - format.mantissaBits)
                                 : 0);
  }

  if (exponent == 0 && format.hasSubnormals)
    exponent = 1;
  else
    mantissa |= 1 << format.mantissaBits;
  float value = std::ldexp(static_cast<float>(mantissa),
                           exponent - format.bias - format.mantissaBits);
  return negative ? -value : value;
}

uint16_t zq::codec::encodeFloat(const Minifloat &format, float value,
                                bool saturate) {
  int magnitudeBits = format.exponentBits + format.mantissaBits;
  int allOnes = (1 << magnitudeBits) - 1;
  bool negative = std::signbit(value);
  int sign = negative && format.hasSign ? 1 << magnitudeBits : 0;

  if (std::isnan(value) || (!format.hasSign && value < 0)) {
    if (!format.hasNaN)
      return format.maxFiniteCode();
    if (!format.hasInfinity)
      return sign | allOnes;
    // Keep the top of the payload, as hardware does; the quiet bit keeps the
    // result from being an infinity.
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    int payload = (bits & 0x7FFFFF) >> (23 - format.mantissaBits);
    int quiet = 1 << (format.mantissaBits - 1);
    return sign | format.infinityCode() | quiet | payload;
  }
  if (std::isinf(value))
    return sign | (format.hasInfinity ? format.infinityCode()
                                      : format.maxFiniteCode());
  if (value == 0)
    return sign;

  // In units of the last place of its binade the value is rounded to an
  // integer; double holds every step exactly. A carry into the next binade
  // comes out as the right code by itself, since codes count up evenly.
  int lowest = (format.hasSubnormals ? 1 : 0) - format.bias;
  int exponent = std::ilogb(value);
  if (exponent < lowest)
    exponent = lowest;
  double units = std::nearbyint(
      std::ldexp(std::fabs(double(value)), format.mantissaBits - exponent));
  int code = ((exponent - lowest) << format.mantissaBits) + int(units);
  if (!format.hasSubnormals) {
    // Here the lowest binade has codes from 0 and nothing lies below it.
    code -= 1 << format.mantissaBits;
    if (code < 0)
      code = 0;
  }
  if (code > format.maxFiniteCode())
    code = saturate || !format.hasInfinity ? format.maxFiniteCode()
                                           : format.infinityCode();
  return sign | code;
}

float zq::codec::decodeMinifloat(const Minifloat &format, uint8_t code) {
  assert(format.bits() <= 8 && "not a minifloat");
  return decodeFloat(format, code);
}

uint8_t zq::codec::encodeMinifloat(const Minifloat &format, float value) {
  assert(format.bits() <= 8 && "not a minifloat");
  return static_cast<uint8_t>(encodeFloat(format, value, /*saturate=*/true));
}
