//===- Orthogonal.h - Rotation by a stored matrix -------------------------===//
//
// What a Hadamard matrix cannot be: learned, or random without structure. Its
// price is a product with a matrix.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_ORTHOGONAL_H
#define ZQ_CODEC_ORTHOGONAL_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Multiplies whole blocks of n elements along an axis by a matrix M: y = M x,
/// decoded as x = M^T y. The rest of the axis, fewer than n elements, stays as
/// it is. Takes finite floating-point values, hands on f32. Stream:
///   matrix: f32, [n, n], or [blocks, n, n] with a matrix for every whole
///   block.
/// The encoder draws M by `haarMatrix`, for block b with the seed
/// splitmix64(seed, b); a decoder takes any matrix.
///
/// In f32 with a rounding after each operation: an element is the sum, begun
/// with 0, of its n products in ascending order of the other element's index.
class Orthogonal : public Stage {
public:
  /// Requires 0 <= axis and 1 <= block.
  Orthogonal(int64_t axis, int64_t block, uint64_t seed, bool perBlock = false);

  std::string keyword() const override { return "orthogonal"; }
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  bool passesMoment() const override { return true; }
  Moment momentBelow(const Moment &moment, const std::vector<Stream> &sides,
                     const Shape &shape) const override;
  /// Values of magnitude up to r come out of magnitude up to r * sqrt(block).
  Range inputRange(Range target) const override;
  bool isLossless() const override { return false; }

private:
  Array rotated(const Array &values, const Array &matrix, bool inverse) const;

  int64_t axis;
  int64_t block;
  uint64_t seed;
  bool perBlock;
};

} // namespace zq::codec

#endif // ZQ_CODEC_ORTHOGONAL_H
