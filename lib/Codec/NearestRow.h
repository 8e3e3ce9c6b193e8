//===- NearestRow.h - Exact search for the nearest of many vectors --------===//
#ifndef ZQ_LIB_CODEC_NEARESTROW_H
#define ZQ_LIB_CODEC_NEARESTROW_H

#include <cstdint>
#include <vector>

namespace zq::codec {

/// How many searches are a piece of work for a thread.
inline constexpr int64_t searchGrain = 256;

/// Finds, among rows of equal length, the one at the least squared distance
/// from a vector; the lowest index among equals. Distances are sums in f64 in
/// the order of the elements. A k-d tree with bounding boxes: the distance from
/// a box, summed in the same way, is never above that from a row inside, so
/// that pruning loses nothing. Rows with elements that are NaN are not found;
/// where there are no others, row 0 is.
///
/// Cost: building n rows of length L is O(n log(n)^2 L); a search is O(log(n)
/// L) in few dimensions, and grows towards O(n L) in many (L = 8, n = 2^16,
/// normally distributed: about a thousand distances).
class NearestRow {
public:
  /// Keeps a pointer to the rows. Requires `count` >= 1 and `length` >= 1.
  NearestRow(const float *rows, int64_t count, int64_t length);

  int64_t find(const float *vector) const;

private:
  /// Rows order[begin] to order[end - 1], within [low, high] along every axis.
  struct Node {
    int64_t begin, end;
    int64_t left, right; // -1 in a leaf.
    std::vector<float> low, high;
  };
  struct Best {
    double distance;
    int64_t row;
  };

  int64_t build(int64_t begin, int64_t end);
  double distanceFrom(const Node &node, const float *vector) const;
  void search(int64_t index, const float *vector, Best &best) const;

  const float *rows;
  int64_t length;
  std::vector<int64_t> order;
  std::vector<Node> nodes;
};

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_NEARESTROW_H
