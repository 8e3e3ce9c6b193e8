//===- VectorQuantizers.cpp - What they share -----------------------------===//
#include "VectorQuantizers.h"

using namespace mlir;
using namespace mlir::zq;

SmallVector<MainRatio> mlir::zq::getRowRatios(int64_t rank, int64_t length) {
  SmallVector<MainRatio> ratios(rank);
  ratios.back() = {length, 1};
  return ratios;
}

Value mlir::zq::emitConstant(DecodeBuilder &at, VectorType type,
                             ArrayRef<int64_t> values) {
  SmallVector<APInt> elements;
  for (int64_t value : values)
    elements.push_back(APInt(type.getElementTypeBitWidth(), value,
                             /*isSigned=*/true));
  return arith::ConstantOp::create(at.builder, at.loc,
                                   DenseElementsAttr::get(type, elements));
}

Value mlir::zq::emitConcatenation(DecodeBuilder &at, ArrayRef<Value> parts) {
  if (parts.size() == 1)
    return parts.front();
  OpBuilder &b = at.builder;
  auto part = cast<VectorType>(parts.front().getType());
  int64_t length = part.getNumElements();
  auto type = VectorType::get(length * parts.size(), part.getElementType());
  Value result = arith::ConstantOp::create(b, at.loc, b.getZeroAttr(type));
  for (auto [i, value] : llvm::enumerate(parts))
    result = vector::InsertStridedSliceOp::create(
        b, at.loc, value, result, ArrayRef<int64_t>{int64_t(i) * length},
        ArrayRef<int64_t>{1});
  return result;
}
