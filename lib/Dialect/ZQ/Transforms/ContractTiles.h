//===- ContractTiles.h - Elementwise ops on the sums of contractions ------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONTRACTTILES_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONTRACTTILES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <array>

namespace mlir::zq {

/// The tile in which the elementwise `root` reads what contractions in a
/// compute domain sum up: what one task makes of their result. Nothing where it
/// reads none, or another part of one.
SmallVector<int64_t> getContractTile(Operation *root);

/// Cuts the elementwise `root` along `dim` in two, the first of `size`
/// iterations, each of which reads a part of its own of what contractions sum
/// up.
std::array<linalg::LinalgOp, 2> splitRoot(RewriterBase &rewriter,
                                          linalg::LinalgOp root, unsigned dim,
                                          int64_t size);

/// Sums up a tile of a contraction, if it begins with one value everywhere,
/// where the elementwise op that reads it writes its own, if it can, or else in
/// a buffer of the tile's size: nothing has room for the whole of the sums.
void shareDestination(RewriterBase &rewriter, Operation *contract);

/// Where loops write sums that are added to `init`: there or, where it is zero
/// everywhere, to something that need not be read.
struct Destination {
  Value into;
  bool isZero;
};
Destination emitDestination(OpBuilder &b, Location loc, Value init);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONTRACTTILES_H
