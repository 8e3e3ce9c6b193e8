//===- Sparse.cpp - N of every M consecutive values -----------------------===//
#include "StageSupport.h"

#include "zq/Codec/Sparse.h"
#include "zq/Dialect/ZQ/IR/FieldExtraction.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult SparseAttr::verify(ErrorFn emitError, int64_t kept, int64_t group,
                                 CodecAttr) {
  if (1 <= kept && kept < group && group <= 256)
    return success();
  return emitError()
         << "(sparse 1) keeps at least one and not all of at most 256 "
            "values, and not "
         << kept << " of " << group;
}

LogicalResult SparseAttr::verifyInput(ErrorFn emitError,
                                      ArrayRef<int64_t> shape,
                                      Type input) const {
  if (shape.empty())
    return emitError() << "(T3) 'sparse' needs a tensor of rank 1 or more";
  return verifyValues(emitError, input, "sparse");
}

Type SparseAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

int64_t SparseAttr::getIndexBits() const {
  return llvm::Log2_64_Ceil(getGroup());
}

LogicalResult SparseAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  MLIRContext *context = getContext();
  SmallVector<AffineExpr> sizes = getDims(context, rank);
  sizes.back() = sizes.back().ceilDiv(getGroup()) * getKept();
  Type codes = IntegerType::get(context, getIndex() ? getIndexBits() : 8);
  addStream(parts, context, "index", codes, rank, sizes);
  parts.back().codec = getIndex();
  return success();
}

StageAttrInterface SparseAttr::withPlainPart(unsigned, Type) const {
  return get(getContext(), getKept(), getGroup(), CodecAttr());
}

SmallVector<MainRatio> SparseAttr::getMainRatios(int64_t rank) const {
  SmallVector<MainRatio> ratios(rank);
  ratios.back() = {getGroup(), getKept()};
  return ratios;
}

int64_t SparseAttr::getGranule(Type, Operation *) const { return getGroup(); }

Reference SparseAttr::getReference(Type) const {
  std::shared_ptr<const ::zq::codec::Codec> index;
  if (getIndex()) {
    index =
        getIndex().getReference(IntegerType::get(getContext(), getIndexBits()));
    if (!index)
      return nullptr;
  }
  return std::make_shared<::zq::codec::Sparse>(getKept(), getGroup(), index);
}

// Each kept value is compared, spread and selected.
StageCost SparseAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {3.0 * getKept() + 1, 0};
}

bool SparseAttr::isLossless() const { return false; }

Attribute SparseAttr::parse(AsmParser &parser, Type) {
  int64_t kept, group;
  CodecAttr index;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseInteger(kept) || parser.parseColon() ||
      parser.parseInteger(group))
    return {};
  if (succeeded(parser.parseOptionalComma()) && parseCodecList(parser, index))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    kept, group, index);
}

void SparseAttr::print(AsmPrinter &printer) const {
  printer << '<' << getKept() << ':' << getGroup();
  if (getIndex()) {
    printer << ", ";
    printCodecList(printer, getIndex());
  }
  printer << '>';
}

FailureOr<Value> SparseAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  int64_t kept = getKept(), group = getGroup();
  int64_t count = at.width / group * kept;
  SmallVector<Value> place(at.position);
  place.back() = arith::MulIOp::create(
      b, at.loc,
      arith::DivUIOp::create(b, at.loc, place.back(), at.index(group)),
      at.index(kept));
  FailureOr<Value> positions = at.load(0, place, count, count, at.isExact());
  if (failed(positions))
    return failure();

  // A lane takes the kept value of its group whose position is the lane's own.
  auto lanes = getLanes(at, getElementTypeOrSelf(positions->getType()));
  SmallVector<Attribute> own;
  for (int64_t lane = 0; lane < at.width; ++lane)
    own.push_back(b.getIntegerAttr(lanes.getElementType(), lane % group));
  Value ownPosition =
      arith::ConstantOp::create(b, at.loc, DenseElementsAttr::get(lanes, own));
  auto type = getLanes(at, b.getF32Type());
  Value values = arith::ConstantOp::create(b, at.loc, b.getZeroAttr(type));
  for (int64_t k = 0; k < kept; ++k) {
    SmallVector<int64_t> order;
    for (int64_t lane = 0; lane < at.width; ++lane)
      order.push_back(lane / group * kept + k);
    auto spread = [&](Value source) -> Value {
      return vector::ShuffleOp::create(b, at.loc, source, source, order);
    };
    Value isOwn = arith::CmpIOp::create(b, at.loc, arith::CmpIPredicate::eq,
                                        spread(*positions), ownPosition);
    values = arith::SelectOp::create(b, at.loc, isOwn, spread(main), values);
  }
  return values;
}
