//===- GgufTest.cpp - Compositions that decode as ggml does ---------------===//
//
// Codes, scales and minimums of any value decode, bit for bit, to what the
// formulas of ggml's `dequantize_row_*` (ggml-quants.c) give in f32, each
// operation rounded. The formulas are written down here once more, from the
// fields of a block as numbers; how GGUF lays these out in bytes is another
// matter.
//
//===----------------------------------------------------------------------===//

#include "TestArrays.h"
#include "zq/Codec/Offset.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

static constexpr ElementType f32 = ElementType::F32;
static constexpr ElementType f16 = ElementType::F16;
/// Rows of one super-block and a half of 256: the last one is ragged.
static const Shape shape = {3, 384};

/// scale<block, stored [, peak]>.
static std::shared_ptr<const Stage> scale(int64_t columns, StoredFloats stored,
                                          bool isPeak = false) {
  ScaleOptions options;
  if (isPeak)
    options.statistic = ScaleStatistic::Peak;
  return std::make_shared<Scale>(Shape{1, columns}, std::move(stored), options);
}

/// offset<block, stored, min>.
static std::shared_ptr<const Stage> minimum(int64_t columns,
                                            StoredFloats stored) {
  return std::make_shared<Offset>(Shape{1, columns}, std::move(stored),
                                  OffsetStatistic::Min);
}

/// The stages above, then quantize<siN or uiN>, pack.
static Codec packed(std::vector<std::shared_ptr<const Stage>> above, int bits,
                    bool isSigned) {
  above.push_back(std::make_shared<QuantizeInteger>(bits, isSigned));
  above.push_back(std::make_shared<Pack>(bits));
  return Codec(std::move(above));
}

/// Scales of scales in f16 for each super-block, integers of `bits` bits.
static CodecRef coded(int64_t columns, bool isPeak, int bits,
                      bool isSigned = false) {
  return std::make_shared<Codec>(
      packed({scale(columns, f16, isPeak)}, bits, isSigned));
}

/// Any f16 value but infinity and NaN, moderate in size.
static Array halves(Shape shape, unsigned seed, bool isNegative = false) {
  Array array = gaussian(std::move(shape), seed, f16);
  for (int64_t i = 0; isNegative && i < array.size(); ++i)
    array.setFloat(i, -std::fabs(array.getFloat(i)));
  return array;
}

/// Integers of `bits` bits, from `low` on.
static std::vector<int> integers(int64_t count, int bits, int low,
                                 unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<int> result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back(int(generator() >> (32 - bits)) + low);
  return result;
}

/// `values` as packed codes of `bits` bits, in rows of `columns`.
static Array pack(const std::vector<int> &values, int64_t columns, int bits) {
  Array codes(ElementType::I8, {int64_t(values.size()) / columns, columns});
  for (size_t i = 0; i < values.size(); ++i)
    setCode(codes, i, values[i] & ((1 << bits) - 1));
  std::vector<Stream> sides;
  Result<Array> main = Pack(bits).encode(codes, Below(), sides);
  EXPECT_TRUE(main) << main.message();
  return *main;
}

static uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

static void expectBits(const Codec &codec, const std::vector<Array> &arrays,
                       const std::function<float(int64_t, int64_t)> &expected) {
  std::vector<Stream> streams;
  for (const Array &array : arrays)
    streams.push_back({"", array});
  Result<Array> read = codec.decode(streams, shape, f32);
  ASSERT_TRUE(read) << read.message();
  for (int64_t row = 0; row < shape[0]; ++row)
    for (int64_t column = 0; column < shape[1]; ++column) {
      float value = expected(row, column);
      ASSERT_EQ(read->get<uint32_t>(row * shape[1] + column), bitsOf(value))
          << row << ", " << column << ": " << value;
    }
}

/// Encodes and decodes Gaussian values.
static double signalToNoise(const Codec &codec) {
  Array input = gaussian(shape, 17);
  Result<Array> read = codec.roundTrip(input);
  EXPECT_TRUE(read) << read.message();
  double error = 0, power = 0;
  for (int64_t i = 0, n = input.size(); i < n; ++i) {
    double difference = double(read->getFloat(i)) - input.getFloat(i);
    error += difference * difference;
    power += double(input.getFloat(i)) * input.getFloat(i);
  }
  return power / error;
}

