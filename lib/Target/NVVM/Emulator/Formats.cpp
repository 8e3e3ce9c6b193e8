//===- Formats.cpp - Numbers as the tensor core reads them ----------------===//
#include "Formats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

using namespace zq::emulator;

namespace {
/// A sign, an exponent and a mantissa.
struct Layout {
  unsigned bits, exponentBits, mantissaBits;
  int bias;
  bool isSigned;
  /// What the largest exponent means.
  enum { Numbers, OneNan, IEEE } top;
  /// The NaN that conversions make; formats without one make the largest value.
  uint32_t nan;
};
} // namespace

static Layout getLayout(Format format) {
  switch (format) {
  case F16:
    return {16, 5, 10, 15, true, Layout::IEEE, 0x7fff};
  case BF16:
    return {16, 8, 7, 127, true, Layout::IEEE, 0x7fff};
  case TF32:
    return {32, 8, 10, 127, true, Layout::IEEE, 0x3ffff};
  case F32:
    return {32, 8, 23, 127, true, Layout::IEEE, 0x7fffffff};
  case E4M3:
    return {8, 4, 3, 7, true, Layout::OneNan, 0x7f};
  case UE4M3:
    return {7, 4, 3, 7, false, Layout::OneNan, 0x7f};
  case E5M2:
    return {8, 5, 2, 15, true, Layout::IEEE, 0x7f};
  case E2M3:
    return {6, 2, 3, 1, true, Layout::Numbers, 0x1f};
  case E3M2:
    return {6, 3, 2, 3, true, Layout::Numbers, 0x1f};
  default: // E2M1
    return {4, 2, 1, 1, true, Layout::Numbers, 0x7};
  }
}

unsigned zq::emulator::getBits(Format format) {
  switch (format) {
  case S32:
    return 32;
  case S8:
  case U8:
  case UE8M0:
    return 8;
  case UE4M3:
    return 8;
  default:
    return getLayout(format).bits;
  }
}

static double compute(Format format, uint32_t code) {
  switch (format) {
  case F32:
    return asFloat(code);
  case TF32: // the low 13 bits of the register are not read
    return asFloat(code & 0xffffe000);
  case S32:
    return static_cast<int32_t>(code);
  case S8:
    return static_cast<int8_t>(code);
  case U8:
    return static_cast<uint8_t>(code);
  case UE8M0:
    return (code & 255) == 255 ? std::nan("")
                               : std::ldexp(1.0, int(code & 255) - 127);
  default:
    break;
  }
  Layout layout = getLayout(format);
  uint32_t mantissa = code & ((1u << layout.mantissaBits) - 1);
  uint32_t exponentMask = (1u << layout.exponentBits) - 1;
  uint32_t exponent = code >> layout.mantissaBits & exponentMask;
  bool isNegative = layout.isSigned &&
                    code >> (layout.mantissaBits + layout.exponentBits) & 1;
  double value;
  if (exponent == exponentMask && layout.top == Layout::IEEE)
    value = mantissa ? std::nan("") : std::numeric_limits<double>::infinity();
  else if (exponent == exponentMask && layout.top == Layout::OneNan &&
           mantissa == (1u << layout.mantissaBits) - 1)
    value = std::nan("");
  else if (exponent == 0)
    value = std::ldexp(mantissa, 1 - layout.bias - int(layout.mantissaBits));
  else
    value = std::ldexp(mantissa + (1u << layout.mantissaBits),
                       int(exponent) - layout.bias - int(layout.mantissaBits));
  return isNegative ? -value : value;
}

double zq::emulator::decode(Format format, uint32_t code) {
  // Codes of up to 8 bits come by the million.
  static const auto tables = [] {
    std::array<std::array<double, 256>, UE4M3 + 1> tables;
    for (Format small : {S8, U8, E4M3, E5M2, E2M3, E3M2, E2M1, UE8M0, UE4M3})
      for (uint32_t i = 0; i < 256; ++i)
        tables[small][i] = compute(small, i);
    return tables;
  }();
  static const auto halves = [] {
    std::vector<float> values(1 << 16);
    for (uint32_t i = 0; i < values.size(); ++i)
      values[i] = compute(F16, i);
    return values;
  }();
  if (format >= S8)
    return tables[format][code & 255];
  if (format == BF16) // the upper half of an f32
    return asFloat(code << 16);
  if (format == F16)
    return halves[code & 0xffff];
  return compute(format, code);
}

