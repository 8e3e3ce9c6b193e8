//===- PlanesTest.cpp - The low bits of codes aside -----------------------===//

#include "zq/Codec/Planes.h"
#include "TestArrays.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/Nested.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Residual.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Stages = std::vector<std::shared_ptr<const Stage>>;

TEST(Planes, CutCodesInTwo) {
  Planes stage(6, 2);
  std::vector<Stream> sides;
  Result<Array> high = stage.encode(bytes({4}, {0, 3, 37, 63}), {-1, 1}, sides);
  ASSERT_TRUE(high) << high.message();
  EXPECT_EQ(toInts(*high), (std::vector<int>{0, 0, 9, 15}));
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "low");
  EXPECT_EQ(toInts(sides[0].array), (std::vector<int>{0, 3, 1, 3}));
  Result<Array> codes = stage.decode(*high, sides, {4});
  ASSERT_TRUE(codes) << codes.message();
  EXPECT_EQ(toInts(*codes), (std::vector<int>{0, 3, 37, 63}));
}

TEST(Planes, KeepEveryCodeOfEveryWidth) {
  for (int bits = 2; bits <= 8; ++bits)
    for (int low = 1; low < bits; ++low) {
      Array codes(ElementType::I8, {2, int64_t(1) << (bits - 1)});
      for (int64_t i = 0; i < codes.size(); ++i)
        codes.set(i, uint8_t(i));
      Codec codec({std::make_shared<Planes>(bits, low,
                                            std::make_shared<Codec>(Stages{
                                                std::make_shared<Pack>(low)})),
                   std::make_shared<Pack>(bits - low)});
      Result<std::vector<Stream>> streams = codec.encode(codes);
      ASSERT_TRUE(streams) << streams.message();
      Result<Array> read = codec.decode(*streams, codes.shape, ElementType::I8);
      ASSERT_TRUE(read) << read.message();
      EXPECT_TRUE(*read == codes) << bits << ", " << low;
    }
}

/// The upper half of 8 bits is worth an entropy code, the lower one is not: in
/// two planes a short table does what a long one does for all of them.
TEST(Planes, PayUnderAnEntropyCode) {
  Array input = gaussian({64, 1024}, 5);
  auto bitsOf = [&](Stages last) {
    Stages chain{std::make_shared<Scale>(Shape{1, 0}, ElementType::F32),
                 std::make_shared<QuantizeInteger>(8, true)};
    chain.insert(chain.end(), last.begin(), last.end());
    Result<std::vector<Stream>> streams = Codec(chain).encode(input);
    EXPECT_TRUE(streams) << streams.message();
    return streams ? bitsPerElement(*streams, input.shape) : 0.0;
  };
  auto low = std::make_shared<Codec>(Stages{std::make_shared<Pack>(4)});
  const double whole = bitsOf({std::make_shared<Pack>(8)});
  const double planes = bitsOf({std::make_shared<Planes>(8, 4, low),
                                std::make_shared<Huffman>(4, 1024, 8)});
  EXPECT_LT(planes, whole - 0.5);
}

/// What is stored aside above them makes up for what a plane loses.
TEST(Planes, AreSeenToLoseWhatTheirCodecDoes) {
  Array input = gaussian({8, 64}, 6);
  auto low = std::make_shared<Codec>(
      Stages{std::make_shared<Nested>(4, 2), std::make_shared<Pack>(4)});
  Codec codec({std::make_shared<Residual>(ElementType::F32),
               std::make_shared<Scale>(Shape{1, 16}, ElementType::F16),
               std::make_shared<QuantizeInteger>(8, true),
               std::make_shared<Planes>(8, 4, low), std::make_shared<Pack>(4)});
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  Result<Array> read = codec.decode(*streams, input.shape, ElementType::F32);
  ASSERT_TRUE(read) << read.message();
  for (int64_t i = 0; i < input.size(); ++i)
    EXPECT_NEAR(read->get<float>(i), input.get<float>(i), 1e-5) << i;
}

TEST(Planes, RefuseWhatDoesNotFit) {
  Planes stage(6, 2);
  std::vector<Stream> sides;
  EXPECT_EQ(stage.encode(bytes({2}, {63, 64}), {-1, 1}, sides).message(),
            "element [1] is code 64: planes has codes below 64");
  EXPECT_EQ(
      stage.decode(bytes({1}, {16}), {{"low", bytes({1}, {0})}}, {1}).message(),
      "element [0] is code 16: the upper plane has codes below 16");
  EXPECT_EQ(
      stage.decode(bytes({1}, {1}), {{"low", bytes({1}, {4})}}, {1}).message(),
      "element [0] is code 4: low has codes below 4");
  EXPECT_FALSE(
      stage.decode(bytes({1}, {1}), {{"low", bytes({2}, {1, 1})}}, {1}));
  EXPECT_FALSE(stage.decode(bytes({1}, {1}), {}, {1}));
  EXPECT_FALSE(stage.encode(floats({1}, {1}), {-1, 1}, sides));
}
