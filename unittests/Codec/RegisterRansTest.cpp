//===- RegisterRansTest.cpp - rANS whose model fits registers -------------===//

#include "zq/Codec/RegisterRans.h"
#include "TestSymbols.h"

#include <set>

using namespace zq::codec;

TEST(RegisterRans, HasTheDocumentedStreams) {
  // Half of them 1, a quarter each 0 and 2; they are their own rank.
  Array input = bytes({3, 4}, {1, 1, 0, 2, 1, 1, 0, 2, 1, 1, 0, 2});
  Encoded e = encodeStage(RegisterRans(2, 3, 2), input);
  ASSERT_EQ(e.sides.size(), 2u);
  EXPECT_EQ(e.sides[0].name, "frequencies");
  EXPECT_EQ(
      toInts(e.sides[0].array),
      (std::vector<int>{64, 128, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(e.sides[1].name, "offsets");
  EXPECT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(e.sides[1].array.get<int32_t>(0), 0);

  // The chunk of the last row. Lane 0: from 256, symbol 2 (f = 64, from slot
  // 192): 4 * 256 + 192. Then symbol 1: 1216 / 128 = 9 rest 64, to
  // 9 * 256 + 64 + 64. Lane 1: 1 from 256: 2 * 256 + 64. Lane 2: 0: 4 * 256.
  int begin = e.sides[1].array.get<int32_t>(1);
  std::vector<int> stream = toInts(e.main);
  EXPECT_EQ(std::vector<int>(stream.begin() + begin, stream.end() - 64),
            (std::vector<int>{128, 64, 0, 9, 2, 4}));
  // The rows before it: two symbols of lanes 1 and 2 and four of lane 0, whose
  // state grows to 16 bits without giving anything off.
  EXPECT_EQ(begin, 6);
  EXPECT_EQ(int64_t(stream.size()), 12 + registerRansSlack);
}

/// From lane to lane and row to row, by a decoder that is written a second
/// time.
TEST(RegisterRans, TakesBytesUpInTheOrderOfElements) {
  const int64_t lanes = 64, length = 100, rows = 5;
  Array input = skewedCodes({rows, length}, 16, 9);
  Encoded e = encodeStage(RegisterRans(4, lanes, rows), input);
  const std::vector<int> frequencies = toInts(e.sides[0].array);
  std::vector<int> ranks, starts;
  for (int rank = 0; rank < 16; ++rank) {
    starts.push_back(ranks.size());
    ranks.resize(ranks.size() + frequencies[rank], rank);
  }
  std::vector<int> bits = toInts(e.main);
  std::vector<int> low(bits.begin(), bits.begin() + lanes);
  std::vector<int> high(bits.begin() + lanes, bits.begin() + 2 * lanes);
  size_t next = 2 * lanes;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t group = 0; group < length; group += lanes) {
      std::vector<int64_t> starved;
      for (int64_t lane = 0; lane < lanes && group + lane < length; ++lane) {
        int slot = low[lane], rank = ranks[slot];
        EXPECT_EQ(rank, input.get<uint8_t>(row * length + group + lane));
        int x = frequencies[rank] * high[lane] + slot - starts[rank];
        low[lane] = x & 255;
        high[lane] = x >> 8;
        if (high[lane] == 0)
          starved.push_back(lane);
      }
      for (int64_t lane : starved) {
        high[lane] = low[lane];
        low[lane] = bits[next++];
      }
    }
  EXPECT_EQ(next + registerRansSlack, bits.size());
  EXPECT_EQ(low, std::vector<int>(lanes, 0));
  EXPECT_EQ(high, std::vector<int>(lanes, 1));
}

TEST(RegisterRans, EscapesWhatIsRare) {
  Array input = allSymbols();
  Encoded e = encodeStage(RegisterRans(8, 64, 1), input);
  ASSERT_EQ(e.sides.size(), 4u);
  EXPECT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(e.sides[2].name, "palette");
  EXPECT_EQ(e.sides[3].name, "escapes");
  std::vector<int> palette = toInts(e.sides[2].array);
  // What is in `escapes`, in order, is what is not in the palette.
  std::set<int> ranked(palette.begin(), palette.end() - 1);
  std::vector<int> rare;
  for (int symbol : toInts(input))
    if (!ranked.count(symbol))
      rare.push_back(symbol);
  std::vector<int> escapes = toInts(e.sides[3].array);
  rare.resize(rare.size() + registerRansSlack);
  EXPECT_EQ(escapes, rare);
}

TEST(RegisterRans, RoundTripsOnAwkwardShapes) {
  for (const std::vector<int64_t> &shape : awkwardShapes())
    for (int64_t lanes : {1, 64, 128})
      for (int64_t rows : {1, 2, 1000}) {
        expectRoundTrip(RegisterRans(4, lanes, rows),
                        skewedCodes(shape, 16, 5));
        expectRoundTrip(RegisterRans(5, lanes, rows),
                        skewedCodes(shape, 32, 6));
      }
}

TEST(RegisterRans, RoundTripsSymbolsOfEveryWidth) {
  for (int bits = 1; bits <= 8; ++bits) {
    Array input = skewedCodes({3, 1000}, 1 << bits, bits);
    for (int symbol = 0; symbol < 1 << bits; ++symbol)
      input.set(symbol, uint8_t(symbol));
    expectRoundTrip(RegisterRans(bits, 64, 2), input);
  }
  expectRoundTrip(RegisterRans(8, 256, 2), allSymbols());
}

TEST(RegisterRans, RoundTripsASingleSymbol) {
  for (int bits : {1, 4, 8})
    for (int symbol : {0, 1, (1 << bits) - 1})
      expectRoundTrip(RegisterRans(bits, 64, 2),
                      constantSymbols({3, 700}, symbol));
}

/// entropy.md, section 2: 2.578 bits at one chain of 64 lanes in large chunks,
/// where the entropy is 2.545; a lane costs 8 bits per chunk.
TEST(RegisterRans, IsCloseToTheEntropy) {
  Array input = gaussianExponents({64, 4096}, 3);
  auto bits = [&](int64_t lanes, int64_t rows) {
    Encoded e = encodeStage(RegisterRans(8, lanes, rows), input);
    double bytes = double(e.main.bytes.size());
    for (const Stream &side : e.sides)
      bytes += double(side.array.bytes.size());
    return 8 * bytes / double(input.size());
  };
  double least = entropy(input);
  EXPECT_LE(bits(64, 64), least * 1.02);
  // With sign and mantissa a weight is within a percent of its entropy.
  EXPECT_LE(8 + bits(128, 16), (8 + least) * 1.01);
  EXPECT_NEAR(bits(128, 1) - bits(128, 16), 2.954 - 2.590, 0.15);
}

/// entropy.md, section 2: int4 at 3.425 bits where the entropy is 3.386.
TEST(RegisterRans, IsCloseToTheEntropyOfFourBits) {
  Array input(ElementType::I8, {16, 4096});
  Array values = gaussian(input.shape, 4);
  for (int64_t i = 0; i < input.size(); ++i)
    input.set<uint8_t>(i, int(std::round(std::fmax(
                              -7, std::fmin(7, 2.7f * values.getFloat(i))))) &
                              15);
  Encoded e = encodeStage(RegisterRans(4, 64, 16), input);
  double bits = 8.0 * double(e.main.size()) / double(input.size());
  EXPECT_GE(bits, entropy(input));
  EXPECT_LE(bits, entropy(input) * 1.02);
}

TEST(RegisterRans, ChunksDecodeAlone) {
  Array input = skewedCodes({7, 333}, 32, 4);
  RegisterRans stage(5, 64, 3);
  Encoded e = encodeStage(stage, input);
  const Array &offsets = e.sides[1].array;
  ASSERT_EQ(offsets.shape, (std::vector<int64_t>{3, 2}));
  e.main.bytes[offsets.get<int32_t>(2) - 1] ^= 0xFF;
  e.main.bytes[offsets.get<int32_t>(4) - 1] ^= 0xFF;
  Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_FALSE(*decoded == input);
  for (int64_t i = 6 * 333; i < 7 * 333; ++i)
    EXPECT_EQ(decoded->get<uint8_t>(i), input.get<uint8_t>(i));
}

TEST(RegisterRans, RefusesWhatItCannotHold) {
  std::vector<Stream> sides;
  EXPECT_EQ(
      RegisterRans(4, 64, 1).encode(bytes({2}, {3, 16}), {}, sides).message(),
      "element [1] is code 16: register_rans has codes below 16");
  EXPECT_EQ(RegisterRans(4, 64, 1).encode(bytes({}, {3}), {}, sides).message(),
            "register_rans needs a tensor of rank 1 or more");
}

TEST(RegisterRans, ChecksItsStreams) {
  RegisterRans stage(5, 4, 1);
  Array input = skewedCodes({2, 100}, 32, 4);
  const Encoded good = encodeStage(stage, input);
  EXPECT_TRUE(stage.check(&good.main, good.sides, input.shape));
  auto message = [&](const Encoded &e) {
    return stage.check(&e.main, e.sides, input.shape).message();
  };

  Encoded bad = good;
  bad.sides[0].array.set<uint8_t>(0, bad.sides[0].array.get<uint8_t>(0) + 1);
  EXPECT_EQ(message(bad), "stream 'frequencies' sums to 257, expected 256");
  bad = good;
  bad.sides[2].array.set<uint8_t>(1, 32);
  EXPECT_EQ(message(bad), "element [1] is code 32: stream 'palette' of "
                          "register_rans has codes below 32");
  bad = good;
  bad.sides[3].array.set<uint8_t>(0, 32);
  EXPECT_EQ(message(bad), "element [0] is code 32: stream 'escapes' of "
                          "register_rans has codes below 32");
  bad = good;
  int end = int(good.main.size() - registerRansSlack) - 8;
  bad.sides[1].array.set<int32_t>(2, end);
  EXPECT_EQ(message(bad), "");
  bad.sides[1].array.set<int32_t>(2, end + 1);
  EXPECT_EQ(message(bad), "chunk 1 starts at byte " + std::to_string(end + 1) +
                              " of " + std::to_string(end));
  bad = good;
  bad.sides[1].array.set<int32_t>(3, -1);
  EXPECT_EQ(message(bad),
            "chunk 1 starts at escape -1 of " +
                std::to_string(good.sides[3].array.size() - registerRansSlack));
  bad = good;
  bad.sides.pop_back();
  EXPECT_EQ(message(bad), "register_rans has 4 side streams, got 3");

  // Without escapes a rank beyond the symbols must not come up.
  RegisterRans narrow(3, 4, 1);
  Encoded e = encodeStage(narrow, skewedCodes({2, 100}, 8, 4));
  Array &frequencies = e.sides[0].array;
  int seven = frequencies.get<uint8_t>(7);
  frequencies.set<uint8_t>(8, seven);
  frequencies.set<uint8_t>(7, 0);
  EXPECT_EQ(narrow.check(&e.main, e.sides, {2, 100}).message(),
            "rank 8 has frequency " + std::to_string(seven) + " but no symbol");
}

TEST(RegisterRans, RefusesAChunkThatRunsPastTheEnd) {
  RegisterRans stage(8, 4, 1);
  Array input = allSymbols();
  const Encoded good = encodeStage(stage, input);
  for (int k : {0, 1}) {
    Encoded e = good;
    const Array &stream = k ? e.sides[3].array : e.main;
    int64_t room = k ? 0 : 8;
    e.sides[1].array.set<int32_t>(
        k, int32_t(stream.size() - registerRansSlack - room));
    EXPECT_TRUE(stage.check(&e.main, e.sides, input.shape));
    Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.message(),
              std::string("chunk 0 runs past the end of stream '") +
                  (k ? "escapes'" : "bits'"));
  }
}

TEST(RegisterRans, RefusesToAllocateForAFewBytes) {
  RegisterRans stage(4, 4, 1);
  Encoded e = encodeStage(stage, bytes({2}, {1, 2}));
  EXPECT_EQ(stage.decode(e.main, e.sides, {int64_t(1) << 50}).message(),
            "1125899906842624 elements cannot be in a stream of 8 bytes");
}
