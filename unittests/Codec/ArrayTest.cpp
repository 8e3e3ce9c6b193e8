//===- ArrayTest.cpp - Arrays and conversions of their elements -----------===//

#include "TestArrays.h"

#include <cfloat>
#include <gtest/gtest.h>

using namespace zq::codec;

static uint16_t stored(ElementType type, float value) {
  Array array(type, {1});
  array.setFloat(0, value);
  if (byteWidth(type) == 1)
    return array.get<uint8_t>(0);
  return array.get<uint16_t>(0);
}

TEST(Array, HasZerosOfItsShape) {
  Array array(ElementType::I32, {2, 3});
  EXPECT_EQ(array.size(), 6);
  EXPECT_EQ(array.bytes, std::vector<uint8_t>(24));
  EXPECT_EQ(Array(ElementType::F32, {}).bytes.size(), 4u);
  EXPECT_EQ(Array(ElementType::F64, {5, 0}).bytes.size(), 0u);
}

TEST(Array, SpellsTypesAsMLIRDoes) {
  EXPECT_STREQ(name(ElementType::F8E4M3FN), "f8E4M3FN");
  EXPECT_STREQ(name(ElementType::F8E8M0FNU), "f8E8M0FNU");
  EXPECT_STREQ(name(ElementType::BF16), "bf16");
  EXPECT_EQ(byteWidth(ElementType::F8E5M2), 1);
  EXPECT_EQ(byteWidth(ElementType::I16), 2);
}

TEST(Array, RoundsToBF16ToNearestEven) {
  EXPECT_EQ(stored(ElementType::BF16, 1.0f), 0x3F80);
  EXPECT_EQ(stored(ElementType::BF16, 1 + 0x1p-8f), 0x3F80);
  EXPECT_EQ(stored(ElementType::BF16, 1 + 0x1.8p-8f), 0x3F81);
  EXPECT_EQ(stored(ElementType::BF16, 1 + 0x3p-8f), 0x3F82);
  EXPECT_EQ(stored(ElementType::BF16, FLT_MAX), 0x7F80);
  EXPECT_EQ(stored(ElementType::BF16, -0.0f), 0x8000);
  EXPECT_EQ(stored(ElementType::BF16, 0x1p-133f), 0x0001);
  EXPECT_EQ(stored(ElementType::BF16, 0x1p-134f), 0x0000);
  EXPECT_EQ(stored(ElementType::BF16, 0x1.8p-134f), 0x0001);
}

TEST(Array, RoundsToF16ToNearestEven) {
  EXPECT_EQ(stored(ElementType::F16, 65504), 0x7BFF);
  EXPECT_EQ(stored(ElementType::F16, 65519.996f), 0x7BFF);
  EXPECT_EQ(stored(ElementType::F16, 65520), 0x7C00);
  EXPECT_EQ(stored(ElementType::F16, -INFINITY), 0xFC00);
  EXPECT_EQ(stored(ElementType::F16, 0x1p-24f), 0x0001);
  EXPECT_EQ(stored(ElementType::F16, 0x1p-25f), 0x0000);
  EXPECT_EQ(stored(ElementType::F16, 0x3p-25f), 0x0002);
  EXPECT_EQ(stored(ElementType::F16, 1 + 0x1p-11f), 0x3C00);
}

TEST(Array, KeepsNaN) {
  for (ElementType type :
       {ElementType::F64, ElementType::F32, ElementType::F16, ElementType::BF16,
        ElementType::F8E4M3FN, ElementType::F8E5M2, ElementType::F8E8M0FNU}) {
    Array array = floats({1}, {NAN}, type);
    EXPECT_TRUE(std::isnan(array.getFloat(0))) << name(type);
  }
}

/// The upper bits of this one are those of an infinity.
TEST(Array, QuietsNaNsWhosePayloadIsCutOff) {
  uint32_t bits = 0xFF800001;
  float signalling;
  std::memcpy(&signalling, &bits, sizeof(bits));
  EXPECT_EQ(stored(ElementType::BF16, signalling), 0xFFC0);
  EXPECT_EQ(stored(ElementType::F16, signalling), 0xFE00);
  EXPECT_EQ(stored(ElementType::F8E5M2, signalling), 0xFE);
}

TEST(Array, SaturatesEightBitFloats) {
  EXPECT_EQ(stored(ElementType::F8E4M3FN, 1e9f), 0x7E);
  EXPECT_EQ(stored(ElementType::F8E4M3FN, -INFINITY), 0xFE);
  EXPECT_EQ(stored(ElementType::F8E5M2, 1e9f), 0x7B);
  EXPECT_EQ(stored(ElementType::F8E5M2, INFINITY), 0x7C);
  EXPECT_EQ(stored(ElementType::F8E8M0FNU, FLT_MAX), 0xFE);
}

/// Widening and narrowing again is the identity on all 16-bit floats but
/// signalling NaNs.
TEST(Array, WidensExactly) {
  for (ElementType type : {ElementType::F16, ElementType::BF16})
    for (int code = 0; code < 0x10000; ++code) {
      Array array(type, {1});
      array.set(0, static_cast<uint16_t>(code));
      float value = array.getFloat(0);
      if (std::isnan(value))
        continue;
      array.setFloat(0, value);
      ASSERT_EQ(array.get<uint16_t>(0), code) << name(type);
    }
}

TEST(Array, RoundsF64WhenRead) {
  Array array(ElementType::F64, {1});
  array.set(0, 1 + 0x1p-24);
  EXPECT_EQ(array.getFloat(0), 1.0f);
  array.set(0, 1 + 0x3p-24);
  EXPECT_EQ(array.getFloat(0), 1 + 0x1p-22f);
}
