//===- Parts.cpp - What a stored tensor is made of ------------------------===//
#include "Interpreter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

/// What `op` reads: its operands, and what its regions use from outside.
static SetVector<Value> getInputs(Operation *op) {
  SetVector<Value> inputs(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), inputs);
  return inputs;
}

static bool addsUp(Operation *op) {
  return op
      ->walk([](Operation *nested) {
        return isa<arith::AddFOp, arith::SubFOp, math::FmaOp>(nested)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

Terms mlir::zq::reference::getTerms(Operation *op,
                                    const Environment &environment) {
  return llvm::all_of(getInputs(op),
                      [&](Value value) {
                        return environment.get(value).parts.has_value();
                      })
             ? Terms::TakenApart
             : Terms::Kept;
}

std::optional<int64_t>
mlir::zq::reference::countParts(Operation *op, const Environment &environment) {
  // Sizes and places say nothing about values.
  if (isa<tensor::EmptyOp, tensor::DimOp>(op) ||
      llvm::all_of(op->getResultTypes(),
                   [](Type type) { return type.isIndex(); }))
    return 0;
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto elements = dyn_cast<ElementsAttr>(constant.getValue());
    return elements && !elements.isSplat();
  }
  if (getTerms(op, environment) == Terms::Kept)
    return std::nullopt;

  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  bool isReduction = linalgOp && linalgOp.getNumReductionLoops() > 0;
  int64_t sum = 0, product = 1, most = 0;
  for (Value value : getInputs(op)) {
    int64_t parts = *environment.get(value).parts;
    sum += parts;
    most = std::max(most, parts);
    bool isInit = linalgOp && llvm::is_contained(linalgOp.getDpsInits(), value);
    if (!isInit)
      product *= std::max<int64_t>(parts, 1);
  }
  if (isReduction) {
    int64_t inits = 0;
    for (Value init : linalgOp.getDpsInits())
      inits = std::max(inits, *environment.get(init).parts);
    return product + inits;
  }
  if (isa<SumOp, ScatterOp>(op))
    return sum;
  return addsUp(op) ? std::max(sum, product) : most;
}
