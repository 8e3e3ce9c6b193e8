//===- TablesTest.cpp - A table chosen for every block --------------------===//

#include "zq/Codec/Tables.h"
#include "TestArrays.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Scale.h"

using namespace zq::codec;

/// FP3 with +3, -3, +6 or -6 in the place of the negative zero.
static std::vector<std::vector<float>> bitmod3() {
  return {{-4, -2, -1, 0, 1, 2, 3, 4},
          {-4, -3, -2, -1, 0, 1, 2, 4},
          {-4, -2, -1, 0, 1, 2, 4, 6},
          {-6, -4, -2, -1, 0, 1, 2, 4}};
}

static CodecRef packed(int bits) {
  return std::make_shared<Codec>(Codec({std::make_shared<Pack>(bits)}));
}

static std::vector<Stream> sidesOf(const Tables &stage, const Array &input,
                                   std::vector<int> *codes = nullptr) {
  std::vector<Stream> sides;
  Result<Array> main = stage.encode(input, {}, sides);
  EXPECT_TRUE(main) << main.message();
  if (main && codes)
    *codes = toInts(*main);
  return sides;
}

TEST(Tables, ChooseTheOneOfLeastError) {
  Tables stage({1, 4}, ElementType::F16, bitmod3());
  std::vector<int> codes;
  std::vector<Stream> sides = sidesOf(
      stage,
      floats({1, 16}, {3, 4, 1, 0, -3, -4, 2, 0, 6, 4, 1, -4, -12, 8, 2, -2}),
      &codes);
  EXPECT_EQ(toInts(sides[1].array), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(toFloats(sides[0].array), (std::vector<float>{1, 1, 1, 2}));
  EXPECT_EQ(codes,
            (std::vector<int>{6, 7, 4, 3, 1, 0, 6, 4, 7, 6, 4, 0, 0, 7, 5, 3}));
  EXPECT_EQ(stage.codeBits(), 3);
  EXPECT_EQ(stage.tagBits(), 2);
}

TEST(Tables, TakeTheEarlierOfEquals) {
  // All four hold these values exactly.
  Tables stage({0}, ElementType::F32, bitmod3());
  EXPECT_EQ(toInts(sidesOf(stage, floats({3}, {4, -2, 1}))[1].array),
            std::vector<int>{0});
  EXPECT_EQ(toInts(sidesOf(stage, floats({3}, {0, 0, 0}))[1].array),
            std::vector<int>{0});
}

TEST(Tables, TiesGoToTheLowerEntry) {
  Tables stage({0}, ElementType::F32, {bitmod3()[0], bitmod3()[0]});
  std::vector<int> codes;
  sidesOf(stage, floats({4}, {4, 1.5, -1.5, 0.5}), &codes);
  EXPECT_EQ(codes, (std::vector<int>{7, 4, 1, 3}));
}

/// Every table tried by hand, the scales rounded to f16.
TEST(Tables, ErrByNoMoreThanAnyTableWould) {
  Array input = gaussian({5, 50}, 3);
  const Shape block = {1, 16};
  Codec chosen(
      {std::make_shared<Tables>(block, ElementType::F16, bitmod3(), packed(2)),
       std::make_shared<Pack>(3)});
  Result<Array> read = chosen.roundTrip(input);
  ASSERT_TRUE(read) << read.message();
  std::vector<Array> single;
  for (const std::vector<float> &table : bitmod3())
    single.push_back(*Codec({std::make_shared<Tables>(
                                block, ElementType::F16,
                                std::vector<std::vector<float>>{table, table})})
                          .roundTrip(input));
  auto error = [&](const Array &array, int row, int group) {
    double sum = 0;
    for (int i = group * 16; i < std::min(50, group * 16 + 16); ++i) {
      double e = array.getFloat(row * 50 + i) - input.getFloat(row * 50 + i);
      sum += e * e;
    }
    return sum;
  };
  std::vector<int> used(4);
  for (int row = 0; row < 5; ++row)
    for (int group = 0; group < 4; ++group) {
      double least = error(single[0], row, group);
      int best = 0;
      for (int t = 1; t < 4; ++t)
        if (error(single[t], row, group) < least) {
          least = error(single[t], row, group);
          best = t;
        }
      ++used[best];
      EXPECT_EQ(error(*read, row, group), least);
    }
  for (int count : used)
    EXPECT_GT(count, 0);
}

TEST(Tables, StoreScalesAndTagsByCodecsOfTheirOwn) {
  auto scales = std::make_shared<Codec>(
      Codec({std::make_shared<Scale>(Shape{0, 0}, ElementType::F32),
             std::make_shared<QuantizeInteger>(8, false),
             std::make_shared<Pack>(8)}));
  Codec codec({std::make_shared<Tables>(Shape{1, 16}, CodecRef(scales),
                                        bitmod3(), packed(2)),
               std::make_shared<Pack>(3)});
  for (const Shape &shape : {Shape{3, 50}, Shape{1, 1}, Shape{0, 7}}) {
    Array input = gaussian(shape, 1);
    Result<std::vector<Stream>> streams = codec.encode(input);
    ASSERT_TRUE(streams) << streams.message();
    ASSERT_EQ(streams->size(), 4u);
    EXPECT_EQ((*streams)[0].name, "scale.scale");
    EXPECT_EQ((*streams)[1].name, "scale.codes");
    EXPECT_EQ((*streams)[2].name, "tag.codes");
    EXPECT_EQ((*streams)[3].name, "codes");
    Result<Array> read = codec.decode(*streams, shape, ElementType::F32);
    ASSERT_TRUE(read) << read.message();
    for (int64_t i = 0; i < input.size(); ++i)
      EXPECT_NEAR(read->getFloat(i), input.getFloat(i), 0.7);
  }
}

/// A scale of 2.4 that is stored as 2 is divided by as 2.
TEST(Tables, DivideByTheScaleThatReadsBack) {
  auto integers = std::make_shared<Codec>(
      Codec({std::make_shared<QuantizeInteger>(4, false)}));
  Tables stage({0}, CodecRef(integers), {bitmod3()[0], bitmod3()[0]});
  std::vector<int> codes;
  std::vector<Stream> sides = sidesOf(stage, floats({2}, {9.6f, 3.1f}), &codes);
  EXPECT_EQ(sides[0].array.getFloat(0), 2.4f);
  EXPECT_EQ(codes, (std::vector<int>{7, 5}));
}

TEST(Tables, MayDifferInLength) {
  Tables stage({0}, ElementType::F32, {{-1, 1}, {-1, 0, 1}});
  EXPECT_EQ(stage.codeBits(), 2);
  std::vector<int> codes;
  EXPECT_EQ(toInts(sidesOf(stage, floats({2}, {1, 0}), &codes)[1].array),
            std::vector<int>{1});
  EXPECT_EQ(codes, (std::vector<int>{2, 1}));
  std::vector<Stream> sides = {{"scale", floats({1}, {1})},
                               {"tag", bytes({1}, {0})}};
  EXPECT_EQ(stage.decode(bytes({2}, {1, 2}), sides, {2}).message(),
            "element [1] is code 2: table 0 has codes below 2");
  sides[1].array.set<uint8_t>(0, 2);
  EXPECT_EQ(stage.check(nullptr, sides, {2}).message(),
            "element [0] is code 2: tag of tables has codes below 2");
}

/// Side arrays without a codec, three rows in panels of two: the same values.
TEST(Tables, LieInPanelsOfRows) {
  Array input = gaussian({3, 8}, 5);
  const Shape block = {1, 4};
  auto roundTrip = [&](CodecRef tags, int64_t rows) {
    Codec codec({std::make_shared<Tables>(block, ElementType::F16, bitmod3(),
                                          tags, rows),
                 std::make_shared<Pack>(3)});
    return toFloats(*codec.roundTrip(input));
  };
  EXPECT_EQ(roundTrip(nullptr, 2), roundTrip(nullptr, 0));
  EXPECT_EQ(roundTrip(packed(2), 2), roundTrip(nullptr, 0));

  Tables stage(block, ElementType::F16, bitmod3(), nullptr, /*rows=*/2);
  std::vector<Stream> sides = sidesOf(stage, input),
                      plain =
                          sidesOf({block, ElementType::F16, bitmod3()}, input);
  for (const Stream &side : sides)
    EXPECT_EQ(side.array.shape, (Shape{2, 2, 2}));
  for (int row = 0; row < 3; ++row)
    for (int group = 0; group < 2; ++group) {
      int at = row / 2 * 4 + group * 2 + row % 2, block = row * 2 + group;
      EXPECT_EQ(sides[0].array.getFloat(at), plain[0].array.getFloat(block));
      EXPECT_EQ(sides[1].array.get<uint8_t>(at),
                plain[1].array.get<uint8_t>(block));
    }
  EXPECT_FALSE(stage.check(nullptr, plain, {3, 8}));
  EXPECT_EQ(Tables({4}, ElementType::F16, bitmod3(), nullptr, /*rows=*/2)
                .check(nullptr, sides, {8})
                .message(),
            "tables in panels of rows need a tensor of rank 2 or more");
}

TEST(Tables, HaveTheRangeOfTheirNarrowestTable) {
  EXPECT_EQ(Tables({0}, ElementType::F32, bitmod3()).inputRange({}).high, 4);
  EXPECT_EQ(Tables({0}, ElementType::F8E4M3FN, bitmod3()).inputRange({}).low,
            -4 * 448);
}

TEST(Tables, SurviveScalesThatUnderflow) {
  Tables stage({0}, ElementType::F8E4M3FN, bitmod3());
  Codec codec({std::make_shared<Tables>(stage)});
  Result<Array> read = codec.roundTrip(floats({2}, {1e-6f, -1e-30f}));
  ASSERT_TRUE(read);
  EXPECT_EQ(toFloats(*read), (std::vector<float>{0, 0}));
}

TEST(Tables, RefuseInfinity) {
  std::vector<Stream> sides;
  Tables stage({0}, ElementType::F32, bitmod3());
  EXPECT_EQ(stage.encode(floats({2}, {0, INFINITY}), {}, sides).message(),
            "element [1] is inf: tables needs finite values");
  EXPECT_EQ(Tables({1, 2}, ElementType::F32, bitmod3())
                .encode(floats({2}, {0, 1}), {}, sides)
                .message(),
            "tables has blocks of rank 2, the tensor has rank 1");
}
