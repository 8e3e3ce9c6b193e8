//===- OutliersTest.cpp - The largest values aside ------------------------===//

#include "zq/Codec/Outliers.h"
#include "TestArrays.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Streams = std::vector<Stream>;
using Stages = std::vector<std::shared_ptr<const Stage>>;
using Join = Outliers::Join;

static Array ints(const std::vector<int32_t> &values) {
  Array array(ElementType::I32, {int64_t(values.size())});
  for (size_t i = 0; i < values.size(); ++i)
    array.set(i, values[i]);
  return array;
}

TEST(Outliers, AreTheLargestMagnitudes) {
  // Of the three that are 5 the first two; 3.5 of them are 3.
  Array input = floats({2, 2, 2}, {1, -9, 5, 0, -5, 5, 4, 2});
  Streams sides;
  Result<Array> main = Outliers(3.5 / 8, Join::Replace, ElementType::BF16)
                           .encode(input, {-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  ASSERT_EQ(sides.size(), 3u);
  EXPECT_EQ(sides[0].name, "rows");
  EXPECT_TRUE(sides[0].array == ints({0, 1, 2, 3, 3}));
  EXPECT_EQ(sides[1].name, "columns");
  EXPECT_TRUE(sides[1].array == ints({1, 0, 0}));
  EXPECT_EQ(sides[2].name, "values");
  EXPECT_TRUE(sides[2].array == floats({3}, {-9, 5, -5}, ElementType::BF16));
  EXPECT_EQ(toFloats(*main), (std::vector<float>{1, 0, 0, 0, 0, 5, 4, 2}));
}

/// Below decodes everything to 0.25 more than it is.
static const Below shifted({-1, 1}, [](const Array &values) {
  Array result = values;
  for (int64_t i = 0; i < values.size(); ++i)
    result.set(i, values.getFloat(i) + 0.25f);
  return Result<Array>(result);
});

TEST(Outliers, AddedAreWhatTheStagesBelowMiss) {
  Array input = floats({4}, {1, 8, 2, -8});
  for (Join join : {Join::Add, Join::Replace}) {
    Outliers stage(0.5, join, ElementType::F32);
    Streams sides;
    Result<Array> main = stage.encode(input, shifted, sides);
    ASSERT_TRUE(main) << main.message();
    bool isAdd = join == Join::Add;
    EXPECT_EQ(toFloats(sides[2].array), isAdd
                                            ? (std::vector<float>{7.75, -8.25})
                                            : (std::vector<float>{8, -8}));
    Result<Array> decoded =
        stage.decode(*shifted.roundTrip(*main), sides, input.shape);
    ASSERT_TRUE(decoded) << decoded.message();
    EXPECT_EQ(toFloats(*decoded), (std::vector<float>{1.25, 8, 2.25, -8}));
  }
}

/// An outlier of 1000 must not widen the scale of its neighbours, and with a
/// rounded zero point the 0 in its place decodes to 0 or near it.
TEST(Outliers, DoNotWidenTheScalesBelow) {
  Array input = gaussian({8, 32}, 5);
  for (int row = 0; row < 8; ++row)
    input.set(row * 33, row % 2 ? -1000.0f : 1000.0f);
  CodecRef values = std::make_shared<Codec>(
      Stages{std::make_shared<Scale>(Shape{}, ElementType::F32),
             std::make_shared<QuantizeInteger>(8, true)});
  for (Join join : {Join::Add, Join::Replace})
    for (const StoredFloats &stored :
         {StoredFloats(ElementType::F32), StoredFloats(values)}) {
      Codec codec({std::make_shared<Outliers>(8.0 / 256, join, stored),
                   std::make_shared<Scale>(Shape{1, 16}, ElementType::F16),
                   std::make_shared<QuantizeInteger>(4, true)});
      Result<Streams> streams = codec.encode(input);
      ASSERT_TRUE(streams) << streams.message();
      Result<Array> decoded =
          codec.decode(*streams, input.shape, ElementType::F32);
      ASSERT_TRUE(decoded) << decoded.message();
      for (int64_t i = 0; i < input.size(); ++i)
        EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i), 0.4);
    }
}

TEST(Outliers, WorkOnAwkwardShapesAndFractions) {
  for (const Shape &shape : awkwardShapes())
    for (double fraction : {0.0, 0.3, 1.0})
      for (Join join : {Join::Add, Join::Replace}) {
        Outliers stage(fraction, join, ElementType::F32);
        Array input = gaussian(shape, 3);
        Streams sides;
        Result<Array> main = stage.encode(input, {-1, 1}, sides);
        ASSERT_TRUE(main) << main.message();
        EXPECT_EQ(sides[1].array.size(),
                  int64_t(std::floor(fraction * input.size())));
        Result<Array> decoded = stage.decode(*main, sides, shape);
        ASSERT_TRUE(decoded) << decoded.message();
        EXPECT_EQ(toFloats(*decoded), toFloats(input));
      }
}

