//===- LowRank.h - A low-rank part beside the rest ------------------------===//
//
// What few directions carry is stored as two factors.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_LOWRANK_H
#define ZQ_CODEC_LOWRANK_H

#include "zq/Codec/StoredFloats.h"

namespace zq::codec {

/// A matrix, or a batch of them over the leading dimensions, as a main array
/// plus a product of two factors: x = main + left x right. Takes finite
/// floating-point values, hands on f32. Side arrays, each `stored`:
///   left:  [batch..., rows, rank],
///   right: [batch..., rank, columns].
///
/// Decoding, in f32 with a rounding after each operation: the sum of
/// left[i, r] * right[r, j], begun with 0, in ascending order of r; then
/// main + sum.
///
/// Encoding takes the leading `rank` terms of a singular value decomposition in
/// double, half of each singular value in either factor (as LoRC and LQ-LoRA
/// do); terms beyond the smaller dimension are 0. Decomposed is
///   value:  what is encoded; the main array is x - left x right, with the
///           factors as they will be read, in f32 as decoding computes it;
///   search: x - what the stages below make of the main array, begun with
///           `value` and repeated while the squared error falls by a
///           thousandth, at most 16 times (LQ-LoRA, arXiv:2311.12023); the main
///           array is as with `value`;
///   error:  x - what the stages below make of x; the main array is x (LoRC,
///           ZeroQuant-V2, arXiv:2303.08302).
/// With the moment C = L L^T of the activations the decomposition is that of
/// the array times L, whose inverse the right factor is multiplied by: so the
/// error of the products is least, and not that of the array (EoRA,
/// arXiv:2410.21271, which has another root of C).
class LowRank : public Stage {
public:
  enum class Of { Value, Search, Error };

  /// Requires 1 <= rank.
  LowRank(int64_t rank, Of of, StoredFloats stored);

  std::string keyword() const override { return "lowrank"; }
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 2; }
  CodecRef sideCodec(size_t index) const override;
  Result<Shape> sideShape(size_t index, const Shape &shape,
                          const std::vector<Stream> &earlier) const override;
  bool usesMoment() const override { return true; }
  bool passesMoment() const override { return true; }
  bool isLossless() const override { return false; }

private:
  /// The factors as they are stored, and what their product reads as.
  struct Parts {
    Array left, right, product;
  };

  Status checkRank(const Shape &shape) const;
  Result<Parts> decompose(const Array &values,
                          const std::vector<double> &root) const;
  Result<Parts> search(const Array &values, const Below &below,
                       const std::vector<double> &root) const;

  int64_t rank;
  Of of;
  StoredFloats stored;
};

} // namespace zq::codec

#endif // ZQ_CODEC_LOWRANK_H
