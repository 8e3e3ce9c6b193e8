//===- CodecTest.cpp - Chains of stages -----------------------------------===//

#include "TestArrays.h"
#include "zq/Codec/FloatFields.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/Nested.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Stages = std::vector<std::shared_ptr<const Stage>>;
using Shape = std::vector<int64_t>;

static Codec nvfp4() {
  return Codec({std::make_shared<Scale>(Shape{0, 0}, ElementType::F32),
                std::make_shared<Scale>(Shape{1, 16}, ElementType::F8E4M3FN),
                std::make_shared<QuantizeFloat>(E2M1),
                std::make_shared<Pack>(4)});
}

static Codec int4() {
  return Codec({std::make_shared<Scale>(Shape{1, 32}, ElementType::F16, true),
                std::make_shared<QuantizeInteger>(4, true),
                std::make_shared<Pack>(4)});
}

static std::vector<Stream> encode(const Codec &codec, const Array &values) {
  Result<std::vector<Stream>> streams = codec.encode(values);
  EXPECT_TRUE(streams) << streams.message();
  return streams ? *streams : std::vector<Stream>();
}

static std::vector<std::string> names(const std::vector<Stream> &streams) {
  std::vector<std::string> result;
  for (const Stream &stream : streams)
    result.push_back(stream.name);
  return result;
}

/// E4M3FN written a second time, for positive normal and subnormal codes.
static float e4m3(int code) {
  int exponent = code >> 3, mantissa = code & 7;
  return exponent ? std::ldexp(8.0f + mantissa, exponent - 10)
                  : std::ldexp(float(mantissa), -9);
}

TEST(Codec, ComposesNVFP4) {
  const float grid[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  Array input = gaussian({5, 40}, 8);
  std::vector<Stream> streams = encode(nvfp4(), input);
  EXPECT_EQ(names(streams),
            (std::vector<std::string>{"scale", "scale1", "codes"}));
  float amax = 0;
  for (float value : toFloats(input))
    amax = std::max(amax, std::fabs(value));
  float t = streams[0].array.get<float>(0);
  EXPECT_EQ(streams[0].array.shape, (Shape{1, 1}));
  EXPECT_EQ(t, amax / (6 * 448.0f));
  EXPECT_EQ(streams[1].array.shape, (Shape{5, 3}));
  EXPECT_EQ(streams[2].array.shape, (Shape{5, 20}));

  Result<Array> decoded =
      nvfp4().decode(streams, input.shape, ElementType::F32);
  ASSERT_TRUE(decoded) << decoded.message();
  for (int row = 0; row < 5; ++row)
    for (int column = 0; column < 40; ++column) {
      int byte = streams[2].array.get<uint8_t>(row * 20 + column / 2);
      int code = column % 2 ? byte >> 4 : byte & 15;
      float s = e4m3(streams[1].array.get<uint8_t>(row * 3 + column / 16));
      float value = code & 8 ? -grid[code & 7] : grid[code & 7];
      int i = row * 40 + column;
      float expected = (value * s) * t;
      EXPECT_EQ(decoded->getFloat(i), expected);
      // Half the widest step of the grid, and what rounding s takes away.
      EXPECT_NEAR(expected, input.getFloat(i), 1.5 * s * t);
    }
}

TEST(Codec, ScalesOfNVFP4ReachTheTopOfE4M3) {
  Array input = gaussian({4, 64}, 2);
  std::vector<Stream> streams = encode(nvfp4(), input);
  float largest = 0;
  for (float scale : toFloats(streams[1].array))
    largest = std::max(largest, scale);
  EXPECT_EQ(largest, 448);
}

TEST(Codec, WorksOnAwkwardShapes) {
  for (const Shape &shape : awkwardShapes()) {
    Shape block(shape.size(), 1), whole(shape.size(), 0);
    block.back() = 16;
    int64_t axis = shape.size() - 1;
    const std::vector<Stages> chains = {
        {std::make_shared<Hadamard>(axis, 32, 3),
         std::make_shared<Scale>(whole, ElementType::F32),
         std::make_shared<Scale>(block, ElementType::F8E4M3FN),
         std::make_shared<QuantizeFloat>(E4M3FN), std::make_shared<Pack>(8)},
        {std::make_shared<Scale>(block, ElementType::F32, true),
         std::make_shared<QuantizeInteger>(7, false),
         std::make_shared<Huffman>(7, 10, 12)},
        {std::make_shared<Scale>(block, ElementType::F32),
         std::make_shared<QuantizeInteger>(8, true)},
    };
    Array input = gaussian(shape, 6);
    for (const Stages &chain : chains) {
      Codec codec(chain);
      std::vector<Stream> streams = encode(codec, input);
      EXPECT_TRUE(codec.check(streams, shape, ElementType::F32));
      Result<Array> decoded = codec.decode(streams, shape, ElementType::F32);
      ASSERT_TRUE(decoded) << decoded.message();
      ASSERT_EQ(decoded->shape, shape);
      for (int64_t i = 0; i < input.size(); ++i)
        EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i), 0.3);
    }
  }
}

