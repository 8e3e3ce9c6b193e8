//===- CallSizes.cpp - Sizes that each call of a function chooses ---------===//
#include "zq/Runtime/CallSizes.h"

#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Dialect/ZQ/Transforms/Sizes.h"
#include "zq/Runtime/ArrayTypes.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Error;
using ::zq::codec::Status;

Status CallSizes::check(ArrayRef<ArrayRef<int64_t>> shapes,
                        function_ref<std::string(size_t)> getName) const {
  auto describe = [&](Place place) {
    return "size " + std::to_string(place.dim) + " of " +
           (getName ? getName(place.array)
                    : "array " + std::to_string(place.array));
  };
  auto sizeAt = [&](Place place) { return shapes[place.array][place.dim]; };
  for (const Rule &rule : inputs) {
    int64_t size = sizeAt(rule.place);
    std::string is =
        describe(rule.place) + " is " + std::to_string(size) + ", but ";
    if (rule.same && sizeAt(*rule.same) != size)
      return Error{is + describe(*rule.same) + ", which has to be the same, " +
                   std::to_string(sizeAt(*rule.same))};
    if (size < rule.least || size > rule.most)
      return Error{is + "the function takes " +
                   (rule.least == rule.most ? "" : "at most ") +
                   std::to_string(rule.most)};
  }
  return {};
}

std::vector<int64_t>
CallSizes::getShape(size_t index, ArrayRef<int64_t> declared,
                    ArrayRef<ArrayRef<int64_t>> shapes) const {
  std::vector<int64_t> shape = declared.vec();
  for (auto [place, input] : results)
    if (place.array == index)
      shape[place.dim] = shapes[input.array][input.dim];
  return shape;
}

namespace {
/// A dynamic size of an argument.
struct Free {
  Value argument;
  CallSizes::Place place;
};
} // namespace

/// Calls `visit` with every dynamic dimension of a dense type.
static void forEachDynamic(Type type, function_ref<void(size_t)> visit) {
  if (auto dense = dyn_cast<RankedTensorType>(type))
    for (int64_t dim = 0; dim < dense.getRank(); ++dim)
      if (dense.isDynamicDim(dim))
        visit(dim);
}

FailureOr<CallSizes> mlir::zq::getCallSizes(func::FuncOp function) {
  Sizes sizes(function->getParentOfType<ModuleOp>());
  CallSizes result;
  SmallVector<Free> all;
  size_t array = 0;
  for (BlockArgument argument : function.getArguments()) {
    forEachDynamic(argument.getType(), [&](size_t dim) {
      CallSizes::Rule rule;
      rule.place = {array, dim};
      for (const Free &before : all)
        if (!rule.same &&
            sizes.isSame(before.argument, before.place.dim, argument, dim))
          rule.same = before.place;
      if (auto known = sizes.getKnown(argument, dim))
        rule.least = rule.most = *known;
      else if (auto limit = sizes.getLimit(argument, dim))
        rule.most = *limit;
      result.inputs.push_back(rule);
      all.push_back({argument, rule.place});
    });
    auto stored = getStoredTypes(argument.getType(), function);
    array += succeeded(stored) ? stored->size() : 1;
  }

  bool isKnown = true;
  function.walk([&](func::ReturnOp end) {
    result.results.clear();
    for (auto [i, value] : llvm::enumerate(end.getOperands()))
      forEachDynamic(value.getType(), [&, i = i, value = value](size_t dim) {
        const Free *source = llvm::find_if(all, [&](const Free &free) {
          return sizes.isSame(free.argument, free.place.dim, value, dim);
        });
        if (source != all.end()) {
          result.results.push_back({{i, dim}, source->place});
          return;
        }
        if (isKnown)
          function.emitError("cannot be called: result ")
              << i << " has the dynamic shape " << value.getType()
              << ", of which no argument has size " << dim;
        isKnown = false;
      });
  });
  if (!isKnown)
    return failure();
  return result;
}
