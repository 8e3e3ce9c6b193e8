//===- Sketch.cpp - Gaussian projection for unbiased inner products -------===//

#include "zq/Codec/Sketch.h"
#include "Lines.h"
#include "Validate.h"
#include "zq/Codec/RandomMatrix.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

float zq::codec::sketchFactor(int64_t n) {
  return static_cast<float>(std::sqrt(std::acos(-1.0) / 2) / double(n));
}

Sketch::Sketch(int64_t axis, uint64_t seed, int64_t block)
    : axis(axis), seed(seed), block(block) {
  assert(axis >= 0 && "the axis counts from the front");
  assert(block >= 0 && "a block has an element");
}

/// The blocks of `values` multiplied by `matrix`, or by its transpose and the
/// factor.
Array Sketch::product(const Array &values, const Array &matrix,
                      bool decodes) const {
  Array result(ElementType::F32, values.shape);
  if (values.size() == 0)
    return result;
  const int64_t length = values.shape[axis], n = blockOf(values.shape),
                stride = strideOf(values.shape, axis);
  forEachLine(values.shape, axis, [&](int64_t line) {
    for (int64_t first = 0; first < length; first += n) {
      const int64_t size = std::min(n, length - first);
      const int64_t begin = line + first * stride;
      const float factor = decodes ? sketchFactor(size) : 1;
      for (int64_t i = 0; i < size; ++i) {
        float sum = 0;
        for (int64_t j = 0; j < size; ++j)
          sum += matrix.get<float>(decodes ? j * n + i : i * n + j) *
                 values.get<float>(begin + j * stride);
        result.set(begin + i * stride, sum * factor);
      }
    }
  });
  return result;
}

Result<Array> Sketch::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = checkAxis(keyword(), axis, input.shape.size()); !valid)
    return valid.error();
  const int64_t n = blockOf(input.shape);
  Array matrix = gaussianMatrix(n, n, seed);
  Array result = product(*values, matrix, /*decodes=*/false);
  sides.push_back({"matrix", std::move(matrix)});
  return result;
}

Status Sketch::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkAlong(keyword(), axis, sides.size(), 1, shape);
      !valid)
    return valid;
  if (Status valid =
          checkArray("stream 'matrix'", sides[0].array, ElementType::F32,
                     {blockOf(shape), blockOf(shape)});
      !valid)
    return valid;
  return checkMain(keyword(), main, shape);
}

Result<Array> Sketch::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  return product(main, sides[0].array, /*decodes=*/true);
}
