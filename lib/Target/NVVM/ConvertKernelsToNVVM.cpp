//===- ConvertKernelsToNVVM.cpp - Kernels as functions of LLVM ------------===//
#include "KernelVectors.h"

#include "zq/Target/NVVM/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/LoweringOptions.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_CONVERTKERNELSTONVVM
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// What dynamic shared memory is aligned to: what the widest swizzle repeats
/// after. `zq-align-accesses` counts on it.
static constexpr int64_t dynamicSharedAlignment = 1024;

/// What upstream's conversion gets wrong: dynamic shared memory, which only the
/// launch makes, is external, and the block's size is exact where it is known.
static void finish(gpu::GPUModuleOp module) {
  auto shared = static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared);
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    auto type = dyn_cast<LLVM::LLVMArrayType>(global.getGlobalType());
    if (!type || type.getNumElements() != 0 || global.getAddrSpace() != shared)
      continue;
    global.setAlignment(dynamicSharedAlignment);
    global.setLinkage(LLVM::Linkage::External);
  }
  for (auto kernel : module.getOps<LLVM::LLVMFuncOp>())
    if (Attribute size =
            kernel->removeAttr(NVVM::NVVMDialect::getMaxntidAttrName()))
      kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), size);
}

namespace {
/// Arguments that are structs by value, which upstream's conversion forgets.
struct ByValue {
  StringAttr kernel;
  unsigned argument;
  Attribute type;
};
} // namespace

static SmallVector<ByValue> findByValue(gpu::GPUModuleOp module) {
  SmallVector<ByValue> found;
  for (auto kernel : module.getOps<gpu::GPUFuncOp>())
    for (unsigned i = 0; i < kernel.getFunctionType().getNumInputs(); ++i)
      if (Attribute type =
              kernel.getArgAttr(i, LLVM::LLVMDialect::getByValAttrName()))
        found.push_back({kernel.getNameAttr(), i, type});
  return found;
}

/// By value again, and constant: the code generator would copy a tensor map to
/// where the copy engine cannot read it.
static void restoreByValue(gpu::GPUModuleOp module, ArrayRef<ByValue> found) {
  for (const ByValue &value : found) {
    auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(value.kernel);
    kernel.setArgAttr(value.argument, LLVM::LLVMDialect::getByValAttrName(),
                      value.type);
    kernel.setArgAttr(value.argument,
                      NVVM::NVVMDialect::getGridConstantAttrName(),
                      UnitAttr::get(module.getContext()));
  }
}

namespace {
struct ConvertKernelsToNVVMPass
    : mlir::zq::impl::ConvertKernelsToNVVMBase<ConvertKernelsToNVVMPass> {
  void runOnOperation() override {
    gpu::GPUModuleOp module = getOperation();
    MLIRContext *context = &getContext();
    RewritePatternSet vectors(context);
    populateKernelVectorPatterns(vectors);
    if (failed(applyPatternsGreedily(module, std::move(vectors))))
      return signalPassFailure();

    LowerToLLVMOptions options(context);
    options.overrideIndexBitwidth(64);
    LLVMTypeConverter converter(context, options);
    configureGpuToNVVMTypeConverter(converter);

    RewritePatternSet patterns(context);
    populateGpuToNVVMConversionPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns,
                                           /*reassociateFPReductions=*/true,
                                           /*force32BitVectorIndices=*/true);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);

    SmallVector<ByValue> byValue = findByValue(module);
    ConversionTarget target(*context);
    target.addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect>();
    target.addIllegalDialect<gpu::GPUDialect>();
    target.addLegalOp<gpu::GPUModuleOp, UnrealizedConversionCastOp>();
    SmallVector<Operation *> body;
    for (Operation &op : *module.getBody())
      body.push_back(&op);
    if (failed(applyFullConversion(body, target, std::move(patterns))))
      return signalPassFailure();
    finish(module);
    restoreByValue(module, byValue);
  }
};
} // namespace
