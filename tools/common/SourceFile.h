//===- SourceFile.h - A file of MLIR that a tool reads ----------*- C++ -*-===//
#ifndef ZQ_TOOLS_COMMON_SOURCEFILE_H
#define ZQ_TOOLS_COMMON_SOURCEFILE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "zq/Codec/Result.h"
#include "llvm/Support/SourceMgr.h"

namespace mlir::zq {

/// A file of MLIR with a context that knows all dialects. Diagnostics are shown
/// with the lines they are about; handlers that are registered between opening
/// and parsing see them first.
class SourceFile {
public:
  SourceFile();

  /// Reads the file; "-" is stdin.
  ::zq::codec::Status open(StringRef path);
  /// Null where there was an error, which was told.
  OwningOpRef<ModuleOp> parse();

  MLIRContext context;

private:
  std::shared_ptr<llvm::SourceMgr> sources;
  SourceMgrDiagnosticHandler errors;
};

} // namespace mlir::zq

#endif // ZQ_TOOLS_COMMON_SOURCEFILE_H
