//===- Pack.h - Codes to a dense string of bits ---------------------------===//
//
// Fixed width, so that every element can be found without an index.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_PACK_H
#define ZQ_CODEC_PACK_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Packs i8 codes of `bits` bits. Terminal; lossless. Main stream:
///   codes: i8, the tensor's shape but for the last dimension, which is
///          ceil(last * bits / 8).
/// Each row (last axis) is one string of bits, least significant bit of a byte
/// first: element j occupies bits [j * bits, (j + 1) * bits). Rows start on a
/// byte; the bits left over are written as zero and not looked at in decoding.
class Pack : public Stage {
public:
  /// Requires 1 <= bits <= 8.
  explicit Pack(int bits);

  std::string keyword() const override { return "pack"; }
  /// Fails on codes that need more bits, and on tensors of rank 0.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  bool isTerminal() const override { return true; }
  std::string mainName() const override { return "codes"; }
  ElementType decodedType() const override { return ElementType::I8; }
  bool isLossless() const override { return true; }

  /// The shape of the stream for a tensor of `shape`, whose rank is not 0.
  std::vector<int64_t> streamShape(const std::vector<int64_t> &shape) const;

private:
  int bits;
};

} // namespace zq::codec

#endif // ZQ_CODEC_PACK_H
