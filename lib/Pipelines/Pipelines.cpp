//===- Pipelines.cpp - Pass pipelines, named for the form they reach ------===//
#include "zq/Pipelines/Pipelines.h"
#include "Steps.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/Transforms/RequestCWrappers.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Target/NVVM/Passes.h"
#include "zq/Target/Target.h"

using namespace mlir;
using namespace mlir::zq;

SmallVector<std::unique_ptr<Pass>>
mlir::zq::createAlgebraPasses(int64_t lanes, int64_t panelRows) {
  const bool looksUp = panelRows != 0;
  SmallVector<std::unique_ptr<Pass>> passes;
  // What consumes weights.
  passes.push_back(createConvertElementwiseToLinalgPass());
  passes.push_back(createDecomposeAggregates());
  passes.push_back(createLowerConvolutions());
  passes.push_back(createGatherRows({lanes}));
  passes.push_back(createCanonicalizerPass());
  passes.push_back(createCSEPass());
  // What weights are made of.
  passes.push_back(createSplitCodecs({looksUp ? lanes : 0, panelRows}));
  passes.push_back(createMoveRotations());
  passes.push_back(createDistributeContractions());
  if (looksUp)
    passes.push_back(createTabulateProducts({lanes}));
  passes.push_back(createConvertElementwiseToLinalgPass());
  passes.push_back(createCanonicalizerPass());
  passes.push_back(createCSEPass());
  passes.push_back(createFuseElementwise());
  return passes;
}

void mlir::zq::buildLowerToVectorsPipeline(OpPassManager &pm,
                                           const LowerToLLVMOptions &options) {
  std::unique_ptr<Target> target = getTarget(options.features);

  // Import.
  if (options.packWeights)
    pm.addPass(
        createPackWeights({target->getPanelRows(), options.recodeWeights,
                           target->getMemoryCost(), target->getRecordShare()}));
  pm.addPass(createImport());
  pm.addPass(createEncodeConstants());
  pm.addPass(createSplitRecords());
  addVerify(pm, "imported");

  // Algebra.
  for (std::unique_ptr<Pass> &pass :
       createAlgebraPasses(target->getLanes(), target->getPanelRows()))
    pm.addPass(std::move(pass));
  addVerify(pm, "algebra");
  pm.addPass(createBlockRows());
  addCleanup(pm);
  pm.addPass(createChooseDomains(
      {target->getPanelRows(), options.accuracy, target->getTileRate(),
       target->hasFloatDots(), target->getVectorRegisters(),
       options.recodeWeights, target->getMemoryCost(), target->hasWordDots()}));
  addCleanup(pm);

  // Tile and fuse.
  TileAndFuseOptions tiling;
  tiling.width = target->getLanes();
  tiling.accumulators = target->getAccumulators();
  tiling.shortfall = target->getShortfall();
  tiling.placement = options.placement;
  pm.addPass(createTileAndFuse(tiling));
  addCleanup(pm);
  pm.addPass(createShareKernels());

  // Decode to vectors.
  pm.addPass(createLowerContractions());
  pm.addPass(createMaterializeDecoders({target->getLanes()}));
  pm.addPass(createDecodeToVector());
  pm.addPass(createVectorize());
  addCleanup(pm);
  pm.addPass(createReadRecords());
  pm.addPass(createHoistSubsets());
  addCleanup(pm);
  pm.addPass(createFormDots());
  addCleanup(pm);
  addVerify(pm, "vectors");
}

void mlir::zq::addBufferizePasses(OpPassManager &pm) {
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  pm.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  // What an iteration computes of what the one before left cannot take its
  // place.
  bufferize.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  // Loops carry buffers that they only write to; a result is allocated by its
  // caller where it is seen to be the buffer that went in.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(bufferization::createDropEquivalentBufferResultsPass());
  pm.addPass(createSeparateResults());
  bufferization::BufferResultsToOutParamsPassOptions outParams;
  outParams.hoistStaticAllocs = true;
  outParams.hoistDynamicAllocs = true;
  outParams.modifyPublicFunctions = true;
  pm.addPass(bufferization::createBufferResultsToOutParamsPass(outParams));
}

