//===- Lattice.h - Points of a lattice near the origin --------------------===//
//
// Codebooks that need no table of their entries.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_LATTICE_H
#define ZQ_CODEC_LATTICE_H

#include "zq/Codec/VectorQuantize.h"

#include <array>

namespace zq::codec {

/// E8P12, the codebook of QuIP# (Tseng et al. 2024, section 4.2): 2^16 points
/// of E8 + 1/4, 8 values to a code. D8^ being the vectors of half-integers
/// (k + 1/2) with an even sum, a code holds:
///   bits 15..8  one of 256 base vectors: in all 227 of D8^ whose squared norm
///               is at most 10, up to signs, in lexicographic order of their
///               magnitudes; then 29 of squared norm 12 (five times 3/2, three
///               times 1/2). Element 7 of a base vector is negative where the
///               sum would be odd else, the others are positive;
///   bits 7..0   the elements to negate: bit 0, 4, 1, 5, 2, 6, 3, 7 for element
///               0 to 7. Only an even number keeps the sum even: an odd number
///               of ones says that bit 0 is to be read inverted, and that 1/4
///               is subtracted from every element instead of added.
/// That is how QuIP#'s released code numbers them. Values are odd multiples of
/// 1/4 of at most 11/4, exact in f32.
///
/// The encoder finds a nearest point, by squared distance in f64; among several
/// the first one by shift (up, then down) and base vector. Of normally
/// distributed values it makes the most at a standard deviation of about 1.
class LatticeE8P : public VectorQuantize {
public:
  std::string keyword() const override { return "lattice"; }
  int length() const override { return 8; }
  int codeBits() const override { return 16; }
  uint32_t encodeVector(const float *values) const override;
  void decodeVector(uint32_t code, float *values) const override;
  /// The values of the farthest points' coordinates.
  Range inputRange(Range target) const override;

  using Vector = std::array<int8_t, 8>;
  /// Twice the base vectors: odd integers, -3 to 5.
  static const std::array<Vector, 256> &twiceBases();
  /// The bit of a code that negates element `j`.
  static constexpr int signBit(int j) { return j % 2 * 4 + j / 2; }
};

} // namespace zq::codec

#endif // ZQ_CODEC_LATTICE_H
