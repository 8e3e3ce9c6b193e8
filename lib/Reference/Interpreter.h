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
FailureOr<bool> runForall(Operation *op, Environment &environment);
FailureOr<bool> runAffineOp(Operation *op, Environment &environment);
FailureOr<bool> runTensorOp(Operation *op, Environment &environment);
FailureOr<bool> runCompressedOp(Operation *op, Environment &environment);
FailureOr<bool> runPartOp(Operation *op, Environment &environment);

/// The row-major positions of a box in a tensor of `shape`. Fails with an error
/// at `op` where it reaches outside.
FailureOr<SmallVector<int64_t>>
getPositions(Operation *op, ArrayRef<int64_t> shape, ArrayRef<int64_t> offsets,
             ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides);

/// Whether the compiler may go on with the terms of a sum that `op` computes:
/// it may where none of them depends on a dense argument (see Decode.cpp).
Terms getTerms(Operation *op, const Environment &environment);

/// `RuntimeValue::parts` of the results of `op`.
std::optional<int64_t> countParts(Operation *op,
                                  const Environment &environment);

/// Decodes a whole tensor; what comes back has its parts counted. Fails with an
/// error at `op`.
FailureOr<RuntimeValue> decodeWhole(Operation *op, CompressedTensorType type,
                                    const StreamsRef &streams,
                                    const Environment &environment);

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_INTERPRETER_H
