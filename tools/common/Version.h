//===- Version.h - What tools call themselves -------------------*- C++ -*-===//
#ifndef ZQ_TOOLS_COMMON_VERSION_H
#define ZQ_TOOLS_COMMON_VERSION_H

namespace mlir::zq {

/// Has `--version` name zq's version beside LLVM's. Call it before the options
/// are parsed.
void printVersion();

} // namespace mlir::zq

#endif // ZQ_TOOLS_COMMON_VERSION_H
