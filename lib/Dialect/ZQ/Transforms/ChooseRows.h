//===- ChooseRows.h - Products with weights that are read row by row ------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CHOOSEROWS_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CHOOSEROWS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::zq {

/// Products of tiles in the time of a vector instruction that a CPU with a unit
/// for tiles makes, at least.
constexpr int64_t unitRate = 64;

/// What decides for `zq.contract_rows`: options of `zq-choose-domains`.
struct RowOptions {
  int64_t lanes;
  double accuracy;
  int64_t tileRate;
  bool hasDots;
};

/// Replaces `op`, whose weight has no form for lanes, by a `zq.contract_rows`
/// where it is a product with a matrix, dense or decoded, and that is predicted
/// to be faster than loops of f32; says so in a remark. Else leaves it, or lets
/// these loops multiply by dots, where there are any and both operands are
/// bf16. Returns whether it did either.
bool chooseRows(RewriterBase &b, linalg::LinalgOp op,
                const RowOptions &options);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CHOOSEROWS_H
