//===- OffsetTest.cpp - Blocks moved towards zero -------------------------===//

#include "zq/Codec/Offset.h"
#include "TestArrays.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <cfloat>
#include <gtest/gtest.h>

using namespace zq::codec;

static constexpr ElementType f32 = ElementType::F32;
static const OffsetStatistic allStatistics[] = {
    OffsetStatistic::Mean, OffsetStatistic::Min, OffsetStatistic::Mid};

TEST(Offset, IsTheStatisticOfItsBlock) {
  Array input = floats({1, 6}, {1, 2, 6, -3, -5, 7});
  const std::vector<float> expected[] = {{3, -4, 7}, {1, -5, 7}, {3.5, -4, 7}};
  for (int i = 0; i < 3; ++i) {
    // Ragged: blocks of 3, 2 and 1.
    Array row = floats({3, 3}, {1, 2, 6, -3, -5, -4, 7, 7, 7});
    std::vector<Stream> sides;
    Result<Array> main =
        Offset({1, 3}, f32, allStatistics[i]).encode(row, Range{-1, 1}, sides);
    ASSERT_TRUE(main) << main.message();
    ASSERT_EQ(sides.size(), 1u);
    EXPECT_EQ(sides[0].name, "offset");
    EXPECT_EQ(sides[0].array.shape, (Shape{3, 1}));
    EXPECT_EQ(toFloats(sides[0].array), expected[i]);
    EXPECT_EQ(main->getFloat(1), 2 - expected[i][0]);
    EXPECT_EQ(main->getFloat(8), 0);
  }
  // The last block has one element of its own.
  std::vector<Stream> sides;
  Result<Array> main = Offset({1, 5}, f32, OffsetStatistic::Mean)
                           .encode(input, Range{-1, 1}, sides);
  ASSERT_TRUE(main);
  EXPECT_EQ(sides[0].array.getFloat(1), 7);
}

TEST(Offset, TheEncoderSubtractsWhatReadsBack) {
  // 0.1 in f8E4M3FN is 0.1015625.
  std::vector<Stream> sides;
  Offset stage({0}, ElementType::F8E4M3FN, OffsetStatistic::Min);
  Result<Array> main =
      stage.encode(floats({2}, {0.1f, 3}), Range{0, 15}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(sides[0].array.getFloat(0), 0.1015625f);
  EXPECT_EQ(main->getFloat(0), 0.1f - 0.1015625f);
  EXPECT_EQ(main->getFloat(1), 3 - 0.1015625f);
  Result<Array> read = stage.decode(*main, sides, {2});
  ASSERT_TRUE(read);
  EXPECT_NEAR(read->getFloat(0), 0.1f, 1e-8);

  // A codec of one bit: 0 or 2.
  auto codec =
      std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
          std::make_shared<Scale>(Shape{0, 0}, ElementType::F16),
          std::make_shared<QuantizeInteger>(1, false),
          std::make_shared<Pack>(1)});
  sides.clear();
  main = Offset({1, 0}, StoredFloats(codec), OffsetStatistic::Min)
             .encode(floats({2, 1}, {2, 0.75}), Range{0, 15}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(toFloats(sides[0].array), (std::vector<float>{2, 0.75}));
  EXPECT_EQ(toFloats(*main), (std::vector<float>{0, 0.75}));
}

