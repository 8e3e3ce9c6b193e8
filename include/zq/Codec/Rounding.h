//===- Rounding.h - Which of two neighbours a value becomes ---------------===//
//
// Every quantizer finds the two values of its grid that a value lies between;
// which one it takes is decided here for all of them.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_ROUNDING_H
#define ZQ_CODEC_ROUNDING_H

#include <cstdint>
#include <optional>

namespace zq::codec {

/// Where a value half way between two neighbours goes.
enum class Ties {
  Even, ///< To the even one; where both are odd, up.
  Up,   ///< To the greater one.
  Down, ///< To the lesser one.
  Away, ///< Away from zero; up where zero itself is half way.
  Zero, ///< Towards zero; up where zero itself is half way.
};

/// To the nearest neighbour, or to one of the two by chance.
struct Rounding {
  Ties ties = Ties::Even;
  /// Stochastic rounding with this seed: x between low and high becomes high
  /// with probability (x - low) / (high - low). Its mean is then x, its
  /// variance (x - low) (high - x). `ties` does not matter.
  std::optional<uint64_t> seed;

  Rounding() = default;
  Rounding(Ties ties) : ties(ties) {}
  static Rounding stochastic(uint64_t seed) {
    Rounding rounding;
    rounding.seed = seed;
    return rounding;
  }
};

/// Whether `value`, which is in [low, high], becomes `high`, a neighbour of
/// `low` on the grid. Values beyond the grid are to be brought onto it before.
/// `highIsEven` says which one a tie to even takes. Stochastic rounding takes
/// `high` where the top 53 bits of splitmix64(seed, index), as a fraction of
/// 2^53, are less than (value - low) / (high - low) in f64; `index` is the
/// element's row-major index in the array.
bool roundsUp(const Rounding &rounding, double low, double high,
              bool highIsEven, double value, int64_t index);

} // namespace zq::codec

#endif // ZQ_CODEC_ROUNDING_H
