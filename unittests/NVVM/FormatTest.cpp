//===- FormatTest.cpp - Numbers as the tensor core reads them -------------===//
#include "Formats.h"
#include "gtest/gtest.h"

#include <cmath>
#include <random>
#include <vector>

using namespace zq::emulator;

namespace {
struct Case {
  const char *name;
  Format format;
  unsigned bits;
  double largest;
};
const Case cases[] = {
    {"E2M1", E2M1, 4, 6},           {"E2M3", E2M3, 6, 7.5},
    {"E3M2", E3M2, 6, 28},          {"E4M3", E4M3, 8, 448},
    {"E5M2", E5M2, 8, 57344},       {"F16", F16, 16, 65504},
    {"BF16", BF16, 16, 0x1.fep127},
};

class FormatTest : public testing::TestWithParam<Case> {};
} // namespace

TEST(FormatTest, Fp4IsItsTable) {
  const double values[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for (unsigned i = 0; i < 16; ++i)
    EXPECT_EQ(decode(E2M1, i), i & 8 ? -values[i & 7] : values[i & 7]);
}

TEST(FormatTest, SpecialCodes) {
  EXPECT_TRUE(std::isnan(decode(E4M3, 0x7f)));
  EXPECT_TRUE(std::isnan(decode(E4M3, 0xff)));
  EXPECT_EQ(decode(E4M3, 0x7e), 448);
  EXPECT_EQ(decode(E4M3, 1), std::ldexp(1, -9));
  EXPECT_TRUE(std::isnan(decode(UE4M3, 0x7f)));
  EXPECT_TRUE(std::isinf(decode(E5M2, 0x7c)));
  EXPECT_EQ(decode(E5M2, 0xfb), -57344);
  EXPECT_EQ(decode(UE8M0, 0), std::ldexp(1, -127));
  EXPECT_EQ(decode(UE8M0, 254), std::ldexp(1, 127));
  EXPECT_TRUE(std::isnan(decode(UE8M0, 255)));
  EXPECT_EQ(decode(F16, 0x3c01), 1 + std::ldexp(1, -10));
  EXPECT_EQ(decode(BF16, 0x0001), std::ldexp(1, -133));
}

TEST_P(FormatTest, CodesComeBack) {
  const Case &test = GetParam();
  for (uint32_t code = 0; code < 1u << test.bits; ++code) {
    double value = decode(test.format, code);
    if (std::isnan(value) || std::isinf(value))
      continue;
    ASSERT_EQ(encode(test.format, value), code);
    ASSERT_LE(std::fabs(value), test.largest);
  }
}

// Rounding, against a search of all codes.
TEST_P(FormatTest, RoundsToTheNearest) {
  const Case &test = GetParam();
  std::vector<std::pair<double, uint32_t>> positive;
  for (uint32_t code = 0; code < 1u << (test.bits - 1); ++code)
    if (double value = decode(test.format, code); std::isfinite(value))
      positive.push_back({value, code});
  std::mt19937 random(1);
  std::uniform_real_distribution<double> at(0, 1);
  for (size_t i = 0; i + 1 < positive.size();
       i += std::max<size_t>(1, positive.size() / 500)) {
    auto [low, lowCode] = positive[i];
    auto [high, highCode] = positive[i + 1];
    double middle = (low + high) / 2;
    EXPECT_EQ(encode(test.format, middle), lowCode & 1 ? highCode : lowCode);
    EXPECT_EQ(encode(test.format, std::nextafter(middle, high)), highCode);
    EXPECT_EQ(encode(test.format, std::nextafter(middle, low)), lowCode);
    double value = low + (high - low) * at(random);
    EXPECT_EQ(encode(test.format, value),
              value - low < high - value ? lowCode : highCode);
    EXPECT_EQ(encode(test.format, value, RoundZero), lowCode);
    uint32_t sign = 1u << (test.bits - 1);
    EXPECT_EQ(encode(test.format, -value),
              sign | (value - low < high - value ? lowCode : highCode));
    if (value > low) {
      EXPECT_EQ(encode(test.format, value, RoundUp), highCode);
      EXPECT_EQ(encode(test.format, -value, RoundUp), sign | lowCode);
    }
  }
}

TEST_P(FormatTest, LargeValues) {
  const Case &test = GetParam();
  uint32_t largest = encode(test.format, test.largest);
  EXPECT_EQ(encode(test.format, 1e300, RoundNearest, true), largest);
  EXPECT_EQ(decode(test.format, largest), test.largest);
  uint32_t sign = 1u << (test.bits - 1);
  EXPECT_EQ(encode(test.format, -HUGE_VAL, RoundNearest, true), sign | largest);
  double unsaturated = decode(test.format, encode(test.format, 1e300));
  if (test.bits < 8)
    EXPECT_EQ(unsaturated, test.largest);
  else
    EXPECT_FALSE(std::isfinite(unsaturated));
}

INSTANTIATE_TEST_SUITE_P(All, FormatTest, testing::ValuesIn(cases),
                         [](const auto &info) { return info.param.name; });

TEST(FormatTest, PowersOfTwo) {
  EXPECT_EQ(encode(UE8M0, 1.0, RoundUp), 127u);
  EXPECT_EQ(encode(UE8M0, 1.01, RoundUp), 128u);
  EXPECT_EQ(encode(UE8M0, 1.99, RoundZero), 127u);
  EXPECT_EQ(encode(UE8M0, 0.0, RoundUp), 0u);
  EXPECT_EQ(encode(UE8M0, 1e300, RoundUp), 254u);
  EXPECT_EQ(encode(UE8M0, std::nan(""), RoundUp), 255u);
}

TEST(FormatTest, FusedIsRoundedOnce) {
  // 7 * 37 / 256 lies between two bf16, and f32 cannot hold it less 2^-40.
  uint16_t seven = encode(BF16, 7), other = encode(BF16, 37.0 / 256);
  uint16_t tiny = encode(BF16, std::ldexp(1, -40));
  EXPECT_EQ(multiplyAdd(BF16, seven, other, 0), encode(BF16, 130.0 / 128));
  EXPECT_EQ(multiplyAdd(BF16, seven, other, tiny), encode(BF16, 130.0 / 128));
  EXPECT_EQ(multiplyAdd(BF16, seven, other, tiny | 0x8000),
            encode(BF16, 129.0 / 128));
  EXPECT_EQ(multiplyAdd(F16, 0x3c00, 0x3c00, 0x3c00), 0x4000);
  // Random ones, with the exact value in long double.
  std::mt19937 random(2);
  for (int i = 0; i < 10000; ++i) {
    uint16_t a = 0x3800 + random() % 0x1000, b = 0x3800 + random() % 0x1000,
             c = 0x3800 + random() % 0x1000;
    long double exact =
        (long double)decode(BF16, a) * decode(BF16, b) + decode(BF16, c);
    double value = exact;
    if ((long double)value != exact)
      continue;
    ASSERT_EQ(multiplyAdd(BF16, a, b, c), encode(BF16, value));
  }
}
