//===- PackLayoutTest.cpp - The layouts that packed codes may have --------===//

#include "TestArrays.h"
#include "zq/Codec/FieldString.h"
#include "zq/Codec/Pack.h"

#include <gtest/gtest.h>

using namespace zq::codec;
using Planes = PackLayout::Planes;

/// An array of codes of `bits` bits.
static Array codes(int bits, Shape shape, const std::vector<uint32_t> &values) {
  Array array(codeType(bits), std::move(shape));
  for (size_t i = 0; i < values.size(); ++i)
    setCode(array, i, values[i]);
  return array;
}

static Array packed(int bits, const PackLayout &layout, const Array &input) {
  std::vector<Stream> sides;
  Result<Array> result = Pack(bits, layout).encode(input, {}, sides);
  EXPECT_TRUE(result) << result.message();
  return *result;
}

static std::vector<int> packedBytes(int bits, const PackLayout &layout,
                                    const std::vector<uint32_t> &values) {
  return toInts(
      packed(bits, layout, codes(bits, {int64_t(values.size())}, values)));
}

static PackLayout withWord(int word) {
  PackLayout layout;
  layout.word = word;
  return layout;
}

static PackLayout withRadix(int radix, int word = 0) {
  PackLayout layout;
  layout.radix = radix;
  layout.word = word;
  return layout;
}

static PackLayout withPlanes(Planes planes) {
  PackLayout layout;
  layout.planes = planes;
  return layout;
}

static PackLayout withHalves(int64_t run = 0) {
  PackLayout layout;
  layout.halves = true;
  layout.run = run;
  return layout;
}

static PackLayout withTile(int64_t rows, int64_t columns) {
  PackLayout layout;
  layout.tile = {rows, columns};
  return layout;
}

static PackLayout msbFirst(PackLayout layout = {}) {
  layout.msb = true;
  return layout;
}

/// Every layout that is legal for codes of `bits` bits, combinations included.
static std::vector<PackLayout> layoutsOf(int bits) {
  std::vector<PackLayout> result;
  for (bool msb : {false, true})
    for (int word : {0, 8, 16, 32, 64})
      for (int radix : {0, 3, 11, 255})
        for (Planes planes :
             {Planes::Whole, Planes::EachBit, Planes::BinaryDigits})
          for (int64_t run : {-1, 0, 40})
            for (const Shape &tile : {Shape{}, Shape{2, 3}, Shape{16, 16}}) {
              PackLayout layout;
              layout.msb = msb;
              layout.word = word;
              layout.radix = radix;
              layout.planes = planes;
              layout.halves = run >= 0;
              layout.run = std::max<int64_t>(run, 0);
              layout.tile = tile;
              if (layout.check(bits))
                result.push_back(layout);
            }
  return result;
}

/// Many fields lie where each of them does.
template <typename T>
static void expectFieldsTogetherAsAlone(int bits, const PackLayout &layout,
                                        int64_t count) {
  std::mt19937 generator(bits);
  for (int width : layout.segments(bits)) {
    const FieldString fields(width, layout);
    const uint32_t limit = layout.radix ? layout.radix
                           : width < 32 ? uint32_t(1) << width
                                        : ~uint32_t(0);
    std::vector<T> values(count);
    std::vector<uint8_t> alone(fields.numBytes(count)), together = alone;
    for (int64_t i = 0; i < count; ++i) {
      values[i] = static_cast<T>(generator() % limit);
      fields.write(alone.data(), i, values[i]);
    }
    fields.writeAll(together.data(), together.data() + together.size(),
                    values.data(), count);
    ASSERT_EQ(together, alone) << bits << " bits, " << count;
    std::vector<T> read(count);
    fields.readAll(alone.data(), alone.data() + alone.size(), read.data(),
                   count);
    ASSERT_EQ(read, values) << bits << " bits, " << count;
    for (int64_t i = 0; i < count; ++i)
      ASSERT_EQ(fields.read(alone.data(), i), values[i]);
  }
}

TEST(PackLayout, FieldsLieTogetherWhereEachDoesAlone) {
  for (int bits : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 24, 31, 32})
    for (const PackLayout &layout : layoutsOf(bits)) {
      if (!layout.tile.empty() || layout.halves)
        continue;
      for (int64_t count : {0, 1, 7, 8, 9, 64, 67})
        if (bits <= 8)
          expectFieldsTogetherAsAlone<uint8_t>(bits, layout, count);
        else if (bits <= 16)
          expectFieldsTogetherAsAlone<uint16_t>(bits, layout, count);
        else
          expectFieldsTogetherAsAlone<uint32_t>(bits, layout, count);
    }
}

