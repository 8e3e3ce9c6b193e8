//===- LloydMaxTest.cpp - The best levels for a known distribution --------===//

#include "zq/Codec/LloydMax.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace zq::codec;

/// The mean squared error of `levels` under a density on [low, high].
static double meanSquaredError(const std::function<double(double)> &density,
                               double low, double high,
                               const std::vector<double> &levels) {
  const int steps = 200000;
  double error = 0, mass = 0;
  for (int i = 0; i < steps; ++i) {
    double t = low + (i + 0.5) * (high - low) / steps, least = INFINITY;
    for (double level : levels)
      least = std::min(least, (t - level) * (t - level));
    error += density(t) * least;
    mass += density(t);
  }
  return error / mass;
}

static double normal(double t) { return std::exp(-t * t / 2); }

TEST(LloydMax, FindsTheLevelsOfAUniformLaw) {
  std::vector<double> levels = lloydMax([](double) { return 1.0; }, -1, 3, 4);
  ASSERT_EQ(levels.size(), 4u);
  for (int i = 0; i < 4; ++i)
    EXPECT_NEAR(levels[i], -0.5 + i, 1e-9);
  EXPECT_NEAR(lloydMax([](double) { return 7.0; }, 0, 1, 1)[0], 0.5, 1e-12);
}

/// J. Max, "Quantizing for minimum distortion", 1960.
TEST(LloydMax, FindsTheLevelsOfTheNormalLaw) {
  const std::vector<std::vector<double>> expected = {
      {0.79788},
      {0.45278, 1.51042},
      {0.24509, 0.75601, 1.34391, 2.15195},
      {0.12840, 0.38805, 0.65676, 0.94234, 1.25623, 1.61805, 2.06902, 2.73259}};
  const double errors[] = {0.36338, 0.11748, 0.03455, 0.00950};
  for (size_t bits = 1; bits <= 4; ++bits) {
    std::vector<double> levels = lloydMax(normal, -9, 9, 1 << bits);
    for (size_t i = 0; i < levels.size() / 2; ++i) {
      EXPECT_NEAR(levels[levels.size() / 2 + i], expected[bits - 1][i], 1.1e-5);
      EXPECT_NEAR(levels[levels.size() / 2 - 1 - i], -expected[bits - 1][i],
                  1.1e-5);
    }
    EXPECT_NEAR(meanSquaredError(normal, -9, 9, levels), errors[bits - 1],
                1e-5);
  }
}

/// TurboQuant's table for 128 dimensions and 2 bits: 0.4525 and 1.5052 over
/// sqrt(128). Its error is just below the 0.117 of many dimensions.
TEST(LloydMax, FindsTheLevelsOfARotatedCoordinate) {
  auto density = [](double t) { return sphereCoordinateDensity(128, t); };
  std::vector<double> levels = lloydMax(density, -1, 1, 4);
  EXPECT_NEAR(levels[2] * std::sqrt(128), 0.4525, 5e-5);
  EXPECT_NEAR(levels[3] * std::sqrt(128), 1.5052, 5e-5);
  EXPECT_NEAR(128 * meanSquaredError(density, -1, 1, levels), 0.1160, 5e-5);
}

TEST(LloydMax, TakesHalfPowers) {
  EXPECT_EQ(halfPower(0.25, 0), 1);
  EXPECT_EQ(halfPower(0.25, 1), 0.5);
  EXPECT_EQ(halfPower(0.25, 2), 0.25);
  EXPECT_EQ(halfPower(0.25, 7), 0.0078125);
  EXPECT_EQ(halfPower(0, 3), 0);
}
