//===- HadamardTest.cpp - The signed Walsh-Hadamard rotation --------------===//

#include "zq/Codec/Hadamard.h"
#include "TestArrays.h"

#include <gtest/gtest.h>

using namespace zq::codec;

static Array encoded(const Hadamard &stage, const Array &input) {
  std::vector<Stream> sides;
  Result<Array> result = stage.encode(input, {-1, 1}, sides);
  EXPECT_TRUE(result) << result.message();
  EXPECT_TRUE(sides.empty());
  return *result;
}

/// Outputs of splitmix64 as published with Vigna's xoshiro generators, seed
/// 1234567: 6457827717110365317, 3203168211198807973, 9817491932198370423,
/// 4593380528125082431, 16408922859458223821. Seed 0 starts with
/// E220A8397B1DCDAF, 6E789E6AA1B965F4, 06C45D188009454F, F88BB8A8724C81EC.
TEST(Hadamard, SignsAreTheTopBitsOfSplitmix64) {
  const float first[] = {1, 1, -1, 1, -1}, second[] = {-1, 1, 1, -1};
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(hadamardSign(1234567, i), first[i]) << i;
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(hadamardSign(0, i), second[i]) << i;
}

TEST(Hadamard, CutsTheTailIntoDescendingPowersOfTwo) {
  using Sizes = std::vector<int64_t>;
  EXPECT_EQ(hadamardBlocks(100, 128), (Sizes{64, 32, 4}));
  EXPECT_EQ(hadamardBlocks(256, 128), (Sizes{128, 128}));
  EXPECT_EQ(hadamardBlocks(13, 4), (Sizes{4, 4, 4, 1}));
  EXPECT_EQ(hadamardBlocks(3, 1), (Sizes{1, 1, 1}));
  EXPECT_EQ(hadamardBlocks(0, 8), Sizes{});
}

/// H[i][j] = (-1)^popcount(i & j) / sqrt(n) in natural order.
TEST(Hadamard, MultipliesByTheSylvesterMatrix) {
  const int n = 16;
  for (int j = 0; j < n; ++j) {
    std::vector<float> row(n);
    row[j] = hadamardSign(7, j);
    hadamardRow(row.data(), 1, n, n, 7, /*inverse=*/false);
    for (int i = 0; i < n; ++i)
      EXPECT_EQ(row[i], __builtin_popcount(i & j) % 2 ? -0.25f : 0.25f);
  }
}

/// The order of roundings is part of the meaning: sums over distances 1, 2, 4,
/// then the factor, all in f32.
TEST(Hadamard, RoundsInTheDocumentedOrder) {
  Array input = gaussian({8}, 3);
  std::vector<float> x = toFloats(input);
  for (int i = 0; i < 8; ++i)
    x[i] = hadamardSign(5, i) * x[i];
  float a[4], b[4], expected0, expected5;
  for (int i = 0; i < 4; ++i) {
    a[i] = x[2 * i] + x[2 * i + 1];
    b[i] = x[2 * i] - x[2 * i + 1];
  }
  const float c = float(1 / std::sqrt(8.0));
  expected0 = ((a[0] + a[1]) + (a[2] + a[3])) * c;
  expected5 = ((b[0] + b[1]) - (b[2] + b[3])) * c;
  Array output = encoded(Hadamard(0, 8, 5), input);
  EXPECT_EQ(output.getFloat(0), expected0);
  EXPECT_EQ(output.getFloat(5), expected5);
}

TEST(Hadamard, KeepsNormsAndInvertsOnAwkwardShapes) {
  for (const std::vector<int64_t> &shape : awkwardShapes())
    for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis)
      for (int64_t block : {1, 4, 128}) {
        Hadamard stage(axis, block, 42);
        Array input = gaussian(shape, 11);
        Array output = encoded(stage, input);
        ASSERT_EQ(output.shape, shape);
        double before = 0, after = 0;
        for (float value : toFloats(input))
          before += double(value) * value;
        for (float value : toFloats(output))
          after += double(value) * value;
        EXPECT_NEAR(before, after, 1e-5 * before);

        Result<Array> decoded = stage.decode(output, {}, shape);
        ASSERT_TRUE(decoded) << decoded.message();
        for (int64_t i = 0; i < input.size(); ++i)
          EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i), 1e-5);
      }
}

TEST(Hadamard, AppliesSignsToBlocksOfOne) {
  // Signs of seed 1234567: + + - + -.
  Array output = encoded(Hadamard(0, 1, 1234567), floats({5}, {1, 2, 3, 4, 5}));
  EXPECT_EQ(toFloats(output), (std::vector<float>{1, 2, -3, 4, -5}));
}

TEST(Hadamard, CountsSignsOverTheWholeAxis) {
  // The second block of two takes signs 2 and 3: - and +.
  Array output = encoded(Hadamard(0, 2, 1234567), floats({4}, {0, 0, 1, 1}));
  EXPECT_EQ(output.getFloat(2), 0);
  EXPECT_EQ(output.getFloat(3), -2 * float(1 / std::sqrt(2.0)));
}

TEST(Hadamard, RotatesAlongAnInnerAxisOnly) {
  Array input = floats({2, 2, 2}, {1, 0, 0, 0, 0, 0, 0, 0});
  std::vector<float> output = toFloats(encoded(Hadamard(1, 2, 0), input));
  const float c = -float(1 / std::sqrt(2.0));
  EXPECT_EQ(output, (std::vector<float>{c, 0, c, 0, 0, 0, 0, 0}));
}

TEST(Hadamard, WidensBF16) {
  Array output = encoded(Hadamard(0, 1, 1234567),
                         floats({2}, {1.5, -2}, ElementType::BF16));
  EXPECT_EQ(output.type, ElementType::F32);
  EXPECT_EQ(toFloats(output), (std::vector<float>{1.5, -2}));
}

TEST(Hadamard, RefusesNaNAndInfinity) {
  std::vector<Stream> sides;
  Array input = floats({4, 20}, {});
  input.setFloat(3 * 20 + 17, NAN);
  Result<Array> result = Hadamard(1, 4, 0).encode(input, {-1, 1}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [3, 17] is NaN: hadamard needs finite values");
  input.setFloat(5, -INFINITY);
  result = Hadamard(1, 4, 0).encode(input, {-1, 1}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [0, 5] is -inf: hadamard needs finite values");
}

TEST(Hadamard, RefusesWhatItCannotRotate) {
  std::vector<Stream> sides;
  Result<Array> result =
      Hadamard(2, 4, 0).encode(floats({1, 1}, {1}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "hadamard along axis 2 of a tensor of rank 2");
  result = Hadamard(0, 4, 0).encode(bytes({1}, {1}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "hadamard needs floating-point values, got i8");
  result = Hadamard(0, 4, 0).decode(floats({4}, {}), {}, {5});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "the main array of hadamard has shape [4], expected [5]");
}

TEST(Hadamard, LeavesRoomForTheLargestSum) {
  Range range = Hadamard(0, 16, 0).inputRange({-8, 6});
  EXPECT_EQ(range.low, -1.5);
  EXPECT_EQ(range.high, 1.5);
}
