//===- Kernel.h - A function under test, compiled from its text -----------===//
#ifndef ZQ_UNITTESTS_INTEGRATION_KERNEL_H
#define ZQ_UNITTESTS_INTEGRATION_KERNEL_H

#include "zq/Reference/Evaluator.h"
#include "zq/Runtime/Jit.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::zq::test {

using ::zq::codec::Array;
using ::zq::codec::ElementType;

/// A context with all dialects, on one thread. Keeps the errors that it is
/// given instead of printing them.
class TestContext {
public:
  TestContext();

  MLIRContext context;
  std::string errors;
  /// The texts of all remarks, a line each.
  std::string remarks;
};

/// Whether a program is compiled with verification after each pass: every
/// fourth one, chosen by its text, since it takes a third of the time.
bool isVerifiedThroughout(const std::string &text);

/// The function @f of a module.
class Kernel {
public:
  /// Parses and compiles. Fails the test and leaves a kernel that cannot be
  /// called where that does not work; `what` says in the message which one.
  Kernel(std::string text, JitOptions options, std::string what);

  /// The results for one input after another, the streams of a compressed
  /// argument being one input each. Empty, and the test failed, on an error.
  std::vector<Array> call(const std::vector<Array> &inputs);

  /// Runs the threads of an emulated GPU in another order from now on.
  void setSeed(uint64_t seed);

  /// What the function means by the reference, of the module as it was parsed;
  /// or what another one of it does, which says the same in other words.
  std::vector<BoundedTensor> evaluate(ArrayRef<EvaluatorInput> inputs,
                                      CustomDecodeFn customDecode = nullptr,
                                      double accuracy = 0,
                                      StringRef name = "f");

  const std::string &getRemarks() const { return context.remarks; }

private:
  TestContext context;
  std::string what;
  /// As parsed, and in the LLVM dialect.
  OwningOpRef<ModuleOp> source, lowered;
  std::unique_ptr<JitFunction> function;
};

/// The sets of features that everything is compiled for: AVX-512 (if this
/// machine has it), AVX2 (if it has that), SSE2.
std::vector<std::string> getFeatureSets();

/// Those, AVX2 with its own products of bytes and without fused products,
/// AVX-512 without permutes of bytes, and SSE with them.
std::vector<std::string> getAllFeatureSets();

/// Fails the test where two arrays differ in a bit, naming the first place.
/// `sameNaN` takes all NaN for equal.
void expectSameBits(const Array &actual, const Array &expected,
                    const std::string &what, bool sameNaN = false);

/// The window of `whole` of shape `sizes` that begins at `offsets`.
Array cutWindow(const Array &whole, const std::vector<int64_t> &offsets,
                const std::vector<int64_t> &sizes);

/// "3x5".
std::string printShape(const std::vector<int64_t> &shape);

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_INTEGRATION_KERNEL_H
