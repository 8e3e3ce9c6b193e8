//===- CpuCheck.h - Functions that refuse a CPU they were not made for ----===//
#ifndef ZQ_TARGET_CPUCHECK_H
#define ZQ_TARGET_CPUCHECK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"

#include <string>

namespace mlir::zq {

/// Puts a check before each function `prefix + name`, of pointers and without a
/// result: where the CPU that it runs on lacks something of `features` (as
/// `getTarget` takes them) that code for them may use, the function writes to
/// stderr what that is, and aborts. Adds functions `zq_missing_NAME` without
/// arguments, which return the name of what is lacking, a C string, or null.
/// The checks themselves run on any CPU of the architecture, and look at it
/// once. Only features that LLVM or zq use on their own count: of those that
/// take an intrinsic of the system's, a program has none.
void addCpuChecks(llvm::Module &module, llvm::StringRef features,
                  llvm::StringRef prefix, llvm::ArrayRef<std::string> names);

} // namespace mlir::zq

#endif // ZQ_TARGET_CPUCHECK_H
