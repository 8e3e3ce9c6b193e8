//===- RefusalTest.cpp - Code for features that this machine lacks --------===//
#include "Kernel.h"

#include "mlir/Parser/Parser.h"
#include "zq/Runtime/Program.h"
#include "zq/Target/Target.h"
#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

static const char *const text =
    "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %y = arith.addf %x, %x : tensor<4xf32>\n"
    "  return %y : tensor<4xf32>\n}\n";

namespace {

/// Features that this machine lacks, and what it says that it lacks.
struct Lacking {
  const char *features;
  const char *missing;
};

class Refusal : public testing::TestWithParam<Lacking> {
protected:
  void SetUp() override {
    std::string host = getHostFeatures();
    if (host.find("aarch64") == 0 || host.find("avx10.2") != std::string::npos)
      GTEST_SKIP() << "this machine has " << GetParam().features;
  }
};

TEST_P(Refusal, NamesWhatIsMissing) {
  EXPECT_EQ(getMissingFeatures(GetParam().features), GetParam().missing);
  EXPECT_EQ(getMissingFeatures(getHostFeatures()), "");
}

TEST_P(Refusal, ComesBeforeCompiling) {
  TestContext context;
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context.context);
  ASSERT_TRUE(module);
  JitOptions options;
  options.features = GetParam().features;
  EXPECT_TRUE(failed(JitFunction::compile(*module, "f", options)));
  EXPECT_NE(context.errors.find(std::string("this machine lacks ") +
                                GetParam().missing),
            std::string::npos)
      << context.errors;
}

TEST_P(Refusal, IsAnErrorOfPrograms) {
  ProgramOptions options;
  options.features = GetParam().features;
  auto program = Program::compile(text, options);
  ASSERT_FALSE(program);
  EXPECT_NE(program.message().find(std::string("for a CPU with ") +
                                   GetParam().missing +
                                   ", which this machine lacks"),
            std::string::npos)
      << program.message();
}

std::string nameCase(const testing::TestParamInfo<Lacking> &info) {
  return info.index ? "OfAnotherArchitecture" : "OfANewerCPU";
}

INSTANTIATE_TEST_SUITE_P(Features, Refusal,
                         testing::Values(Lacking{"+avx2,+avx10.2", "+avx10.2"},
                                         Lacking{"aarch64,+neon,+dotprod",
                                                 "aarch64"}),
                         nameCase);

} // namespace
