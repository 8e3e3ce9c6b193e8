//===- Bitmap.cpp - What is not zero, and where it is ---------------------===//
#include "StageSupport.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "zq/Codec/Bitmap.h"
#include "zq/Dialect/ZQ/IR/FieldExtraction.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult BitmapAttr::verify(ErrorFn emitError, int64_t tile, Type type) {
  if (tile < 8 || tile > 512 || tile % 8)
    return emitError()
           << "(bitmap 1) a tile is a multiple of 8 elements, at most "
              "512, and not "
           << tile;
  if (type && !type.isF32() && !type.isF16() && !type.isBF16())
    return emitError()
           << "(bitmap 2) values are stored as f32, f16 or bf16, and "
              "not "
           << type;
  return success();
}

LogicalResult BitmapAttr::verifyInput(ErrorFn emitError,
                                      ArrayRef<int64_t> shape,
                                      Type input) const {
  if (shape.empty())
    return emitError() << "(T3) 'bitmap' needs a tensor of rank 1 or more";
  if (getType())
    return verifyValues(emitError, input, "bitmap");
  if (isa<FloatType>(input))
    return emitError() << "(T3) 'bitmap' of " << input
                       << " values needs a type to store them in, such as "
                          "'bitmap<64, f16>'";
  return verifyCodes(emitError, input, "bitmap");
}

Type BitmapAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult BitmapAttr::getParts(int64_t rank, Type, Operation *,
                                   SmallVectorImpl<Part> &parts) const {
  MLIRContext *context = getContext();
  Type i8 = IntegerType::get(context, 8);
  SmallVector<AffineExpr> tiles = getDims(context, rank);
  tiles.back() = tiles.back().ceilDiv(getTile());
  SmallVector<AffineExpr> bytes(tiles);
  bytes.back() = bytes.back() * (getTile() / 8);
  addStream(parts, context, "bitmap", i8, rank, bytes);
  addStream(parts, context, "offsets", IntegerType::get(context, 32), rank,
            tiles);
  addStream(parts, context, "values", getType() ? getType() : i8, rank,
            getAffineSymbolExpr(0, context), /*numSymbols=*/1);
  return success();
}

int64_t BitmapAttr::getGranule(Type, Operation *) const { return 8; }

Reference BitmapAttr::getReference(Type input) const {
  if (getType())
    return std::make_shared<::zq::codec::Bitmap>(getTile(),
                                                 *toReferenceType(getType()));
  return std::make_shared<::zq::codec::Bitmap>(getTile(), int(getBits(input)));
}

// A run of 16 is expanded in a register; where it begins is counted by scalars.
StageCost BitmapAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {6, 3};
}

bool BitmapAttr::isLossless() const { return !getType(); }

namespace {

/// The emission of one block: run by run, each of which lies in one tile, and
/// in it piece by piece, each of which is expanded in a register or two.
class Expansion {
public:
  Expansion(DecodeBuilder &at, int64_t tile, Type type)
      : at(at), b(at.builder), loc(at.loc), tile(tile), type(type),
        bits(type ? 0 : getBits(at.input)), run(std::gcd(at.width, tile)),
        piece(std::gcd<int64_t>(run, 16)) {}

  Value emit();

private:
  Value emitValues(Value first, Value count);

  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  VectorType lanes(Type element) { return VectorType::get(piece, element); }

  DecodeBuilder &at;
  OpBuilder &b;
  Location loc;
  int64_t tile;
  /// The type that values are stored in; null for codes, of `bits` bits.
  Type type;
  int64_t bits;
  int64_t run, piece;
};

} // namespace

/// As many of a tile's elements as a piece may have, in lanes of 32 bits: the
/// tile's begin at `first` of the stream, and `count` of them go before.
Value Expansion::emitValues(Value first, Value count) {
  if (type) {
    Value values = at.loadStream(2, add(first, count), piece, /*exact=*/true);
    return emitToF32(b, loc, values);
  }
  // Codes of a tile are packed from a byte on; these may begin within one.
  Value bit = arith::MulIOp::create(b, loc, count, at.index(bits));
  Value byte = add(first, arith::DivUIOp::create(b, loc, bit, at.index(8)));
  Value shift;
  if (bits != 8)
    shift = arith::IndexCastUIOp::create(
        b, loc, b.getI32Type(),
        arith::RemUIOp::create(b, loc, bit, at.index(8)));
  int64_t numBytes = bits == 8 ? piece : llvm::divideCeil(7 + piece * bits, 8);
  Value bytes = at.loadStream(2, byte, numBytes, /*exact=*/true);
  SmallVector<int64_t> starts;
  for (int64_t j = 0; j < piece; ++j)
    starts.push_back(j * bits);
  Value codes = emitFields(b, loc, bytes, starts, bits, b.getI32Type(), shift);
  // As the bits of floats, which is what targets have a permutation for.
  return arith::BitcastOp::create(b, loc, lanes(b.getF32Type()), codes);
}

