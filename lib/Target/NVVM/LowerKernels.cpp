//===- LowerKernels.cpp - Kernels to the NVVM form ------------------------===//
#include "zq/Target/NVVM/LowerKernels.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/NVVM/Passes.h"

using namespace mlir;
using namespace mlir::zq;

static void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void mlir::zq::addLowerKernelsToNVVMPasses(OpPassManager &modules) {
  modules.addPass(createMergeKernels());
  // Vectors of one dimension, in memory by plain loads and stores.
  VectorTransferToSCFOptions transfers;
  transfers.enableFullUnroll();
  modules.addNestedPass<gpu::GPUModuleOp>(
      createConvertVectorToSCFPass(transfers));
  modules.addNestedPass<gpu::GPUModuleOp>(createLowerKernelOps());
  modules.addPass(createCopyTables());
  OpPassManager &pm = modules.nest<gpu::GPUModuleOp>();
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(arith::createArithExpandOpsPass());
  addCleanup(pm);
  pm.addPass(createLoopInvariantCodeMotionPass());
  // Loops tell their step; blocks do not.
  pm.addPass(createAlignAccesses());
  pm.addPass(createSCFToControlFlowPass());

  // Before the conversion below, which would call libdevice.
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertKernelsToNVVM());
  pm.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(pm);
}

void mlir::zq::addFitToChipPasses(OpPassManager &modules, StringRef chip) {
  // The check below names a chip that is unknown.
  if (auto known = parseChip(chip))
    modules.addPass(createBoundRegisters({(*known)->sharedMemoryPerSM}));
  modules.addPass(createCheckNVVM({chip.str()}));
}

namespace {
struct LowerKernelsOptions : PassPipelineOptions<LowerKernelsOptions> {
  Option<std::string> chip{*this, "chip",
                           llvm::cl::desc("The GPU, as ptxas names it"),
                           llvm::cl::init("sm_80")};
};
} // namespace

void mlir::zq::registerLowerKernelsPipeline() {
  PassPipelineRegistration<LowerKernelsOptions>(
      "zq-lower-kernels-to-nvvm",
      "Kernels of vector, memref and gpu ops to the LLVM and NVVM dialects",
      [](OpPassManager &pm, const LowerKernelsOptions &options) {
        addLowerKernelsToNVVMPasses(pm);
        addFitToChipPasses(pm, options.chip);
      });
}
