//===- Budget.cpp - One of several codecs for each tensor -----------------===//

#include "zq/Codec/Budget.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>

using namespace zq::codec;

using Choices = std::vector<std::vector<Choice>>;

/// Sizes are mostly whole numbers.
static std::string print(double size) {
  std::ostringstream text;
  text << std::setprecision(12) << size;
  return text.str();
}

/// The choice of least size, of equals that of least error.
static size_t smallest(const std::vector<Choice> &choices) {
  return std::min_element(choices.begin(), choices.end(),
                          [](const Choice &a, const Choice &b) {
                            return a.size != b.size ? a.size < b.size
                                                    : a.error < b.error;
                          }) -
         choices.begin();
}

/// Gives what is left of the budget away: each time to the tensor whose error
/// sinks most by another choice that still fits.
static void spend(const Choices &choices, double left,
                  std::vector<size_t> &chosen) {
  while (true) {
    double gain = 0;
    size_t tensor = 0, better = 0;
    for (size_t i = 0; i < choices.size(); ++i)
      for (size_t k = 0; k < choices[i].size(); ++k) {
        const Choice &now = choices[i][chosen[i]], &other = choices[i][k];
        if (other.size - now.size <= left && now.error - other.error > gain) {
          gain = now.error - other.error;
          tensor = i, better = k;
        }
      }
    if (gain == 0)
      return;
    left -= choices[tensor][better].size - choices[tensor][chosen[tensor]].size;
    chosen[tensor] = better;
  }
}

Result<std::vector<size_t>> zq::codec::chooseWithin(const Choices &choices,
                                                    double budget) {
  double sum = 0;
  std::vector<size_t> chosen;
  for (const std::vector<Choice> &own : choices) {
    assert(!own.empty() && own.size() <= UINT16_MAX && "something to choose");
    chosen.push_back(smallest(own));
    sum += own[chosen.back()].size;
  }
  double left = budget - sum;
  // NaN is no budget either.
  if (!(left >= 0))
    return Error{"the smallest choices take " + print(sum) +
                 ", more than the budget of " + print(budget)};

  // least[b]: the least error of the tensors so far that takes b steps.
  const int64_t steps = 1000 * int64_t(choices.size());
  const double step = left / double(std::max<int64_t>(steps, 1));
  const double none = std::numeric_limits<double>::infinity();
  std::vector<double> least(steps + 1, 0.0);
  std::vector<std::vector<uint16_t>> taken;
  for (size_t i = 0; i < choices.size(); ++i) {
    std::vector<double> next(steps + 1, none);
    taken.emplace_back(steps + 1);
    for (size_t k = 0; k < choices[i].size(); ++k) {
      const double more = choices[i][k].size - choices[i][chosen[i]].size;
      if (more > left)
        continue;
      const int64_t cost = more > 0 ? int64_t(std::ceil(more / step)) : 0;
      for (int64_t b = cost; b <= steps; ++b)
        if (double error = least[b - cost] + choices[i][k].error;
            error < next[b]) {
          next[b] = error;
          taken[i][b] = uint16_t(k);
        }
    }
    least = std::move(next);
  }
  const std::vector<size_t> floor = chosen;
  int64_t b = steps;
  for (size_t i = choices.size(); i-- > 0;) {
    chosen[i] = taken[i][b];
    const double more = choices[i][chosen[i]].size - choices[i][floor[i]].size;
    b -= more > 0 ? int64_t(std::ceil(more / step)) : 0;
    left -= more;
  }
  spend(choices, left, chosen);
  return chosen;
}
