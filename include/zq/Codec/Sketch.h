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

/// Multiplies lines of d elements along an axis by a Gaussian matrix S [d, d]:
/// y = S x, decoded as x = sqrt(pi / 2) / d * S^T y. For a unit vector x and
/// y = sign(S x), <q, decode(y)> has the mean <q, x> over the draws of S (QJL,
/// lemma 3.2); for anything else below, this is not an inverse.
///
/// Takes finite floating-point values, hands on f32. Stream:
///   matrix: f32, [d, d], drawn by `gaussianMatrix`; a decoder takes any.
///
/// In f32 with a rounding after each operation: an element is the sum, begun
/// with 0, of its d products in ascending order of the other element's index,
/// in decoding then times float(sqrt(pi / 2) / d).
class Sketch : public Stage {
public:
  /// Requires 0 <= axis.
  Sketch(int64_t axis, uint64_t seed);

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
  int64_t axis;
  uint64_t seed;
};

/// float(sqrt(pi / 2) / d): what makes the estimator unbiased.
float sketchFactor(int64_t d);

} // namespace zq::codec

#endif // ZQ_CODEC_SKETCH_H
