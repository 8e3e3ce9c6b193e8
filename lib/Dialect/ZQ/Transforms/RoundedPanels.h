//===- RoundedPanels.h - Contractions with weights rounded once more ------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ROUNDEDPANELS_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ROUNDEDPANELS_H

#include "LaneKernel.h"

namespace mlir::zq {

/// Rows of the activation, about, for which a weight is decoded once.
constexpr int64_t roundedRows = 512;

/// Emits the loops of a `zq.contract` that is `rounded` and returns its result.
Value lowerRoundedContract(OpBuilder &b, ContractOp op, LaneKernel &kernel);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ROUNDEDPANELS_H
