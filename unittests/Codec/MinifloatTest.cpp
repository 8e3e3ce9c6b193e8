//===- MinifloatTest.cpp - Small formats, code by code --------------------===//

#include "zq/Codec/Minifloat.h"

#include <cfloat>
#include <cmath>
#include <gtest/gtest.h>
#include <vector>

using namespace zq::codec;

static const Minifloat formats[] = {E2M1, E2M3, E3M2, E4M3FN, E5M2, E8M0};

/// The finite values by ascending code, from code 0.
static std::vector<float> positiveValues(const Minifloat &format) {
  std::vector<float> values;
  for (int code = 0; code <= format.maxFiniteCode(); ++code)
    values.push_back(decodeMinifloat(format, code));
  return values;
}

TEST(Minifloat, E2M1HasThePublishedGrid) {
  EXPECT_EQ(positiveValues(E2M1),
            (std::vector<float>{0, 0.5, 1, 1.5, 2, 3, 4, 6}));
  EXPECT_EQ(decodeMinifloat(E2M1, 0xF), -6);
  EXPECT_TRUE(std::signbit(decodeMinifloat(E2M1, 0x8)));
}

TEST(Minifloat, E2M3HasThePublishedGrid) {
  std::vector<float> grid;
  for (int i = 0; i < 16; ++i)
    grid.push_back(i * 0.125f);
  for (int i = 8; i < 16; ++i)
    grid.push_back(i * 0.25f);
  for (int i = 8; i < 16; ++i)
    grid.push_back(i * 0.5f);
  EXPECT_EQ(positiveValues(E2M3), grid);
}

TEST(Minifloat, HaveThePublishedExtremes) {
  EXPECT_EQ(E2M1.maxFinite(), 6);
  EXPECT_EQ(E2M3.maxFinite(), 7.5);
  EXPECT_EQ(E3M2.maxFinite(), 28);
  EXPECT_EQ(E4M3FN.maxFinite(), 448);
  EXPECT_EQ(E5M2.maxFinite(), 57344);
  EXPECT_EQ(E8M0.maxFinite(), 0x1p127f);
  EXPECT_EQ(decodeMinifloat(E3M2, 1), 0.0625f);
  EXPECT_EQ(decodeMinifloat(E4M3FN, 1), 0x1p-9f);
  EXPECT_EQ(decodeMinifloat(E5M2, 1), 0x1p-16f);
  EXPECT_EQ(decodeMinifloat(E8M0, 0), 0x1p-127f);
}

TEST(Minifloat, HaveThePublishedNumberOfFiniteCodes) {
  const int expected[] = {16, 64, 64, 254, 248, 255};
  for (int f = 0; f < 6; ++f) {
    int finite = 0;
    for (int code = 0; code < 1 << formats[f].bits(); ++code)
      finite += std::isfinite(decodeMinifloat(formats[f], code));
    EXPECT_EQ(finite, expected[f]) << formats[f].name();
  }
}

TEST(Minifloat, HaveTheirSpecialCodes) {
  EXPECT_TRUE(std::isnan(decodeMinifloat(E4M3FN, 0x7F)));
  EXPECT_TRUE(std::isnan(decodeMinifloat(E4M3FN, 0xFF)));
  EXPECT_EQ(decodeMinifloat(E5M2, 0x7C), INFINITY);
  EXPECT_EQ(decodeMinifloat(E5M2, 0xFC), -INFINITY);
  for (int code : {0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF})
    EXPECT_TRUE(std::isnan(decodeMinifloat(E5M2, code)));
  EXPECT_TRUE(std::isnan(decodeMinifloat(E8M0, 0xFF)));
}

TEST(Minifloat, EncodeInvertsDecodeForEveryCode) {
  for (const Minifloat &format : formats)
    for (int code = 0; code < 1 << format.bits(); ++code) {
      float value = decodeMinifloat(format, code);
      if (!std::isnan(value)) {
        EXPECT_EQ(encodeMinifloat(format, value), code) << format.name();
      }
    }
}

/// Between neighbours a and b: below the midpoint a, above it b, at it the even
/// code.
TEST(Minifloat, RoundsToNearestEvenBetweenAllNeighbours) {
  for (const Minifloat &format : {E2M1, E2M3, E3M2, E4M3FN, E5M2}) {
    int sign = 1 << (format.bits() - 1);
    for (int code = 0; code < format.maxFiniteCode(); ++code) {
      float a = decodeMinifloat(format, code);
      float b = decodeMinifloat(format, code + 1);
      float middle = (a + b) / 2;
      int even = code + (code & 1);
      EXPECT_EQ(encodeMinifloat(format, middle), even) << format.name();
      EXPECT_EQ(encodeMinifloat(format, -middle), even | sign) << format.name();
      EXPECT_EQ(encodeMinifloat(format, std::nextafter(middle, a)), code);
      EXPECT_EQ(encodeMinifloat(format, std::nextafter(middle, b)), code + 1);
    }
  }
}

TEST(Minifloat, RoundsTiesOfE8M0Up) {
  EXPECT_EQ(encodeMinifloat(E8M0, 1.5f), 128);
  EXPECT_EQ(encodeMinifloat(E8M0, 3.0f), 129);
  EXPECT_EQ(encodeMinifloat(E8M0, 1.4999f), 127);
}

