//===- DenseAlgebra.h - Linear algebra that encoders need -----------------===//
//
// In double and in a fixed order, so that the same input always gives the same
// streams.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_DENSEALGEBRA_H
#define ZQ_CODEC_DENSEALGEBRA_H

#include <cstdint>
#include <vector>

namespace zq::codec {

/// Makes the rows of a row-major matrix orthonormal, each against those before
/// it (Gram-Schmidt, every row projected twice: Giraud et al. 2005). A row that
/// depends on those before it becomes zero.
void orthonormalizeRows(double *matrix, int64_t rows, int64_t columns);

/// The best approximation of a matrix by `left` x `right`, [rows, rank] and
/// [rank, columns], both row-major.
struct Factors {
  std::vector<double> left;
  std::vector<double> right;
};

/// The leading `rank` terms of the singular value decomposition U S V of a
/// row-major matrix, as U sqrt(S) and sqrt(S) V, largest first; zeros beyond
/// the matrix's own rank. By subspace iteration from a random start of a fixed
/// seed (Halko, Martinsson, Tropp, arXiv:0909.4061, algorithm 4.4), exact to
/// rounding where rank + 8 reaches the smaller dimension.
Factors factorize(const std::vector<double> &matrix, int64_t rows,
                  int64_t columns, int64_t rank);

} // namespace zq::codec

#endif // ZQ_CODEC_DENSEALGEBRA_H
