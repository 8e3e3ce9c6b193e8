//===- Orthogonal.cpp - Rotation by a stored matrix --------------------===//
#include "MatrixTransform.h"
#include "StageSupport.h"

#include "zq/Codec/Orthogonal.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult OrthogonalAttr::verify(ErrorFn emitError, int64_t axis,
                                     int64_t block, uint64_t, bool) {
  if (axis < 0)
    return emitError() << "(orthogonal 1) the axis is not negative";
  if (block < 1 || block > 16384)
    return emitError() << "(orthogonal 2) a block has 1 to 16384 elements, and "
                          "not "
                       << block;
  return success();
}

LogicalResult OrthogonalAttr::verifyInput(ErrorFn emitError,
                                          ArrayRef<int64_t> shape,
                                          Type input) const {
  return verifyTransform(emitError, shape, getAxis(), input, "orthogonal");
}

Type OrthogonalAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult OrthogonalAttr::getParts(int64_t rank, Type, Operation *,
                                       SmallVectorImpl<Part> &parts) const {
  AffineExpr size = getAffineConstantExpr(getBlock(), getContext());
  SmallVector<AffineExpr> sizes(2, size);
  if (getPerBlock())
    sizes.insert(sizes.begin(),
                 getAffineDimExpr(getAxis(), getContext()).floorDiv(size));
  addStream(parts, getContext(), "matrix", Float32Type::get(getContext()), rank,
            sizes);
  return success();
}

Reference OrthogonalAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Orthogonal>(getAxis(), getBlock(),
                                                   getSeed(), getPerBlock());
}

// A column of the matrix times the block.
StageCost OrthogonalAttr::getCost(ArrayRef<int64_t> shape, Type,
                                  Operation *) const {
  int64_t size = std::min(getBlock(), shape[getAxis()]);
  return {double(size), 0};
}

bool OrthogonalAttr::isLossless() const { return false; }

int64_t OrthogonalAttr::getTransformAxis() const { return getAxis(); }

int64_t OrthogonalAttr::getTransformBlock(int64_t) const { return getBlock(); }

Attribute OrthogonalAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis, getBlock(), getSeed(), getPerBlock());
}

// A file may hold any matrix.
bool OrthogonalAttr::isOrthogonal() const { return false; }

static MatrixTransform getMatrix(OrthogonalAttr stage) {
  return {stage.getAxis(), stage.getBlock(), stage.getPerBlock()};
}

Value OrthogonalAttr::emitLine(LineBuilder &line, Value into) const {
  return getMatrix(*this).emitLine(line, into);
}

Value OrthogonalAttr::emitContraction(OpBuilder &b, Location loc, Value source,
                                      ValueRange parts) const {
  return getMatrix(*this).emitContraction(b, loc, source, parts.front());
}

FailureOr<Value>
OrthogonalAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  return emitInverseTransform(at, *this);
}

Attribute OrthogonalAttr::parse(AsmParser &parser, Type) {
  int64_t axis, block;
  uint64_t seed;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword("axis") ||
      parser.parseEqual() || parser.parseInteger(axis) || parser.parseComma() ||
      parser.parseKeyword("block") || parser.parseEqual() ||
      parser.parseInteger(block) || parser.parseComma() ||
      parser.parseKeyword("seed") || parser.parseEqual() ||
      parser.parseInteger(seed))
    return {};
  bool perBlock = succeeded(parser.parseOptionalComma());
  if ((perBlock && parser.parseKeyword("per_block")) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    axis, block, seed, perBlock);
}

void OrthogonalAttr::print(AsmPrinter &printer) const {
  printer << "<axis = " << getAxis() << ", block = " << getBlock()
          << ", seed = " << getSeed() << (getPerBlock() ? ", per_block>" : ">");
}
