//===- EmulatedFloats.cpp - Arithmetic of 16 bits as GPUs round it --------===//
//
// Hosts convert to bf16 by what they have: instructions that make subnormals
// zero, or a library's functions. Kernels get integer arithmetic instead. With
// operands of 8 bits of mantissa, sums, products and quotients of f32 are exact
// enough that rounding them once more gives the nearest bf16.
//
//===----------------------------------------------------------------------===//
#include "EmulatedOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"

using namespace mlir;
using namespace mlir::zq;

static Value makeConstant(OpBuilder &b, Location loc, Type type,
                          int64_t value) {
  Attribute attr = b.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return LLVM::ConstantOp::create(b, loc, type, cast<TypedAttr>(attr));
}

/// The f32 with the same value.
static Value extend(OpBuilder &b, Location loc, Value value) {
  Type type = value.getType();
  Type i16 = withElement(type, b.getI16Type()),
       i32 = withElement(type, b.getI32Type());
  Value bits = LLVM::BitcastOp::create(b, loc, i16, value);
  bits = LLVM::ZExtOp::create(b, loc, i32, bits);
  bits = LLVM::ShlOp::create(b, loc, bits, makeConstant(b, loc, i32, 16));
  return LLVM::BitcastOp::create(b, loc, withElement(type, b.getF32Type()),
                                 bits);
}

/// The nearest bf16, the even one of two.
static Value truncate(OpBuilder &b, Location loc, Value value) {
  Type type = value.getType();
  Type i16 = withElement(type, b.getI16Type()),
       i32 = withElement(type, b.getI32Type());
  auto constant = [&](int64_t v) { return makeConstant(b, loc, i32, v); };
  Value bits = LLVM::BitcastOp::create(b, loc, i32, value);
  Value even = LLVM::LShrOp::create(b, loc, bits, constant(16));
  even = LLVM::AndOp::create(b, loc, even, constant(1));
  Value sum = LLVM::AddOp::create(b, loc, bits, constant(0x7fff));
  sum = LLVM::AddOp::create(b, loc, sum, even);
  Value high = LLVM::LShrOp::create(b, loc, sum, constant(16));
  Value isNan = LLVM::FCmpOp::create(b, loc, withElement(type, b.getI1Type()),
                                     LLVM::FCmpPredicate::uno, value, value,
                                     LLVM::FastmathFlags::none);
  high = LLVM::SelectOp::create(b, loc, isNan, constant(0x7fff), high);
  high = LLVM::TruncOp::create(b, loc, i16, high);
  return LLVM::BitcastOp::create(b, loc, withElement(type, b.getBF16Type()),
                                 high);
}

template <typename Op>
static bool expandBinary(OpBuilder &b, Operation *op) {
  if (!isa<Op>(op))
    return false;
  Location loc = op->getLoc();
  Value left = extend(b, loc, op->getOperand(0));
  Value right = extend(b, loc, op->getOperand(1));
  Value value = Op::create(b, loc, left.getType(), left, right);
  op->getResult(0).replaceAllUsesWith(truncate(b, loc, value));
  return true;
}

void mlir::zq::expandSmallFloats(Operation *function,
                                 SmallVectorImpl<Operation *> &fused) {
  SmallVector<Operation *> ops;
  function->walk([&](Operation *op) {
    if (op->getNumResults() == 1 && op->getNumOperands() > 0)
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    Type result = getElementTypeOrSelf(op->getResult(0).getType());
    Type operand = getElementTypeOrSelf(op->getOperand(0).getType());
    OpBuilder b(op);
    if (isa<LLVM::FMAOp, LLVM::FMulAddOp>(op) &&
        (result.isBF16() || result.isF16())) {
      fused.push_back(op);
      continue;
    }
    bool isDone = false;
    if (isa<LLVM::FPTruncOp>(op) && result.isBF16() && operand.isF32()) {
      op->getResult(0).replaceAllUsesWith(
          truncate(b, op->getLoc(), op->getOperand(0)));
      isDone = true;
    } else if (isa<LLVM::FPExtOp>(op) && result.isF32() && operand.isBF16()) {
      op->getResult(0).replaceAllUsesWith(
          extend(b, op->getLoc(), op->getOperand(0)));
      isDone = true;
    } else if (result.isBF16()) {
      isDone = expandBinary<LLVM::FAddOp>(b, op) ||
               expandBinary<LLVM::FSubOp>(b, op) ||
               expandBinary<LLVM::FMulOp>(b, op) ||
               expandBinary<LLVM::FDivOp>(b, op) ||
               expandBinary<LLVM::MaxNumOp>(b, op) ||
               expandBinary<LLVM::MinNumOp>(b, op) ||
               expandBinary<LLVM::MaximumOp>(b, op) ||
               expandBinary<LLVM::MinimumOp>(b, op);
    }
    if (isDone)
      op->erase();
  }
}
