//===- Scale.cpp - Scales of blocks ------------------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Scale.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult ScaleAttr::verify(ErrorFn emitError, ArrayRef<int64_t> block,
                                Attribute stored, bool) {
  if (failed(verifyStored(emitError, stored, "scale")))
    return failure();
  if (llvm::any_of(block, [](int64_t size) { return size < 0; }))
    return emitError() << "scale: block sizes are positive";
  return success();
}

LogicalResult ScaleAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t> shape,
                                     Type input) const {
  if (failed(verifyBlockRank(emitError, getBlock(), shape, "scale")))
    return failure();
  return verifyValues(emitError, input, "scale");
}

Type ScaleAttr::getOutput(Type) const { return Float32Type::get(getContext()); }

LogicalResult
ScaleAttr::getParts(int64_t rank, Type, Operation *,
                      SmallVectorImpl<Part> &parts) const {
  SmallVector<AffineExpr> sizes =
      getBlockCounts(getContext(), rank, getBlock());
  addStored(parts, "scale", getStored(), rank, sizes);
  if (getZero())
    addStream(parts, getContext(), "zero", IntegerType::get(getContext(), 8),
              rank, sizes);
  return success();
}

StageAttrInterface ScaleAttr::withPlainPart(unsigned index, Type type) const {
  if (index)
    return nullptr;
  return get(getContext(), getBlock(), TypeAttr::get(type), getZero());
}

Reference ScaleAttr::getReference(Type) const {
  if (isa<CodecAttr>(getStored()))
    return nullptr;
  std::vector<int64_t> block(getBlock().begin(), getBlock().end());
  return std::make_shared<::zq::codec::Scale>(
      std::move(block), getStoredType(getStored()), getZero());
}

bool ScaleAttr::isLossless() const { return false; }

Attribute ScaleAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> block;
  Attribute stored;
  bool zero = false;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseBlock(parser, block) || parser.parseComma() ||
      parseStored(parser, stored))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("zero"))
      return {};
    zero = true;
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(block), stored, zero);
}

void ScaleAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printBlock(printer, getBlock());
  printer << ", ";
  printStored(printer, getStored());
  if (getZero())
    printer << ", zero";
  printer << '>';
}

FailureOr<Value> ScaleAttr::emitDecode(DecodeBuilder &at, Value main) const {
  SmallVector<int64_t> group(getBlock());
  if (isPerTensor())
    group.assign(at.shape.size(), 0);
  OpBuilder &b = at.builder;
  FailureOr<Value> stored = at.loadPerGroup(0, group);
  if (failed(stored))
    return failure();
  Value scale = emitToF32(b, at.loc, *stored);
  if (getZero()) {
    FailureOr<Value> points = at.loadPerGroup(1, group);
    if (failed(points))
      return failure();
    Value zero = *points;
    // Convert before broadcasting: once for all lanes.
    auto broadcast = zero.getDefiningOp<vector::BroadcastOp>();
    if (broadcast)
      zero = broadcast.getSource();
    zero = arith::SIToFPOp::create(
        b, at.loc, broadcast ? Type(b.getF32Type()) : main.getType(), zero);
    if (broadcast)
      zero = vector::BroadcastOp::create(b, at.loc, main.getType(), zero);
    main = arith::SubFOp::create(b, at.loc, main, zero);
  }
  return arith::MulFOp::create(b, at.loc, main, scale).getResult();
}