/// Encoding what was decoded gives the same codes, as long as the largest value
/// of every block is on the grid.
TEST(Codec, IsStableOnItsOwnValues) {
  Codec codec({std::make_shared<Scale>(Shape{1, 32}, ElementType::F8E8M0FNU),
               std::make_shared<QuantizeFloat>(E2M1),
               std::make_shared<Pack>(4)});
  Array input = gaussian({8, 64}, 4);
  std::vector<Stream> streams = encode(codec, input);
  Result<Array> once = codec.decode(streams, input.shape, ElementType::F32);
  ASSERT_TRUE(once);
  Result<Array> twice =
      codec.decode(encode(codec, *once), input.shape, ElementType::F32);
  ASSERT_TRUE(twice);
  EXPECT_TRUE(*once == *twice);
}

TEST(Codec, RoundsToTheLogicalTypeLast) {
  Array input = gaussian({3, 40}, 9, ElementType::BF16);
  std::vector<Stream> streams = encode(int4(), input);
  Result<Array> wide = int4().decode(streams, input.shape, ElementType::F32);
  ASSERT_TRUE(wide);
  for (ElementType type :
       {ElementType::BF16, ElementType::F16, ElementType::F64}) {
    Result<Array> narrow = int4().decode(streams, input.shape, type);
    ASSERT_TRUE(narrow) << narrow.message();
    EXPECT_TRUE(*narrow == floats(input.shape, toFloats(*wide), type));
  }
  // The same values in f32 make the same streams.
  std::vector<Stream> again =
      encode(int4(), floats(input.shape, toFloats(input)));
  for (size_t i = 0; i < streams.size(); ++i)
    EXPECT_TRUE(streams[i].array == again[i].array);
}

TEST(Codec, NamesTheMainStreamAfterTheLastStage) {
  Array input = gaussian({2, 4}, 1);
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(encode(int4(), input)), (Names{"scale", "zero", "codes"}));
  EXPECT_EQ(names(encode(Codec({std::make_shared<Hadamard>(0, 2, 1)}), input)),
            (Names{"values"}));
  Codec fields({std::make_shared<FloatFields>()});
  EXPECT_EQ(names(encode(fields, gaussian({2}, 1, ElementType::BF16))),
            (Names{"sign_mantissa", "exponent"}));
  Codec triple({std::make_shared<Scale>(Shape{0, 0}, ElementType::F32),
                std::make_shared<Scale>(Shape{0, 1}, ElementType::F16),
                std::make_shared<Scale>(Shape{1, 2}, ElementType::F8E8M0FNU),
                std::make_shared<QuantizeFloat>(E2M1),
                std::make_shared<Huffman>(4, 8, 8)});
  EXPECT_EQ(names(encode(triple, input)),
            (Names{"scale", "scale1", "scale2", "table", "offsets", "bits"}));
}

TEST(Codec, AScaleWithNothingBelowAimsAtOne) {
  Codec codec({std::make_shared<Scale>(Shape{0}, ElementType::F32)});
  std::vector<Stream> streams = encode(codec, floats({2}, {-4, 2}));
  EXPECT_EQ(toFloats(streams[1].array), (std::vector<float>{-1, 0.5}));
}

/// Aiming at the largest f8E8M0FNU times the grid would make the outer scale
/// subnormal and lose most of its bits.
TEST(Codec, AScaleOverPowersOfTwoStaysNormal) {
  Codec codec({std::make_shared<Scale>(Shape{0, 0}, ElementType::F32),
               std::make_shared<Scale>(Shape{1, 32}, ElementType::F8E8M0FNU),
               std::make_shared<QuantizeFloat>(E2M1),
               std::make_shared<Pack>(4)});
  Array input = gaussian({4, 64}, 3);
  std::vector<Stream> streams = encode(codec, input);
  EXPECT_TRUE(std::isnormal(streams[0].array.getFloat(0)));
  EXPECT_LE(streams[1].array.getFloat(0), 1);
  Result<Array> decoded = codec.decode(streams, input.shape, ElementType::F32);
  ASSERT_TRUE(decoded);
  for (int64_t i = 0; i < input.size(); ++i)
    EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i), 1);
}

TEST(Codec, CountsAllBits) {
  std::vector<Stream> streams = encode(nvfp4(), gaussian({4, 32}, 1));
  EXPECT_EQ(bitsPerElement(streams, {4, 32}), 4.5 + 32.0 / 128);
  EXPECT_EQ(bitsPerElement(streams, {0, 32}), 0);
}

