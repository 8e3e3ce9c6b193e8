//===- MatrixTransform.h - Transforms by a stored matrix ------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_IR_STAGES_MATRIXTRANSFORM_H
#define ZQ_LIB_DIALECT_ZQ_IR_STAGES_MATRIXTRANSFORM_H

#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

namespace mlir::zq {

/// y = f M x for each whole block of `block` elements along an axis; the
/// inverse direction has M^T. The rest of the axis stays as it is, or is a
/// block of its own, with as many rows and columns of the matrix. The matrix is
/// the only part: [block, block], or with `perBlock` [blocks, block, block].
struct MatrixTransform {
  int64_t axis;
  int64_t block;
  bool perBlock = false;
  bool mapsRest = false;
  /// f for a block of so many elements; null where that is always 1.
  float (*getFactor)(int64_t size) = nullptr;

  /// One line: each sum begins with 0 and runs in ascending order, then times
  /// the factor, if there are factors, in f32 with a rounding after each
  /// operation.
  Value emitLine(LineBuilder &line, Value into) const;

  /// The whole tensor, as a contraction.
  Value emitContraction(OpBuilder &b, Location loc, Value source,
                        Value matrix) const;

private:
  Value emitBlocks(OpBuilder &b, Location loc, Value blocks, Value matrix,
                   int64_t size) const;
};

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_IR_STAGES_MATRIXTRANSFORM_H
