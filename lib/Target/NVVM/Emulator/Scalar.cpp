//===- Scalar.cpp - Instructions of one thread ----------------------------===//
#include "Formats.h"
#include "Machine.h"

#include <algorithm>
#include <cmath>

using namespace zq::emulator;

/// prmt [ptx 9.7.9.7]. Operands: low, high where it is there, selector.
/// Attributes: mode, has a high word.
static uint32_t permute(unsigned mode, uint32_t low, uint32_t high,
                        uint32_t selector) {
  uint64_t pool = uint64_t(high) << 32 | low;
  auto byte = [&](unsigned index) {
    return uint32_t(pool >> (8 * index)) & 255;
  };
  auto pack = [&](unsigned b3, unsigned b2, unsigned b1, unsigned b0) {
    return byte(b3) << 24 | byte(b2) << 16 | byte(b1) << 8 | byte(b0);
  };
  unsigned s = selector & 3;
  switch (mode) {
  case 1: // f4e
    return pack(s + 3, s + 2, s + 1, s);
  case 2: // b4e
    return pack((s + 5) & 7, (s + 6) & 7, (s + 7) & 7, s);
  case 3: // rc8
    return pack(s, s, s, s);
  case 4: // ecl
    return pack(3, std::max(2u, s), std::max(1u, s), s);
  case 5: // ecr
    return pack(s, std::min(2u, s), std::min(1u, s), 0);
  case 6: // rc16
    return s & 1 ? pack(3, 2, 3, 2) : pack(1, 0, 1, 0);
  default:
    break;
  }
  uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    unsigned nibble = selector >> (4 * i) & 15;
    uint32_t value = byte(nibble & 7);
    if (nibble & 8) // the sign of the byte, eight times
      value = value & 0x80 ? 0xff : 0;
    result |= value << (8 * i);
  }
  return result;
}

ZQSIM_OP(prmt) {
  (void)enter(site);
  bool hasHigh = site->attributes[1];
  setResult(results,
            permute(site->attributes[0], getOperand<uint32_t>(operands, 0),
                    hasHigh ? getOperand<uint32_t>(operands, 1) : 0,
                    getOperand<uint32_t>(operands, hasHigh ? 2 : 1)));
}

/// dp4a, dp2a [ptx 9.7.1.23]. Attributes: a is signed, b is signed, bits of the
/// elements of a, the first byte of b.
ZQSIM_OP(dot_accumulate) {
  (void)enter(site);
  const int32_t *attributes = site->attributes;
  uint32_t a = getOperand<uint32_t>(operands, 0);
  uint32_t b = getOperand<uint32_t>(operands, 1);
  uint32_t sum = getOperand<uint32_t>(operands, 2);
  unsigned bits = attributes[2];
  for (unsigned i = 0; i < 32 / bits; ++i) {
    uint32_t x = a >> (bits * i), y = b >> (8 * (attributes[3] + i));
    int32_t left = bits == 8 ? (attributes[0] ? int8_t(x) : uint8_t(x))
                             : (attributes[0] ? int16_t(x) : uint16_t(x));
    int32_t right = attributes[1] ? int8_t(y) : uint8_t(y);
    sum += static_cast<uint32_t>(left * right);
  }
  setResult(results, sum);
}

/// The approximations of f32 [ptx 9.7.3]: here the nearest value. Hardware is
/// off by up to about two units, so that results are compared with a bound.
/// Attribute 0: subnormals are zero.
template <double (*function)(double)>
static void approximate(const Site *site, const uint64_t *operands,
                        void *results) {
  (void)enter(site);
  auto flush = [&](float x) {
    return site->attributes[0] && std::fpclassify(x) == FP_SUBNORMAL
               ? std::copysign(0.0f, x)
               : x;
  };
  double value = function(flush(getOperand<float>(operands, 0)));
  setResult(results, flush(static_cast<float>(value)));
}

static double reciprocal(double x) { return 1 / x; }
static double reciprocalRoot(double x) { return 1 / std::sqrt(x); }
static double powerOfTwo(double x) { return std::exp2(x); }
static double logarithm(double x) { return std::log2(x); }
static double root(double x) { return std::sqrt(x); }
static double sine(double x) { return std::sin(x); }
static double cosine(double x) { return std::cos(x); }
static double tangent(double x) { return std::tanh(x); }

ZQSIM_OP(ex2_approx) { approximate<powerOfTwo>(site, operands, results); }
ZQSIM_OP(lg2_approx) { approximate<logarithm>(site, operands, results); }
ZQSIM_OP(rsqrt_approx) { approximate<reciprocalRoot>(site, operands, results); }
ZQSIM_OP(sqrt_approx) { approximate<root>(site, operands, results); }
ZQSIM_OP(rcp_approx) { approximate<reciprocal>(site, operands, results); }
ZQSIM_OP(sin_approx) { approximate<sine>(site, operands, results); }
ZQSIM_OP(cos_approx) { approximate<cosine>(site, operands, results); }
ZQSIM_OP(tanh_approx) { approximate<tangent>(site, operands, results); }

/// fma.rn of f16 or bf16 [ptx 9.7.4]: rounded once. Attributes: format, how
/// many.
ZQSIM_OP(fma_half) {
  (void)enter(site);
  auto format = Format(site->attributes[0]);
  unsigned count = site->attributes[1];
  unsigned slots = (2 * count + 7) / 8;
  for (unsigned i = 0; i < count; ++i) {
    uint16_t values[3];
    for (unsigned k = 0; k < 3; ++k)
      std::memcpy(&values[k],
                  reinterpret_cast<const char *>(operands + k * slots) + 2 * i,
                  2);
    uint16_t value = multiplyAdd(format, values[0], values[1], values[2]);
    std::memcpy(static_cast<char *>(results) + 2 * i, &value, 2);
  }
}
