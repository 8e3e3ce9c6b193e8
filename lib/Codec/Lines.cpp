//===- Lines.cpp - The lines of a tensor along one of its axes ------------===//

#include "Lines.h"
#include "Elements.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>

using namespace zq::codec;

Array zq::codec::multiplyLines(const Array &values, int64_t axis, int64_t block,
                               const Array &matrix, int64_t apart,
                               bool transpose) {
  Array result = values;
  if (values.size() == 0)
    return result;
  const int64_t length = values.shape[axis], numBlocks = length / block;
  const int64_t stride = strideOf(values.shape, axis),
                lines = values.size() / length;
  // Factor j * block + i is what element j adds to element i.
  std::vector<float> factors(matrix.size());
  for (int64_t i = 0, n = matrix.size(); i < n; ++i) {
    int64_t column = i % block, row = i / block % block;
    int64_t place =
        transpose ? i : i - i % (block * block) + column * block + row;
    factors[place] = matrix.get<float>(i);
  }
  const int64_t grain = std::max<int64_t>(1, elementGrain / (length * block));
  parallelFor(lines, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> sums(block);
    for (int64_t line = begin; line < end; ++line)
      for (int64_t b = 0; b < numBlocks; ++b) {
        int64_t first = line / stride * length * stride + line % stride +
                        b * block * stride;
        const float *own = factors.data() + b * apart;
        std::fill(sums.begin(), sums.end(), 0.0f);
        for (int64_t j = 0; j < block; ++j) {
          const float value = values.get<float>(first + j * stride);
          for (int64_t i = 0; i < block; ++i)
            sums[i] += own[j * block + i] * value;
        }
        for (int64_t i = 0; i < block; ++i)
          result.set(first + i * stride, sums[i]);
      }
  });
  return result;
}
