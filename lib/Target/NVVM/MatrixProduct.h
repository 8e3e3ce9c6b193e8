//===- MatrixProduct.h - Contractions as products of matrices -------------===//
#ifndef ZQ_LIB_TARGET_NVVM_MATRIXPRODUCT_H
#define ZQ_LIB_TARGET_NVVM_MATRIXPRODUCT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <optional>

namespace mlir::zq {

/// y[b.., m.., n] = init[b.., m.., n] + sum over k of x[b.., m.., k] w[b.., n,
/// k], where each array has these dimensions in an order of its own. There may
/// be any number of b and of m.
struct MatrixProduct {
  linalg::LinalgOp op;
  /// What the weight is decoded by; null where it is dense as x is.
  DecodeOp decode;
  /// x, w and init.
  Value activation, weight, init;
  /// The loops of op, in the result's order.
  SmallVector<unsigned> batchLoops, rowLoops;
  unsigned columnLoop = 0, depthLoop = 0;
  /// Along which loop each dimension lies.
  SmallVector<unsigned> xLoops, wLoops, yLoops;

  /// Whether elements of w that lie side by side are multiplied with
  /// neighbours in a row of x; so for x.
  bool isWeightAlongDepth() const { return wLoops.back() == depthLoop; }
  bool isActivationAlongDepth() const { return xLoops.back() == depthLoop; }
  /// Whether it is a product of x with the rows of one compressed matrix.
  bool isOfCompressedRows() const {
    return decode && batchLoops.empty() && isWeightAlongDepth() &&
           isActivationAlongDepth();
  }
};

/// `op` as such a product, with a whole compressed tensor for its weight where
/// it has one. n and k are of static size.
std::optional<MatrixProduct> matchMatrixProduct(linalg::LinalgOp op);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_MATRIXPRODUCT_H
