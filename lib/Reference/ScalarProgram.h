//===- ScalarProgram.h - The body of a linalg op, ready to run ------------===//
#ifndef ZQ_LIB_REFERENCE_SCALARPROGRAM_H
#define ZQ_LIB_REFERENCE_SCALARPROGRAM_H

#include "Values.h"

#include <functional>

namespace mlir::zq::reference {

/// A block of scalar operations with each operation's rule looked up and each
/// value given a slot in a frame. Values from outside are captured.
class ScalarProgram {
public:
  /// Sums in the block are of `terms`. Fails with an error at the operation
  /// that has no rule.
  static FailureOr<ScalarProgram>
  compile(Block &block, const Environment &environment, Terms terms);

  /// The slot of a value that the block defines, takes or uses.
  unsigned getSlot(Value value) const { return slots.lookup(value); }

  /// A frame with the captured values in place.
  std::vector<Scalar> makeFrame() const { return initial; }

  /// Runs all but the terminator at one point of the iteration space.
  void run(MutableArrayRef<Scalar> frame, ArrayRef<int64_t> point) const {
    for (const Step &step : steps)
      step(frame, point);
  }

private:
  using Step = std::function<void(MutableArrayRef<Scalar>, ArrayRef<int64_t>)>;

  unsigned addSlot(Value value);
  LogicalResult addOperand(Value value, const Environment &environment);
  LogicalResult addStep(Operation *op, const Environment &environment,
                        Terms terms);

  llvm::DenseMap<Value, unsigned> slots;
  std::vector<Scalar> initial;
  std::vector<Step> steps;
};

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_SCALARPROGRAM_H
