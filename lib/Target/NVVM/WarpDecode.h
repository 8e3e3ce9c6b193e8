//===- WarpDecode.h - Weights that warps decode ---------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_WARPDECODE_H
#define ZQ_LIB_TARGET_NVVM_WARPDECODE_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// A kernel before `op`, of a whole tensor, in which the lanes of a warp decode
/// a row together; what it makes, a dense tensor. Null where the codec's blocks
/// are no warp's to share; fails with an error where a stage does.
FailureOr<Value> emitWarpDecode(OpBuilder &builder, DecodeOp op);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_WARPDECODE_H
