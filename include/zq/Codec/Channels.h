//===- Channels.h - Some channels by a codec of their own -----------------===//
//
// Mixed precision along an axis: the channels that need it get more bits.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_CHANNELS_H
#define ZQ_CODEC_CHANNELS_H

#include "zq/Codec/StoredFloats.h"

namespace zq::codec {

/// Cuts a tensor in two along an axis: the first channels become a side array,
/// the others the main array. Takes finite floating-point values, hands on f32.
/// Side array:
///   first: `stored`; the tensor's shape with that many channels.
/// After a `Permute` the first ones are those of the largest norm.
class Channels : public Stage {
public:
  /// Requires 0 <= axis and 0 <= first.
  Channels(int64_t axis, int64_t first, StoredFloats stored);

  std::string keyword() const override { return "channels"; }
  /// Fails where there are not as many channels.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  CodecRef sideCodec(size_t index) const override;
  Result<Shape> sideShape(size_t index, const Shape &shape,
                          const std::vector<Stream> &earlier) const override;
  Shape mainShape(const Shape &shape) const override;
  /// What both ways take in.
  Range inputRange(Range target) const override;
  bool isLossless() const override { return false; }

private:
  int64_t axis;
  int64_t first;
  StoredFloats stored;
};

} // namespace zq::codec

#endif // ZQ_CODEC_CHANNELS_H
