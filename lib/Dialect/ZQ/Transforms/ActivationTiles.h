//===- ActivationTiles.h - Activations made where they are quantized ------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ACTIVATIONTILES_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ACTIVATIONTILES_H

#include "mlir/IR/PatternMatch.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// Cuts `op`, a `zq.planes` or `zq.tiles`, into its blocks of rows, each of
/// which makes its own rows of what the op reads where that is elementwise work
/// or a rotation. Returns what was pulled; nothing, and leaves `op` as it is,
/// where there is nothing to pull.
SmallVector<Operation *> tileActivation(RewriterBase &rewriter, Operation *op);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ACTIVATIONTILES_H
