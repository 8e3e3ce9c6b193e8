//===- Histogram.h - How often symbols occur ------------------------------===//
#ifndef ZQ_LIB_CODEC_HISTOGRAM_H
#define ZQ_LIB_CODEC_HISTOGRAM_H

#include "zq/Codec/Array.h"

#include <algorithm>
#include <numeric>

namespace zq::codec {

/// How often each symbol below 2^symbolBits occurs in an i8 array that has no
/// others.
inline std::vector<int64_t> symbolCounts(const Array &symbols, int symbolBits) {
  std::vector<int64_t> counts(size_t(1) << symbolBits);
  for (uint8_t symbol : symbols.bytes)
    ++counts[symbol];
  return counts;
}

/// The symbols, the most frequent first; of equals the lower one.
inline std::vector<int> byFrequency(const std::vector<int64_t> &counts) {
  std::vector<int> symbols(counts.size());
  std::iota(symbols.begin(), symbols.end(), 0);
  std::sort(symbols.begin(), symbols.end(), [&](int a, int b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : a < b;
  });
  return symbols;
}

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_HISTOGRAM_H
