//===- HuffmanTest.cpp - Chunks of a Huffman code -------------------------===//

#include "zq/Codec/Huffman.h"
#include "TestSymbols.h"

using namespace zq::codec;

TEST(Huffman, HasTheDocumentedStreams) {
  // Lengths 2, 3, 1, 3; codes, first bit lowest: 01, 011, 0, 111.
  Array input = bytes({2, 4}, {2, 2, 2, 2, 0, 0, 1, 3});
  Encoded e = encodeStage(Huffman(2, 3, 3), input);
  ASSERT_EQ(e.sides.size(), 2u);
  EXPECT_EQ(e.sides[0].name, "table");
  EXPECT_EQ(e.sides[0].array.type, ElementType::I16);
  EXPECT_EQ(e.sides[0].array.shape, std::vector<int64_t>{8});
  EXPECT_EQ(e.sides[0].array.get<uint16_t>(7), 3 << 8 | 3);
  EXPECT_EQ(e.sides[1].name, "offsets");
  EXPECT_EQ(e.sides[1].array.type, ElementType::I32);
  EXPECT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{2, 2}));
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(e.sides[1].array.get<int32_t>(i), i);
  // 2 2 2 | 2 | 0 0 1: 01, 01, 011 | 3: 111.
  EXPECT_EQ(toInts(e.main),
            (std::vector<int>{0, 0, 0b0110101, 0b111, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Huffman, RoundTripsOnAwkwardShapes) {
  for (const std::vector<int64_t> &shape : awkwardShapes())
    for (int64_t chunk : {1, 7, 64, 1000})
      for (int maxLength : {4, 11, 16})
        expectRoundTrip(Huffman(4, chunk, maxLength),
                        skewedCodes(shape, 16, 5));
}

TEST(Huffman, RoundTripsAllSymbols) {
  for (int maxLength : {8, 9, 16})
    expectRoundTrip(Huffman(8, 128, maxLength), allSymbols());
}

TEST(Huffman, SpendsOneBitOnASingleSymbol) {
  Array input = constantSymbols({100}, 9);
  Encoded e = encodeStage(Huffman(4, 1000, 4), input);
  EXPECT_EQ(e.main.size(), 13 + huffmanSlack);
  expectRoundTrip(Huffman(4, 1000, 4), input);
}

TEST(Huffman, ComesCloseToTheEntropy) {
  Array input = skewedCodes({1, 20000}, 16, 3);
  Encoded e = encodeStage(Huffman(4, 20000, 12), input);
  double bits = 8.0 * (e.main.size() - huffmanSlack) / input.size();
  double least = entropy(input);
  EXPECT_GE(bits, least);
  EXPECT_LE(bits, least * 1.03);
  EXPECT_LT(bits, 3.1);
}

TEST(Huffman, OffsetsAreOfWholeBytes) {
  Array input = skewedCodes({5, 333}, 16, 4);
  Huffman stage(4, 50, 10);
  Encoded e = encodeStage(stage, input);
  ASSERT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{5, 7}));
  // A chunk decodes alone: overwrite all bytes before the last one.
  int32_t last = e.sides[1].array.get<int32_t>(34);
  for (int32_t i = 0; i < last; ++i)
    e.main.bytes[i] = 0;
  Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  for (int64_t i = 4 * 333 + 300; i < 5 * 333; ++i)
    EXPECT_EQ(decoded->get<uint8_t>(i), input.get<uint8_t>(i));
}

TEST(Huffman, StoresSlackAlone) {
  Encoded e = encodeStage(Huffman(4, 8, 6), Array(ElementType::I8, {4, 0}));
  EXPECT_EQ(e.sides[1].array.shape, (std::vector<int64_t>{4, 0}));
  EXPECT_EQ(e.main.bytes, std::vector<uint8_t>(8));
}

