//===- OctahedralTest.cpp - Triplets of a rotated vector ------------------===//

#include "zq/Codec/Octahedral.h"
#include "TestArrays.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

/// From the published tables: 8 levels with 2 bits, 4 with 1.
TEST(Octahedral, HasThePublishedLevels) {
  const std::vector<std::vector<double>> expected = {
      {0.2752, 0.7252}, {0.1432, 0.3843, 0.6163, 0.8572}};
  for (int bits : {1, 2}) {
    Octahedral stage(bits, 128);
    const std::vector<float> &levels = stage.directionLevels();
    ASSERT_EQ(levels.size(), size_t(2) << bits);
    for (size_t i = 0; i < levels.size() / 2; ++i) {
      EXPECT_NEAR(levels[levels.size() / 2 + i], expected[bits - 1][i], 6e-4);
      EXPECT_EQ(levels[levels.size() / 2 - 1 - i],
                -levels[levels.size() / 2 + i]);
    }
  }
}

/// One level is the mean. E rho = (4 / 3) G(3/2 + 1/2) / G(3/2) * G(d/2) /
/// G(d/2
/// + 1/2) * 3/4 by the moments of the Beta law.
TEST(Octahedral, HasTheMeanLengthAsItsOnlyLevel) {
  for (int64_t d : {5, 16, 128, 1000}) {
    Octahedral stage(1, d);
    ASSERT_EQ(stage.lengthLevels().size(), 1u);
    double mean = std::tgamma(2) / std::tgamma(1.5) *
                  std::exp(std::lgamma(d / 2.0) - std::lgamma((d + 1) / 2.0));
    EXPECT_NEAR(stage.lengthLevels()[0], mean, 1e-6);
  }
}

TEST(Octahedral, DecodesInTheStatedOrder) {
  Octahedral stage(3, 16);
  const std::vector<float> &levels = stage.directionLevels();
  int lower = 0;
  for (uint32_t code = 0; code < 1024; ++code) {
    float xi = levels[code & 15], eta = levels[code >> 4 & 15];
    float rho = stage.lengthLevels()[code >> 8];
    float x = xi, y = eta, z = (1 - std::abs(xi)) - std::abs(eta);
    if (z < 0) {
      x = (xi < 0 ? -1.0f : 1.0f) * (1 - std::abs(eta));
      y = (eta < 0 ? -1.0f : 1.0f) * (1 - std::abs(xi));
      ++lower;
    }
    float n = std::sqrt((x * x + y * y) + z * z);
    float values[3];
    stage.decodeVector(code, values);
    EXPECT_EQ(values[0], x / n * rho);
    EXPECT_EQ(values[1], y / n * rho);
    EXPECT_EQ(values[2], z / n * rho);
  }
  // Half of them, less those on the edge between the halves.
  EXPECT_GT(lower, 400);
}

TEST(Octahedral, DecodesToTheLengthOfTheCode) {
  Octahedral stage(3, 64);
  for (uint32_t code = 0; code < 1024; ++code) {
    float values[3];
    stage.decodeVector(code, values);
    double norm = std::sqrt(double(values[0]) * values[0] +
                            double(values[1]) * values[1] +
                            double(values[2]) * values[2]);
    float rho = stage.lengthLevels()[code >> 8];
    EXPECT_NEAR(norm, rho, 1e-6 * rho);
    // Every direction is one of its own.
    EXPECT_EQ(stage.encodeVector(values), code);
  }
}

/// The nine candidates hold the best direction of all, but for a few.
TEST(Octahedral, FindsTheBestDirection) {
  Octahedral stage(2, 64);
  Array input = gaussian({500, 3}, 4);
  int missed = 0;
  for (int64_t first = 0; first < input.size(); first += 3) {
    float values[3], decoded[3];
    for (int i = 0; i < 3; ++i)
      values[i] = input.get<float>(first + i) / 8;
    auto dot = [&](uint32_t code) {
      stage.decodeVector(code, decoded);
      return (double(values[0]) * decoded[0] + double(values[1]) * decoded[1] +
              double(values[2]) * decoded[2]) /
             stage.lengthLevels()[code >> 6];
    };
    double best = -1;
    for (uint32_t code = 0; code < 64; ++code)
      best = std::max(best, dot(code));
    missed += dot(stage.encodeVector(values)) < best - 1e-6;
  }
  EXPECT_LE(missed, 5);
}

