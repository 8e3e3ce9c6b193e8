//===- Codegen.cpp - From the LLVM dialect to machine code ----------------===//
#include "Codegen.h"

#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace mlir;
using namespace mlir::zq::compile;
using ::zq::codec::Error;
using ::zq::codec::Result;

/// The known CPU nearest to `name`, to suggest; empty where none is near.
static std::string getNearestCPU(StringRef name) {
  SmallVector<StringRef> known;
  llvm::X86::fillValidCPUArchList(known, /*Only64Bit=*/true);
  StringRef nearest;
  unsigned distance = 4;
  for (StringRef candidate : known) {
    unsigned d = name.edit_distance(candidate, true, distance);
    if (d < distance)
      distance = d, nearest = candidate;
  }
  return nearest.str();
}

Result<std::unique_ptr<llvm::TargetMachine>>
mlir::zq::compile::createX86Machine(const std::string &cpu) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  bool isHostX86 = triple.getArch() == llvm::Triple::x86_64;
  if (!isHostX86)
    triple = llvm::Triple("x86_64-unknown-linux-gnu");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return Error{"this LLVM has no x86 target: " + message};

  std::string name = cpu, features;
  if (cpu == "host") {
    if (!isHostX86)
      return Error{"--cpu=host: this machine is no x86; name a CPU"};
    name = llvm::sys::getHostCPUName().str();
    // A virtual machine may hide features that the CPU of its name has.
    for (const auto &feature : llvm::sys::getHostCPUFeatures())
      features += (features.empty() ? "" : ",") +
                  std::string(feature.second ? "+" : "-") +
                  feature.first().str();
  } else if (llvm::X86::parseArchX86(name, /*Only64Bit=*/true) ==
             llvm::X86::CK_None) {
    std::string nearest = getNearestCPU(name);
    return Error{"--cpu=" + name + ": no x86-64 CPU that LLVM knows" +
                 (nearest.empty() ? "" : "; did you mean '" + nearest + "'?")};
  }
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, name, features, llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return Error{"--cpu=" + name + ": LLVM cannot compile for it"};
  return machine;
}

std::string mlir::zq::compile::getFeatures(const llvm::TargetMachine &machine) {
  std::string features;
  for (const llvm::SubtargetFeatureKV &feature :
       machine.getMCSubtargetInfo()->getEnabledProcessorFeatures())
    features += (features.empty() ? "+" : ",+") + std::string(feature.Key);
  return features;
}

LogicalResult mlir::zq::compile::emitCode(ModuleOp module,
                                          llvm::TargetMachine &machine,
                                          CodeForm form,
                                          llvm::raw_pwrite_stream &os) {
  DialectRegistry registry;
  registerAllToLLVMIRTranslations(registry);
  module.getContext()->appendDialectRegistry(registry);
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(module, llvmContext);
  if (!code)
    return failure();
  code->setTargetTriple(machine.getTargetTriple());
  code->setDataLayout(machine.createDataLayout());
  auto optimize =
      makeOptimizingTransformer(/*optLevel=*/3, /*sizeLevel=*/0, &machine);
  if (llvm::Error error = optimize(code.get()))
    return module.emitError("cannot optimise: ")
           << llvm::toString(std::move(error));
  if (form == CodeForm::LLVMIR) {
    code->print(os, nullptr);
    return success();
  }
  llvm::legacy::PassManager pm;
  auto type = form == CodeForm::Assembly ? llvm::CodeGenFileType::AssemblyFile
                                         : llvm::CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(pm, os, nullptr, type))
    return module.emitError("cannot generate machine code");
  pm.run(*code);
  return success();
}
