//===- FloatFields.h - Floats as exponent and the rest --------------------===//
//
// Exponents of trained weights are skewed and worth an entropy code; sign and
// mantissa are as good as random (DFloat11, arXiv:2504.11651; for 8-bit codes
// ECF8, arXiv:2510.02676).
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_FLOATFIELDS_H
#define ZQ_CODEC_FLOATFIELDS_H

#include "zq/Codec/Minifloat.h"
#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Splits floats into two planes, lossless for every bit pattern but for what
/// the codec of the lower one loses. Hands on the exponent field as i8 codes.
/// With e bits of exponent and m of mantissa, side array, with a codec of its
/// own if one is given:
///   sign_mantissa: codes of m + 1 bits (m where the format has no sign), the
///                  tensor's shape; the sign on top, the mantissa below.
class FloatFields : public Stage {
public:
  /// Of f16, bf16 or f32 values.
  explicit FloatFields(ElementType type = ElementType::BF16,
                       CodecRef restCodec = nullptr);
  /// Of a quantizer's codes, i8, which are bit patterns of `codes`. Requires a
  /// format of at most 8 bits with a sign or a mantissa.
  explicit FloatFields(const Minifloat &codes, CodecRef restCodec = nullptr);

  std::string keyword() const override { return "fields"; }
  /// Fails on any other element type, and on codes too wide for the format.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  size_t numSides() const override { return 1; }
  CodecRef sideCodec(size_t) const override { return restCodec; }
  Result<Shape> sideShape(size_t, const Shape &shape,
                          const std::vector<Stream> &) const override {
    return shape;
  }
  std::string mainName() const override { return "exponent"; }
  ElementType decodedType() const override { return type; }
  int64_t mainCodes() const override { return int64_t(1) << exponent; }
  int64_t decodedCodes() const override {
    return type == ElementType::I8 ? int64_t(1) << (exponent + restBits()) : 0;
  }
  bool isLossless() const override {
    return !restCodec || restCodec->isLossless();
  }

  int exponentBits() const { return exponent; }
  int mantissaBits() const { return mantissa; }
  bool hasSign() const { return sign; }
  /// The bits of a code of `sign_mantissa`.
  int restBits() const { return mantissa + sign; }

private:
  ElementType type;
  int exponent;
  int mantissa;
  /// 1 with a sign, else 0.
  int sign;
  CodecRef restCodec;
};

} // namespace zq::codec

#endif // ZQ_CODEC_FLOATFIELDS_H
