//===- ScalarRules.h - What a scalar operation computes -------------------===//
#ifndef ZQ_LIB_REFERENCE_SCALARRULES_H
#define ZQ_LIB_REFERENCE_SCALARRULES_H

#include "Scalar.h"

#include "mlir/IR/Operation.h"

#include <functional>

namespace mlir::zq::reference {

/// Computes the one result of an operation of its operands. On tensors, it is
/// applied element by element.
using ScalarRule = std::function<Scalar(ArrayRef<Scalar>)>;

/// The rule of `op`, whose sums are of `terms`; null where there is none.
ScalarRule getScalarRule(Operation *op, Terms terms);

/// Parts of `getScalarRule`: floats, integers and comparisons, and the
/// functions of `math`.
ScalarRule getFloatRule(Operation *op, Terms terms);
ScalarRule getIntegerRule(Operation *op);
ScalarRule getMathRule(Operation *op);

/// e to the power of a value of the float type `type`.
ScalarRule getExpRule(Type type);

/// The value of a scalar constant: a FloatAttr, IntegerAttr or BoolAttr.
Scalar getConstant(Attribute attr);

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_SCALARRULES_H
