//===- StackTest.cpp - Code that takes more of a stack than there is ------===//
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "zq/Runtime/Codegen.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::zq;

/// What compiling a function of 4 KB says that may have `bytes`.
static std::string compile(const std::string &bytes) {
  DialectRegistry registry;
  registry.insert<LLVM::LLVMDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message += diagnostic.str();
    return success();
  });
  auto module = parseSourceString<ModuleOp>(
      R"(
    llvm.func @use(!llvm.ptr)
    llvm.func @f() attributes {passthrough = [["warn-stack-size", ")" +
          bytes + R"("]]} {
      %n = llvm.mlir.constant(1024 : i64) : i64
      %p = llvm.alloca %n x f32 : (i64) -> !llvm.ptr
      llvm.call @use(%p) : (!llvm.ptr) -> ()
      llvm.return
    })",
      &context);
  auto machine = createX86Machine("host");
  if (!module || !machine)
    return "no module or machine";
  SmallVector<char, 0> code;
  llvm::raw_svector_ostream os(code);
  bool isCompiled =
      succeeded(emitCode(*module, **machine, CodeForm::Object, os));
  EXPECT_EQ(isCompiled, message.empty());
  return message;
}

TEST(StackTest, IsAnErrorWhereItIsTooSmall) {
  EXPECT_EQ(compile("8192"), "");
  std::string message = compile("4095");
  EXPECT_NE(message.find("stack frame size"), std::string::npos) << message;
  EXPECT_NE(message.find("exceeds limit (4095) in function 'f'"),
            std::string::npos)
      << message;
}
