//===- Raw.h - Values as they are -----------------------------------------===//
#ifndef ZQ_CODEC_RAW_H
#define ZQ_CODEC_RAW_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Stores values in `stored`, rounded to nearest even where it cannot hold them
/// (see `Array::setFloat`). Terminal. Stream:
///   values: (main) `stored`, the tensor's shape.
/// Decodes to the values as they are stored where the stage takes in that type,
/// else to f32.
class Raw : public Stage {
public:
  /// Requires `stored` and `input` among f32, f16, bf16.
  Raw(ElementType stored, ElementType input) : stored(stored), input(input) {}

  std::string keyword() const override { return "raw"; }
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  bool isTerminal() const override { return true; }
  ElementType decodedType() const override {
    return stored == input ? stored : ElementType::F32;
  }
  bool isLossless() const override { return stored == input; }

private:
  ElementType stored;
  ElementType input;
};

} // namespace zq::codec

#endif // ZQ_CODEC_RAW_H
