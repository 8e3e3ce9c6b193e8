//===- Contractions.cpp - What the algebra asks of a contraction ----------===//
#include "Contractions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::zq;

bool mlir::zq::isSumOfProducts(linalg::LinalgOp op) {
  if (!linalg::isaContractionOpInterface(op) || op.getNumDpsInputs() != 2)
    return false;
  return llvm::all_of(op.getBlock()->without_terminator(), [](Operation &body) {
    return isa<arith::MulFOp, arith::AddFOp, arith::ExtFOp, arith::TruncFOp>(
        body);
  });
}

Value mlir::zq::emptyLike(OpBuilder &b, Location loc, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  return tensor::EmptyOp::create(b, loc, tensor::getMixedSizes(b, loc, like),
                                 type.getElementType());
}

Value mlir::zq::zerosLike(OpBuilder &b, Location loc, Value like) {
  Type element = getElementTypeOrSelf(like.getType());
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  return linalg::FillOp::create(b, loc, zero, emptyLike(b, loc, like))
      .getResult(0);
}

Value mlir::zq::cloneContraction(OpBuilder &b, linalg::LinalgOp op,
                                 OpOperand *operand, Value value, Value init) {
  SmallVector<Value> operands(op->getOperands());
  operands[operand->getOperandNumber()] = value;
  operands[op.getDpsInitOperand(0)->getOperandNumber()] = init;
  return clone(b, op, init.getType(), operands)->getResult(0);
}

Value mlir::zq::emitAdd(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  return linalg::AddOp::create(b, loc, ValueRange{lhs, rhs},
                               emptyLike(b, loc, lhs))
      .getResult(0);
}
