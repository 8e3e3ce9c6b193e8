//===- LowRank.cpp - A low-rank part beside the rest -------------------===//
#include "StageSupport.h"

#include "zq/Codec/LowRank.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::LowRank;

LogicalResult LowRankAttr::verify(ErrorFn emitError, int64_t rank, LowRank::Of,
                                  Attribute stored) {
  if (rank < 1)
    return emitError() << "(lowrank 1) a rank is positive, and not " << rank;
  return verifyStoredTensor(emitError, stored, "(lowrank 2)", "factor");
}

LogicalResult LowRankAttr::verifyInput(ErrorFn emitError,
                                       ArrayRef<int64_t> shape,
                                       Type input) const {
  if (shape.size() < 2)
    return emitError() << "(T3) 'lowrank' takes in matrices, but the tensor "
                          "has rank "
                       << shape.size();
  return verifyValues(emitError, input, "lowrank");
}

Type LowRankAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult LowRankAttr::getParts(int64_t rank, Type, Operation *,
                                    SmallVectorImpl<Part> &parts) const {
  SmallVector<AffineExpr> left = getDims(getContext(), rank), right = left;
  left[rank - 1] = right[rank - 2] =
      getAffineConstantExpr(getRank(), getContext());
  addStored(parts, "left", getStored(), rank, left);
  addStored(parts, "right", getStored(), rank, right);
  return success();
}

Reference LowRankAttr::getReference(Type) const {
  auto stored = getStoredFloats(getStored());
  if (!stored)
    return nullptr;
  return std::make_shared<LowRank>(getRank(), getOf(), *stored);
}

// A term of the sum for each rank.
StageCost LowRankAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {double(getRank()) + 1, 0};
}

bool LowRankAttr::isLossless() const { return false; }

FailureOr<Value> LowRankAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  OpBuilder &b = at.builder;
  int64_t rank = at.shape.size();
  SmallVector<OpFoldResult> leftAt(at.offsets), rightAt(at.offsets);
  SmallVector<OpFoldResult> leftSizes(at.sizes), rightSizes(at.sizes);
  leftAt[rank - 1] = rightAt[rank - 2] = b.getIndexAttr(0);
  leftSizes[rank - 1] = rightSizes[rank - 2] = b.getIndexAttr(getRank());
  Value main = at.decode(at.main, at.offsets, at.sizes);
  Value left = at.decode(at.parts[0], leftAt, leftSizes);
  Value right = at.decode(at.parts[1], rightAt, rightSizes);
  Value product = ProductOp::create(b, at.loc, main.getType(), left, right);
  return SumOp::create(b, at.loc, main, product).getResult();
}

Attribute LowRankAttr::parse(AsmParser &parser, Type) {
  int64_t rank;
  StringRef of;
  Attribute stored;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword("rank") ||
      parser.parseEqual() || parser.parseInteger(rank) || parser.parseComma() ||
      parseChoice(parser, of, {"value", "search", "error"}) ||
      parser.parseComma() || parseStored(parser, stored) ||
      parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    rank,
                    of == "error"    ? LowRank::Of::Error
                    : of == "search" ? LowRank::Of::Search
                                     : LowRank::Of::Value,
                    stored);
}

void LowRankAttr::print(AsmPrinter &printer) const {
  printer << "<rank = " << getRank()
          << (getOf() == LowRank::Of::Error    ? ", error, "
              : getOf() == LowRank::Of::Search ? ", search, "
                                               : ", value, ");
  printStored(printer, getStored());
  printer << '>';
}
