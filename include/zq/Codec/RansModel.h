//===- RansModel.h - Integer probabilities for rANS -----------------------===//
//
// The model apart from the layout of the streams written with it. rANS: J.
// Duda, Asymmetric numeral systems, arXiv:1311.2540; in the range variant with
// renormalisation by whole units, F. Giesen, arXiv:1402.3392.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_RANSMODEL_H
#define ZQ_CODEC_RANSMODEL_H

#include "zq/Codec/Result.h"

#include <cstdint>
#include <vector>

namespace zq::codec {

/// How many of `total` slots each symbol gets: those that minimise
/// sum(counts[i] * log2(total / slots[i])), with a slot or more for every
/// symbol that occurs, and none with all of them: a symbol alone (or the first,
/// if none occurs) leaves one slot to its neighbour. So every symbol costs
/// something, and the length of a stream bounds what it can decode to. Requires
/// two counts or more and a total of at least 2; fails where more symbols occur
/// than there are slots.
Result<std::vector<int>> ransSlots(const std::vector<int64_t> &counts,
                                   int total);

/// sum(counts[i] * log2(total / slots[i])), in bits.
double ransCost(const std::vector<int64_t> &counts,
                const std::vector<int> &slots);

} // namespace zq::codec

#endif // ZQ_CODEC_RANSMODEL_H
