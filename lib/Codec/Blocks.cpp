//===- Blocks.cpp - A tensor cut into blocks of equal size ----------------===//

#include "zq/Codec/Blocks.h"
#include "Validate.h"

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

std::vector<BlockStatistics> zq::codec::statisticsOf(const Array &values,
                                                     const Blocks &blocks) {
  std::vector<BlockStatistics> result(numElements(blocks.count(values.shape)));
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    float value = values.get<float>(i);
    BlockStatistics &of = result[blocks.blockOf(i, values.shape)];
    of.min = of.count ? std::min(of.min, value) : value;
    of.max = of.count ? std::max(of.max, value) : value;
    if (std::fabs(value) > std::fabs(of.peak))
      of.peak = value;
    of.sum += value;
    of.sumOfMagnitudes += std::fabs(value);
    of.sumOfSquares += double(value) * value;
    ++of.count;
  }
  return result;
}
