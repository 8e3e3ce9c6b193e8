//===- Codegen.cpp - From the LLVM dialect to machine code ----------------===//
#include "zq/Runtime/Codegen.h"

#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "zq/Runtime/Pool.h"
#include "zq/Target/CpuCheck.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/AArch64TargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <cstdlib>
#include <dlfcn.h>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;

/// The known CPU nearest to `name`, to suggest; empty where none is near.
static std::string getNearestCPU(StringRef name, ArrayRef<StringRef> known) {
  StringRef nearest;
  // Of a short name little is left where that many letters are others.
  unsigned distance = std::min<size_t>(4, 1 + name.size() / 2);
  for (StringRef candidate : known) {
    unsigned d = name.edit_distance(candidate, true, distance);
    if (d < distance)
      distance = d, nearest = candidate;
  }
  return nearest.str();
}

/// A machine of the architecture of `triple`, called `kind` in messages, with
/// one of the CPUs `known`, or of this one if it is of that architecture.
static Result<std::unique_ptr<llvm::TargetMachine>>
createMachine(llvm::Triple triple, StringRef kind, ArrayRef<StringRef> known,
              const std::string &cpu, const std::string &extraFeatures) {
  llvm::Triple host(llvm::sys::getDefaultTargetTriple());
  bool isHost = host.getArch() == triple.getArch();
  if (isHost)
    triple = host;
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return Error{"this LLVM cannot compile for " + kind.str() + ": " + message};

  std::string name = cpu, features;
  if (cpu == "host") {
    if (!isHost)
      return Error{"--cpu=host: this machine is no " + kind.str() +
                   "; name a CPU"};
    name = llvm::sys::getHostCPUName().str();
    // A virtual machine may hide features that the CPU of its name has.
    for (const auto &feature : llvm::sys::getHostCPUFeatures())
      features += (features.empty() ? "" : ",") +
                  std::string(feature.second ? "+" : "-") +
                  feature.first().str();
  } else if (!llvm::is_contained(known, name)) {
    std::string nearest = getNearestCPU(name, known);
    return Error{"--cpu=" + name + ": no " + kind.str() +
                 " CPU that LLVM knows" +
                 (nearest.empty() ? "" : "; did you mean '" + nearest + "'?")};
  }
  if (!extraFeatures.empty())
    features += (features.empty() ? "" : ",") + extraFeatures;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, name, features, llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return Error{"--cpu=" + name + ": LLVM cannot compile for it"};
  return machine;
}

Result<std::unique_ptr<llvm::TargetMachine>>
mlir::zq::createX86Machine(const std::string &cpu,
                           const std::string &features) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  // Checks of the CPU are inline assembly.
  LLVMInitializeX86AsmParser();
  SmallVector<StringRef> known;
  llvm::X86::fillValidCPUArchList(known, /*Only64Bit=*/true);
  return createMachine(llvm::Triple("x86_64-unknown-linux-gnu"), "x86-64",
                       known, cpu, features);
}

Result<std::unique_ptr<llvm::TargetMachine>>
mlir::zq::createAArch64Machine(const std::string &cpu,
                               const std::string &features) {
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  SmallVector<StringRef> known;
  llvm::AArch64::fillValidCPUArchList(known);
  return createMachine(llvm::Triple("aarch64-unknown-linux-gnu"), "AArch64",
                       known, cpu, features);
}

/// How many times 128 bits the vectors of SVE have on `machine`, as far as
/// LLVM knows its CPU; 1 where it has none.
static unsigned getVectorScale(const llvm::TargetMachine &machine) {
  if (!machine.getTargetTriple().isAArch64() ||
      !machine.getMCSubtargetInfo()->checkFeatures("+sve"))
    return 1;
  llvm::LLVMContext context;
  llvm::Module module("", context);
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple());
  llvm::Function *function = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getVoidTy(context), false),
      llvm::GlobalValue::ExternalLinkage, "f", module);
  return machine.getTargetTransformInfo(*function)
      .getVScaleForTuning()
      .value_or(1);
}

std::string mlir::zq::getFeatures(const llvm::TargetMachine &machine) {
  bool isAArch64 = machine.getTargetTriple().isAArch64();
  std::string features = isAArch64 ? "aarch64" : "";
  for (const llvm::SubtargetFeatureKV &feature :
       machine.getMCSubtargetInfo()->getEnabledProcessorFeatures())
    features += (features.empty() ? "+" : ",+") + std::string(feature.Key);
  if (unsigned scale = getVectorScale(machine); scale > 1)
    features += ",vscale=" + std::to_string(scale);
  return features;
}