TEST(Outliers, CheckTheirPlaces) {
  auto message = [](const std::vector<int32_t> &rows,
                    const std::vector<int32_t> &columns, int64_t values) {
    return Outliers(0.5, Join::Add, ElementType::F32)
        .decode(
            floats({3, 4}, {}),
            {{"", ints(rows)}, {"", ints(columns)}, {"", floats({values}, {})}},
            {3, 4})
        .message();
  };
  EXPECT_EQ(message({0, 1, 1}, {0}, 1),
            "stream 'rows' has shape [3], expected [4]");
  EXPECT_EQ(message({0, 1, 1, 2}, {0}, 1),
            "stream 'rows' runs from 0 to 2, expected 0 to 1");
  EXPECT_EQ(message({1, 1, 1, 1}, {0}, 1),
            "stream 'rows' runs from 1 to 1, expected 0 to 1");
  EXPECT_EQ(message({0, 2, 1, 2}, {0, 1}, 2),
            "stream 'rows' decreases at element [2]");
  // Beyond the end in the middle, though the last one is right.
  EXPECT_EQ(message({0, 9, 9, 2}, {0, 1}, 2),
            "stream 'rows' decreases at element [3]");
  EXPECT_EQ(message({0, 2, 2, 2}, {1, 1}, 2),
            "element [1] of stream 'columns' is 1: the places of a row ascend "
            "and are below 4");
  EXPECT_EQ(message({0, 1, 2, 2}, {3, 4}, 2),
            "element [1] of stream 'columns' is 4: the places of a row ascend "
            "and are below 4");
  EXPECT_EQ(message({0, 1, 2, 2}, {-1, 3}, 2),
            "element [0] of stream 'columns' is -1: the places of a row ascend "
            "and are below 4");
  EXPECT_EQ(message({0, 1, 1, 1}, {0}, 2),
            "stream 'values' has shape [2], expected [1]");
}

TEST(Outliers, RefuseWhatHasNoRows) {
  Outliers stage(0.5, Join::Add, ElementType::F32);
  Streams sides;
  EXPECT_EQ(stage.encode(floats({}, {1}), {}, sides).message(),
            "outliers of a tensor of rank 0");
  EXPECT_EQ(stage.encode(floats({2}, {1, NAN}), {}, sides).message(),
            "element [1] is NaN: outliers needs finite values");
  EXPECT_EQ(stage
                .decode(floats({2}, {}),
                        {{"", ints({0, 0})},
                         {"", Array(ElementType::I32, {0, 1})},
                         {"", floats({0}, {})}},
                        {2})
                .message(),
            "stream 'columns' has shape [0, 1], expected one dimension");
}

TEST(Outliers, AreAFractionInPartsPerMillion) {
  EXPECT_EQ(Outliers::count(0.29, 100), 29);
  EXPECT_EQ(Outliers::count(0.01, 4096 * 4096), 167772);
  EXPECT_EQ(Outliers::count(1, 12345678901), 12345678901);
  EXPECT_EQ(Outliers::count(0.3333333, 3), 0);
  EXPECT_EQ(Outliers::count(1e-7, 1 << 30), 0);
}

//===----------------------------------------------------------------------===//
// Values with a codec
//===----------------------------------------------------------------------===//

static CodecRef bytesOfValues() {
  return std::make_shared<Codec>(
      Stages{std::make_shared<Scale>(Shape{4}, ElementType::F16),
             std::make_shared<QuantizeInteger>(8, true)});
}

TEST(Outliers, MayHaveACodec) {
  for (Join join : {Join::Add, Join::Replace})
    for (int64_t columns : {50, 7, 0}) {
      Array input = gaussian({3, columns}, 8);
      Codec codec({std::make_shared<Outliers>(0.1, join, bytesOfValues()),
                   std::make_shared<QuantizeInteger>(4, true)});
      auto streams = codec.encode(input);
      ASSERT_TRUE(streams) << streams.message();
      ASSERT_EQ(streams->size(), 5u);
      EXPECT_EQ((*streams)[2].name, "values.scale");
      int64_t count = 3 * columns / 10;
      EXPECT_EQ((*streams)[3].array.shape, Shape{count});
      auto read = codec.decode(*streams, input.shape, ElementType::F32);
      ASSERT_TRUE(read) << read.message();
      for (int64_t i = 0; i < count; ++i) {
        int64_t row = 0;
        while ((*streams)[0].array.get<int32_t>(row + 1) <= i)
          ++row;
        int64_t place = row * columns + (*streams)[1].array.get<int32_t>(i);
        EXPECT_NEAR(read->getFloat(place), input.getFloat(place), 0.02);
      }
    }
}

