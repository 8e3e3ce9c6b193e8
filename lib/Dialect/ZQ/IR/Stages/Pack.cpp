//===- Pack.cpp - Codes to strings of bits --------------------------------===//
#include "zq/Codec/Pack.h"
#include "PackDecode.h"
#include "StageSupport.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::FieldString;
using ::zq::codec::PackLayout;

Attribute PackAttr::getRecoding(MLIRContext *context) { return get(context); }

PackLayout PackAttr::getLayout() const {
  PackLayout layout;
  layout.msb = getMsb();
  layout.word = getWord();
  layout.radix = getRadix();
  layout.planes = getPlanes();
  layout.halves = getHalves();
  layout.run = getRun();
  layout.tile.assign(getTile().begin(), getTile().end());
  layout.lanes.assign(getLanes().begin(), getLanes().end());
  return layout;
}

/// Codes that fill whole bytes (words), beginning on one.
static int64_t getGranule(const PackLayout &layout, int64_t bits) {
  // Each word has one code of a block.
  if (layout.halves || !layout.lanes.empty())
    return 1;
  int64_t granule = 1;
  for (int width : layout.segments(bits)) {
    int64_t perWord = FieldString(width, layout).fieldsPerWord();
    granule =
        std::lcm(granule, perWord ? perWord : 8 / std::gcd<int64_t>(8, width));
  }
  return granule;
}

LogicalResult PackAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t> shape,
                                    Type input) const {
  if (failed(verifyCodes(emitError, input, "pack", 32)))
    return failure();
  PackLayout layout = getLayout();
  if (::zq::codec::Status valid = layout.check(getBits(input)); !valid)
    return emitError() << "(T3) 'pack': " << valid.message();
  int64_t minRank = layout.tileOf(getBits(input)).empty() ? 1 : 2;
  if (static_cast<int64_t>(shape.size()) < minRank)
    return emitError() << "(T3) 'pack' needs a tensor of rank " << minRank
                       << " or more";
  int64_t granule = ::getGranule(layout, getBits(input));
  if (!getTile().empty() && getTile().back() % granule)
    return emitError() << "(T3) 'pack': a row of a tile is a multiple of "
                       << granule << " codes of " << input << ", and not "
                       << getTile().back();
  return success();
}

Type PackAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult PackAttr::getParts(int64_t rank, Type input, Operation *,
                                 SmallVectorImpl<Part> &parts) const {
  PackLayout layout = getLayout();
  MLIRContext *context = getContext();
  SmallVector<AffineExpr> sizes = getDims(context, rank);
  AffineExpr length = sizes.pop_back_val();
  ::zq::codec::Shape tile = layout.tileOf(getBits(input));
  if (!tile.empty()) {
    sizes.back() = sizes.back().ceilDiv(tile[0]);
    sizes.push_back(length.ceilDiv(tile[1]));
    length = getAffineConstantExpr(tile[0] * tile[1], context);
  }
  AffineExpr bytes = getAffineConstantExpr(0, context);
  for (int width : layout.segments(getBits(input))) {
    FieldString fields(width, layout);
    int64_t perWord = fields.fieldsPerWord();
    if (!perWord)
      bytes = bytes + (length * width).ceilDiv(8);
    else if (!getHalves())
      bytes = bytes + length.ceilDiv(perWord) * fields.wordBytes();
    else
      bytes = bytes + length.ceilDiv(getRun() ? getRun() : perWord) *
                          fields.numBytes(getRun() ? getRun() : perWord);
  }
  sizes.push_back(bytes);
  addStream(parts, context, "codes", IntegerType::get(context, 8), rank, sizes);
  return success();
}

int64_t PackAttr::getGranule(Type input, Operation *) const {
  return ::getGranule(getLayout(), getBits(input));
}

Reference PackAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Pack>(getBits(input), getLayout());
}

// A shift and a mask; one of each for every plane; quotients for digits.
StageCost PackAttr::getCost(ArrayRef<int64_t>, Type input, Operation *) const {
  int64_t bits = zq::getBits(input);
  if (getPlanes() == PackLayout::Planes::EachBit)
    return {2.0 * bits, 0};
  return {getRadix() ? 5.0 : 2.0, 0};
}

bool PackAttr::isLossless() const { return true; }

double PackAttr::getCodesCost(Type input) const {
  return getCost({}, input, nullptr).vector;
}

FailureOr<Value> PackAttr::emitDecode(DecodeBuilder &at, Value) const {
  return emitUnpack(at, getLayout(), getBits(at.input));
}

//===----------------------------------------------------------------------===//
// Rows in lanes
//===----------------------------------------------------------------------===//

StageAttrInterface PackAttr::withLanes(Type input, int64_t rank, int64_t lanes,
                                       int64_t depth) const {
  // A code is a byte at most. Digits of a radix become bits, which are more of
  // them and need no division.
  if (rank < 2 || getBits(input) > 8 || !getLanes().empty())
    return *this;
  return get(getContext(), false, 0, 0, PackLayout::Planes::Whole, false, 0,
             ArrayRef<int64_t>(), {lanes, depth});
}

int64_t PackAttr::getLaneColumns(Type input, int64_t lanes,
                                 int64_t depth) const {
  if (getLanes() != ArrayRef<int64_t>{lanes, depth})
    return 0;
  return getLayout().tileOf(getBits(input))[1];
}

