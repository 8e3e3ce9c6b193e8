//===- KMeans.h - Cluster centres -----------------------------------------===//
#ifndef ZQ_LIB_CODEC_KMEANS_H
#define ZQ_LIB_CODEC_KMEANS_H

#include <cstdint>
#include <vector>

namespace zq::codec {

/// `count` centres of the rows of `length` elements in `rows`, by splitting and
/// Lloyd's algorithm; the same for the same rows. The cluster with the largest
/// sum of squared errors is split at the mean of its widest axis until there
/// are enough, or each holds equal rows only; then come 10 rounds of assigning
/// rows to the nearest centre (`NearestRow`) and taking means. Centres that are
/// not needed are zero: with no more different rows than centres, each of them
/// is a centre, exactly.
std::vector<float> kMeans(const std::vector<float> &rows, int64_t length,
                          int64_t count);

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_KMEANS_H
