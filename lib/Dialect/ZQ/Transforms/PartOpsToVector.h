//===- PartOpsToVector.h - Loops for what puts decoded parts together -----===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PARTOPSTOVECTOR_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PARTOPSTOVECTOR_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {

/// Turns every `zq.rotate`, `zq.product` and `zq.scatter` in `scope` into loops
/// over vectors and scalars, in the order of operations of the reference (but a
/// rotation, which sums in any order), and what decodes prefix codes into loops
/// over them.
void lowerPartOps(IRRewriter &rewriter, Operation *scope);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PARTOPSTOVECTOR_H
