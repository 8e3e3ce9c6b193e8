//===- ScaleSidesTest.cpp - Scales and zero points with codecs ------------===//

#include "TestArrays.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <cfloat>
#include <gtest/gtest.h>

using namespace zq::codec;

static constexpr ElementType f32 = ElementType::F32;

/// scale<block, f16 [, zero = f16]>, quantize<uiN>, pack.
static CodecRef coded(Shape block, int bits, bool hasZero = false) {
  ScaleOptions options;
  if (hasZero)
    options.zero = StoredFloats(ElementType::F16);
  return std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
      std::make_shared<Scale>(std::move(block), StoredFloats(ElementType::F16),
                              options),
      std::make_shared<QuantizeInteger>(bits, false),
      std::make_shared<Pack>(bits)});
}

/// quantize<ui4>, pack: GPTQ's packed zero points.
static CodecRef packedZeros() {
  return std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
      std::make_shared<QuantizeInteger>(4, false), std::make_shared<Pack>(4)});
}

static Codec quantized(Scale scale, int bits) {
  return Codec({std::make_shared<Scale>(std::move(scale)),
                std::make_shared<QuantizeInteger>(bits, false),
                std::make_shared<Pack>(bits)});
}

static Scale withZero(Shape block, StoredFloats stored, StoredFloats zero) {
  ScaleOptions options;
  options.zero = std::move(zero);
  return Scale(std::move(block), std::move(stored), options);
}

static Array roundTrip(const Codec &codec, const Array &input) {
  Result<Array> read = codec.roundTrip(input);
  EXPECT_TRUE(read) << read.message();
  return read ? *read : Array(f32, input.shape);
}

static double maxError(const Array &read, const Array &input) {
  double result = 0;
  for (int64_t i = 0, n = input.size(); i < n; ++i)
    result = std::max(result,
                      std::fabs(double(read.getFloat(i)) - input.getFloat(i)));
  return result;
}

TEST(ScaleSides, TheEncoderDividesByWhatReadsBack) {
  // Scales 1 and 3.3 in units of 3.3 / 3: 1 reads back as 1.1.
  CodecRef codec = coded({0, 0}, 2);
  Scale stage({1, 0}, StoredFloats(codec), {});
  Array input = floats({2, 2}, {1, -1, 3.3f, 0});
  std::vector<Stream> sides;
  Result<Array> main = stage.encode(input, Range{-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(sides[0].array.type, f32);
  EXPECT_EQ(toFloats(sides[0].array), (std::vector<float>{1, 3.3f}));
  Result<Array> read = codec->roundTrip(sides[0].array);
  ASSERT_TRUE(read);
  EXPECT_NEAR(read->getFloat(0), 1.1, 1e-3);
  EXPECT_EQ(main->getFloat(0), 1 / read->getFloat(0));
  EXPECT_EQ(main->getFloat(2), 3.3f / read->getFloat(1));
}

TEST(ScaleSides, HandsOnFiniteValuesWhereTheScaleReadsBackAsTooSmall) {
  auto tiny = std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
      std::make_shared<Lookup>(std::vector<float>{0x1p-120f, 0x1p-119f})});
  std::vector<Stream> sides;
  Result<Array> main =
      Scale({0}, StoredFloats(CodecRef(tiny)), {})
          .encode(floats({2}, {1e30f, -1e30f}), Range{-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(toFloats(*main), (std::vector<float>{FLT_MAX, -FLT_MAX}));
}

TEST(ScaleSides, AreStreamsOfTheirCodec) {
  Codec codec =
      quantized(withZero({1, 4}, coded({1, 2}, 6), coded({1, 2}, 6)), 4);
  Array input = gaussian({3, 13}, 1);
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  std::vector<std::string> names;
  for (const Stream &stream : *streams)
    names.push_back(stream.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"scale.scale", "scale.codes",
                                      "zero.scale", "zero.codes", "codes"}));
  EXPECT_EQ((*streams)[0].array.shape, (Shape{3, 2}));
  Result<Array> read = codec.decode(*streams, input.shape, f32);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(*read, roundTrip(codec, input));
}

