//===- Parallel.h - Work on one tensor by several threads -----------------===//
//
// Results never depend on the number of threads: a piece of work writes what is
// its own, and pieces are cut by the data alone.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_PARALLEL_H
#define ZQ_CODEC_PARALLEL_H

#include "zq/Codec/Result.h"

#include <cstdint>
#include <functional>

namespace zq::codec {

/// How many threads encode or decode one tensor, for the whole process; 0, as
/// it is at first, means one for each core that the process may run on.
/// Requires count >= 0.
void setNumThreads(int count);
int numThreads();

/// While one lives, what its thread encodes and decodes stays on that thread:
/// for callers that work on several tensors at once.
class SerialScope {
public:
  SerialScope();
  ~SerialScope();
  SerialScope(const SerialScope &) = delete;
  SerialScope &operator=(const SerialScope &) = delete;

private:
  bool outer;
};

/// Calls `body(begin, end)` for pieces of [0, count) of `grain` each (the last
/// one may be shorter), on several threads where there are several pieces; a
/// body's own pieces are then done on its thread. Returns when all are done;
/// what a body throws is thrown here.
void parallelFor(int64_t count, int64_t grain,
                 const std::function<void(int64_t, int64_t)> &body);

/// The same for bodies that may fail: the error of the first piece, counted by
/// position and not by time, that does.
Status parallelCheck(int64_t count, int64_t grain,
                     const std::function<Status(int64_t, int64_t)> &body);

} // namespace zq::codec

#endif // ZQ_CODEC_PARALLEL_H
