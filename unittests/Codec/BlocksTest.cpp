//===- BlocksTest.cpp - Blocks and their statistics -----------------------===//

#include "zq/Codec/Blocks.h"
#include "TestArrays.h"

#include <gtest/gtest.h>

using namespace zq::codec;

TEST(Blocks, StatisticsAreOfTheElementsOfEachBlock) {
  // Blocks of 2x2 in a 3x3 tensor: the last ones are ragged.
  Array input = floats({3, 3}, {1, -2, 9, 2, 3, -9, 5, 7, 4});
  std::vector<BlockStatistics> blocks = statisticsOf(input, Blocks({2, 2}));
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(blocks[0].count, 4);
  EXPECT_EQ(blocks[0].min, -2);
  EXPECT_EQ(blocks[0].max, 3);
  EXPECT_EQ(blocks[0].peak, 3);
  EXPECT_EQ(blocks[0].sum, 4);
  EXPECT_EQ(blocks[0].sumOfMagnitudes, 8);
  EXPECT_EQ(blocks[0].sumOfSquares, 18);
  // The first of equal magnitudes.
  EXPECT_EQ(blocks[1].peak, 9);
  EXPECT_EQ(blocks[1].count, 2);
  // All above zero: no extreme is 0.
  EXPECT_EQ(blocks[2].min, 5);
  EXPECT_EQ(blocks[3].min, 4);
  EXPECT_EQ(blocks[3].max, 4);
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
