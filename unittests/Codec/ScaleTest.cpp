//===- ScaleTest.cpp - Block scales and zero points -----------------------===//

#include "zq/Codec/Scale.h"
#include "TestArrays.h"
#include "zq/Codec/Minifloat.h"

#include <cfloat>
#include <gtest/gtest.h>

using namespace zq::codec;

static constexpr ElementType f32 = ElementType::F32;
static constexpr Range int4{-7, 7};

namespace {
/// What a stage hands on, and its streams.
struct Encoded {
  Array main;
  std::vector<Stream> sides;
};
} // namespace

static Encoded encode(const Scale &stage, const Array &input, Range target) {
  Encoded result;
  Result<Array> main = stage.encode(input, target, result.sides);
  EXPECT_TRUE(main) << main.message();
  result.main = *main;
  return result;
}

TEST(Scale, MapsTheLargestMagnitudeOntoTheTarget) {
  Encoded e =
      encode(Scale({1, 2}, f32), floats({2, 3}, {1, -14, 3, 0, 7, 28}), int4);
  ASSERT_EQ(e.sides.size(), 1u);
  EXPECT_EQ(e.sides[0].name, "scale");
  EXPECT_EQ(e.sides[0].array.shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(toFloats(e.sides[0].array),
            (std::vector<float>{2, 3.0f / 7, 1, 4}));
  EXPECT_EQ(toFloats(e.main),
            (std::vector<float>{0.5, -7, 3 / (3.0f / 7), 0, 7, 7}));
}

TEST(Scale, TakesTheNearerEndOfTheTarget) {
  Array input = floats({1}, {10});
  EXPECT_EQ(encode(Scale({0}, f32), input, {-8, 5}).main.getFloat(0), 5);
  EXPECT_EQ(encode(Scale({0}, f32), input, {0, 20}).main.getFloat(0), 20);
  // One signed bit: only -1 and 0.
  EXPECT_EQ(encode(Scale({0}, f32), input, {-1, 0}).main.getFloat(0), 1);
}

TEST(Scale, DividesByTheScaleAsStored) {
  Scale stage({0}, ElementType::F8E4M3FN);
  Encoded e = encode(stage, floats({2}, {7.3f, 1.1f}), int4);
  // 7.3 / 7 = 1.0429 lies between 1 and 1.125.
  EXPECT_EQ(e.sides[0].array.getFloat(0), 1.0f);
  EXPECT_EQ(e.main.getFloat(0), 7.3f);
  Result<Array> decoded = stage.decode(e.main, e.sides, {2});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(toFloats(*decoded), (std::vector<float>{7.3f, 1.1f}));
}

TEST(Scale, DividesInPanelsThatRowsDoNotFill) {
  ScaleOptions options;
  options.divides = true;
  options.rows = 2;
  Scale stage({1, 2}, f32, options);
  Encoded e = encode(stage, floats({3, 2}, {1, -14, 3, 0, 7, 28}), int4);
  EXPECT_EQ(e.sides[0].array.shape, (std::vector<int64_t>{2, 1, 2}));
  Result<Array> decoded = stage.decode(e.main, e.sides, {3, 2});
  EXPECT_TRUE(decoded) << decoded.message();
  // That of a row is checked.
  e.sides[0].array.setFloat(2, 0);
  EXPECT_FALSE(stage.decode(e.main, e.sides, {3, 2}));
}

TEST(Scale, HasTheShapeOfTheBlocks) {
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(Scale({1, 16}, f32).streamShape({3, 33}), (Shape{3, 3}));
  EXPECT_EQ(Scale({0, 16}, f32).streamShape({3, 0}), (Shape{1, 0}));
  EXPECT_EQ(Scale({0, 0}, f32).streamShape({0, 5}), (Shape{1, 1}));
  EXPECT_EQ(Scale({2, 0, 4}, f32).streamShape({3, 9, 4}), (Shape{2, 1, 1}));
}

TEST(Scale, FindsTheBlockOfEachElement) {
  Array input =
      floats({3, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  Encoded e = encode(Scale({2, 3}, f32), input, {-1, 1});
  EXPECT_EQ(toFloats(e.sides[0].array), (std::vector<float>{8, 10, 13, 15}));
  e = encode(Scale({0, 2}, f32), input, {-1, 1});
  EXPECT_EQ(toFloats(e.sides[0].array), (std::vector<float>{12, 14, 15}));
}

TEST(Scale, ZeroBlocksDecodeToZero) {
  for (ElementType stored :
       {f32, ElementType::F16, ElementType::BF16, ElementType::F8E4M3FN,
        ElementType::F8E5M2, ElementType::F8E8M0FNU})
    for (bool zeroPoint : {false, true}) {
      Scale stage({0}, stored, zeroPoint);
      // The last value is too small for every type of scale but f32 and bf16.
      for (float value : {0.0f, -0.0f, 1e-30f}) {
        Encoded e = encode(stage, floats({3}, {0, value, 0}), int4);
        Result<Array> decoded = stage.decode(e.main, e.sides, {3});
        ASSERT_TRUE(decoded);
        for (float v : toFloats(*decoded))
          EXPECT_NEAR(v, 0, 1e-29) << name(stored);
      }
    }
}

TEST(Scale, UnderflowingScaleHandsOnZero) {
  Encoded e = encode(Scale({0}, ElementType::F8E4M3FN),
                     floats({2}, {1e-5f, -1e-5f}), int4);
  EXPECT_EQ(e.sides[0].array.getFloat(0), 0);
  EXPECT_EQ(toFloats(e.main), (std::vector<float>{0, 0}));
}

TEST(Scale, SaturatesTheStoredScale) {
  Array input = floats({1}, {FLT_MAX});
  const float largest[] = {FLT_MAX, 65504, 448, 57344, 0x1p127f};
  const ElementType types[] = {f32, ElementType::F16, ElementType::F8E4M3FN,
                               ElementType::F8E5M2, ElementType::F8E8M0FNU};
  for (int i = 0; i < 5; ++i) {
    Encoded e = encode(Scale({0}, types[i]), input, {-0.5, 0.5});
    EXPECT_EQ(e.sides[0].array.getFloat(0), largest[i]) << name(types[i]);
  }
  // bf16 would round FLT_MAX to infinity.
  Encoded e = encode(Scale({0}, ElementType::BF16), input, {-1, 1});
  EXPECT_EQ(e.sides[0].array.getFloat(0), 0x1.FEp127f);
  // max - min overflows.
  e = encode(Scale({0}, f32, true), floats({2}, {-FLT_MAX, FLT_MAX}), int4);
  EXPECT_EQ(e.sides[0].array.getFloat(0), FLT_MAX / 14);
}

TEST(Scale, PowerOfTwoScalesNeverLetValuesPassTheTarget) {
  auto scale = [](float amax, double limit) {
    return roundScale(ElementType::F8E8M0FNU, amax, limit);
  };
  EXPECT_EQ(scale(6, 6), 1);
  EXPECT_EQ(scale(std::nextafter(6.0f, 7.0f), 6), 2);
  EXPECT_EQ(scale(5, 6), 1);
  EXPECT_EQ(scale(3, 6), 0.5);
  // The quotient in f32 is 1: 7.0000005 / 7.0000000001.
  EXPECT_EQ(scale(7, 7.0 - 1e-12), 2);
  EXPECT_EQ(scale(0, 6), 0x1p-127f);
  EXPECT_EQ(scale(0x1p-149f, 6), 0x1p-127f);
  for (unsigned i = 0; i < 1000; ++i) {
    float amax = std::fabs(gaussian({1}, i).getFloat(0));
    float s = scale(amax, 6);
    EXPECT_LE(amax / s, 6);
    EXPECT_GT(amax / (s / 2), 6);
  }
}

TEST(Scale, ZeroPointMapsMinimumAndMaximum) {
  Scale stage({0}, f32, true);
  // Range 0..28 onto -7..7: scale 2, zero -7.
  Encoded e = encode(stage, floats({3}, {0, 28, 6}), int4);
  ASSERT_EQ(e.sides.size(), 2u);
  EXPECT_EQ(e.sides[1].name, "zero");
  EXPECT_EQ(e.sides[0].array.getFloat(0), 2);
  EXPECT_EQ(e.sides[1].array.get<int8_t>(0), -7);
  EXPECT_EQ(toFloats(e.main), (std::vector<float>{-7, 7, -4}));
  Result<Array> decoded = stage.decode(e.main, e.sides, {3});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(toFloats(*decoded), (std::vector<float>{0, 28, 6}));
  // Range -5..10 onto 0..15; zero belongs to every range: 3..15 is 0..15.
  e = encode(stage, floats({2}, {-5, 10}), {0, 15});
  EXPECT_EQ(e.sides[1].array.get<int8_t>(0), 5);
  e = encode(stage, floats({2}, {3, 15}), {0, 15});
  EXPECT_EQ(e.sides[1].array.get<int8_t>(0), 0);
  EXPECT_EQ(toFloats(e.main), (std::vector<float>{3, 15}));
}

TEST(Scale, ZeroPointRoundsToNearestEven) {
  // scale 1, so the zero point is rne(0 - min).
  Scale stage({0}, f32, true);
  EXPECT_EQ(encode(stage, floats({2}, {-2.5, 12.5}), {0, 15})
                .sides[1]
                .array.get<int8_t>(0),
            2);
  EXPECT_EQ(encode(stage, floats({2}, {-3.5, 11.5}), {0, 15})
                .sides[1]
                .array.get<int8_t>(0),
            4);
}

TEST(Scale, DecodesInTheDocumentedOrder) {
  Scale stage({0}, f32, true);
  // 0.1 - 3 rounds; a fused or reordered form differs.
  std::vector<Stream> sides = {{"scale", floats({1}, {0.3f})},
                               {"zero", bytes({1}, {0xFD})}};
  Result<Array> decoded = stage.decode(floats({1}, {0.1f}), sides, {1});
  ASSERT_TRUE(decoded);
  float difference = 0.1f - -3.0f;
  EXPECT_EQ(decoded->getFloat(0), difference * 0.3f);
}

TEST(Scale, NaNOfE8M0DecodesToNaN) {
  Scale stage({0}, ElementType::F8E8M0FNU);
  Array scale(ElementType::F8E8M0FNU, {1});
  scale.set<uint8_t>(0, 0xFF);
  Result<Array> decoded = stage.decode(floats({1}, {1}), {{"", scale}}, {1});
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(std::isnan(decoded->getFloat(0)));
}

TEST(Scale, TakesInTheTargetTimesTheLargestScale) {
  Range range = Scale({0}, ElementType::F8E4M3FN).inputRange({-6, 6});
  EXPECT_EQ(range.low, -6 * 448);
  EXPECT_EQ(range.high, 6 * 448);
  range = Scale({0}, ElementType::F16, true).inputRange({0, 15});
  EXPECT_EQ(range.low, -15 * 65504.0);
  EXPECT_EQ(range.high, 15 * 65504.0);
  for (ElementType wide : {f32, ElementType::BF16, ElementType::F8E8M0FNU})
    EXPECT_EQ(Scale({0}, wide).inputRange({-6, 6}).high, 6);
}

TEST(Scale, WithoutABlockServesATensorOfAnyRank) {
  for (std::vector<int64_t> shape : {std::vector<int64_t>{4}, {2, 2}}) {
    std::vector<Stream> sides;
    Array input = floats(shape, {7, -3.5, 1, 0});
    Result<Array> main = Scale({}, f32).encode(input, int4, sides);
    ASSERT_TRUE(main);
    EXPECT_EQ(sides[0].array.shape, std::vector<int64_t>(shape.size(), 1));
    Result<Array> decoded = Scale({}, f32).decode(*main, sides, shape);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, input);
  }
}

TEST(Scale, RefusesWhatItCannotHold) {
  std::vector<Stream> sides;
  Array input = floats({2, 3}, {0, 0, 0, 0, 0, INFINITY});
  Result<Array> result = Scale({0, 0}, f32).encode(input, int4, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [1, 2] is inf: scale needs finite values");
  input.setFloat(5, NAN);
  result = Scale({0, 0}, f32).encode(input, int4, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [1, 2] is NaN: scale needs finite values");
  result = Scale({0}, f32).encode(floats({1, 1}, {1}), int4, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "scale has blocks of rank 1, the tensor has rank 2");
  result = Scale({0}, f32, true).encode(floats({1}, {1}), {0, 255}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "a zero point is stored as i8 and must lie in the range of the "
            "codes, which is 0.000000 to 255.000000");
}

TEST(Scale, ChecksItsStreams) {
  Scale stage({1, 4}, ElementType::F16, true);
  Array scale(ElementType::F16, {2, 2}), zero(ElementType::I8, {2, 2});
  std::vector<int64_t> shape = {2, 7};
  EXPECT_TRUE(stage.check(nullptr, {{"", scale}, {"", zero}}, shape));
  EXPECT_EQ(stage.check(nullptr, {{"", scale}}, shape).message(),
            "scale has 2 side streams, got 1");
  EXPECT_EQ(stage.check(nullptr, {{"", zero}, {"", zero}}, shape).message(),
            "stream 'scale' has element type i8, expected f16");
  EXPECT_EQ(stage.check(nullptr, {{"", scale}, {"", zero}}, {2, 9}).message(),
            "stream 'scale' has shape [2, 2], expected [2, 3]");
  EXPECT_EQ(stage.check(nullptr, {{"", scale}, {"", zero}}, {2, -1}).message(),
            "shape [2, -1] has a negative dimension");
  scale.bytes.pop_back();
  EXPECT_EQ(stage.check(nullptr, {{"", scale}, {"", zero}}, shape).message(),
            "stream 'scale' holds 7 bytes, expected 8");
}
