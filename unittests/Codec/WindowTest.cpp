//===- WindowTest.cpp - Windows of frequent symbols -----------------------===//

#include "zq/Codec/Window.h"
#include "TestSymbols.h"

using namespace zq::codec;

static Window palette(std::vector<int> widths, int64_t chunk = 64,
                      int symbolBits = 8) {
  return Window(symbolBits, std::move(widths), WindowKind::Palette, chunk);
}

static Window base(int width, int64_t chunk = 64, int symbolBits = 8) {
  return Window(symbolBits, {width}, WindowKind::Base, chunk);
}

static std::vector<int> toInts32(const Array &array) {
  std::vector<int> values;
  for (int64_t i = 0; i < array.size(); ++i)
    values.push_back(array.get<int32_t>(i));
  return values;
}

/// The bytes of a stream before its slack, which is zero.
static std::vector<int> withoutSlack(const Array &stream) {
  std::vector<int> values = toInts(stream);
  EXPECT_GE(int64_t(values.size()), windowSlack);
  for (int64_t i = 0; i < windowSlack; ++i) {
    EXPECT_EQ(values.back(), 0);
    values.pop_back();
  }
  return values;
}

TEST(Window, HasTheDocumentedStreams) {
  // 5 is commonest, then 9, then 2; 7 and 1 escape.
  Array input = bytes({2, 4}, {5, 5, 9, 7, 2, 1, 5, 9});
  Encoded e = encodeStage(palette({2}, 3), input);
  ASSERT_EQ(e.sides.size(), 3u);
  EXPECT_EQ(e.sides[0].name, "palette");
  // 1, 2 and 7 are as frequent: the lowest one gets the code.
  EXPECT_EQ(toInts(e.sides[0].array), (std::vector<int>{5, 9, 1}));
  EXPECT_EQ(e.sides[1].name, "offsets");
  EXPECT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{2, 2, 1}));
  EXPECT_EQ(toInts32(e.sides[1].array), (std::vector<int>{0, 0, 1, 2}));
  EXPECT_EQ(e.sides[2].name, "escapes");
  EXPECT_EQ(withoutSlack(e.sides[2].array), (std::vector<int>{7, 2}));
  // As packed: 0 0 1 3 | 3 2 0 1.
  EXPECT_EQ(e.main.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(toInts(e.main), (std::vector<int>{0b11010000, 0b01001011}));
}

TEST(Window, OfABaseTakesTheIntervalThatHoldsMost) {
  Array input = bytes({7}, {9, 4, 5, 6, 9, 200, 6});
  Encoded e = encodeStage(base(2), input);
  EXPECT_EQ(e.sides[0].name, "base");
  EXPECT_EQ(toInts(e.sides[0].array), std::vector<int>{4});
  EXPECT_EQ(withoutSlack(e.sides[2].array), (std::vector<int>{9, 9, 200}));
  // 3 0 1 2 | 3 3 2.
  EXPECT_EQ(toInts(e.main), (std::vector<int>{0b10010011, 0b101111}));
  // The lowest of the intervals that hold as much, and the highest there is.
  e = encodeStage(base(2), bytes({2}, {5, 5}));
  EXPECT_EQ(toInts(e.sides[0].array), std::vector<int>{3});
  e = encodeStage(base(2), bytes({2}, {255, 254}));
  EXPECT_EQ(toInts(e.sides[0].array), std::vector<int>{253});
}

