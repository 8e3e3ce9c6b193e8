//===- PackTest.cpp - Codes of fixed width --------------------------------===//

#include "zq/Codec/Pack.h"
#include "TestArrays.h"

#include <gtest/gtest.h>

using namespace zq::codec;

static Array packed(int bits, const Array &input) {
  std::vector<Stream> sides;
  Result<Array> result = Pack(bits).encode(input, {}, sides);
  EXPECT_TRUE(result) << result.message();
  return *result;
}

TEST(Pack, PutsTheFirstCodeInTheLowBits) {
  EXPECT_EQ(toInts(packed(4, bytes({4}, {1, 2, 3, 15}))),
            (std::vector<int>{0x21, 0xF3}));
  EXPECT_EQ(toInts(packed(1, bytes({9}, {1, 0, 0, 0, 0, 0, 1, 0, 1}))),
            (std::vector<int>{0x41, 0x01}));
  // 101 110 01|1 111 0000: the third code straddles a byte.
  EXPECT_EQ(toInts(packed(3, bytes({4}, {5, 6, 3, 7}))),
            (std::vector<int>{0xF5, 0x0E}));
  EXPECT_EQ(toInts(packed(8, bytes({2}, {255, 7}))),
            (std::vector<int>{255, 7}));
}

TEST(Pack, StartsRowsOnABytePaddedWithZeros) {
  Array result = packed(4, bytes({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(result.shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(toInts(result), (std::vector<int>{0x21, 0x03, 0x54, 0x06}));
}

TEST(Pack, RoundTripsEveryWidthOnAwkwardShapes) {
  for (int bits = 1; bits <= 8; ++bits)
    for (const std::vector<int64_t> &shape : awkwardShapes()) {
      Array input(ElementType::I8, shape);
      std::mt19937 generator(bits);
      for (int64_t i = 0; i < input.size(); ++i)
        input.set(i, uint8_t(generator() & ((1 << bits) - 1)));
      Array stream = packed(bits, input);
      EXPECT_EQ(stream.shape.back(), (shape.back() * bits + 7) / 8);
      Result<Array> decoded = Pack(bits).decode(stream, {}, shape);
      ASSERT_TRUE(decoded) << decoded.message();
      EXPECT_TRUE(*decoded == input);
    }
}

TEST(Pack, IgnoresPaddingBits) {
  Result<Array> decoded = Pack(3).decode(bytes({1}, {0xFF}), {}, {2});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(toInts(*decoded), (std::vector<int>{7, 7}));
}

TEST(Pack, RefusesCodesTooWide) {
  std::vector<Stream> sides;
  Result<Array> result =
      Pack(4).encode(bytes({2, 2}, {0, 15, 16, 0}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [1, 0] is code 16: pack has codes below 16");
}

TEST(Pack, RefusesOtherStreams) {
  Result<Array> result = Pack(4).decode(bytes({2, 2}, {}), {}, {2, 5});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "stream 'codes' has shape [2, 2], expected [2, 3]");
  result = Pack(4).decode(bytes({}, {0}), {}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "pack needs a tensor of rank 1 or more");
  result = Pack(4).decode(floats({1}, {0}), {}, {2});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "stream 'codes' has element type f32, expected i8");
  EXPECT_EQ(Pack(4).check(nullptr, {}, {2}).message(),
            "pack must be the last stage");
}
