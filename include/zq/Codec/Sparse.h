//===- Sparse.h - N of every M consecutive values -------------------------===//
//
// Structured sparsity: 2:4 is what tensor cores multiply.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_SPARSE_H
#define ZQ_CODEC_SPARSE_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Keeps `kept` of every `group` consecutive values along the last axis: those
/// of largest magnitude, the earlier of equal ones, in their order. The last
/// group of a row is filled up with zeros. Takes floating-point values but NaN
/// and hands on f32, of the shape but for the last dimension, which is
/// ceil(last / group) * kept. Decodes to zero (+0) where nothing was kept.
/// Side array:
///   index: the position of each kept value in its group, ascending within the
///          group: a code of `indexBits()` bits; the shape of the main array.
class Sparse : public Stage {
public:
  /// Requires 1 <= kept < group <= 65536. `indexCodec`, which takes codes of
  /// `indexBits()` bits, may be null: the codes are then stored as they are.
  Sparse(int kept, int group, CodecRef indexCodec = nullptr);

  /// Bits of a position: ceil(log2(group)).
  int indexBits() const;

  std::string keyword() const override { return "sparse"; }
  /// Fails on NaN, which has no magnitude, and on tensors of rank 0.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  /// Fails on positions that do not exist or do not ascend.
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  CodecRef sideCodec(size_t) const override { return indexCodec; }
  Result<Shape> sideShape(size_t index, const Shape &shape,
                          const std::vector<Stream> &earlier) const override;
  Shape mainShape(const Shape &shape) const override;
  bool isLossless() const override { return false; }

private:
  int kept, group;
  CodecRef indexCodec;
};

} // namespace zq::codec

#endif // ZQ_CODEC_SPARSE_H
