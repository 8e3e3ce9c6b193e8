//===- ScaleStatisticsTest.cpp - What scales are chosen by ----------------===//

#include "TestArrays.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <cfloat>
#include <gtest/gtest.h>

using namespace zq::codec;

static constexpr ElementType f32 = ElementType::F32;
static constexpr Range int4{-8, 7};
static const ScaleStatistic allStatistics[] = {
    ScaleStatistic::AbsMax, ScaleStatistic::MeanAbs, ScaleStatistic::L2,
    ScaleStatistic::Rms,    ScaleStatistic::Peak,    ScaleStatistic::Search};
static const ElementType allTypes[] = {f32,
                                       ElementType::F16,
                                       ElementType::BF16,
                                       ElementType::F8E4M3FN,
                                       ElementType::F8E5M2,
                                       ElementType::F8E8M0FNU};

static Scale scaleBy(ScaleStatistic statistic, Shape block,
                     ElementType stored = f32) {
  ScaleOptions options;
  options.statistic = statistic;
  return Scale(std::move(block), StoredFloats(stored), options);
}

/// The scales and what is handed on, end to end.
static std::vector<float> encode(const Scale &stage, const Array &input,
                                 Range target) {
  std::vector<Stream> sides;
  Result<Array> main = stage.encode(input, target, sides);
  EXPECT_TRUE(main) << main.message();
  if (!main)
    return {};
  std::vector<float> result = toFloats(sides[0].array);
  for (float value : toFloats(*main))
    result.push_back(value);
  return result;
}

static Codec quantized(std::shared_ptr<const Stage> scale, int bits,
                       bool isSigned = true) {
  return Codec(
      {std::move(scale), std::make_shared<QuantizeInteger>(bits, isSigned)});
}

/// The squared error of each row.
static std::vector<double> rowErrors(const Codec &codec, const Array &input) {
  Result<Array> read = codec.roundTrip(input);
  EXPECT_TRUE(read) << read.message();
  std::vector<double> errors(input.shape[0]);
  for (int64_t i = 0, n = input.size(); i < n; ++i) {
    double error = double(read->getFloat(i)) - input.getFloat(i);
    errors[i / input.shape[1]] += error * error;
  }
  return errors;
}

TEST(ScaleStatistics, AreTheScaleItselfButForExtremes) {
  // Ragged: the second block has one element.
  Array input = floats({1, 5}, {1, -2, 2, -4, 6});
  auto scales = [&](ScaleStatistic statistic) {
    std::vector<float> all = encode(scaleBy(statistic, {1, 4}), input, int4);
    return std::vector<float>(all.begin(), all.begin() + 2);
  };
  EXPECT_EQ(scales(ScaleStatistic::AbsMax),
            (std::vector<float>{4.0f / 7, 6.0f / 7}));
  EXPECT_EQ(scales(ScaleStatistic::MeanAbs), (std::vector<float>{2.25, 6}));
  EXPECT_EQ(scales(ScaleStatistic::L2), (std::vector<float>{5, 6}));
  EXPECT_EQ(scales(ScaleStatistic::Rms), (std::vector<float>{2.5, 6}));
  EXPECT_EQ(scales(ScaleStatistic::Peak), (std::vector<float>{0.5, -0.75}));
}

TEST(ScaleStatistics, AreRoundedToTheStoredType) {
  Array input = floats({3}, {1, 1, 1});
  // sqrt(3) = 1.7321 lies between 1.625 and 1.75.
  EXPECT_EQ(encode(scaleBy(ScaleStatistic::L2, {0}, ElementType::F8E4M3FN),
                   input, int4),
            (std::vector<float>{1.75, 1 / 1.75f, 1 / 1.75f, 1 / 1.75f}));
  EXPECT_EQ(encode(scaleBy(ScaleStatistic::L2, {0}, ElementType::F8E8M0FNU),
                   input, int4),
            (std::vector<float>{2, 0.5, 0.5, 0.5}));
}