Value Expansion::emit() {
  Value size = tensor::DimOp::create(b, loc, at.stream(2), 0);
  // Whatever the offsets say, a tile is read inside of the stream: the tile of
  // zeros at its end makes the clamp harmless for a stream that is intact.
  Value lastBegin = arith::SubIOp::create(b, loc, size, at.index(tile));
  Type word = b.getIntegerType(tile);

  auto resultType = getLanes(at, b.getF32Type());
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(resultType));
  for (int64_t offset = 0; offset < at.width; offset += run) {
    SmallVector<Value> place(at.position);
    if (offset)
      place.back() = add(place.back(), at.index(offset));
    // Beyond the end of a row there may be no tile: the last run instead.
    if (offset && !at.isExact())
      place.back() = arith::MinUIOp::create(
          b, loc, place.back(), at.index((at.shape.back() - 1) / run * run));
    Value within = arith::RemUIOp::create(b, loc, place.back(), at.index(tile));
    place.back() = arith::DivUIOp::create(b, loc, place.back(), at.index(tile));

    Value first = tensor::ExtractOp::create(b, loc, at.stream(1), place);
    first = arith::IndexCastOp::create(b, loc, b.getIndexType(), first);
    first = arith::MaxSIOp::create(b, loc, first, at.index(0));
    first = arith::MinSIOp::create(b, loc, first, lastBegin);

    place.back() =
        arith::MulIOp::create(b, loc, place.back(), at.index(tile / 8));
    Value bytes = at.loadStream(0, place, tile / 8, /*exact=*/true);
    Value bitmap = vector::ExtractOp::create(
        b, loc,
        vector::BitCastOp::create(b, loc, VectorType::get(1, word), bytes), 0);

    for (int64_t k = 0; k < run; k += piece) {
      // How many elements of the tile go before the piece.
      Value begin = k ? add(within, at.index(k)) : within;
      begin = arith::IndexCastUIOp::create(b, loc, word, begin);
      Value one = arith::ConstantOp::create(b, loc, b.getIntegerAttr(word, 1));
      Value mask = arith::SubIOp::create(
          b, loc, arith::ShLIOp::create(b, loc, one, begin), one);
      Value count = math::CtPopOp::create(
          b, loc, arith::AndIOp::create(b, loc, bitmap, mask));
      count = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), count);

      Type pieceWord = b.getIntegerType(piece);
      Value own = arith::ShRUIOp::create(b, loc, bitmap, begin);
      if (word != pieceWord)
        own = arith::TruncIOp::create(b, loc, pieceWord, own);
      Value isThere = vector::BitCastOp::create(
          b, loc, lanes(b.getI1Type()),
          vector::BroadcastOp::create(b, loc, VectorType::get(1, pieceWord),
                                      own));
      Value zeros = arith::ConstantOp::create(
          b, loc, b.getZeroAttr(lanes(b.getF32Type())));
      Value expanded =
          ExpandOp::create(b, loc, emitValues(first, count), isThere, zeros);
      if (piece == at.width)
        return expanded;
      result = vector::InsertStridedSliceOp::create(
          b, loc, expanded, result, ArrayRef<int64_t>{offset + k},
          ArrayRef<int64_t>{1});
    }
  }
  return result;
}

FailureOr<Value> BitmapAttr::emitDecode(DecodeBuilder &at, Value) const {
  OpBuilder &b = at.builder;
  Value values = Expansion(at, getTile(), getType()).emit();
  if (getType())
    return values;
  Value codes =
      arith::BitcastOp::create(b, at.loc, getLanes(at, b.getI32Type()), values);
  return arith::TruncIOp::create(b, at.loc, getLanes(at, b.getI8Type()), codes)
      .getResult();
}
