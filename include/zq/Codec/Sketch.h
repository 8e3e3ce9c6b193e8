//===- Sketch.h - Gaussian projection for unbiased inner products ---------===//
//
// The quantized Johnson-Lindenstrauss transform (QJL, arXiv:2406.03482), with
// a quantizer of one bit below it.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_SKETCH_H
#define ZQ_CODEC_SKETCH_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Multiplies blocks of n elements along an axis by a Gaussian matrix S [n, n]:
/// y = S x, decoded as x = sqrt(pi / 2) / n * S^T y. For a unit vector x and
/// y = sign(S x), <q, decode(y)> has the mean <q, x> over the draws of S (QJL,
/// lemma 3.2); for anything else below, this is not an inverse. The last block
/// may have m < n elements: its matrix is the first m rows and columns of S,
/// and m stands in the place of n.
///
/// Takes finite floating-point values, hands on f32. Stream:
///   matrix: f32, [n, n], drawn by `gaussianMatrix`; a decoder takes any.
///
/// In f32 with a rounding after each operation: an element is the sum, begun
/// with 0, of its products in ascending order of the other element's index,
/// in decoding then times float(sqrt(pi / 2) / n).
class Sketch : public Stage {
public:
  /// `block` is n, and 0 the whole axis. Requires 0 <= axis and 0 <= block.
  Sketch(int64_t axis, uint64_t seed, int64_t block = 0);

  std::string keyword() const override { return "sketch"; }
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  bool isLossless() const override { return false; }

private:
  /// n, of a tensor of `shape`.
  int64_t blockOf(const Shape &shape) const {
    return block ? block : shape[axis];
  }
  Array product(const Array &values, const Array &matrix, bool decodes) const;

  int64_t axis;
  uint64_t seed;
  int64_t block;
};

/// float(sqrt(pi / 2) / n): what makes the estimator unbiased.
float sketchFactor(int64_t n);

} // namespace zq::codec

#endif // ZQ_CODEC_SKETCH_H
