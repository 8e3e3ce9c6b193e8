//===- Outliers.h - The largest values aside ------------------------------===//
//
// A few values that would widen the scale of everything around them.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_OUTLIERS_H
#define ZQ_CODEC_OUTLIERS_H

#include "zq/Codec/StoredFloats.h"

namespace zq::codec {

/// Stores some elements as a sparse matrix by compressed rows (CSR), a row
/// being the elements along the last axis: R rows of C elements. Takes finite
/// floating-point values, hands on f32. Side arrays, N being the number of
/// outliers:
///   rows:    i32 [R + 1], where the row's outliers begin; 0 first, N last;
///   columns: i32 [N], their places in the row, strictly ascending;
///   values:  `stored`, [N].
///
/// Outliers are the floor(fraction * size) elements of largest magnitude, the
/// first ones where magnitudes agree. The main array is 0 in their places, so
/// that no statistics below sees them. What is decoded there is
///   add:     main + value, one sum in f32; value is x - m, with m what the
///            stages below make of that 0, which need not be 0 (a fractional
///            zero point as in SpQR, arXiv:2306.03078);
///   replace: value, which is x; what the main array decodes to does not count.
class Outliers : public Stage {
public:
  enum class Join { Add, Replace };

  /// Requires 0 <= fraction <= 1.
  Outliers(double fraction, Join join, StoredFloats stored);

  std::string keyword() const override { return "outliers"; }
  /// Fails on more than 2^31 - 1 outliers or columns, and on rank 0.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 3; }
  CodecRef sideCodec(size_t index) const override;
  Result<Shape> sideShape(size_t index, const Shape &shape,
                          const std::vector<Stream> &earlier) const override;
  bool isLossless() const override { return false; }

private:
  double fraction;
  Join join;
  StoredFloats stored;
};

} // namespace zq::codec

#endif // ZQ_CODEC_OUTLIERS_H
