//===- CallSizes.h - Sizes that each call of a function chooses -----------===//
#ifndef ZQ_RUNTIME_CALLSIZES_H
#define ZQ_RUNTIME_CALLSIZES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "zq/Codec/Result.h"

#include <optional>
#include <vector>

namespace mlir::zq {

/// What has to be so of the dynamic sizes of a function's dense arguments, and
/// the sizes that its results have then. Arrays are counted as callers hand
/// them over: a compressed argument is as many as it has streams.
struct CallSizes {
  /// A dimension of an array.
  struct Place {
    size_t array = 0, dim = 0;
  };
  struct Rule {
    Place place;
    /// One that has the same size.
    std::optional<Place> same;
    /// The smallest and the largest size.
    int64_t least = 0, most = INT64_MAX;
  };
  /// Of inputs; one that is a rule's `same` comes before.
  std::vector<Rule> inputs;
  /// For every dynamic size of the results, the input that has it too.
  std::vector<std::pair<Place, Place>> results;

  /// Fails, with what is wrong, where inputs of such shapes break a rule;
  /// `getName` says what to call an array.
  ::zq::codec::Status
  check(ArrayRef<ArrayRef<int64_t>> shapes,
        function_ref<std::string(size_t)> getName = nullptr) const;

  /// The shape of result `index`, which is `declared` with dynamic sizes, for
  /// inputs of such shapes.
  std::vector<int64_t> getShape(size_t index, ArrayRef<int64_t> declared,
                                ArrayRef<ArrayRef<int64_t>> shapes) const;
};

/// The sizes of `function`, whose arguments and results are tensors. Emits an
/// error there and fails if it returns a tensor with a size that no argument
/// has.
FailureOr<CallSizes> getCallSizes(func::FuncOp function);

} // namespace mlir::zq

#endif // ZQ_RUNTIME_CALLSIZES_H
