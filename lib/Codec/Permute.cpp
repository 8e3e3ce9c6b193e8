//===- Permute.cpp - Another order along an axis --------------------------===//

#include "zq/Codec/Permute.h"
#include "Elements.h"
#include "Lines.h"
#include "Validate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace zq::codec;

Permute::Permute(int64_t axis) : axis(axis) {
  assert(axis >= 0 && "the axis counts from the front");
}

Result<Array> Permute::encode(const Array &input, const Below &below,
                              std::vector<Stream> &sides) const {
  if (Status valid = checkFloat(keyword(), input); !valid)
    return valid.error();
  if (Status valid = checkAxis(keyword(), axis, input.shape.size()); !valid)
    return valid.error();
  int64_t length = input.shape[axis], stride = strideOf(input.shape, axis);
  if (length > INT32_MAX)
    return Error{"permute along " + std::to_string(length) +
                 " elements: an order is stored as i32"};
  Array values = widened(input);
  std::vector<double> norms(length);
  forEachLine(input.shape, axis, [&](int64_t begin) {
    for (int64_t i = 0; i < length; ++i) {
      double value = values.get<float>(begin + i * stride);
      norms[i] += std::isfinite(value) ? value * value : INFINITY;
    }
  });
  if (below.moment() && axis + 1 == int64_t(input.shape.size()))
    for (int64_t i = 0; i < length; ++i)
      norms[i] = below.moment()->at(i);
  std::vector<int32_t> order(length);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return norms[a] != norms[b] ? norms[a] > norms[b] : a < b;
  });

  Array stream(ElementType::I32, {length});
  for (int64_t j = 0; j < length; ++j)
    stream.set(j, order[j]);
  Array result(ElementType::F32, input.shape);
  forEachLine(input.shape, axis, [&](int64_t begin) {
    for (int64_t j = 0; j < length; ++j)
      result.set(begin + j * stride,
                 values.get<float>(begin + order[j] * stride));
  });
  sides.push_back({"order", std::move(stream)});
  return result;
}

Status Permute::check(const Array *main, const std::vector<Stream> &sides,
                      const Shape &shape) const {
  if (Status valid = checkAlong(keyword(), axis, sides.size(), 1, shape);
      !valid)
    return valid;
  const Array &order = sides[0].array;
  int64_t length = shape[axis];
  if (Status valid =
          checkArray("stream 'order'", order, ElementType::I32, {length});
      !valid)
    return valid;
  std::vector<bool> seen(length);
  for (int64_t j = 0; j < length; ++j) {
    int64_t i = order.get<int32_t>(j);
    if (i < 0 || i >= length || seen[i])
      return Error{"stream 'order' is no permutation: element [" +
                   std::to_string(j) + "] is " + std::to_string(i)};
    seen[i] = true;
  }
  return checkMain(keyword(), main, shape);
}

Result<Array> Permute::decode(const Array &main,
                              const std::vector<Stream> &sides,
                              const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &order = sides[0].array;
  int64_t length = shape[axis], stride = strideOf(shape, axis);
  Array result(ElementType::F32, shape);
  forEachLine(shape, axis, [&](int64_t begin) {
    for (int64_t j = 0; j < length; ++j)
      result.set(begin + order.get<int32_t>(j) * stride,
                 main.get<float>(begin + j * stride));
  });
  return result;
}

Moment Permute::momentBelow(const Moment &moment,
                            const std::vector<Stream> &sides,
                            const Shape &shape) const {
  if (axis + 1 != int64_t(shape.size()))
    return moment;
  const int32_t *order = elements<int32_t>(sides[0].array);
  Moment result{moment.size, {}};
  for (int64_t i = 0; i < moment.size; ++i)
    for (int64_t j = 0; j < moment.size; ++j)
      result.values.push_back(moment.values[order[i] * moment.size + order[j]]);
  return result;
}
