//===- Channels.cpp - Some channels by their own codec -----------------===//
#include "StageSupport.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "zq/Codec/Channels.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult ChannelsAttr::verify(ErrorFn emitError, int64_t axis,
                                   int64_t first, Attribute stored) {
  if (axis < 0)
    return emitError() << "(channels 1) the axis is not negative";
  if (first < 0)
    return emitError() << "(channels 2) a number of channels is not negative";
  return verifyStoredTensor(emitError, stored, "(channels 3)", "first part");
}

LogicalResult ChannelsAttr::verifyInput(ErrorFn emitError,
                                        ArrayRef<int64_t> shape,
                                        Type input) const {
  if (failed(verifyTransform(emitError, shape, getAxis(), input, "channels")))
    return failure();
  if (getFirst() <= shape[getAxis()])
    return success();
  return emitError() << "(T3) 'channels' takes the first " << getFirst()
                     << " along axis " << getAxis() << ", which has "
                     << shape[getAxis()];
}

Type ChannelsAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult ChannelsAttr::getParts(int64_t rank, Type, Operation *,
                                     SmallVectorImpl<Part> &parts) const {
  SmallVector<AffineExpr> sizes = getDims(getContext(), rank);
  sizes[getAxis()] = getAffineConstantExpr(getFirst(), getContext());
  addStored(parts, "first", getStored(), rank, sizes);
  return success();
}

SmallVector<MainRatio> ChannelsAttr::getMainRatios(int64_t rank) const {
  SmallVector<MainRatio> ratios(rank);
  ratios[getAxis()].skipped = getFirst();
  return ratios;
}

Reference ChannelsAttr::getReference(Type) const {
  auto stored = getStoredFloats(getStored());
  if (!stored)
    return nullptr;
  return std::make_shared<::zq::codec::Channels>(getAxis(), getFirst(),
                                                 *stored);
}

// A copy.
StageCost ChannelsAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {1, 0};
}

bool ChannelsAttr::isLossless() const { return false; }

FailureOr<Value> ChannelsAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  int64_t axis = getAxis();
  // No window, wherever it is, may lie in a rest that is empty.
  if (at.shape[axis] > 0 && at.shape[axis] <= getFirst())
    return at.decode(at.parts.front(), at.offsets, at.sizes);
  AffineExpr d0, d1;
  bindDims(b.getContext(), d0, d1);
  AffineExpr none = b.getAffineConstantExpr(0);
  AffineExpr all = b.getAffineConstantExpr(getFirst());
  auto fold = [&](bool isMax, ArrayRef<AffineExpr> results,
                  ArrayRef<OpFoldResult> operands) {
    AffineMap map = AffineMap::get(operands.size(), 0, results, b.getContext());
    return isMax ? affine::makeComposedFoldedAffineMax(b, loc, map, operands)
                 : affine::makeComposedFoldedAffineMin(b, loc, map, operands);
  };
  // The first `begin` to `end` of the window are of the side array.
  OpFoldResult offset = at.offsets[axis], size = at.sizes[axis];
  OpFoldResult begin = fold(false, {d0, all}, offset);
  OpFoldResult end =
      affine::makeComposedFoldedAffineApply(b, loc, d0 + d1, {offset, size});
  end = fold(false, {d0, all}, end);

  SmallVector<Value> windows;
  auto add = [&](Value part, OpFoldResult from, OpFoldResult count) {
    if (isZeroInteger(count))
      return;
    SmallVector<OpFoldResult> offsets(at.offsets), sizes(at.sizes);
    offsets[axis] = from;
    sizes[axis] = count;
    windows.push_back(at.decode(part, offsets, sizes));
  };
  OpFoldResult count =
      affine::makeComposedFoldedAffineApply(b, loc, d1 - d0, {begin, end});
  add(at.parts.front(), begin, count);
  add(at.main, fold(true, {d0 - getFirst(), none}, offset),
      affine::makeComposedFoldedAffineApply(b, loc, d0 - d1, {size, count}));
  auto type = RankedTensorType::get(decomposeMixedValues(at.sizes).first,
                                    b.getF32Type());
  if (windows.empty())
    return at.empty(at.sizes);
  if (windows.size() == 1)
    return windows.front();
  Value joined = tensor::ConcatOp::create(b, loc, axis, windows);
  if (joined.getType() != type)
    joined = tensor::CastOp::create(b, loc, type, joined);
  return joined;
}
