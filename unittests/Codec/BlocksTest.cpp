//===- BlocksTest.cpp - Blocks and their statistics -----------------------===//

#include "zq/Codec/Blocks.h"
#include "TestArrays.h"

#include <gtest/gtest.h>

using namespace zq::codec;

TEST(Blocks, StatisticsAreOfTheElementsOfEachBlock) {
  // Blocks of 2x2 in a 3x3 tensor: the last ones are ragged.
  Array input = floats({3, 3}, {1, -2, 9, 2, 3, -9, 5, 7, 4});
  std::vector<BlockStatistics> blocks =
      statisticsOf(input, Blocks({2, 2}), BlockSum::Values);
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(blocks[0].count, 4);
  EXPECT_EQ(blocks[0].min, -2);
  EXPECT_EQ(blocks[0].max, 3);
  EXPECT_EQ(blocks[0].peak, 3);
  EXPECT_EQ(blocks[0].sum, 4);
  auto sum = [&](BlockSum kind) {
    return statisticsOf(input, Blocks({2, 2}), kind)[0].sum;
  };
  EXPECT_EQ(sum(BlockSum::Magnitudes), 8);
  EXPECT_EQ(sum(BlockSum::Squares), 18);
  EXPECT_EQ(sum(BlockSum::None), 0);
  // The first of equal magnitudes.
  EXPECT_EQ(blocks[1].peak, 9);
  EXPECT_EQ(blocks[1].count, 2);
  // All above zero: no extreme is 0.
  EXPECT_EQ(blocks[2].min, 5);
  EXPECT_EQ(blocks[3].min, 4);
  EXPECT_EQ(blocks[3].max, 4);
}

/// What `forEachRun` and `statisticsOf` have to agree with: one element after
/// the other, each asked for its block.
TEST(Blocks, RunsAndStatisticsAreThoseOfTheElements) {
  const struct {
    std::vector<int64_t> shape, sizes;
  } cases[] = {
      {{7, 33}, {1, 16}},
      {{7, 33}, {0, 1}},
      {{7, 33}, {3, 5}},
      {{7, 33}, {0, 0}},
      {{7, 33}, {1, 0}},
      {{7, 33}, {2, 0}},
      {{7, 33}, {}},
      {{7, 33}, {9, 40}},
      {{40}, {16}},
      {{40}, {0}},
      {{1, 40}, {1, 7}},
      {{4, 1}, {1, 8}},
      {{3, 4, 5}, {2, 0, 0}},
      {{3, 4, 5}, {0, 3, 0}},
      {{3, 4, 5}, {1, 2, 3}},
      {{3, 4, 5}, {0, 1, 1}},
      {{2, 0, 3}, {1, 1, 1}},
      {{0}, {4}},
      {{601, 700}, {300, 64}},
      {{1, 300000}, {}},
  };
  enum Signs { Both, NoneNegative, NonePositive };
  std::mt19937 generator(1);
  for (const auto &test : cases)
    for (Signs signs : {Both, NoneNegative, NonePositive}) {
      const Blocks blocks(test.sizes);
      Array input = gaussian(test.shape, 9);
      const int64_t size = input.size();
      // Equal magnitudes and both zeros are frequent.
      for (int64_t i = 0; i < size; ++i) {
        float value = input.get<float>(i);
        if (generator() % 3)
          value = float(int(generator() % 3) - 1) *
                  (generator() % 2 ? 4.0f : -4.0f);
        if (signs != Both && value != 0)
          value = signs == NoneNegative ? std::fabs(value) : -std::fabs(value);
        input.set(i, value);
      }

      std::vector<int64_t> cuts = {0, size / 3, size / 2, size};
      std::vector<int64_t> blockOf;
      for (size_t i = 0; i + 1 < cuts.size(); ++i)
        blocks.forEachRun(test.shape, cuts[i], cuts[i + 1],
                          [&](int64_t block, int64_t first, int64_t count) {
                            EXPECT_EQ(first, int64_t(blockOf.size()));
                            EXPECT_GE(count, 1);
                            blockOf.resize(blockOf.size() + count, block);
                          });
      ASSERT_EQ(int64_t(blockOf.size()), size);
      std::vector<BlockStatistics> expected(
          numElements(blocks.count(test.shape)));
      const int64_t band = blocks.bandSize(test.shape);
      std::vector<int64_t> bandOf(expected.size(), -1);
      for (int64_t i = 0; i < size; ++i) {
        int64_t block = blocks.blockOf(i, test.shape);
        ASSERT_EQ(blockOf[i], block);
        ASSERT_TRUE(bandOf[block] < 0 || bandOf[block] == i / band);
        bandOf[block] = i / band;
        float value = input.get<float>(i);
        BlockStatistics &of = expected[block];
        of.min = of.count ? std::min(of.min, value) : value;
        of.max = of.count ? std::max(of.max, value) : value;
        if (std::fabs(value) > std::fabs(of.peak))
          of.peak = value;
        of.sum += double(value) * value;
        ++of.count;
      }
      std::vector<BlockStatistics> found =
          statisticsOf(input, blocks, BlockSum::Squares);
      std::vector<BlockStatistics> extremes = statisticsOf(input, blocks);
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].sum, expected[i].sum);
        for (const BlockStatistics &of : {found[i], extremes[i]}) {
          EXPECT_EQ(of.count, expected[i].count);
          // Signs of zeros too.
          for (auto member : {&BlockStatistics::min, &BlockStatistics::max,
                              &BlockStatistics::peak})
            EXPECT_EQ(std::memcmp(&(of.*member), &(expected[i].*member), 4), 0);
        }
      }
    }
}

TEST(Blocks, OfWholeDimensionsExistWithoutElements) {
  std::vector<BlockStatistics> blocks =
      statisticsOf(Array(ElementType::F32, {2, 0}), Blocks({1, 0}));
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[1].count, 0);
  EXPECT_EQ(blocks[1].min, 0);
  EXPECT_EQ(blocks[1].max, 0);
  EXPECT_EQ(blocks[1].peak, 0);
}

TEST(Blocks, FitOneRank) {
  Blocks blocks({1, 4});
  EXPECT_TRUE(blocks.checkRank("offset", 2));
  EXPECT_EQ(blocks.checkRank("offset", 3).message(),
            "offset has blocks of rank 2, the tensor has rank 3");
  EXPECT_TRUE(Blocks({}).checkRank("offset", 3));
}