TEST(Huffman, RefusesSymbolsItHasNoCodesFor) {
  std::vector<Stream> sides;
  Result<Array> result =
      Huffman(4, 8, 6).encode(bytes({2}, {3, 16}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "element [1] is code 16: huffman has codes below 16");
  result = Huffman(4, 8, 1).encode(bytes({3}, {3, 4, 5}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(),
            "3 different symbols need codes longer than 1 bits");
  result = Huffman(4, 8, 1).encode(bytes({}, {3}), {}, sides);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "huffman needs a tensor of rank 1 or more");
}

TEST(Huffman, ChecksItsStreams) {
  Huffman stage(4, 8, 6);
  Array input = skewedCodes({2, 20}, 16, 4);
  const std::vector<int64_t> &shape = input.shape;
  const Encoded good = encodeStage(stage, input);
  EXPECT_TRUE(stage.check(&good.main, good.sides, shape));
  auto message = [&](const Encoded &e) {
    return stage.check(&e.main, e.sides, shape).message();
  };

  Encoded bad = good;
  bad.sides[0].array.set<uint16_t>(5, 7 << 8);
  EXPECT_EQ(message(bad),
            "entry 5 of stream 'table' has length 7, expected 1 to 6");
  bad.sides[0].array.set<uint16_t>(5, 3);
  EXPECT_EQ(message(bad),
            "entry 5 of stream 'table' has length 0, expected 1 to 6");
  bad.sides[0].array.set<uint16_t>(5, 1 << 8 | 16);
  EXPECT_EQ(message(bad),
            "entry 5 of stream 'table' is symbol 16, expected below 16");

  // What follows a code changes neither it nor what is left of its bits.
  auto fillTable = [&](std::vector<int> entries) {
    bad = good;
    for (int64_t i = 0, n = bad.sides[0].array.size(); i < n; ++i)
      bad.sides[0].array.set<uint16_t>(i, entries[i % entries.size()]);
    return message(bad);
  };
  EXPECT_EQ(fillTable({1 << 8 | 5, 1 << 8 | 6}), "");
  EXPECT_EQ(fillTable({2 << 8 | 5, 1 << 8 | 6, 1 << 8 | 7, 1 << 8 | 6}),
            "entry 2 of stream 'table' is a code of 1 bits, but entry 0 is "
            "another one");
  EXPECT_EQ(fillTable({1 << 8 | 5, 1 << 8 | 6, 2 << 8 | 7, 1 << 8 | 6}),
            "entry 2 of stream 'table' is a code of 2 bits, but entry 0 is "
            "another one");

  bad = good;
  int64_t end = good.main.size() - huffmanSlack;
  bad.sides[1].array.set<int32_t>(3, end + 1);
  EXPECT_EQ(message(bad), "chunk 3 starts at byte " + std::to_string(end + 1) +
                              " of " + std::to_string(end));
  bad.sides[1].array.set<int32_t>(3, -1);
  EXPECT_EQ(message(bad),
            "chunk 3 starts at byte -1 of " + std::to_string(end));

  bad = good;
  bad.main = Array(ElementType::I8, {7});
  EXPECT_EQ(message(bad), "stream 'bits' has 7 bytes, expected 8 to 2^31 - 1");
  bad.main = Array(ElementType::I8, {2, 20});
  EXPECT_EQ(message(bad),
            "stream 'bits' has shape [2, 20], expected one dimension");
  bad = good;
  bad.sides.pop_back();
  EXPECT_EQ(message(bad), "huffman has 2 side streams, got 1");
}

TEST(Huffman, RefusesAChunkThatRunsPastTheEnd) {
  Huffman stage(4, 8, 6);
  Array input = skewedCodes({1, 20}, 16, 4);
  Encoded e = encodeStage(stage, input);
  // Chunk 0 starts at the last byte of what chunk 2 filled.
  e.sides[1].array.set<int32_t>(0, int32_t(e.main.size() - huffmanSlack - 1));
  EXPECT_TRUE(stage.check(&e.main, e.sides, input.shape));
  Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.message(), "chunk 0 runs past the end of stream 'bits'");
}

TEST(Huffman, RefusesToAllocateForAFewBytes) {
  Huffman stage(4, int64_t(1) << 50, 6);
  Encoded e = encodeStage(stage, bytes({2}, {1, 2}));
  Result<Array> decoded = stage.decode(e.main, e.sides, {int64_t(1) << 50});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.message(),
            "1125899906842624 elements cannot be in a stream of 1 bytes");
}
