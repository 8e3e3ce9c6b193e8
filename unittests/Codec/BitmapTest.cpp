//===- BitmapTest.cpp - Nonzero elements and where they are ---------------===//

#include "zq/Codec/Bitmap.h"
#include "TestArrays.h"

#include <gtest/gtest.h>

using namespace zq::codec;

namespace {
/// What the stage stores.
struct Encoded {
  Array values;
  std::vector<Stream> sides;
};
} // namespace

static Encoded encode(const Bitmap &stage, const Array &input) {
  Encoded result;
  Result<Array> values = stage.encode(input, {}, result.sides);
  EXPECT_TRUE(values) << values.message();
  result.values = *values;
  return result;
}

static std::vector<int> toInts32(const Array &array) {
  std::vector<int> result;
  for (int64_t i = 0; i < array.size(); ++i)
    result.push_back(array.get<int32_t>(i));
  return result;
}

TEST(Bitmap, HasTheDocumentedStreams) {
  // Rows of 10 in tiles of 8: two values, none; none, one.
  Array input = floats({2, 10}, {0, 1.5, 0, 0, 0, 0, 0, -2, 0, 0, //
                                 0, 0,   0, 0, 0, 0, 0, 0,  0, 3});
  Encoded e = encode(Bitmap(8, ElementType::F16), input);
  ASSERT_EQ(e.sides.size(), 2u);
  EXPECT_EQ(e.sides[0].name, "bitmap");
  EXPECT_EQ(e.sides[0].array.shape, (Shape{2, 2}));
  EXPECT_EQ(toInts(e.sides[0].array), (std::vector<int>{0x82, 0, 0, 2}));
  EXPECT_EQ(e.sides[1].name, "offsets");
  EXPECT_EQ(e.sides[1].array.shape, (Shape{2, 2}));
  EXPECT_EQ(toInts32(e.sides[1].array), (std::vector<int>{0, 2, 2, 2}));
  EXPECT_EQ(e.values.type, ElementType::F16);
  EXPECT_EQ(toFloats(e.values),
            (std::vector<float>{1.5, -2, 3, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Bitmap, PacksTheCodesOfATile) {
  // Three codes of 3 bits take two bytes, one code one.
  Array input = bytes({16}, {0, 5, 6, 0, 0, 3, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0});
  Encoded e = encode(Bitmap(8, 3), input);
  EXPECT_EQ(toInts(e.sides[0].array), (std::vector<int>{0x26, 0x01}));
  EXPECT_EQ(toInts32(e.sides[1].array), (std::vector<int>{0, 2}));
  EXPECT_EQ(toInts(e.values),
            (std::vector<int>{0xF5, 0x00, 0x07, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Bitmap, RoundTripsCodesOfEveryWidth) {
  for (int bits = 1; bits <= 8; ++bits)
    for (int64_t tile : {8, 64, 128})
      for (const Shape &shape : awkwardShapes()) {
        Bitmap stage(tile, bits);
        Array input = skewedCodes(shape, 1 << bits, bits);
        Encoded e = encode(stage, input);
        Result<Array> decoded = stage.decode(e.values, e.sides, shape);
        ASSERT_TRUE(decoded) << decoded.message();
        EXPECT_TRUE(*decoded == input);
      }
}

TEST(Bitmap, RoundTripsWhatTheTypeHolds) {
  for (ElementType type :
       {ElementType::F32, ElementType::F16, ElementType::BF16})
    for (const Shape &shape : awkwardShapes()) {
      Array input = gaussian(shape, 4, type);
      // Two of three are zero.
      for (int64_t i = 0; i < input.size(); ++i)
        if (i % 3)
          input.setFloat(i, 0);
      Codec codec({std::make_shared<Bitmap>(64, type)});
      Result<std::vector<Stream>> streams = codec.encode(input);
      ASSERT_TRUE(streams) << streams.message();
      EXPECT_EQ((*streams)[2].array.size(), (input.size() + 2) / 3 + 64);
      Result<Array> decoded = codec.decode(*streams, shape, ElementType::F32);
      ASSERT_TRUE(decoded) << decoded.message();
      EXPECT_EQ(toFloats(*decoded), toFloats(input));
    }
}

TEST(Bitmap, RoundsBeforeItLooksForZeros) {
  // 2^-26 is zero in f16; so is -0, which comes back as +0.
  Array input = floats({4}, {0x1p-26f, -0.0f, 1.0001f, -INFINITY});
  Bitmap stage(8, ElementType::F16);
  Encoded e = encode(stage, input);
  EXPECT_EQ(toInts(e.sides[0].array), std::vector<int>{0xC});
  Result<Array> decoded = stage.decode(e.values, e.sides, {4});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(toFloats(*decoded), (std::vector<float>{0, 0, 1, -INFINITY}));
  EXPECT_FALSE(std::signbit(decoded->getFloat(1)));
}

TEST(Bitmap, KeepsNaN) {
  Codec codec({std::make_shared<Bitmap>(8, ElementType::BF16)});
  Result<std::vector<Stream>> streams = codec.encode(floats({2}, {0, NAN}));
  ASSERT_TRUE(streams);
  Result<Array> decoded = codec.decode(*streams, {2}, ElementType::F32);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->getFloat(0), 0);
  EXPECT_TRUE(std::isnan(decoded->getFloat(1)));
}

TEST(Bitmap, TakesEmptyAndFullTiles) {
  for (float value : {0.0f, 2.0f}) {
    Array input = floats({2, 128}, std::vector<float>(256, value));
    Bitmap stage(64, ElementType::F32);
    Encoded e = encode(stage, input);
    EXPECT_EQ(e.values.size(), (value ? 256 : 0) + 64);
    Result<Array> decoded = stage.decode(e.values, e.sides, input.shape);
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(*decoded == input);
  }
}

TEST(Bitmap, RefusesOtherInputs) {
  std::vector<Stream> sides;
  auto message = [&](const Bitmap &stage, const Array &input) {
    Result<Array> result = stage.encode(input, {}, sides);
    return result ? "" : result.message();
  };
  EXPECT_EQ(message(Bitmap(8, 3), bytes({2}, {7, 8})),
            "element [1] is code 8: bitmap has codes below 8");
  EXPECT_EQ(message(Bitmap(8, 3), floats({1}, {0})),
            "the input of bitmap has element type f32, expected i8");
  EXPECT_EQ(message(Bitmap(8, ElementType::F16), bytes({1}, {0})),
            "bitmap needs floating-point values, got i8");
  EXPECT_EQ(message(Bitmap(8, ElementType::F16), floats({}, {0})),
            "bitmap needs a tensor of rank 1 or more");
}

TEST(Bitmap, RefusesStreamsThatDisagree) {
  Bitmap stage(8, ElementType::F32);
  Array input = floats({12}, {1, 2, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0});
  Encoded e = encode(stage, input);
  auto message = [&](Encoded changed, Shape shape = {12}) {
    return stage.check(&changed.values, changed.sides, shape).message();
  };
  EXPECT_EQ(message(e), "");

  Encoded changed = e;
  changed.sides[0].array.bytes[1] |= 0x10;
  EXPECT_EQ(message(changed),
            "tile 1 has 4 elements, but bit 4 of its bitmap is set");

  changed = e;
  changed.sides[0].array.bytes[0] |= 0x40;
  EXPECT_EQ(message(changed), "tile 1 takes elements 3 to 4 of stream "
                              "'values', expected within 4 to 4");

  changed = e;
  changed.sides[1].array.set<int32_t>(1, 2);
  EXPECT_EQ(message(changed), "tile 1 takes elements 2 to 3 of stream "
                              "'values', expected within 3 to 4");
  changed.sides[1].array.set<int32_t>(1, INT32_MAX);
  EXPECT_EQ(message(changed),
            "tile 1 takes elements 2147483647 to 2147483648 of stream "
            "'values', expected within 3 to 4");
  changed.sides[1].array.set<int32_t>(1, -1);
  EXPECT_EQ(message(changed), "tile 1 takes elements -1 to 0 of stream "
                              "'values', expected within 3 to 4");

  changed = e;
  changed.values = Array(ElementType::F32, {7});
  EXPECT_EQ(message(changed),
            "stream 'values' has 7 elements, expected 8 to 2^31 - 1");
  changed.values = Array(ElementType::F32, {11});
  EXPECT_EQ(message(changed), "tile 1 takes elements 3 to 4 of stream "
                              "'values', expected within 3 to 3");
  EXPECT_EQ(message(e, {17}), "stream 'bitmap' has shape [2], expected [3]");
  EXPECT_EQ(stage.check(nullptr, e.sides, {12}).message(),
            "bitmap must be the last stage");
}

/// A gap between tiles, as Mustafar's padding leaves it, is legal.
TEST(Bitmap, AllowsGaps) {
  Bitmap stage(8, ElementType::F32);
  Encoded e = encode(stage, floats({12}, {1, 0, 0, 0, 0, 0, 0, 0, 4}));
  e.values = floats({12}, {1, 0, 0, 4});
  e.sides[1].array.set<int32_t>(1, 3);
  Result<Array> decoded = stage.decode(e.values, e.sides, {12});
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_EQ(decoded->getFloat(8), 4);
}
