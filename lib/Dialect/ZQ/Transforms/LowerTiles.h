//===- LowerTiles.h - Contractions on tiles of bf16 -----------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOWERTILES_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOWERTILES_H

#include "LaneKernel.h"

namespace mlir::zq {

/// Emits the loops of a `zq.tiles` and returns its result.
Value lowerTiles(OpBuilder &b, TilesOp op);

/// Emits the loops of a `zq.contract` on tiles and returns its result.
Value lowerContractOnTiles(OpBuilder &b, ContractOp op, LaneKernel &kernel);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOWERTILES_H
