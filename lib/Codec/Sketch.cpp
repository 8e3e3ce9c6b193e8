//===- Sketch.cpp - Gaussian projection for unbiased inner products -------===//

#include "zq/Codec/Sketch.h"
#include "Lines.h"
#include "Validate.h"
#include "zq/Codec/RandomMatrix.h"

#include <cmath>

using namespace zq::codec;

float zq::codec::sketchFactor(int64_t d) {
  return static_cast<float>(std::sqrt(std::acos(-1.0) / 2) / double(d));
}

Sketch::Sketch(int64_t axis, uint64_t seed) : axis(axis), seed(seed) {
  assert(axis >= 0 && "the axis counts from the front");
}

/// The lines of `values` along `axis`, multiplied by `matrix` or its transpose
/// and by `factor`.
static Array product(const Array &values, int64_t axis, const Array &matrix,
                     bool transpose, float factor) {
  Array result(ElementType::F32, values.shape);
  int64_t length = values.shape[axis], stride = strideOf(values.shape, axis);
  forEachLine(values.shape, axis, [&](int64_t begin) {
    for (int64_t i = 0; i < length; ++i) {
      float sum = 0;
      for (int64_t j = 0; j < length; ++j)
        sum += matrix.get<float>(transpose ? j * length + i : i * length + j) *
               values.get<float>(begin + j * stride);
      result.set(begin + i * stride, sum * factor);
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
  int64_t length = input.shape[axis];
  Array matrix = gaussianMatrix(length, length, seed);
  Array result = product(*values, axis, matrix, /*transpose=*/false, 1);
  sides.push_back({"matrix", std::move(matrix)});
  return result;
}

Status Sketch::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkAlong(keyword(), axis, sides.size(), 1, shape);
      !valid)
    return valid;
  if (Status valid = checkArray("stream 'matrix'", sides[0].array,
                                ElementType::F32, {shape[axis], shape[axis]});
      !valid)
    return valid;
  return checkMain(keyword(), main, shape);
}

Result<Array> Sketch::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  return product(main, axis, sides[0].array, /*transpose=*/true,
                 sketchFactor(shape[axis]));
}
