//===- HostLoops.h - A host that waits for a failed device -----*- C++ -*-===//
#ifndef ZQ_LIB_TARGET_NVVM_HOSTLOOPS_H
#define ZQ_LIB_TARGET_NVVM_HOSTLOOPS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::zq {

/// Lets the functions come to their end once `works`, `i1 ()`, says that a
/// launch has failed. Those after it do nothing, and what is read of an array
/// then is not what the program computes: an `scf.while` ends, an `scf.for`
/// whose bounds are no constants has no iteration, and divisors are one.
void endOnFailure(ModuleOp module, StringRef works);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_HOSTLOOPS_H
