//===- PvqTest.cpp - Pyramid vector quantization --------------------------===//

#include "zq/Codec/Pvq.h"
#include "TestArrays.h"

#include <gtest/gtest.h>
#include <set>

using namespace zq::codec;

/// Calls `visit` with every integer vector of sum |p_i| = pulses.
template <typename Visit>
static void forEachPoint(std::vector<int> &point, size_t at, int pulses,
                         Visit visit) {
  if (at == point.size()) {
    if (pulses == 0)
      visit();
    return;
  }
  for (int value = -pulses; value <= pulses; ++value) {
    point[at] = value;
    forEachPoint(point, at + 1, pulses - std::abs(value), visit);
  }
}

TEST(Pvq, CountsPoints) {
  for (int k = 1; k <= 50; ++k) {
    EXPECT_EQ(Pvq::countPoints(1, k), 2);
    EXPECT_EQ(Pvq::countPoints(2, k), 4 * k);
    EXPECT_EQ(Pvq::countPoints(3, k), 4 * k * k + 2);
    EXPECT_EQ(Pvq::countPoints(k, 1), 2 * k);
    EXPECT_EQ(Pvq::countPoints(k, 2), 2 * k * k);
  }
  EXPECT_EQ(Pvq::countPoints(8, 8), 157184);
  EXPECT_EQ(Pvq::countPoints(16, 12), 3575055360);
  EXPECT_EQ(Pvq::countPoints(16, 13), (int64_t(1) << 32) + 1);
  EXPECT_EQ(Pvq::countPoints(1024, 1024), (int64_t(1) << 32) + 1);
}

TEST(Pvq, NumbersEveryPointOnce) {
  for (int length = 1; length <= 5; ++length)
    for (int pulses = 1; pulses <= 6; ++pulses) {
      Pvq stage(length, pulses);
      std::set<uint32_t> seen;
      std::vector<int> point(length), back(length);
      forEachPoint(point, 0, pulses, [&] {
        uint32_t index = stage.indexOf(point.data());
        EXPECT_LT(index, stage.numCodes());
        seen.insert(index);
        stage.vectorOf(index, back.data());
        EXPECT_EQ(back, point);
      });
      EXPECT_EQ(int64_t(seen.size()), stage.numCodes());
    }
}

/// Zero first, then +1, -1, +2, -2 at each coordinate.
TEST(Pvq, NumbersPointsInFischersOrder) {
  Pvq stage(2, 2);
  std::vector<std::vector<int>> points(8, std::vector<int>(2));
  for (uint32_t index = 0; index < 8; ++index)
    stage.vectorOf(index, points[index].data());
  EXPECT_EQ(points, (std::vector<std::vector<int>>{{0, 2},
                                                   {0, -2},
                                                   {1, 1},
                                                   {1, -1},
                                                   {-1, 1},
                                                   {-1, -1},
                                                   {2, 0},
                                                   {-2, 0}}));
}

TEST(Pvq, NumbersPointsOf32Bits) {
  Pvq stage(16, 12);
  EXPECT_EQ(stage.codeBits(), 32);
  std::vector<int> point(16);
  for (uint32_t index : {0u, 1u, 123456789u, 2147483648u, 3575055359u}) {
    stage.vectorOf(index, point.data());
    EXPECT_EQ(stage.indexOf(point.data()), index);
  }
  std::vector<int> last(16);
  last[0] = -12;
  EXPECT_EQ(point, last);
}

TEST(Pvq, HasAsManyBitsAsItNeeds) {
  EXPECT_EQ(Pvq(1, 9).codeBits(), 1);
  EXPECT_EQ(Pvq(2, 2).codeBits(), 3);
  EXPECT_EQ(Pvq(2, 3).codeBits(), 4);
  EXPECT_EQ(Pvq(8, 8).codeBits(), 18);
}