TEST(Outliers, WithACodecAreAsManyAsTheTypeSays) {
  Array input = gaussian({4, 10}, 8);
  Outliers stage(0.1, Join::Add, bytesOfValues());
  Streams sides;
  Result<Array> main = stage.encode(input, {-8, 7}, sides);
  ASSERT_TRUE(main) << main.message();
  sides[1].array = ints({1, 2, 3});
  EXPECT_EQ(stage.decode(*main, sides, {4, 10}).message(),
            "stream 'columns' has shape [3], expected [4]");
}

//===----------------------------------------------------------------------===//
// Searched for
//===----------------------------------------------------------------------===//

static Codec withOutliers(double fraction, bool search, Join join = Join::Add) {
  ScaleOptions options;
  options.zero = StoredFloats(ElementType::F16);
  return Codec(
      {std::make_shared<Outliers>(fraction, join, ElementType::F16, search),
       std::make_shared<Scale>(Shape{1, 16}, StoredFloats(ElementType::F16),
                               options),
       std::make_shared<QuantizeInteger>(3, false)});
}

static double errorOf(const Codec &codec, const Array &input,
                      const Moment *moment = nullptr) {
  auto streams = codec.encode(input, moment);
  EXPECT_TRUE(streams) << streams.message();
  auto read = codec.decode(*streams, input.shape, ElementType::F32);
  EXPECT_TRUE(read) << read.message();
  double sum = 0;
  for (int64_t i = 0; i < input.size(); ++i)
    sum += (moment ? moment->at(i % input.shape.back()) : 1) *
           std::pow(double(read->getFloat(i)) - input.getFloat(i), 2);
  return sum;
}

/// A large value among others as large costs nothing; a smaller one that is
/// alone in its group does.
TEST(Outliers, SearchedForAreThoseThatCostMost) {
  Array input = gaussian({2, 64}, 9);
  for (int64_t i = 0; i < 16; ++i)
    input.set(i, 100 + input.get<float>(i) * 0.01f);
  input.set(64 + 20, 30.0f);
  Streams sides;
  auto streams = withOutliers(1.0 / 128, true).encode(input);
  ASSERT_TRUE(streams) << streams.message();
  EXPECT_TRUE((*streams)[0].array == ints({0, 0, 1}));
  EXPECT_TRUE((*streams)[1].array == ints({20}));
  // By magnitude it is one of the group whose range is small anyway.
  streams = withOutliers(1.0 / 128, false).encode(input);
  EXPECT_TRUE((*streams)[0].array == ints({0, 1, 1}));
}

TEST(Outliers, SearchedForAreNeverWorse) {
  std::mt19937 generator(10);
  std::student_t_distribution<float> heavy(3);
  for (double fraction : {0.0, 0.01, 0.05, 0.7, 1.0})
    for (Join join : {Join::Add, Join::Replace}) {
      Array input(ElementType::F32, {24, 100});
      for (int64_t i = 0; i < input.size(); ++i)
        input.set(i, heavy(generator));
      EXPECT_LE(errorOf(withOutliers(fraction, true, join), input),
                errorOf(withOutliers(fraction, false, join), input) * 1.0001)
          << fraction;
    }
  // And mostly better.
  Array input = gaussian({64, 256}, 11);
  EXPECT_LT(errorOf(withOutliers(0.01, true), input),
            0.97 * errorOf(withOutliers(0.01, false), input));
}

TEST(Outliers, SearchedForWeighColumnsByTheActivations) {
  // One column at a time, so that no other can make up for its error.
  Array activations(ElementType::F32, {64, 64});
  for (int64_t i = 0; i < 64; ++i)
    activations.set(i * 65, i < 8 ? 10.0f : 1.0f);
  Moment moment = *momentOf(activations);
  Array input = gaussian({32, 64}, 13);
  Codec codec = withOutliers(0.02, true);
  double blind = 0;
  {
    auto streams = codec.encode(input);
    auto read = codec.decode(*streams, input.shape, ElementType::F32);
    for (int64_t i = 0; i < input.size(); ++i)
      blind += moment.at(i % 64) *
               std::pow(double(read->getFloat(i)) - input.getFloat(i), 2);
  }
  EXPECT_LT(errorOf(codec, input, &moment), 0.9 * blind);
}
