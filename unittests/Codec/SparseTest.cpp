//===- SparseTest.cpp - N of every M consecutive values -------------------===//

#include "zq/Codec/Sparse.h"
#include "TestArrays.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

static CodecRef packOf(int bits) {
  return std::make_shared<Codec>(Codec({std::make_shared<Pack>(bits)}));
}

TEST(Sparse, KeepsTheLargestInTheirOrder) {
  std::vector<Stream> sides;
  Result<Array> main = Sparse(2, 4).encode(
      floats({2, 4}, {1, -3, 2, 0, -1, 0.5, 0, 8}), {}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(toFloats(*main), (std::vector<float>{-3, 2, -1, 8}));
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "index");
  EXPECT_EQ(sides[0].array.shape, (Shape{2, 2}));
  EXPECT_EQ(toInts(sides[0].array), (std::vector<int>{1, 2, 0, 3}));
}

TEST(Sparse, KeepsTheEarlierOfEqualOnes) {
  std::vector<Stream> sides;
  Result<Array> main =
      Sparse(2, 4).encode(floats({8}, {1, -1, 1, 1, 0, 0, 0, 0}), {}, sides);
  ASSERT_TRUE(main);
  EXPECT_EQ(toFloats(*main), (std::vector<float>{1, -1, 0, 0}));
  EXPECT_EQ(toInts(sides[0].array), (std::vector<int>{0, 1, 0, 1}));
}

TEST(Sparse, FillsTheLastGroupWithZeros) {
  std::vector<Stream> sides;
  Sparse stage(2, 4);
  Result<Array> main =
      stage.encode(floats({2, 5}, {1, 2, 3, 4, 5, 0, 0, 3, 4, 6}), {}, sides);
  ASSERT_TRUE(main);
  EXPECT_EQ(toFloats(*main), (std::vector<float>{3, 4, 5, 0, 3, 4, 6, 0}));
  EXPECT_EQ(toInts(sides[0].array), (std::vector<int>{2, 3, 0, 1, 2, 3, 0, 1}));
  // Whatever is kept where the row has ended is dropped.
  main->setFloat(3, 99);
  main->setFloat(7, 99);
  Result<Array> decoded = stage.decode(*main, sides, {2, 5});
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_EQ(toFloats(*decoded),
            (std::vector<float>{0, 0, 3, 4, 5, 0, 0, 3, 4, 6}));
}

TEST(Sparse, KeepsWhatItKeepsExactly) {
  for (auto [kept, group] : {std::pair(1, 2), {2, 4}, {4, 8}, {3, 7}, {5, 300}})
    for (const Shape &shape : awkwardShapes()) {
      Array input = gaussian(shape, 3);
      Codec codec({std::make_shared<Sparse>(
          kept, group, packOf(Sparse(kept, group).indexBits()))});
      Result<Array> output = codec.roundTrip(input);
      ASSERT_TRUE(output) << output.message();
      int64_t length = shape.back();
      for (int64_t i = 0; i < input.size(); ++i) {
        // Kept if fewer than `kept` of its group are larger.
        int64_t begin = i - i % length % group;
        int64_t end = std::min(begin + group, i - i % length + length);
        int larger = 0;
        for (int64_t j = begin; j < end; ++j)
          larger += std::fabs(input.getFloat(j)) > std::fabs(input.getFloat(i));
        EXPECT_EQ(output->getFloat(i), larger < kept ? input.getFloat(i) : 0);
      }
    }
}

TEST(Sparse, HoldsInfinitiesAndZerosOfBothSigns) {
  Codec codec({std::make_shared<Sparse>(1, 2)});
  Result<Array> output =
      codec.roundTrip(floats({6}, {-INFINITY, 3, -0.0f, -0.0f, 0, INFINITY}));
  ASSERT_TRUE(output);
  EXPECT_EQ(toFloats(*output),
            (std::vector<float>{-INFINITY, 0, 0, 0, 0, INFINITY}));
  EXPECT_TRUE(std::signbit(output->getFloat(2)));
  EXPECT_FALSE(std::signbit(output->getFloat(3)));
}

/// The stages below see the kept values only.
TEST(Sparse, HandsOnACompactTensor) {
  Codec codec({std::make_shared<Sparse>(2, 4, packOf(2)),
               std::make_shared<Scale>(Shape{1, 4}, ElementType::F16),
               std::make_shared<QuantizeInteger>(8, true),
               std::make_shared<Pack>(8)});
  Array input = gaussian({3, 21}, 5);
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  ASSERT_EQ(streams->size(), 3u);
  EXPECT_EQ((*streams)[0].name, "index.codes");
  EXPECT_EQ((*streams)[0].array.shape, (Shape{3, 3}));
  EXPECT_EQ((*streams)[1].array.shape, (Shape{3, 3}));
  EXPECT_EQ((*streams)[2].array.shape, (Shape{3, 12}));
  Result<Array> output = codec.decode(*streams, {3, 21}, ElementType::F32);
  ASSERT_TRUE(output) << output.message();
  int zeros = 0;
  for (int64_t i = 0; i < input.size(); ++i) {
    zeros += output->getFloat(i) == 0;
    if (output->getFloat(i) != 0)
      EXPECT_NEAR(output->getFloat(i), input.getFloat(i), 0.02);
  }
  EXPECT_GE(zeros, 30);
  EXPECT_LE(zeros, 34);
}

TEST(Sparse, CountsTheBitsOfAPosition) {
  EXPECT_EQ(Sparse(1, 2).indexBits(), 1);
  EXPECT_EQ(Sparse(2, 4).indexBits(), 2);
  EXPECT_EQ(Sparse(2, 5).indexBits(), 3);
  EXPECT_EQ(Sparse(2, 256).indexBits(), 8);
  EXPECT_EQ(Sparse(2, 257).indexBits(), 9);
}

TEST(Sparse, RefusesNaN) {
  std::vector<Stream> sides;
  Result<Array> result =
      Sparse(2, 4).encode(floats({2, 2}, {0, 0, NAN, 0}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "element [1, 0] is NaN: sparse needs numbers");
  result = Sparse(2, 4).encode(floats({}, {1}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "sparse needs a tensor of rank 1 or more");
}

TEST(Sparse, RefusesPositionsThatAreNone) {
  Sparse stage(2, 3);
  Array main(ElementType::F32, {1, 4});
  auto message = [&](const std::vector<int> &index) {
    return stage.check(&main, {{"index", bytes({1, 4}, index)}}, {1, 6})
        .message();
  };
  EXPECT_EQ(message({0, 2, 1, 2}), "");
  EXPECT_EQ(message({0, 2, 1, 1}),
            "element [0, 3] of side 'index' is 1, expected 2 to 2");
  EXPECT_EQ(message({2, 0, 1, 2}),
            "element [0, 1] of side 'index' is 0, expected 3 to 2");
  EXPECT_EQ(message({0, 3, 1, 2}),
            "element [0, 1] of side 'index' is 3, expected 1 to 2");
  EXPECT_EQ(stage.check(&main, {{"index", bytes({4}, {})}}, {1, 6}).message(),
            "side 'index' of sparse has shape [4], expected [1, 4]");
  EXPECT_EQ(stage.check(nullptr, {{"index", bytes({1, 2}, {0, 1})}}, {1, 3})
                .message(),
            "");
}
