//===- ChannelsTest.cpp - Some channels by a codec of their own -----------===//

#include "zq/Codec/Channels.h"
#include "TestArrays.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Permute.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Streams = std::vector<Stream>;
using Stages = std::vector<std::shared_ptr<const Stage>>;

static Stages integers(int bits) {
  return {std::make_shared<Scale>(Shape{1, 0}, ElementType::F32),
          std::make_shared<QuantizeInteger>(bits, true),
          std::make_shared<Pack>(bits)};
}

static CodecRef coded(int bits) {
  return std::make_shared<Codec>(integers(bits));
}

TEST(Channels, AreCutAlongTheirAxis) {
  Array input = floats({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  Channels stage(1, 2, ElementType::BF16);
  Streams sides;
  Result<Array> main = stage.encode(input, {-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "first");
  EXPECT_TRUE(sides[0].array ==
              floats({2, 2, 2}, {1, 2, 3, 4, 7, 8, 9, 10}, ElementType::BF16));
  EXPECT_TRUE(*main == floats({2, 1, 2}, {5, 6, 11, 12}));
  Result<Array> decoded = stage.decode(*main, sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_TRUE(*decoded == input);
}

TEST(Channels, JoinOnAwkwardShapes) {
  for (const Shape &shape : awkwardShapes())
    for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis)
      for (int64_t first :
           {int64_t(0), int64_t(1), shape[axis] / 2, shape[axis]}) {
        if (first > shape[axis])
          continue;
        Channels stage(axis, first, ElementType::F32);
        Array input = gaussian(shape, 8);
        Streams sides;
        Result<Array> main = stage.encode(input, {-1, 1}, sides);
        ASSERT_TRUE(main) << main.message();
        EXPECT_EQ(main->shape, stage.mainShape(shape));
        EXPECT_EQ(main->shape[axis] + sides[0].array.shape[axis], shape[axis]);
        Result<Array> decoded = stage.decode(*main, sides, shape);
        ASSERT_TRUE(decoded) << decoded.message();
        EXPECT_TRUE(*decoded == input);
      }
}

/// As in KV caches of mixed precision: the columns of largest norm in 8 bits,
/// the others in 2.
TEST(Channels, GiveMoreBitsToLargeColumns) {
  Array input = gaussian({16, 32}, 2);
  for (int64_t i = 0; i < input.size(); ++i)
    if (i % 8 == 3)
      input.set(i, 50 * input.getFloat(i));
  Stages chain = integers(2);
  chain.insert(chain.begin(), {std::make_shared<Permute>(1),
                               std::make_shared<Channels>(1, 4, coded(8))});
  Codec codec(chain);
  Result<Streams> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  std::vector<std::string> names;
  for (const Stream &stream : *streams)
    names.push_back(stream.name);
  EXPECT_EQ(names, (std::vector<std::string>{"order", "first.scale",
                                             "first.codes", "scale", "codes"}));
  EXPECT_EQ((*streams)[2].array.shape, (Shape{16, 4}));
  EXPECT_EQ((*streams)[4].array.shape, (Shape{16, 7}));
  Result<Array> decoded = codec.decode(*streams, input.shape, ElementType::F32);
  ASSERT_TRUE(decoded) << decoded.message();
  for (int64_t i = 0; i < input.size(); ++i)
    EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i), 2);
}

TEST(Channels, TakeInWhatBothWaysDo) {
  CodecRef wide = std::make_shared<Codec>(
      Stages{std::make_shared<QuantizeInteger>(8, true)});
  Range range = Channels(0, 1, wide).inputRange({-200, 100});
  EXPECT_EQ(range.low, -128);
  EXPECT_EQ(range.high, 100);
  range = Channels(0, 1, wide).inputRange({200, 300});
  EXPECT_EQ(range.low, 200);
  EXPECT_EQ(range.high, 300);
}

TEST(Channels, RefuseWhatDoesNotFit) {
  Channels stage(1, 2, ElementType::F32);
  Streams sides;
  EXPECT_EQ(stage.encode(floats({3, 1}, {}), {}, sides).message(),
            "channels takes the first 2 of 1 along axis 1");
  EXPECT_EQ(Codec({std::make_shared<Channels>(stage)})
                .decode({{"", floats({3, 2}, {})}, {"", floats({3, 0}, {})}},
                        {3, 1}, ElementType::F32)
                .message(),
            "channels takes the first 2 of 1 along axis 1");
  EXPECT_EQ(stage.encode(floats({1}, {}), {}, sides).message(),
            "channels along axis 1 of a tensor of rank 1");
  EXPECT_EQ(
      stage.decode(floats({1}, {}), {{"", floats({1}, {})}}, {1}).message(),
      "channels along axis 1 of a tensor of rank 1");
  EXPECT_EQ(stage.encode(floats({1, 2}, {NAN}), {}, sides).message(),
            "element [0, 0] is NaN: channels needs finite values");
  EXPECT_EQ(stage.decode(floats({1, 3}, {}), {{"", floats({1, 2}, {})}}, {1, 4})
                .message(),
            "the main array of channels has shape [1, 3], expected [1, 2]");
  EXPECT_EQ(stage.decode(floats({1, 2}, {}), {{"", floats({1, 1}, {})}}, {1, 4})
                .message(),
            "stream 'first' has shape [1, 1], expected [1, 2]");
}
