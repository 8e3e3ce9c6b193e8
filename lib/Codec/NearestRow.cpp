//===- NearestRow.cpp - Exact search for the nearest of many vectors ------===//

#include "NearestRow.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

using namespace zq::codec;

/// Rows that are compared one by one.
static constexpr int64_t leafRows = 8;

NearestRow::NearestRow(const float *rows, int64_t count, int64_t length)
    : rows(rows), length(length), order(count) {
  assert(count >= 1 && length >= 1 && "something to find");
  std::iota(order.begin(), order.end(), 0);
  build(0, count);
}

int64_t NearestRow::build(int64_t begin, int64_t end) {
  int64_t index = int64_t(nodes.size());
  nodes.push_back({begin, end, -1, -1, {}, {}});
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> low(length, infinity), high(length, -infinity);
  for (int64_t i = begin; i < end; ++i)
    for (int64_t k = 0; k < length; ++k) {
      float value = rows[order[i] * length + k];
      low[k] = std::min(low[k], value);
      high[k] = std::max(high[k], value);
    }
  int64_t axis = 0;
  for (int64_t k = 1; k < length; ++k)
    if (high[k] - low[k] > high[axis] - low[axis])
      axis = k;
  if (end - begin > leafRows && high[axis] > low[axis]) {
    int64_t middle = begin + (end - begin) / 2;
    auto isBelow = [&](int64_t a, int64_t b) {
      float left = rows[a * length + axis], right = rows[b * length + axis];
      return left < right || (left == right && a < b);
    };
    std::nth_element(order.begin() + begin, order.begin() + middle,
                     order.begin() + end, isBelow);
    int64_t left = build(begin, middle), right = build(middle, end);
    nodes[index].left = left;
    nodes[index].right = right;
  }
  nodes[index].low = std::move(low);
  nodes[index].high = std::move(high);
  return index;
}

double NearestRow::distanceFrom(const Node &node, const float *vector) const {
  double sum = 0;
  for (int64_t k = 0; k < length; ++k) {
    double outside = std::max({double(node.low[k]) - vector[k],
                               vector[k] - double(node.high[k]), 0.0});
    sum += outside * outside;
  }
  return sum;
}

void NearestRow::search(int64_t index, const float *vector, Best &best) const {
  const Node &node = nodes[index];
  if (node.left < 0) {
    for (int64_t i = node.begin; i < node.end; ++i) {
      const float *row = rows + order[i] * length;
      double sum = 0;
      for (int64_t k = 0; k < length; ++k) {
        double difference = double(vector[k]) - row[k];
        sum += difference * difference;
      }
      if (sum < best.distance || (sum == best.distance && order[i] < best.row))
        best = {sum, order[i]};
    }
    return;
  }
  int64_t nearer = node.left, farther = node.right;
  double near = distanceFrom(nodes[nearer], vector);
  double far = distanceFrom(nodes[farther], vector);
  if (far < near) {
    std::swap(nearer, farther);
    std::swap(near, far);
  }
  if (near <= best.distance)
    search(nearer, vector, best);
  if (far <= best.distance)
    search(farther, vector, best);
}

int64_t NearestRow::find(const float *vector) const {
  Best best{std::numeric_limits<double>::infinity(), 0};
  search(0, vector, best);
  return best.row;
}
