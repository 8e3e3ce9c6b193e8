//===- BudgetTest.cpp - One of several codecs for each tensor -------------===//

#include "zq/Codec/Budget.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace zq::codec;

using Choices = std::vector<std::vector<Choice>>;

/// Size and error of what is chosen.
static Choice totalOf(const Choices &choices,
                      const std::vector<size_t> &chosen) {
  Choice total{0, 0};
  for (size_t i = 0; i < choices.size(); ++i) {
    total.size += choices[i][chosen[i]].size;
    total.error += choices[i][chosen[i]].error;
  }
  return total;
}

/// The least error of all combinations that fit.
static double leastError(const Choices &choices, double budget) {
  std::vector<size_t> chosen(choices.size());
  double least = INFINITY;
  while (true) {
    Choice total = totalOf(choices, chosen);
    if (total.size <= budget)
      least = std::min(least, total.error);
    size_t i = 0;
    while (i < chosen.size() && ++chosen[i] == choices[i].size())
      chosen[i++] = 0;
    if (i == chosen.size())
      return least;
  }
}

TEST(Budget, IsSpentAsWellAsCanBe) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> any(0, 1);
  for (int trial = 0; trial < 100; ++trial) {
    Choices choices(1 + generator() % 6);
    double least = 0, most = 0;
    for (std::vector<Choice> &own : choices) {
      double weight = 1 + 9 * any(generator), low = INFINITY, high = 0;
      for (unsigned k = 1 + generator() % 4; k > 0; --k) {
        double bits = 2 + 6 * any(generator);
        own.push_back({weight * bits,
                       weight * std::exp2(-2 * bits) * (1 + any(generator))});
        low = std::min(low, own.back().size);
        high = std::max(high, own.back().size);
      }
      least += low, most += high;
    }
    double budget = least + (most - least) * any(generator) * 1.1;
    auto chosen = chooseWithin(choices, budget);
    ASSERT_TRUE(chosen) << chosen.message();
    Choice total = totalOf(choices, *chosen);
    EXPECT_LE(total.size, budget);
    // What steps round up may hide a combination that fits by a hair.
    EXPECT_LE(total.error, 1.02 * leastError(choices, budget)) << trial;
  }
}

TEST(Budget, IsSpentToTheLastBit) {
  Choices choices(7, {{2, 1}, {3, 0.25}, {4, 0.1}});
  auto chosen = chooseWithin(choices, 7 * 3);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(*chosen, std::vector<size_t>(7, 1));
  EXPECT_EQ(*chooseWithin(choices, 7 * 2), std::vector<size_t>(7, 0));
  EXPECT_EQ(*chooseWithin(choices, 1e9), std::vector<size_t>(7, 2));
  EXPECT_TRUE(chooseWithin({}, 0)->empty());
}

/// A tensor that loses more by few bits gets more of them.
TEST(Budget, GoesWhereItIsNeeded) {
  auto chosen = chooseWithin(
      {{{200, 4}, {300, 1}, {400, 0.2}}, {{200, 400}, {300, 100}, {400, 20}}},
      600);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(*chosen, (std::vector<size_t>{0, 2}));
}

TEST(Budget, MustHoldTheSmallest) {
  EXPECT_EQ(chooseWithin({{{2, 1}, {3, 0}}, {{2, 1}}}, 3.5).message(),
            "the smallest choices take 4, more than the budget of 3.5");
  EXPECT_EQ(chooseWithin({{{2, 1}}}, NAN).message(),
            "the smallest choices take 2, more than the budget of nan");
}
