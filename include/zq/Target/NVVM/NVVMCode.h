//===- NVVMCode.h - From the NVVM form to code of NVIDIA's GPUs -----------===//
//
// PTX needs nothing but LLVM. What runs on the device, a cubin or several in
// one fatbin, is made by the CUDA toolkit's programs, which are looked for on
// PATH, in $CUDA_HOME/bin, $CUDA_PATH/bin and /usr/local/cuda/bin.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_NVVMCODE_H
#define ZQ_TARGET_NVVM_NVVMCODE_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "zq/Codec/Result.h"
#include "zq/Target/NVVM/Chip.h"

#include <string>
#include <vector>

namespace mlir::zq {

/// Translates the kernels of `kernels`, which are in the NVVM form and stay as
/// they are, to LLVM IR, optimises it, and writes PTX. Emits an error if that
/// fails, or if a kernel calls what is nowhere. Instructions that the chip
/// lacks end the process: `zq-check-nvvm` has to come before.
FailureOr<std::string> emitPTX(gpu::GPUModuleOp kernels, const Chip &chip);

/// What the assembler says about a kernel.
struct KernelStatistics {
  std::string name;
  int64_t registers = 0;
  int64_t barriers = 0;
  /// Bytes of static shared memory.
  int64_t sharedMemory = 0;
  /// Bytes of local memory for each thread, and those stored and loaded since
  /// registers did not suffice.
  int64_t stack = 0;
  int64_t spillStores = 0;
  int64_t spillLoads = 0;
};

/// Machine code of one chip.
struct Cubin {
  const Chip *chip;
  std::string image;
  std::vector<KernelStatistics> kernels;
  /// Lines of the assembler's that warn, of slow code for instance.
  std::vector<std::string> warnings;
};

/// The path of a program of the CUDA toolkit; an error says where it was looked
/// for.
::zq::codec::Result<std::string> findCudaProgram(llvm::StringRef name);

/// Assembles `ptx` by `ptxas`.
::zq::codec::Result<Cubin> assemble(llvm::StringRef ptx, const Chip &chip);

/// Puts machine code of several chips into one image, of which the driver takes
/// the one that fits, by `fatbinary`.
::zq::codec::Result<std::string> bundleFatbin(llvm::ArrayRef<Cubin> cubins);

/// What `ptxas -v` prints, read.
std::vector<KernelStatistics> parseStatistics(llvm::StringRef text);

} // namespace mlir::zq

#endif // ZQ_TARGET_NVVM_NVVMCODE_H
