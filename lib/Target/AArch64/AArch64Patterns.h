//===- AArch64Patterns.h - Patterns of AArch64Target by their ops ---------===//
#ifndef ZQ_LIB_TARGET_AARCH64_AARCH64PATTERNS_H
#define ZQ_LIB_TARGET_AARCH64_AARCH64PATTERNS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {

/// What a CPU has for vectors of bytes.
struct AArch64Units {
  /// Registers of 128 bits that a vector register is as long as: 1 for NEON,
  /// more for SVE at the width that code is made for.
  int64_t scale = 1;
  /// Sums of four products, of signed bytes with signed ones (dotprod), and of
  /// unsigned ones with signed ones (i8mm). SVE always has the former.
  bool hasDot = false, hasMixedDot = false;
};

/// A call of the intrinsic `name`.
Value emitIntrinsic(OpBuilder &b, Location loc, Type type, StringRef name,
                    ValueRange operands);

/// A call of an intrinsic of SVE on vectors that are as long as a register, of
/// `scale` times 128 bits.
Value emitScalable(OpBuilder &b, Location loc, VectorType type, StringRef name,
                   ValueRange operands, int64_t scale);

/// Fields of bytes by shifts of bytes.
void populateAArch64FieldPatterns(RewritePatternSet &patterns);

/// Lowerings of `zq.lookup`.
void populateAArch64LookupPatterns(RewritePatternSet &patterns,
                                   AArch64Units units);

/// Lowerings of `zq.dot`.
void populateAArch64DotPatterns(RewritePatternSet &patterns,
                                AArch64Units units);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_AARCH64_AARCH64PATTERNS_H
