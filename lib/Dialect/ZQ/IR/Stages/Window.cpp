//===- Window.cpp - Frequent symbols in a few bits ------------------------===//
#include "EntropySupport.h"

#include "zq/Codec/Window.h"

using namespace mlir;
using namespace mlir::zq;

/// Lanes that are decoded at a time: what they need is within the slack of
/// `escapes`, and of `nested` at up to 4 bits.
static constexpr int64_t lanesAtOnce = ::zq::codec::windowSlack;

LogicalResult WindowAttr::verify(ErrorFn emitError, ArrayRef<int64_t> bits,
                                 bool base, int64_t chunk) {
  if (bits.empty() || bits.size() > 4)
    return emitError() << "(window 1) there are 1 to 4 windows, and not "
                       << bits.size();
  for (int64_t width : bits)
    if (width < 1 || width > 4)
      return emitError() << "(window 2) a code has 1 to 4 bits, and not "
                         << width;
  if (base && bits.size() > 1)
    return emitError() << "(window 3) a base is that of a single window";
  return verifyChunk(emitError, chunk, "(window 4)");
}

LogicalResult WindowAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  if (failed(verifyCodes(emitError, input, "window")))
    return failure();
  for (int64_t width : getBits())
    if (width > zq::getBits(input))
      return emitError() << "(T3) 'window' codes " << input << " in " << width
                         << " bits";
  return success();
}

Type WindowAttr::getOutput(Type) const { return NoneType::get(getContext()); }

int64_t WindowAttr::getNumSymbols() const {
  int64_t count = 0;
  for (int64_t width : getBits())
    count += (int64_t(1) << width) - 1;
  return count;
}

LogicalResult WindowAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  MLIRContext *context = getContext();
  auto constant = [&](int64_t value) {
    return getAffineConstantExpr(value, context);
  };
  Type i8 = IntegerType::get(context, 8);
  addStream(parts, context, getBase() ? "base" : "palette", i8, rank,
            constant(getBase() ? 1 : getNumSymbols()));
  SmallVector<AffineExpr> chunks = getDims(context, rank);
  chunks.back() = chunks.back().ceilDiv(getChunk());
  chunks.push_back(constant(getBits().size()));
  addStream(parts, context, "offsets", IntegerType::get(context, 32), rank,
            chunks);
  for (size_t i = 1; i < getBits().size(); ++i)
    addDataStream(parts, context, "nested", 8, rank);
  addDataStream(parts, context, "escapes", 8, rank);
  SmallVector<AffineExpr> codes = getDims(context, rank);
  codes.back() = (codes.back() * getBits().front()).ceilDiv(8);
  addStream(parts, context, "codes", i8, rank, codes);
  return success();
}

int64_t WindowAttr::getChunk(Operation *) const { return getChunk(); }

/// As many codes as the escapes' slack is good for: the work for a block's
/// place among the escapes does not depend on how many there are.
int64_t WindowAttr::getGranule(Type, Operation *) const { return lanesAtOnce; }

Reference WindowAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Window>(
      zq::getBits(input), std::vector<int>(getBits().begin(), getBits().end()),
      getBase() ? ::zq::codec::WindowKind::Base
                : ::zq::codec::WindowKind::Palette,
      getChunk());
}

// What escapes from each window is counted and expanded.
StageCost WindowAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {8.0 + 12.0 * getBits().size(), 0};
}

bool WindowAttr::isLossless() const { return true; }

// 24e9 and 14e9 codes a second with one window and two, where 6.7e9 vector
// instructions are run.
double WindowAttr::getCodesCost(Type) const {
  return 5 + 13.0 * getBits().size();
}

StageAttrInterface WindowAttr::withLanes(Type, int64_t rank, int64_t lanes,
                                         int64_t depth) const {
  if (rank != 2)
    return *this;
  // A panel is one chunk, where it can be.
  StageAttrInterface line =
      get(getContext(), getBits(), getBase(), largestChunk);
  return PanelsAttr::get(getContext(), {lanes, depth},
                         CodecAttr::get(getContext(), line));
}

Attribute WindowAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> bits;
  bool base = false;
  int64_t chunk;
  SMLoc loc = parser.getCurrentLocation();
  auto parseWidth = [&] { return parser.parseInteger(bits.emplace_back()); };
  if (parser.parseLess() || parser.parseKeyword("bits") || parser.parseEqual())
    return {};
  if (succeeded(parser.parseOptionalLSquare())) {
    if (parser.parseCommaSeparatedList(parseWidth) || parser.parseRSquare())
      return {};
  } else if (parseWidth()) {
    return {};
  }
  if (parser.parseComma())
    return {};
  if (succeeded(parser.parseOptionalKeyword("base"))) {
    base = true;
    if (parser.parseComma())
      return {};
  }
  if (parser.parseKeyword("chunk") || parser.parseEqual() ||
      parser.parseInteger(chunk) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(bits), base, chunk);
}

void WindowAttr::print(AsmPrinter &printer) const {
  printer << "<bits = ";
  if (getBits().size() == 1) {
    printer << getBits().front();
  } else {
    printer << '[';
    llvm::interleaveComma(getBits(), printer);
    printer << ']';
  }
  printer << (getBase() ? ", base" : "") << ", chunk = " << getChunk() << '>';
}

