//===- Blocks.cpp - A tensor cut into blocks of equal size ----------------===//

#include "zq/Codec/Blocks.h"
#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

Blocks::Blocks(std::vector<int64_t> sizes) : sizes(std::move(sizes)) {
  for ([[maybe_unused]] int64_t size : this->sizes)
    assert(size >= 0 && "negative block size");
}

Status Blocks::checkRank(const std::string &keyword, size_t rank) const {
  if (sizes.empty() || sizes.size() == rank)
    return {};
  return Error{keyword + " has blocks of rank " + std::to_string(sizes.size()) +
               ", the tensor has rank " + std::to_string(rank)};
}

std::vector<int64_t> Blocks::count(const std::vector<int64_t> &shape) const {
  std::vector<int64_t> result;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t size = sizes.empty() ? 0 : sizes[i];
    result.push_back(size ? ceilDiv(shape[i], size) : 1);
  }
  return result;
}

int64_t Blocks::blockOf(int64_t index,
                        const std::vector<int64_t> &shape) const {
  if (sizes.empty())
    return 0;
  int64_t result = 0, stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    int64_t position = index % shape[i];
    index /= shape[i];
    if (sizes[i]) {
      result += position / sizes[i] * stride;
      stride *= ceilDiv(shape[i], sizes[i]);
    }
  }
  return result;
}

Blocks::Line Blocks::lineOf(const std::vector<int64_t> &shape) const {
  int64_t length = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] && sizes[i] < shape[i])
      return {shape[i] * length, sizes[i] * length};
    length *= shape[i];
  }
  length = std::max<int64_t>(numElements(shape), 1);
  return {length, length};
}

int64_t Blocks::bandSize(const std::vector<int64_t> &shape) const {
  const int64_t size = numElements(shape);
  if (size == 0)
    return 1;
  for (size_t i = 0; i < sizes.size(); ++i)
    if (shape[i] > 1)
      return sizes[i] && sizes[i] < shape[i] ? size / shape[i] * sizes[i]
                                             : size;
  return size;
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

/// The first element equal to `value` or, with `bySize`, of its magnitude.
static float firstLike(const float *values, float value, bool bySize) {
  while (*values != value && !(bySize && *values == -value))
    ++values;
  return *values;
}

/// Takes in what comes after the elements of `of`, sums apart.
static void addExtremes(const BlockStatistics &more, BlockStatistics &of) {
  of.min = of.count ? std::min(of.min, more.min) : more.min;
  of.max = of.count ? std::max(of.max, more.max) : more.max;
  if (std::fabs(more.peak) > std::fabs(of.peak))
    of.peak = more.peak;
  of.count += more.count;
}

/// All but the sums of `count` > 0 elements.
static BlockStatistics extremesOf(const float *values, int64_t count) {
  // Lanes side by side become vectors. Of the zeros any may come out.
  constexpr int lanes = 8;
  float least[lanes], greatest[lanes];
  std::fill(least, least + lanes, values[0]);
  std::fill(greatest, greatest + lanes, values[0]);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int lane = 0; lane < lanes; ++lane) {
      least[lane] = std::min(least[lane], values[i + lane]);
      greatest[lane] = std::max(greatest[lane], values[i + lane]);
    }
  for (; i < count; ++i) {
    least[0] = std::min(least[0], values[i]);
    greatest[0] = std::max(greatest[0], values[i]);
  }
  BlockStatistics result;
  result.count = count;
  result.min = *std::min_element(least, least + lanes);
  result.max = *std::max_element(greatest, greatest + lanes);
  result.peak = result.max > -result.min ? result.max : result.min;
  // What equals have in common is not the sign: the first one counts.
  if (result.max == -result.min)
    result.peak = firstLike(values, result.max, /*bySize=*/true);
  if (result.min == 0)
    result.min = firstLike(values, 0, /*bySize=*/false);
  if (result.max == 0)
    result.max = firstLike(values, 0, /*bySize=*/false);
  return result;
}

template <typename Term>
static void addSum(const float *values, int64_t count, Term term,
                   BlockStatistics &of) {
  double sum = of.sum;
  for (int64_t i = 0; i < count; ++i)
    sum += term(double(values[i]));
  of.sum = sum;
}

static void addSum(const float *values, int64_t count, BlockSum kind,
                   BlockStatistics &of) {
  switch (kind) {
  case BlockSum::None:
    return;
  case BlockSum::Values:
    return addSum(values, count, [](double x) { return x; }, of);
  case BlockSum::Magnitudes:
    return addSum(values, count, [](double x) { return std::fabs(x); }, of);
  case BlockSum::Squares:
    return addSum(values, count, [](double x) { return x * x; }, of);
  }
}

std::vector<BlockStatistics> zq::codec::statisticsOf(const Array &values,
                                                     const Blocks &blocks,
                                                     BlockSum kind) {
  std::vector<BlockStatistics> result;
  resizeLarge(result, numElements(blocks.count(values.shape)));
  const float *data = elements<float>(values);
  const int64_t size = values.size();
  if (result.size() == 1 && kind == BlockSum::None) {
    std::vector<BlockStatistics> parts(ceilDiv(size, elementGrain));
    parallelFor(size, elementGrain, [&](int64_t begin, int64_t end) {
      parts[begin / elementGrain] = extremesOf(data + begin, end - begin);
    });
    for (const BlockStatistics &part : parts)
      addExtremes(part, result[0]);
    return result;
  }
  // Threads have blocks of their own.
  const int64_t band = blocks.bandSize(values.shape);
  parallelFor(size, ceilDiv(elementGrain, band) * band,
              [&](int64_t begin, int64_t end) {
                blocks.forEachRun(
                    values.shape, begin, end,
                    [&](int64_t block, int64_t first, int64_t count) {
                      addExtremes(extremesOf(data + first, count),
                                  result[block]);
                      addSum(data + first, count, kind, result[block]);
                    });
              });
  return result;
}
