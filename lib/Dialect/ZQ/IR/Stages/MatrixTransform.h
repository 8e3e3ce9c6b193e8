//===- MatrixTransform.h - Transforms by a stored matrix ------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_IR_STAGES_MATRIXTRANSFORM_H
#define ZQ_LIB_DIALECT_ZQ_IR_STAGES_MATRIXTRANSFORM_H

#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

namespace mlir::zq {

/// y = factor * M x for each whole block of `block` elements along an axis, the
/// rest of which stays as it is; the inverse direction has M^T. The matrix is
/// the only part: [block, block], or with `perBlock` [blocks, block, block].
struct MatrixTransform {
  int64_t axis;
  int64_t block;
  bool perBlock = false;
  float factor = 1;

  /// One line: each sum begins with 0 and runs in ascending order, then times
  /// the factor unless that is 1, in f32 with a rounding after each operation.
  Value emitLine(LineBuilder &line, Value into) const;

  /// The whole tensor, as a contraction.
  Value emitContraction(OpBuilder &b, Location loc, Value source,
                        Value matrix) const;
};

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_IR_STAGES_MATRIXTRANSFORM_H
