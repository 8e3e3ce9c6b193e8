//===- Histogram.h - How often symbols occur ------------------------------===//
#ifndef ZQ_LIB_CODEC_HISTOGRAM_H
#define ZQ_LIB_CODEC_HISTOGRAM_H

#include "Elements.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>
#include <mutex>
#include <numeric>

namespace zq::codec {

/// How often each symbol below 2^symbolBits occurs in an i8 array that has no
/// others.
inline std::vector<int64_t> symbolCounts(const Array &symbols, int symbolBits) {
  // Counters side by side, as one symbol often follows itself.
  constexpr int lanes = 4;
  std::vector<int64_t> counts(size_t(1) << symbolBits);
  std::mutex mutex;
  parallelFor(symbols.size(), elementGrain, [&](int64_t begin, int64_t end) {
    int32_t own[lanes][256] = {};
    const uint8_t *data = symbols.bytes.data();
    int64_t i = begin;
    for (; i + lanes <= end; i += lanes)
      for (int lane = 0; lane < lanes; ++lane)
        ++own[lane][data[i + lane]];
    for (; i < end; ++i)
      ++own[0][data[i]];
    std::lock_guard<std::mutex> lock(mutex);
    for (size_t symbol = 0; symbol < counts.size(); ++symbol)
      for (int lane = 0; lane < lanes; ++lane)
        counts[symbol] += own[lane][symbol];
  });
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
