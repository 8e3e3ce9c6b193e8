//===- FloatCoder.h - A small float format as arithmetic on f32's bits ----===//
//
// For loops over arrays: inline and without branches, so that they become
// vector code. What it has to compute is said in Minifloat.h and done one
// element at a time in Minifloat.cpp; tests compare the two.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_CODEC_FLOATCODER_H
#define ZQ_LIB_CODEC_FLOATCODER_H

#include "Elements.h"
#include "zq/Codec/Minifloat.h"

#include <cassert>

namespace zq::codec {

/// `encodeFloat` and `decodeFloat` of a format with subnormals.
///
/// Exponent and mantissa of a finite code, put where f32 has its own, are the
/// value times 2^(bias - 127), subnormal or not.
class FloatCoder {
public:
  FloatCoder(const Minifloat &format, bool saturate)
      : dropped(23 - format.mantissaBits),
        magnitudeBits(format.exponentBits + format.mantissaBits),
        rebias((127 - format.bias) << format.mantissaBits),
        half((1 << dropped >> 1) - (format.mantissaBits > 0)),
        evenBit(format.mantissaBits > 0),
        leastNormal((128 - format.bias) << 23),
        aligner(floatOf((128 - format.bias + dropped) << 23)),
        unit(floatOf((254 - format.bias) << 23)),
        largest(format.maxFiniteCode()),
        infinity(format.hasInfinity ? format.infinityCode() : largest),
        overflow(saturate ? largest : infinity),
        // Below the quiet bit a NaN keeps the top of its payload, as it does in
        // hardware, where there is room for one.
        nan(format.hasInfinity
                ? format.infinityCode() | 1 << format.mantissaBits >> 1
                : (1 << magnitudeBits) - 1),
        payload(format.hasInfinity ? 0x7FFFFF : 0), hasSign(format.hasSign),
        hasNaN(format.hasNaN) {
    assert(format.hasSubnormals && format.bias >= 0 && format.bias <= 127 &&
           "not a format of this kind");
  }

  int32_t encode(float value) const {
    int32_t bits = bitsOf(value), magnitude = bits & 0x7FFFFFFF;
    int32_t sign = bits < 0;
    // To the nearest multiple of the last place: half a place less one carries
    // where more than half is dropped, and one more where the last place is
    // odd. Without a mantissa ties go up.
    int32_t normal =
        ((magnitude + half + (magnitude >> dropped & evenBit)) >> dropped) -
        rebias;
    // Beside a number whose last place is that of the subnormals, f32's own
    // addition rounds to multiples of it.
    int32_t subnormal = int32_t(bitsOf(floatOf(magnitude) + aligner)) -
                        int32_t(bitsOf(aligner));
    int32_t code = magnitude < leastNormal ? subnormal : normal;
    code = code > largest ? overflow : code;
    code = magnitude == 0x7F800000 ? infinity : code;
    if (!hasSign) {
      bool isNaN = magnitude > 0x7F800000 || (sign && magnitude);
      return isNaN ? notANumber(magnitude) : code;
    }
    bool isNaN = magnitude > 0x7F800000;
    code = isNaN ? notANumber(magnitude) : code;
    return isNaN && !hasNaN ? code : code | sign << magnitudeBits;
  }

  float decode(int32_t code) const {
    int32_t magnitude = code & ((1 << magnitudeBits) - 1);
    int32_t sign = hasSign ? code >> magnitudeBits & 1 : 0;
    int32_t mantissa = magnitude << dropped & payload;
    int32_t special =
        payload ? 0x7F800000 | mantissa | (mantissa > 0) << 22 : 0x7FC00000;
    int32_t finite = bitsOf(floatOf(magnitude << dropped) * unit);
    return floatOf(uint32_t(magnitude > largest ? special : finite) |
                   uint32_t(sign) << 31);
  }

private:
  int32_t notANumber(int32_t magnitude) const {
    return hasNaN ? nan | (magnitude & payload) >> dropped : largest;
  }

  /// Bits of f32's mantissa that the format lacks.
  int32_t dropped;
  int32_t magnitudeBits;
  int32_t rebias, half, evenBit, leastNormal;
  float aligner, unit;
  int32_t largest, infinity, overflow, nan, payload;
  bool hasSign, hasNaN;
};

/// The same for f8E8M0FNU.
struct E8M0Coder {
  uint8_t encode(float value) const {
    int32_t bits = bitsOf(value), magnitude = bits & 0x7FFFFFFF;
    // 2^-127, the least value, is subnormal in f32, and so is the tie above it.
    int32_t code = magnitude < 1 << 23 ? magnitude >= 3 << 21
                                       : (magnitude + (1 << 22)) >> 23;
    code = code > 254 ? 254 : code;
    bool isNaN = magnitude > 0x7F800000 || (bits < 0 && magnitude);
    return isNaN ? 255 : code;
  }
  float decode(int32_t code) const {
    int32_t bits = code == 0 ? 1 << 22 : code << 23;
    return floatOf(code == 255 ? 0x7FC00000 : bits);
  }
};

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_FLOATCODER_H
