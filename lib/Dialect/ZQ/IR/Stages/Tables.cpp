//===- Tables.cpp - A table chosen for every block ------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Tables.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"

using namespace mlir;
using namespace mlir::zq;

static int64_t getBitsOf(ArrayRef<DenseF32ArrayAttr> tables) {
  int64_t longest = 2;
  for (DenseF32ArrayAttr table : tables)
    longest = std::max<int64_t>(longest, table.size());
  return llvm::Log2_64_Ceil(longest);
}

int64_t TablesAttr::getCodeBits() const { return getBitsOf(getTables()); }

int64_t TablesAttr::getTagBits() const {
  return llvm::Log2_64_Ceil(getTables().size());
}

LogicalResult TablesAttr::verify(ErrorFn emitError, ArrayRef<int64_t> block,
                                 Attribute stored,
                                 ArrayRef<DenseF32ArrayAttr> tables,
                                 CodecAttr tags, int64_t rows) {
  if (failed(verifyStored(emitError, stored, "(tables 1)", "a scale")))
    return failure();
  if (tables.size() < 2)
    return emitError() << "(tables 2) there are two tables or more, and not "
                       << tables.size();
  for (DenseF32ArrayAttr table : tables)
    if (failed(verifyTable(emitError, table, "(tables 3)", "(tables 4)")))
      return failure();
  if ((tables.size() << getBitsOf(tables)) > 256)
    return emitError()
           << "(tables 5) a code and its tag have at most 8 bits, but "
           << tables.size() << " tables of " << getBitsOf(tables)
           << "-bit codes need more";
  if (rows < 0 || rows > 255)
    return emitError() << "(tables 6) panels have 1 to 255 rows, and not "
                       << rows;
  if (rows && tags && isa<CodecAttr>(stored))
    return emitError() << "(tables 7) 'rows' is for arrays without a codec";
  return success();
}

LogicalResult TablesAttr::verifyInput(ErrorFn emitError,
                                      ArrayRef<int64_t> shape,
                                      Type input) const {
  if (failed(verifyBlockRank(emitError, getBlock(), shape, "tables")))
    return failure();
  if (getRows() && shape.size() < 2)
    return emitError() << "(T3) 'tables' in panels of rows needs a tensor of "
                          "rank 2 or more";
  return verifyValues(emitError, input, "tables");
}

Type TablesAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), getCodeBits());
}

LogicalResult TablesAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  SmallVector<AffineExpr> sizes =
      getBlockCounts(getContext(), rank, getBlock());
  addStored(parts, "scale", getStored(), rank, sizes);
  // With a codec the tags are codes, without one bytes.
  addStream(parts, getContext(), "tag",
            IntegerType::get(getContext(), getTags() ? getTagBits() : 8), rank,
            sizes);
  parts.back().codec = getTags();
  if (getRows())
    for (Part &part : parts)
      if (!part.codec)
        putInPanels(part, getRows());
  return success();
}

StageAttrInterface TablesAttr::withPlainPart(unsigned index, Type type) const {
  // Without a codec it would be in panels, as the other part is.
  if (getRows())
    return nullptr;
  if (index)
    return get(getContext(), getBlock(), getStored(), getTables(), CodecAttr(),
               /*rows=*/0);
  return get(getContext(), getBlock(), TypeAttr::get(type), getTables(),
             getTags(), /*rows=*/0);
}

Reference TablesAttr::getReference(Type) const {
  bool known = true;
  auto scales = getStoredReference(getStored(), known);
  std::shared_ptr<const ::zq::codec::Codec> tags;
  if (getTags()) {
    tags = getTags().getReference(IntegerType::get(getContext(), getTagBits()));
    known &= tags != nullptr;
  }
  if (!known)
    return nullptr;
  std::vector<std::vector<float>> tables;
  for (DenseF32ArrayAttr table : getTables())
    tables.emplace_back(table.asArrayRef().begin(), table.asArrayRef().end());
  return std::make_shared<::zq::codec::Tables>(
      std::vector<int64_t>(getBlock().begin(), getBlock().end()),
      scales ? ::zq::codec::StoredFloats(scales)
             : ::zq::codec::StoredFloats(getStoredType(getStored())),
      std::move(tables), std::move(tags), getRows());
}

// A table is chosen before, and the scale multiplies after.
StageCost TablesAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  StageCost cost = getLookupCost(getTables().size() << getCodeBits());
  return {cost.vector + 2, cost.scalar};
}

bool TablesAttr::isLossless() const { return false; }

Attribute TablesAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> block;
  Attribute stored;
  SmallVector<DenseF32ArrayAttr> tables;
  CodecAttr tags;
  int64_t rows = 0;
  if (parser.parseLess() || parseBlock(parser, block) || parser.parseComma() ||
      parseStored(parser, stored) || parser.parseComma() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
        return parseTable(parser, tables.emplace_back());
      }))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    if (!tags && succeeded(parser.parseOptionalKeyword("tags"))) {
      if (parser.parseEqual() || parseCodecList(parser, tags))
        return {};
    } else if (parser.parseKeyword("rows") || parser.parseEqual() ||
               parser.parseInteger(rows)) {
      return {};
    }
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(block), stored,
                    ArrayRef<DenseF32ArrayAttr>(tables), tags, rows);
}

void TablesAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printBlock(printer, getBlock());
  printer << ", ";
  printStored(printer, getStored());
  printer << ", [";
  llvm::interleaveComma(getTables(), printer, [&](DenseF32ArrayAttr table) {
    printTable(printer, table);
  });
  printer << ']';
  if (getTags()) {
    printer << ", tags = ";
    printCodecList(printer, getTags());
  }
  if (getRows())
    printer << ", rows = " << getRows();
  printer << '>';
}

SmallVector<float> TablesAttr::getEntries() const {
  int64_t length = int64_t(1) << getCodeBits();
  int64_t count = int64_t(1) << getTagBits();
  SmallVector<float> entries;
  for (int64_t tag = 0; tag < count; ++tag) {
    ArrayRef<DenseF32ArrayAttr> tables = getTables();
    ArrayRef<float> table =
        tables[std::min<int64_t>(tag, tables.size() - 1)].asArrayRef();
    for (int64_t code = 0; code < length; ++code)
      entries.push_back(table[std::min<int64_t>(code, table.size() - 1)]);
  }
  return entries;
}

FailureOr<Value> TablesAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  SmallVector<int64_t> group = getGroup(getBlock(), at.shape.size());
  FailureOr<Value> stored = at.loadPerGroup(0, group);
  FailureOr<Value> tags = at.loadPerGroup(1, group);
  if (failed(stored) || failed(tags))
    return failure();
  int64_t length = int64_t(1) << getCodeBits();
  int64_t count = int64_t(1) << getTagBits();
  SmallVector<float> entries = getEntries();

  Value values;
  if (auto broadcast = tags->getDefiningOp<vector::BroadcastOp>()) {
    // One tag serves the whole block, and so does one table.
    Value tag = arith::IndexCastUIOp::create(b, at.loc, b.getIndexType(),
                                             broadcast.getSource());
    tag = arith::AndIOp::create(b, at.loc, tag, at.index(count - 1));
    auto type = RankedTensorType::get({count, length}, b.getF32Type());
    Value all = arith::ConstantOp::create(
        b, at.loc, DenseElementsAttr::get(type, ArrayRef(entries)));
    Value padding = arith::ConstantOp::create(b, at.loc, b.getF32FloatAttr(0));
    bool inBounds[] = {true};
    Value table = vector::TransferReadOp::create(
        b, at.loc, VectorType::get(length, b.getF32Type()), all,
        ValueRange{tag, at.index(0)}, std::optional<Value>(padding),
        ArrayRef<bool>(inBounds));
    values =
        LookupOp::create(b, at.loc, getLanes(at, b.getF32Type()), main, table);
  } else {
    // `zq.lookup` takes what it looks up modulo the number of entries.
    Value places =
        arith::ShLIOp::create(b, at.loc, *tags, splat(at, 8, getCodeBits()));
    places = arith::OrIOp::create(b, at.loc, places, main);
    values = emitLookup(at, places, entries);
  }
  Value scale = emitToF32(b, at.loc, *stored);
  return arith::MulFOp::create(b, at.loc, values, scale).getResult();
}

//===----------------------------------------------------------------------===//
// Rows in lanes
//===----------------------------------------------------------------------===//

StageAttrInterface TablesAttr::withLanes(Type, int64_t rank, int64_t lanes,
                                         int64_t) const {
  // What several rows share is read once for all of them.
  if (rank < 2 || getBlock().empty() || getBlock()[rank - 2] != 1 || getRows())
    return *this;
  CodecAttr tags = getTags();
  if (tags)
    tags = zq::withLanes(tags, IntegerType::get(getContext(), getTagBits()),
                         rank, lanes, columnDepth);
  bool isPlain = isa<TypeAttr>(getStored()) || !tags;
  return get(getContext(), getBlock(), storeInLanes(getStored(), rank, lanes),
             getTables(), tags, isPlain ? lanes : 0);
}

bool TablesAttr::decodesInLanes(ArrayRef<int64_t> shape, int64_t lanes) const {
  return arePartsInLanes(*this, shape, getGroup(getBlock(), shape.size()),
                         lanes);
}

SmallVector<int64_t> TablesAttr::getFactorBlock(int64_t rank) const {
  return getGroup(getBlock(), rank);
}

bool TablesAttr::hasZeroPoint() const { return false; }

int64_t TablesAttr::getFactorDigits() const {
  // A codec decodes to f32.
  auto stored = dyn_cast<TypeAttr>(getStored());
  return stored ? cast<FloatType>(stored.getValue()).getFPMantissaWidth() : 24;
}

bool TablesAttr::hasFactorInLanes(ArrayRef<int64_t> shape,
                                  int64_t lanes) const {
  return decodesInLanes(shape, lanes);
}

Value TablesAttr::emitFactor(LaneBuilder &at) const {
  return emitFactorToF32(at, *at.loadPerGroup(0, getGroup(getBlock(), 2)));
}

Value TablesAttr::emitZeroPoint(LaneBuilder &) const {
  llvm_unreachable("tables have no zero points");
}

SmallVector<float> TablesAttr::getChoiceValues() const { return getEntries(); }

Value TablesAttr::emitChoice(LaneBuilder &at) const {
  Value tags = *at.loadPerGroup(1, getGroup(getBlock(), 2));
  return arith::AndIOp::create(at.builder, at.loc, tags,
                               splat(at, 8, (int64_t(1) << getTagBits()) - 1));
}
