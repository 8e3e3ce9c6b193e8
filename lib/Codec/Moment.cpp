//===- Moment.cpp - What a tensor's rows are multiplied by ----------------===//

#include "zq/Codec/Moment.h"
#include "Validate.h"
#include "zq/Codec/Parallel.h"

#include <cmath>

using namespace zq::codec;

Result<Moment> zq::codec::momentOf(const Array &activations) {
  Result<Array> values =
      finiteF32("an encoder that knows activations", activations);
  if (!values)
    return values.error();
  if (values->size() == 0)
    return Error{"activations of shape " + toString(activations.shape) +
                 " hold no vector"};
  Moment moment;
  const int64_t size = moment.size = activations.shape.back();
  const int64_t count = values->size() / size;
  moment.values.resize(size * size);
  // Each row is summed in the order of the vectors, whoever sums it.
  parallelFor(size, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double *row = moment.values.data() + i * size;
      for (int64_t k = 0; k < count; ++k) {
        const double factor = double(values->get<float>(k * size + i)) / count;
        for (int64_t j = 0; j < size; ++j)
          row[j] += factor * values->get<float>(k * size + j);
      }
    }
  });
  return moment;
}

Moment zq::codec::transformed(const Moment &moment,
                              const std::function<void(Array &)> &transform) {
  // C is symmetric: T C T^T is what becomes of its rows, and then of the
  // columns of that.
  const int64_t size = moment.size;
  Array matrix(ElementType::F32, {size, size});
  for (int64_t i = 0; i < size * size; ++i)
    matrix.set(i, float(moment.values[i]));
  for (int side = 0; side < 2; ++side) {
    transform(matrix);
    for (int64_t i = 0; i < size; ++i)
      for (int64_t j = 0; j < i; ++j) {
        const float other = matrix.get<float>(i * size + j);
        matrix.set(i * size + j, matrix.get<float>(j * size + i));
        matrix.set(j * size + i, other);
      }
  }
  Moment result{size, std::vector<double>(size * size)};
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j < size; ++j)
      result.values[i * size + j] = (double(matrix.get<float>(i * size + j)) +
                                     matrix.get<float>(j * size + i)) /
                                    2;
  return result;
}

std::vector<double> zq::codec::factorOf(const Moment &moment) {
  const int64_t size = moment.size;
  double trace = 0;
  for (int64_t i = 0; i < size; ++i)
    trace += moment.at(i);
  const double least = trace > 0 ? trace / size * 1e-6 : 1;
  // Cholesky, row by row.
  std::vector<double> factor(size * size);
  for (int64_t i = 0; i < size; ++i) {
    double *row = factor.data() + i * size;
    for (int64_t j = 0; j <= i; ++j) {
      const double *other = factor.data() + j * size;
      double sum = moment.values[i * size + j] + (i == j ? least : 0);
      for (int64_t k = 0; k < j; ++k)
        sum -= row[k] * other[k];
      row[j] = i == j ? std::sqrt(std::max(sum, least)) : sum / other[j];
    }
  }
  return factor;
}
