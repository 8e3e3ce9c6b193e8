//===- CpuFeatures.h - Asking a running CPU for its features --------------===//
#ifndef ZQ_LIB_TARGET_CPUFEATURES_H
#define ZQ_LIB_TARGET_CPUFEATURES_H

#include "llvm/ADT/StringSet.h"
#include "llvm/IR/IRBuilder.h"

namespace mlir::zq {

/// What the code that `features` allow needs of a CPU. Both emit IR that gives
/// a pointer to the name of the first thing that the CPU lacks, or null.
llvm::Value *emitMissingX86Feature(llvm::IRBuilder<> &b,
                                   const llvm::StringSet<> &features);
llvm::Value *emitMissingAArch64Feature(llvm::IRBuilder<> &b,
                                       const llvm::StringSet<> &features,
                                       int64_t vscale);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_CPUFEATURES_H
