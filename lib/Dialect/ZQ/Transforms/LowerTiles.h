//===- LowerTiles.h - Contractions on tiles of bf16 -----------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOWERTILES_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOWERTILES_H

#include "LaneKernel.h"

namespace mlir::zq {

/// Emits the loops of a `zq.tiles` and returns its result.
Value lowerTiles(OpBuilder &b, TilesOp op);

/// Writes one block of `matrix`, at most 32 rows, to tiles `into`, which is of
/// the type of a `zq.tiles` of it. Returns `into` with it.
Value packTiles(OpBuilder &b, Location loc, Value matrix, Value into);

/// As `packTiles`, with rows that are those of a block from `first` on.
Value packRows(OpBuilder &b, Location loc, Value matrix, Value first,
               Value into);

/// Emits the loops of a `zq.contract` on tiles and returns its result.
Value lowerContractOnTiles(OpBuilder &b, ContractOp op, LaneKernel &kernel);

/// Emits the loops of a `zq.contract_rows` and returns its result.
Value lowerContractRows(OpBuilder &b, ContractRowsOp op);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOWERTILES_H
