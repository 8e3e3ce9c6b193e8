//===- Octahedral.h - Triplets of a rotated vector ------------------------===//
//
// Direction and length of three neighbours at a time.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_OCTAHEDRAL_H
#define ZQ_CODEC_OCTAHEDRAL_H

#include "zq/Codec/VectorQuantize.h"

namespace zq::codec {

/// The coder of OCTOPUS: of a randomly rotated unit vector of `dimension`
/// elements each triplet t of neighbours has its direction on the octahedral
/// map (Meyer et al. 2010) and its length quantized by fixed tables. Triplets
/// are cut along rows, so that a row is meant to be one vector: ceil(dimension
/// / 3) codes of 3 bits + 1 bits, the last triplet filled up with zeros. In a
/// row of several vectors a triplet may hold elements of two of them. A code
/// is, from the low end:
///   bits + 1   index of xi among 2^(bits+1) levels,
///   bits + 1   index of eta among the same,
///   bits - 1   index of the length rho among 2^(bits-1) levels.
///
/// Both tables are Lloyd-Max quantizers (LloydMax.h) rounded to f32: of a
/// coordinate of the octahedral map under the uniform law on the sphere, and of
/// the length of a triplet, the square root of Beta(3/2, (dimension - 3) / 2).
///
/// Decoding, in f32 with a rounding after each operation:
///   z = (1 - |xi|) - |eta|
///   z >= 0:  x = xi, y = eta
///   z < 0:   x = sign(xi) (1 - |eta|), y = sign(eta) (1 - |xi|), z as it is
///   n = sqrt((x x + y y) + z z);  values (x / n) rho, (y / n) rho, (z / n)
///   rho.
///
/// Encoding: the nearest levels of the triplet's xi and eta and their
/// neighbours, 3 x 3 in all, are tried for the direction d (as decoded) with
/// the largest t.d, the first in order of xi, then eta; the nearest level of
/// t.d is rho. sign(0) is +1, and the triplet 0 has xi = eta = 0.
class Octahedral : public VectorQuantize {
public:
  static constexpr int maxBits = 6;
  static constexpr int64_t minDimension = 5;
  static constexpr int64_t maxDimension = 65536;

  /// Requires 1 <= bits <= maxBits and minDimension <= dimension <=
  /// maxDimension.
  Octahedral(int bits, int64_t dimension);

  std::string keyword() const override { return "octahedral"; }
  int length() const override { return 3; }
  int codeBits() const override { return 3 * bits + 1; }
  uint32_t encodeVector(const float *values) const override;
  void decodeVector(uint32_t code, float *values) const override;
  /// Elements of unit vectors.
  Range inputRange(Range target) const override;

  /// The levels of xi and eta, increasing.
  const std::vector<float> &directionLevels() const { return directions; }
  /// The levels of rho, increasing.
  const std::vector<float> &lengthLevels() const { return lengths; }

private:
  int bits;
  std::vector<float> directions;
  std::vector<float> lengths;
};

} // namespace zq::codec

#endif // ZQ_CODEC_OCTAHEDRAL_H
