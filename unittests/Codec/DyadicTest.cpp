//===- DyadicTest.cpp - Integers times powers of two ----------------------===//

#include "zq/Codec/Dyadic.h"
#include "TestArrays.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Scale.h"

#include <cfloat>
#include <gtest/gtest.h>

using namespace zq::codec;

static constexpr ElementType f32 = ElementType::F32;

namespace {
struct Encoded {
  Array mantissas;
  std::vector<Stream> sides;
  int exponent(int64_t i) const { return sides[0].array.get<int8_t>(i); }
};
} // namespace

static Encoded encode(int bits, const std::vector<float> &values) {
  Encoded result;
  Result<Array> main = Dyadic(bits).encode(
      floats({int64_t(values.size())}, values), Below(), result.sides);
  EXPECT_TRUE(main) << main.message();
  result.mantissas = *main;
  return result;
}

static std::vector<float> roundTrip(int bits,
                                    const std::vector<float> &values) {
  Encoded e = encode(bits, values);
  Result<Array> read =
      Dyadic(bits).decode(e.mantissas, e.sides, {int64_t(values.size())});
  EXPECT_TRUE(read) << read.message();
  return toFloats(*read);
}

TEST(Dyadic, HasAFullMantissaAndItsExponent) {
  Encoded e = encode(8, {1, 3, 0.1f, 255});
  EXPECT_EQ(toInts(e.mantissas), (std::vector<int>{128, 192, 205, 255}));
  EXPECT_EQ(e.exponent(0), -7);
  EXPECT_EQ(e.exponent(1), -6);
  EXPECT_EQ(e.exponent(2), -11);
  EXPECT_EQ(e.exponent(3), 0);
  EXPECT_EQ(e.sides[0].name, "exponent");
}

TEST(Dyadic, TiesGoUp) {
  // Halfway between 128 and 129, and between 129 and 130: to even, the first
  // would go down.
  EXPECT_EQ(toInts(encode(8, {128.5f, 129.5f}).mantissas),
            (std::vector<int>{129, 130}));
}

TEST(Dyadic, AMantissaThatRoundsUpCarries) {
  Encoded e = encode(8, {255.5f});
  EXPECT_EQ(toInts(e.mantissas), (std::vector<int>{128}));
  EXPECT_EQ(e.exponent(0), 1);
  EXPECT_EQ(roundTrip(8, {255.5f}), (std::vector<float>{256}));
}

TEST(Dyadic, DecodesEveryCodeExactly) {
  for (int bits : {1, 7, 8, 16}) {
    Dyadic stage(bits);
    for (int exponent : {-126, -1, 0, 128 - bits})
      for (uint32_t mantissa : {0u, 1u, (1u << bits) - 1}) {
        Array main(codeType(bits), {1}), side(ElementType::I8, {1});
        setCode(main, 0, mantissa);
        side.set(0, static_cast<int8_t>(exponent));
        Result<Array> read = stage.decode(main, {{"", side}}, {1});
        ASSERT_TRUE(read) << read.message();
        EXPECT_EQ(double(read->getFloat(0)),
                  std::ldexp(double(mantissa), exponent));
        EXPECT_TRUE(std::isfinite(read->getFloat(0)));
      }
  }
}

TEST(Dyadic, IsWithinHalfAMantissa) {
  for (int bits : {1, 4, 8, 12, 16, 24}) {
    Array input = gaussian({1000}, bits);
    for (int64_t i = 0; i < 1000; ++i)
      input.set(i, std::fabs(input.get<float>(i)));
    std::vector<float> values = toFloats(input);
    std::vector<float> read = roundTrip(bits, values);
    for (int64_t i = 0; i < 1000; ++i)
      EXPECT_LE(std::fabs(read[i] - values[i]),
                values[i] * std::ldexp(1.0, -bits))
          << bits;
    // What is there is read as it is.
    EXPECT_EQ(roundTrip(bits, read), read);
  }
}

TEST(Dyadic, HoldsExtremes) {
  EXPECT_EQ(roundTrip(8, {0, -0.0f}), (std::vector<float>{0, 0}));
  // The nearest would be 2^128.
  EXPECT_EQ(roundTrip(8, {FLT_MAX}), (std::vector<float>{0x1.FEp127f}));
  EXPECT_EQ(roundTrip(24, {FLT_MAX}), (std::vector<float>{FLT_MAX}));
  // Below 2^-118 the exponent is -126 and the mantissa shrinks.
  EXPECT_EQ(roundTrip(8, {0x1p-126f, 0x1.8p-126f, 0x1p-127f, 0x1p-149f}),
            (std::vector<float>{0x1p-126f, 0x1p-125f, 0x1p-126f, 0}));
  for (const Shape &shape : awkwardShapes()) {
    Array input(f32, shape);
    for (int64_t i = 0; i < input.size(); ++i)
      input.set(i, float(i));
    std::vector<Stream> sides;
    Result<Array> main = Dyadic(16).encode(input, Below(), sides);
    ASSERT_TRUE(main) << main.message();
    Result<Array> read = Dyadic(16).decode(*main, sides, shape);
    ASSERT_TRUE(read) << read.message();
    EXPECT_EQ(*read, input);
  }
}

TEST(Dyadic, StoresScales) {
  auto codec =
      std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
          std::make_shared<Dyadic>(8), std::make_shared<Pack>(8)});
  Scale stage({1, 0}, StoredFloats(CodecRef(codec)), {});
  std::vector<Stream> sides;
  Result<Array> main =
      stage.encode(floats({2, 2}, {0.1f, 0, 128.5f, 1}), Range{-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  EXPECT_EQ(main->getFloat(2), 128.5f / 129);
}

TEST(Dyadic, RefusesWhatItCannotHold) {
  Dyadic stage(8);
  std::vector<Stream> sides;
  Result<Array> main = stage.encode(floats({2}, {1, -2}), Below(), sides);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.message(), "element [1] is negative: dyadic has no sign");
  main = stage.encode(floats({2}, {1, INFINITY}), Below(), sides);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.message(), "element [1] is inf: dyadic needs finite values");
}

TEST(Dyadic, ChecksItsStreams) {
  Dyadic stage(8);
  Array exponent = bytes({2}, {0, 121});
  EXPECT_EQ(stage.check(nullptr, {{"", exponent}}, {2}).message(),
            "element [1] of stream 'exponent' is 121: dyadic has exponents "
            "from -126 to 120");
  exponent = bytes({2}, {-127, 0});
  EXPECT_EQ(stage.check(nullptr, {{"", exponent}}, {2}).message(),
            "element [0] of stream 'exponent' is -127: dyadic has exponents "
            "from -126 to 120");
  exponent = bytes({2}, {-126, 120});
  EXPECT_TRUE(stage.check(nullptr, {{"", exponent}}, {2}));
  EXPECT_EQ(stage.check(nullptr, {}, {2}).message(),
            "dyadic has 1 side streams, got 0");
  Array main = bytes({2}, {0, 128});
  EXPECT_EQ(Dyadic(7).check(&main, {{"", exponent}}, {2}).message(),
            "element [1] is code 128: dyadic has codes below 128");
}
