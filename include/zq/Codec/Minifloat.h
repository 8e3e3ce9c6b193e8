//===- Minifloat.h - Small floating-point formats -------------------------===//
//
// One description covers every binary format that fits in 16 bits, so that
// there is one rounding to read and to test.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_MINIFLOAT_H
#define ZQ_CODEC_MINIFLOAT_H

#include <cstdint>
#include <optional>
#include <string>

namespace zq::codec {

/// A binary floating-point format. A code is, from the top: sign, exponent
/// field, mantissa field.
struct Minifloat {
  int exponentBits;
  int mantissaBits;
  /// The exponent field of values in [1, 2).
  int bias;
  /// Without a sign there are no negative values.
  bool hasSign;
  /// Exponent field 0 means zero and subnormals. Otherwise it is an ordinary
  /// binade and the format has no zero.
  bool hasSubnormals;
  /// IEEE style: the highest exponent field is kept for infinity and NaN.
  bool hasInfinity;
  /// Without infinities, the magnitude with all bits set is the only NaN.
  bool hasNaN;

  /// Bits of a code.
  constexpr int bits() const { return hasSign + exponentBits + mantissaBits; }
  /// The code of the largest finite value.
  constexpr uint16_t maxFiniteCode() const {
    int allOnes = (1 << (exponentBits + mantissaBits)) - 1;
    return hasInfinity ? infinityCode() - 1 : allOnes - hasNaN;
  }
  /// The code of +infinity; for formats that have it.
  constexpr uint16_t infinityCode() const {
    return ((1 << exponentBits) - 1) << mantissaBits;
  }
  /// The largest finite value.
  float maxFinite() const;
  /// Widths of the fields, "e2m1", and what tells of no sign: "ue5m3".
  std::string name() const;
};

/// The element formats of OCP Microscaling Formats (MX) 1.0, section 5.3.
/// E4M3FN and E5M2 are those of OCP 8-bit Floating Point 1.0.
inline constexpr Minifloat E2M1{2, 1, 1, true, true, false, false};
inline constexpr Minifloat E2M3{2, 3, 1, true, true, false, false};
inline constexpr Minifloat E3M2{3, 2, 3, true, true, false, false};
inline constexpr Minifloat E4M3FN{4, 3, 7, true, true, false, true};
inline constexpr Minifloat E5M2{5, 2, 15, true, true, true, true};
/// The scale format of MX: 2^(code - 127), 0xFF is NaN.
inline constexpr Minifloat E8M0{8, 0, 127, false, false, false, true};
/// Scale formats: the magnitudes of E4M3FN, and one exponent bit more. Of the
/// latter no more than the name is published; bias and NaN are our choice.
inline constexpr Minifloat UE4M3{4, 3, 7, false, true, false, true};
inline constexpr Minifloat UE5M3{5, 3, 15, false, true, false, true};
/// IEEE 754 binary16, and the upper half of binary32.
inline constexpr Minifloat Half{5, 10, 15, true, true, true, true};
inline constexpr Minifloat BFloat{8, 7, 127, true, true, true, true};

/// The format of up to 8 bits named "eXmY", or "ueXmY" without a sign; X is at
/// least 1. A name that a format above has means that one. All others have the
/// bias 2^(X-1) - 1, zero and subnormals, and neither infinity nor NaN, as
/// those of MX below 8 bits.
std::optional<Minifloat> parseMinifloat(const std::string &name);

/// The value of `code` in a format of up to 16 bits; exact. Bits above the
/// format's are ignored. A NaN decodes to a quiet NaN of the same sign.
float decodeFloat(const Minifloat &format, uint16_t code);

/// The code nearest to `value`, ties to the even mantissa; in a format without
/// mantissa a tie goes up, as in LLVM's APFloat.
///   - A finite value that rounds past the largest finite one becomes that
///     where `saturate` is set or the format has no infinity, else infinity.
///   - Infinity stays infinity, or the largest finite value without it.
///   - Zero keeps its sign. In a format without zero it becomes the smallest
///     value.
///   - A negative value in a format without sign is NaN.
///   - NaN becomes a quiet NaN; in a format without NaN the largest positive
///     value (PTX ISA, `cvt` with `.satfinite` to e2m1, e2m3, e3m2).
uint16_t encodeFloat(const Minifloat &format, float value, bool saturate);

/// `decodeFloat` for formats of up to 8 bits.
float decodeMinifloat(const Minifloat &format, uint8_t code);

/// `encodeFloat` for formats of up to 8 bits, saturating.
uint8_t encodeMinifloat(const Minifloat &format, float value);

} // namespace zq::codec

#endif // ZQ_CODEC_MINIFLOAT_H
