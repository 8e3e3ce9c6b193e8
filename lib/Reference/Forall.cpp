//===- Forall.cpp - Loops whose iterations are independent ----------------===//
#include "Interpreter.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

/// Puts a slice that an iteration made into a result.
static LogicalResult insert(tensor::ParallelInsertSliceOp op,
                            const Environment &environment,
                            BoundedTensor &result) {
  auto offsets = environment.getIndices(op, op.getMixedOffsets());
  auto sizes = environment.getIndices(op, op.getMixedSizes());
  auto strides = environment.getIndices(op, op.getMixedStrides());
  if (failed(offsets) || failed(sizes) || failed(strides))
    return failure();
  auto positions = getPositions(op, result.shape, *offsets, *sizes, *strides);
  if (failed(positions))
    return failure();
  const BoundedTensor &source = *environment.getTensor(op.getSource());
  if (static_cast<int64_t>(positions->size()) != source.size())
    return op.emitError() << "'" << op->getName() << "' of a tensor of shape "
                          << formatShape(source.shape) << " into a slice of "
                          << formatShape(*sizes);
  for (auto [i, position] : llvm::enumerate(*positions))
    setElement(result, position, getElement(source, i));
  return success();
}

FailureOr<bool> mlir::zq::reference::runForall(Operation *op,
                                               Environment &environment) {
  auto loop = dyn_cast<scf::ForallOp>(op);
  if (!loop)
    return false;
  auto low = environment.getIndices(op, loop.getMixedLowerBound());
  auto high = environment.getIndices(op, loop.getMixedUpperBound());
  auto step = environment.getIndices(op, loop.getMixedStep());
  if (failed(low) || failed(high) || failed(step))
    return failure();
  SmallVector<int64_t> counts;
  for (auto [from, to, by] : llvm::zip(*low, *high, *step)) {
    if (by <= 0)
      return op->emitError()
             << "the step of a loop is positive, and not " << by;
    counts.push_back(from < to ? (to - from + by - 1) / by : 0);
  }
  // Each iteration sees what the loop begins with, and only its own slices of
  // what it writes.
  std::vector<BoundedTensor> results;
  std::optional<int64_t> parts = 0;
  auto addParts = [&](Value value) {
    std::optional<int64_t> own = environment.get(value).parts;
    parts = parts && own ? std::max(parts, own) : std::nullopt;
  };
  for (Value out : loop.getOutputs()) {
    results.push_back(*environment.getTensor(out));
    addParts(out);
  }
  SmallVector<int64_t> point(counts.size(), 0);
  if (!llvm::is_contained(counts, 0))
    do {
      SmallVector<RuntimeValue> arguments;
      for (auto [index, from, by] : llvm::zip(point, *low, *step)) {
        arguments.push_back(Scalar::exact(double(from + index * by)));
        arguments.back().parts = 0;
      }
      for (Value out : loop.getOutputs())
        arguments.push_back(environment.get(out));
      if (failed(runBlock(*loop.getBody(), arguments, environment)))
        return failure();
      for (Operation &yielding : loop.getTerminator().getYieldingOps()) {
        auto slice = dyn_cast<tensor::ParallelInsertSliceOp>(yielding);
        if (!slice)
          return yielding.emitError()
                 << "the reference evaluator has no rule for '"
                 << yielding.getName() << "'";
        unsigned number = cast<BlockArgument>(slice.getDest()).getArgNumber() -
                          loop.getRank();
        if (failed(insert(slice, environment, results[number])))
          return failure();
        addParts(slice.getSource());
      }
    } while (advancePoint(point, counts));
  for (auto [value, tensor] : llvm::zip(loop.getResults(), results)) {
    environment.bind(value, std::move(tensor));
    environment.setParts(value, parts);
  }
  return true;
}
