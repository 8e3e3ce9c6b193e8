//===- CrossProgram.h - Functions for a CPU that is emulated --------------===//
#ifndef ZQ_UNITTESTS_INTEGRATION_CROSSPROGRAM_H
#define ZQ_UNITTESTS_INTEGRATION_CROSSPROGRAM_H

#include "Kernel.h"

#include "llvm/Target/TargetMachine.h"

namespace mlir::zq::test {

/// Functions compiled for one AArch64 CPU, which are linked to one program and
/// called by qemu-user.
class CrossProgram {
public:
  /// For `cpu`, as LLVM names it.
  explicit CrossProgram(const std::string &cpu);

  /// What is not installed of what this takes; empty where all is.
  static std::string getMissing();

  /// Rows of a panel of packed weights.
  int64_t getPanelRows() const;

  /// Compiles the function @f of `text`, to be called with `inputs`. Fails the
  /// test on an error.
  void add(const std::string &text, double accuracy,
           const std::vector<Array> &inputs, const std::string &what);

  /// Links, and calls all functions by qemu as `emulated`, in the order in
  /// which they were added. Empty, and the test failed, on an error.
  std::vector<std::vector<Array>> run(const std::string &emulated);

private:
  std::unique_ptr<llvm::TargetMachine> machine;
  /// Where everything is written; removed at the end of `run`.
  std::string folder;
  std::vector<std::string> objects;
  std::vector<std::vector<Array>> inputs, results;
};

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_INTEGRATION_CROSSPROGRAM_H