TEST(Window, NestsWindows) {
  // Ten symbols, 0 commonest: 0 1 2 in the first window, 3 4 5 in the second,
  // 6 7 8 in the third, 9 escapes from all.
  std::vector<int> symbols;
  for (int symbol = 0; symbol < 10; ++symbol)
    symbols.insert(symbols.end(), 10 - symbol, symbol);
  Array input = bytes({1, 55}, symbols);
  Encoded e = encodeStage(palette({2, 2, 2}, 48), input);
  ASSERT_EQ(e.sides.size(), 5u);
  EXPECT_EQ(toInts(e.sides[0].array),
            (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(e.sides[2].name, "nested");
  EXPECT_EQ(e.sides[3].name, "nested");
  // 27 are in the first window. Of the chunk of 48, 18 are in the second, the
  // rest is 3 of symbol 6. Then 6, three 7, two 8, 9.
  EXPECT_EQ(withoutSlack(e.sides[2].array),
            (std::vector<int>{0x00, 0x40, 0x55, 0xA9, 0xFA, 0x03, 0xFF, 0x3F}));
  EXPECT_EQ(withoutSlack(e.sides[3].array),
            (std::vector<int>{0x00, 0x54, 0b111010}));
  EXPECT_EQ(withoutSlack(e.sides[4].array), std::vector<int>{9});
  EXPECT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(toInts32(e.sides[1].array), (std::vector<int>{0, 0, 0, 6, 1, 0}));
  expectRoundTrip(palette({2, 2, 2}, 48), input);
}

TEST(Window, RoundTripsOnAwkwardShapes) {
  for (const std::vector<int64_t> &shape : awkwardShapes())
    for (int64_t chunk : {1, 7, 64, 1000}) {
      Array input = skewedCodes(shape, 16, 5);
      for (int width : {1, 2, 3, 4}) {
        expectRoundTrip(palette({width}, chunk, 4), input);
        expectRoundTrip(base(width, chunk, 4), input);
      }
      expectRoundTrip(palette({2, 2}, chunk, 4), input);
      expectRoundTrip(palette({1, 3, 2}, chunk, 4), input);
    }
}

TEST(Window, RoundTripsAllSymbols) {
  for (const std::vector<int> &widths :
       std::vector<std::vector<int>>{{2}, {4}, {8}, {2, 2, 2}, {4, 3}, {8, 1}})
    expectRoundTrip(palette(widths), allSymbols());
  for (int width : {2, 3, 8})
    expectRoundTrip(base(width), allSymbols());
}

TEST(Window, RoundTripsASingleSymbol) {
  for (int symbol : {0, 1, 255}) {
    Array input = constantSymbols({3, 70}, symbol);
    expectRoundTrip(palette({3}), input);
    expectRoundTrip(base(3), input);
    Encoded e = encodeStage(base(3), input);
    EXPECT_TRUE(withoutSlack(e.sides[2].array).empty());
  }
}

/// codecs.md, 5.2: 97.0 to 97.9 % and 99.98 % of a Gaussian.
TEST(Window, HoldsTheExponentsOfAGaussian) {
  Array input = gaussianExponents({64, 4096}, 1);
  for (bool isBase : {false, true}) {
    Encoded e = encodeStage(isBase ? base(3, 4096) : palette({3}, 4096), input);
    double missed =
        double(e.sides[2].array.size() - windowSlack) / input.size();
    EXPECT_GT(missed, 0.020);
    EXPECT_LT(missed, 0.030);
    e = encodeStage(isBase ? base(4, 4096) : palette({4}, 4096), input);
    missed = double(e.sides[2].array.size() - windowSlack) / input.size();
    EXPECT_LT(missed, 0.0002);
  }
}

/// entropy.md, section 2: 10.89 and 10.71 bits for a weight, of which 8 are
/// sign and mantissa; the entropy of the exponent is 2.545.
TEST(Window, NestedComesCloserToTheEntropy) {
  Array input = gaussianExponents({64, 4096}, 1);
  EXPECT_NEAR(entropy(input), 2.545, 0.01);
  auto bits = [&](const Window &stage) {
    Encoded e = encodeStage(stage, input);
    double bytes = double(e.main.bytes.size());
    for (const Stream &side : e.sides)
      bytes += double(side.array.bytes.size());
    return 8 * bytes / double(input.size());
  };
  EXPECT_NEAR(bits(palette({4}, 4096)), 4.01, 0.01);
  EXPECT_NEAR(bits(palette({3}, 4096)), 3.18, 0.01);
  EXPECT_NEAR(bits(palette({2, 2}, 4096)), 2.89, 0.02);
  EXPECT_NEAR(bits(palette({2, 2, 2}, 4096)), 2.71, 0.04);
}

TEST(Window, ChunksDecodeAlone) {
  Array input = skewedCodes({5, 333}, 16, 4);
  Window stage = palette({2, 1}, 48, 4);
  Encoded e = encodeStage(stage, input);
  const Array &offsets = e.sides[1].array;
  ASSERT_EQ(offsets.shape, (std::vector<int64_t>{5, 7, 2}));
  // Overwrite all that the chunks before the last one have.
  for (int k : {0, 1})
    for (int i = 0; i < offsets.get<int32_t>(34 * 2 + k); ++i)
      e.sides[2 + k].array.set<uint8_t>(i, 3);
  Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_FALSE(*decoded == input);
  for (int64_t i = 4 * 333 + 6 * 48; i < 5 * 333; ++i)
    EXPECT_EQ(decoded->get<uint8_t>(i), input.get<uint8_t>(i));
}

TEST(Window, RefusesWhatItCannotHold) {
  std::vector<Stream> sides;
  Result<Array> result =
      palette({2}, 8, 4).encode(bytes({2}, {3, 16}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [1] is code 16: window has codes below 16");
  result = palette({2}).encode(bytes({}, {3}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "window needs a tensor of rank 1 or more");
  result = palette({2}).encode(floats({1}, {3}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "the input of window has element type f32, expected i8");
}

TEST(Window, ChecksItsStreams) {
  Window stage = palette({2, 1}, 8, 4);
  Array input = skewedCodes({2, 20}, 16, 4);
  const Encoded good = encodeStage(stage, input);
  EXPECT_TRUE(stage.check(&good.main, good.sides, input.shape));
  auto message = [&](const Encoded &e) {
    return stage.check(&e.main, e.sides, input.shape).message();
  };

  Encoded bad = good;
  bad.sides[0].array.set<uint8_t>(2, 16);
  EXPECT_EQ(message(bad),
            "entry 2 of stream 'palette' is 16, expected at most 15");
  for (int k : {0, 1}) {
    bad = good;
    int end = int(bad.sides[2 + k].array.size() - windowSlack);
    const std::string unit = k ? "escape " : "byte ";
    bad.sides[1].array.set<int32_t>(3 * 2 + k, end + 1);
    EXPECT_EQ(message(bad), "chunk 3 starts at " + unit +
                                std::to_string(end + 1) + " of " +
                                std::to_string(end));
    bad.sides[1].array.set<int32_t>(3 * 2 + k, -1);
    EXPECT_EQ(message(bad),
              "chunk 3 starts at " + unit + "-1 of " + std::to_string(end));
  }
  bad = good;
  bad.sides[3].array.set<uint8_t>(0, 0x80);
  EXPECT_EQ(message(bad), "element [0] is code 128: stream 'escapes' of window "
                          "has codes below 16");
  bad = good;
  bad.sides[2].array = Array(ElementType::I8, {63});
  EXPECT_EQ(message(bad),
            "stream 'nested' has 63 bytes, expected 64 to 2^31 - 1");
  bad.sides[2].array = Array(ElementType::I8, {2, 100});
  EXPECT_EQ(message(bad),
            "stream 'nested' has shape [2, 100], expected one dimension");
  bad = good;
  bad.main = Array(ElementType::I8, {2, 6});
  EXPECT_EQ(message(bad), "stream 'codes' has shape [2, 6], expected [2, 5]");
  bad = good;
  bad.sides.pop_back();
  EXPECT_EQ(message(bad), "window has 4 side streams, got 3");

  Window based = base(3, 8, 4);
  Encoded ofBase = encodeStage(based, input);
  ofBase.sides[0].array.set<uint8_t>(0, 10);
  EXPECT_EQ(based.check(&ofBase.main, ofBase.sides, input.shape).message(),
            "entry 0 of stream 'base' is 10, expected at most 9");
}

TEST(Window, RefusesAChunkThatRunsPastTheEnd) {
  for (bool isNested : {true, false}) {
    Window stage = isNested ? palette({1, 4}, 8, 4) : palette({1}, 8, 4);
    Array input = skewedCodes({1, 20}, 16, 4);
    Encoded e = encodeStage(stage, input);
    e.sides[1].array.set<int32_t>(
        0, int32_t(e.sides[2].array.size() - windowSlack));
    EXPECT_TRUE(stage.check(&e.main, e.sides, input.shape));
    Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.message(),
              std::string("chunk 0 runs past the end of stream '") +
                  (isNested ? "nested'" : "escapes'"));
  }
}