TEST(PackLayout, HoldsWideCodes) {
  EXPECT_EQ(packedBytes(12, {}, {0xABC, 0x123}),
            (std::vector<int>{0xBC, 0x3A, 0x12}));
  EXPECT_EQ(packedBytes(16, {}, {0xABCD}), (std::vector<int>{0xCD, 0xAB}));
  EXPECT_EQ(packedBytes(32, {}, {0x89ABCDEF}),
            (std::vector<int>{0xEF, 0xCD, 0xAB, 0x89}));
  EXPECT_EQ(packedBytes(17, {}, {0x1FFFF, 0}),
            (std::vector<int>{0xFF, 0xFF, 0x01, 0, 0}));
}

TEST(PackLayout, MsbPutsTheFirstCodeInTheHighBits) {
  EXPECT_EQ(packedBytes(4, msbFirst(), {1, 2, 3}),
            (std::vector<int>{0x12, 0x30}));
  EXPECT_EQ(packedBytes(1, msbFirst(), {1, 0, 0, 0, 0, 0, 1, 0, 1}),
            (std::vector<int>{0x82, 0x80}));
  // 101 110 01|1 111: the third code straddles a byte.
  EXPECT_EQ(packedBytes(3, msbFirst(), {5, 6, 3, 7}),
            (std::vector<int>{0xB9, 0xF0}));
  EXPECT_EQ(packedBytes(12, msbFirst(), {0xABC, 0x123}),
            (std::vector<int>{0xAB, 0xC1, 0x23}));
}

TEST(PackLayout, WordsAreNotStraddled) {
  // Ten codes of 3 bits to 32, the upper two bits spare.
  EXPECT_EQ(packedBytes(3, withWord(32), std::vector<uint32_t>(11, 7)),
            (std::vector<int>{0xFF, 0xFF, 0xFF, 0x3F, 7, 0, 0, 0}));
  EXPECT_EQ(packedBytes(3, withWord(8), {1, 2, 3}),
            (std::vector<int>{0x11, 0x03}));
  // In a word as a number the first code is at the top; its bytes are
  // little-endian all the same.
  EXPECT_EQ(packedBytes(12, msbFirst(withWord(32)), {0xABC, 0x123}),
            (std::vector<int>{0x00, 0x23, 0xC1, 0xAB}));
  // VPTQ: residual index << index bits | index.
  EXPECT_EQ(packedBytes(24, withWord(32), {0xAB1234}),
            (std::vector<int>{0x34, 0x12, 0xAB, 0}));
}

TEST(PackLayout, RadixFillsWordsWithDigits) {
  // 1 + 2*3 + 0*9 + 2*27 + 1*81 and a word of one digit.
  EXPECT_EQ(packedBytes(2, withRadix(3), {1, 2, 0, 2, 1, 2}),
            (std::vector<int>{142, 2}));
  EXPECT_EQ(packedBytes(2, msbFirst(withRadix(3)), {1, 2, 0, 2, 1, 2}),
            (std::vector<int>{81 + 54 + 0 + 6 + 1, 2 * 81}));
  // 11^9 fits 32 bits, 11^10 does not.
  EXPECT_EQ(packed(4, withRadix(11, 32), Array(ElementType::I8, {18})).shape,
            Shape{8});
  EXPECT_EQ(packed(4, withRadix(11, 32), Array(ElementType::I8, {19})).shape,
            Shape{12});
  // A power of two fills the word to its last bit.
  EXPECT_EQ(packedBytes(2, withRadix(4), {3, 3, 3, 3}),
            (std::vector<int>{255}));
  EXPECT_EQ(packedBytes(4, withRadix(16, 64), std::vector<uint32_t>(16, 15)),
            std::vector<int>(8, 255));
}

TEST(PackLayout, RadixDecodesEveryWordOfItsDigits) {
  const int radices[] = {3, 4, 5, 6, 7, 11, 15, 16, 17, 100, 255};
  const int digits[] = {5, 4, 3, 3, 2, 2, 2, 2, 1, 1, 1};
  for (int k = 0; k < 11; ++k) {
    Pack stage(8, withRadix(radices[k]));
    int largest = int(std::pow(radices[k], digits[k])) - 1;
    for (int word = 0; word < 256; ++word) {
      Result<Array> decoded = stage.decode(bytes({1}, {word}), {}, {digits[k]});
      ASSERT_EQ(bool(decoded), word <= largest) << radices[k];
      if (!decoded)
        continue;
      for (int d = 0, rest = word; d < digits[k]; ++d, rest /= radices[k])
        EXPECT_EQ(decoded->bytes[d], rest % radices[k]);
    }
  }
}

