//===- Offset.h - Blocks moved towards zero -------------------------------===//
#ifndef ZQ_CODEC_OFFSET_H
#define ZQ_CODEC_OFFSET_H

#include "zq/Codec/Blocks.h"
#include "zq/Codec/StoredFloats.h"

namespace zq::codec {

/// What the offset of a block is chosen by.
enum class OffsetStatistic {
  /// The mean, summed in f64 (the centred scales of QLoRA).
  Mean,
  /// The least element, so that what is handed on is not negative but for the
  /// rounding of the stored offset (GGUF Q4_1, Q4_K; KV caches).
  Min,
  /// (min + max) / 2, in f64.
  Mid,
};

/// One value for every block of the tensor, subtracted from its elements.
///
/// Takes finite floating-point values, hands on f32. Side array, of rank kept
/// and the blocks' count as shape, or that in panels of rows (`Panels.h`):
///   offset: as `stored`.
///
/// Decodes to main + offset in f32, one rounding. Encodes x to x - o in f32,
/// within its finite values, o being what the offset reads back as once it is
/// stored.
class Offset : public Stage {
public:
  /// Blocks as in `Blocks`; `stored` is a type with sign and zero (f32, f16,
  /// bf16, f8E4M3FN, f8E5M2) or a codec. Not 0 `rows`: offsets, which have no
  /// codec, are stored in panels; the tensor has rank 2 or more.
  Offset(std::vector<int64_t> blockShape, StoredFloats stored,
         OffsetStatistic statistic, int64_t rows = 0);

  std::string keyword() const override { return "offset"; }
  /// Fails on NaN and infinity.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  CodecRef sideCodec(size_t) const override { return stored.codec(); }
  Result<Shape> sideShape(size_t index, const Shape &shape,
                          const std::vector<Stream> &earlier) const override;
  Mapping mapping() const override { return Mapping::ToValues; }
  std::unique_ptr<ElementMap> elementMap(const std::vector<Stream> &sides,
                                         const Shape &shape) const override;
  /// The interval around zero whose values, wherever they lie in it, are within
  /// the target once their block's offset is subtracted.
  Range inputRange(Range target) const override;
  bool isLossless() const override { return false; }

private:
  class Map;

  Status checkRank(size_t rank) const;
  Array offsetsAsFloats(const Array &side, const Shape &shape) const;

  Blocks blocks;
  StoredFloats stored;
  OffsetStatistic statistic;
  int64_t rows;
};

} // namespace zq::codec

#endif // ZQ_CODEC_OFFSET_H
