//===- ScaleTensor.cpp - Scales of whole slices above tensor stages ------===//
//
// A scale is part of a decoder. Above a stage that is none, such as a rotation,
// it becomes an op on tensors where each of its blocks is all of a dimension or
// one element of it: then a contraction may apply it to its result.
//
//===----------------------------------------------------------------------===//
#include "StageSupport.h"

using namespace mlir;
using namespace mlir::zq;

bool ScaleAttr::isBlockStage(ArrayRef<int64_t>) const { return true; }

/// Whether dimension `dim` of `size` elements has one scale for all of them.
static bool isShared(ScaleAttr scale, size_t dim, int64_t size) {
  ArrayRef<int64_t> block = scale.getBlock();
  return block.empty() || block[dim] == 0 || block[dim] >= size;
}

bool ScaleAttr::canSplit(ArrayRef<int64_t> shape) const {
  // Narrower floats are part of decoders only.
  auto type = dyn_cast<TypeAttr>(getStored());
  if (getZero() || (type && type.getValue().getIntOrFloatBitWidth() < 16))
    return false;
  for (auto [dim, size] : llvm::enumerate(shape))
    if (!isShared(*this, dim, size) && getBlock()[dim] != 1)
      return false;
  return true;
}

FailureOr<Value> ScaleAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  OpBuilder &b = at.builder;
  SmallVector<OpFoldResult> offsets(at.offsets), sizes(at.sizes);
  for (auto [dim, size] : llvm::enumerate(at.shape))
    if (isShared(*this, dim, size)) {
      offsets[dim] = b.getIndexAttr(0);
      sizes[dim] = b.getIndexAttr(1);
    }
  Value main = at.decode(at.main, at.offsets, at.sizes);
  Value scales = at.decode(at.parts.front(), offsets, sizes);
  return ScaleOp::create(b, at.loc, main.getType(), main, scales).getResult();
}
