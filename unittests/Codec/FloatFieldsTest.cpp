//===- FloatFieldsTest.cpp - bf16 as exponent and the rest ----------------===//

#include "zq/Codec/FloatFields.h"
#include "TestArrays.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

/// Every bit pattern, signalling NaNs included.
static Array allPatterns(ElementType type = ElementType::BF16) {
  Array array(type, {256, 256});
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

TEST(FloatFields, SplitsF16) {
  // -1.5: sign 1, exponent 15, mantissa 0x200.
  std::vector<Stream> sides;
  Array input = floats({2}, {-1.5, 0x1p15f}, ElementType::F16);
  FloatFields stage(ElementType::F16);
  Result<Array> exponent = stage.encode(input, {}, sides);
  ASSERT_TRUE(exponent);
  EXPECT_EQ(toInts(*exponent), (std::vector<int>{15, 30}));
  ASSERT_EQ(sides[0].array.type, ElementType::I16);
  EXPECT_EQ(sides[0].array.get<uint16_t>(0), 0x600);
  EXPECT_EQ(sides[0].array.get<uint16_t>(1), 0);

  input = allPatterns(ElementType::F16);
  sides.clear();
  exponent = stage.encode(input, {}, sides);
  ASSERT_TRUE(exponent);
  Result<Array> decoded = stage.decode(*exponent, sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_TRUE(*decoded == input);
}

TEST(FloatFields, SplitsF32) {
  // -1.5: sign 1, exponent 127, mantissa 0x400000.
  std::vector<Stream> sides;
  FloatFields stage(ElementType::F32);
  Result<Array> exponent =
      stage.encode(floats({2}, {-1.5, INFINITY}), {}, sides);
  ASSERT_TRUE(exponent);
  EXPECT_EQ(toInts(*exponent), (std::vector<int>{127, 255}));
  ASSERT_EQ(sides[0].array.type, ElementType::I32);
  EXPECT_EQ(sides[0].array.get<uint32_t>(0), 0xC00000u);
  EXPECT_EQ(sides[0].array.get<uint32_t>(1), 0u);

  // Every exponent, and every bit of the mantissa.
  Array input(ElementType::F32, {512, 24});
  for (int64_t i = 0; i < input.size(); ++i)
    input.set<uint32_t>(i, uint32_t(i / 24) << 23 | (1u << i % 24) >> 1);
  sides.clear();
  exponent = stage.encode(input, {}, sides);
  ASSERT_TRUE(exponent);
  Result<Array> decoded = stage.decode(*exponent, sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_TRUE(*decoded == input);
}

TEST(FloatFields, SplitsCodesOfSmallFloats) {
  // E4M3FN -1.5: sign 1, exponent 7, mantissa 4.
  std::vector<Stream> sides;
  Result<Array> exponent =
      FloatFields(E4M3FN).encode(bytes({1}, {0xBC}), {}, sides);
  ASSERT_TRUE(exponent);
  EXPECT_EQ(toInts(*exponent), std::vector<int>{7});
  EXPECT_EQ(toInts(sides[0].array), std::vector<int>{0b1100});
  for (const Minifloat &format : {E4M3FN, E5M2, E2M1, E3M2, E8M0}) {
    if (format.bits() == format.exponentBits)
      continue;
    FloatFields stage(format);
    Array input(ElementType::I8, {int64_t(1) << format.bits()});
    for (int64_t i = 0; i < input.size(); ++i)
      input.set<uint8_t>(i, i);
    sides.clear();
    exponent = stage.encode(input, {}, sides);
    ASSERT_TRUE(exponent);
    for (int64_t i = 0; i < input.size(); ++i) {
      EXPECT_EQ(exponent->get<uint8_t>(i) >> format.exponentBits, 0);
      EXPECT_EQ(sides[0].array.get<uint8_t>(i) >> stage.restBits(), 0);
    }
    Result<Array> decoded = stage.decode(*exponent, sides, input.shape);
    ASSERT_TRUE(decoded) << decoded.message();
    EXPECT_TRUE(*decoded == input);
  }
}

/// ECF8: the codes of a quantizer, their exponents in an entropy code, the rest
/// packed two to a byte.
TEST(FloatFields, GivesTheRestACodec) {
  Codec codec(
      {std::make_shared<Scale>(Shape{1, 0}, ElementType::F32),
       std::make_shared<QuantizeFloat>(E4M3FN),
       std::make_shared<FloatFields>(
           E4M3FN, std::make_shared<Codec>(Codec({std::make_shared<Pack>(4)}))),
       std::make_shared<Huffman>(4, 64, 12)});
  for (const std::vector<int64_t> &shape : awkwardShapes()) {
    if (shape.size() != 2)
      continue;
    Array input = gaussian(shape, 1);
    Result<std::vector<Stream>> streams = codec.encode(input);
    ASSERT_TRUE(streams) << streams.message();
    ASSERT_EQ(streams->size(), 5u);
    EXPECT_EQ((*streams)[1].name, "sign_mantissa.codes");
    EXPECT_EQ((*streams)[1].array.shape, (Shape{shape[0], (shape[1] + 1) / 2}));
    Result<Array> decoded = codec.decode(*streams, shape, ElementType::F32);
    ASSERT_TRUE(decoded) << decoded.message();
    Codec packed(
        {codec.stages()[0], codec.stages()[1], std::make_shared<Pack>(8)});
    EXPECT_TRUE(*decoded == *packed.roundTrip(input));
  }
}

TEST(FloatFields, RefusesCodesTooWide) {
  std::vector<Stream> sides;
  EXPECT_EQ(FloatFields(E3M2).encode(bytes({2}, {63, 64}), {}, sides).message(),
            "element [1] is code 64: fields has codes below 64");
  FloatFields half(ElementType::F16);
  Array rest(ElementType::I16, {1});
  rest.set<uint16_t>(0, 0x800);
  EXPECT_EQ(half.check(nullptr, {{"", rest}}, {1}).message(),
            "element [0] is code 2048: sign_mantissa has codes below 2048");
  rest.set<uint16_t>(0, 0);
  Array exponent = bytes({1}, {32});
  EXPECT_EQ(half.check(&exponent, {{"", rest}}, {1}).message(),
            "element [0] is code 32: the exponent has codes below 32");
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
            "the input of fields has element type f32, expected bf16");
  Codec codec({std::make_shared<FloatFields>()});
  Status status = codec.check({}, {1}, ElementType::F32);
  EXPECT_EQ(status.message(), "fields decodes to bf16, not to f32");
}
