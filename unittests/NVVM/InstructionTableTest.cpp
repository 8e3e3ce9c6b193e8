//===- InstructionTableTest.cpp - Each row through LLVM and ptxas ---------===//
//
// What the table allows on a chip has to become machine code of it, in a
// process of its own, since LLVM ends the process where it does not.
//
//===----------------------------------------------------------------------===//
#include "zq/Target/NVVM/InstructionTable.h"

#include "InstructionExamples.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Target/NVVM/NVVMCode.h"
#include "zq/Target/NVVM/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::zq;

namespace {

/// A module whose kernels are the bodies of `examples`.
std::string writeModule(ArrayRef<const Example *> examples) {
  std::string text =
      "gpu.module @kernels {\n"
      "llvm.mlir.global internal @shared() {addr_space = 3 : i32, alignment = "
      "1024 : i64} : !llvm.array<4096 x i8>\n";
  for (auto [i, example] : llvm::enumerate(examples)) {
    text += "llvm.func @k" + std::to_string(i) +
            "(%g: !llvm.ptr<1>, %q: !llvm.ptr, %i: i32, %l: i64, %h: i16, "
            "%f: f32, %p: i1) attributes {nvvm.kernel} {\n"
            "%s = llvm.mlir.addressof @shared : !llvm.ptr<3>\n" +
            example->body.str();
    if (!example->result.empty())
      text +=
          "\nllvm.store %r, %g : " + example->result.str() + ", !llvm.ptr<1>";
    text += "\nllvm.return\n}\n";
  }
  return text + "}\n";
}

/// What is wrong with `examples` on `chip`; empty where nothing is.
std::string compile(ArrayRef<const Example *> examples, const Chip &chip,
                    bool hasAssembler) {
  DialectRegistry registry;
  registry.insert<gpu::GPUDialect, LLVM::LLVMDialect, NVVM::NVVMDialect>();
  registerConvertNVVMToLLVMInterface(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message += diagnostic.str() + "\n";
    return success();
  });
  auto module = parseSourceString<ModuleOp>(writeModule(examples), &context);
  if (!module)
    return message;
  PassManager pm(&context);
  pm.addPass(createCheckNVVM({chip.name.str()}));
  if (failed(pm.run(*module)))
    return message;
  auto kernels = *module->getOps<gpu::GPUModuleOp>().begin();
  FailureOr<std::string> ptx = emitPTX(kernels, chip);
  if (failed(ptx))
    return message;
  for (const Example *example : examples)
    if (ptx->find(example->ptx) == std::string::npos)
      message += "no '" + example->ptx.str() + "' in the PTX\n";
  if (!hasAssembler || !message.empty())
    return message;
  auto cubin = assemble(*ptx, chip);
  return cubin ? "" : cubin.message();
}

/// `compile` in a process of its own.
std::string compileApart(ArrayRef<const Example *> examples, const Chip &chip,
                         bool hasAssembler) {
  int ends[2];
  if (::pipe(ends) != 0)
    return "no pipe";
  std::fflush(nullptr);
  pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    // LLVM's last words go with the message.
    ::dup2(ends[1], STDERR_FILENO);
    std::string message = compile(examples, chip, hasAssembler);
    (void)!::write(ends[1], message.data(), message.size());
    ::_exit(message.empty() ? 0 : 1);
  }
  ::close(ends[1]);
  std::string message;
  char text[4096];
  for (ssize_t size; (size = ::read(ends[0], text, sizeof(text))) > 0;)
    message.append(text, size);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return "ended by signal " + std::to_string(WTERMSIG(status)) + ": " +
           message.substr(0, 600);
  return WEXITSTATUS(status) == 0 ? "" : "failed: " + message.substr(0, 600);
}

bool isOf(const Example &example, const Instruction &row) {
  return example.name == row.name && example.form == row.form;
}

const Instruction *findRow(const Example &example) {
  for (const Instruction &row : getInstructions())
    if (isOf(example, row))
      return &row;
  return nullptr;
}

TEST(InstructionTableTest, HasAnExampleOfEachRow) {
  for (const Instruction &row : getInstructions())
    EXPECT_TRUE(llvm::any_of(
        getExamples(),
        [&](const Example &example) { return isOf(example, row); }))
        << "no example of '" << row.name.str() << "' " << row.form.str();
  for (const Example &example : getExamples())
    EXPECT_TRUE(findRow(example))
        << "no row for the example of '" << example.name.str() << "' "
        << example.form.str();
}

