//===- RansTest.cpp - Chunks of table-driven rANS -------------------------===//

#include "zq/Codec/Rans.h"
#include "TestSymbols.h"

using namespace zq::codec;

/// Entry `slot` of a table.
static uint32_t entry(int symbol, int frequency, int offset) {
  return symbol | (frequency - 1) << 8 | offset << 20;
}

TEST(Rans, HasTheDocumentedStreams) {
  // Half of them 1, a quarter each 0 and 2.
  Array input = bytes({2, 4}, {1, 1, 0, 2, 1, 1, 0, 2});
  Encoded e = encodeStage(Rans(2, 2, 3), input);
  ASSERT_EQ(e.sides.size(), 2u);
  EXPECT_EQ(e.sides[0].name, "table");
  EXPECT_EQ(e.sides[0].array.type, ElementType::I32);
  ASSERT_EQ(e.sides[0].array.shape, std::vector<int64_t>{4});
  const uint32_t expected[] = {entry(0, 1, 0), entry(1, 2, 0), entry(1, 2, 1),
                               entry(2, 1, 0)};
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(e.sides[0].array.get<uint32_t>(i), expected[i]);
  EXPECT_EQ(e.sides[1].name, "offsets");
  EXPECT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{2, 2}));
  // No state takes anything up: chunks are their states.
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(e.sides[1].array.get<int32_t>(i), 64 * i);
  EXPECT_EQ(e.main.type, ElementType::I16);
  ASSERT_EQ(e.main.shape, std::vector<int64_t>{4 * 64 + ransSlack});
  // Symbol 1 from 2^16: 2^16 / 2 * 4 + 1 as slots begin at 1. Symbol 0: 2^18.
  auto state = [&](int lane) {
    return e.main.get<uint16_t>(2 * lane) |
           uint32_t(e.main.get<uint16_t>(2 * lane + 1)) << 16;
  };
  EXPECT_EQ(state(0), (1u << 17) + 1);
  EXPECT_EQ(state(1), (1u << 17) + 1);
  EXPECT_EQ(state(2), 1u << 18);
  EXPECT_EQ(state(3), 1u << 16);
  for (int i = 0; i < ransSlack; ++i)
    EXPECT_EQ(e.main.get<uint16_t>(4 * 64 + i), 0);
}

TEST(Rans, RoundTripsOnAwkwardShapes) {
  for (const std::vector<int64_t> &shape : awkwardShapes())
    for (int64_t chunk : {1, 7, 64, 1000})
      for (int precision : {4, 9, 12})
        expectRoundTrip(Rans(4, precision, chunk), skewedCodes(shape, 16, 5));
}

TEST(Rans, RoundTripsAllSymbols) {
  for (int precision : {8, 10, 12})
    expectRoundTrip(Rans(8, precision, 128), allSymbols());
}

TEST(Rans, RoundTripsASingleSymbol) {
  for (int symbol : {0, 1, 15})
    for (int precision : {1, 12})
      expectRoundTrip(Rans(4, precision, 1000),
                      constantSymbols({3, 700}, symbol));
}

TEST(Rans, IsWithinAPercentOfTheEntropy) {
  Array input = gaussianExponents({1, 1 << 18}, 3);
  Encoded e = encodeStage(Rans(8, 12, 1 << 18), input);
  double bits = 16.0 * double(e.main.size()) / double(input.size());
  double least = entropy(input);
  EXPECT_GE(bits, least);
  EXPECT_LE(bits, least * 1.01);
}

TEST(Rans, ChunksDecodeAlone) {
  Array input = skewedCodes({5, 333}, 16, 4);
  Rans stage(4, 10, 50);
  Encoded e = encodeStage(stage, input);
  ASSERT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{5, 7}));
  int32_t last = e.sides[1].array.get<int32_t>(34);
  for (int32_t i = 0; i < last; ++i)
    e.main.set<uint16_t>(i, 0xFFFF);
  Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_FALSE(*decoded == input);
  for (int64_t i = 4 * 333 + 300; i < 5 * 333; ++i)
    EXPECT_EQ(decoded->get<uint8_t>(i), input.get<uint8_t>(i));
}

TEST(Rans, RefusesWhatItCannotHold) {
  std::vector<Stream> sides;
  EXPECT_EQ(Rans(4, 6, 8).encode(bytes({2}, {3, 16}), {}, sides).message(),
            "element [1] is code 16: rans has codes below 16");
  EXPECT_EQ(Rans(4, 1, 8).encode(bytes({3}, {3, 4, 5}), {}, sides).message(),
            "3 different symbols need more than 2 slots");
  EXPECT_EQ(Rans(4, 6, 8).encode(bytes({}, {3}), {}, sides).message(),
            "rans needs a tensor of rank 1 or more");
}

