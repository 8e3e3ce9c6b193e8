//===- RegisterTiles.h - What a contraction keeps in registers
//-------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_REGISTERTILES_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_REGISTERTILES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// The largest divisor of `size` that is at most `limit`; 1 where the size is
/// not known.
int64_t largestDivisor(int64_t size, int64_t limit);

/// The operand of a contraction along whose last dimension the lanes go, since
/// its blocks do: the weight, with its decode, or else the last input.
std::pair<OpOperand *, DecodeOp> findWeight(linalg::LinalgOp op);

/// The order of the loops of `op` where its own is not best: a few rows of the
/// weight are multiplied with all of the other operand, where these are fewer
/// than the weight's own, and are still in a cache for the last ones.
SmallVector<int64_t> getLoopOrder(linalg::LinalgOp op, unsigned lane);

/// The vectors that a register tile may be of.
struct RegisterFile {
  /// Lanes of a vector.
  int64_t width;
  /// Vectors of accumulators.
  int64_t accumulators;
};

/// Register tile sizes of the parallel dimensions but `lane`, for loops of
/// `ranges`, where `width` elements along `lane` are taken at a time, and with
/// `fuse` decoded to registers. One that does not divide its loop is that of
/// the larger ones: behind them there are tiles of one less.
SmallVector<int64_t> getRegisterTile(linalg::LinalgOp op,
                                     ArrayRef<int64_t> ranges, unsigned lane,
                                     int64_t width, bool fuse,
                                     RegisterFile registers);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_REGISTERTILES_H
