//===- LatticeTest.cpp - E8P ----------------------------------------------===//

#include "zq/Codec/Lattice.h"
#include "TestArrays.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

using namespace zq::codec;

static std::array<float, 8> point(uint32_t code) {
  std::array<float, 8> values;
  LatticeE8P().decodeVector(code, values.data());
  return values;
}

static double squaredDistance(const float *a, const float *b) {
  double sum = 0;
  for (int i = 0; i < 8; ++i)
    sum += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
  return sum;
}

TEST(LatticeE8P, HasTheBaseVectorsOfThePaper) {
  int short10 = 0, norm12 = 0;
  for (const LatticeE8P::Vector &twice : LatticeE8P::twiceBases()) {
    int squares = 0, sum = 0;
    for (int element : twice) {
      squares += element * element;
      sum += element;
    }
    EXPECT_EQ(sum % 4, 0);
    short10 += squares <= 40;
    norm12 += squares == 48;
  }
  EXPECT_EQ(short10, 227);
  EXPECT_EQ(norm12, 29);
}

/// Which elements are 1/2 in the vectors of squared norm 12, in QuIP#'s order.
TEST(LatticeE8P, PadsTheBaseVectorsAsQuipDoes) {
  const char *halves[] = {
      "123", "023", "013", "012", "367", "357", "347", "356", "346", "345",
      "267", "257", "247", "256", "246", "245", "167", "157", "147", "156",
      "146", "045", "067", "057", "047", "056", "046", "014", "237"};
  for (size_t i = 0; i < 29; ++i) {
    const LatticeE8P::Vector &twice = LatticeE8P::twiceBases()[227 + i];
    std::string found;
    for (int j = 0; j < 8; ++j)
      if (std::abs(twice[j]) == 1)
        found += char('0' + j);
    EXPECT_EQ(found, halves[i]);
  }
}

TEST(LatticeE8P, HasDifferentPointsOfE8PlusAQuarter) {
  std::set<std::array<float, 8>> points;
  for (uint32_t code = 0; code < 65536; ++code) {
    std::array<float, 8> values = point(code);
    points.insert(values);
    // Minus 1/4: all integers or all integers and a half, with an even sum.
    double sum = 0;
    float first = values[0] - 0.25f;
    for (float value : values) {
      float rest = value - 0.25f - first;
      EXPECT_EQ(rest, std::floor(rest));
      sum += value - 0.25;
    }
    EXPECT_EQ(2 * first, std::floor(2 * first));
    EXPECT_EQ(sum / 2, std::floor(sum / 2));
    EXPECT_LE(*std::max_element(values.begin(), values.end()), 2.75f);
    EXPECT_GE(*std::min_element(values.begin(), values.end()), -2.75f);
  }
  EXPECT_EQ(points.size(), 65536u);
}

TEST(LatticeE8P, DecodesCodesByHand) {
  using Point = std::array<float, 8>;
  // All magnitudes 1/2; the sum of 4 is even.
  EXPECT_EQ(point(0x0000),
            (Point{.75f, .75f, .75f, .75f, .75f, .75f, .75f, .75f}));
  // Bit 0 alone: an odd number of ones, read as none; minus 1/4.
  EXPECT_EQ(point(0x0001),
            (Point{.25f, .25f, .25f, .25f, .25f, .25f, .25f, .25f}));
  // Bit 4 (element 1) alone: bit 0 counts as set.
  EXPECT_EQ(point(0x0010),
            (Point{-.75f, -.75f, .25f, .25f, .25f, .25f, .25f, .25f}));
  // Bits 1 and 7: elements 2 and 7.
  EXPECT_EQ(point(0x0082),
            (Point{.75f, .75f, -.25f, .75f, .75f, .75f, .75f, -.25f}));
  // The second magnitudes, 3/2 at element 7: negative for an even sum.
  EXPECT_EQ(point(0x0100),
            (Point{.75f, .75f, .75f, .75f, .75f, .75f, .75f, -1.25f}));
  // The last ones, of squared norm 12: 1/2 at elements 2, 3 and 7.
  EXPECT_EQ(point(0xFF00),
            (Point{1.75f, 1.75f, .75f, .75f, 1.75f, 1.75f, 1.75f, -.25f}));
}

TEST(LatticeE8P, EncodesPointsToThemselves) {
  for (uint32_t code = 0; code < 65536; code += 7)
    EXPECT_EQ(LatticeE8P().encodeVector(point(code).data()), code);
}

