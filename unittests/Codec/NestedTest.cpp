//===- NestedTest.cpp - Codes of many bits, read at fewer -----------------===//

#include "zq/Codec/Nested.h"
#include "TestArrays.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

using namespace zq::codec;

/// The integer that `code` reads as.
static int readAs(const Nested &stage, int stored, int integer) {
  int mask = (1 << stored) - 1;
  Result<Array> result = stage.decode(bytes({1}, {integer & mask}), {}, {1});
  EXPECT_TRUE(result) << result.message();
  int code = toInts(*result)[0];
  return code > mask / 2 ? code - mask - 1 : code;
}

TEST(Nested, RoundsTwiceAndClips) {
  Nested stage(8, 4);
  EXPECT_EQ(readAs(stage, 8, 0), 0);
  EXPECT_EQ(readAs(stage, 8, 7), 0);
  EXPECT_EQ(readAs(stage, 8, 9), 16);
  EXPECT_EQ(readAs(stage, 8, -100), -96);
  EXPECT_EQ(readAs(stage, 8, -128), -128);
  // The largest 8 codes lie beyond the largest of 4 bits.
  EXPECT_EQ(readAs(stage, 8, 119), 112);
  EXPECT_EQ(readAs(stage, 8, 120), 112);
  EXPECT_EQ(readAs(stage, 8, 127), 112);
}

TEST(Nested, FollowsItsTieRule) {
  const int ties[] = {-24, -8, 8, 24};
  const int expected[][4] = {{-32, 0, 0, 32},
                             {-16, 0, 16, 32},
                             {-32, -16, 0, 16},
                             {-32, -16, 16, 32},
                             {-16, 0, 0, 16}};
  const Ties rules[] = {Ties::Even, Ties::Up, Ties::Down, Ties::Away,
                        Ties::Zero};
  for (int rule = 0; rule < 5; ++rule)
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(readAs(Nested(8, 4, rules[rule]), 8, ties[i]),
                expected[rule][i]);
}

/// The formula of the paper, written with floating-point rounding.
TEST(Nested, AgreesWithTheFormulaForEveryCode) {
  for (int h = 1; h <= 8; ++h)
    for (int l = 1; l <= h; ++l)
      for (int q = -(1 << (h - 1)); q < 1 << (h - 1); ++q) {
        double step = 1 << (h - l), limit = 1 << (l - 1);
        double rounded = std::nearbyint(q / step);
        double clipped = std::min(std::max(rounded, -limit), limit - 1);
        EXPECT_EQ(readAs(Nested(h, l), h, q), clipped * step)
            << h << " " << l << " " << q;
      }
}

TEST(Nested, ReadsOneStoredTensorAtEveryWidth) {
  Array input = gaussian({3, 50}, 4);
  auto at = [](int bits) {
    return Codec({std::make_shared<Scale>(Shape{1, 0}, ElementType::F32),
                  std::make_shared<QuantizeInteger>(8, true),
                  std::make_shared<Nested>(8, bits),
                  std::make_shared<Pack>(8)});
  };
  Result<std::vector<Stream>> stored = at(8).encode(input);
  ASSERT_TRUE(stored) << stored.message();
  double last = 0;
  for (int bits : {8, 6, 4, 2}) {
    Result<std::vector<Stream>> same = at(bits).encode(input);
    ASSERT_TRUE(same) << same.message();
    for (size_t i = 0; i < same->size(); ++i)
      EXPECT_TRUE((*same)[i].array == (*stored)[i].array);
    Result<Array> read =
        at(bits).decode(*stored, input.shape, ElementType::F32);
    ASSERT_TRUE(read) << read.message();
    double error = 0;
    for (int64_t i = 0; i < input.size(); ++i)
      error += std::fabs(read->getFloat(i) - input.getFloat(i));
    EXPECT_GT(error, last);
    last = error;
  }
}

TEST(Nested, RefusesWiderCodes) {
  Nested stage(6, 4);
  std::vector<Stream> sides;
  EXPECT_EQ(stage.encode(bytes({2}, {63, 64}), {}, sides).message(),
            "element [1] is code 64: nested has codes below 64");
  EXPECT_EQ(stage.decode(bytes({2}, {63, 64}), {}, {2}).message(),
            "element [1] is code 64: nested has codes below 64");
  EXPECT_EQ(stage.encode(floats({1}, {1}), {}, sides).message(),
            "the main array of nested has element type f32, expected i8");
}
