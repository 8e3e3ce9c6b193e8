//===- Sketch.cpp - Gaussian projection --------------------------------===//
#include "MatrixTransform.h"
#include "StageSupport.h"

#include "zq/Codec/Sketch.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult SketchAttr::verify(ErrorFn emitError, int64_t axis, uint64_t) {
  if (axis < 0)
    return emitError() << "(sketch 1) the axis is not negative";
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
  AffineExpr size = getAffineDimExpr(getAxis(), getContext());
  addStream(parts, getContext(), "matrix", Float32Type::get(getContext()), rank,
            {size, size});
  return success();
}

Reference SketchAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Sketch>(getAxis(), getSeed());
}

// A column of the matrix times the line.
StageCost SketchAttr::getCost(ArrayRef<int64_t> shape, Type,
                              Operation *) const {
  return {double(shape[getAxis()]), 0};
}

bool SketchAttr::isLossless() const { return false; }

int64_t SketchAttr::getTransformAxis() const { return getAxis(); }

Attribute SketchAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis, getSeed());
}

bool SketchAttr::isOrthogonal() const { return false; }

/// The transpose of what decodes; an encoder leaves the factor out.
static MatrixTransform getMatrix(SketchAttr stage, int64_t length) {
  return {stage.getAxis(), length, /*perBlock=*/false,
          ::zq::codec::sketchFactor(length)};
}

Value SketchAttr::emitLine(LineBuilder &line, Value into) const {
  if (line.length == 0)
    return into;
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
