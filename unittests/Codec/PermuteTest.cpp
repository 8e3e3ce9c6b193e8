//===- PermuteTest.cpp - Another order along an axis ----------------------===//

#include "zq/Codec/Permute.h"
#include "TestArrays.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Streams = std::vector<Stream>;

static Array order(const std::vector<int32_t> &places) {
  Array array(ElementType::I32, {int64_t(places.size())});
  for (size_t i = 0; i < places.size(); ++i)
    array.set(i, places[i]);
  return array;
}

TEST(Permute, PutsLargeColumnsFirst) {
  // The norms are 1, 5, 5, 3, 0: of equals the first one stays first.
  Array input = floats({2, 5}, {1, 3, 5, 3, 0, 0, 4, 0, 0, 0});
  Streams sides;
  Result<Array> main = Permute(1).encode(input, {-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "order");
  EXPECT_TRUE(sides[0].array == order({1, 2, 3, 0, 4}));
  EXPECT_EQ(toFloats(*main),
            (std::vector<float>{3, 5, 3, 1, 0, 4, 0, 0, 0, 0}));
}

TEST(Permute, PutsWhatIsNotFiniteFirst) {
  Array input = floats({1, 4}, {1, NAN, 5, -INFINITY});
  Streams sides;
  Result<Array> main = Permute(1).encode(input, {-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_TRUE(sides[0].array == order({1, 3, 2, 0}));
}

TEST(Permute, DecodesToTheBitOnAwkwardShapes) {
  for (const Shape &shape : awkwardShapes())
    for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis) {
      Array input = gaussian(shape, 3);
      if (input.size() > 2) {
        input.setFloat(1, NAN);
        input.setFloat(2, -INFINITY);
      }
      Streams sides;
      Result<Array> main = Permute(axis).encode(input, {-1, 1}, sides);
      ASSERT_TRUE(main) << main.message();
      Result<Array> decoded = Permute(axis).decode(*main, sides, shape);
      ASSERT_TRUE(decoded) << decoded.message();
      EXPECT_TRUE(*decoded == input);
    }
}

TEST(Permute, DecodesByTheOrderOfTheStream) {
  Result<Array> decoded = Permute(0).decode(floats({3, 1}, {10, 11, 12}),
                                            {{"", order({2, 0, 1})}}, {3, 1});
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_EQ(toFloats(*decoded), (std::vector<float>{11, 12, 10}));
}

TEST(Permute, RefusesWhatIsNoPermutation) {
  auto message = [](const std::vector<int32_t> &places) {
    return Permute(0)
        .decode(floats({3}, {}), {{"", order(places)}}, {3})
        .message();
  };
  EXPECT_EQ(message({0, 1, 1}),
            "stream 'order' is no permutation: element [2] is 1");
  EXPECT_EQ(message({0, 3, 1}),
            "stream 'order' is no permutation: element [1] is 3");
  EXPECT_EQ(message({-1, 0, 1}),
            "stream 'order' is no permutation: element [0] is -1");
  EXPECT_EQ(message({0, 1}), "stream 'order' has shape [2], expected [3]");
  Streams sides;
  EXPECT_EQ(Permute(1).encode(floats({1}, {}), {}, sides).message(),
            "permute along axis 1 of a tensor of rank 1");
  EXPECT_EQ(Permute(0).encode(bytes({1}, {}), {}, sides).message(),
            "permute needs floating-point values, got i8");
}
