//===- CrossProgram.cpp - Functions for a CPU that is emulated ------------===//
#include "CrossProgram.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Target/Target.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

#include <fstream>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

static std::string findProgram(StringRef name) {
  if (auto path = llvm::sys::findProgramByName(name, {ZQ_LLVM_TOOLS}))
    return *path;
  auto path = llvm::sys::findProgramByName(name);
  return path ? *path : "";
}

static std::string findQemu() {
  std::string qemu = findProgram("qemu-aarch64-static");
  return qemu.empty() ? findProgram("qemu-aarch64") : qemu;
}

/// Runs a program and fails the test with what it prints where that fails.
static bool runCommand(const std::vector<std::string> &command,
                       const std::string &log) {
  SmallVector<StringRef> arguments(command.begin(), command.end());
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(command.front(), arguments,
                                         std::nullopt, redirects,
                                         /*SecondsToWait=*/300, 0, &message);
  if (status == 0)
    return true;
  auto text = llvm::MemoryBuffer::getFile(log);
  ADD_FAILURE() << command.front() << ": " << message
                << (text ? (*text)->getBuffer().str() : "");
  return false;
}

std::string CrossProgram::getMissing() {
  if (findQemu().empty())
    return "qemu-aarch64-static (of Debian's qemu-user-static)";
  for (const char *name : {"clang", "ld.lld", "llvm-objcopy"})
    if (findProgram(name).empty())
      return name;
  if (!llvm::sys::fs::exists("/usr/aarch64-linux-gnu/lib/libc.a"))
    return "a C library for AArch64 (Debian's libc6-dev-arm64-cross and "
           "libgcc-12-dev-arm64-cross)";
  return "";
}

CrossProgram::CrossProgram(const std::string &cpu) {
  auto created = createAArch64Machine(cpu);
  if (!created) {
    ADD_FAILURE() << created.message();
    return;
  }
  machine = std::move(*created);
  SmallString<128> path;
  if (llvm::sys::fs::createUniqueDirectory("zq-cross", path))
    ADD_FAILURE() << "no temporary folder";
  folder = path.str().str();
}

int64_t CrossProgram::getPanelRows() const {
  return getTarget(getFeatures(*machine))->getPanelRows();
}

void CrossProgram::add(const std::string &text, double accuracy,
                       const std::vector<Array> &arrays,
                       const std::string &what) {
  TestContext context;
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(text, &context.context);
  ASSERT_TRUE(module) << what << ": " << context.errors << text;
  // Each has a name of its own in the program.
  std::string name = "f" + std::to_string(objects.size());
  auto function = module->lookupSymbol<func::FuncOp>("f");
  function.setName(name);
  auto signature = getSignature(function);
  ASSERT_TRUE(succeeded(signature)) << what << ": " << context.errors;
  std::vector<Array> empty;
  for (RankedTensorType type : signature->results)
    empty.emplace_back(*toReferenceType(type.getElementType()),
                       type.getShape().vec());

  LowerToLLVMOptions options;
  options.features = getFeatures(*machine);
  options.threads = false;
  options.accuracy = accuracy;
  PassManager pm(module.get()->getName());
  buildLowerToLLVMPipeline(pm, options);
  ASSERT_TRUE(succeeded(runPasses(pm, *module, isVerifiedThroughout(text))))
      << what << ": " << context.errors;
  SmallVector<char, 0> code;
  llvm::raw_svector_ostream os(code);
  ASSERT_TRUE(succeeded(
      emitCode(*module, *machine, CodeForm::Object, os, getCInterface(name))))
      << what << ": " << context.errors;
  std::string object = folder + "/" + name + ".o";
  std::ofstream(object, std::ios::binary).write(code.data(), code.size());
  // Other symbols may be those of other objects.
  ASSERT_TRUE(runCommand(
      {findProgram("llvm-objcopy"),
       "--keep-global-symbol=zq_packed_" + getCInterface(name), object},
      folder + "/log"));
  objects.push_back(object);
  inputs.push_back(arrays);
  results.push_back(std::move(empty));
}

std::vector<std::vector<Array>> CrossProgram::run(const std::string &emulated) {
  std::ofstream table(folder + "/table.c"), list;
  std::string names;
  table << "#include <stddef.h>\n";
  for (size_t i = 0; i < objects.size(); ++i) {
    std::string name = "zq_packed__mlir_ciface_f" + std::to_string(i);
    table << "void " << name << "(void **);\n";
    names += name + ", ";
  }
  table << "void (*const functions[])(void **) = {" << names
        << "};\nconst size_t numFunctions = " << objects.size() << ";\n";
  table.close();

  std::ofstream file(folder + "/inputs", std::ios::binary);
  auto write = [&](uint64_t word) {
    file.write(reinterpret_cast<const char *>(&word), sizeof word);
  };
  auto describe = [&](const Array &array, bool isResult) {
    write(isResult);
    write(array.shape.size());
    write(array.size() * ::zq::codec::byteWidth(array.type));
    for (int64_t size : array.shape)
      write(size);
  };
  for (size_t i = 0; i < objects.size(); ++i) {
    write(inputs[i].size() + results[i].size());
    for (const Array &input : inputs[i]) {
      describe(input, false);
      file.write(reinterpret_cast<const char *>(input.bytes.data()),
                 input.bytes.size());
    }
    for (const Array &result : results[i])
      describe(result, true);
  }
  file.close();

  std::vector<std::string> link{findProgram("clang"),
                                "--target=aarch64-linux-gnu",
                                "-static",
                                "-O1",
                                "-fuse-ld=lld",
                                "-o",
                                folder + "/program",
                                ZQ_SOURCE_DIR
                                "/unittests/Integration/Inputs/cross-main.c",
                                folder + "/table.c",
                                "-lm"};
  link.insert(link.end(), objects.begin(), objects.end());
  std::string log = folder + "/log";
  bool ran = runCommand(link, log) &&
             runCommand({findQemu(), "-cpu", emulated, folder + "/program",
                         folder + "/inputs", folder + "/outputs"},
                        log);
  auto outputs = llvm::MemoryBuffer::getFile(folder + "/outputs");
  llvm::sys::fs::remove_directories(folder);
  if (!ran || !outputs)
    return {};
  StringRef rest = (*outputs)->getBuffer();
  for (std::vector<Array> &ofOne : results)
    for (Array &result : ofOne) {
      size_t size = result.size() * ::zq::codec::byteWidth(result.type);
      result.bytes.assign(rest.bytes_begin(), rest.bytes_begin() + size);
      rest = rest.drop_front(size);
    }
  EXPECT_TRUE(rest.empty());
  return results;
}
