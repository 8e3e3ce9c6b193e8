//===- Permute.h - Another order along an axis ----------------------------===//
//
// Puts like columns into one block ("act_order" of GPTQ).
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_PERMUTE_H
#define ZQ_CODEC_PERMUTE_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Reorders the slices of a tensor along an axis: main[j] = value[order[j]].
/// Takes floating-point values of any kind, hands on f32. Stream:
///   order: i32, [the axis's length], a permutation of 0, 1, ...
/// The encoder puts slices of larger norm first, of equal norm the one that
/// was first; what is not finite counts as infinite. Columns go by the mean
/// square of their activations instead, where those are known ("act_order" of
/// GPTQ). A file may hold any order.
class Permute : public Stage {
public:
  /// Requires 0 <= axis.
  explicit Permute(int64_t axis);

  std::string keyword() const override { return "permute"; }
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  bool usesMoment() const override { return true; }
  bool passesMoment() const override { return true; }
  Moment momentBelow(const Moment &moment, const std::vector<Stream> &sides,
                     const Shape &shape) const override;
  bool isLossless() const override { return false; }

private:
  int64_t axis;
};

} // namespace zq::codec

#endif // ZQ_CODEC_PERMUTE_H
