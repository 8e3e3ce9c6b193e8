//===- Tables.h - A table chosen for every block --------------------------===//
//
// BitMoD (Chen et al., HPCA 2025; github.com/abdelfattah-lab/BitMoD-HPCA-25):
// 3- and 4-bit floats whose spare code, the negative zero, each group of
// weights uses for another value.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_TABLES_H
#define ZQ_CODEC_TABLES_H

#include "zq/Codec/Blocks.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/StoredFloats.h"

namespace zq::codec {

/// One scale and one of several tables for every block of the tensor.
///
/// Takes finite floating-point values, hands on i8 codes in as many bits as
/// number the longest table. Side arrays, of rank kept and the blocks' count as
/// shape, or in panels of rows (`Panels.h`) where they have no codec:
///   scale: as `stored`;
///   tag:   i8 codes, the number of the block's table; in a codec of its own
///          where there is one.
///
/// Decodes to tables[tag][code] * scale in f32.
///
/// Encoding tries the tables in order. With one of them, s is as a scale by the
/// largest magnitude makes it of amax and the table's largest magnitude
/// (`roundScale`), as it reads back; each code is the entry nearest to x / s, 0
/// where s is 0, ties to the lower entry. A later table is taken only if the
/// sum of its squared errors, in f64 and in row-major order, is strictly less.
class Tables : public Stage {
public:
  /// Requires 2 or more tables that `Lookup` takes, of 2^bits entries or fewer,
  /// such that the number of tables times 2^bits is at most 256: a code and its
  /// tag fit a byte. `tagCodec` is null or decodes to i8. Not 0 `rows`: the
  /// side arrays that have no codec, one at least, are stored in panels; the
  /// tensor has rank 2 or more.
  Tables(std::vector<int64_t> blockShape, StoredFloats stored,
         std::vector<std::vector<float>> tables, CodecRef tagCodec = nullptr,
         int64_t rows = 0);

  /// Bits of a code, and of a tag.
  int codeBits() const;
  int tagBits() const { return bitsFor(int64_t(tables.size())); }

  std::string keyword() const override { return "tables"; }
  /// Fails on NaN and infinity.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails on tags without a table and on codes that the block's table lacks.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 2; }
  CodecRef sideCodec(size_t index) const override;
  Result<Shape> sideShape(size_t index, const Shape &shape,
                          const std::vector<Stream> &earlier) const override;
  std::string mainName() const override { return "codes"; }
  /// Those that every table has.
  int64_t mainCodes() const override;
  /// The least of the tables' largest magnitudes times the largest scale.
  Range inputRange(Range target) const override;
  Mapping mapping() const override { return Mapping::ToCodes; }
  Result<Array> encodeBy(const std::vector<Stream> &sides,
                         const Array &values) const override;
  std::unique_ptr<ElementMap> elementMap(const std::vector<Stream> &sides,
                                         const Shape &shape) const override;
  bool isLossless() const override { return false; }

private:
  class Map;
  struct Candidate;
  Status checkRank(size_t rank) const;
  /// Rows of the panels that side array `index` is stored in, or 0.
  int64_t rowsOf(size_t index) const { return sideCodec(index) ? 0 : rows; }
  /// What is stored of a side array, and one element for each block in
  /// row-major order.
  Array toStored(size_t index, Array array) const;
  Array fromStored(size_t index, const Array &array, const Shape &shape) const;
  /// The codes of values under a scale and a table for each block.
  Array encodeUnder(const Array &scales, const Array &tags,
                    const Array &values) const;
  Result<Candidate>
  tryTable(size_t tag, const Array &values,
           const std::vector<BlockStatistics> &statistics) const;

  Blocks blocks;
  StoredFloats stored;
  std::vector<Lookup> tables;
  CodecRef tagCodec;
  int64_t rows;
};

} // namespace zq::codec

#endif // ZQ_CODEC_TABLES_H
