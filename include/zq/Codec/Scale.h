//===- Scale.h - Scales and zero points shared by blocks ------------------===//
//
// Brings the values of every block into the range of the stage below.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_SCALE_H
#define ZQ_CODEC_SCALE_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// The largest finite value of a floating-point element type.
double maxFinite(ElementType type);

/// The scale that maps `extent` onto `limit` (both >= 0), as `stored` holds it,
/// widened to f32. It is float(extent) / float(limit) in f32 rounded to nearest
/// even, saturating; for f8E8M0FNU instead the least power of two not below
/// the exact quotient, so that nothing saturates further down (the ceil rule of
/// "INT v.s. FP", not the floor rule of OCP MX).
float roundScale(ElementType stored, float extent, double limit);

/// One scale, and perhaps one zero point, for every block of the tensor.
///
/// Takes finite floating-point values, hands on f32. Streams:
///   scale: `stored`, rank kept, ceildiv(dim, block) per dimension, 1 where the
///          block is 0 (the whole dimension);
///   zero:  with a zero point; i8, signed, same shape.
///
/// Decoding, in f32 with a rounding after each operation:
///   without zero point  main * scale,
///   with zero point     (main - zero) * scale.
///
/// Encoding a block for the target [low, high], s and z being the stored
/// values:
///   without  s = amax / min(-low, high), z = 0; where only one side of zero is
///            in the target, its farther end counts;
///   with     s = (max - min) / (high - low), max and min taken with 0;
///            z = rne(low - min / s), clamped to the integers of the target.
/// Hands on x / s (+ z); where s is 0, just z.
class Scale : public Stage {
public:
  /// Requires positive or zero block sizes, or none for one block that is a
  /// tensor of any rank, and `stored` among f32, f16, bf16, f8E4M3FN, f8E5M2,
  /// f8E8M0FNU.
  Scale(std::vector<int64_t> blockShape, ElementType stored,
        bool zeroPoint = false);

  std::string keyword() const override { return "scale"; }
  /// Fails on NaN and infinity, and with a zero point on a target that does
  /// not fit i8 (8-bit unsigned codes).
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  size_t numSides() const override { return zeroPoint ? 2 : 1; }
  /// The target times the largest scale: a scale above is to use the whole
  /// range of this one's, as in NVFP4. Just the target where scales are stored
  /// with f32's range of exponents (f32, bf16, f8E8M0FNU).
  Range inputRange(Range target) const override;
  bool isLossless() const override { return false; }

  /// The shape of the streams for a tensor of `shape`, of the same rank as the
  /// block shape.
  std::vector<int64_t> streamShape(const std::vector<int64_t> &shape) const;

private:
  Status checkRank(size_t rank) const;
  int64_t blockOf(int64_t index, const std::vector<int64_t> &shape) const;

  std::vector<int64_t> blockShape;
  ElementType stored;
  bool zeroPoint;
};

} // namespace zq::codec

#endif // ZQ_CODEC_SCALE_H
