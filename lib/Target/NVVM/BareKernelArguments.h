//===- BareKernelArguments.h - Arrays of kernels as pointers ----*- C++ -*-===//
#ifndef ZQ_LIB_TARGET_NVVM_BAREKERNELARGUMENTS_H
#define ZQ_LIB_TARGET_NVVM_BAREKERNELARGUMENTS_H

#include "mlir/IR/Value.h"

namespace mlir::zq {

/// The pointer, an argument of its kernel, that `zq-bare-kernel-arguments` made
/// the array `memref` of; null where it is no such array.
BlockArgument getKernelArgument(Value memref);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_BAREKERNELARGUMENTS_H
