//===- LowerKernels.h - Kernels to the NVVM form --------------------------===//
#ifndef ZQ_TARGET_NVVM_LOWERKERNELS_H
#define ZQ_TARGET_NVVM_LOWERKERNELS_H

#include "mlir/Pass/PassManager.h"

namespace mlir::zq {

/// Adds the passes that bring the `gpu.module`s of a module from code of arith,
/// math, scf, vector, memref, gpu and nvvm ops for one thread each, after
/// `zq-bare-kernel-arguments`, to the NVVM form: functions of the LLVM dialect
/// with nvvm ops and calls of intrinsics of NVPTX, and nothing else.
void addLowerKernelsToNVVMPasses(OpPassManager &pm);

/// Adds what then asks for the chip: its registers, and whether it has all
/// instructions. One that `parseChip` does not know is an error at the module.
void addFitToChipPasses(OpPassManager &pm, StringRef chip);

/// Registers them by name: `zq-lower-kernels-to-nvvm{chip=}`.
void registerLowerKernelsPipeline();

} // namespace mlir::zq

#endif // ZQ_TARGET_NVVM_LOWERKERNELS_H
