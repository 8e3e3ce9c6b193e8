//===- DistortionTest.cpp - Errors that are known from theory -------------===//

#include "TestArrays.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

using namespace zq::codec;

/// The levels that minimize the squared error on a normal distribution (Lloyd
/// 1982, Max 1960): the positive half, and the error they leave.
struct LloydMax {
  std::vector<float> levels;
  double error;
};

static const LloydMax lloydMax[] = {
    {{0.79788f}, 0.36338},
    {{0.45278f, 1.51042f}, 0.11748},
    {{0.24509f, 0.75601f, 1.34391f, 2.15195f}, 0.03455},
    {{0.12840f, 0.38805f, 0.65676f, 0.94234f, 1.25623f, 1.61805f, 2.06902f,
      2.73259f},
     0.00950}};

TEST(Distortion, OfLloydMaxTablesOnGaussianValues) {
  const int64_t n = 1 << 20;
  Array input = gaussian({n}, 1);
  for (const LloydMax &expected : lloydMax) {
    std::vector<float> table;
    for (size_t i = expected.levels.size(); i-- > 0;)
      table.push_back(-expected.levels[i]);
    table.insert(table.end(), expected.levels.begin(), expected.levels.end());
    Result<Array> read =
        Codec({std::make_shared<Lookup>(table)}).roundTrip(input);
    ASSERT_TRUE(read) << read.message();
    double sum = 0, sumOfSquares = 0;
    for (int64_t i = 0; i < n; ++i) {
      double error = read->getFloat(i) - input.getFloat(i);
      sum += error * error;
      sumOfSquares += error * error * error * error;
    }
    // Five standard deviations of the mean, and the last place printed.
    double mean = sum / n;
    double deviation = std::sqrt((sumOfSquares / n - mean * mean) / n);
    EXPECT_NEAR(mean, expected.error, 5 * deviation + 0.5e-5);
  }
}

/// LLM-FP4 has a real exponent bias b for each tensor or channel. That is a
/// scale in f32 above a minifloat: 2^(bias of the format - b).
TEST(Distortion, OfLLMFP4IsThatOfAScaleAboveAMinifloat) {
  Array input = gaussian({4, 100}, 7);
  for (const char *name : {"e2m1", "e3m0", "e1m2", "e3m4", "e2m3"}) {
    Minifloat format = *parseMinifloat(name);
    int E = format.exponentBits, M = format.mantissaBits;
    Codec codec({std::make_shared<Scale>(Shape{1, 0}, ElementType::F32),
                 std::make_shared<QuantizeFloat>(format)});
    Result<Array> read = codec.roundTrip(input);
    ASSERT_TRUE(read) << read.message();
    for (int row = 0; row < 4; ++row) {
      double amax = 0;
      for (int i = 0; i < 100; ++i)
        amax = std::max(amax, std::fabs(double(input.getFloat(row * 100 + i))));
      double bias =
          std::exp2(E) - std::log2(amax) + std::log2(2 - std::exp2(-M)) - 1;
      for (int i = 0; i < 100; ++i) {
        double x = input.getFloat(row * 100 + i);
        double binade =
            std::max(std::floor(std::log2(std::fabs(x)) + bias), 1.0);
        double step = std::exp2(binade - M - bias);
        double expected = step * std::nearbyint(x / step);
        EXPECT_NEAR(read->getFloat(row * 100 + i), expected, 2e-6 * amax)
            << name;
      }
    }
  }
}
