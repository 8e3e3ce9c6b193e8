//===- Octahedral.cpp - Triplets of a rotated vector ----------------------===//

#include "zq/Codec/Octahedral.h"
#include "zq/Codec/LloydMax.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace zq::codec;

/// The law of |xi| for a uniform direction, not normalised. A direction has the
/// density 1 / r^3 on the map, r being the distance of its point on the
/// octahedron from the origin; integrated over eta, for z >= 0 and for z < 0.
static double octahedralDensity(double xi) {
  double rest = 1 - xi, a = xi * xi, b = rest * rest;
  return (rest / (2 * a + b) + xi / (2 * b + a)) / std::sqrt(a + b);
}

static std::vector<float> directionTable(int bits) {
  // Symmetric: the levels of the positive half and their opposites.
  std::vector<double> half = lloydMax(octahedralDensity, 0, 1, 1 << bits);
  std::vector<float> levels;
  for (size_t i = half.size(); i-- > 0;)
    levels.push_back(-static_cast<float>(half[i]));
  for (double level : half)
    levels.push_back(static_cast<float>(level));
  return levels;
}

static std::vector<float> lengthTable(int bits, int64_t dimension) {
  auto density = [dimension](double rho) {
    return rho * rho * halfPower(1 - rho * rho, dimension - 5);
  };
  // Almost sqrt(1 / dimension) times a chi law of 3 degrees of freedom, of
  // which nothing to speak of (10^-20) lies beyond 10.
  double high = std::min(1.0, 10 / std::sqrt(double(dimension)));
  std::vector<float> levels;
  for (double level : lloydMax(density, 0, high, 1 << (bits - 1)))
    levels.push_back(static_cast<float>(level));
  return levels;
}

Octahedral::Octahedral(int bits, int64_t dimension) : bits(bits) {
  assert(1 <= bits && bits <= maxBits && "1 to 6 bits");
  assert(minDimension <= dimension && dimension <= maxDimension &&
         "5 to 65536 dimensions");
  directions = directionTable(bits);
  lengths = lengthTable(bits, dimension);
}

Range Octahedral::inputRange(Range target) const {
  (void)target;
  return {-1, 1};
}

/// The unit vector at (xi, eta) on the octahedral map.
static void unfold(float xi, float eta, float *direction) {
  float x = xi, y = eta;
  float z = (1 - std::fabs(xi)) - std::fabs(eta);
  if (z < 0) {
    x = std::copysign(1 - std::fabs(eta), xi);
    y = std::copysign(1 - std::fabs(xi), eta);
  }
  float norm = std::sqrt((x * x + y * y) + z * z);
  direction[0] = x / norm;
  direction[1] = y / norm;
  direction[2] = z / norm;
}

void Octahedral::decodeVector(uint32_t code, float *values) const {
  uint32_t mask = (1u << (bits + 1)) - 1;
  float xi = directions[code & mask];
  float eta = directions[code >> (bits + 1) & mask];
  float rho = lengths[code >> (2 * bits + 2)];
  unfold(xi, eta, values);
  for (int i = 0; i < 3; ++i)
    values[i] = values[i] * rho;
}

/// The index of the level nearest to `value`, the lower one of two.
static int nearestLevel(const std::vector<float> &levels, double value) {
  int index = 0;
  while (index + 1 < int(levels.size()) &&
         value > (double(levels[index]) + double(levels[index + 1])) / 2)
    ++index;
  return index;
}

uint32_t Octahedral::encodeVector(const float *values) const {
  double x = values[0], y = values[1], z = values[2];
  double sum = std::fabs(x) + std::fabs(y) + std::fabs(z);
  double xi = 0, eta = 0;
  if (sum > 0) {
    xi = x / sum;
    eta = y / sum;
    if (z < 0) {
      double folded = (xi < 0 ? -1 : 1) * (1 - std::fabs(eta));
      eta = (eta < 0 ? -1 : 1) * (1 - std::fabs(xi));
      xi = folded;
    }
  }
  int nearestXi = nearestLevel(directions, xi);
  int nearestEta = nearestLevel(directions, eta);
  int last = int(directions.size()) - 1;
  uint32_t best = 0;
  double bestDot = 0;
  bool isFirst = true;
  for (int i = std::max(nearestXi - 1, 0); i <= std::min(nearestXi + 1, last);
       ++i)
    for (int j = std::max(nearestEta - 1, 0);
         j <= std::min(nearestEta + 1, last); ++j) {
      float direction[3];
      unfold(directions[i], directions[j], direction);
      double dot = x * direction[0] + y * direction[1] + z * direction[2];
      if (isFirst || dot > bestDot) {
        isFirst = false;
        bestDot = dot;
        best = uint32_t(i) | uint32_t(j) << (bits + 1);
      }
    }
  return best | uint32_t(nearestLevel(lengths, bestDot)) << (2 * bits + 2);
}
