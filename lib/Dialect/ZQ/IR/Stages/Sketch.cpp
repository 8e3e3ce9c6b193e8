//===- Sketch.cpp - Gaussian projection --------------------------------===//
#include "MatrixTransform.h"
#include "StageSupport.h"

#include "zq/Codec/Sketch.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult SketchAttr::verify(ErrorFn emitError, int64_t axis,
                                 std::optional<int64_t> block, uint64_t) {
  if (axis < 0)
    return emitError() << "(sketch 1) the axis is not negative";
  if (block && (*block < 1 || *block > 16384))
    return emitError() << "(sketch 2) a block has 1 to 16384 elements, and not "
                       << *block;
  return success();
}

LogicalResult SketchAttr::verifyInput(ErrorFn emitError,
                                      ArrayRef<int64_t> shape,
                                      Type input) const {
  return verifyTransform(emitError, shape, getAxis(), input, "sketch");
}

Type SketchAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult SketchAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  AffineExpr size = getBlock()
                        ? getAffineConstantExpr(*getBlock(), getContext())
                        : getAffineDimExpr(getAxis(), getContext());
  addStream(parts, getContext(), "matrix", Float32Type::get(getContext()), rank,
            {size, size});
  return success();
}

Reference SketchAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Sketch>(getAxis(), getSeed(),
                                               getBlock().value_or(0));
}

// A column of the matrix times the block.
StageCost SketchAttr::getCost(ArrayRef<int64_t> shape, Type,
                              Operation *) const {
  return {double(getTransformBlock(shape[getAxis()])), 0};
}

bool SketchAttr::isLossless() const { return false; }

int64_t SketchAttr::getTransformAxis() const { return getAxis(); }

int64_t SketchAttr::getTransformBlock(int64_t length) const {
  return std::min(getBlock().value_or(length), length);
}

Attribute SketchAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis, getBlock(), getSeed());
}

bool SketchAttr::isOrthogonal() const { return false; }

/// The transpose of what decodes; an encoder leaves the factor out.
static MatrixTransform getMatrix(SketchAttr stage, int64_t length) {
  MatrixTransform matrix{stage.getAxis(), stage.getBlock().value_or(length)};
  matrix.mapsRest = true;
  matrix.getFactor = ::zq::codec::sketchFactor;
  return matrix;
}

Value SketchAttr::emitLine(LineBuilder &line, Value into) const {
  return getMatrix(*this, line.length).emitLine(line, into);
}

Value SketchAttr::emitContraction(OpBuilder &b, Location loc, Value source,
                                  ValueRange parts) const {
  auto type = cast<RankedTensorType>(source.getType());
  return getMatrix(*this, type.getDimSize(getAxis()))
      .emitContraction(b, loc, source, parts.front());
}

FailureOr<Value> SketchAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  return emitInverseTransform(at, *this);
}
