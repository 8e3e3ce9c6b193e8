//===- Rounding.cpp - Which of two neighbours a value becomes -------------===//

#include "zq/Codec/Rounding.h"
#include "zq/Codec/Random.h"

#include <cassert>
#include <cmath>

using namespace zq::codec;

/// Whether the value half way between `low` and `high` becomes `high`.
static bool tieGoesUp(Ties ties, double low, double high, bool highIsEven) {
  switch (ties) {
  case Ties::Even:
    return highIsEven;
  case Ties::Up:
    return true;
  case Ties::Down:
    return false;
  case Ties::Away:
    return std::fabs(high) >= std::fabs(low);
  case Ties::Zero:
    return std::fabs(high) <= std::fabs(low);
  }
  assert(false && "not a tie rule");
  return false;
}

bool zq::codec::roundsUp(const Rounding &rounding, double low, double high,
                         bool highIsEven, double value, int64_t index) {
  if (rounding.seed) {
    uint64_t bits = splitmix64(*rounding.seed, index) >> 11;
    return std::ldexp(double(bits), -53) < (value - low) / (high - low);
  }
  double middle = (low + high) / 2;
  if (value == middle)
    return tieGoesUp(rounding.ties, low, high, highIsEven);
  return value > middle;
}
