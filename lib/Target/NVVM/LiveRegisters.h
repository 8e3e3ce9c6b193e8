//===- LiveRegisters.h - Registers that a kernel's values take ------------===//
#ifndef ZQ_LIB_TARGET_NVVM_LIVEREGISTERS_H
#define ZQ_LIB_TARGET_NVVM_LIVEREGISTERS_H

#include "mlir/IR/Operation.h"

namespace mlir::zq {

/// The most registers of 32 bits that values of `kernel`, in the NVVM form, are
/// in at one time, in the order of its ops. The assembler has another order,
/// and takes registers for constants and addresses besides.
int64_t countLiveRegisters(Operation *kernel);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_LIVEREGISTERS_H
