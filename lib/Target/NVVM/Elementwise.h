//===- Elementwise.h - Elementwise work in other ops' kernels -------------===//
#ifndef ZQ_LIB_TARGET_NVVM_ELEMENTWISE_H
#define ZQ_LIB_TARGET_NVVM_ELEMENTWISE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::zq {

/// An elementwise op that a kernel does on the way, element by element: before
/// it stores what it computed, or when it reads its operand.
class Elementwise {
public:
  /// None.
  Elementwise() = default;
  /// What alone uses the result of `op`, if it is elementwise.
  static Elementwise findConsumer(linalg::LinalgOp op);
  /// What makes `value`, if it is elementwise and has that one use.
  static Elementwise findProducer(Value value);

  explicit operator bool() const { return generic != nullptr; }
  linalg::GenericOp getOp() const { return generic; }

  /// Makes arrays of what it reads, where the builder stands: outside of the
  /// kernel.
  void makeBuffers(OpBuilder &b);
  /// Its result at `place`, index by index. Of a consumer `value` is the
  /// element there that it uses.
  Value emit(ImplicitLocOpBuilder &b, Value value, ValueRange place) const;

private:
  linalg::GenericOp generic;
  /// What a consumer uses; null in a producer.
  Value input;
  /// One for each operand; null where its values are not used.
  SmallVector<Value> others;
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_ELEMENTWISE_H
