//===- Blocks.h - A tensor cut into blocks of equal size ------------------===//
//
// What scales, offsets, tables and codebooks are shared by.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_BLOCKS_H
#define ZQ_CODEC_BLOCKS_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

#include <algorithm>
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

  /// Calls `visit(block, first, count)` for the elements [begin, end) of
  /// `shape`, row-major and cut where `blockOf` changes: elements
  /// [first, first + count) are of `block`.
  template <typename Visit>
  void forEachRun(const std::vector<int64_t> &shape, int64_t begin, int64_t end,
                  Visit visit) const {
    const Line line = lineOf(shape);
    while (begin < end) {
      int64_t place = begin % line.length, start = begin - place;
      int64_t lineEnd = std::min(end, start + line.length);
      int64_t block = blockOf(start, shape) + place / line.run;
      for (; begin < lineEnd; ++block) {
        int64_t next = std::min(lineEnd, begin - place % line.run + line.run);
        visit(block, begin, next - begin);
        place += next - begin;
        begin = next;
      }
    }
  }

  /// After how many elements, row-major, a new set of blocks begins: bands of
  /// so many have no block in common. 1 or more.
  int64_t bandSize(const std::vector<int64_t> &shape) const;

private:
  /// `length` consecutive elements that are cut into blocks every `run`, the
  /// blocks counting up.
  struct Line {
    int64_t length;
    int64_t run;
  };
  Line lineOf(const std::vector<int64_t> &shape) const;

  std::vector<int64_t> sizes;
};

/// What the elements of a block are summed as.
enum class BlockSum { None, Values, Magnitudes, Squares };

/// What encoders choose scales and offsets by, of one block.
struct BlockStatistics {
  int64_t count = 0;
  /// 0 in a block without elements.
  float min = 0;
  float max = 0;
  /// The element of largest magnitude, the first of equals.
  float peak = 0;
  /// In f64, in row-major order of the tensor.
  double sum = 0;
};

/// The statistics of each block of `values`, which are finite f32; sums of the
/// kind asked for.
std::vector<BlockStatistics> statisticsOf(const Array &values,
                                          const Blocks &blocks,
                                          BlockSum kind = BlockSum::None);

} // namespace zq::codec

#endif // ZQ_CODEC_BLOCKS_H
