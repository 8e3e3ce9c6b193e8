//===- Codegen.h - From the LLVM dialect to machine code ------------------===//
#ifndef ZQ_TOOLS_ZQ_COMPILE_CODEGEN_H
#define ZQ_TOOLS_ZQ_COMPILE_CODEGEN_H

#include "mlir/IR/BuiltinOps.h"
#include "zq/Codec/Result.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace mlir::zq::compile {

/// An x86-64 machine. `cpu` is a name that LLVM knows, or "host" for this
/// machine's with exactly the features it has.
::zq::codec::Result<std::unique_ptr<llvm::TargetMachine>>
createX86Machine(const std::string &cpu);

/// The features that `machine` has, as "+avx,+avx2,...".
std::string getFeatures(const llvm::TargetMachine &machine);

/// The forms that machine code is written in.
enum class CodeForm { LLVMIR, Assembly, Object };

/// Translates `module`, which is in the LLVM dialect, optimises it and writes
/// it to `os`. Emits an error where that fails.
LogicalResult emitCode(ModuleOp module, llvm::TargetMachine &machine,
                       CodeForm form, llvm::raw_pwrite_stream &os);

} // namespace mlir::zq::compile

#endif // ZQ_TOOLS_ZQ_COMPILE_CODEGEN_H
