//===- LloydMax.h - The best levels for a known distribution --------------===//
//
// Tables of quantizers whose input has a law that is known beforehand, as that
// of a coordinate of a rotated vector.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_LLOYDMAX_H
#define ZQ_CODEC_LLOYDMAX_H

#include <functional>
#include <vector>

namespace zq::codec {

/// The `count` levels, increasing, that represent values of `density` on [low,
/// high] with the least mean squared error (Lloyd 1957, Max 1960): every level
/// is the mean of its cell, every boundary is midway between two levels. The
/// density need not be normalised; it is sampled in the middle of 2^14 equal
/// intervals and must be positive on most of them. Levels start at equal shares
/// and take 16 count^2 + 64 steps.
///
/// In f64 with nothing but +, -, *, / (and what `density` does), so that a
/// density of such operations and square roots gives the same levels, to the
/// bit, on every machine.
std::vector<double> lloydMax(const std::function<double(double)> &density,
                             double low, double high, int count);

/// The law of a coordinate of a uniformly distributed unit vector in
/// `dimension` >= 3 dimensions: (1 - t^2)^((dimension - 3) / 2) on [-1, 1], not
/// normalised.
double sphereCoordinateDensity(int64_t dimension, double t);

/// base^(exponent / 2), by multiplications and at most one square root.
double halfPower(double base, int64_t exponent);

} // namespace zq::codec

#endif // ZQ_CODEC_LLOYDMAX_H
