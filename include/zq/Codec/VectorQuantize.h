//===- VectorQuantize.h - Runs of values to one code each -----------------===//
//
// The vector quantizers without streams of their own differ in their set of
// points only.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_VECTORQUANTIZE_H
#define ZQ_CODEC_VECTORQUANTIZE_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Maps each vector, `length()` neighbours along the last axis, to the code of
/// a nearby point. Takes finite floating-point values, hands on codes
/// (`codeType(codeBits())`) in an array whose last dimension is
/// ceil(d / length()). Vectors start anew with every row; the last one of a row
/// may be cut short: it is encoded as if zeros followed, and what decodes there
/// is dropped. Decodes to f32. No side streams.
class VectorQuantize : public Stage {
public:
  /// Values per code.
  virtual int length() const = 0;
  /// Bits of a code, 1 to 32.
  virtual int codeBits() const = 0;
  /// How many codes there are: 0 to numCodes() - 1.
  virtual int64_t numCodes() const { return int64_t(1) << codeBits(); }
  /// The code of the `length()` finite values at `values`.
  virtual uint32_t encodeVector(const float *values) const = 0;
  /// Writes the `length()` values of `code` < numCodes().
  virtual void decodeVector(uint32_t code, float *values) const = 0;

  /// Fails on values that are not finite and on tensors of rank 0.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails on codes that do not exist.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  Shape mainShape(const Shape &shape) const override;
  std::string mainName() const override { return "codes"; }
  int64_t mainCodes() const override { return numCodes(); }
  /// Vectors are rounded one by one.
  Mapping mapping() const override { return Mapping::ToCodes; }
  std::unique_ptr<ElementMap> elementMap(const std::vector<Stream> &sides,
                                         const Shape &shape) const override;
  bool isLossless() const override { return false; }

private:
  class Map;

  template <typename Visit>
  void forEachVector(const Shape &shape, Visit visit) const;
};

} // namespace zq::codec

#endif // ZQ_CODEC_VECTORQUANTIZE_H