//===----------------------------------------------------------------------===//
// Decoding: the state is a position in bits in each of the nested windows, and
// one in the escapes
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> WindowAttr::emitInit(DecodeBuilder &at) const {
  OpBuilder &b = at.builder;
  SmallVector<Value> place(at.position);
  place.back() =
      arith::DivUIOp::create(b, at.loc, place.back(), at.index(getChunk()));
  place.emplace_back();
  SmallVector<Value> state;
  for (size_t i = 0; i < getBits().size(); ++i) {
    place.back() = at.index(i);
    Value offset = emitOffset(at, 1, place);
    if (i + 1 < getBits().size())
      offset = arith::MulIOp::create(b, at.loc, offset, at.index(8));
    state.push_back(offset);
  }
  return state;
}

/// The codes of the first window.
static Value emitCodes(DecodeBuilder &at, unsigned part, int64_t bits) {
  OpBuilder &b = at.builder;
  SmallVector<Value> place(at.position);
  // Blocks begin on a byte.
  place.back() = arith::DivUIOp::create(
      b, at.loc, arith::MulIOp::create(b, at.loc, place.back(), at.index(bits)),
      at.index(8));
  Value bytes = at.loadStream(part, place, at.width * bits / 8, at.isExact());
  return UnpackOp::create(b, at.loc, getLanes(at, b.getI8Type()), bytes, bits);
}

/// `lanes` codes of `bits` bits of a nested window from bit `position` on.
static Value emitNested(DecodeBuilder &at, unsigned part, Value position,
                        int64_t lanes, int64_t bits) {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  // Eight codes are whole bytes, and lie in one more of the stream.
  int64_t length = lanes * bits / 8, loaded = llvm::PowerOf2Ceil(length + 1);
  Value byte = arith::ShRUIOp::create(b, loc, position, at.index(3));
  Value bytes = emitLoad(at, part, byte, loaded);
  // As many words of 64 bits, shifted to the first code's first bit.
  SmallVector<int64_t> apart, together;
  for (int64_t i = 0; i < lanes; ++i) {
    apart.push_back(std::min(i / 8 * bits + i % 8, loaded - 1));
    if (i % 8 < bits)
      together.push_back(i);
  }
  auto wordsType = VectorType::get(lanes / 8, b.getI64Type());
  Value words = vector::BitCastOp::create(
      b, loc, wordsType,
      vector::ShuffleOp::create(b, loc, bytes, bytes, apart));
  Value within = arith::AndIOp::create(b, loc, position, at.index(7));
  within = arith::IndexCastUIOp::create(b, loc, b.getI64Type(), within);
  words = arith::ShRUIOp::create(
      b, loc, words, vector::BroadcastOp::create(b, loc, wordsType, within));
  auto type = VectorType::get(lanes, b.getI8Type());
  bytes = vector::BitCastOp::create(b, loc, type, words);
  bytes = vector::ShuffleOp::create(b, loc, bytes, bytes, together);
  return UnpackOp::create(b, loc, type, bytes, bits);
}

FailureOr<Value> WindowAttr::emitDecode(DecodeBuilder &at, Value) const {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  const unsigned firstNested = 2, escapes = firstNested + getBits().size() - 1;

  // What codes stand for: a table, its size a power of two, or one symbol.
  int64_t numSymbols = getNumSymbols();
  Value palette = at.loadStream(0, at.index(0), getBase() ? 1 : numSymbols,
                                /*exact=*/true);
  Value base;
  if (getBase()) {
    base = vector::ExtractOp::create(b, loc, palette, 0);
  } else {
    SmallVector<int64_t> entries;
    for (int64_t i = 0, n = llvm::PowerOf2Ceil(numSymbols); i < n; ++i)
      entries.push_back(std::min(i, numSymbols - 1));
    palette = vector::ShuffleOp::create(b, loc, palette, palette, entries);
  }

  auto isEscape = [&](Value codes, int64_t bits) -> Value {
    return arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::eq, codes,
        emitConstant(at, codes.getType(), (int64_t(1) << bits) - 1));
  };
  auto decode = [&](Value places) -> Value {
    auto type = cast<VectorType>(places.getType());
    int64_t lanes = type.getNumElements();
    Value escaped = isEscape(places, getBits().front());
    for (size_t i = 1; i < getBits().size(); ++i) {
      int64_t bits = getBits()[i];
      Value &position = at.state[i - 1];
      Value codes = emitNested(at, firstNested + i - 1, position, lanes, bits);
      codes =
          ExpandOp::create(b, loc, codes, escaped, emitConstant(at, type, 0));
      // An escape is the number of the window's symbols.
      places = arith::AddIOp::create(b, loc, places, codes);
      position = arith::AddIOp::create(
          b, loc, position,
          arith::MulIOp::create(b, loc, emitCount(at, escaped),
                                at.index(bits)));
      escaped = arith::AndIOp::create(b, loc, escaped, isEscape(codes, bits));
    }
    Value symbols =
        base ? arith::AddIOp::create(
                   b, loc, places,
                   vector::BroadcastOp::create(b, loc, type, base))
                   .getResult()
             : LookupOp::create(b, loc, type, places, palette).getResult();
    return emitTake(at, escapes, escaped, symbols, at.state.back());
  };
  return emitPieces(at, emitCodes(at, escapes + 1, getBits().front()),
                    lanesAtOnce, decode);
}
