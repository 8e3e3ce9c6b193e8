//===- Codebook.cpp - Vectors to entries of codebooks ---------------------===//
#include "VectorQuantizers.h"

#include "zq/Codec/Codebook.h"

using namespace mlir;
using namespace mlir::zq;

int64_t CodebookAttr::getAxis() const {
  for (auto [i, size] : llvm::enumerate(getVector()))
    if (size != 1)
      return i;
  return getVector().size() - 1;
}

LogicalResult CodebookAttr::verify(ErrorFn emitError, ArrayRef<int64_t> vector,
                                   int64_t bits, int64_t books, bool,
                                   ArrayRef<int64_t> group, Attribute stored) {
  int64_t length = 1;
  for (int64_t size : vector) {
    if (size < 1 || (size > 1 && length > 1))
      return emitError() << "(codebook 1) a vector lies along one axis, as 1x8 "
                            "does, and has a size";
    length *= size;
  }
  if (vector.empty() || length > 1024)
    return emitError() << "(codebook 2) a vector has 1 to 1024 elements";
  if (bits < 1 || bits > 16)
    return emitError() << "(codebook 3) codes have 1 to 16 bits, and not "
                       << bits;
  if (books < 1 || books > 16)
    return emitError() << "(codebook 4) there are 1 to 16 books, and not "
                       << books;
  if (!group.empty() && group.size() != vector.size())
    return emitError() << "(codebook 5) a group has the rank of a vector";
  for (auto [size, own] : llvm::zip(group, vector))
    if (size < 0 || size % own)
      return emitError() << "(codebook 6) a group holds whole vectors, but "
                         << size << " is no multiple of " << own;
  if (failed(verifyStored(emitError, stored, "(codebook 7)", "an entry")))
    return failure();
  return verifySigned(emitError, stored, "(codebook 8)", "an entry");
}

LogicalResult CodebookAttr::verifyInput(ErrorFn emitError,
                                        ArrayRef<int64_t> shape,
                                        Type input) const {
  if (getVector().size() != shape.size())
    return emitError() << "(T3) 'codebook' has vectors of rank "
                       << getVector().size() << ", but the tensor has rank "
                       << shape.size();
  return verifyValues(emitError, input, "codebook");
}

Type CodebookAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), getBits());
}

LogicalResult CodebookAttr::getParts(int64_t rank, Type, Operation *,
                                     SmallVectorImpl<Part> &parts) const {
  SmallVector<AffineExpr> sizes =
      getBlockCounts(getContext(), rank, getGroup());
  sizes.back() = sizes.back() * ((getBooks() << getBits()) * getLength());
  addStored(parts, "codebook", getStored(), rank, sizes);
  return success();
}

StageAttrInterface CodebookAttr::withPlainPart(unsigned, Type type) const {
  return get(getContext(), getVector(), getBits(), getBooks(), getAdditive(),
             getGroup(), TypeAttr::get(type));
}

SmallVector<MainRatio> CodebookAttr::getMainRatios(int64_t rank) const {
  SmallVector<MainRatio> ratios(rank);
  ratios[getAxis()].elements = getLength();
  ratios.back().units = getBooks();
  return ratios;
}

Reference CodebookAttr::getReference(Type) const {
  using ::zq::codec::Codebook;
  auto stored = getStoredFloats(getStored());
  if (!stored)
    return nullptr;
  Codebook::Options options;
  options.vector.assign(getVector().begin(), getVector().end());
  options.bits = getBits();
  options.books = getBooks();
  options.fit =
      getAdditive() ? Codebook::Fit::Additive : Codebook::Fit::Residual;
  options.group.assign(getGroup().begin(), getGroup().end());
  options.stored = *stored;
  return std::make_shared<Codebook>(std::move(options));
}

StageCost CodebookAttr::getCost(ArrayRef<int64_t> shape, Type,
                                Operation *) const {
  double books = getBooks();
  if (getLength() == 1 && getBits() <= 5)
    return {3 * books, 0};
  // An entry is found by its code, then loaded, or taken apart down a column.
  bool alongRows = getAxis() == int64_t(shape.size()) - 1;
  return {books, 5 * books / (alongRows ? getLength() : 1)};
}

