//===- Gpu.h - Code of NVIDIA's GPUs, and how to launch it ----------------===//
#ifndef ZQ_TOOLS_ZQ_COMPILE_GPU_H
#define ZQ_TOOLS_ZQ_COMPILE_GPU_H

#include "Header.h"
#include "zq/Target/NVVM/NVVMCode.h"
#include "llvm/Support/JSON.h"

namespace mlir::zq::compile {

/// A module in the NVVM form, and what became of its kernels.
struct GpuCode {
  const Chip *chip;
  OwningOpRef<ModuleOp> module;
  std::string ptx;
  /// Where it was assembled.
  std::optional<Cubin> cubin;
};

/// Lowers copies of `module` for `chips` and writes PTX. A module whose kernels
/// are in the NVVM form already stays as it is. Emits an error and fails
/// where that does not work.
FailureOr<std::vector<GpuCode>>
compileForChips(ModuleOp module, ArrayRef<const Chip *> chips, double accuracy);

/// Writes what a host has to do for each function, as one object: the arrays
/// that it takes, what it allocates, and its launches with all that the
/// driver's function for that wants to know. `entryPoints` are those of the
/// module before it was lowered.
void writeLaunches(llvm::json::OStream &json, const GpuCode &code,
                   const std::vector<EntryPoint> &entryPoints);

/// Prints for each kernel that `module`, which was compiled to `code`, launches
/// what it moves and computes, and which unit of the chip bounds it.
LogicalResult explainKernels(ModuleOp module, const GpuCode &code,
                             double accuracy, llvm::raw_ostream &os);

} // namespace mlir::zq::compile

#endif // ZQ_TOOLS_ZQ_COMPILE_GPU_H
