//===- VectorQuantizers.h - What they share -------------------------------===//
//
// Stages whose codes stand for several neighbours of a row.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_IR_STAGES_VECTORQUANTIZERS_H
#define ZQ_LIB_DIALECT_ZQ_IR_STAGES_VECTORQUANTIZERS_H

#include "StageSupport.h"

namespace mlir::zq {

/// Ratios of a tensor of `rank` that has one code for `length` elements of a
/// row.
SmallVector<MainRatio> getRowRatios(int64_t rank, int64_t length);

/// A vector of `type` with these elements.
Value emitConstant(DecodeBuilder &at, VectorType type,
                   ArrayRef<int64_t> values);

/// `parts`, vectors of equal length, one behind the other.
Value emitConcatenation(DecodeBuilder &at, ArrayRef<Value> parts);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_IR_STAGES_VECTORQUANTIZERS_H
