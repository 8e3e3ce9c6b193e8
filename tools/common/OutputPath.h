//===- OutputPath.h - Where a tool is to write ------------------*- C++ -*-===//
#ifndef ZQ_TOOLS_COMMON_OUTPUTPATH_H
#define ZQ_TOOLS_COMMON_OUTPUTPATH_H

#include "zq/Codec/Result.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::zq {

/// Whether a file can be made at `path`, as far as can be said before the work
/// is done; "-", stdout, can. Errors name the path.
::zq::codec::Status checkOutputPath(llvm::StringRef path);

} // namespace mlir::zq

#endif // ZQ_TOOLS_COMMON_OUTPUTPATH_H
