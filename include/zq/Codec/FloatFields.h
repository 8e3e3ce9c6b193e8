//===- FloatFields.h - bf16 as exponent and the rest ----------------------===//
//
// Exponents of trained weights are skewed and worth an entropy code; sign and
// mantissa are as good as random (DFloat11, arXiv:2504.11651).
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_FLOATFIELDS_H
#define ZQ_CODEC_FLOATFIELDS_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Splits bf16 into two byte planes, lossless for every bit pattern. Hands on
/// the exponent field as i8 codes. Stream:
///   sign_mantissa: i8, the tensor's shape; sign in bit 7, mantissa below.
class FloatFields : public Stage {
public:
  std::string keyword() const override { return "float_fields"; }
  /// Fails on any element type but bf16.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  size_t numSides() const override { return 1; }
  std::string mainName() const override { return "exponent"; }
  ElementType decodedType() const override { return ElementType::BF16; }
  bool isLossless() const override { return true; }
};

} // namespace zq::codec

#endif // ZQ_CODEC_FLOATFIELDS_H
