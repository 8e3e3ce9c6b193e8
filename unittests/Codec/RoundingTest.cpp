//===- RoundingTest.cpp - Ties, and rounding by chance --------------------===//

#include "TestArrays.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Random.h"

#include <cfloat>

using namespace zq::codec;

static const Ties allTies[] = {Ties::Even, Ties::Up, Ties::Down, Ties::Away,
                               Ties::Zero};

/// The values that a quantizer makes of `values`.
static std::vector<float> rounded(const Quantize &stage,
                                  const std::vector<float> &values) {
  std::vector<float> result;
  for (int code : codes(stage, values))
    result.push_back(stage.decodeOne(code));
  return result;
}

TEST(Random, IsSplitmix64) {
  // The first outputs for seed 0 of the authors' program.
  EXPECT_EQ(splitmix64(0, 0), 0xE220A8397B1DCDAFu);
  EXPECT_EQ(splitmix64(0, 1), 0x6E789E6AA1B965F4u);
}

TEST(Rounding, OfIntegersAtTies) {
  const std::vector<float> halves = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5};
  const std::vector<float> expected[] = {{-2, -2, 0, 0, 2, 2},
                                         {-2, -1, 0, 1, 2, 3},
                                         {-3, -2, -1, 0, 1, 2},
                                         {-3, -2, -1, 1, 2, 3},
                                         {-2, -1, 0, 0, 1, 2}};
  for (int i = 0; i < 5; ++i) {
    IntegerGrid grid = IntegerGrid::full(4, true);
    EXPECT_EQ(rounded(QuantizeInteger(grid, allTies[i]), halves), expected[i]);
    // What is no tie goes to the nearest all the same.
    EXPECT_EQ(rounded(QuantizeInteger(grid, allTies[i]),
                      {std::nextafter(0.5f, 0.0f), std::nextafter(0.5f, 1.0f),
                       -FLT_MIN, 9, -9, INFINITY}),
              (std::vector<float>{0, 1, 0, 7, -8, 7}));
  }
}

TEST(Rounding, OfSmallFloatsAtTies) {
  const std::vector<float> halves = {-5, -2.5, -0.25, 0.25, 2.5, 5};
  const std::vector<float> expected[] = {{-4, -2, 0, 0, 2, 4},
                                         {-4, -2, 0, 0.5, 3, 6},
                                         {-6, -3, -0.5, 0, 2, 4},
                                         {-6, -3, -0.5, 0.5, 3, 6},
                                         {-4, -2, 0, 0, 2, 4}};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(rounded(QuantizeFloat(E2M1, allTies[i]), halves), expected[i]);
    EXPECT_EQ(codes(QuantizeFloat(E2M1, allTies[i]), {-0.1f, 7, -INFINITY}),
              (std::vector<int>{8, 7, 15}));
  }
}

/// Every rule but for ties is the nearest of `encodeMinifloat`.
TEST(Rounding, OfEveryFormatBetweenAllNeighbours) {
  for (const char *name : {"e1m2", "e2m3", "e3m0", "e4m3", "ue3m2", "ue5m3"}) {
    Minifloat format = *parseMinifloat(name);
    for (Ties ties : allTies) {
      QuantizeFloat stage(format, ties);
      for (int code = 0; code < format.maxFiniteCode(); ++code) {
        float a = decodeMinifloat(format, code);
        float b = decodeMinifloat(format, code + 1), middle = (a + b) / 2;
        bool goesUp = ties == Ties::Up || ties == Ties::Away;
        int tie = ties == Ties::Even ? encodeMinifloat(format, middle)
                                     : code + goesUp;
        EXPECT_EQ(codes(stage, {a, std::nextafter(middle, a), middle,
                                std::nextafter(middle, b), b}),
                  (std::vector<int>{code, code, tie, code + 1, code + 1}))
            << name;
      }
    }
  }
}

TEST(QuantizeFloat, WithoutSignStopsAtZero) {
  QuantizeFloat stage(UE4M3);
  EXPECT_EQ(codes(stage, {-3, -0.0f, -INFINITY, 1, 1e9}),
            (std::vector<int>{0, 0, 0, 56, 126}));
  EXPECT_EQ(stage.inputRange({}).low, 0);
  EXPECT_EQ(stage.inputRange({}).high, 448);
  EXPECT_EQ(codes(QuantizeFloat(E8M0, Ties::Down), {0, -1, 3, 3.1f}),
            (std::vector<int>{0, 0, 128, 129}));
}

TEST(IntegerGrid, SymmetricClipsAtTheOppositeOfItsTop) {
  QuantizeInteger stage(IntegerGrid::symmetric(4));
  EXPECT_EQ(rounded(stage, {-9, -7.5, 7.5, 9}),
            (std::vector<float>{-7, -7, 7, 7}));
  EXPECT_EQ(stage.numCodes(), 16);
  EXPECT_EQ(stage.decodeOne(8), -8);
  EXPECT_EQ(stage.inputRange({}).low, -7);
}

TEST(IntegerGrid, BipolarHasOddIntegersByTheirBits) {
  for (int bits = 1; bits <= 8; ++bits) {
    QuantizeInteger stage(IntegerGrid::bipolar(bits));
    EXPECT_EQ(stage.numCodes(), 1 << bits);
    for (int code = 0; code < 1 << bits; ++code) {
      int sum = 0;
      for (int i = 0; i < bits; ++i)
        sum += (code >> i & 1 ? 1 : -1) * (1 << i);
      EXPECT_EQ(stage.decodeOne(code), sum);
      EXPECT_EQ(codes(stage, {float(sum)}), std::vector<int>{code});
    }
    EXPECT_EQ(stage.inputRange({}).high, (1 << bits) - 1);
    EXPECT_EQ(stage.inputRange({}).low, -stage.inputRange({}).high);
  }
  QuantizeInteger two(IntegerGrid::bipolar(2));
  EXPECT_EQ(rounded(two, {-9, -2, -1.9f, 0, 1.9f, 2, 9}),
            (std::vector<float>{-3, -1, -1, 1, 1, 3, 3}));
}

