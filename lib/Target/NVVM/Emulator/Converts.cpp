//===- Converts.cpp - cvt of pairs of small floats [ptx 9.7.9.21] ---------===//
//
// Of two values the first operand becomes the high half.
//
//===----------------------------------------------------------------------===//
#include "Formats.h"
#include "Machine.h"

using namespace zq::emulator;

/// Bits that each of a pair takes in a register: 4-bit values share a byte.
static unsigned getSlot(Format format) {
  unsigned bits = getBits(format);
  return bits == 4 ? 4 : bits <= 8 ? 8 : 16;
}

/// To a pair of small floats. Attributes: format of the source, of the result,
/// rounding, saturates, clamps negative values. The source is two f32, or one
/// word with two halves, the first of which is the low one in memory.
ZQSIM_OP(cvt_pack) {
  (void)enter(site);
  const int32_t *attributes = site->attributes;
  auto source = Format(attributes[0]), format = Format(attributes[1]);
  double high, low;
  if (source == F32) {
    high = getOperand<float>(operands, 0);
    low = getOperand<float>(operands, 1);
  } else {
    uint32_t pair = getOperand<uint32_t>(operands, 0);
    high = decode(source, pair >> 16);
    low = decode(source, pair & 0xffff);
  }
  auto convert = [&](double value) {
    if (attributes[4] && value < 0)
      value = 0;
    return encode(format, value, Rounding(attributes[2]), attributes[3]);
  };
  unsigned slot = getSlot(format);
  uint32_t result = convert(high) << slot | convert(low);
  std::memcpy(results, &result, slot == 4 ? 1 : slot == 8 ? 2 : 4);
}

/// From a pair of small floats to two halves, exact where the result's format
/// holds the value. Attributes: format of the source, of the result, clamps
/// negative values.
ZQSIM_OP(cvt_unpack) {
  (void)enter(site);
  const int32_t *attributes = site->attributes;
  auto source = Format(attributes[0]), format = Format(attributes[1]);
  uint32_t pair = getOperand<uint32_t>(operands, 0);
  unsigned slot = getSlot(source);
  uint32_t result = 0;
  for (unsigned i = 0; i < 2; ++i) {
    double value = decode(source, pair >> (slot * i) & ((1u << slot) - 1));
    if (attributes[2] && value < 0)
      value = 0;
    result |= encode(format, value) << (16 * i);
  }
  setResult(results, result);
}

/// cvt.rna or .rn to tf32. Attributes: rounding (nearest, zero; 4: away from
/// zero in ties), clamps negative values.
ZQSIM_OP(cvt_tf32) {
  (void)enter(site);
  uint32_t bits = getOperand<uint32_t>(operands, 0);
  float value = asFloat(bits);
  if (site->attributes[1] && value < 0)
    bits = 0;
  bool isFinite = (bits & 0x7f800000) != 0x7f800000;
  if (!isFinite) {
    if (bits & 0x7fffff)
      bits = 0x7fffffff;
  } else if (site->attributes[0] == 4) {
    bits += 0x1000;
  } else if (site->attributes[0] == RoundNearest) {
    bits += 0xfff + (bits >> 13 & 1);
  }
  setResult(results, bits & 0xffffe000);
}
