//===- CompiledKernels.cpp - Kernels from text, to run in the emulator ----===//
#include "CompiledKernels.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "zq/Target/NVVM/Passes.h"
#include "gtest/gtest.h"

#include <fstream>
#include <sstream>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;
using ::zq::codec::Error;
using ::zq::codec::Result;

std::string test::replaceOnce(std::string text, const std::string &from,
                              const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "'" << from << "' is not in the kernel";
  if (at != std::string::npos)
    text.replace(at, from.size(), to);
  return text;
}

std::string test::replaceAll(std::string text, const std::string &from,
                             const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "'" << from << "' is not in the kernel";
  for (; at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string test::readKernel(const std::string &name) {
  std::ifstream file(std::string(ZQ_SOURCE_DIR) +
                     "/test/Target/NVVM/emulator/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<CompiledKernels> CompiledKernels::compile(const std::string &text,
                                                 const std::string &chip) {
  static DialectRegistry *registry = [] {
    auto *registry = new DialectRegistry;
    registerAllDialects(*registry);
    registerAllExtensions(*registry);
    registerConversionPasses();
    registerTransformsPasses();
    registerZQNVVMPasses();
    return registry;
  }();
  MLIRContext context(*registry, MLIRContext::Threading::DISABLED);
  std::string messages;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    messages += (messages.empty() ? "" : "\n") + diagnostic.str();
    return success();
  });
  auto module = parseSourceString<ModuleOp>(text, &context, "kernel.mlir");
  if (!module)
    return Error{messages};
  PassManager pm(&context);
  if (failed(parsePassPipeline(
          "gpu.module(convert-scf-to-cf,convert-gpu-to-nvvm,"
          "convert-arith-to-llvm,convert-index-to-llvm),convert-cf-to-llvm,"
          "reconcile-unrealized-casts,canonicalize,cse,"
          "zq-emulate-kernels{chip=" +
              chip +
              "},convert-arith-to-llvm,convert-func-to-llvm,"
              "reconcile-unrealized-casts",
          pm)))
    return Error{messages};
  if (failed(pm.run(*module)))
    return Error{messages};
  auto machine = createX86Machine("host");
  if (!machine)
    return machine.error();
  SmallVector<char, 0> code;
  llvm::raw_svector_ostream os(code);
  if (failed(emitCode(*module, **machine, CodeForm::Object, os)))
    return Error{messages};
  auto object =
      LoadedObject::load(llvm::MemoryBuffer::getMemBufferCopy(
                             StringRef(code.data(), code.size()), "kernels"),
                         ::zq::emulator::getRuntimeAndMemorySymbols());
  if (!object)
    return object.error();
  CompiledKernels kernels;
  kernels.object = std::move(*object);
  return kernels;
}

const ::zq::emulator::Kernel &
CompiledKernels::get(const std::string &name) const {
  return *static_cast<const ::zq::emulator::Kernel *>(
      getFunction("zqsim_kernel_kernels_" + name));
}

void *CompiledKernels::getFunction(const std::string &name) const {
  auto address = object->lookup(name);
  EXPECT_TRUE(bool(address)) << name;
  return *address;
}

void **Arguments::get() {
  addresses.clear();
  for (auto &value : storage)
    addresses.push_back(value.data());
  return addresses.data();
}
