//===- QuantizeTest.cpp - Grids of floats, integers and tables ------------===//

#include "zq/Codec/Quantize.h"
#include "TestArrays.h"

#include <cfloat>
#include <gtest/gtest.h>

using namespace zq::codec;

TEST(QuantizeFloat, CodesAreBitPatterns) {
  EXPECT_EQ(codes(QuantizeFloat(E2M1), {0, -0.0f, 0.5, 6, -6, 1e9, -INFINITY}),
            (std::vector<int>{0, 8, 1, 7, 15, 7, 15}));
  EXPECT_EQ(codes(QuantizeFloat(E3M2), {28, -28, 0.0625}),
            (std::vector<int>{31, 63, 1}));
  EXPECT_EQ(codes(QuantizeFloat(E5M2), {INFINITY, 1e9}),
            (std::vector<int>{0x7C, 0x7B}));
}

TEST(QuantizeFloat, TiesGoToTheEvenCode) {
  EXPECT_EQ(codes(QuantizeFloat(E2M1),
                  {0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5, -0.25, -5}),
            (std::vector<int>{0, 2, 2, 4, 4, 6, 6, 8, 14}));
}

TEST(QuantizeFloat, DecodesAllCodes) {
  for (const Minifloat &format : {E2M1, E2M3, E3M2, E4M3FN, E5M2}) {
    QuantizeFloat stage(format);
    for (int code = 0; code < stage.numCodes(); ++code) {
      Result<Array> value = stage.decode(bytes({1}, {code}), {}, {1});
      ASSERT_TRUE(value);
      float expected = decodeMinifloat(format, code);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(value->getFloat(0)));
        continue;
      }
      EXPECT_EQ(value->getFloat(0), expected);
      EXPECT_EQ(codes(stage, {expected}), std::vector<int>{code});
    }
  }
}

TEST(QuantizeInteger, RoundsToNearestEvenAndClamps) {
  EXPECT_EQ(codes(QuantizeInteger(4, true), {0, 0.5, 1.5, 2.5, -0.5, -1.5, 7.4,
                                             9, -8.5, -9, 1e30f, -INFINITY}),
            (std::vector<int>{0, 0, 2, 2, 0, 14, 7, 7, 8, 8, 7, 8}));
  EXPECT_EQ(codes(QuantizeInteger(3, false), {0.5, 1.5, 6.5, 7.5, -3, 1e30f}),
            (std::vector<int>{0, 2, 6, 7, 0, 7}));
  EXPECT_EQ(codes(QuantizeInteger(8, true), {127.5, -128, -1}),
            (std::vector<int>{127, 128, 255}));
  EXPECT_EQ(codes(QuantizeInteger(1, true), {1, -1, -0.5}),
            (std::vector<int>{0, 1, 0}));
}

TEST(QuantizeInteger, RoundTripsAllCodes) {
  for (int bits = 1; bits <= 8; ++bits)
    for (bool isSigned : {false, true}) {
      QuantizeInteger stage(bits, isSigned);
      EXPECT_EQ(stage.codeBits(), bits);
      int low = isSigned ? -(1 << (bits - 1)) : 0;
      for (int value = low; value < low + (1 << bits); ++value) {
        int code = codes(stage, {float(value)})[0];
        EXPECT_EQ(code, value & ((1 << bits) - 1));
        EXPECT_EQ(stage.decodeOne(code), value);
      }
    }
}

TEST(QuantizeInteger, AimsSymmetrically) {
  auto expectRange = [](Range range, double low, double high) {
    EXPECT_EQ(range.low, low);
    EXPECT_EQ(range.high, high);
  };
  expectRange(QuantizeInteger(4, true).inputRange({}), -8, 7);
  expectRange(QuantizeInteger(2, true).inputRange({}), -2, 1);
  expectRange(QuantizeInteger(1, true).inputRange({}), -1, 0);
  expectRange(QuantizeInteger(4, false).inputRange({}), 0, 15);
  expectRange(QuantizeFloat(E4M3FN).inputRange({}), -448, 448);
  expectRange(Lookup({-1, 0, 0.25, 1}).inputRange({}), -1, 1);
}

TEST(Lookup, MidpointsGoToTheLowerEntry) {
  Lookup stage({-1, 0, 0.25, 1});
  EXPECT_EQ(codes(stage, {-0.5, 0.125, 0.625}), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(
      codes(stage, {std::nextafter(-0.5f, 0.0f), std::nextafter(0.125f, 1.0f),
                    std::nextafter(0.625f, 1.0f)}),
      (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(codes(stage, {-INFINITY, -7, 7, INFINITY, -0.0f}),
            (std::vector<int>{0, 0, 3, 3, 1}));
}

/// The midpoint of neighbouring floats is not an f32.
TEST(Lookup, ComparesWithExactMidpoints) {
  float a = std::nextafter(1.0f, 2.0f), b = std::nextafter(a, 2.0f);
  EXPECT_EQ(codes(Lookup({1, a}), {1, a}), (std::vector<int>{0, 1}));
  EXPECT_EQ(codes(Lookup({a, b}), {a, b}), (std::vector<int>{0, 1}));
  EXPECT_EQ(codes(Lookup({-FLT_MAX, FLT_MAX}), {-1, 0, 1}),
            (std::vector<int>{0, 0, 1}));
}

TEST(Lookup, HasCodesForItsTableOnly) {
  const int bits[] = {1, 2, 2, 3, 4, 8};
  const int sizes[] = {2, 3, 4, 5, 16, 256};
  for (int i = 0; i < 6; ++i) {
    std::vector<float> table(sizes[i]);
    for (int j = 0; j < sizes[i]; ++j)
      table[j] = float(j);
    Lookup stage(table);
    EXPECT_EQ(stage.codeBits(), bits[i]);
    EXPECT_EQ(stage.numCodes(), sizes[i]);
    EXPECT_EQ(codes(stage, table).back(), sizes[i] - 1);
  }
  Result<Array> result =
      Lookup({1, 2, 4}).decode(bytes({2, 2}, {0, 2, 1, 3}), {}, {2, 2});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [1, 1] is code 3: lookup has codes below 3");
}

TEST(Quantize, RefusesNaN) {
  std::vector<Stream> sides;
  Array input = floats({2, 2}, {0, 0, NAN, 0});
  Lookup lookup({0, 1});
  QuantizeInteger integer(4, true);
  Result<Array> result = integer.encode(input, {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "element [1, 0] is NaN: quantize needs numbers");
  result = lookup.encode(input, {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "element [1, 0] is NaN: lookup needs numbers");
}

TEST(Quantize, RefusesCodesTooWide) {
  Result<Array> result =
      QuantizeFloat(E2M1).decode(bytes({3}, {1, 16, 2}), {}, {3});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [1] is code 16: quantize has codes below 16");
}

TEST(Quantize, ReadsEveryFloatType) {
  std::vector<Stream> sides;
  for (ElementType type :
       {ElementType::F64, ElementType::F16, ElementType::BF16}) {
    Result<Array> result = QuantizeInteger(4, true).encode(
        floats({2}, {2.5, -3}, type), {}, sides);
    ASSERT_TRUE(result) << result.message();
    EXPECT_EQ(toInts(*result), (std::vector<int>{2, 13}));
  }
}