TEST(PackLayout, PlanesHoldTheUpperBitsFirst) {
  // 101 110 011 111: top bits 1 1 0 1, then 0 1 1 1, then 1 0 1 1.
  EXPECT_EQ(packedBytes(3, withPlanes(Planes::EachBit), {5, 6, 3, 7}),
            (std::vector<int>{0xB, 0xE, 0xD}));
  // 10|1101 01|0010 11|1111 00|0110 01|1010: two bits, then four.
  EXPECT_EQ(
      packedBytes(6, withPlanes(Planes::BinaryDigits), {45, 18, 63, 6, 26}),
      (std::vector<int>{0x36, 0x01, 0x2D, 0x6F, 0x0A}));
  // 1|01|0011: one bit, two, four.
  EXPECT_EQ(packedBytes(7, withPlanes(Planes::BinaryDigits), {0x53}),
            (std::vector<int>{1, 1, 3}));
  EXPECT_EQ(packedBytes(8, withPlanes(Planes::BinaryDigits), {0x53, 0x10}),
            (std::vector<int>{0x53, 0x10}));
  EXPECT_EQ(packedBytes(4, msbFirst(withPlanes(Planes::EachBit)), {8, 1}),
            (std::vector<int>{0x80, 0, 0, 0x40}));
}

TEST(PackLayout, PlanesOfARowFollowOneAnother) {
  Array result =
      packed(2, withPlanes(Planes::EachBit), bytes({2, 3}, {2, 0, 2, 1, 3, 0}));
  EXPECT_EQ(result.shape, (Shape{2, 2}));
  EXPECT_EQ(toInts(result), (std::vector<int>{5, 0, 2, 3}));
}

TEST(PackLayout, HalvesShareAByte) {
  // ZipCache: c[j] + 16 c[j + n/2]; an odd row has a zero at its end.
  EXPECT_EQ(packedBytes(4, withHalves(), {1, 2, 3, 4}),
            (std::vector<int>{0x31, 0x42}));
  EXPECT_EQ(packedBytes(4, withHalves(), {1, 2, 3, 4, 5}),
            (std::vector<int>{0x41, 0x52, 0x03}));
  EXPECT_EQ(packedBytes(2, withHalves(), {0, 1, 2, 3, 3, 2, 1, 0}),
            (std::vector<int>{0 + 4 * 2 + 16 * 3 + 64 * 1,
                              1 + 4 * 3 + 16 * 2 + 64 * 0}));
  EXPECT_EQ(packedBytes(4, msbFirst(withHalves()), {1, 2, 3, 4}),
            (std::vector<int>{0x13, 0x24}));
}

/// As in a block of GGUF's Q4_0: byte j is c[j] + 16 c[j + 16].
TEST(PackLayout, HalvesOfRunsPadTheLastOne) {
  std::vector<uint32_t> input(34);
  for (int i = 0; i < 34; ++i)
    input[i] = i * 7 % 16;
  std::vector<int> result = packedBytes(4, withHalves(32), input);
  ASSERT_EQ(result.size(), 32u);
  for (int j = 0; j < 16; ++j) {
    EXPECT_EQ(result[j], int(input[j] + 16 * input[j + 16]));
    EXPECT_EQ(result[16 + j], j < 2 ? int(input[32 + j]) : 0);
  }
}

TEST(PackLayout, TilesAreStrings) {
  Array input = bytes({3, 5}, {1, 2, 3, 4, 5,  //
                               6, 7, 8, 9, 10, //
                               11, 12, 13, 14, 15});
  Array result = packed(4, withTile(2, 4), input);
  EXPECT_EQ(result.shape, (Shape{2, 2, 4}));
  EXPECT_EQ(toInts(result),
            (std::vector<int>{0x21, 0x43, 0x76, 0x98, 0x05, 0, 0x0A, 0, //
                              0xCB, 0xED, 0, 0, 0x0F, 0, 0, 0}));
  EXPECT_EQ(
      packed(6, withTile(16, 16), Array(ElementType::I8, {3, 17, 32})).shape,
      (Shape{3, 2, 2, 192}));
}

