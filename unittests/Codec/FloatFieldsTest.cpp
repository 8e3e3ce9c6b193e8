//===- FloatFieldsTest.cpp - bf16 as exponent and the rest ----------------===//

#include "zq/Codec/FloatFields.h"
#include "TestArrays.h"
#include "zq/Codec/Huffman.h"

#include <gtest/gtest.h>

using namespace zq::codec;

/// Every bit pattern, signalling NaNs included.
static Array allPatterns() {
  Array array(ElementType::BF16, {256, 256});
  for (int i = 0; i < 0x10000; ++i)
    array.set(i, static_cast<uint16_t>(i));
  return array;
}

TEST(FloatFields, SplitsAtTheFields) {
  // -1.5: sign 1, exponent 127, mantissa 0x40.
  std::vector<Stream> sides;
  Result<Array> exponent = FloatFields().encode(
      floats({2}, {-1.5, 0x1p100f}, ElementType::BF16), {}, sides);
  ASSERT_TRUE(exponent);
  EXPECT_EQ(toInts(*exponent), (std::vector<int>{127, 227}));
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "sign_mantissa");
  EXPECT_EQ(toInts(sides[0].array), (std::vector<int>{0xC0, 0}));
}

TEST(FloatFields, KeepsEveryBitPattern) {
  std::vector<Stream> sides;
  Array input = allPatterns();
  Result<Array> exponent = FloatFields().encode(input, {}, sides);
  ASSERT_TRUE(exponent);
  Result<Array> decoded = FloatFields().decode(*exponent, sides, input.shape);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(*decoded == input);
}

TEST(FloatFields, KeepsEveryBitPatternThroughHuffman) {
  Codec codec(
      {std::make_shared<FloatFields>(), std::make_shared<Huffman>(8, 100, 12)});
  EXPECT_TRUE(codec.isLossless());
  Array input = allPatterns();
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  Result<Array> decoded =
      codec.decode(*streams, input.shape, ElementType::BF16);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_TRUE(*decoded == input);
}

TEST(FloatFields, WorksOnAwkwardShapes) {
  Codec codec(
      {std::make_shared<FloatFields>(), std::make_shared<Huffman>(8, 16, 11)});
  for (const std::vector<int64_t> &shape : awkwardShapes()) {
    Array input = gaussian(shape, 1, ElementType::BF16);
    Result<std::vector<Stream>> streams = codec.encode(input);
    ASSERT_TRUE(streams) << streams.message();
    Result<Array> decoded = codec.decode(*streams, shape, ElementType::BF16);
    ASSERT_TRUE(decoded) << decoded.message();
    EXPECT_TRUE(*decoded == input);
  }
}

TEST(FloatFields, RefusesOtherTypes) {
  std::vector<Stream> sides;
  Result<Array> result = FloatFields().encode(floats({1}, {1}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "the input of float_fields has element type f32, expected bf16");
  Codec codec({std::make_shared<FloatFields>()});
  Status status = codec.check({}, {1}, ElementType::F32);
  EXPECT_EQ(status.message(), "float_fields decodes to bf16, not to f32");
}