/// The tile of `columns` columns that begins at the builder's column. Tiles
/// that begin at a known distance from a base that begins one are apart by
/// constants, which addresses take in.
static Value emitTile(LaneBuilder &at, int64_t columns) {
  bool isApart = at.multiple % columns == 0;
  Value tile = arith::DivUIOp::create(
      at.builder, at.loc, isApart ? at.base : at.column, at.index(columns));
  if (!isApart || at.offset == 0)
    return tile;
  return arith::AddIOp::create(at.builder, at.loc, tile,
                               at.index(at.offset / columns));
}

SmallVector<Value> PackAttr::emitCodes(LaneBuilder &at) const {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  PackLayout layout = getLayout();
  int64_t bits = getBits(at.input), columns = layout.tileOf(bits)[1];
  int64_t bytes = at.lanes * at.depth;
  Value tile = at.index(0);
  if (columns < at.shape.back())
    tile = emitTile(at, columns);
  // Shifts move the fields of four bytes at a time.
  auto byteType = VectorType::get(bytes, b.getI8Type());
  auto wordType = VectorType::get(bytes / 4, b.getI32Type());
  auto constant = [&](VectorType type, int64_t value) -> Value {
    return arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(type,
                               b.getIntegerAttr(type.getElementType(), value)));
  };
  auto shift = [&](Value value, int64_t distance) {
    if (distance > 0)
      value =
          arith::ShLIOp::create(b, loc, value, constant(wordType, distance));
    if (distance < 0)
      value =
          arith::ShRUIOp::create(b, loc, value, constant(wordType, -distance));
    return value;
  };

  SmallVector<Value> codes(columns / at.depth);
  int64_t begin = 0, place = bits;
  for (int width : layout.segments(bits)) {
    place -= width;
    int64_t perByte = 8 / width;
    Value loaded;
    for (auto [i, code] : llvm::enumerate(codes)) {
      int64_t field = i % perByte;
      if (field == 0) {
        loaded = at.loadStream(0, {at.panel, tile, at.index(begin)}, bytes,
                               /*exact=*/true);
        loaded = vector::BitCastOp::create(b, loc, wordType, loaded);
        begin += bytes;
      }
      Value segment = shift(loaded, place - field * width);
      segment = vector::BitCastOp::create(b, loc, byteType, segment);
      if (width < bits)
        segment = arith::AndIOp::create(
            b, loc, segment,
            constant(byteType, ((1 << width) - 1) << place & 0xFF));
      code = code ? arith::OrIOp::create(b, loc, code, segment).getResult()
                  : segment;
    }
  }
  return codes;
}

//===----------------------------------------------------------------------===//
// Text form
//===----------------------------------------------------------------------===//

/// `16x16`.
static ParseResult parseTile(AsmParser &parser,
                             SmallVectorImpl<int64_t> &tile) {
  return parser.parseDimensionList(tile, /*allowDynamic=*/false,
                                   /*withTrailingX=*/false);
}

Attribute PackAttr::parse(AsmParser &parser, Type) {
  bool msb = false, halves = false;
  int64_t word = 0, radix = 0, run = 0;
  PackLayout::Planes planes = PackLayout::Planes::Whole;
  SmallVector<int64_t> tile, lanes;
  auto parseOption = [&]() -> ParseResult {
    SMLoc loc = parser.getCurrentLocation();
    StringRef option;
    if (parser.parseKeyword(&option))
      return failure();
    if (option == "msb") {
      msb = true;
      return success();
    }
    if (option == "planar" || option == "split") {
      planes = option == "planar" ? PackLayout::Planes::EachBit
                                  : PackLayout::Planes::BinaryDigits;
      return success();
    }
    if (option == "halves") {
      halves = true;
      if (failed(parser.parseOptionalEqual()))
        return success();
      return parser.parseInteger(run);
    }
    if (option == "word")
      return failure(parser.parseEqual() || parser.parseInteger(word));
    if (option == "radix")
      return failure(parser.parseEqual() || parser.parseInteger(radix));
    if (option == "tile")
      return failure(parser.parseEqual() || parseTile(parser, tile));
    if (option == "lanes")
      return failure(parser.parseEqual() || parseTile(parser, lanes));
    return parser.emitError(loc, "'pack' has no option '")
           << option
           << "'; expected 'msb', 'word', 'radix', 'planar', 'split', "
              "'halves', 'tile' or 'lanes'";
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::OptionalLessGreater,
                                     parseOption))
    return {};
  return get(parser.getContext(), msb, word, radix, planes, halves, run, tile,
             lanes);
}

void PackAttr::print(AsmPrinter &printer) const {
  SmallVector<std::string> options;
  auto addNumber = [&](const Twine &name, int64_t value) {
    options.push_back((name + " = " + Twine(value)).str());
  };
  if (getMsb())
    options.push_back("msb");
  if (getWord())
    addNumber("word", getWord());
  if (getRadix())
    addNumber("radix", getRadix());
  if (getPlanes() == PackLayout::Planes::EachBit)
    options.push_back("planar");
  if (getPlanes() == PackLayout::Planes::BinaryDigits)
    options.push_back("split");
  if (getRun())
    addNumber("halves", getRun());
  else if (getHalves())
    options.push_back("halves");
  auto addSizes = [&](StringRef name, ArrayRef<int64_t> sizes) {
    if (sizes.empty())
      return;
    std::string text = (name + " = ").str();
    llvm::raw_string_ostream os(text);
    llvm::interleave(sizes, os, "x");
    options.push_back(std::move(text));
  };
  addSizes("tile", getTile());
  addSizes("lanes", getLanes());
  if (!options.empty())
    printer << '<' << llvm::join(options, ", ") << '>';
}