TEST(LatticeE8P, EncodesToANearestPoint) {
  std::vector<std::array<float, 8>> points;
  for (uint32_t code = 0; code < 65536; ++code)
    points.push_back(point(code));
  for (float deviation : {0.1f, 1.0f, 5.0f}) {
    Array input = gaussian({200, 8}, 3);
    for (int vector = 0; vector < 200; ++vector) {
      std::vector<float> values;
      for (int i = 0; i < 8; ++i)
        values.push_back(deviation * input.get<float>(vector * 8 + i));
      double least = INFINITY;
      for (const std::array<float, 8> &candidate : points)
        least =
            std::min(least, squaredDistance(candidate.data(), values.data()));
      uint32_t code = LatticeE8P().encodeVector(values.data());
      EXPECT_NEAR(squaredDistance(points[code].data(), values.data()), least,
                  1e-12 * least);
    }
  }
}

/// QuIP# reports a mean squared error of 0.089 for normally distributed values.
TEST(LatticeE8P, HasThePublishedError) {
  const float deviation = 1.03f;
  Array input = gaussian({4000, 8}, 5);
  double sum = 0;
  for (int64_t first = 0; first < input.size(); first += 8) {
    float values[8];
    for (int i = 0; i < 8; ++i)
      values[i] = deviation * input.get<float>(first + i);
    sum += squaredDistance(point(LatticeE8P().encodeVector(values)).data(),
                           values);
  }
  double error = sum / double(input.size()) / (deviation * deviation);
  EXPECT_NEAR(error, 0.089, 0.002);
}

TEST(LatticeE8P, RoundTripsAwkwardShapes) {
  for (const std::vector<int64_t> &shape : awkwardShapes()) {
    Array input = gaussian(shape, 1);
    std::vector<Stream> sides;
    Result<Array> codes = LatticeE8P().encode(input, {}, sides);
    ASSERT_TRUE(codes) << codes.message();
    EXPECT_EQ(codes->type, ElementType::I16);
    EXPECT_EQ(codes->shape.back(), (shape.back() + 7) / 8);
    Result<Array> decoded = LatticeE8P().decode(*codes, {}, shape);
    ASSERT_TRUE(decoded) << decoded.message();
    EXPECT_EQ(decoded->shape, shape);
    // What is decoded is a point already, but for what was dropped.
    double error = 0;
    for (int64_t i = 0; i < input.size(); ++i)
      error += std::pow(input.get<float>(i) - decoded->get<float>(i), 2);
    EXPECT_LE(error, 0.3 * double(input.size()) + 1);
  }
}

TEST(LatticeE8P, PadsEachRowWithZeros) {
  std::vector<Stream> sides;
  Array input = floats({2, 3}, {1, -1, 2, -2, 0.3f, 0.4f});
  Result<Array> codes = LatticeE8P().encode(input, {}, sides);
  ASSERT_TRUE(codes);
  ASSERT_EQ(codes->shape, (Shape{2, 1}));
  float padded[8] = {-2, 0.3f, 0.4f};
  EXPECT_EQ(getCode(*codes, 1), LatticeE8P().encodeVector(padded));
}

TEST(LatticeE8P, RefusesWhatItCannotHold) {
  std::vector<Stream> sides;
  Result<Array> result =
      LatticeE8P().encode(floats({1, 2}, {0, NAN}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [0, 1] is NaN: lattice needs finite values");
  result = LatticeE8P().encode(floats({}, {1}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "lattice needs a tensor of rank 1 or more");
}

TEST(LatticeE8P, RefusesOtherStreams) {
  LatticeE8P stage;
  Array codes(ElementType::I16, {2, 2});
  EXPECT_TRUE(stage.decode(codes, {}, {2, 9}));
  EXPECT_EQ(stage.decode(codes, {}, {2, 8}).message(),
            "the main array of lattice has shape [2, 2], expected [2, 1]");
  EXPECT_EQ(stage.decode(bytes({2, 2}, {0, 0, 0, 0}), {}, {2, 9}).message(),
            "the main array of lattice has element type i8, expected i16");
  EXPECT_EQ(stage.check(nullptr, {}, {}).message(),
            "lattice needs a tensor of rank 1 or more");
  EXPECT_EQ(stage.check(nullptr, {{"x", codes}}, {2, 9}).message(),
            "lattice has 0 side streams, got 1");
}
