//===- SourceFile.cpp - A file of MLIR that a tool reads ------------------===//
#include "common/SourceFile.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "zq/InitAll.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Error;
using ::zq::codec::Status;

static DialectRegistry getRegistry() {
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::zq::registerAllDialects(registry);
  return registry;
}

SourceFile::SourceFile()
    : context(getRegistry()), sources(std::make_shared<llvm::SourceMgr>()),
      errors(*sources, &context) {
  context.printOpOnDiagnostic(false);
}

Status SourceFile::open(StringRef path) {
  std::string message;
  auto buffer = openInputFile(path, &message);
  if (!buffer)
    return Error{message};
  sources->AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  return {};
}

OwningOpRef<ModuleOp> SourceFile::parse() {
  return parseSourceFile<ModuleOp>(sources, &context);
}
