//===- KMeans.cpp - Cluster centres ---------------------------------------===//

#include "KMeans.h"
#include "NearestRow.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>
#include <numeric>
#include <queue>

using namespace zq::codec;

namespace {
/// Rows members[begin] to members[end - 1].
struct Cluster {
  int64_t begin, end;
  int64_t widestAxis;
  double error;
  std::vector<float> center;

  /// For a heap: the largest error first, then the lowest position.
  bool operator<(const Cluster &other) const {
    return error < other.error || (error == other.error && begin > other.begin);
  }
};

/// Splits the rows of a matrix into clusters.
class Splitting {
public:
  Splitting(const std::vector<float> &rows, int64_t length)
      : rows(rows), length(length), members(rows.size() / length) {
    std::iota(members.begin(), members.end(), 0);
    if (!members.empty())
      clusters.push(describe(0, int64_t(members.size())));
  }

  /// Centres of at most `count` clusters. `isExact` where they leave no error.
  std::vector<float> run(int64_t count, bool &isExact) {
    while (int64_t(clusters.size()) < count && !clusters.empty() &&
           clusters.top().error > 0) {
      Cluster cluster = clusters.top();
      clusters.pop();
      int64_t middle = partition(cluster);
      clusters.push(describe(cluster.begin, middle));
      clusters.push(describe(middle, cluster.end));
    }
    isExact = clusters.empty() || clusters.top().error == 0;
    std::vector<float> centers;
    for (; !clusters.empty(); clusters.pop()) {
      const std::vector<float> &center = clusters.top().center;
      centers.insert(centers.end(), center.begin(), center.end());
    }
    return centers;
  }

private:
  double at(int64_t member, int64_t axis) const {
    return rows[members[member] * length + axis];
  }

  /// The mean along an axis as a difference from its least value, which is
  /// exactly 0 where all are equal and else less than the largest.
  double meanAbove(double low, int64_t begin, int64_t end, int64_t axis) const {
    double sum = 0;
    for (int64_t i = begin; i < end; ++i)
      sum += at(i, axis) - low;
    return sum / double(end - begin);
  }

  double lowest(int64_t begin, int64_t end, int64_t axis) const {
    double low = at(begin, axis);
    for (int64_t i = begin; i < end; ++i)
      low = std::min(low, at(i, axis));
    return low;
  }

  Cluster describe(int64_t begin, int64_t end) const {
    Cluster cluster{begin, end, 0, 0, std::vector<float>(length)};
    double widest = -1;
    for (int64_t axis = 0; axis < length; ++axis) {
      double low = lowest(begin, end, axis), high = low;
      double mean = meanAbove(low, begin, end, axis);
      for (int64_t i = begin; i < end; ++i) {
        double difference = (at(i, axis) - low) - mean;
        cluster.error += difference * difference;
        high = std::max(high, at(i, axis));
      }
      cluster.center[axis] = static_cast<float>(low + mean);
      if (high - low > widest) {
        widest = high - low;
        cluster.widestAxis = axis;
      }
    }
    return cluster;
  }

  int64_t partition(const Cluster &cluster) {
    int64_t axis = cluster.widestAxis;
    double low = lowest(cluster.begin, cluster.end, axis);
    double mean = meanAbove(low, cluster.begin, cluster.end, axis);
    // In their order, on which sums depend.
    std::vector<int64_t> above;
    int64_t middle = cluster.begin;
    for (int64_t i = cluster.begin; i < cluster.end; ++i) {
      if (at(i, axis) - low <= mean)
        members[middle++] = members[i];
      else
        above.push_back(members[i]);
    }
    std::copy(above.begin(), above.end(), members.begin() + middle);
    return middle;
  }

  const std::vector<float> &rows;
  int64_t length;
  std::vector<int64_t> members;
  std::priority_queue<Cluster> clusters;
};
} // namespace

std::vector<float> zq::codec::kMeans(const std::vector<float> &rows,
                                     int64_t length, int64_t count) {
  bool isExact = false;
  std::vector<float> centers = Splitting(rows, length).run(count, isExact);
  centers.resize(count * length, 0.0f);
  const int rounds = isExact ? 0 : 10;
  for (int round = 0; round < rounds; ++round) {
    NearestRow nearest(centers.data(), count, length);
    std::vector<int64_t> centerOf(rows.size() / length);
    parallelFor(centerOf.size(), searchGrain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row)
        centerOf[row] = nearest.find(&rows[row * length]);
    });
    std::vector<double> sums(count * length, 0);
    std::vector<int64_t> members(count, 0);
    for (size_t row = 0; row < centerOf.size(); ++row) {
      int64_t center = centerOf[row];
      ++members[center];
      for (int64_t k = 0; k < length; ++k)
        sums[center * length + k] += rows[row * length + k];
    }
    for (int64_t i = 0; i < count; ++i)
      for (int64_t k = 0; members[i] > 0 && k < length; ++k)
        centers[i * length + k] =
            static_cast<float>(sums[i * length + k] / double(members[i]));
  }
  return centers;
}
