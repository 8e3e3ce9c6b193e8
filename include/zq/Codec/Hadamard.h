//===- Hadamard.h - Signed Walsh-Hadamard rotation along an axis ----------===//
//
// Spreads outliers over a block. Orthogonal, so its inverse costs the same.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_HADAMARD_H
#define ZQ_CODEC_HADAMARD_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// The sign (+1 or -1) of position `index` along the rotated axis, counted over
/// the whole axis. Counter based: the finaliser of splitmix64 (Steele, Lea,
/// Flood 2014) applied to seed + (index + 1) * 0x9E3779B97F4A7C15, that is,
/// output number `index` of the generator seeded with `seed`; -1 where its top
/// bit is set.
float hadamardSign(uint64_t seed, int64_t index);

/// The sizes of the blocks that cover an axis of `length`: as many of `block`
/// (a power of two) as fit, the rest in descending powers of two
/// (100 by 128: 64, 32, 4).
std::vector<int64_t> hadamardBlocks(int64_t length, int64_t block);

/// Rotates in place the `length` elements data[0], data[stride], ..., block by
/// block. With n the size of a block, H its Hadamard matrix in natural
/// (Sylvester) order, s the signs and c = float(1 / sqrt(n)):
///   forward  y = c * (H (s .* x)),   inverse  x = s .* (c * (H y)).
/// All in f32: H as butterflies (a, b) -> (a + b, a - b) over distances 1, 2,
/// ..., n/2 in this order, c multiplied after the last of them.
void hadamardRow(float *data, int64_t stride, int64_t length, int64_t block,
                 uint64_t seed, bool inverse);

/// Rotates along `axis` by `hadamardRow`. Takes finite floating-point values,
/// hands on f32. No side streams.
class Hadamard : public Stage {
public:
  /// Requires 0 <= axis and a power of two for `block`.
  Hadamard(int64_t axis, int64_t block, uint64_t seed);

  std::string keyword() const override { return "hadamard"; }
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  /// Values of magnitude up to r come out of magnitude up to r * sqrt(block).
  Range inputRange(Range target) const override;
  bool isLossless() const override { return false; }

private:
  void rotate(Array &values, bool inverse) const;

  int64_t axis;
  int64_t block;
  uint64_t seed;
};

} // namespace zq::codec

#endif // ZQ_CODEC_HADAMARD_H
