//===- Planes.h - The low bits of codes aside -----------------------------===//
//
// High bits of codes are skewed and worth an entropy code, low ones are as good
// as random; and a reader that wants fewer bits reads fewer planes.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_PLANES_H
#define ZQ_CODEC_PLANES_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Cuts codes of `bits` bits in two, lossless but for what the codec of the
/// lower ones loses. Hands on the upper ones, as numbers of bits - low bits.
/// Side array, with a codec of its own if one is given:
///   low: codes of `low` bits, the tensor's shape; the lowest bits.
class Planes : public Stage {
public:
  /// Requires 1 <= low < bits <= 8.
  Planes(int bits, int low, CodecRef lowCodec = nullptr);

  std::string keyword() const override { return "planes"; }
  /// Fails on codes of more than `bits` bits.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  CodecRef sideCodec(size_t) const override { return lowCodec; }
  Result<Shape> sideShape(size_t, const Shape &shape,
                          const std::vector<Stream> &) const override {
    return shape;
  }
  std::string mainName() const override { return "high"; }
  ElementType decodedType() const override { return ElementType::I8; }
  int64_t mainCodes() const override { return int64_t(1) << (bits - low); }
  int64_t decodedCodes() const override { return int64_t(1) << bits; }
  bool isLossless() const override {
    return !lowCodec || lowCodec->isLossless();
  }

private:
  int bits;
  int low;
  CodecRef lowCodec;
};

} // namespace zq::codec

#endif // ZQ_CODEC_PLANES_H
