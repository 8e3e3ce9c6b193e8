//===- Blocks.h - A tensor cut into blocks of equal size ------------------===//
//
// What scales, offsets, tables and codebooks are shared by.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_BLOCKS_H
#define ZQ_CODEC_BLOCKS_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

#include <string>
#include <vector>

namespace zq::codec {

/// Blocks of one size for a tensor of any shape. They start at the origin; the
/// last ones along a dimension are smaller where the size does not divide it.
class Blocks {
public:
  /// Sizes per dimension, 0 for the whole dimension; no sizes at all for one
  /// block that is a tensor of any rank.
  explicit Blocks(std::vector<int64_t> sizes);

  /// Whether the blocks fit a tensor of `rank`; `keyword` names whose they are.
  Status checkRank(const std::string &keyword, size_t rank) const;

  /// How many blocks a tensor of `shape` has per dimension: ceildiv(dim, size),
  /// 1 for the whole dimension, be it empty. Requires a rank that fits.
  std::vector<int64_t> count(const std::vector<int64_t> &shape) const;

  /// The row-major index, among `count(shape)`, of the block that holds the
  /// element at row-major `index` of `shape`.
  int64_t blockOf(int64_t index, const std::vector<int64_t> &shape) const;

private:
  std::vector<int64_t> sizes;
};

/// What encoders choose scales and offsets by, of one block. Sums are in f64,
/// in row-major order of the tensor.
struct BlockStatistics {
  int64_t count = 0;
  /// 0 in a block without elements.
  float min = 0;
  float max = 0;
  /// The element of largest magnitude, the first of equals.
  float peak = 0;
  double sum = 0;
  double sumOfMagnitudes = 0;
  double sumOfSquares = 0;
};

/// The statistics of each block of `values`, which are finite f32.
std::vector<BlockStatistics> statisticsOf(const Array &values,
                                          const Blocks &blocks);

} // namespace zq::codec

#endif // ZQ_CODEC_BLOCKS_H
