//===- KernelVectors.h - Vectors of any kind to those of LLVM -------------===//
#ifndef ZQ_LIB_TARGET_NVVM_KERNELVECTORS_H
#define ZQ_LIB_TARGET_NVVM_KERNELVECTORS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {

/// Patterns that leave the vector ops that the conversion to the LLVM dialect
/// knows. Canonicalising brings some of the others back.
void populateKernelVectorPatterns(RewritePatternSet &patterns);

/// A pattern that makes shifts and masks of `zq.lane_offset`.
void populateLaneOffsetPatterns(RewritePatternSet &patterns);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_KERNELVECTORS_H
