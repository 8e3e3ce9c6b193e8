//===- RansModelTest.cpp - Integer probabilities --------------------------===//

#include "zq/Codec/RansModel.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace zq::codec;

using Counts = std::vector<int64_t>;
using Slots = std::vector<int>;

static Slots slotsOf(const Counts &counts, int total) {
  Result<Slots> slots = ransSlots(counts, total);
  EXPECT_TRUE(slots) << slots.message();
  return slots ? *slots : Slots();
}

TEST(RansModel, DividesWithoutARestWhereThatGoes) {
  EXPECT_EQ(slotsOf({10, 0, 20, 10}, 8), (Slots{2, 0, 4, 2}));
  EXPECT_EQ(ransCost({10, 0, 20, 10}, {2, 0, 4, 2}), 60);
}

TEST(RansModel, GivesEverySymbolASlot) {
  EXPECT_EQ(slotsOf({1, 1000000, 1, 0}, 8), (Slots{1, 6, 1, 0}));
  EXPECT_EQ(slotsOf({1, 1000000, 1, 1}, 4), (Slots{1, 1, 1, 1}));
}

TEST(RansModel, GivesNoSymbolAllSlots) {
  EXPECT_EQ(slotsOf({0, 7, 0}, 16), (Slots{1, 15, 0}));
  EXPECT_EQ(slotsOf({7, 0, 0}, 16), (Slots{15, 1, 0}));
  EXPECT_EQ(slotsOf({0, 0, 7}, 2), (Slots{0, 1, 1}));
  EXPECT_EQ(slotsOf({0, 0, 0}, 16), (Slots{15, 1, 0}));
}

TEST(RansModel, RefusesMoreSymbolsThanSlots) {
  EXPECT_EQ(ransSlots({1, 1, 1}, 2).message(),
            "3 different symbols need more than 2 slots");
}

/// No move of one slot from a symbol to another makes it cheaper.
TEST(RansModel, FindsTheMinimum) {
  Counts counts = {813, 77, 5, 0, 3000, 411, 1, 98, 1500};
  for (int total : {8, 13, 64, 256}) {
    Slots slots = slotsOf(counts, total);
    EXPECT_EQ(std::accumulate(slots.begin(), slots.end(), 0), total);
    double cost = ransCost(counts, slots);
    for (size_t from = 0; from < slots.size(); ++from)
      for (size_t to = 0; to < slots.size(); ++to) {
        if (slots[from] < 2 || from == to || counts[to] == 0)
          continue;
        Slots other = slots;
        --other[from];
        ++other[to];
        EXPECT_GE(ransCost(counts, other), cost - 1e-9);
      }
  }
}