TEST(Offset, LiesInPanelsOfRows) {
  Array input = floats({3, 2}, {1, 5, 2, 7, 4, 9});
  std::vector<Stream> sides;
  Offset stage({1, 1}, f32, OffsetStatistic::Min, /*rows=*/2);
  Result<Array> main = stage.encode(input, Range{-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(sides[0].array.shape, (Shape{2, 2, 2}));
  EXPECT_EQ(toFloats(sides[0].array),
            (std::vector<float>{1, 2, 5, 7, 4, 0, 9, 0}));
  Result<Array> read = stage.decode(*main, sides, input.shape);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(toFloats(*read), toFloats(input));
  EXPECT_FALSE(stage.encode(floats({2}, {1, 2}), Range{-1, 1}, sides));
}

TEST(Offset, DecodesWithOneRounding) {
  Offset stage({0}, ElementType::F16, OffsetStatistic::Mean);
  Result<Array> read = stage.decode(
      floats({1}, {0.1f}), {{"", floats({1}, {3}, ElementType::F16)}}, {1});
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(read->getFloat(0), 0.1f + 3.0f);
}

TEST(Offset, LetsAScaleBelowUseTheWholeTarget) {
  // Q4_1: from 3 to 18 in steps of 1.
  Codec codec({std::make_shared<Offset>(Shape{1, 0}, ElementType::F16,
                                        OffsetStatistic::Min),
               std::make_shared<Scale>(Shape{1, 0}, ElementType::F16),
               std::make_shared<QuantizeInteger>(4, false),
               std::make_shared<Pack>(4)});
  Array input = floats({1, 4}, {3, 18, 7, 4});
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  EXPECT_EQ(toInts(streams->back().array), (std::vector<int>{0xF0, 0x14}));
  Result<Array> read = codec.decode(*streams, input.shape, f32);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(*read, input);
}

TEST(Offset, TakesInWhatItBringsIntoTheTarget) {
  const Range targets[] = {{-8, 7}, {0, 15}, {-1, 0}};
  for (OffsetStatistic statistic : allStatistics)
    for (Range target : targets) {
      Offset stage({0}, f32, statistic);
      Range range = stage.inputRange(target);
      ASSERT_LT(range.low, range.high);
      std::vector<Stream> sides;
      Array input = floats({5}, {float(range.low), float(range.high),
                                 float(range.high), 0, float(range.high)});
      Result<Array> main = stage.encode(input, target, sides);
      ASSERT_TRUE(main);
      // On one side of zero there is room for a min only.
      if (target.low == 0 && statistic != OffsetStatistic::Min)
        continue;
      if (target.high == 0)
        continue;
      for (float value : toFloats(*main)) {
        EXPECT_GE(value, target.low);
        EXPECT_LE(value, target.high);
      }
    }
}

TEST(Offset, HoldsExtremes) {
  for (OffsetStatistic statistic : allStatistics)
    for (ElementType stored : {f32, ElementType::F16, ElementType::BF16,
                               ElementType::F8E4M3FN, ElementType::F8E5M2}) {
      Offset stage({0}, stored, statistic);
      for (const std::vector<float> &values :
           {std::vector<float>{FLT_MAX, -FLT_MAX},
            std::vector<float>{FLT_MAX, FLT_MAX},
            std::vector<float>{-FLT_MAX, -FLT_MAX},
            std::vector<float>{-0.0f, 0.0f}, std::vector<float>{1e-40f, 0}}) {
        std::vector<Stream> sides;
        Result<Array> main =
            stage.encode(floats({2}, values), Range{-1, 1}, sides);
        ASSERT_TRUE(main) << main.message();
        for (float value : toFloats(*main))
          EXPECT_TRUE(std::isfinite(value)) << name(stored);
        EXPECT_TRUE(std::isfinite(sides[0].array.getFloat(0))) << name(stored);
      }
    }
}

TEST(Offset, TheMiddleDoesNotOverflow) {
  std::vector<Stream> sides;
  Result<Array> main =
      Offset({0}, f32, OffsetStatistic::Mid)
          .encode(floats({2}, {0x1.8p127f, 0x1p127f}), Range{-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(sides[0].array.getFloat(0), 0x1.4p127f);
}

TEST(Offset, HoldsTensorsOfEveryShape) {
  for (OffsetStatistic statistic : allStatistics)
    for (const Shape &shape : awkwardShapes()) {
      Shape block(shape.size(), 1);
      block.back() = 4;
      Offset stage(block, f32, statistic);
      Array input = gaussian(shape, 4);
      std::vector<Stream> sides;
      Result<Array> main = stage.encode(input, Range{-1, 1}, sides);
      ASSERT_TRUE(main) << main.message();
      Result<Array> read = stage.decode(*main, sides, shape);
      ASSERT_TRUE(read) << read.message();
      for (int64_t i = 0; i < input.size(); ++i)
        EXPECT_NEAR(read->getFloat(i), input.getFloat(i), 1e-6);
    }
}

TEST(Offset, RefusesWhatItCannotHold) {
  Offset stage({0, 4}, f32, OffsetStatistic::Mean);
  std::vector<Stream> sides;
  Result<Array> main =
      stage.encode(floats({1, 2}, {0, NAN}), Range{-1, 1}, sides);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.message(),
            "element [0, 1] is NaN: offset needs finite values");
  main = stage.encode(floats({2}, {0, 0}), Range{-1, 1}, sides);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.message(),
            "offset has blocks of rank 2, the tensor has rank 1");
  EXPECT_EQ(stage.check(nullptr, {}, {2, 4}).message(),
            "offset has 1 side streams, got 0");
  EXPECT_EQ(stage.check(nullptr, {{"", Array(f32, {1, 1})}}, {2, 5}).message(),
            "stream 'offset' has shape [1, 1], expected [1, 2]");
}