TEST(Codec, IsLosslessIfEveryStageIs) {
  EXPECT_FALSE(nvfp4().isLossless());
  EXPECT_TRUE(
      Codec({std::make_shared<FloatFields>(), std::make_shared<Pack>(8)})
          .isLossless());
  EXPECT_FALSE(Codec({std::make_shared<Hadamard>(0, 4, 0)}).isLossless());
}

TEST(Codec, ReportsTheErrorOfAStage) {
  Array input = gaussian({2, 4}, 1);
  input.setFloat(6, INFINITY);
  Result<std::vector<Stream>> streams = nvfp4().encode(input);
  ASSERT_FALSE(streams);
  EXPECT_EQ(streams.message(),
            "element [1, 2] is inf: scale needs finite values");
}

TEST(Codec, RefusesImpossibleChains) {
  Array input = bytes({2}, {1, 2});
  EXPECT_EQ(Codec(Stages{}).encode(input).message(), "a codec needs a stage");
  Codec twice({std::make_shared<Pack>(4), std::make_shared<Pack>(4)});
  EXPECT_EQ(twice.encode(input).message(), "pack cannot follow pack");
  EXPECT_EQ(twice.decode({}, {2}, ElementType::I8).message(),
            "pack cannot follow pack");
  Codec wrong({std::make_shared<Scale>(Shape{0}, ElementType::F32),
               std::make_shared<Pack>(4)});
  EXPECT_EQ(wrong.encode(floats({1}, {1})).message(),
            "the input of pack has element type f32, expected i8");
}

TEST(Codec, ChecksStreamsBeforeDecoding) {
  Array input = gaussian({2, 32}, 1);
  std::vector<Stream> streams = encode(nvfp4(), input);
  EXPECT_EQ(nvfp4().check(streams, input.shape, ElementType::I8).message(),
            "scale decodes to f32, not to i8");
  EXPECT_EQ(nvfp4().check(streams, {2, 34}, ElementType::F32).message(),
            "stream 'scale' has shape [2, 2], expected [2, 3]");
  streams.pop_back();
  EXPECT_EQ(nvfp4().decode(streams, input.shape, ElementType::F32).message(),
            "the codec has 3 streams, got 2");
  // Raw codes are looked at; packed ones cannot be wrong here.
  Codec raw({std::make_shared<Lookup>(std::vector<float>{0, 1, 2})});
  EXPECT_EQ(raw.check({{"codes", bytes({2}, {2, 3})}}, {2}, ElementType::F32)
                .message(),
            "element [1] is code 3: lookup has codes below 3");
}

/// Codes that stand for nothing are found without decoding more than codes.
TEST(Codec, ChecksThatCodesExist) {
  auto check = [](const Codec &codec, size_t stream, uint8_t byte) {
    std::vector<Stream> streams = encode(codec, gaussian({4, 32}, 8));
    std::vector<uint8_t> &bytes = streams[stream].array.bytes;
    std::fill(bytes.begin(), bytes.end(), byte);
    return codec.check(streams, {4, 32}, ElementType::F32).message();
  };
  auto scale = std::make_shared<Scale>(Shape{1, 16}, ElementType::F16);
  auto three = std::make_shared<Lookup>(std::vector<float>{-1, 0, 1});
  auto four = std::make_shared<Lookup>(std::vector<float>{-1, 0, 1, 2});
  auto pack = std::make_shared<Pack>(2);
  const std::string lacks =
      "element [0, 0] is code 3: lookup has codes below 3";
  EXPECT_EQ(check(Codec({scale, three, pack}), 1, 0xFF), lacks);
  EXPECT_EQ(check(Codec({scale, three, pack}), 1, 0x55), "");
  EXPECT_EQ(check(Codec({scale, four, pack}), 1, 0xFF), "");
  PackLayout digits;
  digits.radix = 3;
  EXPECT_EQ(
      check(Codec({scale, three, std::make_shared<Pack>(2, digits)}), 1, 242),
      "");
  // Where a stage between hands codes up, it is asked.
  EXPECT_EQ(check(Codec({scale, three, std::make_shared<Nested>(2, 2), pack}),
                  1, 0xFF),
            lacks);
  // In the codec of a side array as well.
  auto side = std::make_shared<Codec>(
      Stages{std::make_shared<Scale>(Shape{1, 2}, ElementType::F16),
             std::make_shared<QuantizeInteger>(IntegerGrid::levels(5)),
             std::make_shared<Pack>(3)});
  Codec nested({std::make_shared<Scale>(
                    Shape{1, 16}, StoredFloats(CodecRef(side)), ScaleOptions()),
                four, pack});
  EXPECT_EQ(check(nested, 1, 0xFF),
            "a side array of scale: element [0, 0] is code 7: quantize has "
            "codes below 5");
}
