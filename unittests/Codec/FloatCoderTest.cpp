//===- FloatCoderTest.cpp - Loops convert floats as Minifloat.h says ------===//

#include "FloatCoder.h"
#include "TestArrays.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/StoredFloats.h"

#include <cfloat>

using namespace zq::codec;

/// Every format with subnormals that has a name, and the wide ones.
static std::vector<Minifloat> formats() {
  std::vector<Minifloat> result = {Half, BFloat};
  for (const char *sign : {"e", "ue"})
    for (int x = 1; x <= 8; ++x)
      for (int y = 0; y <= 7; ++y)
        if (std::optional<Minifloat> format = parseMinifloat(
                sign + std::to_string(x) + "m" + std::to_string(y)))
          if (format->hasSubnormals)
            result.push_back(*format);
  return result;
}

/// Bit patterns of f32: all upper halves with lower ones that round up, down
/// and to even, and any.
static const std::vector<float> &patterns() {
  static const std::vector<float> all = [] {
    std::vector<float> result;
    for (uint32_t upper = 0; upper < 1 << 16; ++upper)
      for (uint32_t lower : {0x0u, 0x8000u, 0x8001u})
        result.push_back(floatOf(upper << 16 | lower));
    std::mt19937 generator(3);
    for (int i = 0; i < 1 << 16; ++i)
      result.push_back(floatOf(generator()));
    // Ties and their neighbours in every place.
    for (uint32_t exponent = 0; exponent < 256; ++exponent)
      for (int place = 0; place < 23; ++place)
        for (uint32_t odd : {0u, 2u})
          for (int step : {-1, 0, 1})
            result.push_back(floatOf((exponent << 23) +
                                     ((odd | 1u) << place & 0x7FFFFF) + step));
    return result;
  }();
  return all;
}

TEST(FloatCoder, EncodesEveryPatternAsTheDefinition) {
  for (const Minifloat &format : formats())
    for (bool saturate : {false, true}) {
      FloatCoder coder(format, saturate);
      for (float value : patterns())
        ASSERT_EQ(coder.encode(value), encodeFloat(format, value, saturate))
            << format.name() << ", " << std::hex << bitsOf(value);
    }
}

TEST(FloatCoder, DecodesEveryCodeAsTheDefinition) {
  for (const Minifloat &format : formats()) {
    FloatCoder coder(format, true);
    for (int code = 0; code < 1 << format.bits(); ++code)
      ASSERT_EQ(bitsOf(coder.decode(code)), bitsOf(decodeFloat(format, code)))
          << format.name() << ", " << code;
  }
}

TEST(FloatCoder, OfE8M0DoesAsTheDefinition) {
  E8M0Coder coder;
  for (float value : patterns())
    ASSERT_EQ(coder.encode(value), encodeMinifloat(E8M0, value))
        << std::hex << bitsOf(value);
  for (int code = 0; code < 256; ++code)
    ASSERT_EQ(bitsOf(coder.decode(code)), bitsOf(decodeMinifloat(E8M0, code)));
}

TEST(Elements, ConvertAsGetFloatAndSetFloatDo) {
  Array f32(ElementType::F32, {int64_t(patterns().size())});
  std::memcpy(f32.bytes.data(), patterns().data(), f32.bytes.size());
  for (ElementType type :
       {ElementType::F64, ElementType::F32, ElementType::F16, ElementType::BF16,
        ElementType::F8E4M3FN, ElementType::F8E5M2, ElementType::F8E8M0FNU}) {
    Array expected(type, f32.shape), back(ElementType::F32, f32.shape);
    for (int64_t i = 0; i < f32.size(); ++i)
      expected.setFloat(i, f32.get<float>(i));
    ASSERT_EQ(converted(f32, type), expected) << name(type);
    for (int64_t i = 0; i < f32.size(); ++i)
      back.set(i, expected.getFloat(i));
    ASSERT_EQ(converted(expected, ElementType::F32), back) << name(type);
    ASSERT_EQ(*F32View(expected), back) << name(type);
  }
}

