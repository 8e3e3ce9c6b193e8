//===- DenseAlgebra.cpp - Linear algebra that encoders need ---------------===//

#include "zq/Codec/DenseAlgebra.h"
#include "zq/Codec/RandomMatrix.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace zq::codec;

static double dot(const double *a, const double *b, int64_t size) {
  double sum = 0;
  for (int64_t i = 0; i < size; ++i)
    sum += a[i] * b[i];
  return sum;
}

void zq::codec::orthonormalizeRows(double *matrix, int64_t rows,
                                   int64_t columns) {
  // What is left of a row in the span of the others is rounding.
  const double negligible = 1e-12;
  for (int64_t i = 0; i < rows; ++i) {
    double *row = matrix + i * columns;
    double before = std::sqrt(dot(row, row, columns));
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t j = 0; j < i; ++j) {
        const double *other = matrix + j * columns;
        double projection = dot(row, other, columns);
        for (int64_t k = 0; k < columns; ++k)
          row[k] -= projection * other[k];
      }
    double norm = std::sqrt(dot(row, row, columns));
    double factor = norm > negligible * before ? 1 / norm : 0;
    for (int64_t k = 0; k < columns; ++k)
      row[k] *= factor;
  }
}

static std::vector<double> transposed(const std::vector<double> &matrix,
                                      int64_t rows, int64_t columns) {
  std::vector<double> result(matrix.size());
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      result[j * rows + i] = matrix[i * columns + j];
  return result;
}

/// Makes the columns of a matrix orthonormal.
static void orthonormalizeColumns(std::vector<double> &matrix, int64_t rows,
                                  int64_t columns) {
  std::vector<double> turned = transposed(matrix, rows, columns);
  orthonormalizeRows(turned.data(), columns, rows);
  matrix = transposed(turned, columns, rows);
}

/// The product of a matrix [rows, columns] and one of `width` columns.
static std::vector<double> times(const std::vector<double> &matrix,
                                 int64_t rows, int64_t columns,
                                 const std::vector<double> &right,
                                 int64_t width) {
  std::vector<double> result(rows * width);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      double factor = matrix[i * columns + j];
      for (int64_t k = 0; k < width; ++k)
        result[i * width + k] += factor * right[j * width + k];
    }
  return result;
}

/// Turns the rows p and q of a matrix in their plane.
static void turn(double *p, double *q, int64_t size, double c, double s) {
  for (int64_t k = 0; k < size; ++k) {
    double a = p[k], b = q[k];
    p[k] = c * a - s * b;
    q[k] = s * a + c * b;
  }
}

/// Makes the rows of `right` orthogonal by rotations in planes of two, which it
/// applies to the rows of `left` too (one-sided Jacobi, Hestenes 1958).
static void orthogonalizeTogether(std::vector<double> &left, int64_t leftSize,
                                  std::vector<double> &right, int64_t rightSize,
                                  int64_t count) {
  const double tolerance = 1e-15;
  bool changed = true;
  for (int sweep = 0; sweep < 60 && changed; ++sweep) {
    changed = false;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = i + 1; j < count; ++j) {
        double *p = right.data() + i * rightSize;
        double *q = right.data() + j * rightSize;
        double a = dot(p, p, rightSize), b = dot(q, q, rightSize);
        double d = dot(p, q, rightSize);
        if (std::fabs(d) <= tolerance * std::sqrt(a) * std::sqrt(b))
          continue;
        changed = true;
        double zeta = (b - a) / (2 * d);
        double t = std::copysign(1, zeta) /
                   (std::fabs(zeta) + std::sqrt(1 + zeta * zeta));
        double c = 1 / std::sqrt(1 + t * t), s = c * t;
        turn(p, q, rightSize, c, s);
        turn(left.data() + i * leftSize, left.data() + j * leftSize, leftSize,
             c, s);
      }
  }
}

Factors zq::codec::factorize(const std::vector<double> &matrix, int64_t rows,
                             int64_t columns, int64_t rank) {
  const int64_t oversampling = 8;
  const int iterations = 12;
  Factors factors{std::vector<double>(rows * rank),
                  std::vector<double>(rank * columns)};
  int64_t width = std::min({rows, columns, rank + oversampling});
  if (width == 0)
    return factors;

  // An orthonormal basis, [rows, width], of what the matrix reaches most of.
  std::vector<double> basis =
      times(matrix, rows, columns, gaussianNumbers(1, columns * width), width);
  orthonormalizeColumns(basis, rows, width);
  const std::vector<double> turned = transposed(matrix, rows, columns);
  std::vector<double> coefficients;
  for (int i = 0;; ++i) {
    coefficients = times(turned, columns, rows, basis, width);
    if (i == iterations)
      break;
    orthonormalizeColumns(coefficients, columns, width);
    basis = times(matrix, rows, columns, coefficients, width);
    orthonormalizeColumns(basis, rows, width);
  }

  // matrix = basis x coefficients^T; with orthogonal rows in `right`, their
  // norms are the singular values.
  std::vector<double> left = transposed(basis, rows, width);
  std::vector<double> right = transposed(coefficients, columns, width);
  orthogonalizeTogether(left, rows, right, columns, width);
  std::vector<double> values(width);
  for (int64_t k = 0; k < width; ++k) {
    const double *row = right.data() + k * columns;
    values[k] = std::sqrt(dot(row, row, columns));
  }
  std::vector<int64_t> order(width);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return values[a] != values[b] ? values[a] > values[b] : a < b;
  });
  for (int64_t r = 0; r < std::min(rank, width); ++r) {
    int64_t k = order[r];
    double root = std::sqrt(values[k]);
    if (root == 0)
      continue;
    for (int64_t i = 0; i < rows; ++i)
      factors.left[i * rank + r] = left[k * rows + i] * root;
    for (int64_t j = 0; j < columns; ++j)
      factors.right[r * columns + j] = right[k * columns + j] / root;
  }
  return factors;
}
