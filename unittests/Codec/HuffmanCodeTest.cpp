//===- HuffmanCodeTest.cpp - Length-limited canonical prefix codes --------===//

#include "zq/Codec/HuffmanCode.h"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <queue>
#include <random>

using namespace zq::codec;

static std::vector<int> lengthsOf(const std::vector<int64_t> &counts,
                                  int maxLength) {
  Result<std::vector<int>> lengths = huffmanLengths(counts, maxLength);
  EXPECT_TRUE(lengths) << lengths.message();
  return *lengths;
}

static int64_t cost(const std::vector<int64_t> &counts,
                    const std::vector<int> &lengths) {
  int64_t sum = 0;
  for (size_t i = 0; i < counts.size(); ++i)
    sum += counts[i] * lengths[i];
  return sum;
}

/// The cost of Huffman's own algorithm, which knows no limit: the sum of all
/// inner nodes.
static int64_t unlimitedCost(const std::vector<int64_t> &counts) {
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<int64_t>>
      queue;
  for (int64_t count : counts)
    if (count)
      queue.push(count);
  int64_t sum = 0;
  while (queue.size() > 1) {
    int64_t a = queue.top();
    queue.pop();
    int64_t b = queue.top();
    queue.pop();
    sum += a + b;
    queue.push(a + b);
  }
  return sum;
}

/// The least cost of all complete codes within the limit, by trying every
/// ascending sequence of lengths for descending counts.
static int64_t bestCost(const std::vector<int64_t> &counts, int maxLength,
                        size_t symbol = 0, int length = 1, int64_t room = -1) {
  if (symbol == 0)
    room = int64_t(1) << maxLength;
  if (symbol == counts.size())
    return 0;
  int64_t best = INT64_MAX;
  for (; length <= maxLength; ++length) {
    int64_t space = int64_t(1) << (maxLength - length);
    if (space > room)
      continue;
    int64_t rest =
        bestCost(counts, maxLength, symbol + 1, length, room - space);
    if (rest != INT64_MAX)
      best = std::min(best, rest + counts[symbol] * length);
  }
  return best;
}

TEST(HuffmanCode, IsAsShortAsHuffmansWithoutALimit) {
  std::mt19937 generator(1);
  for (int trial = 0; trial < 100; ++trial) {
    // At most 40 symbols with counts below 200: no code is longer than 16.
    std::vector<int64_t> counts(2 + generator() % 38);
    for (int64_t &count : counts)
      count = 1 + generator() % 200;
    EXPECT_EQ(cost(counts, lengthsOf(counts, 16)), unlimitedCost(counts));
  }
}

TEST(HuffmanCode, IsTheShortestWithinTheLimit) {
  std::mt19937 generator(2);
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<int64_t> counts(5 + generator() % 4);
    for (int64_t &count : counts)
      count = int64_t(1) << generator() % 12;
    std::sort(counts.rbegin(), counts.rend());
    for (int maxLength : {3, 4, 5}) {
      std::vector<int> lengths = lengthsOf(counts, maxLength);
      EXPECT_LE(*std::max_element(lengths.begin(), lengths.end()), maxLength);
      EXPECT_EQ(cost(counts, lengths), bestCost(counts, maxLength));
    }
  }
}

TEST(HuffmanCode, KeepsTheLimitAndStaysComplete) {
  // Fibonacci counts make the longest codes there are.
  std::vector<int64_t> counts = {1, 1};
  while (counts.size() < 40)
    counts.push_back(counts[counts.size() - 1] + counts[counts.size() - 2]);
  for (int maxLength = 6; maxLength <= 16; ++maxLength) {
    std::vector<int> lengths = lengthsOf(counts, maxLength);
    int64_t used = 0;
    for (int length : lengths) {
      ASSERT_GE(length, 1);
      ASSERT_LE(length, maxLength);
      used += int64_t(1) << (maxLength - length);
    }
    EXPECT_EQ(used, int64_t(1) << maxLength);
  }
}

TEST(HuffmanCode, CoversFewAndManySymbols) {
  EXPECT_EQ(lengthsOf({0, 0, 0}, 4), (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(lengthsOf({0, 9, 0}, 4), (std::vector<int>{0, 1, 0}));
  EXPECT_EQ(lengthsOf({1, 0, 9}, 1), (std::vector<int>{1, 0, 1}));
  EXPECT_EQ(lengthsOf(std::vector<int64_t>(256, 3), 8),
            std::vector<int>(256, 8));
  Result<std::vector<int>> failed = huffmanLengths({1, 1, 1, 1, 1}, 2);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.message(),
            "5 different symbols need codes longer than 2 bits");
}

/// Canonical codes 0, 10, 110, 111 to symbols 2, 0, 1, 3, the first bit lowest.
TEST(HuffmanCode, IsCanonicalAndReversed) {
  EXPECT_EQ(canonicalCodes({2, 3, 1, 3}),
            (std::vector<uint16_t>{0b01, 0b011, 0b0, 0b111}));
}

TEST(HuffmanCode, TableHoldsSymbolAndLengthOfEveryContinuation) {
  const uint16_t s2 = 1 << 8 | 2, s0 = 2 << 8, s1 = 3 << 8 | 1, s3 = 3 << 8 | 3;
  EXPECT_EQ(huffmanTable({2, 3, 1, 3}, 3),
            (std::vector<uint16_t>{s2, s0, s2, s1, s2, s0, s2, s3}));
}

TEST(HuffmanCode, FillsSlotsWithoutACode) {
  EXPECT_EQ(huffmanTable({0, 0, 1}, 2), std::vector<uint16_t>(4, 1 << 8 | 2));
  EXPECT_EQ(huffmanTable({0, 0, 0}, 2), std::vector<uint16_t>(4, 1 << 8));
}