TEST(ScaleSides, HoldTensorsOfEveryShape) {
  for (const Shape &shape : awkwardShapes()) {
    Shape block(shape.size(), 1);
    block.back() = 4;
    Codec codec = quantized(withZero(block, coded(block, 6), coded({}, 6)), 4);
    Array input = gaussian(shape, 2);
    Result<std::vector<Stream>> streams = codec.encode(input);
    ASSERT_TRUE(streams) << streams.message();
    Result<Array> read = codec.decode(*streams, shape, f32);
    ASSERT_TRUE(read) << read.message();
    EXPECT_EQ(read->shape, shape);
  }
}

TEST(ScaleSides, ACodecOfTheScaleGainsNoRange) {
  Range range = Scale({0}, StoredFloats(coded({0}, 6)), {}).inputRange({-6, 6});
  EXPECT_EQ(range.low, -6);
  EXPECT_EQ(range.high, 6);
}

TEST(ScaleSides, PeakNeedsACodecWithASign) {
  ScaleOptions options;
  options.statistic = ScaleStatistic::Peak;
  std::vector<Stream> sides;
  Array input = floats({2}, {1, -8});
  Scale stage({0}, StoredFloats(coded({0}, 6)), options);
  Result<Array> main = stage.encode(input, Range{-8, 7}, sides);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.message(),
            "peak scales have a sign, which their codec does not hold");
  // The peak of one scale above the other brings the sign back.
  auto inner = std::make_shared<Codec>(
      quantized(Scale({0}, StoredFloats(ElementType::F16), options), 6));
  stage = Scale({0}, StoredFloats(inner), options);
  main = stage.encode(floats({2}, {8, -4}), Range{-8, 7}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(sides.back().array.getFloat(0), -1);
  EXPECT_NEAR(main->getFloat(0), -8, 0.01);
}

TEST(ScaleSides, NamesTheSideWhoseCodecFails) {
  // Codes of an integer quantizer as if they were values.
  auto broken =
      std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
          std::make_shared<Scale>(Shape{1, 1, 1}, ElementType::F32)});
  std::vector<Stream> sides;
  Result<Array> main = Scale({0}, StoredFloats(broken), {})
                           .encode(floats({1}, {1}), Range{-1, 1}, sides);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.message(), "scale of scale: scale has blocks of rank 3, the "
                            "tensor has rank 1");
}

TEST(ScaleSides, ChecksWhatTheCodecDecodedTo) {
  Scale stage({1, 4}, StoredFloats(coded({1, 2}, 6)), {});
  EXPECT_TRUE(stage.check(nullptr, {{"", Array(f32, {2, 2})}}, {2, 7}));
  EXPECT_EQ(
      stage.check(nullptr, {{"", Array(ElementType::F16, {2, 2})}}, {2, 7})
          .message(),
      "stream 'scale' has element type f16, expected f32");
  Result<Shape> shape = stage.sideShape(0, {2}, {});
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.message(),
            "scale has blocks of rank 2, the tensor has rank 1");
}

TEST(ScaleZero, IsNotRoundedByTheStage) {
  // From -2.25 to 5.25 onto 0..15: scale 0.5, zero 4.5.
  Scale stage = withZero({0}, f32, ElementType::F16);
  std::vector<Stream> sides;
  Array input = floats({3}, {-2.25, 5.25, 1});
  Result<Array> main = stage.encode(input, Range{0, 15}, sides);
  ASSERT_TRUE(main) << main.message();
  ASSERT_EQ(sides.size(), 2u);
  EXPECT_EQ(sides[1].name, "zero");
  EXPECT_EQ(sides[0].array.getFloat(0), 0.5);
  EXPECT_EQ(sides[1].array.type, ElementType::F16);
  EXPECT_EQ(sides[1].array.getFloat(0), 4.5);
  EXPECT_EQ(toFloats(*main), (std::vector<float>{0, 15, 6.5}));
  Result<Array> read = stage.decode(*main, sides, {3});
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(*read, input);
}

TEST(ScaleZero, NeedNotLieInTheTarget) {
  // From 10 to 13.75 onto 0..15: scale 0.25, zero -40.
  Array input = floats({3}, {10, 13.75, 11.25});
  Codec codec = quantized(withZero({0}, f32, f32), 4);
  EXPECT_EQ(roundTrip(codec, input), input);
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams);
  EXPECT_EQ((*streams)[1].array.getFloat(0), -40);
}

