//===- Passes.h - Passes on the way to NVIDIA's GPUs ----------------------===//
#ifndef ZQ_TARGET_NVVM_PASSES_H
#define ZQ_TARGET_NVVM_PASSES_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::zq {

#define GEN_PASS_DECL
#include "zq/Target/NVVM/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "zq/Target/NVVM/Passes.h.inc"

/// Lets passes on host code know what `gpu.launch_func` does to memory: it
/// reads and writes, and makes and frees no array.
void registerLaunchEffects(DialectRegistry &registry);

} // namespace mlir::zq

#endif // ZQ_TARGET_NVVM_PASSES_H
