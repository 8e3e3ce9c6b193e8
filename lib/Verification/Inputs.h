//===- Inputs.h - What a function is tried with ---------------------------===//
#ifndef ZQ_LIB_VERIFICATION_INPUTS_H
#define ZQ_LIB_VERIFICATION_INPUTS_H

#include "Streams.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "zq/Dialect/ZQ/Transforms/Sizes.h"
#include "zq/Reference/Evaluator.h"

namespace mlir::zq::verification {

struct InputOptions {
  uint64_t seed = 1;
  unsigned randomCases = 4;
  uint64_t exhaustLimit = 0;
};

/// One input for each argument, and what to call them.
struct Case {
  std::string name;
  std::vector<EvaluatorInput> inputs;
};

/// The cases that a function is tried with.
class Inputs {
public:
  /// Fails with an error at `func` on arguments that nothing can be made for.
  static FailureOr<Inputs> make(func::FuncOp func, const Sizes &sizes,
                                const InputOptions &options);

  size_t getNumCases() const;
  /// The same in every call.
  Case getCase(size_t index) const;

  /// "11 cases (4 of dense values, ...)", and what was done to each compressed
  /// argument, for a remark.
  std::string describe() const;

private:
  Inputs(func::FuncOp func, const Sizes &sizes, const InputOptions &options)
      : func(func), arguments(func.getArguments()), sizes(&sizes),
        options(options) {}
  LogicalResult addAssembled();
  void chooseExhaustion(Random &random);
  uint64_t countElements() const;
  EvaluatorInput makeDense(BlockArgument argument, int64_t free,
                           ValuePattern pattern, Random &random) const;

  /// What has streams: a compressed argument, or arguments that the function
  /// assembles one from.
  struct Compressed {
    Streams streams;
    /// The arguments, by stream; -1 for one that is no argument. A single one
    /// that takes all streams for a compressed argument.
    SmallVector<int> arguments;
    bool isWhole;
    /// The code at which each element begins to go through all of them.
    SmallVector<uint32_t> first;
  };

  func::FuncOp func;
  Block::BlockArgListType arguments;
  const Sizes *sizes;
  InputOptions options;
  std::vector<Compressed> compressed;
  bool hasDense = false;
  /// How many cases exhaust the codes, by size of scales.
  size_t numCodes = 0;
  /// Whether each place takes each code then; else each code is in some place.
  bool inEveryPlace = true;
};

} // namespace mlir::zq::verification

#endif // ZQ_LIB_VERIFICATION_INPUTS_H
