//===- EmulatedOps.h - Which function of the emulator runs an op ----------===//
#ifndef ZQ_LIB_TARGET_NVVM_EMULATEDOPS_H
#define ZQ_LIB_TARGET_NVVM_EMULATEDOPS_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace mlir::zq {

/// A call of `zqsim_<function>`.
struct EmulatedCall {
  std::string function;
  llvm::SmallVector<int32_t, 12> attributes;
  llvm::SmallVector<Value> operands;
};

/// The call for an op of the NVVM dialect; where it has none an error at the op
/// that says why.
FailureOr<EmulatedCall> getEmulatedOp(Operation *op);

/// The call for the LLVM intrinsic `name`, "llvm.nvvm." and so on, that `op`
/// calls; else an error at the op.
FailureOr<EmulatedCall> getEmulatedIntrinsic(Operation *op, StringRef name);

/// Rewrites what hosts compute in other roundings than GPUs: arithmetic and
/// conversions of bf16, and fma of 16 bits. Fused operations of 16 bits are
/// left, and appended to `fused`.
void expandSmallFloats(Operation *function,
                       llvm::SmallVectorImpl<Operation *> &fused);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_EMULATEDOPS_H