TEST(ScaleStatistics, PeakMapsOntoTheFartherEnd) {
  Scale peak = scaleBy(ScaleStatistic::Peak, {0});
  EXPECT_EQ(encode(peak, floats({2}, {4, -2}), int4),
            (std::vector<float>{-0.5, -8, 4}));
  EXPECT_EQ(encode(peak, floats({2}, {-4, 2}), int4),
            (std::vector<float>{0.5, -8, 4}));
  // The first of equal magnitudes, and the upper one of equal ends.
  EXPECT_EQ(encode(peak, floats({2}, {4, -4}), int4),
            (std::vector<float>{-0.5, -8, 8}));
  EXPECT_EQ(encode(peak, floats({2}, {-7, 3.5}), {-7, 7}),
            (std::vector<float>{-1, 7, -3.5}));
  // Values of one sign on a target of the other.
  EXPECT_EQ(encode(peak, floats({2}, {-30, -4}), {0, 15}),
            (std::vector<float>{-2, 15, 2}));
}

TEST(ScaleStatistics, PeakSurvivesInEveryTypeWithASign) {
  for (ElementType stored : allTypes) {
    if (stored == ElementType::F8E8M0FNU)
      continue;
    auto stage =
        std::make_shared<Scale>(scaleBy(ScaleStatistic::Peak, {1, 0}, stored));
    // Every value is a multiple of the scale, whose sign is that of the peak.
    Array input = floats({2, 3}, {8, -7, 3, -4, 3.5, 0.5});
    Codec codec = quantized(stage, 4);
    Result<std::vector<Stream>> streams = codec.encode(input);
    ASSERT_TRUE(streams) << streams.message();
    EXPECT_EQ(toFloats((*streams)[0].array), (std::vector<float>{-1, 0.5}));
    Result<Array> read = codec.decode(*streams, input.shape, f32);
    ASSERT_TRUE(read) << read.message();
    EXPECT_EQ(toFloats(*read), toFloats(input)) << name(stored);
  }
}

TEST(ScaleStatistics, PeakNeedsStoredScalesWithASign) {
  std::vector<Stream> sides;
  Result<Array> main =
      scaleBy(ScaleStatistic::Peak, {0}, ElementType::F8E8M0FNU)
          .encode(floats({1}, {1}), int4, sides);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.message(),
            "peak scales have a sign, which f8E8M0FNU does not hold");
}

TEST(ScaleStatistics, PeakTakesInValuesOfBothSigns) {
  Range range =
      scaleBy(ScaleStatistic::Peak, {0}, ElementType::F16).inputRange({0, 63});
  EXPECT_EQ(range.low, -63 * 65504.0);
  EXPECT_EQ(range.high, 63 * 65504.0);
  range = scaleBy(ScaleStatistic::Peak, {0}).inputRange(int4);
  EXPECT_EQ(range.low, -8);
  EXPECT_EQ(range.high, 8);
}

TEST(ScaleStatistics, OfZerosAndOfNothingDecodeToZero) {
  for (ScaleStatistic statistic : allStatistics)
    for (ElementType stored : allTypes) {
      bool isPeak = statistic == ScaleStatistic::Peak;
      if (isPeak && stored == ElementType::F8E8M0FNU)
        continue;
      // The last value is too small for all scales but f32, bf16.
      for (float value : {0.0f, -0.0f, -1e-30f}) {
        Array input = floats({3, 1}, {0, value, 0});
        auto stage =
            std::make_shared<Scale>(scaleBy(statistic, {0, 0}, stored));
        Result<Array> read = quantized(stage, 4).roundTrip(input);
        ASSERT_TRUE(read) << read.message();
        for (float v : toFloats(*read))
          EXPECT_NEAR(v, 0, 1e-29) << name(stored);
        if (value == 0)
          EXPECT_FALSE(std::signbit(encode(*stage, input, int4)[0]));
      }
      for (const Shape &shape : {Shape{0, 4}, Shape{4, 0}}) {
        auto stage =
            std::make_shared<Scale>(scaleBy(statistic, {1, 0}, stored));
        Array empty(f32, shape);
        Result<Array> read = quantized(stage, 4).roundTrip(empty);
        ASSERT_TRUE(read) << read.message();
        EXPECT_EQ(*read, empty);
      }
    }
}

TEST(ScaleStatistics, AreFiniteForTheLargestValues) {
  Array input = floats({2}, {FLT_MAX, -FLT_MAX});
  for (ScaleStatistic statistic : allStatistics)
    for (ElementType stored : allTypes) {
      if (statistic == ScaleStatistic::Peak && stored == ElementType::F8E8M0FNU)
        continue;
      for (float value :
           encode(scaleBy(statistic, {0}, stored), input, {-0.5, 0.5}))
        EXPECT_TRUE(std::isfinite(value)) << name(stored);
    }
}