TEST(StoredFloats, RoundAsAnElementDoesAndSaturate) {
  for (ElementType type :
       {ElementType::F64, ElementType::F32, ElementType::F16, ElementType::BF16,
        ElementType::F8E4M3FN, ElementType::F8E5M2, ElementType::F8E8M0FNU}) {
    float largest = std::min(maxFinite(type), double(FLT_MAX));
    StoredFloats stored(type);
    for (float value : patterns()) {
      if (std::isnan(value))
        continue;
      Array slot(type, {1});
      slot.setFloat(0, std::clamp(value, -largest, largest));
      ASSERT_EQ(bitsOf(stored.round(value)), bitsOf(slot.getFloat(0)))
          << name(type) << ", " << std::hex << bitsOf(value);
    }
  }
}

/// `encodeMany` is `encodeOne`, many times.
static void expectTheSame(const Quantize &quantizer, float scale,
                          const std::string &what) {
  std::vector<float> values;
  for (float pattern : patterns())
    if (!std::isnan(pattern))
      values.push_back(pattern);
  std::mt19937 generator(4);
  std::normal_distribution<float> normal(0, scale);
  for (int i = 0; i < 1 << 16; ++i)
    values.push_back(normal(generator));
  // Multiples of an eighth: integers and ties.
  for (int i = -4096; i <= 4096; ++i)
    for (float step : {-FLT_EPSILON, 0.0f, FLT_EPSILON})
      values.push_back(float(i) / 8 * (1 + step));
  std::vector<uint8_t> codes(values.size());
  quantizer.encodeMany(values.data(), values.size(), 5, codes.data());
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(codes[i], quantizer.encodeOne(values[i], i + 5))
        << what << ": " << values[i];
}

TEST(Quantize, ManyFloatsAsOneByOne) {
  for (const Minifloat &format : formats())
    if (format.bits() <= 8)
      expectTheSame(QuantizeFloat(format), format.maxFinite(), format.name());
  expectTheSame(QuantizeFloat(E8M0), 1, "e8m0");
  expectTheSame(QuantizeFloat(E3M2, Ties::Down), 8, "ties down");
  expectTheSame(QuantizeFloat(E3M2, Rounding::stochastic(4)), 8, "stochastic");
}

TEST(Quantize, ManyIntegersAsOneByOne) {
  for (int bits = 1; bits <= 8; ++bits) {
    for (bool isSigned : {false, true})
      expectTheSame(QuantizeInteger(bits, isSigned), 1 << bits, "full");
    expectTheSame(QuantizeInteger(IntegerGrid::bipolar(bits)), 1 << bits,
                  "bipolar");
    if (bits > 1)
      expectTheSame(QuantizeInteger(IntegerGrid::symmetric(bits)), 1 << bits,
                    "symmetric");
  }
  for (int count : {3, 11, 15, 255})
    expectTheSame(QuantizeInteger(IntegerGrid::levels(count)), count, "levels");
  for (Ties ties : {Ties::Up, Ties::Down, Ties::Away, Ties::Zero})
    expectTheSame(QuantizeInteger(IntegerGrid::full(4, true), ties), 8, "ties");
}

TEST(Quantize, ManyLookupsAsOneByOne) {
  expectTheSame(Lookup({-1, 1}), 1, "two");
  expectTheSame(Lookup({-1, -0.7f, -0.1f, 0, 0.3f, 0.33333334f, 5}), 2, "few");
  // Midpoints that are no floats.
  expectTheSame(Lookup({1, 1 + FLT_EPSILON, 1 + 2 * FLT_EPSILON, 0x1p100f}), 2,
                "close");
  expectTheSame(Lookup({-FLT_MAX, 0, 0x1p-149f, 0x1p-148f, FLT_MAX}), 2,
                "extreme");
  std::vector<float> table;
  for (int i = 0; i < 256; ++i)
    table.push_back(float(i * i) / 100 - 50);
  expectTheSame(Lookup(table), 100, "256");
  table.resize(32);
  expectTheSame(Lookup(table), 100, "32");
}
