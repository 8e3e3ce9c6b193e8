//===- TileLoops.h - Products in tiles by loops of vectors ----------------===//
#ifndef ZQ_LIB_TARGET_TILELOOPS_H
#define ZQ_LIB_TARGET_TILELOOPS_H

#include "mlir/IR/PatternMatch.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// Adds to sums, one to a lane, the products of each lane's word in two vectors
/// of 32-bit words: of a pair of bf16, or of one f32.
using PairProduct = function_ref<Value(OpBuilder &, Location, Value sums,
                                       Value left, Value right)>;

/// Lowers a `zq.multiply_tiles` on memrefs to loops whose innermost keeps the
/// sums of some rows in registers.
LogicalResult lowerToTileLoops(MultiplyTilesOp op, PatternRewriter &b,
                               PairProduct product);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_TILELOOPS_H
