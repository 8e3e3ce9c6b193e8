//===- Formats.h - Numbers as the tensor core reads them ------------------===//
//
// Written from the tables of the PTX manual [ptx 5.2.3, 9.7.9.21] and on
// purpose apart from the codecs' own, so that one mistake shows.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_FORMATS_H
#define ZQ_TARGET_NVVM_EMULATOR_FORMATS_H

#include "Site.h"

#include <cstdint>
#include <cstring>

namespace zq::emulator {

/// Bits that a value takes where it is not in a wider container.
unsigned getBits(Format format);

/// The value of a code; unused high bits are ignored.
double decode(Format format, uint32_t code);

/// The code nearest to `value` by the rounding. What is too large becomes the
/// largest finite value if `saturates`, else infinity, or NaN where there is
/// none; the formats below 8 bits always saturate.
uint32_t encode(Format format, double value, Rounding rounding = RoundNearest,
                bool saturates = false);

/// `a * b + c` in f16 or bf16, rounded once to the nearest.
uint16_t multiplyAdd(Format format, uint16_t a, uint16_t b, uint16_t c);

inline float asFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
inline uint32_t asBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_FORMATS_H
