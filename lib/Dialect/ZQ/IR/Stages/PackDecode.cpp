//===- PackDecode.cpp - Packed codes to a vector --------------------------===//
//
// A block is cut into pieces, each of which lies in one string and in one part
// of its halves. A piece begins on a byte (a word), so that where each of its
// fields lies among the bytes that are read is known here.
//
//===----------------------------------------------------------------------===//
#include "PackDecode.h"
#include "StageSupport.h"

#include "zq/Codec/Division.h"
#include "zq/Dialect/ZQ/IR/FieldExtraction.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Division;
using ::zq::codec::FieldString;
using ::zq::codec::PackLayout;

namespace {

/// The emission of one block.
class Unpacking {
public:
  Unpacking(DecodeBuilder &at, const PackLayout &layout, int64_t bits)
      : at(at), b(at.builder), loc(at.loc), layout(layout), bits(bits),
        codeType(getCodeType(b.getContext(), bits)) {
    tile = layout.tileOf(bits);
    length = tile.empty() ? at.shape.back() : tile[0] * tile[1];
    piece = at.width;
    if (!layout.lanes.empty())
      piece = std::gcd(piece, layout.lanes[1]);
    else if (!tile.empty())
      piece = std::gcd(piece, tile[1]);
    if (layout.halves) {
      FieldString fields(bits, layout);
      run = layout.run ? layout.run : fields.paddedCount(length);
      part = run / fields.fieldsPerWord();
      piece = std::gcd(piece, part);
    }
  }

  Value emit();

private:
  /// Where a piece begins: its string, and the code in it.
  struct Place {
    SmallVector<Value> string;
    Value code;
    /// The code's place in its run, where that is known.
    std::optional<int64_t> inRun;
  };

  Place getPlace(int64_t offset);
  Value emitPiece(const Place &place);
  Value emitSegment(const Place &place, const FieldString &fields,
                    int64_t width, int64_t begin);
  Value emitHalf(const Place &place, const FieldString &fields, int64_t width,
                 int64_t begin);
  Value emitDigits(Value bytes, const FieldString &fields);
  SmallVector<int64_t> getStarts(const FieldString &fields, int64_t width,
                                 int64_t numBytes);

  Value index(int64_t value) { return at.index(value); }
  Value add(Value x, int64_t y) {
    return y ? arith::AddIOp::create(b, loc, x, index(y)).getResult() : x;
  }
  Value multiply(Value x, int64_t y) {
    return y == 1 ? x : arith::MulIOp::create(b, loc, x, index(y)).getResult();
  }
  Value divide(Value x, int64_t y) {
    return y == 1 ? x : arith::DivUIOp::create(b, loc, x, index(y)).getResult();
  }
  Value remainder(Value x, int64_t y) {
    return arith::RemUIOp::create(b, loc, x, index(y));
  }
  /// A constant in each lane of `type`.
  Value constant(VectorType type, ArrayRef<uint64_t> values) {
    unsigned width = type.getElementTypeBitWidth();
    SmallVector<APInt> elements;
    for (uint64_t value : values)
      elements.push_back(APInt(width, value));
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(type, elements));
  }
  /// Bytes of a string. Only rows have an end that a block may reach beyond.
  Value load(const Place &place, Value byte, int64_t numBytes) {
    SmallVector<Value> position(place.string);
    position.push_back(byte);
    return at.loadStream(0, position, numBytes, at.isExact() || !tile.empty());
  }

  DecodeBuilder &at;
  OpBuilder &b;
  Location loc;
  const PackLayout &layout;
  int64_t bits;
  Type codeType;
  ::zq::codec::Shape tile;
  /// Codes of a string, of a piece, of a run and of a part of a run.
  int64_t length, piece, run = 0, part = 0;
};

} // namespace

/// The place of the piece that begins `offset` codes after the block.
Unpacking::Place Unpacking::getPlace(int64_t offset) {
  Value column = add(at.position.back(), offset);
  // Beyond the end of a row there may be no string: the last piece instead.
  if (offset && !at.isExact())
    column = arith::MinUIOp::create(
        b, loc, column, index((at.shape.back() - 1) / piece * piece));
  Place place;
  place.string.assign(at.position.begin(), at.position.end() - 1);
  place.code = column;
  if (!tile.empty()) {
    Value row = place.string.back();
    place.string.back() = divide(row, tile[0]);
    place.string.push_back(divide(column, tile[1]));
    Value inTile = remainder(row, tile[0]);
    column = remainder(column, tile[1]);
    if (layout.lanes.empty()) {
      place.code =
          arith::AddIOp::create(b, loc, multiply(inTile, tile[1]), column);
      return place;
    }
    // Pieces divide the depth.
    int64_t depth = layout.lanes[1];
    Value group = arith::AddIOp::create(
        b, loc, multiply(divide(column, depth), tile[0]), inTile);
    place.code = arith::AddIOp::create(b, loc, multiply(group, depth),
                                       remainder(column, depth));
  } else if (run && at.width % run == 0 && at.isExact()) {
    // Blocks begin where runs do.
    place.inRun = offset % run;
    place.code = add(at.position.back(), offset - *place.inRun);
  }
  return place;
}

