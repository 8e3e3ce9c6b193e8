//===- LinalgEvaluator.h - Structured operations on bounded tensors -------===//
#ifndef ZQ_LIB_REFERENCE_LINALGEVALUATOR_H
#define ZQ_LIB_REFERENCE_LINALGEVALUATOR_H

#include "Values.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::zq::reference {

/// What the compiler may make of the sums of an op.
struct SumOfParts {
  Terms terms = Terms::Kept;
  /// How many terms may come of each.
  int64_t perTerm = 1;
  /// How many roundings a term may have on top.
  int64_t roundings = 0;
  /// The largest error of a product by a domain that is not f32, over the
  /// product of the largest factors.
  double accuracy = 0;
  /// What is below may count as zero: factors, products and sums.
  double leastNormal = 0;

  static SumOfParts of(linalg::LinalgOp op, const Environment &environment);
};

/// Runs any structured op on tensors and binds its results. Fails with an error
/// at the op, or at the operation in its body that has no rule.
LogicalResult evaluateLinalg(linalg::LinalgOp op, Environment &environment);

/// Runs `op` and binds its result: exp(x - max) over the sum of these, along a
/// dimension.
void evaluateSoftmax(linalg::SoftmaxOp op, Environment &environment);

/// Sums of products (matmul and its kin, with widening casts on the factors),
/// which take real sizes: the same result as the general way, without running
/// the body. `loops` are the sizes of the iteration space. Nothing where the op
/// is of another kind.
std::optional<BoundedTensor> evaluateContraction(linalg::LinalgOp op,
                                                 ArrayRef<TensorRef> operands,
                                                 ArrayRef<int64_t> loops,
                                                 const SumOfParts &parts);

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_LINALGEVALUATOR_H