/// `value` as a multiple of 1, by the rounding; its sign is handled apart.
static double roundMagnitude(double value, Rounding rounding, bool isNegative) {
  switch (rounding) {
  case RoundNearest:
    return std::nearbyint(value);
  case RoundZero:
    return std::floor(value);
  case RoundUp:
    return isNegative ? std::floor(value) : std::ceil(value);
  case RoundDown:
    return isNegative ? std::ceil(value) : std::floor(value);
  }
  return value;
}

/// cvt to ue8m0 [ptx 9.7.9.21]: up or towards zero, to a power of two.
static uint32_t encodePower(double value, Rounding rounding) {
  if (std::isnan(value))
    return 0xff;
  // Negative values have no power of two; the sign is dropped.
  double magnitude = std::fabs(value);
  if (magnitude == 0)
    return 0;
  if (std::isinf(magnitude))
    return 0xfe;
  int exponent;
  double fraction = std::frexp(magnitude, &exponent); // in [0.5, 1)
  int power = fraction == 0.5 || rounding != RoundUp ? exponent - 1 : exponent;
  return std::min(std::max(power + 127, 0), 254);
}

uint32_t zq::emulator::encode(Format format, double value, Rounding rounding,
                              bool saturates) {
  if (format == F32) {
    // The host rounds to the nearest.
    return asBits(static_cast<float>(value));
  }
  if (format == UE8M0)
    return encodePower(value, rounding);
  Layout layout = getLayout(format);
  if (std::isnan(value))
    return layout.nan;
  bool isNegative = std::signbit(value);
  uint32_t sign = isNegative && layout.isSigned
                      ? 1u << (layout.mantissaBits + layout.exponentBits)
                      : 0;
  double magnitude = std::fabs(value);
  uint32_t topExponent = (1u << layout.exponentBits) - 1;
  uint32_t allMantissa = (1u << layout.mantissaBits) - 1;
  uint32_t largest =
      layout.top == Layout::IEEE
          ? (topExponent - 1) << layout.mantissaBits | allMantissa
      : layout.top == Layout::OneNan
          ? (topExponent << layout.mantissaBits | allMantissa) - 1
          : topExponent << layout.mantissaBits | allMantissa;
  int exponent;
  std::frexp(magnitude, &exponent);
  exponent = magnitude == 0 ? 1 - layout.bias
                            : std::max(exponent - 1, 1 - layout.bias);
  double units = std::ldexp(magnitude, int(layout.mantissaBits) - exponent);
  if (std::isfinite(units))
    units = roundMagnitude(units, rounding, isNegative);
  double rounded = std::ldexp(units, exponent - int(layout.mantissaBits));
  if (rounded > compute(format, largest)) {
    if (saturates || layout.top == Layout::Numbers)
      return sign | largest;
    if (layout.top == Layout::OneNan)
      return sign | layout.nan;
    bool isToZero = rounding == RoundZero ||
                    (rounding == RoundUp && isNegative) ||
                    (rounding == RoundDown && !isNegative);
    return sign |
           (isToZero && std::isfinite(magnitude) ? largest : largest + 1);
  }
  if (units >= std::ldexp(1.0, layout.mantissaBits + 1)) {
    ++exponent; // rounded up to the next power of two
    units = std::ldexp(1.0, layout.mantissaBits);
  }
  auto mantissa = static_cast<uint32_t>(units);
  uint32_t code = mantissa;
  if (mantissa > allMantissa) // normal
    code =
        (static_cast<uint32_t>(exponent + layout.bias) << layout.mantissaBits) |
        (mantissa & allMantissa);
  return sign | code;
}

uint16_t zq::emulator::multiplyAdd(Format format, uint16_t a, uint16_t b,
                                   uint16_t c) {
  // The product is exact in double. The sum is made so that rounding it again
  // does no harm: to odd, where it is inexact.
  double product = decode(format, a) * decode(format, b);
  double addend = decode(format, c);
  double sum = product + addend;
  if (std::isfinite(sum)) {
    double back = sum - product;
    double rest = (product - (sum - back)) + (addend - back);
    uint64_t bits;
    std::memcpy(&bits, &sum, 8);
    if (rest != 0 && !(bits & 1)) {
      bits += (rest > 0) == (sum > 0) ? 1 : -1;
      std::memcpy(&sum, &bits, 8);
    }
  }
  return encode(format, sum);
}
