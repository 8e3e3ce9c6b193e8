//===- Bitmap.h - Nonzero elements and where they are ---------------------===//
//
// Unstructured sparsity with random access to tiles.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_BITMAP_H
#define ZQ_CODEC_BITMAP_H

#include "zq/Codec/Stage.h"

#include <optional>

namespace zq::codec {

/// Stores the elements that are not zero, and one bit for each element that
/// says whether it is. Terminal. Takes codes of `bits` bits (lossless), or
/// floating-point values, which are rounded to the stored type first; what is
/// zero then, of either sign, decodes to +0.
///
/// A row (last axis) is cut into tiles of `tile` elements. Streams:
///   bitmap:  i8; the shape but for the last dimension, which is ceil(last /
///            tile) * tile / 8: element j of a tile is bit j % 8 of the tile's
///            byte j / 8 (Mustafar counts from the most significant bit of an
///            i64 instead); zero beyond the end of a row;
///   offsets: i32; the shape but for the last dimension, which is ceil(last /
///            tile): the element of `values` where the tile's begin;
///   values:  one dimension. Of values: those of each tile in the stored type,
///            in their order. Of codes: i8, the codes of each tile packed as
///            `pack` does a row. The tiles follow one another; gaps are legal.
///            At the end there are `tile` zeros, so that a decoder may read a
///            full tile wherever one begins.
class Bitmap : public Stage {
public:
  /// For codes. Requires a tile of 8 to 512, a multiple of 8, and 1 <= bits
  /// <= 8.
  Bitmap(int64_t tile, int bits);
  /// For values. Requires `stored` among f32, f16 and bf16.
  Bitmap(int64_t tile, ElementType stored);

  std::string keyword() const override { return "bitmap"; }
  /// Fails on tensors of rank 0 and on more than 2^31 - 1 elements of `values`.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  /// Fails on tiles that overlap, or end where the zeros at the end of `values`
  /// have begun.
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 2; }
  bool isTerminal() const override { return true; }
  int64_t decodedCodes() const override {
    return stored ? 0 : int64_t(1) << bits;
  }
  ElementType decodedType() const override {
    return stored ? ElementType::F32 : ElementType::I8;
  }
  bool isLossless() const override { return !stored; }

private:
  ElementType valuesType() const { return stored.value_or(ElementType::I8); }
  int64_t extent(int64_t count) const;
  Shape offsetsShape(const Shape &shape) const;
  Shape bitmapShape(const Shape &shape) const;

  int64_t tile;
  /// The bits of a code; unused for values.
  int bits = 8;
  /// The type that values are stored in; none for codes.
  std::optional<ElementType> stored;
};

} // namespace zq::codec

#endif // ZQ_CODEC_BITMAP_H