/// The bits at which the fields of a piece begin in its bytes.
SmallVector<int64_t> Unpacking::getStarts(const FieldString &fields,
                                          int64_t width, int64_t numBytes) {
  int64_t perWord = fields.fieldsPerWord(), word = fields.wordBytes() * 8;
  if (!perWord) {
    // Straddling bytes: one word, as it were.
    perWord = piece;
    word = numBytes * 8;
  }
  SmallVector<int64_t> starts;
  for (int64_t field = 0; field < piece; ++field) {
    int64_t begin = field % perWord * width;
    starts.push_back(field / perWord * word +
                     (layout.msb ? word - width - begin : begin));
  }
  return starts;
}

/// The digits in the words that `bytes` are: c = x / K^d - x / K^(d+1) K.
Value Unpacking::emitDigits(Value bytes, const FieldString &fields) {
  int64_t perWord = fields.fieldsPerWord(), wordBytes = fields.wordBytes();
  uint64_t radix = layout.radix;
  // What to divide the word by for the d-th digit; none where nothing is left.
  SmallVector<uint64_t> powers{1};
  while (int64_t(powers.size()) < perWord)
    powers.push_back(powers.back() * radix);

  // Multiplications that divide, in as narrow lanes as hold the products.
  int64_t laneBits = 32;
  SmallVector<Division> divisions;
  auto findAll = [&] {
    divisions.clear();
    for (uint64_t power : powers)
      if (auto division =
              ::zq::codec::findDivision(power, fields.largestWord(), laneBits))
        divisions.push_back(*division);
    return divisions.size() == powers.size();
  };
  bool multiplies = wordBytes <= 4 && findAll();
  if (!multiplies) {
    laneBits = 64;
    multiplies = findAll();
  }
  // A digit beyond the last one is zero.
  divisions.push_back({0, 0});

  // Each lane gets its word; byte 0 of `zeros` is what lies above it.
  auto byteType = cast<VectorType>(bytes.getType());
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(byteType));
  SmallVector<int64_t> order;
  SmallVector<int64_t> digits;
  for (int64_t lane = 0; lane < piece; ++lane) {
    for (int64_t byte = 0; byte < laneBits / 8; ++byte)
      order.push_back(byte < wordBytes ? lane / perWord * wordBytes + byte
                                       : byteType.getNumElements());
    int64_t digit = lane % perWord;
    digits.push_back(layout.msb ? perWord - 1 - digit : digit);
  }
  auto type = VectorType::get(piece, b.getIntegerType(laneBits));
  Value words = vector::BitCastOp::create(
      b, loc, type, vector::ShuffleOp::create(b, loc, bytes, zeros, order));
  SmallVector<uint64_t> radices(piece, radix);

  Value codes;
  if (multiplies) {
    // The words divided by the power that is `after` the digit's own.
    auto emitQuotient = [&](int64_t after) -> Value {
      SmallVector<uint64_t> multipliers, shifts;
      for (int64_t digit : digits) {
        multipliers.push_back(divisions[digit + after].multiplier);
        shifts.push_back(divisions[digit + after].shift);
      }
      Value product =
          arith::MulIOp::create(b, loc, words, constant(type, multipliers));
      return arith::ShRUIOp::create(b, loc, product, constant(type, shifts));
    };
    Value rest = emitQuotient(0);
    Value above =
        arith::MulIOp::create(b, loc, emitQuotient(1), constant(type, radices));
    codes = arith::SubIOp::create(b, loc, rest, above);
  } else {
    SmallVector<uint64_t> divisors;
    for (int64_t digit : digits)
      divisors.push_back(powers[digit]);
    Value rest =
        arith::DivUIOp::create(b, loc, words, constant(type, divisors));
    codes = arith::RemUIOp::create(b, loc, rest, constant(type, radices));
  }
  return arith::TruncIOp::create(b, loc, type.clone(codeType), codes);
}

