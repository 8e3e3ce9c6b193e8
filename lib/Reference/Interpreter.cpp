//===- Interpreter.cpp - Functions, blocks and control flow ---------------===//
#include "Interpreter.h"
#include "LinalgEvaluator.h"
#include "ScalarRules.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

/// A program that calls itself without end must not take the stack with it.
static constexpr unsigned deepestCall = 64;

static LogicalResult run(func::CallOp op, Environment &environment) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      op, op.getCalleeAttr());
  if (!callee || callee.isExternal())
    return op.emitError() << "calls " << op.getCalleeAttr()
                          << ", which has no body to evaluate";
  if (environment.callDepth >= deepestCall)
    return op.emitError() << "calls nest deeper than " << deepestCall;
  if (!callee.getBody().hasOneBlock())
    return callee.emitError()
           << "the reference evaluator takes functions of one block only";
  SmallVector<RuntimeValue> arguments;
  for (Value operand : op.getOperands())
    arguments.push_back(environment.get(operand));
  Environment frame(environment.customDecode, environment.accuracy);
  frame.callDepth = environment.callDepth + 1;
  auto results = runBlock(callee.getBody().front(), arguments, frame);
  if (failed(results))
    return failure();
  for (auto [result, value] : llvm::zip(op.getResults(), *results))
    environment.bind(result, value);
  return success();
}

static LogicalResult run(scf::IfOp op, Environment &environment) {
  const Scalar &condition = environment.getScalar(op.getCondition());
  if (!condition.isExact())
    return op.emitError() << "a condition depends on how values round";
  Region &region =
      condition.value != 0 ? op.getThenRegion() : op.getElseRegion();
  if (region.empty())
    return success();
  auto results = runBlock(region.front(), {}, environment);
  if (failed(results))
    return failure();
  for (auto [result, value] : llvm::zip(op.getResults(), *results))
    environment.bind(result, value);
  return success();
}

static LogicalResult run(scf::ForOp op, Environment &environment) {
  auto low = environment.getIndex(op, op.getLowerBound());
  auto high = environment.getIndex(op, op.getUpperBound());
  auto step = environment.getIndex(op, op.getStep());
  if (failed(low) || failed(high) || failed(step))
    return failure();
  if (*step <= 0)
    return op.emitError() << "the step of a loop is positive, and not "
                          << *step;
  SmallVector<RuntimeValue> carried;
  for (Value init : op.getInitArgs())
    carried.push_back(environment.get(init));
  // A loop that adds to an element here and there makes no more parts of the
  // whole in each step.
  SmallVector<std::optional<int64_t>> parts, most;
  for (const RuntimeValue &value : carried)
    parts.push_back(value.parts);
  most = parts;
  for (int64_t i = *low; i < *high; i += *step) {
    SmallVector<RuntimeValue> arguments = {Scalar::exact(double(i))};
    arguments.front().parts = 0;
    for (auto [value, count] : llvm::zip(carried, parts)) {
      value.parts = count;
      arguments.push_back(std::move(value));
    }
    auto results = runBlock(*op.getBody(), arguments, environment);
    if (failed(results))
      return failure();
    carried = std::move(*results);
    for (auto [value, count] : llvm::zip(carried, most))
      count =
          value.parts && count ? std::max(value.parts, count) : std::nullopt;
  }
  for (auto [value, count] : llvm::zip(carried, most))
    value.parts = count;
  for (auto [result, value] : llvm::zip(op.getResults(), carried))
    environment.bind(result, value);
  return success();
}

FailureOr<bool> mlir::zq::reference::runControlFlow(Operation *op,
                                                    Environment &environment) {
  return llvm::TypeSwitch<Operation *, FailureOr<bool>>(op)
      .Case<func::CallOp, scf::IfOp, scf::ForOp>(
          [&](auto controlFlow) -> FailureOr<bool> {
            if (failed(run(controlFlow, environment)))
              return failure();
            return true;
          })
      .Default([](Operation *) { return false; });
}

/// A scalar op, or one on tensors element by element (scalars among the
/// operands go with every element, as the condition of a select may).
static FailureOr<bool> runElementwise(Operation *op, Environment &environment) {
  ScalarRule rule = getScalarRule(op, getTerms(op, environment));
  if (!rule)
    return false;
  SmallVector<Scalar> in;
  TensorRef shaped;
  SmallVector<TensorRef> tensors;
  for (Value operand : op->getOperands()) {
    const RuntimeValue &value = environment.get(operand);
    tensors.push_back(nullptr);
    in.emplace_back();
    if (auto *scalar = std::get_if<Scalar>(&value)) {
      in.back() = *scalar;
    } else if (auto *tensor = std::get_if<TensorRef>(&value)) {
      tensors.back() = *tensor;
      if (shaped && shaped->shape != (*tensor)->shape)
        return op->emitError()
               << "'" << op->getName() << "' has operands of shapes "
               << formatShape(shaped->shape) << " and "
               << formatShape((*tensor)->shape);
      shaped = *tensor;
    } else {
      return false;
    }
  }
  if (!shaped) {
    environment.bind(op->getResult(0), rule(in));
    return true;
  }
  BoundedTensor result = makeTensor(shaped->shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i) {
    for (auto [operand, tensor] : llvm::zip(in, tensors))
      if (tensor)
        operand = getElement(*tensor, i);
    setElement(result, i, rule(in));
  }
  environment.bind(op->getResult(0), std::move(result));
  return true;
}

static LogicalResult runAny(Operation *op, Environment &environment) {
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return evaluateLinalg(linalgOp, environment);
  if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op);
      softmax && softmax.hasPureTensorSemantics()) {
    evaluateSoftmax(softmax, environment);
    return success();
  }
  for (auto family : {runConstant, runTensorOp, runCompressedOp, runPartOp,
                      runControlFlow, runForall, runAffineOp, runElementwise}) {
    FailureOr<bool> done = family(op, environment);
    if (failed(done))
      return failure();
    if (*done)
      return success();
  }
  return op->emitError() << "the reference evaluator has no rule for '"
                         << op->getName() << "'";
}

static LogicalResult run(Operation *op, Environment &environment) {
  if (failed(runAny(op, environment)))
    return failure();
  // Those that run a block, or decode, have counted.
  if (isa<func::CallOp, scf::IfOp, scf::ForOp, scf::ForallOp, DecodeOp>(op))
    return success();
  std::optional<int64_t> parts = countParts(op, environment);
  for (Value result : op->getResults())
    environment.setParts(result, parts);
  return success();
}

FailureOr<SmallVector<RuntimeValue>>
mlir::zq::reference::runBlock(Block &block, ArrayRef<RuntimeValue> arguments,
                              Environment &environment) {
  for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
    environment.bind(argument, value);
  for (Operation &op : block.without_terminator())
    if (failed(run(&op, environment)))
      return failure();
  SmallVector<RuntimeValue> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(environment.get(value));
  return results;
}