std::string mlir::zq::getMissingFeatures(StringRef features) {
  bool isAArch64 =
      llvm::Triple(llvm::sys::getDefaultTargetTriple()).isAArch64();
  if (features.starts_with("aarch64") != isAArch64 && !features.empty())
    return isAArch64 ? "x86-64" : "aarch64";
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  std::string missing;
  for (StringRef feature : llvm::split(features, ',')) {
    // Tuning flags and the like are no features of a machine.
    auto found = host.find(feature.drop_front(!feature.empty()));
    if (feature.starts_with("+") && found != host.end() && !found->second)
      missing += (missing.empty() ? "" : ",") + feature.str();
  }
  return missing;
}

/// What the packed form of a function is called.
static std::string getPackedName(StringRef name) {
  return ("zq_packed_" + name).str();
}

/// Adds the packed form of the function `name`.
static LogicalResult addPacked(llvm::Module &module, StringRef name) {
  llvm::Function *function = module.getFunction(name);
  if (!function || !function->getReturnType()->isVoidTy())
    return failure();
  llvm::LLVMContext &context = module.getContext();
  auto *pointer = llvm::PointerType::getUnqual(context);
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                                       {pointer}, /*isVarArg=*/false);
  auto *packed = llvm::Function::Create(
      type, llvm::GlobalValue::ExternalLinkage, getPackedName(name), module);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "entry", packed));
  SmallVector<llvm::Value *> arguments;
  for (llvm::Argument &argument : function->args()) {
    if (argument.getType() != pointer)
      return failure();
    llvm::Value *slot = builder.CreateConstGEP1_64(pointer, packed->getArg(0),
                                                   arguments.size());
    arguments.push_back(builder.CreateLoad(pointer, slot));
  }
  builder.CreateCall(function, arguments);
  builder.CreateRetVoid();
  return success();
}

LogicalResult mlir::zq::runPasses(PassManager &pm, ModuleOp module,
                                  bool verifyEach) {
  pm.enableVerifier(verifyEach);
  if (failed(pm.run(module)))
    return failure();
  return verify(module);
}

/// Hands on what LLVM has to say of its code; a stack that is too small for a
/// function is an error.
static void forwardDiagnostic(const llvm::DiagnosticInfo *info, void *module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::DiagnosticPrinterRawOStream printer(os);
  info->print(printer);
  auto *op = static_cast<ModuleOp *>(module);
  if (info->getSeverity() == llvm::DS_Error ||
      info->getKind() == llvm::DK_StackSize)
    op->emitError(text);
  else if (info->getSeverity() == llvm::DS_Warning)
    op->emitWarning(text);
}

LogicalResult mlir::zq::emitCode(ModuleOp module, llvm::TargetMachine &machine,
                                 CodeForm form, llvm::raw_pwrite_stream &os,
                                 ArrayRef<std::string> packed,
                                 ArrayRef<std::string> checked) {
  DialectRegistry registry;
  registerAllToLLVMIRTranslations(registry);
  module.getContext()->appendDialectRegistry(registry);
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(module, llvmContext);
  if (!code)
    return failure();
  llvmContext.setDiagnosticHandlerCallBack(&forwardDiagnostic, &module,
                                           /*RespectFilters=*/true);
  // What LLVM finds wrong it tells the handler alone.
  bool isWrong = false;
  ScopedDiagnosticHandler watch(module.getContext(), [&](Diagnostic &told) {
    isWrong |= told.getSeverity() == DiagnosticSeverity::Error;
    return failure();
  });
  for (const std::string &name : packed)
    if (failed(addPacked(*code, name)))
      return module.emitError("no function '")
             << name << "' of pointers to call";
  // Code for vectors of one length, which LLVM takes from the functions.
  if (unsigned scale = getVectorScale(machine); scale > 1)
    for (llvm::Function &function : *code)
      if (!function.isDeclaration())
        function.addFnAttr(
            llvm::Attribute::getWithVScaleRangeArgs(llvmContext, scale, scale));
  if (!checked.empty())
    addCpuChecks(*code, getFeatures(machine), cInterfacePrefix, checked);
  code->setTargetTriple(machine.getTargetTriple());
  code->setDataLayout(machine.createDataLayout());
  auto optimize =
      makeOptimizingTransformer(static_cast<unsigned>(machine.getOptLevel()),
                                /*sizeLevel=*/0, &machine);
  if (llvm::Error error = optimize(code.get()))
    return module.emitError("cannot optimise: ")
           << llvm::toString(std::move(error));
  if (form == CodeForm::LLVMIR) {
    code->print(os, nullptr);
    return failure(isWrong);
  }
  llvm::legacy::PassManager pm;
  auto type = form == CodeForm::Assembly ? llvm::CodeGenFileType::AssemblyFile
                                         : llvm::CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(pm, os, nullptr, type))
    return module.emitError("cannot generate machine code");
  pm.run(*code);
  return failure(isWrong);
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

