//===- RandomMatrix.h - Matrices that a seed stands for -------------------===//
//
// What encoders draw at random. An element depends on its position, not on the
// order in which it is drawn.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_RANDOMMATRIX_H
#define ZQ_CODEC_RANDOMMATRIX_H

#include "zq/Codec/Array.h"

namespace zq::codec {

/// `count` independent standard normal numbers: number k by Box and Muller
/// (1958) from `splitmix64` 2 k and 2 k + 1,
///   sqrt(-2 ln u) cos(2 pi v), u in (0, 1], v in [0, 1), of 53 bits each,
/// in double. The last digits are those of the machine's mathematical library.
std::vector<double> gaussianNumbers(uint64_t seed, int64_t count);

/// A matrix of independent standard normal numbers, f32, row-major.
Array gaussianMatrix(int64_t rows, int64_t columns, uint64_t seed);

/// An orthogonal matrix of `size` rows drawn from the Haar measure: the rows of
/// a Gaussian matrix made orthonormal in their order, in double, rounded to
/// f32. This is the Q of a QR decomposition whose R has a positive diagonal, as
/// the Haar measure requires (Mezzadri, arXiv:math-ph/0609050).
Array haarMatrix(int64_t size, uint64_t seed);

} // namespace zq::codec

#endif // ZQ_CODEC_RANDOMMATRIX_H
