//===- PrefetchStreams.h - Software prefetch of what loops walk along -----===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PREFETCHSTREAMS_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PREFETCHSTREAMS_H

#include "mlir/IR/Operation.h"

namespace mlir::zq {

/// Adds a `memref.prefetch` to each innermost loop in `root` for each vector
/// that it reads from a buffer too large for a cache, of which no loop around
/// reads the same part again. It is for the place that is read some KiB later:
/// in the next iterations of the loop around where their rows are short enough,
/// else further on in the row. Changes no result.
void prefetchStreams(Operation *root);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PREFETCHSTREAMS_H