TEST(ScaleZero, TakesZeroInWhereItsStoredFormAsksForIt) {
  // Packed zeros are 0..15, so that the first row cannot start at 10, while the
  // second keeps its own ends.
  Array input = floats({2, 2}, {10, 15, -7, 8});
  Codec codec = quantized(withZero({1, 0}, f32, packedZeros()), 4);
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  EXPECT_EQ(toFloats((*streams)[0].array), (std::vector<float>{1, 1}));
  EXPECT_EQ(toInts((*streams)[1].array), (std::vector<int>{0, 7}));
  EXPECT_EQ(roundTrip(codec, input), input);
  // What is added is what reads back: 7, not 7.25.
  std::vector<Stream> sides;
  Result<Array> main =
      withZero({0}, f32, packedZeros())
          .encode(floats({2}, {-7.25, 7.75}), Range{0, 15}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(toFloats(*main), (std::vector<float>{-0.25, 14.75}));
  // f16 holds no zero point that far off to half a code.
  input = floats({2, 2}, {10000, 10001, -7, 8});
  codec = quantized(withZero({1, 0}, f32, ElementType::F16), 4);
  EXPECT_LE(maxError(roundTrip(codec, input), input), 10001 / 15.0);
}

TEST(ScaleZero, ABlockOfEqualValuesIsKept) {
  for (float value : {3.0f, -3.0f, 0.0f, 1e-30f}) {
    Array input = floats({1, 3}, {value, value, value});
    for (const StoredFloats &zero :
         {StoredFloats(f32), StoredFloats(ElementType::F16),
          StoredFloats(packedZeros())}) {
      Array read = roundTrip(quantized(withZero({0, 0}, f32, zero), 4), input);
      EXPECT_NEAR(read.getFloat(0), value, std::fabs(value) * 1e-6);
    }
  }
}

TEST(ScaleZero, UnderflowingScalesHandOnZero) {
  Scale stage = withZero({0}, ElementType::F8E4M3FN, f32);
  std::vector<Stream> sides;
  Result<Array> main =
      stage.encode(floats({2}, {1e-5f, -1e-5f}), Range{0, 15}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(toFloats(*main), (std::vector<float>{0, 0}));
  EXPECT_EQ(sides[1].array.getFloat(0), 0);
}

TEST(ScaleZero, SpQRKeepsTheErrorOfItsLevels) {
  // Groups of 16 columns at 3 bits; scales and zero points of 16 rows at 3
  // bits, with fractional zeros of their own (codecs of SpQR's first and second
  // level).
  Array input = gaussian({40, 70}, 7);
  CodecRef second = coded({16, 1}, 3, /*hasZero=*/true);
  Codec codec = quantized(withZero({1, 16}, second, second), 3);
  Array read = roundTrip(codec, input);
  double error = 0, power = 0;
  for (int64_t i = 0, n = input.size(); i < n; ++i) {
    double difference = double(read.getFloat(i)) - input.getFloat(i);
    error += difference * difference;
    power += double(input.getFloat(i)) * input.getFloat(i);
  }
  // A uniform grid of 8 levels over the range of 16 Gaussians, about 3.5, has
  // an error of (3.5 / 7)^2 / 12 = 0.021; the second level adds to it.
  EXPECT_LT(error / power, 0.04);
}

TEST(ScaleZero, SearchIsNeverWorse) {
  Array input = gaussian({30, 16}, 9);
  for (int64_t i = 0; i < input.size(); ++i)
    input.set<float>(i, input.get<float>(i) + float(i / 160));
  ScaleOptions options;
  options.zero = StoredFloats(f32);
  Codec plain = quantized(Scale({1, 0}, StoredFloats(f32), options), 2);
  options.statistic = ScaleStatistic::Search;
  Codec search = quantized(Scale({1, 0}, StoredFloats(f32), options), 2);
  Array before = roundTrip(plain, input), after = roundTrip(search, input);
  double sumBefore = 0, sumAfter = 0;
  for (int64_t row = 0; row < 30; ++row) {
    double errorBefore = 0, errorAfter = 0;
    for (int64_t i = row * 16; i < row * 16 + 16; ++i) {
      errorBefore +=
          std::pow(double(before.getFloat(i)) - input.getFloat(i), 2);
      errorAfter += std::pow(double(after.getFloat(i)) - input.getFloat(i), 2);
    }
    EXPECT_LE(errorAfter, errorBefore);
    sumBefore += errorBefore;
    sumAfter += errorAfter;
  }
  EXPECT_LT(sumAfter, sumBefore);
}
