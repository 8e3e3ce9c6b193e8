//===- RansModel.cpp - Integer probabilities for rANS ---------------------===//

#include "zq/Codec/RansModel.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>

using namespace zq::codec;

namespace {
/// What one more slot for a symbol saves, in bits. Of equals the lower symbol
/// comes first.
struct Saving {
  double bits;
  int symbol;
  bool operator<(const Saving &other) const {
    return bits != other.bits ? bits < other.bits : symbol > other.symbol;
  }
};
} // namespace

Result<std::vector<int>>
zq::codec::ransSlots(const std::vector<int64_t> &counts, int total) {
  std::vector<int> slots(counts.size());
  int used = 0;
  for (size_t i = 0; i < counts.size(); ++i)
    used += slots[i] = counts[i] > 0;
  if (used > total)
    return Error{std::to_string(used) + " different symbols need more than " +
                 std::to_string(total) + " slots"};
  if (used <= 1) {
    size_t only = std::max_element(slots.begin(), slots.end()) - slots.begin();
    slots[only] = total - 1;
    slots[only == 0 ? 1 : only - 1] = 1;
    return slots;
  }

  // The cost is a sum of convex functions of one symbol each, so that taking
  // the largest saving each time ends at the minimum.
  std::priority_queue<Saving> savings;
  auto push = [&](int symbol) {
    savings.push(
        {double(counts[symbol]) * std::log2(1 + 1.0 / slots[symbol]), symbol});
  };
  for (size_t i = 0; i < counts.size(); ++i)
    if (slots[i])
      push(int(i));
  for (; used < total; ++used) {
    int symbol = savings.top().symbol;
    savings.pop();
    ++slots[symbol];
    push(symbol);
  }
  return slots;
}

double zq::codec::ransCost(const std::vector<int64_t> &counts,
                           const std::vector<int> &slots) {
  double total = std::accumulate(slots.begin(), slots.end(), 0.0), bits = 0;
  for (size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0)
      bits += double(counts[i]) * std::log2(total / slots[i]);
  return bits;
}