TEST(IntegerGrid, OneBipolarBitIsTheSign) {
  const float tiny = FLT_TRUE_MIN;
  for (Ties ties : {Ties::Even, Ties::Up, Ties::Away, Ties::Zero}) {
    QuantizeInteger stage(IntegerGrid::bipolar(1), ties);
    EXPECT_EQ(codes(stage, {0, -0.0f, tiny, -tiny, 3, -INFINITY}),
              (std::vector<int>{1, 1, 1, 0, 1, 0}));
  }
  QuantizeInteger down(IntegerGrid::bipolar(1), Ties::Down);
  EXPECT_EQ(codes(down, {0, tiny, -tiny}), (std::vector<int>{0, 1, 0}));
}

TEST(IntegerGrid, LevelsAreOddInNumber) {
  QuantizeInteger ternary(IntegerGrid::levels(3));
  EXPECT_EQ(ternary.numCodes(), 3);
  EXPECT_EQ(ternary.codeBits(), 2);
  EXPECT_EQ(codes(ternary, {-7, -0.51f, -0.5, 0, 0.5, 0.51f, 1}),
            (std::vector<int>{0, 0, 1, 1, 1, 2, 2}));
  Result<Array> wrong = ternary.decode(bytes({2}, {2, 3}), {}, {2});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.message(),
            "element [1] is code 3: quantize has codes below 3");
  QuantizeInteger many(IntegerGrid::levels(255));
  EXPECT_EQ(many.codeBits(), 8);
  EXPECT_EQ(codes(many, {-127, 127, 0}), (std::vector<int>{0, 254, 127}));
}

/// The mean of n draws has a standard deviation of sqrt(variance / n), their
/// variance one of about variance * sqrt(2 / n) or less, as there are two
/// outcomes only.
static void expectUnbiased(const Quantize &stage, float x, double low,
                           double high) {
  const int n = 1 << 16;
  std::vector<float> draws = rounded(stage, std::vector<float>(n, x));
  double mean = 0, square = 0;
  for (float draw : draws) {
    EXPECT_TRUE(draw == low || draw == high) << draw;
    mean += draw / double(n);
    square += (draw - x) * (draw - x) / double(n);
  }
  double variance = (x - low) * (high - x), width = high - low;
  EXPECT_NEAR(mean, x, 5 * std::sqrt(variance / n)) << x;
  // (q - x)^2 is one of two numbers width * |high + low - 2 x| apart, each
  // with the probability of its neighbour.
  double spread = std::fabs(high + low - 2 * x) * std::sqrt(variance);
  EXPECT_NEAR(square, variance, 5 * spread / std::sqrt(n) + 1e-6 * width) << x;
}

TEST(StochasticRounding, HasTheMeanAndVarianceOfItsDefinition) {
  Rounding chance = Rounding::stochastic(42);
  for (float x : {0.1f, 0.5f, 2.9f, -0.25f, -6.5f}) {
    double low = std::floor(x);
    expectUnbiased(QuantizeInteger(IntegerGrid::full(4, true), chance), x, low,
                   low + 1);
  }
  expectUnbiased(QuantizeInteger(IntegerGrid::bipolar(3), chance), 0.3f, -1, 1);
  expectUnbiased(QuantizeInteger(IntegerGrid::levels(3), chance), -0.8f, -1, 0);
  expectUnbiased(QuantizeFloat(E2M1, chance), 5.5f, 4, 6);
  expectUnbiased(QuantizeFloat(E2M1, chance), -2.25f, -3, -2);
  expectUnbiased(QuantizeFloat(E2M1, chance), 0.1f, 0, 0.5);
  expectUnbiased(QuantizeFloat(UE5M3, chance), 1.1f, 1, 1.125);
}

TEST(StochasticRounding, SaturatesFirstAndKeepsWhatIsOnTheGrid) {
  Rounding chance = Rounding::stochastic(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(codes(QuantizeInteger(IntegerGrid::full(4, true), chance),
                    {7.9f, -8.9f, 3, -0.0f}),
              (std::vector<int>{7, 8, 3, 0}));
    EXPECT_EQ(codes(QuantizeFloat(E2M1, chance), {6.5f, -100, 3, -0.5}),
              (std::vector<int>{7, 15, 5, 9}));
  }
  EXPECT_EQ(codes(QuantizeFloat(E5M2, chance), {INFINITY, 1e9}),
            (std::vector<int>{0x7C, 0x7B}));
}

TEST(StochasticRounding, DependsOnSeedAndIndexAlone) {
  std::vector<float> values(200, 0.5f);
  QuantizeInteger one(IntegerGrid::full(4, true), Rounding::stochastic(1));
  QuantizeInteger two(IntegerGrid::full(4, true), Rounding::stochastic(2));
  std::vector<int> first = codes(one, values);
  EXPECT_EQ(first, codes(one, values));
  EXPECT_NE(first, codes(two, values));
  for (int64_t i = 0; i < 200; ++i)
    EXPECT_EQ(first[i], splitmix64(1, i) >> 63 ? 0 : 1);
}