TEST(Gguf, Q4_0) {
  // y = (q - 8) * d
  Codec codec = packed({scale(32, f16, /*isPeak=*/true)}, 4, true);
  Array d = halves({3, 12}, 1);
  std::vector<int> q = integers(3 * 384, 4, -8, 2);
  expectBits(codec, {d, pack(q, 384, 4)}, [&](int64_t row, int64_t column) {
    return float(q[row * 384 + column]) * d.getFloat(row * 12 + column / 32);
  });
  EXPECT_GT(signalToNoise(codec), 90);

  // d = max / -8: the largest in magnitude is exact, whatever its sign.
  Array input = floats({1, 4}, {-1, 0.5, 4, 3.5});
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams);
  EXPECT_EQ((*streams)[0].array.getFloat(0), -0.5);
  EXPECT_EQ(toInts((*streams)[1].array), (std::vector<int>{0xF2, 0x98}));
  EXPECT_EQ(*codec.roundTrip(input), input);
}

TEST(Gguf, Q4_1) {
  // y = q * d + m
  Codec codec = packed({minimum(32, f16), scale(32, f16)}, 4, false);
  Array m = halves({3, 12}, 3), d = halves({3, 12}, 4);
  std::vector<int> q = integers(3 * 384, 4, 0, 5);
  expectBits(codec, {m, d, pack(q, 384, 4)}, [&](int64_t row, int64_t column) {
    int64_t block = row * 12 + column / 32;
    float product = float(q[row * 384 + column]) * d.getFloat(block);
    return product + m.getFloat(block);
  });
  EXPECT_GT(signalToNoise(codec), 110);
}

/// y = (d * sc) * q - dmin * m, for blocks of `block` and super-blocks of 256.
/// What is stored of the minimum is -dmin.
static void expectWithMinimum(int64_t block, int scaleBits, int bits,
                              double leastSignalToNoise) {
  int64_t perSuper = 256 / block, blocks = 384 / block;
  Codec codec = packed({minimum(block, coded(perSuper, true, scaleBits)),
                        scale(block, coded(perSuper, false, scaleBits))},
                       bits, false);
  Array minusDmin = halves({3, 2}, 6, /*isNegative=*/true);
  Array d = halves({3, 2}, 7);
  std::vector<int> m = integers(3 * blocks, scaleBits, 0, 8);
  std::vector<int> sc = integers(3 * blocks, scaleBits, 0, 9);
  std::vector<int> q = integers(3 * 384, bits, 0, 10);
  expectBits(codec,
             {minusDmin, pack(m, blocks, scaleBits), d,
              pack(sc, blocks, scaleBits), pack(q, 384, bits)},
             [&](int64_t row, int64_t column) {
               int64_t super = row * 2 + column / 256;
               int64_t at = row * blocks + column / block;
               float dmin = -minusDmin.getFloat(super);
               float d1 = d.getFloat(super) * float(sc[at]);
               float m1 = dmin * float(m[at]);
               float product = d1 * float(q[row * 384 + column]);
               return product - m1;
             });
  EXPECT_GT(signalToNoise(codec), leastSignalToNoise);
}

TEST(Gguf, Q4_K) { expectWithMinimum(32, 6, 4, 110); }

TEST(Gguf, Q2_K) { expectWithMinimum(16, 4, 2, 6); }

TEST(Gguf, Q6_K) {
  // y = d * sc * (q - 32), from the left.
  Codec codec =
      packed({scale(16, coded(16, true, 8, true), /*isPeak=*/true)}, 6, true);
  Array d = halves({3, 2}, 11);
  std::vector<int> sc = integers(3 * 24, 8, -128, 12);
  std::vector<int> q = integers(3 * 384, 6, -32, 13);
  expectBits(codec, {d, pack(sc, 24, 8), pack(q, 384, 6)},
             [&](int64_t row, int64_t column) {
               float dsc = d.getFloat(row * 2 + column / 256) *
                           float(sc[row * 24 + column / 16]);
               return dsc * float(q[row * 384 + column]);
             });
  EXPECT_GT(signalToNoise(codec), 1500);
}
