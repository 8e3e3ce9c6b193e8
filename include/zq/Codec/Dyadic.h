//===- Dyadic.h - Positive values as integers times powers of two ---------===//
#ifndef ZQ_CODEC_DYADIC_H
#define ZQ_CODEC_DYADIC_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Each value as an integer mantissa m and an exponent e of its own: m * 2^e,
/// so that a product with an integer needs no more than a multiplication and a
/// shift. HAWQ-V3 (Yao et al., 2021) stores its requantization factors so, with
/// 31 bits.
///
/// Takes finite floating-point values that are not negative, hands on codes of
/// `bits` bits, the mantissas. Side array, of the tensor's shape:
///   exponent: i8, from -126 to 128 - bits, so that 2^e is a normal f32 and
///             m * 2^e is finite.
///
/// Decodes to m * 2^e, which f32 holds exactly.
///
/// Encodes x = f * 2^k, 1/2 <= f < 1, to m = floor(f * 2^bits + 1/2), a tie
/// going up as in HAWQ-V3's code, and e = k - bits; m = 2^bits becomes
/// 2^(bits-1), its exponent one more. A value too small for an exponent of -126
/// takes that and the mantissa nearest to it, a tie going up; one that would
/// round beyond the largest takes the largest. Zero is m = 0, e = 0.
class Dyadic : public Stage {
public:
  /// Requires 1 <= bits <= 24, the bits that f32 has.
  explicit Dyadic(int bits);

  std::string keyword() const override { return "dyadic"; }
  /// Fails on NaN, infinity and negative values.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails on mantissas of more than `bits` bits and on exponents out of range.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  std::string mainName() const override { return "mantissa"; }
  int64_t mainCodes() const override { return int64_t(1) << bits; }
  /// [0, 1]: values of every magnitude are taken in, so that there is nothing
  /// for a scale above to aim at.
  Range inputRange(Range target) const override;
  bool isLossless() const override { return false; }

private:
  int largestExponent() const { return 128 - bits; }

  int bits;
};

} // namespace zq::codec

#endif // ZQ_CODEC_DYADIC_H
