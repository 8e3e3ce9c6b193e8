//===- HuffmanCode.cpp - Length-limited canonical prefix codes ------------===//

#include "zq/Codec/HuffmanCode.h"

#include <algorithm>
#include <tuple>

using namespace zq::codec;

namespace {
/// A set of symbols (with repetition) and its weight.
struct Package {
  int64_t weight;
  std::vector<int> symbols;
};
} // namespace

static bool isLighter(const Package &a, const Package &b) {
  return a.weight < b.weight;
}

/// Neighbours joined in pairs; an odd one at the end is dropped.
static std::vector<Package> joinPairs(const std::vector<Package> &list) {
  std::vector<Package> pairs;
  for (size_t i = 0; i + 1 < list.size(); i += 2) {
    Package pair = list[i];
    pair.weight += list[i + 1].weight;
    pair.symbols.insert(pair.symbols.end(), list[i + 1].symbols.begin(),
                        list[i + 1].symbols.end());
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

Result<std::vector<int>>
zq::codec::huffmanLengths(const std::vector<int64_t> &counts, int maxLength) {
  std::vector<Package> leaves;
  for (size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0)
      leaves.push_back({counts[i], {int(i)}});
  std::vector<int> lengths(counts.size());
  if (leaves.size() > size_t(1) << maxLength)
    return Error{std::to_string(leaves.size()) +
                 " different symbols need codes longer than " +
                 std::to_string(maxLength) + " bits"};
  if (leaves.size() == 1)
    lengths[leaves[0].symbols[0]] = 1;
  if (leaves.size() < 2)
    return lengths;

  // Each level is one bit of length to hand out. What a symbol occurs in among
  // the lightest 2n - 2 packages of the last level is its length.
  std::sort(
      leaves.begin(), leaves.end(), [](const Package &a, const Package &b) {
        return std::tie(a.weight, a.symbols) < std::tie(b.weight, b.symbols);
      });
  std::vector<Package> level = leaves;
  for (int i = 1; i < maxLength; ++i) {
    std::vector<Package> pairs = joinPairs(level);
    level.clear();
    std::merge(leaves.begin(), leaves.end(), pairs.begin(), pairs.end(),
               std::back_inserter(level), isLighter);
  }
  for (size_t i = 0; i < 2 * leaves.size() - 2; ++i)
    for (int symbol : level[i].symbols)
      ++lengths[symbol];
  return lengths;
}

static uint16_t reverseBits(unsigned code, int count) {
  uint16_t reversed = 0;
  for (int i = 0; i < count; ++i)
    reversed |= (code >> i & 1) << (count - 1 - i);
  return reversed;
}

std::vector<uint16_t>
zq::codec::canonicalCodes(const std::vector<int> &lengths) {
  std::vector<uint16_t> codes(lengths.size());
  unsigned next = 0;
  int longest = 0;
  for (int length : lengths)
    longest = std::max(longest, length);
  for (int length = 1; length <= longest; ++length) {
    next <<= 1;
    for (size_t symbol = 0; symbol < lengths.size(); ++symbol)
      if (lengths[symbol] == length)
        codes[symbol] = reverseBits(next++, length);
  }
  return codes;
}

std::vector<uint16_t> zq::codec::huffmanTable(const std::vector<int> &lengths,
                                              int maxLength) {
  // No real entry is 0, as lengths are not.
  std::vector<uint16_t> table(size_t(1) << maxLength);
  std::vector<uint16_t> codes = canonicalCodes(lengths);
  for (size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    if (lengths[symbol] == 0)
      continue;
    // The bits after the code are those of the next one: any.
    size_t step = size_t(1) << lengths[symbol];
    for (size_t slot = codes[symbol]; slot < table.size(); slot += step)
      table[slot] = uint16_t(symbol | lengths[symbol] << 8);
  }
  uint16_t filler = table[0] ? table[0] : 1 << 8;
  std::replace(table.begin(), table.end(), uint16_t(0), filler);
  return table;
}
