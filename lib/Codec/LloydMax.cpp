//===- LloydMax.cpp - The best levels for a known distribution ------------===//

#include "zq/Codec/LloydMax.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace zq::codec;

namespace {
/// The integrals of density(t) and of t density(t) from `low` on.
class Integrals {
public:
  Integrals(const std::function<double(double)> &density, double low,
            double high)
      : low(low), step((high - low) / numIntervals), heights(numIntervals),
        masses(numIntervals + 1, 0), moments(numIntervals + 1, 0) {
    for (int i = 0; i < numIntervals; ++i) {
      double middle = low + (i + 0.5) * step;
      heights[i] = density(middle);
      masses[i + 1] = masses[i] + heights[i] * step;
      moments[i + 1] = moments[i] + heights[i] * step * middle;
    }
  }

  double total() const { return masses.back(); }

  /// Mass and moment below `t`; the density is constant in each interval.
  void below(double t, double &mass, double &moment) const {
    int i = std::clamp(int((t - low) / step), 0, numIntervals - 1);
    double start = low + i * step, part = (t - start) * heights[i];
    mass = masses[i] + part;
    moment = moments[i] + part * (start + t) / 2;
  }

  /// The t below which lies `mass`.
  double quantile(double mass) const {
    auto next = std::upper_bound(masses.begin() + 1, masses.end() - 1, mass);
    int i = int(next - masses.begin()) - 1;
    double inside = heights[i] > 0 ? (mass - masses[i]) / heights[i] : 0;
    return low + i * step + inside;
  }

private:
  static constexpr int numIntervals = 1 << 14;
  double low, step;
  std::vector<double> heights, masses, moments;
};
} // namespace

std::vector<double>
zq::codec::lloydMax(const std::function<double(double)> &density, double low,
                    double high, int count) {
  assert(count >= 1 && low < high && "an interval and some levels");
  Integrals integrals(density, low, high);
  std::vector<double> levels(count);
  for (int i = 0; i < count; ++i)
    levels[i] = integrals.quantile(integrals.total() * (i + 0.5) / count);
  for (int64_t n = 16 * int64_t(count) * count + 64; n > 0; --n) {
    double mass = 0, moment = 0;
    for (int i = 0; i < count; ++i) {
      double end = i + 1 < count ? (levels[i] + levels[i + 1]) / 2 : high;
      double massBelow, momentBelow;
      integrals.below(end, massBelow, momentBelow);
      if (massBelow > mass)
        levels[i] = (momentBelow - moment) / (massBelow - mass);
      mass = massBelow;
      moment = momentBelow;
    }
  }
  return levels;
}

double zq::codec::halfPower(double base, int64_t exponent) {
  double result = exponent % 2 ? std::sqrt(base) : 1;
  for (int64_t left = exponent / 2; left > 0; left /= 2, base *= base)
    if (left % 2)
      result *= base;
  return result;
}

double zq::codec::sphereCoordinateDensity(int64_t dimension, double t) {
  return halfPower(1 - t * t, dimension - 3);
}