TEST(Rans, ChecksItsStreams) {
  Rans stage(2, 3, 8);
  Array input = bytes({2, 4}, {1, 1, 0, 2, 1, 1, 0, 2});
  const Encoded good = encodeStage(stage, input);
  EXPECT_TRUE(stage.check(&good.main, good.sides, input.shape));
  auto message = [&](const Encoded &e) {
    return stage.check(&e.main, e.sides, input.shape).message();
  };
  auto withSlot = [&](int slot, uint32_t value) {
    Encoded e = good;
    e.sides[0].array.set(slot, value);
    return e;
  };
  // Slots: 0 0 1 1 1 1 2 2.
  EXPECT_EQ(message(withSlot(2, entry(4, 4, 0))),
            "slot 2 of stream 'table' is symbol 4, expected below 4");
  EXPECT_EQ(message(withSlot(6, entry(2, 3, 0))),
            "slot 6 of stream 'table' has frequency 3 of 2");
  EXPECT_EQ(message(withSlot(0, entry(0, 8, 0))),
            "slot 0 of stream 'table' has frequency 8 of 8");
  for (uint32_t wrong : {entry(2, 4, 2), entry(1, 3, 2), entry(1, 4, 1)})
    EXPECT_EQ(message(withSlot(4, wrong)),
              "slot 4 of stream 'table' does not continue slot 2");
  EXPECT_EQ(message(withSlot(2, entry(1, 4, 7))),
            "slot 2 of stream 'table' does not continue slot 2");

  // A chunk may begin where its states end before the slack.
  Encoded bad = good;
  int end = int(good.main.size() - ransSlack);
  bad.sides[1].array.set<int32_t>(1, end - 64);
  EXPECT_EQ(message(bad), "");
  bad.sides[1].array.set<int32_t>(1, end - 63);
  EXPECT_EQ(message(bad), "chunk 1 starts at word " + std::to_string(end - 63) +
                              " of " + std::to_string(end - 64));
  bad.sides[1].array.set<int32_t>(1, -1);
  EXPECT_EQ(message(bad),
            "chunk 1 starts at word -1 of " + std::to_string(end - 64));
  bad = good;
  bad.main = Array(ElementType::I16, {31});
  EXPECT_EQ(message(bad),
            "stream 'words' has 31 elements, expected 32 to 2^31 - 1");
}

TEST(Rans, RefusesAChunkThatRunsPastTheEnd) {
  Rans stage(4, 6, 200);
  Array input = skewedCodes({1, 2000}, 16, 4);
  Encoded e = encodeStage(stage, input);
  // The slack is not to be read, not even a word of it.
  Encoded shorter = e;
  shorter.main.shape[0] -= 1;
  shorter.main.bytes.resize(shorter.main.bytes.size() - 2);
  EXPECT_EQ(stage.decode(shorter.main, shorter.sides, input.shape).message(),
            "chunk 9 runs past the end of stream 'words'");
  e.sides[1].array.set<int32_t>(0, int32_t(e.main.size() - ransSlack - 64));
  EXPECT_TRUE(stage.check(&e.main, e.sides, input.shape));
  Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.message(), "chunk 0 runs past the end of stream 'words'");
}

TEST(Rans, RefusesToAllocateForAFewBytes) {
  Rans stage(4, 6, int64_t(1) << 50);
  Encoded e = encodeStage(stage, bytes({2}, {1, 2}));
  EXPECT_EQ(stage.decode(e.main, e.sides, {int64_t(1) << 50}).message(),
            "1125899906842624 elements cannot be in a stream of 64 words");
}

/// Any state, whatever it was before, is decoded within its range.
TEST(Rans, TakesAnyStates) {
  Rans stage(4, 12, 5000);
  Array input = skewedCodes({1, 5000}, 16, 7);
  Encoded e = encodeStage(stage, input);
  for (int lane = 0; lane < ransLanes; ++lane) {
    e.main.set<uint16_t>(2 * lane, 0xFFFF);
    e.main.set<uint16_t>(2 * lane + 1, lane % 2 ? 0xFFFF : 0);
  }
  e.main.bytes.resize(40000);
  e.main.shape = {20000};
  Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_FALSE(*decoded == input);
}