int64_t CodebookAttr::getEntryLength(int64_t rank) const {
  return getAxis() == rank - 1 ? getLength() : 1;
}

int64_t CodebookAttr::getEntryTerms() const { return getBooks(); }

SmallVector<int64_t> CodebookAttr::getEntryGroup(int64_t rank) const {
  return ::getGroup(getGroup(), rank);
}

bool CodebookAttr::isLossless() const { return false; }

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

Attribute CodebookAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> vector, group;
  int64_t bits = 0, books = 1;
  bool additive = false;
  Attribute stored;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseBlock(parser, vector) || parser.parseComma() ||
      parser.parseKeyword("bits") || parser.parseEqual() ||
      parser.parseInteger(bits) || parser.parseComma())
    return {};
  if (succeeded(parser.parseOptionalKeyword("books")) &&
      (parser.parseEqual() || parser.parseInteger(books) ||
       parser.parseComma()))
    return {};
  if (succeeded(parser.parseOptionalKeyword("additive"))) {
    additive = true;
    if (parser.parseComma())
      return {};
  } else if (succeeded(parser.parseOptionalKeyword("residual")) &&
             parser.parseComma()) {
    return {};
  }
  if (succeeded(parser.parseOptionalKeyword("group")) &&
      (parser.parseEqual() || parseBlock(parser, group) || parser.parseComma()))
    return {};
  if (parseStored(parser, stored) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(vector), bits, books, additive,
                    ArrayRef<int64_t>(group), stored);
}

void CodebookAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printBlock(printer, getVector());
  printer << ", bits = " << getBits();
  if (getBooks() != 1)
    printer << ", books = " << getBooks();
  if (getAdditive())
    printer << ", additive";
  if (!getGroup().empty()) {
    printer << ", group = ";
    printBlock(printer, getGroup());
  }
  printer << ", ";
  printStored(printer, getStored());
  printer << '>';
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

namespace {
/// Emits the decoding of a block. In the codebook a position is the group, but
/// along the last axis the element of the group's books.
class CodebookDecode {
public:
  CodebookDecode(DecodeBuilder &at, CodebookAttr stage, Value main)
      : at(at), b(at.builder), loc(at.loc), stage(stage), main(main),
        entries(int64_t(1) << stage.getBits()), length(stage.getLength()),
        group(getGroup(stage.getGroup(), at.shape.size())) {
    for (auto [place, size] : llvm::zip(at.position, group))
      groupPosition.push_back(size == 0   ? at.index(0)
                              : size == 1 ? place
                                          : divide(place, size));
    // Whatever the codes came from, they stay within the books.
    unsigned width =
        getElementTypeOrSelf(main.getType()).getIntOrFloatBitWidth();
    if (stage.getBits() < width) {
      auto type = cast<VectorType>(main.getType());
      this->main = arith::AndIOp::create(
          b, loc, main,
          emitConstant(
              at, type,
              SmallVector<int64_t>(type.getNumElements(), entries - 1)));
    }
  }

  FailureOr<Value> emit();

private:
  Value divide(Value x, int64_t y) {
    return arith::DivUIOp::create(b, loc, x, at.index(y));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value multiply(Value x, int64_t y) {
    return y == 1 ? x
                  : arith::MulIOp::create(b, loc, x, at.index(y)).getResult();
  }

  Value getBooks(int64_t element);
  FailureOr<Value> emitByTables();
  FailureOr<Value> emitAlongRows();
  FailureOr<Value> emitDownColumns();

  /// The place in a group's books of the entry that code number `code` of the
  /// block stands for.
  Value getEntry(int64_t element, int64_t code, int64_t book);
  SmallVector<Value> getPosition(Value inBooks);
  /// Adds what a book gives, scalar or vector, in the order of the books.
  Value accumulate(Value sum, Value stored) {
    Value value = emitToF32(b, loc, stored);
    return sum ? arith::AddFOp::create(b, loc, sum, value).getResult() : value;
  }
  bool isOneGroup() const {
    int64_t last = group.back();
    return last == 0 || last >= at.shape.back() || last % at.width == 0;
  }

  DecodeBuilder &at;
  OpBuilder &b;
  Location loc;
  CodebookAttr stage;
  Value main;
  int64_t entries, length;
  SmallVector<int64_t> group;
  /// The block's group, by its first element.
  SmallVector<Value> groupPosition;
};
} // namespace

/// Where along the last axis of the codebook the books of the block's lane
/// `element` begin.
Value CodebookDecode::getBooks(int64_t element) {
  int64_t last = group.back();
  Value number = groupPosition.back();
  if (last >= at.shape.back()) {
    number = at.index(0);
  } else if (element && !isOneGroup()) {
    // Lanes beyond the end of the row take the last group of it.
    number = divide(add(at.position.back(), at.index(element)), last);
    if (!at.isExact())
      number = arith::MinUIOp::create(
          b, loc, number,
          at.index(llvm::divideCeil(at.shape.back(), last) - 1));
  }
  return multiply(number, stage.getBooks() * entries * length);
}

Value CodebookDecode::getEntry(int64_t element, int64_t code, int64_t book) {
  Value number = vector::ExtractOp::create(b, loc, main, code);
  number = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), number);
  number = multiply(number, length);
  if (book)
    number = add(number, at.index(book * entries * length));
  return add(number, getBooks(element));
}

