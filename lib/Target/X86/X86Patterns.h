//===- X86Patterns.h - Patterns of X86Target by what they work on ---------===//
#ifndef ZQ_LIB_TARGET_X86_X86PATTERNS_H
#define ZQ_LIB_TARGET_X86_X86PATTERNS_H

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::zq {

/// What a CPU has for vectors of bytes.
struct X86ByteUnits {
  /// Bytes of the widest register: 64 takes AVX-512BW, 32 AVX2, 16 SSSE3.
  int64_t bytes;
  /// Permutes across a register, and fields cut out of 64-bit lanes.
  bool hasVBMI;
};

/// Lowerings of `zq.lookup` of bytes and of `zq.unpack` to bytes.
void populateX86BytePatterns(RewritePatternSet &patterns, X86ByteUnits units);

/// Lowerings of conversions to f32 of bf16 values that are put together from
/// fields of bytes.
void populateX86ByteFieldPatterns(RewritePatternSet &patterns,
                                  X86ByteUnits units);

/// Lowerings of `zq.dot`, for a CPU with `features`.
void populateX86DotPatterns(RewritePatternSet &patterns,
                            const llvm::StringSet<> &features);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_X86_X86PATTERNS_H
