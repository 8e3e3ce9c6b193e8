//===- TestArrays.h - Arrays to test the codecs with ----------------------===//
#ifndef ZQ_UNITTESTS_CODEC_TESTARRAYS_H
#define ZQ_UNITTESTS_CODEC_TESTARRAYS_H

#include "zq/Codec/Stage.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace zq::codec {

/// An array of `type` with these values, rounded to it.
inline Array floats(std::vector<int64_t> shape,
                    const std::vector<float> &values,
                    ElementType type = ElementType::F32) {
  Array array(type, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i)
    array.setFloat(i, values[i]);
  return array;
}

/// An i8 array with these elements.
inline Array bytes(std::vector<int64_t> shape, const std::vector<int> &values) {
  Array array(ElementType::I8, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i)
    array.set(i, static_cast<uint8_t>(values[i]));
  return array;
}

/// Normally distributed values; the same for the same seed.
inline Array gaussian(std::vector<int64_t> shape, unsigned seed,
                      ElementType type = ElementType::F32) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Array array(type, std::move(shape));
  for (int64_t i = 0; i < array.size(); ++i)
    array.setFloat(i, normal(generator));
  return array;
}

/// Codes below `count`, small ones more frequent; the same for the same seed.
inline Array skewedCodes(std::vector<int64_t> shape, int count, unsigned seed) {
  std::mt19937 generator(seed);
  std::geometric_distribution<int> geometric(0.3);
  Array array(ElementType::I8, std::move(shape));
  for (int64_t i = 0; i < array.size(); ++i)
    array.set(i, static_cast<uint8_t>(geometric(generator) % count));
  return array;
}

/// The elements of a floating-point array.
inline std::vector<float> toFloats(const Array &array) {
  std::vector<float> values;
  for (int64_t i = 0; i < array.size(); ++i)
    values.push_back(array.getFloat(i));
  return values;
}

/// The elements of an i8 array, unsigned.
inline std::vector<int> toInts(const Array &array) {
  return {array.bytes.begin(), array.bytes.end()};
}

/// The codes that a quantizer makes of `values`.
inline std::vector<int> codes(const Stage &stage,
                              const std::vector<float> &values) {
  std::vector<Stream> sides;
  Result<Array> result =
      stage.encode(floats({int64_t(values.size())}, values), {}, sides);
  EXPECT_TRUE(result) << result.message();
  return toInts(*result);
}

/// Shapes with ragged tails, without elements, of one element, of rank 1 and 3.
inline std::vector<std::vector<int64_t>> awkwardShapes() {
  return {{1, 1}, {3, 5},    {7, 100}, {0, 4}, {4, 0},
          {13},   {2, 3, 9}, {1, 257}, {0},    {2, 0, 3}};
}

} // namespace zq::codec

#endif // ZQ_UNITTESTS_CODEC_TESTARRAYS_H
