//===- Hadamard.cpp - Walsh-Hadamard rotation along an axis ---------------===//

#include "zq/Codec/Hadamard.h"
#include "Elements.h"
#include "Lines.h"
#include "Validate.h"
#include "zq/Codec/Parallel.h"
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

namespace {
/// Lines that are rotated together: element `i` of all of them is the `lanes`
/// floats from data[i * stride] on.
struct Lines {
  float *data;
  int64_t stride;
  int64_t lanes;

  float *at(int64_t i) const { return data + i * stride; }
  Lines from(int64_t i) const { return {at(i), stride, lanes}; }
};
} // namespace

/// (a, b) -> (a + b, a - b) for `count` neighbours.
static void butterfly(float *a, float *b, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    float sum = a[i] + b[i], difference = a[i] - b[i];
    a[i] = sum;
    b[i] = difference;
  }
}

/// The butterflies of one short distance in consecutive elements.
template <int64_t Distance>
static void shortButterflies(float *data, int64_t size) {
  for (int64_t i = 0; i < size; i += 2 * Distance)
    butterfly(data + i, data + i + Distance, Distance);
}

/// Multiplies `size` elements by the Walsh-Hadamard matrix.
static void butterflies(const Lines &lines, int64_t size) {
  const bool isDense = lines.lanes == 1 && lines.stride == 1;
  for (int64_t distance = 1; distance < size; distance *= 2) {
    if (isDense && distance == 1)
      shortButterflies<1>(lines.data, size);
    else if (isDense && distance == 2)
      shortButterflies<2>(lines.data, size);
    else if (isDense && distance == 4)
      shortButterflies<4>(lines.data, size);
    else
      for (int64_t i = 0; i < size; i += 2 * distance) {
        if (isDense)
          butterfly(lines.at(i), lines.at(i + distance), distance);
        else
          for (int64_t j = i; j < i + distance; ++j)
            butterfly(lines.at(j), lines.at(j + distance), lines.lanes);
      }
  }
}

/// Multiplies `order` elements by `hadamardMatrix(order)` or its transpose.
static void signedSums(const Lines &lines, int64_t order,
                       const std::vector<int8_t> &matrix, bool transpose) {
  std::vector<float> sums(order);
  for (int64_t lane = 0; lane < lines.lanes; ++lane) {
    for (int64_t i = 0; i < order; ++i)
      for (int64_t j = 0; j < order; ++j) {
        float term = lines.at(j)[lane];
        bool negative = matrix[transpose ? j * order + i : i * order + j] < 0;
        if (j == 0)
          sums[i] = negative ? -term : term;
        else
          sums[i] = negative ? sums[i] - term : sums[i] + term;
      }
    for (int64_t i = 0; i < order; ++i)
      lines.at(i)[lane] = sums[i];
  }
}

/// Multiplies `size` elements by the normalised Hadamard matrix of a block, or
/// by its transpose.
static void transform(const Lines &lines, int64_t size, bool transpose) {
  int64_t order = hadamardOrder(size), power = size / order;
  for (int64_t i = 0; i < size; i += power)
    butterflies(lines.from(i), power);
  if (order > 1) {
    const std::vector<int8_t> &matrix = hadamardMatrix(order);
    for (int64_t i = 0; i < power; ++i)
      signedSums({lines.at(i), power * lines.stride, lines.lanes}, order,
                 matrix, transpose);
  }
  float c = static_cast<float>(1 / std::sqrt(double(size)));
  for (int64_t i = 0; i < size; ++i)
    for (int64_t lane = 0; lane < lines.lanes; ++lane)
      lines.at(i)[lane] *= c;
}

/// Rotates lines whose elements take `signs`, the sign bit each, if there are
/// any.
static void rotateLines(const Lines &lines,
                        const std::vector<int64_t> &blockSizes,
                        const std::vector<uint32_t> &signs, bool inverse) {
  auto applySigns = [&] {
    for (size_t i = 0; i < signs.size(); ++i)
      for (int64_t lane = 0; lane < lines.lanes; ++lane) {
        float &value = lines.at(i)[lane];
        value = floatOf(bitsOf(value) ^ signs[i]);
      }
  };
  if (!inverse)
    applySigns();
  int64_t start = 0;
  for (int64_t size : blockSizes) {
    transform(lines.from(start), size, inverse);
    start += size;
  }
  if (inverse)
    applySigns();
}

/// What a factor of `hadamardSign` does to the bits of each element.
static std::vector<uint32_t> signsOf(std::optional<uint64_t> seed,
                                     int64_t length) {
  std::vector<uint32_t> signs;
  for (int64_t i = 0; seed && i < length; ++i)
    signs.push_back(hadamardSign(*seed, i) < 0 ? uint32_t(1) << 31 : 0);
  return signs;
}

void zq::codec::hadamardRow(float *data, int64_t stride, int64_t length,
                            int64_t block, std::optional<uint64_t> seed,
                            bool inverse) {
  rotateLines({data, stride, 1}, hadamardBlocks(length, block),
              signsOf(seed, length), inverse);
}

Hadamard::Hadamard(int64_t axis, int64_t block, std::optional<uint64_t> seed)
    : axis(axis), block(block), seed(seed) {
  assert(axis >= 0 && "the axis counts from the front");
  assert(hadamardOrder(block) && "no Hadamard matrix of this size");
}

void Hadamard::rotate(Array &values, bool inverse) const {
  const int64_t length = values.shape[axis];
  const int64_t stride = strideOf(values.shape, axis);
  if (values.size() == 0)
    return;
  const std::vector<int64_t> blockSizes = hadamardBlocks(length, block);
  const std::vector<uint32_t> signs = signsOf(seed, length);
  // Lines that lie side by side fill vectors and lines of the cache.
  const int64_t lanes = std::min<int64_t>(stride, 64);
  const int64_t groups = ceilDiv(stride, lanes);
  const int64_t count = values.size() / length / stride * groups;
  const int64_t grain = std::max<int64_t>(1, elementGrain / (length * lanes));
  parallelFor(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t first = i % groups * lanes;
      float *data =
          elements<float>(values) + i / groups * length * stride + first;
      rotateLines({data, stride, std::min(lanes, stride - first)}, blockSizes,
                  signs, inverse);
    }
  });
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
  if (Status valid = checkAlong(keyword(), axis, sides.size(), 0, shape);
      !valid)
    return valid;
  return checkMain(keyword(), main, shape);
}

Result<Array> Hadamard::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result = widened(main);
  rotate(result, /*inverse=*/true);
  return result;
}

Moment Hadamard::momentBelow(const Moment &moment, const std::vector<Stream> &,
                             const Shape &shape) const {
  if (axis + 1 != int64_t(shape.size()))
    return moment;
  const Hadamard ofRows(1, block, seed);
  return transformed(moment, [&](Array &rows) { ofRows.rotate(rows, false); });
}