TEST(PackLayout, RoundTripsEveryLayoutOnAwkwardShapes) {
  for (int bits : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 24, 31, 32}) {
    std::vector<PackLayout> layouts = layoutsOf(bits);
    EXPECT_GE(layouts.size(), 10u);
    for (const PackLayout &layout : layouts)
      for (const Shape &shape : awkwardShapes()) {
        if (shape.size() < 1 + !layout.tile.empty())
          continue;
        Array input(codeType(bits), shape);
        std::mt19937 generator(bits);
        uint64_t count = layout.radix ? layout.radix : uint64_t(1) << bits;
        for (int64_t i = 0; i < input.size(); ++i)
          setCode(input, i, generator() % count);
        Pack stage(bits, layout);
        Array stream = packed(bits, layout, input);
        EXPECT_EQ(stream.shape, stage.streamShape(shape));
        Result<Array> decoded = stage.decode(stream, {}, shape);
        ASSERT_TRUE(decoded) << decoded.message();
        EXPECT_TRUE(*decoded == input);
      }
  }
}

TEST(PackLayout, RefusesWhatCannotBe) {
  auto message = [](int bits, PackLayout layout) {
    return layout.check(bits).message();
  };
  EXPECT_EQ(message(0, {}), "pack needs codes of 1 to 32 bits, got 0");
  EXPECT_EQ(message(33, {}), "pack needs codes of 1 to 32 bits, got 33");
  EXPECT_EQ(message(4, withWord(12)),
            "a word of pack has 8, 16, 32 or 64 bits, got 12");
  EXPECT_EQ(message(9, withWord(8)),
            "a field of 9 bits does not fit a word of 8");
  EXPECT_EQ(message(4, withRadix(2)), "the radix of pack is 3 to 255, got 2");
  EXPECT_EQ(message(4, withRadix(17)),
            "radix 17 needs codes of more than 4 bits");
  PackLayout layout = withRadix(3);
  layout.planes = Planes::EachBit;
  EXPECT_EQ(message(4, layout), "digits of a radix have no planes");
  layout = withHalves();
  layout.radix = 3;
  EXPECT_EQ(message(4, layout), "digits of a radix have no halves");
  layout = withHalves();
  layout.planes = Planes::BinaryDigits;
  EXPECT_EQ(message(4, layout), "planes have no halves");
  EXPECT_EQ(message(3, withHalves()),
            "halves need codes that divide a byte, or a word");
  EXPECT_EQ(message(4, withHalves(33)),
            "a run of 33 codes is not a multiple of the 2 in a word");
  layout = {};
  layout.run = 32;
  EXPECT_EQ(message(4, layout), "runs belong to halves");
  layout = {};
  layout.tile = {16};
  EXPECT_EQ(message(4, layout), "a tile of pack has two dimensions, got 1");
  EXPECT_EQ(message(4, withTile(0, 16)),
            "a tile of pack is 1 to 65535 long, got 0");
}

TEST(PackLayout, RefusesOtherInputs) {
  std::vector<Stream> sides;
  auto message = [&](int bits, PackLayout layout, const Array &input) {
    Result<Array> result = Pack(bits, layout).encode(input, {}, sides);
    return result ? "" : result.message();
  };
  EXPECT_EQ(message(12, {}, codes(12, {2}, {4095, 4096})),
            "element [1] is code 4096: pack has codes below 4096");
  EXPECT_EQ(message(2, withRadix(3), bytes({2}, {2, 3})),
            "element [1] is code 3: pack has codes below 3");
  EXPECT_EQ(message(9, {}, bytes({1}, {1})),
            "the input of pack has element type i8, expected i16");
  EXPECT_EQ(message(4, withTile(2, 2), bytes({1}, {1})),
            "pack needs a tensor of rank 2 or more");
}

TEST(PackLayout, RefusesOtherStreams) {
  Result<Array> result =
      Pack(2, withRadix(3)).decode(bytes({2, 1}, {242, 243}), {}, {2, 3});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "the word at element [1, 0] of stream 'codes' is "
                              "243, expected at most 242");
  result = Pack(4, withTile(4, 4)).decode(bytes({1, 8}, {}), {}, {4, 4});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "stream 'codes' has shape [1, 8], expected [1, 1, 8]");
  // Padding must not overflow where the tensor itself does not.
  Array none(ElementType::I8, {0});
  Status status = Pack(32, withTile(65535, 65535))
                      .check(&none, {}, {int64_t(1) << 50, 1, 1});
  EXPECT_EQ(status.message(),
            "shape [1125899906842624, 1, 1, 4294836225] is too large");
}
