//===- Registers.cpp - Long vectors, a register at a time -----------------===//
#include "Registers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"

#include <numeric>

using namespace mlir;
using namespace mlir::zq;

Value mlir::zq::emitByRegisters(
    OpBuilder &b, Location loc, VectorType type, int64_t width,
    ValueRange operands, function_ref<Value(ArrayRef<Value> parts)> emit) {
  int64_t count = type.getNumElements();
  if (count == width)
    return emit(SmallVector<Value>(operands));
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int64_t begin = 0; begin < count; begin += width) {
    int64_t size = std::min(width, count - begin);
    SmallVector<Value> parts;
    for (Value operand : operands) {
      int64_t ratio =
          cast<VectorType>(operand.getType()).getNumElements() / count;
      SmallVector<int64_t> order(width * ratio,
                                 vector::ShuffleOp::kPoisonIndex);
      std::iota(order.begin(), order.begin() + size * ratio, begin * ratio);
      parts.push_back(
          vector::ShuffleOp::create(b, loc, operand, operand, order));
    }
    Value part = emit(parts);
    if (size != width)
      part = vector::ExtractStridedSliceOp::create(
          b, loc, part, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{size},
          ArrayRef<int64_t>{1});
    result = vector::InsertStridedSliceOp::create(
        b, loc, part, result, ArrayRef<int64_t>{begin}, ArrayRef<int64_t>{1});
  }
  return result;
}

Value mlir::zq::emitSelections(OpBuilder &b, Location loc, Value codes,
                               SmallVector<Value> candidates, int64_t bit) {
  Type type = codes.getType();
  for (; candidates.size() > 1; bit *= 2) {
    Value isSet = arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::ne,
        arith::AndIOp::create(b, loc, codes, splat(b, loc, type, bit)),
        splat(b, loc, type, 0));
    for (size_t i = 0; i < candidates.size() / 2; ++i)
      candidates[i] = arith::SelectOp::create(
          b, loc, isSet, candidates[2 * i + 1], candidates[2 * i]);
    candidates.resize(candidates.size() / 2);
  }
  return candidates.front();
}
