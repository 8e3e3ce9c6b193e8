//===- Dequantization.h - Foreign spellings of a block-scaled tensor ------===//
//
// What `zq-import` finds in the IR, whichever op spelled it, and its rewriting
// into a `zq.decode`.
//
//===----------------------------------------------------------------------===//
#ifndef LIB_DIALECT_ZQ_TRANSFORMS_DEQUANTIZATION_H
#define LIB_DIALECT_ZQ_TRANSFORMS_DEQUANTIZATION_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// A scale or zero point: one for all, or one per block in the order of the
/// blocks.
struct BlockParameter {
  /// A tensor or a scalar; null where only `constant` is there.
  Value value;
  /// The values where they are known: a tensor of any shape.
  DenseElementsAttr constant;
  /// How integers are to be read.
  bool isUnsigned = false;

  explicit operator bool() const { return value || constant; }
};

/// `(code - zero) * scale`, in arithmetic that equals the reference's bit by
/// bit.
struct Dequantization {
  /// A tensor of signless integers, with the elements of `shape` in order.
  Value codes;
  bool isUnsigned = false;
  SmallVector<int64_t> shape;
  /// What it gives: f32, or f16 or bf16 rounded to from the exact product.
  Type element;
  /// The size of a block along each dimension; 0 for the whole of it.
  SmallVector<int64_t> block;
  /// How a scale is stored.
  Type stored;
  BlockParameter scale, zero;
};

/// Builds the decode of the whole tensor that `found` describes. Where zq does
/// not have it (non-constant codes of less than a byte, zero points that are
/// not i8) leaves a remark at the builder's `op` and fails, and no op is built.
FailureOr<Value> importDequantization(OpBuilder &builder, Operation *op,
                                      const Dequantization &found);

/// The dequantization that `op` computes; nothing where it computes anything
/// else. Its shape is that of the op's loops.
std::optional<Dequantization> matchDequantization(linalg::GenericOp op);

/// Merges dimensions of `found` as a reshape to `shape` with `groups` does.
/// Fails where the blocks of the result have no uniform size.
LogicalResult collapseDimensions(Dequantization &found, ArrayRef<int64_t> shape,
                                 ArrayRef<ReassociationIndices> groups);

} // namespace mlir::zq

#endif // LIB_DIALECT_ZQ_TRANSFORMS_DEQUANTIZATION_H
