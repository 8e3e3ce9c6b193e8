//===- Interpreter.h - Operations on whole values -------------------------===//
#ifndef ZQ_LIB_REFERENCE_INTERPRETER_H
#define ZQ_LIB_REFERENCE_INTERPRETER_H

#include "Values.h"

namespace mlir::zq::reference {

/// Runs a block that takes `arguments`; gives what its terminator hands on.
FailureOr<SmallVector<RuntimeValue>> runBlock(Block &block,
                                              ArrayRef<RuntimeValue> arguments,
                                              Environment &environment);

/// Each runs `op` and binds its results; false where it is of another family.
/// Fails with an error at the op.
FailureOr<bool> runConstant(Operation *op, Environment &environment);
FailureOr<bool> runControlFlow(Operation *op, Environment &environment);
FailureOr<bool> runTensorOp(Operation *op, Environment &environment);
FailureOr<bool> runCompressedOp(Operation *op, Environment &environment);

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_INTERPRETER_H
