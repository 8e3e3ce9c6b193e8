//===- Division.h - Division by a constant without dividing ---------------===//
//
// How a decoder takes digits out of a word.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_DIVISION_H
#define ZQ_CODEC_DIVISION_H

#include <cstdint>
#include <optional>

namespace zq::codec {

/// x / divisor as (x * multiplier) >> shift.
struct Division {
  uint64_t multiplier;
  int shift;
};

/// The division by `divisor` that is exact for all x from 0 to `largest` and
/// whose product fits `bits` bits (32 or 64) without a sign; none where there
/// is no such. Divisor and `largest` are positive and fit `bits` as well.
///
/// With m = ceil(2^s / d) and e = m d - 2^s, x m / 2^s is x / d + x e / (d
/// 2^s). The fraction of x / d is at most 1 - 1/d, so that the floors are the
/// same where x e < 2^s (Granlund and Montgomery, Division by Invariant
/// Integers using Multiplication, 1994).
std::optional<Division> findDivision(uint64_t divisor, uint64_t largest,
                                     int bits);

} // namespace zq::codec

#endif // ZQ_CODEC_DIVISION_H
