//===- Vectors.h - What is the same for scalars and vectors -----*- C++ -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_VECTORS_H
#define ZQ_DIALECT_ZQ_IR_VECTORS_H

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::zq {

/// `type`, a vector or a scalar, with another element type.
inline Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

/// The integer `value` in each element of `type`, a vector or a scalar.
inline Value splat(OpBuilder &b, Location loc, Type type, int64_t value) {
  TypedAttr attr = b.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, loc, attr);
}

/// The same of a float.
inline Value splatFloat(OpBuilder &b, Location loc, Type type, double value) {
  TypedAttr attr = b.getFloatAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, loc, attr);
}

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_VECTORS_H
