//===- ContractTiles.h - Elementwise ops on the sums of contractions ------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONTRACTTILES_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONTRACTTILES_H

#include "mlir/IR/PatternMatch.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// The tile in which the elementwise `root` reads what contractions in a
/// compute domain sum up: their rows, and columns that are whole panels of the
/// weight. Nothing where it reads none, or another part of one.
SmallVector<int64_t> getContractTile(Operation *root);

/// Sums up a tile of a contraction, if it begins with one value everywhere,
/// where the elementwise op that reads it writes its own, if it can, or else in
/// a buffer of the tile's size: nothing has room for the whole of the sums.
void shareDestination(RewriterBase &rewriter, ContractOp contract);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONTRACTTILES_H
