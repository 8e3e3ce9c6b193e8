//===- Residual.h - A second codec for what the first one loses -----------===//
#ifndef ZQ_CODEC_RESIDUAL_H
#define ZQ_CODEC_RESIDUAL_H

#include "zq/Codec/StoredFloats.h"

namespace zq::codec {

/// Stores a tensor twice: by the stages below, and what they lose aside. Takes
/// finite floating-point values, hands them on as f32. Side array:
///   residual: `stored`, the tensor's shape; x - what the stages below make of
///             x, one difference in f32.
/// Decodes to main + residual, one sum in f32. What is known of activations its
/// codec is shown: the stages below come as near to x as they can, and the
/// residual is rounded such that the error of the whole does least.
class Residual : public Stage {
public:
  explicit Residual(StoredFloats stored);

  std::string keyword() const override { return "residual"; }
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
  bool isLossless() const override { return false; }
  bool showsMomentToSides() const override;

private:
  StoredFloats stored;
};

} // namespace zq::codec

#endif // ZQ_CODEC_RESIDUAL_H
