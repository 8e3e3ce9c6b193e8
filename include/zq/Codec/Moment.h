//===- Moment.h - What a tensor's rows are multiplied by ------------------===//
#ifndef ZQ_CODEC_MOMENT_H
#define ZQ_CODEC_MOMENT_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

#include <functional>

namespace zq::codec {

/// The second moment of activations x: C, the mean of x^T x. An error E of a
/// weight, whose rows x is multiplied by, changes the products by a mean square
/// of tr(E C E^T), which is what an encoder that knows C makes small.
struct Moment {
  /// The length of x, which is that of the weight's last dimension.
  int64_t size = 0;
  /// C, row by row.
  std::vector<double> values;

  /// The weight of the squared error of an element in `column`.
  double at(int64_t column) const { return values[column * size + column]; }
};

/// The moment of `activations`, [..., size]. Fails on arrays that are not of
/// finite floats, or hold no vector.
Result<Moment> momentOf(const Array &activations);

/// The moment of T x for activations x of `moment`, where `transform` replaces
/// every row r of a matrix, [size, size] in f32, by T r.
Moment transformed(const Moment &moment,
                   const std::function<void(Array &)> &transform);

/// A lower triangular L with L L^T = C, so that the mean square above is the
/// squared norm of E L. What C leaves out of a space that activations do not
/// fill is taken for a millionth of the mean of its diagonal, so that L has an
/// inverse.
std::vector<double> factorOf(const Moment &moment);

} // namespace zq::codec

#endif // ZQ_CODEC_MOMENT_H
