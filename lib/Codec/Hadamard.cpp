//===- Hadamard.cpp - Walsh-Hadamard rotation along an axis ---------------===//

#include "zq/Codec/Hadamard.h"
#include "Lines.h"
#include "Validate.h"
#include "zq/Codec/Random.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

float zq::codec::hadamardSign(uint64_t seed, int64_t index) {
  return splitmix64(seed, index) >> 63 ? -1.0f : 1.0f;
}

std::vector<int64_t> zq::codec::hadamardBlocks(int64_t length, int64_t block) {
  std::vector<int64_t> sizes(length / block, block);
  int64_t rest = length % block, size = 1;
  while (size <= rest / 2)
    size *= 2;
  for (; rest > 0; size /= 2)
    if (rest >= size) {
      sizes.push_back(size);
      rest -= size;
    }
  return sizes;
}

/// Multiplies `size` elements by the Walsh-Hadamard matrix.
static void butterflies(float *data, int64_t stride, int64_t size) {
  for (int64_t distance = 1; distance < size; distance *= 2)
    for (int64_t i = 0; i < size; ++i)
      if (!(i & distance)) {
        float &a = data[i * stride], &b = data[(i + distance) * stride];
        float sum = a + b, difference = a - b;
        a = sum;
        b = difference;
      }
}

/// Multiplies `order` elements by `hadamardMatrix(order)` or its transpose.
static void signedSums(float *data, int64_t stride, int64_t order,
                       const std::vector<int8_t> &matrix, bool transpose) {
  std::vector<float> sums(order);
  for (int64_t i = 0; i < order; ++i)
    for (int64_t j = 0; j < order; ++j) {
      float term = data[j * stride];
      bool negative = matrix[transpose ? j * order + i : i * order + j] < 0;
      if (j == 0)
        sums[i] = negative ? -term : term;
      else
        sums[i] = negative ? sums[i] - term : sums[i] + term;
    }
  for (int64_t i = 0; i < order; ++i)
    data[i * stride] = sums[i];
}

/// Multiplies `size` elements by the normalised Hadamard matrix of a block, or
/// by its transpose.
static void transform(float *data, int64_t stride, int64_t size,
                      bool transpose) {
  int64_t order = hadamardOrder(size), power = size / order;
  for (int64_t i = 0; i < size; i += power)
    butterflies(data + i * stride, stride, power);
  if (order > 1) {
    const std::vector<int8_t> &matrix = hadamardMatrix(order);
    for (int64_t i = 0; i < power; ++i)
      signedSums(data + i * stride, power * stride, order, matrix, transpose);
  }
  float c = static_cast<float>(1 / std::sqrt(double(size)));
  for (int64_t i = 0; i < size; ++i)
    data[i * stride] *= c;
}

void zq::codec::hadamardRow(float *data, int64_t stride, int64_t length,
                            int64_t block, std::optional<uint64_t> seed,
                            bool inverse) {
  auto applySigns = [&] {
    for (int64_t i = 0; seed && i < length; ++i)
      data[i * stride] *= hadamardSign(*seed, i);
  };
  if (!inverse)
    applySigns();
  int64_t start = 0;
  for (int64_t size : hadamardBlocks(length, block)) {
    transform(data + start * stride, stride, size, inverse);
    start += size;
  }
  if (inverse)
    applySigns();
}

Hadamard::Hadamard(int64_t axis, int64_t block, std::optional<uint64_t> seed)
    : axis(axis), block(block), seed(seed) {
  assert(axis >= 0 && "the axis counts from the front");
  assert(hadamardOrder(block) && "no Hadamard matrix of this size");
}

void Hadamard::rotate(Array &values, bool inverse) const {
  std::vector<float> data(values.size());
  if (data.empty())
    return;
  std::memcpy(data.data(), values.bytes.data(), values.bytes.size());
  forEachLine(values.shape, axis, [&](int64_t begin) {
    hadamardRow(data.data() + begin, strideOf(values.shape, axis),
                values.shape[axis], block, seed, inverse);
  });
  std::memcpy(values.bytes.data(), data.data(), values.bytes.size());
}

Range Hadamard::inputRange(Range target) const {
  double bound = std::min(-target.low, target.high) / std::sqrt(double(block));
  // A target on one side of zero gives no bound that the rotation keeps.
  return bound > 0 ? Range{-bound, bound} : target;
}

Result<Array> Hadamard::encode(const Array &input, const Below &below,
                               std::vector<Stream> &sides) const {
  (void)below, (void)sides;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = check(&*values, {}, input.shape); !valid)
    return valid.error();
  rotate(*values, /*inverse=*/false);
  return values;
}

Status Hadamard::check(const Array *main, const std::vector<Stream> &sides,
                       const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (Status valid = checkAxis(keyword(), axis, shape.size()); !valid)
    return valid;
  if (main)
    return checkArray("the main array of hadamard", *main, ElementType::F32,
                      shape);
  return checkShape(shape);
}

Result<Array> Hadamard::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result = main;
  rotate(result, /*inverse=*/true);
  return result;
}
