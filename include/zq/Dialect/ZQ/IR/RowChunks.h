//===- RowChunks.h - Codecs whose chunks are several rows -----------------===//
#ifndef ZQ_DIALECT_ZQ_IR_ROWCHUNKS_H
#define ZQ_DIALECT_ZQ_IR_ROWCHUNKS_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// How many rows (steps along the last dimension but one) a chunk of `codec`
/// has, for tensors of rank `rank`: the state after one is that before the
/// next, unless its number is a multiple of this. 1 where each row stands for
/// itself. Of a row that is no multiple of the granule the state is that after
/// its elements alone, which no block leaves.
int64_t getRowsPerChunk(CodecAttr codec, int64_t rank);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_ROWCHUNKS_H
