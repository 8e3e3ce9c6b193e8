//===- Epilogue.h - Elementwise work at the end of a kernel ---------------===//
#ifndef ZQ_LIB_TARGET_NVVM_EPILOGUE_H
#define ZQ_LIB_TARGET_NVVM_EPILOGUE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::zq {

/// The elementwise op that alone uses the result of an op, as the end of the
/// kernel that computes this result.
class Epilogue {
public:
  /// None.
  Epilogue() = default;
  /// That of `op`, if there is one.
  explicit Epilogue(linalg::LinalgOp op);

  explicit operator bool() const { return generic != nullptr; }
  linalg::GenericOp getOp() const { return generic; }

  /// Makes arrays of what it reads besides, where the builder stands: outside
  /// of the kernel.
  void makeBuffers(OpBuilder &b);
  /// Its result for the element `value` at `place`, index by index.
  Value emit(ImplicitLocOpBuilder &b, Value value, ValueRange place) const;

private:
  linalg::GenericOp generic;
  Value input;
  /// One for each operand; null where its values are not used.
  SmallVector<Value> others;
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_EPILOGUE_H
