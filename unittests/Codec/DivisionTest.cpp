//===- DivisionTest.cpp - Division by a constant without dividing ---------===//

#include "zq/Codec/Division.h"

#include <gtest/gtest.h>
#include <random>

using namespace zq::codec;

static uint64_t divide(uint64_t value, Division by) {
  return value * by.multiplier >> by.shift;
}

/// The largest word of digits of base `radix` below 2^bits.
static uint64_t largestWord(uint64_t radix, int bits) {
  uint64_t limit = ~uint64_t(0) >> (64 - bits), word = 0;
  while (word <= (limit - (radix - 1)) / radix)
    word = word * radix + (radix - 1);
  return word;
}

/// Bytes need 32 bits for it, words of 16 bits sometimes 64.
TEST(Division, IsExactForEveryWordOfDigits) {
  for (int bits : {8, 16})
    for (uint64_t radix = 3; radix <= 255; ++radix) {
      uint64_t largest = largestWord(radix, bits);
      for (uint64_t divisor = 1; divisor <= largest; divisor *= radix) {
        int lane = 32;
        auto division = findDivision(divisor, largest, lane);
        if (!division && bits > 8)
          division = findDivision(divisor, largest, lane = 64);
        ASSERT_TRUE(division) << radix << ", " << divisor;
        if (lane == 32)
          EXPECT_LE(division->multiplier * largest, UINT32_MAX);
        for (uint64_t x = 0; x <= largest; ++x)
          ASSERT_EQ(divide(x, *division), x / divisor) << x;
      }
    }
}

/// Where a quotient is wrong it is so just below a multiple of the divisor.
TEST(Division, IsExactForWordsOf32Bits) {
  std::mt19937_64 random(1);
  int found = 0, missing = 0;
  for (uint64_t radix = 3; radix <= 255; ++radix) {
    uint64_t largest = largestWord(radix, 32);
    for (uint64_t divisor = 1; divisor <= largest; divisor *= radix) {
      auto division = findDivision(divisor, largest, 64);
      (division ? found : missing) += 1;
      if (!division)
        continue;
      auto expectExact = [&](uint64_t x) {
        ASSERT_EQ(divide(x, *division), x / divisor) << x;
      };
      expectExact(0);
      expectExact(largest);
      expectExact(largest / divisor * divisor - 1);
      for (int i = 0; i < 100; ++i) {
        uint64_t multiple = random() % (largest / divisor + 1) * divisor;
        expectExact(multiple);
        if (multiple)
          expectExact(multiple - 1);
      }
    }
  }
  EXPECT_GT(found, 20 * missing);
}

TEST(Division, KnowsWhereThereIsNone) {
  EXPECT_FALSE(findDivision(7, UINT32_MAX, 32));
  EXPECT_FALSE(findDivision(7, UINT64_MAX, 64));
  auto division = findDivision(1, UINT64_MAX, 64);
  ASSERT_TRUE(division);
  EXPECT_EQ(division->multiplier, 1u);
  EXPECT_EQ(division->shift, 0);
}
