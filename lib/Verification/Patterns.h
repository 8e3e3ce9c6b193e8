//===- Patterns.h - Values that rewrites are tried with -------------------===//
#ifndef ZQ_LIB_VERIFICATION_PATTERNS_H
#define ZQ_LIB_VERIFICATION_PATTERNS_H

#include "zq/Codec/Array.h"

#include <random>

namespace mlir::zq::verification {

using Random = std::mt19937_64;

/// What a dense array holds.
enum class ValuePattern {
  /// Normally distributed.
  Gaussian,
  /// Each second element all but cancels the one before it, which is large.
  Cancelling,
  /// One element that is not zero.
  OneHot,
  Zeros,
};
inline constexpr ValuePattern allPatterns[] = {
    ValuePattern::Gaussian, ValuePattern::Cancelling, ValuePattern::OneHot,
    ValuePattern::Zeros};

/// "Gaussian", "cancelling", "one-hot", "zero".
const char *getName(ValuePattern pattern);

/// An array of floats, or small integers: -8 to 7, and 0 where the pattern is.
/// Floats are about `magnitude`.
::zq::codec::Array makeArray(::zq::codec::ElementType type,
                             const std::vector<int64_t> &shape,
                             ValuePattern pattern, Random &random,
                             float magnitude = 1);

/// Any bits at all.
void fillWithBits(::zq::codec::Array &array, Random &random);

/// Whether an element type is of floats.
bool isFloat(::zq::codec::ElementType type);

} // namespace mlir::zq::verification

#endif // ZQ_LIB_VERIFICATION_PATTERNS_H