TEST(ScaleStatistics, RefuseInfinityAndNaN) {
  for (ScaleStatistic statistic : allStatistics)
    for (float value : {INFINITY, -INFINITY, NAN}) {
      std::vector<Stream> sides;
      Result<Array> main =
          scaleBy(statistic, {0}).encode(floats({2}, {0, value}), int4, sides);
      ASSERT_FALSE(main);
      EXPECT_EQ(main.message().substr(0, 14), "element [1] is");
    }
}

TEST(ScaleStatistics, FloorIsTheRuleOfMX) {
  auto scale = [](float amax, double limit) {
    return roundScale(ElementType::F8E8M0FNU, amax, limit,
                      PowerOfTwoRule::Floor);
  };
  // E2M1: emax = 2. The largest value of a binade saturates.
  EXPECT_EQ(scale(6, 6), 1);
  EXPECT_EQ(scale(7.9f, 6), 1);
  EXPECT_EQ(scale(8, 6), 2);
  EXPECT_EQ(scale(4, 6), 1);
  EXPECT_EQ(scale(3.9f, 6), 0.5);
  // E4M3: emax = 8; E5M2: emax = 15.
  EXPECT_EQ(scale(511, 448), 1);
  EXPECT_EQ(scale(512, 448), 2);
  EXPECT_EQ(scale(0x1p15f, 57344), 1);
  EXPECT_EQ(scale(0, 6), 0x1p-127f);
  EXPECT_EQ(scale(0x1p-149f, 6), 0x1p-127f);
  EXPECT_EQ(scale(FLT_MAX, 0.25), 0x1p127f);

  ScaleOptions options;
  options.rule = PowerOfTwoRule::Floor;
  Scale stage({0}, StoredFloats(ElementType::F8E8M0FNU), options);
  EXPECT_EQ(encode(stage, floats({2}, {7, 3}), {-6, 6}),
            (std::vector<float>{1, 7, 3}));
}

TEST(ScaleSearch, FindsTheLeastError) {
  // In the first row a smaller scale than 1 is better for the halves, in the
  // second a larger one, 1.1, meets all elements but the first.
  Array input = floats({2, 8}, {7, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, //
                                7, 1.1f, 2.2f, 3.3f, 4.4f, 5.5f, 6.6f, 1.1f});
  std::vector<double> least = rowErrors(
      quantized(
          std::make_shared<Scale>(scaleBy(ScaleStatistic::Search, {1, 0})), 4),
      input);
  for (int row : {0, 1}) {
    // Every candidate by hand.
    double expected = INFINITY;
    int best = 0;
    for (int k = 20; k <= 44; ++k) {
      float scale = k / 40.0f;
      double error = 0;
      for (int i = row * 8; i < row * 8 + 8; ++i) {
        float x = input.getFloat(i);
        float code = std::nearbyint(std::min(x / scale, 7.0f));
        double difference = double(code * scale) - x;
        error += difference * difference;
      }
      if (error < expected)
        best = k;
      expected = std::min(expected, error);
    }
    EXPECT_EQ(least[row], expected);
    EXPECT_EQ(best > 40, row == 1) << best;
    EXPECT_NE(best, 40);
  }
}

TEST(ScaleSearch, IsNeverWorseThanAbsMax) {
  Array input = gaussian({40, 33}, 3);
  for (ElementType stored : allTypes)
    for (bool hasZero : {false, true})
      for (int bits : {2, 3, 4}) {
        ScaleOptions options;
        options.integerZero = hasZero;
        auto plain =
            std::make_shared<Scale>(Shape{1, 0}, StoredFloats(stored), options);
        options.statistic = ScaleStatistic::Search;
        auto search =
            std::make_shared<Scale>(Shape{1, 0}, StoredFloats(stored), options);
        std::vector<double> before = rowErrors(quantized(plain, bits), input);
        std::vector<double> after = rowErrors(quantized(search, bits), input);
        double sumBefore = 0, sumAfter = 0;
        for (size_t i = 0; i < before.size(); ++i) {
          EXPECT_LE(after[i], before[i]) << name(stored) << " " << bits;
          sumBefore += before[i];
          sumAfter += after[i];
        }
        EXPECT_LT(sumAfter, sumBefore) << name(stored) << " " << bits;
      }
}

