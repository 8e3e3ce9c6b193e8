//===- X86Bytes.h - Tables and products of bytes on x86-64 ----------------===//
#ifndef ZQ_LIB_TARGET_X86_X86BYTES_H
#define ZQ_LIB_TARGET_X86_X86BYTES_H

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::zq {

/// Lowerings of `zq.lookup` in tables of bytes, and of `zq.dot`, for a CPU with
/// `features`.
void populateX86BytePatterns(RewritePatternSet &patterns,
                             const llvm::StringSet<> &features);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_X86_X86BYTES_H
