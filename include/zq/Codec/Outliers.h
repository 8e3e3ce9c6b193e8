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
/// There are as many outliers as `count` says, but for streams from elsewhere
/// whose values have no codec. They are the elements of largest magnitude, the
/// first ones where magnitudes agree; or, searched for, those without which the
/// stages below err least (SpQR, arXiv:2306.03078): in each of some rounds
/// every run of 16 elements of a row offers the one farthest from its mean, and
/// those are taken whose absence lowers their run's squared error most, each
/// column's errors by the weight that the moment of the activations gives it.
/// Where that comes out worse than magnitudes do, these decide.
///
/// The main array is 0 in their places, so that no statistics below sees them.
/// What is decoded there is
///   add:     main + value, one sum in f32; value is x - m, with m what the
///            stages below make of that 0, which need not be 0 (a fractional
///            zero point as in SpQR, arXiv:2306.03078);
///   replace: value, which is x; what the main array decodes to does not count.
class Outliers : public Stage {
public:
  enum class Join { Add, Replace };

  /// Requires 0 <= fraction <= 1.
  Outliers(double fraction, Join join, StoredFloats stored,
           bool search = false);

  /// How many of `size` elements are outliers: the fraction, in parts per
  /// million, of them, rounded down.
  static int64_t count(double fraction, int64_t size);
  static int64_t partsPerMillion(double fraction);

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
  bool usesMoment() const override { return search; }
  /// What is stored aside has next to no error.
  bool passesMoment() const override { return true; }
  Mapping mapping() const override { return Mapping::ToValues; }
  std::unique_ptr<ElementMap> elementMap(const std::vector<Stream> &sides,
                                         const Shape &shape) const override;
  bool isLossless() const override { return false; }

private:
  class Map;

  double fraction;
  Join join;
  StoredFloats stored;
  bool search;
};

} // namespace zq::codec

#endif // ZQ_CODEC_OUTLIERS_H
