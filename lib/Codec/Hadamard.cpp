//===- Hadamard.cpp - Signed Walsh-Hadamard rotation along an axis --------===//

#include "zq/Codec/Hadamard.h"
#include "Validate.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

float zq::codec::hadamardSign(uint64_t seed, int64_t index) {
  uint64_t z = seed + (uint64_t(index) + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return z >> 63 ? -1.0f : 1.0f;
}

std::vector<int64_t> zq::codec::hadamardBlocks(int64_t length, int64_t block) {
  std::vector<int64_t> sizes(length / block, block);
  int64_t rest = length % block;
  for (int64_t size = block / 2; size > 0; size /= 2)
    if (rest & size)
      sizes.push_back(size);
  return sizes;
}

/// Multiplies `size` elements by the normalised Hadamard matrix.
static void transform(float *data, int64_t stride, int64_t size) {
  for (int64_t distance = 1; distance < size; distance *= 2)
    for (int64_t i = 0; i < size; ++i)
      if (!(i & distance)) {
        float &a = data[i * stride], &b = data[(i + distance) * stride];
        float sum = a + b, difference = a - b;
        a = sum;
        b = difference;
      }
  float c = static_cast<float>(1 / std::sqrt(double(size)));
  for (int64_t i = 0; i < size; ++i)
    data[i * stride] *= c;
}

void zq::codec::hadamardRow(float *data, int64_t stride, int64_t length,
                            int64_t block, uint64_t seed, bool inverse) {
  auto applySigns = [&] {
    for (int64_t i = 0; i < length; ++i)
      data[i * stride] *= hadamardSign(seed, i);
  };
  if (!inverse)
    applySigns();
  int64_t start = 0;
  for (int64_t size : hadamardBlocks(length, block)) {
    transform(data + start * stride, stride, size);
    start += size;
  }
  if (inverse)
    applySigns();
}

Hadamard::Hadamard(int64_t axis, int64_t block, uint64_t seed)
    : axis(axis), block(block), seed(seed) {
  assert(axis >= 0 && "the axis counts from the front");
  assert(block > 0 && (block & (block - 1)) == 0 && "not a power of two");
}

void Hadamard::rotate(Array &values, bool inverse) const {
  if (values.bytes.empty())
    return;
  auto begin = values.shape.begin();
  int64_t length = values.shape[axis];
  int64_t outer = numElements({begin, begin + axis});
  int64_t stride = numElements({begin + axis + 1, values.shape.end()});
  std::vector<float> data(values.size());
  std::memcpy(data.data(), values.bytes.data(), values.bytes.size());
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t j = 0; j < stride; ++j)
      hadamardRow(data.data() + i * length * stride + j, stride, length, block,
                  seed, inverse);
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
                       const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (axis >= int64_t(shape.size()))
    return Error{"hadamard along axis " + std::to_string(axis) +
                 " of a tensor of rank " + std::to_string(shape.size())};
  if (main)
    return checkArray("the main array of hadamard", *main, ElementType::F32,
                      shape);
  return checkShape(shape);
}

Result<Array> Hadamard::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result = main;
  rotate(result, /*inverse=*/true);
  return result;
}