TEST(Pvq, SharesOutPulses) {
  Pvq stage(4, 6);
  auto pulsesOf = [&](std::vector<float> values) {
    std::vector<int> point(4);
    stage.vectorOf(stage.encodeVector(values.data()), point.data());
    return point;
  };
  EXPECT_EQ(pulsesOf({1, -2, 0, 3}), (std::vector<int>{1, -2, 0, 3}));
  EXPECT_EQ(pulsesOf({1e-30f, -2e-30f, 0, 3e-30f}),
            (std::vector<int>{1, -2, 0, 3}));
  EXPECT_EQ(pulsesOf({0, 0, -7, 0}), (std::vector<int>{0, 0, -6, 0}));
  EXPECT_EQ(pulsesOf({0, -0.0f, 0, 0}), (std::vector<int>{6, 0, 0, 0}));
  // Four equal ones get 1.5 each: the first two of them the missing pulses.
  EXPECT_EQ(pulsesOf({-1, -1, -1, -1}), (std::vector<int>{-2, -2, -1, -1}));
}

TEST(Pvq, DecodesToUnitVectors) {
  Pvq stage(3, 5);
  int point[3] = {-3, 0, 2};
  float values[3];
  stage.decodeVector(stage.indexOf(point), values);
  float norm = std::sqrt(13.0f);
  EXPECT_EQ(values[0], -3.0f / norm);
  EXPECT_EQ(values[1], 0.0f);
  EXPECT_FALSE(std::signbit(values[1]));
  EXPECT_EQ(values[2], 2.0f / norm);
}

/// Exhaustively: no direction is much nearer than the one that was chosen.
TEST(Pvq, FindsANearDirection) {
  Pvq stage(4, 5);
  Array input = gaussian({200, 4}, 9);
  double chosen = 0, best = 0;
  for (int64_t first = 0; first < input.size(); first += 4) {
    float values[4], decoded[4];
    double norm = 0;
    for (int i = 0; i < 4; ++i) {
      values[i] = input.get<float>(first + i);
      norm += double(values[i]) * values[i];
    }
    auto cosine = [&](uint32_t code) {
      stage.decodeVector(code, decoded);
      double dot = 0;
      for (int i = 0; i < 4; ++i)
        dot += double(values[i]) * decoded[i];
      return dot / std::sqrt(norm);
    };
    double most = -1;
    for (uint32_t code = 0; code < stage.numCodes(); ++code)
      most = std::max(most, cosine(code));
    best += most;
    chosen += cosine(stage.encodeVector(values));
  }
  EXPECT_GE(chosen, best * 0.999);
}

TEST(Pvq, RoundTripsAwkwardShapes) {
  for (const std::vector<int64_t> &shape : awkwardShapes()) {
    Pvq stage(4, 5); // 360 points
    std::vector<Stream> sides;
    Result<Array> codes = stage.encode(gaussian(shape, 1), {}, sides);
    ASSERT_TRUE(codes) << codes.message();
    EXPECT_EQ(codes->type, ElementType::I16);
    EXPECT_EQ(codes->shape.back(), (shape.back() + 3) / 4);
    Result<Array> decoded = stage.decode(*codes, {}, shape);
    ASSERT_TRUE(decoded) << decoded.message();
    EXPECT_EQ(decoded->shape, shape);
  }
}

TEST(Pvq, RefusesCodesThatAreNoPoints) {
  Pvq stage(3, 2); // 18 points
  Array codes(ElementType::I8, {1, 2});
  setCode(codes, 1, 18);
  EXPECT_EQ(stage.decode(codes, {}, {1, 5}).message(),
            "element [0, 1] is code 18: pvq has codes below 18");
  setCode(codes, 1, 17);
  EXPECT_TRUE(stage.decode(codes, {}, {1, 5}));
}

TEST(Pvq, RefusesInfinity) {
  std::vector<Stream> sides;
  EXPECT_EQ(Pvq(3, 2).encode(floats({2}, {0, -INFINITY}), {}, sides).message(),
            "element [1] is -inf: pvq needs finite values");
}
