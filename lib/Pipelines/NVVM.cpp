//===- NVVM.cpp - From functions on tensors to kernels --------------------===//
#include "Steps.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/Transforms/RequestCWrappers.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/NVVM/LowerKernels.h"
#include "zq/Target/NVVM/Passes.h"

using namespace mlir;
using namespace mlir::zq;

/// A thread of a kernel that is no contraction computes this many elements of a
/// row: what it loads at once.
static constexpr int64_t threadWidth = 4;

void mlir::zq::buildFormKernelsPipeline(OpPassManager &pm,
                                        const LowerToNVVMOptions &options) {
  // Import.
  pm.addPass(createImport());
  // What is encoded while the program runs becomes kernels below.
  pm.addPass(createEncodeConstants());
  pm.addPass(createSplitRecords());

  // Algebra.
  for (std::unique_ptr<Pass> &pass :
       createAlgebraPasses(threadWidth, /*panelRows=*/0))
    pm.addPass(std::move(pass));
  addVerify(pm, "algebra");
  addCleanup(pm);

  // Kernels of contractions, those of compressed activations first.
  pm.addPass(createFormBlockScaledKernels({options.chip}));
  FormKernelsOptions kernels;
  kernels.accuracy = options.accuracy;
  // The pass above names a chip that is unknown.
  if (auto chip = parseChip(options.chip)) {
    kernels.sharedMemory = (*chip)->sharedMemoryPerBlock;
    kernels.processors = (*chip)->processors;
  }
  pm.addPass(createFormKernels(kernels));
  pm.addPass(createFormEncodeKernels());
  addCleanup(pm);
}

static void addLowerFormedKernelsPasses(OpPassManager &pm) {
  // Loops with a thread for each tile of the rest.
  TileAndFuseOptions tiling;
  tiling.width = threadWidth;
  tiling.accumulators = 1;
  tiling.panel = 1;
  tiling.scalar = true;
  pm.addPass(createTileAndFuse(tiling));
  addCleanup(pm);

  // Decode to vectors.
  pm.addPass(createMaterializeDecoders({threadWidth, /*scalar=*/true}));
  pm.addPass(createDecodeToVector());
  pm.addPass(createVectorize());
  addCleanup(pm);
  pm.addPass(createReadRecords());
  pm.addPass(createHoistSubsets());
  addCleanup(pm);
  addVerify(pm, "vectors");

  // Streams, then buffers.
  pm.addPass(createExpandStorage());
  addCleanup(pm);
  addVerify(pm, "streams");
  pm.addPass(createLowerVectorOpsToNVVM());
  addCleanup(pm);
  addBufferizePasses(pm);
  pm.addPass(createLaunchLoops());
  pm.addPass(createLoopInvariantCodeMotionPass());
  // Numbers of iterations that are known become constants of the kernels, which
  // divide by them.
  addCleanup(pm);

  // Kernels apart from what launches them.
  pm.addPass(createGpuLaunchSinkIndexComputationsPass());
  pm.addPass(createGpuKernelOutliningPass());
  addDeallocationPasses(pm);
  addCleanup(pm);
  addVerify(pm, "buffers");
  addVerify(pm, "device");
  pm.addPass(createBareKernelArguments());
  addCleanup(pm);
}

void mlir::zq::buildLowerToKernelsPipeline(OpPassManager &pm,
                                           const LowerToNVVMOptions &options) {
  buildFormKernelsPipeline(pm, options);
  addLowerFormedKernelsPasses(pm);
}

void mlir::zq::buildFormedKernelsToNVVMPipeline(OpPassManager &pm) {
  addLowerFormedKernelsPasses(pm);
  addLowerKernelsToNVVMPasses(pm);
}

void mlir::zq::buildLowerToNVVMPipeline(OpPassManager &pm,
                                        const LowerToNVVMOptions &options) {
  buildFormKernelsPipeline(pm, options);
  buildFormedKernelsToNVVMPipeline(pm);
  addFitToChipPasses(pm, options.chip);
}

void mlir::zq::addHostToLLVMPasses(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(LLVM::createLLVMRequestCWrappersPass());
  pm.addPass(createExpandReshapes());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(arith::createArithExpandOpsPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(pm);
  addVerify(pm, "llvm");
}
