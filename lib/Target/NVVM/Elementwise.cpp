//===- Elementwise.cpp - Elementwise work in other ops' kernels -----------===//
#include "Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::zq;

/// Whether `op` computes each element of its one result from elements at places
/// that follow from the element's; of `input`, if given, from that at the same
/// place.
static bool isElementwise(linalg::GenericOp op, Value input) {
  if (op->getNumResults() != 1 || !op.hasPureTensorSemantics() ||
      op.getNumParallelLoops() != op.getNumLoops())
    return false;
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  if (input &&
      type.getShape() != cast<RankedTensorType>(input.getType()).getShape())
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (operand.get() == input || op.isDpsInit(&operand))
      return map.isIdentity();
    return llvm::all_of(map.getResults(), [](AffineExpr expr) {
      return isa<AffineDimExpr, AffineConstantExpr>(expr);
    });
  });
}

Elementwise Elementwise::findConsumer(linalg::LinalgOp op) {
  Elementwise found;
  Value result = op->getResult(0);
  if (!result.hasOneUse())
    return found;
  auto user = dyn_cast<linalg::GenericOp>(*result.getUsers().begin());
  if (user && user->getBlock() == op->getBlock() &&
      isElementwise(user, result)) {
    found.generic = user;
    found.input = result;
  }
  return found;
}

Elementwise Elementwise::findProducer(Value value) {
  Elementwise found;
  auto generic = value.getDefiningOp<linalg::GenericOp>();
  if (generic && value.hasOneUse() && isElementwise(generic, Value()))
    found.generic = generic;
  return found;
}

void Elementwise::makeBuffers(OpBuilder &b) {
  for (OpOperand &operand : generic->getOpOperands()) {
    Value other;
    if (operand.get() != input && generic.payloadUsesValueFromOperand(&operand))
      other = operand.get();
    if (auto type =
            other ? dyn_cast<RankedTensorType>(other.getType()) : nullptr)
      other = bufferization::ToBufferOp::create(
          b, generic.getLoc(),
          MemRefType::get(type.getShape(), type.getElementType()), other,
          /*read_only=*/true);
    others.push_back(other);
  }
}

Value Elementwise::emit(ImplicitLocOpBuilder &b, Value value,
                        ValueRange place) const {
  linalg::GenericOp op = generic;
  IRMapping map;
  Block *body = op.getBlock();
  for (auto [operand, other, argument] :
       llvm::zip(op->getOpOperands(), others, body->getArguments())) {
    if (input && operand.get() == input)
      map.map(argument, value);
    if (!other)
      continue;
    if (!isa<MemRefType>(other.getType())) {
      map.map(argument, other);
      continue;
    }
    SmallVector<Value> at;
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        at.push_back(place[dim.getPosition()]);
      else
        at.push_back(arith::ConstantIndexOp::create(
            b, cast<AffineConstantExpr>(expr).getValue()));
    map.map(argument, memref::LoadOp::create(b, other, at).getResult());
  }
  for (Operation &inner : body->without_terminator()) {
    if (auto dim = dyn_cast<linalg::IndexOp>(inner))
      map.map(dim.getResult(), place[dim.getDim()]);
    else
      b.clone(inner, map);
  }
  return map.lookupOrDefault(body->getTerminator()->getOperand(0));
}