void mlir::zq::addDeallocationPasses(OpPassManager &pm) {
  auto &functions = pm.nest<func::FuncOp>();
  functions.addPass(memref::createExpandReallocPass());
  functions.addPass(
      bufferization::createOwnershipBasedBufferDeallocationPass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(
      bufferization::createBufferDeallocationSimplificationPass());
  pm.addPass(createSplitDeallocations());
  pm.addPass(bufferization::createLowerDeallocationsPass());
  pm.addPass(createConvertBufferizationToMemRefPass());
}

void mlir::zq::buildLowerToLLVMPipeline(OpPassManager &pm,
                                        const LowerToLLVMOptions &options) {
  buildLowerToVectorsPipeline(pm, options);

  // Streams, then buffers.
  pm.addPass(createExpandStorage());
  addCleanup(pm);
  addVerify(pm, "streams");
  addBufferizePasses(pm);
  addDeallocationPasses(pm);
  addCleanup(pm);
  addVerify(pm, "buffers");

  // Loops and vectors.
  pm.addPass(options.threads ? createForallToParallelLoopPass()
                             : createForallToForLoopPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  VectorTransferToSCFOptions transfers;
  transfers.enableFullUnroll();
  pm.addNestedPass<func::FuncOp>(createConvertVectorToSCFPass(transfers));
  pm.addPass(createExpandCopies());
  pm.addPass(createConvertLinalgToLoopsPass());
  if (options.threads)
    pm.addPass(createConvertSCFToOpenMPPass());
  addCleanup(pm);
  // After the cleanup, which could not tell an intrinsic from an allocation
  // and would keep the scopes that OpenMP conversion made for those.
  pm.addPass(createPrefetchStreams());
  pm.addPass(createLowerVectorOps({options.features}));
  pm.addPass(createCSEPass());

  // LLVM.
  pm.addNestedPass<func::FuncOp>(LLVM::createLLVMRequestCWrappersPass());
  pm.addPass(createExpandReshapes());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(arith::createArithExpandOpsPass());
  pm.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.reassociateFPReductions = true;
  vectors.vectorTransposeLowering =
      vector::VectorTransposeLowering::Shuffle16x16;
  pm.addPass(createConvertVectorToLLVMPass(vectors));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  if (options.threads)
    pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(pm);
  addVerify(pm, "llvm");
}

/// As PassPipelineRegistration does, but that features which no CPU has are an
/// error of the option's.
template <typename Options>
static void registerForCpu(StringRef name, StringRef description,
                           void (*build)(OpPassManager &, const Options &)) {
  registerPassPipeline(
      name, description,
      [build](OpPassManager &pm, StringRef text,
              function_ref<LogicalResult(const Twine &)> fail) {
        Options options;
        if (failed(options.parseFromString(text)))
          return failure();
        if (auto known = checkFeatures(options.features); !known)
          return fail(known.message());
        build(pm, options);
        return success();
      },
      [](function_ref<void(const ::mlir::detail::PassOptions &)> list) {
        list(Options());
      });
}

void mlir::zq::registerPipelines() {
  registerForCpu("zq-lower-to-vectors",
                 "Functions on tensors to fused loops of vectors on tensors",
                 buildLowerToVectorsPipeline);
  registerForCpu("zq-lower-to-llvm", "Functions on tensors to the LLVM dialect",
                 buildLowerToLLVMPipeline);
  PassPipelineRegistration<LowerToNVVMOptions>(
      "zq-lower-to-kernels",
      "Functions on tensors to functions that launch kernels of a GPU",
      buildLowerToKernelsPipeline);
  PassPipelineRegistration<LowerToNVVMOptions>(
      "zq-lower-to-nvvm",
      "Functions on tensors to launches of kernels in the NVVM dialect",
      buildLowerToNVVMPipeline);
}
