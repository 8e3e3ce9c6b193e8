//===- ScalarProgram.cpp - The body of a linalg op, ready to run ----------===//
#include "ScalarProgram.h"
#include "ScalarRules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

unsigned ScalarProgram::addSlot(Value value) {
  auto [it, inserted] = slots.try_emplace(value, initial.size());
  if (inserted)
    initial.emplace_back();
  return it->second;
}

LogicalResult ScalarProgram::addOperand(Value value,
                                        const Environment &environment) {
  if (slots.contains(value))
    return success();
  unsigned slot = addSlot(value);
  initial[slot] = environment.getScalar(value);
  return success();
}

/// Where an element is; -1 where that is not known for sure, or outside.
static int64_t getPosition(const BoundedTensor &tensor,
                           ArrayRef<unsigned> indices, ArrayRef<Scalar> frame) {
  int64_t position = 0;
  for (auto [size, slot] : llvm::zip(tensor.shape, indices)) {
    const Scalar &index = frame[slot];
    if (!index.isExact() || !(index.value >= 0 && index.value < double(size)))
      return -1;
    position = position * size + static_cast<int64_t>(index.value);
  }
  return position;
}

LogicalResult ScalarProgram::addStep(Operation *op,
                                     const Environment &environment,
                                     Terms terms) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op);
      constant && isa<FloatAttr, IntegerAttr>(constant.getValue())) {
    initial[addSlot(constant.getResult())] = getConstant(constant.getValue());
    return success();
  }
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    unsigned slot = addSlot(index.getResult());
    steps.push_back([slot, dim = index.getDim()](auto frame, auto point) {
      frame[slot] = Scalar::exact(double(point[dim]));
    });
    return success();
  }
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    SmallVector<unsigned> indices;
    for (Value index : extract.getIndices()) {
      if (failed(addOperand(index, environment)))
        return failure();
      indices.push_back(getSlot(index));
    }
    TensorRef tensor = environment.getTensor(extract.getTensor());
    unsigned slot = addSlot(extract.getResult());
    steps.push_back([=](auto frame, auto) {
      int64_t position = getPosition(*tensor, indices, frame);
      frame[slot] =
          position < 0 ? Scalar(NAN, infinity) : getElement(*tensor, position);
    });
    return success();
  }

  bool isScalar = llvm::all_of(op->getOperandTypes(), [](Type type) {
    return type.isIntOrIndexOrFloat();
  });
  ScalarRule rule = isScalar ? getScalarRule(op, terms) : nullptr;
  if (!rule)
    return op->emitError() << "the reference evaluator has no rule for '"
                           << op->getName() << "'";
  SmallVector<unsigned, 3> operands;
  for (Value operand : op->getOperands()) {
    if (failed(addOperand(operand, environment)))
      return failure();
    operands.push_back(getSlot(operand));
  }
  unsigned slot = addSlot(op->getResult(0));
  steps.push_back([=](auto frame, auto) {
    SmallVector<Scalar, 3> in;
    for (unsigned operand : operands)
      in.push_back(frame[operand]);
    frame[slot] = rule(in);
  });
  return success();
}

FailureOr<ScalarProgram> ScalarProgram::compile(Block &block,
                                                const Environment &environment,
                                                Terms terms) {
  ScalarProgram program;
  for (BlockArgument argument : block.getArguments())
    program.addSlot(argument);
  for (Operation &op : block.without_terminator())
    if (failed(program.addStep(&op, environment, terms)))
      return failure();
  for (Value value : block.getTerminator()->getOperands())
    if (failed(program.addOperand(value, environment)))
      return failure();
  return program;
}
