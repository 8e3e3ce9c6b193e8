//===- HostLoops.h - Loops of the host that wait for a device -------------===//
#ifndef ZQ_LIB_TARGET_NVVM_HOSTLOOPS_H
#define ZQ_LIB_TARGET_NVVM_HOSTLOOPS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::zq {

/// Ends each `scf.while` of the functions once `works`, `i1 ()`, says that a
/// launch has failed. Those after it do nothing, so that what such a loop reads
/// of an array would never change.
void endLoopsOnFailure(ModuleOp module, StringRef works);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_HOSTLOOPS_H
