//===- EmulatedCalls.h - How tables of emulated ops are written -----------===//
#ifndef ZQ_LIB_TARGET_NVVM_EMULATEDCALLS_H
#define ZQ_LIB_TARGET_NVVM_EMULATEDCALLS_H

#include "EmulatedOps.h"

#include <optional>

namespace mlir::zq {

/// Nothing for an op of another family.
using Lookup = std::optional<FailureOr<EmulatedCall>>;

/// mbarriers, bulk copies, and tcgen05.
Lookup lookupAsyncOp(Operation *op);

inline FailureOr<EmulatedCall> refuse(Operation *op, const Twine &why) {
  return op->emitError("the emulator has no semantics for '")
         << op->getName() << "'" << (why.isTriviallyEmpty() ? "" : " ") << why;
}

/// A call with the op's own operands.
inline EmulatedCall makeCall(Operation *op, StringRef function,
                             ArrayRef<int32_t> attributes = {}) {
  return {function.str(), SmallVector<int32_t, 12>(attributes),
          SmallVector<Value>(op->getOperands())};
}

/// A call with these operands, of which some may not be there.
inline EmulatedCall makeCall(StringRef function, ArrayRef<int32_t> attributes,
                             ArrayRef<Value> operands) {
  EmulatedCall call{function.str(), SmallVector<int32_t, 12>(attributes), {}};
  for (Value operand : operands)
    if (operand)
      call.operands.push_back(operand);
  return call;
}

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_EMULATEDCALLS_H
