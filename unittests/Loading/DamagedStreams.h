//===- DamagedStreams.h - Ways in which stored streams get damaged --------===//
#ifndef ZQ_UNITTESTS_LOADING_DAMAGEDSTREAMS_H
#define ZQ_UNITTESTS_LOADING_DAMAGEDSTREAMS_H

#include "zq/Codec/Stage.h"

#include <functional>

namespace zq::test {

/// Streams of which one is damaged; `what` says how, for messages.
using VisitDamaged = std::function<void(
    const std::vector<codec::Stream> &streams, const std::string &what)>;

/// Damages one stream after the other in every way: fewer or more bytes than
/// the shape says, a dimension shorter or longer with the bytes to go with it,
/// another type or rank; and in each sixteenth of its bytes one bit or some
/// flipped, all of them zero or set, and others in their place. What is random
/// is so by `seed` and a counter.
void forEachDamage(const std::vector<codec::Stream> &streams, uint64_t seed,
                   const VisitDamaged &visit);

/// The same of bytes that say of themselves what they are, such as a file's.
void forEachDamage(const std::string &bytes, uint64_t seed,
                   const std::function<void(const std::string &bytes)> &visit);

} // namespace zq::test

#endif // ZQ_UNITTESTS_LOADING_DAMAGEDSTREAMS_H
