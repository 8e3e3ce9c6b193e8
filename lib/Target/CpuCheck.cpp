//===- CpuCheck.cpp - Functions that refuse a CPU they were not made for --===//
#include "zq/Target/CpuCheck.h"

#include "CpuFeatures.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/IRBuilder.h"

using llvm::BasicBlock;
using llvm::Function;
using llvm::GlobalValue;
using llvm::GlobalVariable;
using llvm::IRBuilder;
using llvm::StringRef;
using namespace mlir::zq;

namespace {

class CpuChecks {
public:
  CpuChecks(llvm::Module &module, StringRef features);

  /// Puts the check before the function `symbol`, called `name` in messages.
  void add(StringRef symbol, StringRef name);

private:
  Function *createFunction(const llvm::Twine &name, llvm::FunctionType *type,
                           bool isInternal);
  void emitFind();

  llvm::Module &module;
  llvm::PointerType *pointer;
  /// Features by name, and the architecture's.
  llvm::StringSet<> features;
  bool isAArch64;
  int64_t vscale = 1;
  /// Returns what is missing, or null.
  Function *find;
};

} // namespace

CpuChecks::CpuChecks(llvm::Module &module, StringRef text)
    : module(module),
      pointer(llvm::PointerType::getUnqual(module.getContext())),
      isAArch64(text.starts_with("aarch64")) {
  for (StringRef feature : llvm::split(text, ',')) {
    if (feature.consume_front("vscale="))
      feature.getAsInteger(10, vscale);
    else if (feature.consume_front("+"))
      features.insert(feature);
  }
  emitFind();
}

/// A function that any CPU of the architecture runs.
Function *CpuChecks::createFunction(const llvm::Twine &name,
                                    llvm::FunctionType *type, bool isInternal) {
  Function *function = Function::Create(
      type,
      isInternal ? GlobalValue::InternalLinkage : GlobalValue::ExternalLinkage,
      name, module);
  function->addFnAttr("target-cpu", isAArch64 ? "generic" : "x86-64");
  function->addFnAttr("target-features", isAArch64 ? "+neon" : "");
  function->addFnAttr(llvm::Attribute::NoUnwind);
  BasicBlock::Create(module.getContext(), "entry", function);
  return function;
}

/// What is missing is found by the first call. Several threads may do so at
/// once, and find the same.
void CpuChecks::emitFind() {
  auto *type = llvm::FunctionType::get(pointer, /*isVarArg=*/false);
  auto *unknown = new GlobalVariable(
      module, llvm::Type::getInt8Ty(module.getContext()), /*isConstant=*/false,
      GlobalValue::InternalLinkage,
      llvm::ConstantInt::get(llvm::Type::getInt8Ty(module.getContext()), 0),
      "zq.cpu.unknown");
  auto *missing = new GlobalVariable(module, pointer, /*isConstant=*/false,
                                     GlobalValue::InternalLinkage, unknown,
                                     "zq.cpu.missing");
  Function *ask = createFunction("zq.cpu.ask", type, /*isInternal=*/true);
  ask->addFnAttr(llvm::Attribute::NoInline);
  IRBuilder<> b(&ask->getEntryBlock());
  llvm::Value *answer = isAArch64
                            ? emitMissingAArch64Feature(b, features, vscale)
                            : emitMissingX86Feature(b, features);
  b.CreateAlignedStore(answer, missing, llvm::Align(8))
      ->setAtomic(llvm::AtomicOrdering::Monotonic);
  b.CreateRet(answer);

  find = createFunction("zq.cpu.find", type, /*isInternal=*/true);
  auto *first = BasicBlock::Create(module.getContext(), "first", find);
  auto *later = BasicBlock::Create(module.getContext(), "later", find);
  b.SetInsertPoint(&find->getEntryBlock());
  auto *known = b.CreateAlignedLoad(pointer, missing, llvm::Align(8));
  known->setAtomic(llvm::AtomicOrdering::Monotonic);
  b.CreateCondBr(b.CreateICmpEQ(known, unknown), first, later);
  b.SetInsertPoint(first);
  b.CreateRet(b.CreateCall(ask));
  b.SetInsertPoint(later);
  b.CreateRet(known);
}

void CpuChecks::add(StringRef symbol, StringRef name) {
  llvm::LLVMContext &context = module.getContext();
  Function *checked = module.getFunction(symbol);
  checked->setName("zq.checked." + name);
  checked->setLinkage(GlobalValue::InternalLinkage);
  checked->addFnAttr(llvm::Attribute::NoInline);

  Function *ask = createFunction(
      "zq_missing_" + name, llvm::FunctionType::get(pointer, false), false);
  IRBuilder<> b(&ask->getEntryBlock());
  b.CreateRet(b.CreateCall(find));

  Function *entry = createFunction(symbol, checked->getFunctionType(), false);
  auto *refuse = BasicBlock::Create(context, "refuse", entry);
  auto *run = BasicBlock::Create(context, "run", entry);
  b.SetInsertPoint(&entry->getEntryBlock());
  llvm::Value *missing = b.CreateCall(find);
  b.CreateCondBr(b.CreateIsNull(missing), run, refuse);
  b.SetInsertPoint(run);
  llvm::SmallVector<llvm::Value *> arguments;
  for (llvm::Argument &argument : entry->args())
    arguments.push_back(&argument);
  b.CreateCall(checked, arguments);
  b.CreateRetVoid();

  b.SetInsertPoint(refuse);
  auto print = module.getOrInsertFunction(
      "dprintf",
      llvm::FunctionType::get(b.getInt32Ty(), {b.getInt32Ty(), pointer},
                              /*isVarArg=*/true));
  llvm::Value *format = b.CreateGlobalString(
      "zq: '%s' was compiled for a CPU with %s, which this one lacks\n");
  b.CreateCall(print,
               {b.getInt32(2), format, b.CreateGlobalString(name), missing});
  auto abort = module.getOrInsertFunction(
      "abort", llvm::FunctionType::get(b.getVoidTy(), false));
  b.CreateCall(abort)->setDoesNotReturn();
  b.CreateUnreachable();
}

void mlir::zq::addCpuChecks(llvm::Module &module, StringRef features,
                            StringRef prefix,
                            llvm::ArrayRef<std::string> names) {
  CpuChecks checks(module, features);
  for (const std::string &name : names)
    checks.add((prefix + name).str(), name);
}