TEST(ScaleSearch, IsNeverWorseWhereBlocksDependOnOneAnother) {
  // The scales share one of their own, and are coarse.
  Array input = gaussian({24, 40}, 5);
  for (int64_t i = 0; i < input.size(); ++i)
    input.set<float>(i, input.get<float>(i) * float(1 + i / 40 % 3));
  auto coded = [](ScaleStatistic statistic) {
    auto codec = std::make_shared<Codec>(
        quantized(std::make_shared<Scale>(Shape{4, 0}, ElementType::F16), 3,
                  /*isSigned=*/false));
    ScaleOptions options;
    options.statistic = statistic;
    return std::make_shared<Scale>(Shape{1, 0}, StoredFloats(codec), options);
  };
  for (int bits : {2, 3, 4}) {
    std::vector<double> before =
        rowErrors(quantized(coded(ScaleStatistic::AbsMax), bits), input);
    std::vector<double> after =
        rowErrors(quantized(coded(ScaleStatistic::Search), bits), input);
    for (size_t i = 0; i < before.size(); ++i)
      EXPECT_LE(after[i], before[i]) << bits;
  }
}

TEST(ScaleStatistics, DownIsThePowerOfTwoBelow) {
  auto scale = [](float amax, double limit) {
    return roundScale(ElementType::F8E8M0FNU, amax, limit,
                      PowerOfTwoRule::Down);
  };
  EXPECT_EQ(scale(6, 6), 1);
  EXPECT_EQ(scale(5.9f, 6), 0.5);
  EXPECT_EQ(scale(11.9f, 6), 1);
  EXPECT_EQ(scale(12, 6), 2);
  EXPECT_EQ(scale(std::nextafter(12.0f, 0.0f), 6), 1);
  EXPECT_EQ(scale(0, 6), 0x1p-127f);
  EXPECT_EQ(scale(FLT_MAX, 0.25), 0x1p127f);
}

/// ZeroQuant-FP's M2: within a group of rows a scale is the largest one over a
/// power of two that is not below their ratio.
TEST(ScaleStatistics, ZeroQuantFPRoundsTheRatioUp) {
  Array input = floats({4, 2}, {6, -1, 3, 0.5, 2.9f, 1, 0.8f, -0.1f});
  ScaleOptions down;
  down.rule = PowerOfTwoRule::Down;
  Codec codec({std::make_shared<Scale>(Shape{4, 2}, ElementType::F32),
               std::make_shared<Scale>(
                   Shape{1, 2}, StoredFloats(ElementType::F8E8M0FNU), down),
               std::make_shared<QuantizeFloat>(E2M1)});
  auto streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  // The largest scale is that of the first row, 6 / 6.
  EXPECT_EQ((*streams)[0].array.getFloat(0), 1);
  for (int64_t row = 0; row < 4; ++row) {
    double own = std::max(std::fabs(input.getFloat(row * 2)),
                          std::fabs(input.getFloat(row * 2 + 1))) /
                 6.0;
    EXPECT_EQ((*streams)[1].array.getFloat(row),
              1 / std::exp2(std::ceil(std::log2(1 / own))))
        << row;
  }
}

//===----------------------------------------------------------------------===//
// Scales that divide
//===----------------------------------------------------------------------===//

static Scale dividing(ElementType type, Shape block = {1, 0},
                      ScaleStatistic statistic = ScaleStatistic::AbsMax) {
  ScaleOptions options;
  options.divides = true;
  options.statistic = statistic;
  return Scale(std::move(block), StoredFloats(type), options);
}

TEST(ScaleDivides, StoresTheInverse) {
  Scale stage = dividing(ElementType::F32);
  std::vector<Stream> sides;
  Array input = floats({3, 2}, {3, -1, 0, 0, 1e-38f, -2e-39f});
  Result<Array> main = stage.encode(input, {-6, 6}, sides);
  ASSERT_TRUE(main) << main.message();
  const Array &scales = sides[0].array;
  EXPECT_EQ(scales.getFloat(0), 2);
  // A row of zeros is divided by 1, one of tiny values by no infinity.
  EXPECT_EQ(scales.getFloat(1), 1);
  EXPECT_EQ(scales.getFloat(2), FLT_MAX);
  EXPECT_EQ(main->getFloat(0), 6);
  EXPECT_EQ(main->getFloat(1), -2);
  Result<Array> read =
      stage.decode(floats({3, 2}, {1, 5, 1, -1, 7, 0}), sides, {3, 2});
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(read->getFloat(0), 0.5f);
  EXPECT_EQ(read->getFloat(1), 2.5f);
  EXPECT_EQ(read->getFloat(3), -1);
  EXPECT_EQ(read->getFloat(4), 7.0f / FLT_MAX);
}

