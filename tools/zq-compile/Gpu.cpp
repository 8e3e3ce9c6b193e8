//===- Gpu.cpp - Code of NVIDIA's GPUs ------------------------------------===//
#include "Gpu.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Runtime/Codegen.h"
#include "zq/Target/NVVM/LowerKernels.h"
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

namespace {
/// A module with the kernels that chips form, and what it is in the NVVM form.
struct Lowered {
  OwningOpRef<ModuleOp> formed, module;
};
} // namespace

/// The kernels that `chip` forms of `module`, lowered as far as they are the
/// same for all chips. Those in `known`, to which others are added, are.
static FailureOr<ModuleOp> lowerFor(ModuleOp module, const Chip &chip,
                                    double accuracy,
                                    std::vector<Lowered> &known) {
  Lowered own;
  own.formed = module.clone();
  bool isLow = isInNVVMForm(module);
  if (!isLow) {
    LowerToNVVMOptions options;
    options.chip = chip.name.str();
    options.accuracy = accuracy;
    PassManager form(module->getName());
    buildFormKernelsPipeline(form, options);
    if (failed(runPasses(form, *own.formed)))
      return failure();
  }
  for (Lowered &other : known)
    if (OperationEquivalence::isEquivalentTo(
            *own.formed, *other.formed, OperationEquivalence::IgnoreLocations))
      return *other.module;
  own.module = own.formed->clone();
  PassManager lower(module->getName());
  if (isLow)
    lower.addPass(createMergeKernels());
  else
    buildFormedKernelsToNVVMPipeline(lower);
  if (failed(runPasses(lower, *own.module)))
    return failure();
  known.push_back(std::move(own));
  return *known.back().module;
}

FailureOr<std::vector<GpuCode>> mlir::zq::compile::compileForChips(
    ModuleOp module, ArrayRef<const Chip *> chips, double accuracy) {
  std::vector<GpuCode> codes;
  std::vector<Lowered> known;
  for (const Chip *chip : chips) {
    FailureOr<ModuleOp> lowered = lowerFor(module, *chip, accuracy, known);
    if (failed(lowered))
      return failure();
    GpuCode code;
    code.chip = chip;
    code.module = lowered->clone();
    PassManager fit(module->getName());
    if (isInNVVMForm(module))
      fit.addPass(createCheckNVVM({chip->name.str()}));
    else
      addFitToChipPasses(fit, chip->name);
    if (failed(runPasses(fit, *code.module)))
      return failure();
    auto kernels = code.module->getOps<gpu::GPUModuleOp>();
    if (kernels.empty())
      return module.emitError(
                 "has no kernels: there is nothing to compile for ")
             << chip->name;
    FailureOr<std::string> ptx = emitPTX(*kernels.begin(), *chip);
    if (failed(ptx))
      return failure();
    code.ptx = std::move(*ptx);
    codes.push_back(std::move(code));
  }
  return codes;
}