// Of the OpenMP runtime. The call also keeps the linker from dropping the
// library, whose entry points compiled code looks up.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int omp_get_max_threads();

int mlir::zq::getNumThreads() { return omp_get_max_threads(); }

Status mlir::zq::checkNumThreads() {
  // The runtime may not even be asked then.
  static const char *const asked = std::getenv("OMP_NUM_THREADS");
  if (asked &&
      StringRef(asked).find_first_not_of("0123456789, ") != StringRef::npos)
    return Error{"OMP_NUM_THREADS is '" + std::string(asked) +
                 "', and no number"};
  // More than any machine has CPUs.
  constexpr int most = 4096;
  if (int threads = getNumThreads(); threads > most)
    return Error{"OpenMP is to run loops on " + std::to_string(threads) +
                 " threads, and zq on at most " + std::to_string(most) +
                 ": see OMP_NUM_THREADS"};
  return {};
}

LoadedObject::LoadedObject() = default;
LoadedObject::~LoadedObject() = default;

Result<std::unique_ptr<LoadedObject>>
LoadedObject::load(std::unique_ptr<llvm::MemoryBuffer> object,
                   ArrayRef<std::pair<const char *, void *>> symbols) {
  using namespace llvm::orc;
  auto fail = [](llvm::Error error) {
    return Error{"cannot load compiled code: " +
                 llvm::toString(std::move(error))};
  };
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = LLJITBuilder().create();
  if (!jit)
    return fail(jit.takeError());
  // Intermediate tensors.
  auto define = [&](StringRef name, auto *function) {
    return std::pair((*jit)->mangleAndIntern(name),
                     ExecutorSymbolDef(ExecutorAddr::fromPtr(function),
                                       llvm::JITSymbolFlags::Exported));
  };
  SymbolMap memory;
  // The first of a name counts.
  for (auto [name, address] : symbols)
    memory.insert(define(name, address));
  memory.insert(define("malloc", &::zq::runtime::poolAllocate));
  memory.insert(define("calloc", &::zq::runtime::poolAllocateZeros));
  memory.insert(define("free", &::zq::runtime::poolFree));
  if (llvm::Error error =
          (*jit)->getMainJITDylib().define(absoluteSymbols(memory)))
    return fail(std::move(error));
  char prefix = (*jit)->getDataLayout().getGlobalPrefix();
  // First, since a process that was started by another program, such as
  // Python, need not show the symbols of our libraries, or shows another's.
  Dl_info info;
  if (dladdr(reinterpret_cast<void *>(&omp_get_max_threads), &info)) {
    auto openmp = DynamicLibrarySearchGenerator::Load(info.dli_fname, prefix);
    if (!openmp)
      return fail(openmp.takeError());
    (*jit)->getMainJITDylib().addGenerator(std::move(*openmp));
  }
  auto process = DynamicLibrarySearchGenerator::GetForCurrentProcess(prefix);
  if (!process)
    return fail(process.takeError());
  (*jit)->getMainJITDylib().addGenerator(std::move(*process));
  if (llvm::Error error = (*jit)->addObjectFile(std::move(object)))
    return fail(std::move(error));
  std::unique_ptr<LoadedObject> loaded(new LoadedObject);
  loaded->jit = std::move(*jit);
  return loaded;
}

Result<void *> LoadedObject::lookup(StringRef name) {
  auto address = jit->lookup(name);
  if (!address)
    return Error{"cannot link compiled code: " +
                 llvm::toString(address.takeError())};
  return address->toPtr<void *>();
}

Result<void (*)(void **)> LoadedObject::lookupPacked(StringRef name) {
  auto address = lookup(getPackedName(name));
  if (!address)
    return address.error();
  return reinterpret_cast<void (*)(void **)>(*address);
}
