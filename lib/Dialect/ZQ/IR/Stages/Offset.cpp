//===- Offset.cpp - Offsets of blocks -------------------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Offset.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::OffsetStatistic;

static constexpr std::pair<StringLiteral, OffsetStatistic> statistics[] = {
    {"mean", OffsetStatistic::Mean},
    {"min", OffsetStatistic::Min},
    {"mid", OffsetStatistic::Mid}};

LogicalResult OffsetAttr::verify(ErrorFn emitError, ArrayRef<int64_t> block,
                                 Attribute stored, OffsetStatistic,
                                 int64_t rows) {
  if (failed(verifyStored(emitError, stored, "(offset 1)", "an offset")) ||
      failed(verifySigned(emitError, stored, "(offset 2)", "an offset")))
    return failure();
  if (llvm::any_of(block, [](int64_t size) { return size < 0; }))
    return emitError() << "(offset 3) block sizes are positive";
  if (rows < 0 || rows > 255)
    return emitError() << "(offset 4) panels have 1 to 255 rows, and not "
                       << rows;
  if (rows && isa<CodecAttr>(stored))
    return emitError() << "(offset 5) 'rows' is for offsets without a codec";
  return success();
}

LogicalResult OffsetAttr::verifyInput(ErrorFn emitError,
                                      ArrayRef<int64_t> shape,
                                      Type input) const {
  if (failed(verifyBlockRank(emitError, getBlock(), shape, "offset")))
    return failure();
  if (getRows() && shape.size() < 2)
    return emitError() << "(T3) 'offset' in panels of rows needs a tensor of "
                          "rank 2 or more";
  return verifyValues(emitError, input, "offset");
}

Type OffsetAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult OffsetAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  addStored(parts, "offset", getStored(), rank,
            getBlockCounts(getContext(), rank, getBlock()));
  if (getRows())
    putInPanels(parts.back(), getRows());
  return success();
}

StageAttrInterface OffsetAttr::withPlainPart(unsigned, Type type) const {
  return get(getContext(), getBlock(), TypeAttr::get(type), getStatistic(),
             getRows());
}

Reference OffsetAttr::getReference(Type) const {
  std::optional<::zq::codec::StoredFloats> stored =
      getStoredFloats(getStored());
  if (!stored)
    return nullptr;
  std::vector<int64_t> block(getBlock().begin(), getBlock().end());
  return std::make_shared<::zq::codec::Offset>(std::move(block), *stored,
                                               getStatistic(), getRows());
}

StageCost OffsetAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {2, 0};
}

bool OffsetAttr::isLossless() const { return false; }

Attribute OffsetAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> block;
  Attribute stored;
  StringRef keyword;
  int64_t rows = 0;
  SMLoc loc = parser.getCurrentLocation(), keywordLoc;
  if (parser.parseLess() || parseBlock(parser, block) || parser.parseComma() ||
      parseStored(parser, stored) || parser.parseComma() ||
      parser.getCurrentLocation(&keywordLoc) || parser.parseKeyword(&keyword))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      (parser.parseKeyword("rows") || parser.parseEqual() ||
       parser.parseInteger(rows)))
    return {};
  if (parser.parseGreater())
    return {};
  for (auto [name, statistic] : statistics)
    if (keyword == name)
      return getChecked([&] { return parser.emitError(loc); },
                        parser.getContext(), ArrayRef<int64_t>(block), stored,
                        statistic, rows);
  parser.emitError(keywordLoc)
      << "expected 'mean', 'min' or 'mid', and not '" << keyword << "'";
  return {};
}

void OffsetAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printBlock(printer, getBlock());
  printer << ", ";
  printStored(printer, getStored());
  for (auto [name, statistic] : statistics)
    if (statistic == getStatistic())
      printer << ", " << name;
  if (getRows())
    printer << ", rows = " << getRows();
  printer << '>';
}

FailureOr<Value> OffsetAttr::emitDecode(DecodeBuilder &at, Value main) const {
  FailureOr<Value> stored =
      at.loadPerGroup(0, getGroup(getBlock(), at.shape.size()));
  if (failed(stored))
    return failure();
  Value offset = emitToF32(at.builder, at.loc, *stored);
  return arith::AddFOp::create(at.builder, at.loc, main, offset).getResult();
}

//===----------------------------------------------------------------------===//
// Rows in lanes
//===----------------------------------------------------------------------===//

StageAttrInterface OffsetAttr::withLanes(Type, int64_t rank, int64_t lanes,
                                         int64_t) const {
  // An offset of several rows is read once for all of them.
  if (rank < 2 || getBlock().empty() || getBlock()[rank - 2] != 1 || getRows())
    return *this;
  return get(getContext(), getBlock(), storeInLanes(getStored(), rank, lanes),
             getStatistic(), isa<CodecAttr>(getStored()) ? 0 : lanes);
}

bool OffsetAttr::decodesInLanes(ArrayRef<int64_t> shape, int64_t lanes) const {
  return arePartsInLanes(*this, shape, getGroup(getBlock(), shape.size()),
                         lanes);
}

SmallVector<int64_t> OffsetAttr::getOffsetBlock(int64_t rank) const {
  return getGroup(getBlock(), rank);
}

Value OffsetAttr::emitOffset(LaneBuilder &at) const {
  // Streams of this dialect's stages, which `decodesInLanes` has seen.
  return emitToF32(at.builder, at.loc,
                   *at.loadPerGroup(0, getGroup(getBlock(), 2)));
}
