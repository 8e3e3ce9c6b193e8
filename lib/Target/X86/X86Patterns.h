//===- X86Patterns.h - Patterns of X86Target by what they work on ---------===//
#ifndef ZQ_LIB_TARGET_X86_X86PATTERNS_H
#define ZQ_LIB_TARGET_X86_X86PATTERNS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::zq {

/// What a CPU has for vectors of bytes.
struct X86ByteUnits {
  /// Bytes of the widest register: 64 takes AVX-512BW, 32 AVX2, 16 SSSE3.
  int64_t bytes;
  /// Permutes across a register, and fields cut out of 64-bit lanes.
  bool hasVBMI;
  /// A permute of two registers is a single operation, as on Zen 4; three on
  /// Intel's cores.
  bool hasFastPermuteOfTwo = false;
};

/// Lowerings of `zq.lookup` of f32, for a CPU with AVX2; with AVX-512 also of
/// gathers from tables that fit its permutes.
void populateX86FloatPatterns(RewritePatternSet &patterns, bool hasAVX512);

/// Lowerings of `zq.lookup` of bytes and of `zq.unpack` to bytes.
void populateX86BytePatterns(RewritePatternSet &patterns, X86ByteUnits units);

/// Lookups of bytes by fields of them without shifting these down, for a CPU
/// with VBMI and AVX-512.
void populateX86CodeBitPatterns(RewritePatternSet &patterns);

/// Lowerings of conversions to f32 of floats of a byte, for a CPU with VBMI and
/// AVX-512.
void populateX86WidenPatterns(RewritePatternSet &patterns);

/// Lowerings of conversions to f32 of bf16 values that are put together from
/// fields of bytes.
void populateX86ByteFieldPatterns(RewritePatternSet &patterns,
                                  X86ByteUnits units);

/// Lowerings of `zq.dot`, for a CPU with `features`.
void populateX86DotPatterns(RewritePatternSet &patterns,
                            const llvm::StringSet<> &features);

/// Whether the CPU multiplies tiles of bf16 in registers of their own (AMX).
bool hasX86Tiles(const llvm::StringSet<> &features);

/// Whether the CPU has dots of pairs of bf16 (AVX512_BF16).
bool hasX86BFloat16Dots(const llvm::StringSet<> &features);

/// Lowerings of `zq.multiply_tiles` and `zq.to_bf16`, for a CPU with
/// `features`.
void populateX86TilePatterns(RewritePatternSet &patterns,
                             const llvm::StringSet<> &features);

/// Lets the public functions of a module that uses tile registers ask the
/// system for them: Linux hands them out on demand.
void addX86TilePermits(ModuleOp module);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_X86_X86PATTERNS_H
