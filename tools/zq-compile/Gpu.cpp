//===- Gpu.cpp - Code of NVIDIA's GPUs ------------------------------------===//
#include "Gpu.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Runtime/Codegen.h"
#include "zq/Target/NVVM/Passes.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::compile;

/// Whether the kernels of `module` are written in the NVVM form.
static bool isInNVVMForm(ModuleOp module) {
  bool found = false;
  for (auto kernels : module.getOps<gpu::GPUModuleOp>()) {
    if (!kernels.getOps<gpu::GPUFuncOp>().empty())
      return false;
    found |= !kernels.getOps<LLVM::LLVMFuncOp>().empty();
  }
  return found;
}

FailureOr<GpuCode> mlir::zq::compile::compileForChip(ModuleOp module,
                                                     const Chip &chip,
                                                     double accuracy) {
  GpuCode code;
  code.chip = &chip;
  code.module = module.clone();
  PassManager pm(module->getName());
  if (isInNVVMForm(module)) {
    pm.addPass(createMergeKernels());
    pm.addPass(createCheckNVVM({chip.name.str()}));
  } else {
    LowerToNVVMOptions options;
    options.chip = chip.name.str();
    options.accuracy = accuracy;
    buildLowerToNVVMPipeline(pm, options);
  }
  if (failed(runPasses(pm, *code.module)))
    return failure();
  auto kernels = code.module->getOps<gpu::GPUModuleOp>();
  if (kernels.empty())
    return module.emitError("has no kernels: there is nothing to compile for ")
           << chip.name;
  FailureOr<std::string> ptx = emitPTX(*kernels.begin(), chip);
  if (failed(ptx))
    return failure();
  code.ptx = std::move(*ptx);
  return code;
}
