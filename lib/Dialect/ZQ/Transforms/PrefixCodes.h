//===- PrefixCodes.h - Loops for prefix codes, symbols at a time ----------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PREFIXCODES_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PREFIXCODES_H

#include "mlir/IR/PatternMatch.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// Emits loops over tensors for the op, and returns its result.
Value lowerPrefixCodes(IRRewriter &b, PrefixTableOp op);
Value lowerPrefixCodes(IRRewriter &b, PrefixChunksOp op);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PREFIXCODES_H