TEST(ScaleDivides, RoundsAQuotient) {
  // A product with the rounded inverse is another number.
  Scale stage = dividing(ElementType::F32);
  std::vector<Stream> sides{{"scale", floats({1, 1}, {41})}};
  Result<Array> read = stage.decode(floats({1, 1}, {41}), sides, {1, 1});
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(read->getFloat(0), 1);
  EXPECT_NE(41 * (1 / 41.0f), 1.0f);
}

/// Every statistic that a scale may be chosen by gives what is finite and not
/// 0, also of extremes.
TEST(ScaleDivides, IsFiniteForAllValues) {
  for (ElementType type : {ElementType::F32, ElementType::BF16})
    for (ScaleStatistic statistic :
         {ScaleStatistic::AbsMax, ScaleStatistic::MeanAbs, ScaleStatistic::L2,
          ScaleStatistic::Rms, ScaleStatistic::Peak, ScaleStatistic::Search})
      for (float extreme : {0.0f, 0x1p-149f, 1.0f, FLT_MAX, -FLT_MAX}) {
        Codec codec({std::make_shared<Scale>(dividing(type, {1, 0}, statistic)),
                     std::make_shared<QuantizeInteger>(4, true)});
        Array input = floats({1, 3}, {extreme, extreme, 0});
        auto streams = codec.encode(input);
        ASSERT_TRUE(streams) << streams.message();
        auto read = codec.decode(*streams, {1, 3}, ElementType::F32);
        ASSERT_TRUE(read) << read.message();
        EXPECT_EQ(read->getFloat(2), 0);
      }
}

/// compressed-tensors' NVFP4: global = 448 * 6 / amax, a block's scale is
/// global * amax / 6 in E4M3, and a value code * (scale / global).
TEST(ScaleDivides, IsTheGlobalScaleOfCompressedTensors) {
  Array input = gaussian({6, 40}, 5);
  auto scales =
      std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
          std::make_shared<Scale>(dividing(ElementType::F32, {0, 0})),
          std::make_shared<QuantizeFloat>(E4M3FN)});
  auto grid = std::make_shared<QuantizeFloat>(E2M1);
  Codec codec(
      {std::make_shared<Scale>(Shape{1, 16}, StoredFloats(CodecRef(scales)),
                               ScaleOptions{}),
       grid});
  auto streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  auto read = codec.decode(*streams, input.shape, ElementType::F32);
  ASSERT_TRUE(read) << read.message();
  float amax = 0;
  for (float value : toFloats(input))
    amax = std::max(amax, std::fabs(value));
  const float global = (*streams)[0].array.getFloat(0);
  EXPECT_NEAR(global, 448 * 6 / amax, 1e-6 * global);
  auto codes = grid->decode((*streams)[2].array, {}, input.shape);
  ASSERT_TRUE(codes) << codes.message();
  for (int64_t i = 0; i < input.size(); ++i) {
    float scale = decodeMinifloat(
        E4M3FN, toInts((*streams)[1].array)[i / 40 * 3 + i % 40 / 16]);
    EXPECT_EQ(read->getFloat(i), codes->getFloat(i) * (scale / global));
  }
}

TEST(ScaleDivides, RefusesDivisorsOfNothing) {
  Scale stage = dividing(ElementType::F32);
  auto message = [&](float divisor) {
    std::vector<Stream> sides{{"scale", floats({1, 1}, {divisor})}};
    return stage.decode(floats({1, 2}, {1, 2}), sides, {1, 2}).message();
  };
  EXPECT_EQ(message(0), "element [0, 0] of stream 'scale' is 0.000000: what "
                        "divides is finite and not 0");
  EXPECT_EQ(message(INFINITY), "element [0, 0] of stream 'scale' is inf: what "
                               "divides is finite and not 0");
  EXPECT_NE(message(NAN), "");
}
