//===- ResidualTest.cpp - A second codec for what the first one loses -----===//

#include "zq/Codec/Residual.h"
#include "TestArrays.h"
#include "zq/Codec/Pack.h"
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

static Codec twice(int bits) {
  Stages chain = integers(bits);
  chain.insert(chain.begin(), std::make_shared<Residual>(coded(bits)));
  return Codec(chain);
}

TEST(Residual, IsTheDifference) {
  Below halved({-1, 1}, [](const Array &values) {
    Array result = values;
    for (int64_t i = 0; i < values.size(); ++i)
      result.set(i, values.getFloat(i) / 2);
    return Result<Array>(result);
  });
  Residual stage(ElementType::F16);
  Array input = floats({3}, {1, -4, 0});
  Streams sides;
  Result<Array> main = stage.encode(input, halved, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_TRUE(*main == input);
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "residual");
  EXPECT_TRUE(sides[0].array == floats({3}, {0.5, -2, 0}, ElementType::F16));
  Result<Array> decoded = stage.decode(*halved.roundTrip(*main), sides, {3});
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_TRUE(*decoded == input);
}

/// Each of two codecs of 4 bits divides the error by 7 or more, row by row.
TEST(Residual, DividesTheErrorTwice) {
  for (const Shape &shape : awkwardShapes())
    if (shape.size() == 2) {
      Array input = gaussian(shape, 9);
      Result<Streams> streams = twice(4).encode(input);
      ASSERT_TRUE(streams) << streams.message();
      EXPECT_EQ(streams->size(), 4u);
      EXPECT_EQ((*streams)[0].name, "residual.scale");
      Result<Array> decoded =
          twice(4).decode(*streams, shape, ElementType::F32);
      ASSERT_TRUE(decoded) << decoded.message();
      for (int64_t i = 0; i < input.size(); ++i) {
        float amax = 0;
        for (int64_t j = 0; j < shape[1]; ++j)
          amax = std::max(
              amax, std::fabs(input.getFloat(i / shape[1] * shape[1] + j)));
        EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i),
                    amax / 14 / 14 * 1.001);
      }
    }
}

TEST(Residual, OfTwoResidualsAddsUpFromTheOutside) {
  Stages chain = twice(3).stages();
  chain.insert(chain.begin(), std::make_shared<Residual>(coded(3)));
  Codec codec(chain);
  Array input = gaussian({2, 16}, 4);
  Result<Array> read = codec.roundTrip(input);
  ASSERT_TRUE(read) << read.message();
  for (int64_t i = 0; i < input.size(); ++i)
    EXPECT_NEAR(read->getFloat(i), input.getFloat(i), 3.0 / 6 / 6 / 6);
}

TEST(Residual, RefusesWhatDoesNotFit) {
  Residual stage(ElementType::F32);
  Streams sides;
  EXPECT_EQ(stage.encode(floats({1}, {NAN}), {}, sides).message(),
            "element [0] is NaN: residual needs finite values");
  EXPECT_EQ(stage.decode(floats({2}, {}), {}, {2}).message(),
            "residual has 1 side streams, got 0");
  EXPECT_EQ(
      stage.decode(floats({2}, {}), {{"", floats({3}, {})}}, {2}).message(),
      "stream 'residual' has shape [3], expected [2]");
  EXPECT_EQ(
      stage.decode(floats({3}, {}), {{"", floats({2}, {})}}, {2}).message(),
      "the main array of residual has shape [3], expected [2]");
}
