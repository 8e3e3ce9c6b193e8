//===- Nested.h - Codes of many bits, read at fewer -----------------------===//
//
// Double Rounding ("Nearly Lossless Adaptive Bit Switching",
// arXiv:2502.01199): one stored tensor serves at several widths.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_NESTED_H
#define ZQ_CODEC_NESTED_H

#include "zq/Codec/Rounding.h"
#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Takes codes of `stored` bits in two's complement, as of a signed integer
/// quantizer, and hands them on as they are. Decodes a code c to the code of
///   2^(h-l) * clamp(round(c / 2^(h-l)), -2^(l-1), 2^(l-1) - 1)
/// with h = `stored` and l = `read`: a multiple of 2^(h-l) that is a code of
/// the quantizer above again, so that one scale serves every width. No side
/// streams.
class Nested : public Stage {
public:
  /// Requires 1 <= read <= stored <= 8.
  Nested(int stored, int read, Ties ties = Ties::Even);

  std::string keyword() const override { return "nested"; }
  /// Fails on codes of more than `stored` bits.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  std::string mainName() const override { return "codes"; }
  ElementType decodedType() const override { return ElementType::I8; }
  int64_t mainCodes() const override { return int64_t(1) << stored; }
  int64_t decodedCodes() const override { return int64_t(1) << stored; }
  Mapping mapping() const override { return Mapping::OfCodes; }
  bool isLossless() const override { return stored == read; }

private:
  uint8_t decodeOne(uint8_t code) const;

  int stored;
  int read;
  Ties ties;
};

} // namespace zq::codec

#endif // ZQ_CODEC_NESTED_H
