//===- EmitPTX.cpp - From the NVVM form to PTX ----------------------------===//
#include "zq/Target/NVVM/NVVMCode.h"

#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::zq;

/// LLVM's code generator for `chip`; null and a message where it has none.
static std::unique_ptr<llvm::TargetMachine>
createMachine(const Chip &chip, std::string &message) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, chip.name, chip.getFeatures(), llvm::TargetOptions(),
      std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

/// Emits an error for each function that is used and nowhere defined: nothing
/// is linked to kernels.
static LogicalResult checkDefined(gpu::GPUModuleOp kernels,
                                  const llvm::Module &code) {
  for (const llvm::Function &function : code)
    if (function.isDeclaration() && !function.isIntrinsic() &&
        !function.use_empty())
      return kernels.emitError("calls '")
             << function.getName()
             << "', which is nowhere: kernels are linked with no library";
  return success();
}

FailureOr<std::string> mlir::zq::emitPTX(gpu::GPUModuleOp kernels,
                                         const Chip &chip) {
  MLIRContext *context = kernels.getContext();
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  context->appendDialectRegistry(registry);

  // Ops that upstream turns into inline PTX only here.
  OwningOpRef<gpu::GPUModuleOp> copy = kernels.clone();
  PassManager pm(context, gpu::GPUModuleOp::getOperationName());
  pm.addPass(createConvertNVVMToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (failed(pm.run(*copy)))
    return failure();

  std::string message;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(chip, message);
  if (!machine)
    return kernels.emitError("this LLVM generates no code for ")
           << chip.name << (message.empty() ? "" : ": ") << message;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(
      copy->getOperation(), llvmContext, kernels.getName());
  if (!code)
    return failure();
  code->setTargetTriple(machine->getTargetTriple());
  code->setDataLayout(machine->createDataLayout());
  auto optimize =
      makeOptimizingTransformer(/*optLevel=*/3, /*sizeLevel=*/0, machine.get());
  if (llvm::Error error = optimize(code.get()))
    return kernels.emitError("cannot optimise: ")
           << llvm::toString(std::move(error));
  if (failed(checkDefined(kernels, *code)))
    return failure();

  llvm::SmallString<0> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager codegen;
  if (machine->addPassesToEmitFile(codegen, os, nullptr,
                                   llvm::CodeGenFileType::AssemblyFile))
    return kernels.emitError("LLVM cannot write PTX");
  codegen.run(*code);

  // Code generation itself falls back on libraries, for a remainder for
  // instance.
  auto [before, after] = StringRef(text).split(".extern .func");
  if (!after.empty()) {
    StringRef name = after.split(';').first;
    return kernels.emitError("needs a library's function that kernels are not "
                             "linked with:")
           << name.take_while([](char c) { return c != '\n'; });
  }
  return text.str().str();
}
