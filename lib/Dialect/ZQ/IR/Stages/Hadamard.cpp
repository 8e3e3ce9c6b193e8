//===- Hadamard.cpp - Signed Walsh-Hadamard transform ------------------===//
#include "StageSupport.h"

#include "zq/Codec/Hadamard.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

LogicalResult HadamardAttr::verify(ErrorFn emitError, int64_t axis,
                                   int64_t block, uint64_t) {
  if (axis < 0)
    return emitError() << "hadamard: the axis is not negative";
  if (block < 1 || !llvm::isPowerOf2_64(block) || block > 4096)
    return emitError() << "hadamard: the block is a power of two from 1 to "
                          "4096, and not "
                       << block;
  return success();
}

LogicalResult HadamardAttr::verifyInput(ErrorFn emitError,
                                        ArrayRef<int64_t> shape,
                                        Type input) const {
  if (getAxis() >= static_cast<int64_t>(shape.size()))
    return emitError() << "(T3) 'hadamard' runs along axis " << getAxis()
                       << ", but the tensor has rank " << shape.size();
  return verifyValues(emitError, input, "hadamard");
}

Type HadamardAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult HadamardAttr::getParts(int64_t, Type, Operation *,
                                     SmallVectorImpl<Part> &) const {
  return success();
}

Reference HadamardAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Hadamard>(getAxis(), getBlock(),
                                                 getSeed());
}

bool HadamardAttr::isLossless() const { return false; }

int64_t HadamardAttr::getTransformAxis() const { return getAxis(); }

Attribute HadamardAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis, getBlock(), getSeed());
}

SmallVector<int64_t> HadamardAttr::getTransformBlocks(int64_t length) const {
  std::vector<int64_t> blocks = ::zq::codec::hadamardBlocks(length, getBlock());
  return SmallVector<int64_t>(blocks.begin(), blocks.end());
}

Value HadamardAttr::emitTransform(OpBuilder &b, Location loc, Value values,
                                  Value begin, int64_t length,
                                  bool inverse) const {
  auto type = cast<VectorType>(values.getType());
  int64_t size = type.getNumElements();

  // The signs of the whole axis, of which the block's are a slice.
  SmallVector<float> signs;
  for (int64_t i = 0; i < length; ++i)
    signs.push_back(::zq::codec::hadamardSign(getSeed(), i));
  auto signsType = RankedTensorType::get(length, b.getF32Type());
  Value allSigns = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(signsType, ArrayRef(signs)));
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  bool inBounds[] = {true};
  Value sign = vector::TransferReadOp::create(b, loc, type, allSigns, begin,
                                              std::optional<Value>(zero),
                                              ArrayRef<bool>(inBounds));

  if (!inverse)
    values = arith::MulFOp::create(b, loc, values, sign);
  for (int64_t stride = 1; stride < size; stride *= 2) {
    // Lanes that differ in one bit of their index meet: (a + b, a - b).
    SmallVector<int64_t> low, high, back(size);
    for (int64_t i = 0; i < size; ++i) {
      bool isHigh = i & stride;
      back[i] = isHigh ? size / 2 + high.size() : low.size();
      (isHigh ? high : low).push_back(i);
    }
    Value a = vector::ShuffleOp::create(b, loc, values, values, low);
    Value c = vector::ShuffleOp::create(b, loc, values, values, high);
    Value sum = arith::AddFOp::create(b, loc, a, c);
    Value difference = arith::SubFOp::create(b, loc, a, c);
    values = vector::ShuffleOp::create(b, loc, sum, difference, back);
  }
  float factor = static_cast<float>(1.0 / std::sqrt(double(size)));
  values = arith::MulFOp::create(
      b, loc, values,
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, factor)));
  if (inverse)
    values = arith::MulFOp::create(b, loc, values, sign);
  return values;
}

FailureOr<Value>
HadamardAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  // The axis is needed whole, whatever the window.
  OpBuilder &b = at.builder;
  SmallVector<OpFoldResult> offsets(at.offsets), sizes(at.sizes);
  offsets[getAxis()] = b.getIndexAttr(0);
  sizes[getAxis()] = b.getIndexAttr(at.shape[getAxis()]);
  Value main = at.decode(at.main, offsets, sizes);
  Value rotated = RotateOp::create(b, at.loc, main.getType(), main, *this,
                                   /*inverse=*/true, at.empty(sizes));
  SmallVector<OpFoldResult> cut(offsets.size(), b.getIndexAttr(0));
  cut[getAxis()] = at.offsets[getAxis()];
  return at.cut(rotated, cut, at.sizes);
}