TEST(Minifloat, SaturatesBeyondTheLargestValue) {
  for (const Minifloat &format : formats) {
    int largest = format.maxFiniteCode();
    int sign = format.hasSign ? 1 << (format.bits() - 1) : 0;
    EXPECT_EQ(encodeMinifloat(format, FLT_MAX), largest) << format.name();
    EXPECT_EQ(
        encodeMinifloat(format, std::nextafter(format.maxFinite(), FLT_MAX)),
        largest)
        << format.name();
    if (sign) {
      EXPECT_EQ(encodeMinifloat(format, -FLT_MAX), largest | sign);
    }
    if (!format.hasInfinity) {
      EXPECT_EQ(encodeMinifloat(format, INFINITY), largest) << format.name();
    }
  }
  EXPECT_EQ(encodeMinifloat(E5M2, INFINITY), 0x7C);
  EXPECT_EQ(encodeFloat(E5M2, FLT_MAX, /*saturate=*/false), 0x7C);
}

TEST(Minifloat, UnderflowsToZeroOfTheSameSign) {
  for (const Minifloat &format : {E2M1, E2M3, E3M2, E4M3FN, E5M2}) {
    int sign = 1 << (format.bits() - 1);
    EXPECT_EQ(encodeMinifloat(format, 0.0f), 0);
    EXPECT_EQ(encodeMinifloat(format, -0.0f), sign);
    EXPECT_EQ(encodeMinifloat(format, 0x1p-149f), 0);
    EXPECT_EQ(encodeMinifloat(format, -0x1p-149f), sign);
  }
}

TEST(Minifloat, E8M0HasNeitherZeroNorSign) {
  EXPECT_EQ(encodeMinifloat(E8M0, 0.0f), 0);
  EXPECT_EQ(encodeMinifloat(E8M0, 0x1p-149f), 0);
  EXPECT_EQ(encodeMinifloat(E8M0, -1.0f), 0xFF);
}

TEST(Minifloat, EncodesNaNAsTheFormatAllows) {
  EXPECT_EQ(encodeMinifloat(E4M3FN, NAN), 0x7F);
  EXPECT_EQ(encodeMinifloat(E8M0, NAN), 0xFF);
  EXPECT_TRUE(std::isnan(decodeMinifloat(E5M2, encodeMinifloat(E5M2, NAN))));
  EXPECT_EQ(encodeMinifloat(E2M1, NAN), 7);
  EXPECT_EQ(encodeMinifloat(E3M2, -NAN), 31);
}

TEST(Minifloat, AreKnownByTheirFields) {
  for (const Minifloat &format : {E2M1, E2M3, E3M2, E4M3FN, E5M2, E8M0}) {
    std::optional<Minifloat> parsed = parseMinifloat(format.name());
    ASSERT_TRUE(parsed) << format.name();
    EXPECT_EQ(parsed->bias, format.bias);
    EXPECT_EQ(parsed->bits(), format.bits());
    EXPECT_EQ(parsed->maxFinite(), format.maxFinite());
    EXPECT_EQ(parsed->hasInfinity, format.hasInfinity);
  }
  for (const char *name : {"e0m3", "e8m0", "ue8m1", "e4m4", "ue0m4", "e2m-1",
                           "e2m1x", "ie2m1", "E2M1", "e02m1", "", "e"})
    EXPECT_FALSE(parseMinifloat(name)) << name;
}

/// Each value written a second time, from the definition.
TEST(Minifloat, OfAnyFieldsDecodeByTheFormula) {
  int count = 0;
  for (int x = 1; x <= 8; ++x)
    for (int y = 0; x + y <= 8; ++y)
      for (const char *sign : {"e", "ue"}) {
        std::string name = sign + std::to_string(x) + "m" + std::to_string(y);
        std::optional<Minifloat> format = parseMinifloat(name);
        ASSERT_EQ(bool(format), *sign == 'u' || x + y <= 7) << name;
        if (!format || name == "ue8m0")
          continue;
        ++count;
        int bias = (1 << (x - 1)) - 1;
        for (int code = 0; code <= format->maxFiniteCode(); ++code) {
          int field = code >> y;
          double mantissa = code % (1 << y) + (field ? 1 << y : 0);
          double value = std::ldexp(mantissa, std::max(field, 1) - bias - y);
          EXPECT_EQ(decodeMinifloat(*format, code), value) << name;
          EXPECT_EQ(encodeMinifloat(*format, value), code) << name;
        }
        bool isSpecial = name == "e4m3" || name == "ue4m3" || name == "ue5m3";
        int last = (1 << (x + y)) - 1;
        if (name != "e5m2") {
          EXPECT_EQ(format->maxFiniteCode(), last - isSpecial) << name;
        }
      }
  EXPECT_EQ(count, 28 + 35);
}

TEST(Minifloat, UnsignedScaleFormatsHaveThePublishedCodes) {
  EXPECT_EQ(UE4M3.maxFiniteCode(), 126);
  EXPECT_EQ(UE4M3.maxFinite(), 448);
  EXPECT_EQ(UE5M3.maxFiniteCode(), 254);
  EXPECT_EQ(UE5M3.maxFinite(), 114688);
  EXPECT_EQ(decodeMinifloat(UE5M3, 1), 0x1p-17f);
  EXPECT_TRUE(std::isnan(decodeMinifloat(UE5M3, 0xFF)));
}
