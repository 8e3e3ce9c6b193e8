//===- RandomMatrix.cpp - Matrices that a seed stands for -----------------===//

#include "zq/Codec/RandomMatrix.h"
#include "zq/Codec/DenseAlgebra.h"
#include "zq/Codec/Random.h"

#include <cmath>

using namespace zq::codec;

std::vector<double> zq::codec::gaussianNumbers(uint64_t seed, int64_t count) {
  const double twoPi = 6.283185307179586476925;
  std::vector<double> numbers(count);
  for (int64_t k = 0; k < count; ++k) {
    double u = std::ldexp(double((splitmix64(seed, 2 * k) >> 11) + 1), -53);
    double v = std::ldexp(double(splitmix64(seed, 2 * k + 1) >> 11), -53);
    numbers[k] = std::sqrt(-2 * std::log(u)) * std::cos(twoPi * v);
  }
  return numbers;
}

/// `numbers` rounded to an f32 array of two dimensions.
static Array toMatrix(const std::vector<double> &numbers, int64_t rows,
                      int64_t columns) {
  Array matrix(ElementType::F32, {rows, columns});
  for (int64_t i = 0; i < rows * columns; ++i)
    matrix.set(i, static_cast<float>(numbers[i]));
  return matrix;
}

Array zq::codec::gaussianMatrix(int64_t rows, int64_t columns, uint64_t seed) {
  return toMatrix(gaussianNumbers(seed, rows * columns), rows, columns);
}

Array zq::codec::haarMatrix(int64_t size, uint64_t seed) {
  std::vector<double> rows = gaussianNumbers(seed, size * size);
  orthonormalizeRows(rows.data(), size, size);
  return toMatrix(rows, size, size);
}
