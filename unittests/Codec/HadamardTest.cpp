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

TEST(Hadamard, TheTailOfAnOddMultipleIsCutIntoPowersOfTwoToo) {
  using Sizes = std::vector<int64_t>;
  EXPECT_EQ(hadamardBlocks(48, 24), (Sizes{24, 24}));
  EXPECT_EQ(hadamardBlocks(83, 36), (Sizes{36, 36, 8, 2, 1}));
  EXPECT_EQ(hadamardBlocks(39, 40), (Sizes{32, 4, 2, 1}));
}

/// 1 and every odd multiple of four that there is a matrix of.
static std::vector<int64_t> getOrders() {
  std::vector<int64_t> orders{1};
  for (int64_t order = 12; order <= largestHadamardOrder; order += 8)
    orders.push_back(order);
  return orders;
}

TEST(Hadamard, KnowsTheSizesItHasMatricesFor) {
  EXPECT_EQ(getOrders().size(), 23u);
  for (int64_t order : getOrders())
    for (int64_t k = 0; k < 5; ++k)
      EXPECT_EQ(hadamardOrder(order << k), order);
  for (int64_t size :
       {int64_t(0), int64_t(3), int64_t(6), int64_t(10), int64_t(50),
        int64_t(188), int64_t(376), int64_t(18), int64_t(-4), INT64_MAX})
    EXPECT_EQ(hadamardOrder(size), 0) << size;
}

/// Rows of weights of Llama, Qwen, Gemma, GPT-OSS and others, whole.
TEST(Hadamard, HoldsTheWidthsOfPublishedModels) {
  const std::pair<int64_t, int64_t> widths[] = {
      {14336, 28}, {28672, 28},  {5120, 20},  {11008, 172}, {13824, 108},
      {6656, 52},  {17920, 140}, {53248, 52}, {18944, 148}, {8960, 140},
      {4864, 76},  {9728, 76},   {17408, 68}, {25600, 100}, {27648, 108},
      {21504, 84}, {15360, 60},  {3840, 60},  {5632, 44},   {6912, 108},
      {2880, 180}, {20480, 20},  {12288, 12}, {768, 12}};
  for (auto [width, order] : widths)
    EXPECT_EQ(hadamardOrder(width), order) << width;
}

TEST(Hadamard, MatricesAreOrthogonalSigns) {
  for (int64_t n : getOrders()) {
    const std::vector<int8_t> &h = hadamardMatrix(n);
    ASSERT_EQ(int64_t(h.size()), n * n);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        ASSERT_EQ(h[i * n + j] * h[i * n + j], 1);
        int64_t sum = 0;
        for (int64_t k = 0; k < n; ++k)
          sum += h[i * n + k] * h[j * n + k];
        ASSERT_EQ(sum, i == j ? n : 0) << n << ": rows " << i << ", " << j;
      }
  }
}

/// Files rely on them. By quadratic residues modulo 11, 19, 13 and 17, and by
/// four circulants.
TEST(Hadamard, MatricesStayAsTheyAre) {
  auto fourthRow = [](int64_t order) {
    std::string text;
    for (int64_t i = 3 * order; i < 4 * order; ++i)
      text += hadamardMatrix(order)[i] < 0 ? '-' : '+';
    return text;
  };
  EXPECT_EQ(fourthRow(12), "--++-+---+++");
  EXPECT_EQ(fourthRow(20), "--++-++----+-+-++++-");
  EXPECT_EQ(fourthRow(28), "+---+--++-+--+-+-+-++-+--++-");
  EXPECT_EQ(fourthRow(36), "+---+-+--++--+-+-++-+--+-+-++--++-+-");
  EXPECT_EQ(fourthRow(52).substr(0, 26), "---+---+-++-+++++++--+++--");
  EXPECT_EQ(fourthRow(156).substr(0, 39),
            "++++------++--++-+--+-+++-++-+-++++-+++");
  EXPECT_EQ(fourthRow(172).substr(0, 43),
            "+-+++-+--++-+++----+++-++++-+++----+++-++--");
}

/// Entry [a * 2^k + b][c * 2^k + d] is H_m[a][c] (-1)^popcount(b & d).
TEST(Hadamard, MultipliesByTheKroneckerProduct) {
  for (int64_t m : {12, 36})
    for (int64_t power : {1, 4}) {
      int64_t n = m * power;
      float c = float(1 / std::sqrt(double(n)));
      for (bool inverse : {false, true})
        for (int64_t j = 0; j < n; ++j) {
          std::vector<float> row(n);
          row[j] = 1;
          hadamardRow(row.data(), 1, n, n, {}, inverse);
          for (int64_t i = 0; i < n; ++i) {
            int64_t a = i / power, b = j / power;
            int sign = hadamardMatrix(m)[inverse ? b * m + a : a * m + b];
            if (__builtin_popcount(i % power & j % power) % 2)
              sign = -sign;
            EXPECT_EQ(row[i], sign * c) << n << ": " << i << ", " << j;
          }
        }
    }
}

/// Butterflies first, then sums of twelve in ascending order, then the factor.
TEST(Hadamard, RoundsOddMultiplesInTheDocumentedOrder) {
  std::vector<float> x = toFloats(gaussian({24}, 5)), y = x;
  hadamardRow(y.data(), 1, 24, 24, 9, /*inverse=*/false);
  for (int i = 0; i < 24; ++i)
    x[i] *= hadamardSign(9, i);
  const std::vector<int8_t> &h = hadamardMatrix(12);
  for (int i = 0; i < 24; ++i) {
    float sum = 0;
    for (int j = 0; j < 12; ++j) {
      float low = x[2 * j], high = x[2 * j + 1];
      sum += float(h[i / 2 * 12 + j]) * (i % 2 ? low - high : low + high);
    }
    EXPECT_EQ(y[i], sum * float(1 / std::sqrt(24.0))) << i;
  }
}

TEST(Hadamard, HasNoSignsWithoutASeed) {
  Array input = floats({2}, {3, 1});
  const float c = float(1 / std::sqrt(2.0));
  EXPECT_EQ(toFloats(encoded(Hadamard(0, 2), input)),
            (std::vector<float>{4 * c, 2 * c}));
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
      for (int64_t block : {1, 4, 12, 56, 128}) {
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