TEST(Octahedral, GivesZerosADirection) {
  Octahedral stage(2, 64);
  float zeros[3] = {0, -0.0f, 0}, decoded[3];
  uint32_t code = stage.encodeVector(zeros);
  EXPECT_EQ(code >> 6, 0u);
  stage.decodeVector(code, decoded);
  for (float value : decoded)
    EXPECT_TRUE(std::isfinite(value));
}

TEST(Octahedral, StartsTripletsWithEveryRow) {
  Octahedral stage(3, 128);
  EXPECT_EQ(stage.mainShape({128}), (Shape{43}));
  Array input = gaussian({2, 8}, 2); // 3 + 3 + 2 elements
  std::vector<Stream> sides;
  Result<Array> codes = stage.encode(input, {}, sides);
  ASSERT_TRUE(codes);
  EXPECT_EQ(codes->shape, (Shape{2, 3}));
  float third[3] = {input.get<float>(6), input.get<float>(7), 0};
  EXPECT_EQ(getCode(*codes, 2), stage.encodeVector(third));
  float fourth[3] = {input.get<float>(8), input.get<float>(9),
                     input.get<float>(10)};
  EXPECT_EQ(getCode(*codes, 3), stage.encodeVector(fourth));
  Result<Array> decoded = stage.decode(*codes, {}, {2, 8});
  ASSERT_TRUE(decoded);
  stage.decodeVector(getCode(*codes, 3), fourth);
  EXPECT_EQ(decoded->get<float>(8), fourth[0]);
  EXPECT_EQ(decoded->get<float>(10), fourth[2]);
}

static double errorOfUnitVectors(int bits, int64_t dimension) {
  Octahedral stage(bits, dimension);
  Array input = gaussian({400, dimension}, 8);
  double error = 0;
  for (int64_t row = 0; row < 400; ++row) {
    double norm = 0;
    for (int64_t i = 0; i < dimension; ++i)
      norm += std::pow(double(input.get<float>(row * dimension + i)), 2);
    for (int64_t i = 0; i < dimension; ++i)
      input.set(row * dimension + i,
                float(input.get<float>(row * dimension + i) / std::sqrt(norm)));
  }
  std::vector<Stream> sides;
  Result<Array> codes = stage.encode(input, {}, sides);
  EXPECT_TRUE(codes);
  Result<Array> decoded = stage.decode(*codes, {}, input.shape);
  EXPECT_TRUE(decoded);
  for (int64_t i = 0; i < input.size(); ++i)
    error += std::pow(double(input.get<float>(i)) - decoded->get<float>(i), 2);
  return error / 400;
}

/// Against the limits of a scalar code: b nominal bits lie between the Gaussian
/// errors of b and b + 1 bits; with 2 they do not reach 5 levels (0.0799).
TEST(Octahedral, HasTheErrorItsRateAllows) {
  const double scalar[] = {0.36338, 0.11748, 0.03455, 0.00950, 0.00250};
  for (int bits : {2, 3, 4}) {
    double error = errorOfUnitVectors(bits, 128);
    RecordProperty("error" + std::to_string(bits), std::to_string(error));
    EXPECT_LT(error, scalar[bits - 1]) << bits;
    EXPECT_GT(error, scalar[bits]) << bits;
  }
  EXPECT_GT(errorOfUnitVectors(2, 128), 0.0799);
}

TEST(Octahedral, RoundTripsAwkwardShapes) {
  for (const std::vector<int64_t> &shape : awkwardShapes()) {
    Octahedral stage(3, 16);
    std::vector<Stream> sides;
    Result<Array> codes = stage.encode(gaussian(shape, 1), {}, sides);
    ASSERT_TRUE(codes) << codes.message();
    EXPECT_EQ(codes->type, ElementType::I16);
    Result<Array> decoded = stage.decode(*codes, {}, shape);
    ASSERT_TRUE(decoded) << decoded.message();
    EXPECT_EQ(decoded->shape, shape);
  }
}

TEST(Octahedral, RefusesCodesThatDoNotExist) {
  Octahedral stage(1, 16); // 4 bits
  Array codes = bytes({1, 1}, {16});
  EXPECT_EQ(stage.decode(codes, {}, {1, 3}).message(),
            "element [0, 0] is code 16: octahedral has codes below 16");
}
