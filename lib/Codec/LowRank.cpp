//===- LowRank.cpp - A low-rank part beside the rest ----------------------===//

#include "zq/Codec/LowRank.h"
#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/DenseAlgebra.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>

using namespace zq::codec;

LowRank::LowRank(int64_t rank, Of of, StoredFloats stored)
    : rank(rank), of(of), stored(std::move(stored)) {
  assert(rank >= 1 && "a rank is positive");
}

CodecRef LowRank::sideCodec(size_t) const { return stored.codec(); }

/// Whether there is a matrix to approximate.
Status LowRank::checkRank(const Shape &shape) const {
  if (shape.size() < 2)
    return Error{"lowrank needs a matrix, the tensor has rank " +
                 std::to_string(shape.size())};
  return checkShape(shape);
}

Result<Shape> LowRank::sideShape(size_t index, const Shape &shape,
                                 const std::vector<Stream> &) const {
  if (Status valid = checkRank(shape); !valid)
    return valid.error();
  Shape result = shape;
  (index == 0 ? result.back() : result[shape.size() - 2]) = rank;
  return result;
}

/// left x right as decoding computes it.
static Array product(const Array &left, const Array &right, const Shape &shape,
                     int64_t rank) {
  const F32View leftF32(left), rightF32(right);
  Array result(ElementType::F32, shape);
  const int64_t rows = shape[shape.size() - 2], columns = shape.back();
  if (result.size() == 0)
    return result;
  const int64_t grain =
      std::max<int64_t>(1, elementGrain / (columns * (rank + 1)));
  parallelFor(result.size() / columns, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float *sums = elements<float>(result) + row * columns;
      for (int64_t r = 0; r < rank; ++r) {
        const float factor = leftF32->get<float>(row * rank + r);
        const float *other =
            elements<float>(*rightF32) + (row / rows * rank + r) * columns;
        for (int64_t j = 0; j < columns; ++j)
          sums[j] += factor * other[j];
      }
    }
  });
  return result;
}

/// `a`, of f32, less `b`.
static Array difference(const Array &a, const Array &b) {
  const F32View other(b);
  Array result(ElementType::F32, a.shape);
  for (int64_t i = 0, n = a.size(); i < n; ++i)
    result.set(i, a.get<float>(i) - other->get<float>(i));
  return result;
}

/// The product of a matrix [rows, size] and a lower triangular one.
static std::vector<double> timesTriangle(const std::vector<double> &matrix,
                                         int64_t rows,
                                         const std::vector<double> &triangle,
                                         int64_t size) {
  std::vector<double> result(rows * size);
  const int64_t grain = std::max<int64_t>(1, elementGrain / (size * size));
  parallelFor(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t i = 0; i < size; ++i)
        for (int64_t j = 0; j <= i; ++j)
          result[row * size + j] +=
              matrix[row * size + i] * triangle[i * size + j];
  });
  return result;
}

/// Multiplies a matrix [rows, size] by the inverse of a lower triangular one.
static void timesInverse(std::vector<double> &matrix, int64_t rows,
                         const std::vector<double> &triangle, int64_t size) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t j = size; j-- > 0;) {
      double *values = matrix.data() + row * size;
      values[j] /= triangle[j * size + j];
      for (int64_t i = 0; i < j; ++i)
        values[i] -= values[j] * triangle[j * size + i];
    }
}