/// A piece of one part of a run: one field of each of consecutive words.
Value Unpacking::emitHalf(const Place &place, const FieldString &fields,
                          int64_t width, int64_t begin) {
  int64_t word = fields.wordBytes() * 8, perWord = fields.fieldsPerWord();
  int64_t run = this->run, part = this->part;
  if (!layout.lanes.empty()) {
    part = layout.lanes[0] * layout.lanes[1];
    run = perWord * part;
  }
  Value runIndex = divide(place.code, run);
  Value inRun = place.inRun ? index(*place.inRun) : remainder(place.code, run);
  Value partIndex =
      place.inRun ? index(*place.inRun / part) : divide(inRun, part);
  Value inPart =
      place.inRun ? index(*place.inRun % part) : remainder(inRun, part);
  Value first = arith::AddIOp::create(b, loc, multiply(runIndex, part), inPart);
  Value bytes = load(place, add(multiply(first, fields.wordBytes()), begin),
                     piece * fields.wordBytes());

  auto type = VectorType::get(piece, b.getIntegerType(word));
  Value words =
      word == 8 ? bytes
                : vector::BitCastOp::create(b, loc, type, bytes).getResult();
  if (layout.msb)
    partIndex = arith::SubIOp::create(b, loc, index(perWord - 1), partIndex);
  Value shift = multiply(partIndex, width);
  if (layout.msb)
    shift = add(shift, word - perWord * width);
  shift = arith::IndexCastUIOp::create(b, loc, type.getElementType(), shift);
  Value codes = arith::ShRUIOp::create(
      b, loc, words, vector::BroadcastOp::create(b, loc, type, shift));
  SmallVector<uint64_t> mask(piece, (uint64_t(1) << width) - 1);
  codes = arith::AndIOp::create(b, loc, codes, constant(type, mask));
  auto result = type.clone(codeType);
  if (word > codeType.getIntOrFloatBitWidth())
    return arith::TruncIOp::create(b, loc, result, codes);
  if (word < codeType.getIntOrFloatBitWidth())
    return arith::ExtUIOp::create(b, loc, result, codes);
  return codes;
}

/// The segments of `width` bits of a piece, from the plane that begins at byte
/// `begin` of each string, in lanes of the codes' type.
Value Unpacking::emitSegment(const Place &place, const FieldString &fields,
                             int64_t width, int64_t begin) {
  if (layout.halves || !layout.lanes.empty())
    return emitHalf(place, fields, width, begin);
  int64_t perWord = fields.fieldsPerWord();
  // Pieces begin on a byte, so that nothing is left over.
  Value byte = perWord
                   ? multiply(divide(place.code, perWord), fields.wordBytes())
                   : divide(multiply(place.code, width), 8);
  int64_t numBytes = fields.numBytes(piece);
  Value bytes = load(place, add(byte, begin), numBytes);
  if (layout.radix)
    return emitDigits(bytes, fields);

  auto type = VectorType::get(piece, getCodeType(b.getContext(), width));
  bool isDense = !layout.msb && numBytes * 8 == piece * width;
  Value segments;
  if (isDense && width == 8)
    segments = bytes;
  else if (isDense)
    segments = UnpackOp::create(b, loc, type, bytes, width);
  else {
    if (layout.msb && !perWord) {
      // A number whose first bit is its highest: reversed, a string again.
      SmallVector<int64_t> reversed =
          llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, numBytes)));
      bytes = vector::ShuffleOp::create(b, loc, bytes, bytes, reversed);
    }
    segments = emitFields(b, loc, bytes, getStarts(fields, width, numBytes),
                          width, type.getElementType());
  }
  if (type.getElementType() == codeType)
    return segments;
  return arith::ExtUIOp::create(b, loc, type.clone(codeType), segments);
}

Value Unpacking::emitPiece(const Place &place) {
  auto type = VectorType::get(piece, codeType);
  Value codes;
  int64_t begin = 0, shift = bits;
  for (int width : layout.segments(bits)) {
    FieldString fields(width, layout);
    Value segments = emitSegment(place, fields, width, begin);
    begin += fields.numBytes(length);
    shift -= width;
    if (shift) {
      SmallVector<uint64_t> shifts(piece, shift);
      segments =
          arith::ShLIOp::create(b, loc, segments, constant(type, shifts));
    }
    codes = codes ? arith::OrIOp::create(b, loc, codes, segments).getResult()
                  : segments;
  }
  return codes;
}

Value Unpacking::emit() {
  if (piece == at.width)
    return emitPiece(getPlace(0));
  auto type = getLanes(at, codeType);
  Value codes = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int64_t offset = 0; offset < at.width; offset += piece)
    codes = vector::InsertStridedSliceOp::create(
        b, loc, emitPiece(getPlace(offset)), codes, ArrayRef<int64_t>{offset},
        ArrayRef<int64_t>{1});
  return codes;
}

Value mlir::zq::emitUnpack(DecodeBuilder &at, const PackLayout &layout,
                           int64_t bits) {
  return Unpacking(at, layout, bits).emit();
}
