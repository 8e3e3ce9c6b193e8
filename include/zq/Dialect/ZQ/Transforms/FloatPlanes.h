//===- FloatPlanes.h - Products of floats as products of narrower ones ----===//
#ifndef ZQ_DIALECT_ZQ_TRANSFORMS_FLOATPLANES_H
#define ZQ_DIALECT_ZQ_TRANSFORMS_FLOATPLANES_H

#include <cstdint>
#include <optional>
#include <string>

namespace mlir::zq {

/// Both operands of a product as sums of planes of narrower floats, of which
/// the pairs of `getPlanePairs` are multiplied.
struct FloatPlanes {
  int64_t left = 1, right = 1;
  /// Of a product, relative to it, before the sum.
  double error = 0;
};

/// How large plane `plane` of floats with `planeDigits` binary digits may be,
/// relative to the number.
double getPlaneSize(int64_t planeDigits, int64_t plane);

/// How far a float with `digits` binary digits may be from the sum of `planes`
/// floats with `planeDigits`, relative to it: each plane rounds what the planes
/// before it left, to nearest.
double getSplitError(int64_t digits, int64_t planeDigits, int64_t planes);

/// The planes with the fewest products whose error is at most `accuracy`, for
/// operands with so many binary digits. Nothing where three do not suffice.
std::optional<FloatPlanes> chooseFloatPlanes(int64_t leftDigits,
                                             int64_t rightDigits,
                                             int64_t planeDigits,
                                             double accuracy);

/// An error that nothing exceeds, for a remark: three digits, rounded up.
std::string printBound(double error);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_TRANSFORMS_FLOATPLANES_H