/// The leading terms of each matrix in f32 `values`, times the root of the
/// moment where there is one.
Result<LowRank::Parts>
LowRank::decompose(const Array &values, const std::vector<double> &root) const {
  const Shape &shape = values.shape;
  const int64_t rows = shape[shape.size() - 2], columns = shape.back();
  const int64_t size = rows * columns;
  Array left(ElementType::F32, *sideShape(0, shape, {}));
  Array right(ElementType::F32, *sideShape(1, shape, {}));
  for (int64_t begin = 0, n = values.size(); begin < n; begin += size) {
    std::vector<double> matrix(size);
    for (int64_t i = 0; i < size; ++i)
      matrix[i] = values.get<float>(begin + i);
    if (!root.empty())
      matrix = timesTriangle(matrix, rows, root, columns);
    Factors factors = factorize(matrix, rows, columns, rank);
    if (!root.empty())
      timesInverse(factors.right, rank, root, columns);
    const int64_t batch = begin / size;
    for (int64_t i = 0; i < rows * rank; ++i)
      left.set(batch * rows * rank + i, float(factors.left[i]));
    for (int64_t i = 0; i < rank * columns; ++i)
      right.set(batch * rank * columns + i, float(factors.right[i]));
  }
  Parts parts{stored.round(left), stored.round(right), {}};
  Result<Array> leftRead = stored.readBack(parts.left, "left of lowrank");
  if (!leftRead)
    return leftRead.error();
  Result<Array> rightRead = stored.readBack(parts.right, "right of lowrank");
  if (!rightRead)
    return rightRead.error();
  parts.product = product(*leftRead, *rightRead, shape, rank);
  return parts;
}

/// The squared norm of an error, times the root of the moment if there is one.
static double squaredNorm(const Array &error, const std::vector<double> &root) {
  const int64_t columns = error.shape.back();
  std::vector<double> values(error.size());
  for (int64_t i = 0, n = error.size(); i < n; ++i)
    values[i] = error.get<float>(i);
  if (!root.empty())
    values = timesTriangle(values, error.size() / columns, root, columns);
  double sum = 0;
  for (double value : values)
    sum += value * value;
  return sum;
}

Result<LowRank::Parts> LowRank::search(const Array &values, const Below &below,
                                       const std::vector<double> &root) const {
  const int mostSteps = 16;
  const double least = 1e-3;
  Result<Parts> parts = decompose(values, root);
  if (!parts)
    return parts;
  Parts best = *parts;
  double bestError = 0;
  for (int step = 0; step < mostSteps; ++step) {
    Result<Array> read = below.roundTrip(difference(values, parts->product));
    if (!read)
      return read.error();
    read = finiteF32(keyword(), *read);
    if (!read)
      return read.error();
    Array left = difference(values, *read);
    double error = squaredNorm(difference(left, parts->product), root);
    bool isBetter = step == 0 || error < bestError;
    bool goesOn = step == 0 || error < (1 - least) * bestError;
    if (isBetter) {
      best = *parts;
      bestError = error;
    }
    if (!goesOn)
      break;
    parts = decompose(left, root);
    if (!parts)
      return parts;
  }
  return best;
}

Result<Array> LowRank::encode(const Array &input, const Below &below,
                              std::vector<Stream> &sides) const {
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = checkRank(input.shape); !valid)
    return valid.error();
  Array decomposed = *values;
  if (of == Of::Error) {
    Result<Array> read = below.roundTrip(*values);
    if (!read)
      return read;
    read = finiteF32(keyword(), *read);
    if (!read)
      return read;
    decomposed = difference(*values, *read);
  }
  std::vector<double> root;
  if (below.moment())
    root = factorOf(*below.moment());
  Result<Parts> parts = of == Of::Search ? search(*values, below, root)
                                         : decompose(decomposed, root);
  if (!parts)
    return parts.error();
  Array main = of == Of::Error ? std::move(*values)
                               : difference(*values, parts->product);
  sides.push_back({"left", std::move(parts->left)});
  sides.push_back({"right", std::move(parts->right)});
  return main;
}

Status LowRank::check(const Array *main, const std::vector<Stream> &sides,
                      const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 2); !valid)
    return valid;
  if (Status valid = checkRank(shape); !valid)
    return valid;
  const char *names[] = {"stream 'left'", "stream 'right'"};
  for (size_t k : {0, 1})
    if (Status valid = checkArray(names[k], sides[k].array, stored.type(),
                                  *sideShape(k, shape, {}));
        !valid)
      return valid;
  return checkMain(keyword(), main, shape);
}

Result<Array> LowRank::decode(const Array &main,
                              const std::vector<Stream> &sides,
                              const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result = product(sides[0].array, sides[1].array, shape, rank);
  for (int64_t i = 0, n = result.size(); i < n; ++i)
    result.set(i, main.get<float>(i) + result.get<float>(i));
  return result;
}
