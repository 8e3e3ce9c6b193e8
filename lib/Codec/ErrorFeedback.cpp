//===- ErrorFeedback.cpp - Rounding that later columns make up for --------===//

#include "ErrorFeedback.h"
#include "Elements.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace zq::codec;

/// Rows that are rounded together, so that a row of L is read once for all.
static constexpr int64_t rowGrain = 32;

/// The columns by what an error of theirs counts, ascending.
static std::vector<int64_t> orderOf(const Moment &moment) {
  std::vector<int64_t> order(moment.size);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return std::pair(moment.at(a), a) < std::pair(moment.at(b), b);
  });
  return order;
}

/// L, row by row, of the moment with its columns in `order`.
static std::vector<double> dampedFactor(const Moment &moment,
                                        const std::vector<int64_t> &order) {
  const int64_t size = moment.size;
  Moment ordered{size, std::vector<double>(size * size)};
  double trace = 0;
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t j = 0; j < size; ++j)
      ordered.values[i * size + j] = moment.values[order[i] * size + order[j]];
    trace += moment.at(i);
  }
  for (int64_t i = 0; i < size; ++i)
    ordered.values[i * size + i] += 0.01 * trace / double(size);
  return factorOf(ordered);
}

Array zq::codec::withErrorFeedback(const Array &values, const Moment &moment,
                                   const ElementMaps &maps) {
  const int64_t size = moment.size;
  Array result(ElementType::F32, values.shape);
  if (values.size() == 0)
    return result;
  const std::vector<int64_t> order = orderOf(moment);
  const std::vector<double> factor = dampedFactor(moment, order);
  const float *from = elements<float>(values);
  float *to = elements<float>(result);
  parallelFor(values.size() / size, rowGrain, [&](int64_t begin, int64_t end) {
    const int64_t rows = end - begin;
    // The sums of E_k L_kj, row by row.
    std::vector<double> sums(rows * size);
    std::vector<float> column(rows);
    for (int64_t i = size; i-- > 0;) {
      const double *own = factor.data() + i * size;
      const ElementLine line{begin * size + order[i], size, rows};
      for (int64_t r = 0; r < rows; ++r) {
        double value =
            from[line.first + r * size] + sums[r * size + i] / own[i];
        column[r] = to[line.first + r * size] = float(value);
      }
      for (const std::unique_ptr<ElementMap> &map : maps)
        map->encode(line, column.data());
      for (size_t k = maps.size(); k-- > 0;)
        maps[k]->decode(line, column.data());
      for (int64_t r = 0; r < rows; ++r) {
        const double error = double(from[line.first + r * size]) - column[r];
        double *sum = sums.data() + r * size;
        for (int64_t j = 0; j < i; ++j)
          sum[j] += error * own[j];
      }
    }
  });
  return result;
}