/// Kernels are tested by what the emulator makes of them: it has each
/// instruction of the table, or says which one it lacks.
TEST(InstructionTableTest, IsEmulatedOrRefusedByName) {
  DialectRegistry registry;
  registry.insert<gpu::GPUDialect, LLVM::LLVMDialect, NVVM::NVVMDialect>();
  std::string refused;
  for (const Example &example : getExamples()) {
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    std::string message;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message += diagnostic.str() + "\n";
      return success();
    });
    auto module = parseSourceString<ModuleOp>(writeModule(&example), &context);
    ASSERT_TRUE(module) << message;
    PassManager pm(&context);
    pm.addPass(createEmulateKernels());
    if (succeeded(pm.run(*module)))
      continue;
    StringRef name = example.name;
    name.consume_back("*");
    EXPECT_NE(message.find("has no semantics for '" + name.str()),
              std::string::npos)
        << example.name.str() << ' ' << example.form.str() << ": " << message;
    std::string form = example.form.empty() ? "" : " " + example.form.str();
    refused += example.name.str() + form + "\n";
  }
  // As docs/emulator.md says; no kernel that is generated has one.
  EXPECT_EQ(refused, "nvvm.mapa\n"
                     "nvvm.exit\n"
                     "nvvm.cp.async.bulk.shared.cluster.shared.cta\n"
                     "nvvm.stmatrix of 8 bits\n"
                     "nvvm.wgmma.fence.aligned\n"
                     "nvvm.wgmma.commit.group.sync.aligned\n"
                     "nvvm.wgmma.wait.group.sync.aligned\n"
                     "nvvm.wgmma.mma_async\n"
                     "nvvm.convert.f32x2.to.f16x2 with random bits\n"
                     "nvvm.convert.f32x2.to.bf16x2 with random bits\n"
                     "nvvm.convert.f32x4.to.*\n");
}

/// What GoogleTest calls a parameter.
struct ChipName {
  const Chip *chip;
  friend void PrintTo(const ChipName &name, std::ostream *os) {
    *os << name.chip->name.str();
  }
};

class InstructionTable : public testing::TestWithParam<ChipName> {};

TEST_P(InstructionTable, AllowsOnlyWhatAssembles) {
  const Chip &chip = *GetParam().chip;
  auto assembler = findCudaProgram("ptxas");
  if (!assembler)
    std::printf("PTX is not assembled: %s\n", assembler.message().c_str());
  std::vector<const Example *> allowed;
  for (const Example &example : getExamples())
    if (const Instruction *row = findRow(example))
      if (row->isOn(chip))
        allowed.push_back(&example);
  ASSERT_FALSE(allowed.empty());
  if (compileApart(allowed, chip, bool(assembler)).empty())
    return;
  // Which it is.
  for (const Example *example : allowed)
    EXPECT_EQ(compileApart(example, chip, bool(assembler)), "")
        << chip.name.str() << ": " << example->name.str() << ' '
        << example->form.str();
}

/// The check finds the row, so that it says what is wrong and LLVM does not.
TEST_P(InstructionTable, RefusesTheRest) {
  const Chip &chip = *GetParam().chip;
  for (const Example &example : getExamples()) {
    const Instruction *row = findRow(example);
    if (!row || row->isOn(chip))
      continue;
    std::string message = compileApart(&example, chip, false);
    EXPECT_TRUE(message.find("is no instruction of") != std::string::npos ||
                message.find("needs PTX") != std::string::npos)
        << chip.name.str() << ": " << example.name.str() << ' '
        << example.form.str() << ": " << message;
  }
}

std::vector<ChipName> getChipNames() {
  std::vector<ChipName> names;
  for (const Chip &chip : getChips())
    names.push_back({&chip});
  return names;
}

INSTANTIATE_TEST_SUITE_P(Chips, InstructionTable,
                         testing::ValuesIn(getChipNames()),
                         [](const testing::TestParamInfo<ChipName> &info) {
                           return info.param.chip->name.str();
                         });

} // namespace
