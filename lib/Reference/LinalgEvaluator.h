//===- LinalgEvaluator.h - Structured operations on bounded tensors -------===//
#ifndef ZQ_LIB_REFERENCE_LINALGEVALUATOR_H
#define ZQ_LIB_REFERENCE_LINALGEVALUATOR_H

#include "Values.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::zq::reference {

/// Runs any structured op on tensors and binds its results. Fails with an error
/// at the op, or at the operation in its body that has no rule.
LogicalResult evaluateLinalg(linalg::LinalgOp op, Environment &environment);

/// Sums of products (matmul and its kin, with widening casts on the factors),
/// which take real sizes: the same result as the general way, without running
/// the body. `loops` are the sizes of the iteration space. Nothing where the op
/// is of another kind.
std::optional<BoundedTensor> evaluateContraction(linalg::LinalgOp op,
                                                 ArrayRef<TensorRef> operands,
                                                 ArrayRef<int64_t> loops);

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_LINALGEVALUATOR_H
