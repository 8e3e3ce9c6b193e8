//===- CompileOptions.h - What tools that compile are asked -----*- C++ -*-===//
#ifndef ZQ_TOOLS_COMMON_COMPILEOPTIONS_H
#define ZQ_TOOLS_COMMON_COMPILEOPTIONS_H

#include "mlir/IR/BuiltinOps.h"
#include "zq/Codec/Result.h"
#include "zq/Target/Target.h"
#include "llvm/Support/CommandLine.h"

namespace mlir::zq {

/// How programs are compiled, by whichever tool. Tools add options of their
/// own.
struct CompileOptions {
  explicit CompileOptions(StringRef tool) : category(tool) {}

  llvm::cl::OptionCategory category;
  llvm::cl::opt<std::string> file{llvm::cl::Positional, llvm::cl::Required,
                                  llvm::cl::desc("FILE.mlir"),
                                  llvm::cl::cat(category)};
  llvm::cl::opt<double> accuracy{
      "accuracy", llvm::cl::value_desc("error"),
      llvm::cl::desc("The largest error of a product that contractions with "
                     "packed weights may make by computing in integers, "
                     "relative to the largest activation times the largest "
                     "weight; 0 for f32"),
      llvm::cl::init(5e-5), llvm::cl::cat(category)};
  llvm::cl::opt<bool> packWeights{
      "pack-weights",
      llvm::cl::desc("Lay compressed arguments out as contractions on this "
                     "target are fastest with"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> recodeWeights{
      "recode-weights",
      llvm::cl::desc(
          "Store entropy-coded constants, and arguments that are laid "
          "out anew, raw where that is predicted to be faster; takes "
          "more memory"),
      llvm::cl::cat(category)};

  /// Whether the values make sense, each by itself.
  ::zq::codec::Status check() const;
  /// Changes the types of compressed arguments as --pack-weights asks for.
  LogicalResult packArguments(ModuleOp module, const Target &target) const;
};

} // namespace mlir::zq

#endif // ZQ_TOOLS_COMMON_COMPILEOPTIONS_H
