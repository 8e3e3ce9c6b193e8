//===- Tiles.h - Shapes of what is multiplied in tiles --------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_TILES_H
#define ZQ_DIALECT_ZQ_IR_TILES_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace mlir::zq {

/// Rows of either operand, and columns, that a step of `zq.multiply_tiles`
/// takes.
constexpr int64_t tileRows = 32, tileDepth = 32;
/// Rows of the weight side by side in its right operand.
constexpr int64_t tileLanes = 16;

/// Elements of a right operand's row that lie together, in a word of 32 bits.
inline int64_t getTilePack(Type element) {
  return 32 / element.getIntOrFloatBitWidth();
}

/// The shape of a step of a right operand: halves of its rows, words of a row,
/// and the elements of a word in each lane.
inline llvm::SmallVector<int64_t> getRightTile(Type element) {
  int64_t pack = getTilePack(element);
  return {tileRows / tileLanes, tileDepth / pack, pack * tileLanes};
}

/// The type of a `zq.tiles` of a matrix of the shape `source`.
RankedTensorType getTilesType(Type element, ArrayRef<int64_t> source,
                              int64_t planes, int64_t steps,
                              bool isRight = false);

/// Binary digits of a bf16 and of an f32.
constexpr int64_t bf16Digits = 8, f32Digits = 24;

/// Which planes of the left operand are multiplied with which of the right one:
/// what the others contribute is as small as what the last planes left.
inline llvm::SmallVector<std::pair<int64_t, int64_t>>
getPlanePairs(int64_t left, int64_t right) {
  llvm::SmallVector<std::pair<int64_t, int64_t>> pairs;
  for (int64_t i = 0; i < left; ++i)
    for (int64_t j = 0; j < right; ++j)
      if (i + j < std::max(left, right))
        pairs.push_back({i, j});
  return pairs;
}

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_TILES_H
