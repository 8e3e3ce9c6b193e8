//===- Power.h - Integers of a power of the value -------------------------===//
//
// PowerQuant (arXiv:2301.09858) and NUPES: powers are the continuous maps that
// keep products, so that codes can be multiplied in the place of values.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_POWER_H
#define ZQ_CODEC_POWER_H

#include "zq/Codec/Quantize.h"

namespace zq::codec {

/// For values in [-1, 1], with Q = 2^(bits-1) - 1:
///   code of x   sign(x) * round(Q * |x|^exponent), ties to even, saturating,
///   value of c  sign(c) * (|c| / Q)^(1 / exponent),
/// both in f64, the value then rounded to f32. Codes are in two's complement;
/// -2^(bits-1) is not written, and reads as -1.
class Power : public Quantize {
public:
  /// Requires 2 <= bits <= 8 and an exponent that is positive and finite.
  Power(int bits, double exponent);

  std::string keyword() const override { return "power"; }
  int codeBits() const override { return bits; }
  uint8_t encodeOne(float value, int64_t index) const override;
  float decodeOne(uint8_t code) const override { return values[code]; }
  Range inputRange(Range target) const override;

private:
  int bits;
  double exponent;
  /// The value of each code.
  std::vector<float> values;
};

} // namespace zq::codec

#endif // ZQ_CODEC_POWER_H
