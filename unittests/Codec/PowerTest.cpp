//===- PowerTest.cpp - Integers of a power of the value -------------------===//

#include "zq/Codec/Power.h"
#include "TestArrays.h"
#include "zq/Codec/Scale.h"

using namespace zq::codec;

TEST(Power, RoundsAPowerOfTheValue) {
  // With Q = 7 and exponent 1/2, 1/49 has code 1; ties at 0.25 and 2.25 / 49.
  Power stage(4, 0.5);
  EXPECT_EQ(
      codes(stage, {0, -0.0f, 1, -1, 1.0f / 49, -4.0f / 49, 9, -INFINITY}),
      (std::vector<int>{0, 0, 7, 9, 1, 14, 7, 9}));
  EXPECT_EQ(codes(Power(2, 0.5), {0.24f, 0.25f, 0.26f, -0.26f}),
            (std::vector<int>{0, 0, 1, 3}));
}

TEST(Power, DecodesByTheInversePower) {
  for (int bits : {2, 3, 4, 8})
    for (double exponent : {0.5, 0.75, 1.0, 1.5}) {
      Power stage(bits, exponent);
      int largest = (1 << (bits - 1)) - 1;
      for (int c = -largest; c <= largest; ++c) {
        int code = c & ((1 << bits) - 1);
        double value = std::pow(std::abs(c) / double(largest), 1 / exponent);
        EXPECT_EQ(stage.decodeOne(code), float(c < 0 ? -value : value));
        EXPECT_EQ(codes(stage, {stage.decodeOne(code)}),
                  std::vector<int>{code});
      }
      EXPECT_EQ(stage.decodeOne(1 << (bits - 1)), -1);
      EXPECT_EQ(stage.inputRange({}).low, -1);
      EXPECT_EQ(stage.inputRange({}).high, 1);
    }
}

/// The powers are the continuous functions that keep products.
TEST(Power, KeepsProductsOfCodes) {
  Power stage(4, 0.75);
  for (int a = 0; a <= 7; ++a)
    for (int b = 0; b <= 7; ++b)
      EXPECT_NEAR(stage.decodeOne(a) * stage.decodeOne(b),
                  std::pow(a * b / 49.0, 1 / 0.75), 1e-6);
}

/// About 3/4 suits Gaussian values under a scale by their largest magnitude.
TEST(Power, HasLeastErrorNearThreeQuarters) {
  Array input = gaussian({64, 256}, 5);
  auto error = [&](double exponent) {
    Codec codec({std::make_shared<Scale>(Shape{1, 0}, ElementType::F32),
                 std::make_shared<Power>(4, exponent)});
    Result<Array> read = codec.roundTrip(input);
    EXPECT_TRUE(read) << read.message();
    double sum = 0;
    for (int64_t i = 0; i < input.size(); ++i) {
      double difference = read->getFloat(i) - input.getFloat(i);
      sum += difference * difference;
    }
    return sum;
  };
  EXPECT_LT(error(0.75), error(0.5));
  EXPECT_LT(error(0.75), error(1));
}

TEST(Power, RefusesNaN) {
  std::vector<Stream> sides;
  Result<Array> result =
      Power(4, 0.75).encode(floats({2}, {0, NAN}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "element [1] is NaN: power needs numbers");
}
