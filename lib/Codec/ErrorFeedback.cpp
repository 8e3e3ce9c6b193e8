//===- ErrorFeedback.cpp - Rounding that later columns make up for --------===//

#include "ErrorFeedback.h"
#include "Elements.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>

using namespace zq::codec;

/// Rows that are rounded at once, so that a row of L is read once for all.
static constexpr int64_t rowGrain = 32;

namespace {
/// The columns in the order in which they are rounded, from the last one on.
struct Order {
  std::vector<int64_t> columns;
  /// Where each block of columns that are encoded together begins, and the end.
  std::vector<int64_t> blocks;

  Order(const Moment &moment, int64_t together);
};
} // namespace

/// By what errors of a block count, ascending.
Order::Order(const Moment &moment, int64_t together) {
  std::vector<std::pair<double, int64_t>> weights;
  for (int64_t first = 0; first < moment.size; first += together) {
    double weight = 0;
    for (int64_t i = first; i < std::min(moment.size, first + together); ++i)
      weight += moment.at(i);
    weights.emplace_back(weight, first);
  }
  std::sort(weights.begin(), weights.end());
  for (auto [weight, first] : weights) {
    blocks.push_back(int64_t(columns.size()));
    for (int64_t i = first; i < std::min(moment.size, first + together); ++i)
      columns.push_back(i);
  }
  blocks.push_back(int64_t(columns.size()));
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

namespace {
/// Some rows of a tensor while they are rounded.
class Rows {
public:
  /// The `count` rows from `first` on.
  Rows(const Array &values, int64_t size, int64_t first, int64_t count,
       const Order &order, const std::vector<double> &factor,
       const ElementMaps &maps, Array &result)
      : size(size), first(first), count(count),
        from(elements<float>(values) + first * size),
        to(elements<float>(result) + first * size), order(order),
        factor(factor), maps(maps), sums(count * size) {}

  /// Rounds the columns of a block, once those after it in the order are.
  void round(size_t block);

private:
  void encode(ElementLine line, float *values) const;
  void adjust(int64_t begin, int64_t end, int64_t row);

  int64_t size, first, count;
  const float *from;
  float *to;
  const Order &order;
  const std::vector<double> &factor;
  const ElementMaps &maps;
  /// The sums of E_k L_kj, row by row.
  std::vector<double> sums;
};
} // namespace

/// What the values of a line read back as.
void Rows::encode(ElementLine line, float *values) const {
  for (const std::unique_ptr<ElementMap> &map : maps)
    map->encode(line, values);
  for (size_t k = maps.size(); k-- > 0;)
    maps[k]->decode(line, values);
}

/// Writes to the result what a row is to have in columns [begin, end) of the
/// order: its own values and y, with y L_jj the sums there.
void Rows::adjust(int64_t begin, int64_t end, int64_t row) {
  std::vector<double> solved(end - begin);
  for (int64_t i = end; i-- > begin;) {
    double rest = sums[row * size + i];
    for (int64_t k = i + 1; k < end; ++k)
      rest -= solved[k - begin] * factor[k * size + i];
    solved[i - begin] = rest / factor[i * size + i];
    const int64_t at = row * size + order.columns[i];
    to[at] = float(from[at] + solved[i - begin]);
  }
}

void Rows::round(size_t block) {
  const int64_t begin = order.blocks[block], end = order.blocks[block + 1];
  const int64_t width = end - begin, column = order.columns[begin];
  std::vector<float> rounded(count * width);
  for (int64_t row = 0; row < count; ++row) {
    adjust(begin, end, row);
    std::copy_n(to + row * size + column, width, &rounded[row * width]);
  }
  if (width == 1)
    encode({first * size + column, size, count}, rounded.data());
  else
    for (int64_t row = 0; row < count; ++row)
      encode({(first + row) * size + column, 1, width}, &rounded[row * width]);
  for (int64_t row = 0; row < count; ++row)
    for (int64_t i = begin; i < end; ++i) {
      const double error = double(from[row * size + order.columns[i]]) -
                           rounded[row * width + i - begin];
      const double *own = factor.data() + i * size;
      double *sum = sums.data() + row * size;
      for (int64_t j = 0; j < begin; ++j)
        sum[j] += error * own[j];
    }
}

Array zq::codec::withErrorFeedback(const Array &values, const Moment &moment,
                                   const ElementMaps &maps) {
  const int64_t size = moment.size;
  Array result(ElementType::F32, values.shape);
  if (values.size() == 0)
    return result;
  const ElementMap::Together together = maps.back()->together();
  const Order order(moment, together.columns);
  const std::vector<double> factor = dampedFactor(moment, order.columns);
  const int64_t grain =
      (rowGrain + together.rows - 1) / together.rows * together.rows;
  parallelFor(values.size() / size, grain, [&](int64_t begin, int64_t end) {
    Rows rows(values, size, begin, end - begin, order, factor, maps, result);
    for (size_t block = order.blocks.size() - 1; block-- > 0;)
      rows.round(block);
  });
  return result;
}
