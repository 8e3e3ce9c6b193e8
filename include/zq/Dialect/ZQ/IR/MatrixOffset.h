//===- MatrixOffset.h - Places in a matrix and in a fragment --------------===//
#ifndef ZQ_DIALECT_ZQ_IR_MATRIXOFFSET_H
#define ZQ_DIALECT_ZQ_IR_MATRIXOFFSET_H

#include "llvm/ADT/Hashing.h"

#include <cstdint>

namespace mlir::zq {

/// A place in a matrix, or an offset in one.
struct MatrixOffset {
  int64_t row = 0;
  int64_t column = 0;

  MatrixOffset operator^(MatrixOffset other) const {
    return {row ^ other.row, column ^ other.column};
  }
  bool operator==(MatrixOffset other) const {
    return row == other.row && column == other.column;
  }
};

// LLVM looks for this name. NOLINTNEXTLINE(readability-identifier-naming)
inline llvm::hash_code hash_value(MatrixOffset offset) {
  return llvm::hash_combine(offset.row, offset.column);
}

/// A lane, and the number of an element in it.
struct FragmentPlace {
  int64_t lane = 0;
  int64_t element = 0;
};

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_MATRIXOFFSET_H