SmallVector<Value> CodebookDecode::getPosition(Value inBooks) {
  SmallVector<Value> position(groupPosition);
  position.back() = inBooks;
  return position;
}

/// Scalars that share a few entries: all of them in registers.
FailureOr<Value> CodebookDecode::emitByTables() {
  Value sum;
  for (int64_t book = 0; book < stage.getBooks(); ++book) {
    Value begin = getBooks(0);
    if (book)
      begin = add(begin, at.index(book * entries));
    FailureOr<Value> table =
        at.load(0, getPosition(begin), entries, entries, /*exact=*/true);
    if (failed(table))
      return failure();
    SmallVector<int64_t> own;
    for (int64_t lane = 0; lane < at.width; ++lane)
      own.push_back(lane * stage.getBooks() + book);
    Value codes = main;
    if (stage.getBooks() > 1)
      codes = vector::ShuffleOp::create(b, loc, main, main, own);
    Value found = LookupOp::create(b, loc, getLanes(at, b.getF32Type()), codes,
                                   emitToF32(b, loc, *table));
    sum = accumulate(sum, found);
  }
  return sum;
}

/// An entry is as many neighbours of the block.
FailureOr<Value> CodebookDecode::emitAlongRows() {
  SmallVector<Value> vectors;
  for (int64_t element = 0; element < at.width; element += length) {
    Value sum;
    for (int64_t book = 0; book < stage.getBooks(); ++book) {
      int64_t code = element / length * stage.getBooks() + book;
      FailureOr<Value> entry =
          at.load(0, getPosition(getEntry(element, code, book)), length, length,
                  /*exact=*/true);
      if (failed(entry))
        return failure();
      sum = accumulate(sum, *entry);
    }
    vectors.push_back(sum);
  }
  return emitConcatenation(at, vectors);
}

/// Every lane has the same element of an entry of its own.
FailureOr<Value> CodebookDecode::emitDownColumns() {
  Value row = arith::RemUIOp::create(b, loc, at.position[stage.getAxis()],
                                     at.index(length));
  Value sum;
  for (int64_t book = 0; book < stage.getBooks(); ++book) {
    SmallVector<Value> found;
    for (int64_t lane = 0; lane < at.width; ++lane) {
      int64_t code = lane * stage.getBooks() + book;
      FailureOr<Value> one =
          at.extract(0, getPosition(add(getEntry(lane, code, book), row)));
      if (failed(one))
        return failure();
      found.push_back(emitToF32(b, loc, *one));
    }
    sum = accumulate(sum, vector::FromElementsOp::create(
                              b, loc, getLanes(at, b.getF32Type()), found));
  }
  return sum;
}

FailureOr<Value> CodebookDecode::emit() {
  // Two registers of AVX-512 hold 32 entries.
  bool isScalar = length == 1;
  if (isScalar && entries <= 32 && isOneGroup())
    return emitByTables();
  if (stage.getAxis() == int64_t(at.shape.size()) - 1)
    return emitAlongRows();
  return emitDownColumns();
}

FailureOr<Value> CodebookAttr::emitDecode(DecodeBuilder &at, Value main) const {
  return CodebookDecode(at, *this, main).emit();
}
