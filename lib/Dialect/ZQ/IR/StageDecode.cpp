//===- StageDecode.cpp - The built-in stages' decoding as IR --------------===//
//
// Each function emits exactly the arithmetic of the stage's `decode` in
// lib/Codec, in the same order, on a vector of consecutive elements.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

static VectorType lanes(DecodeBuilder &at, Type element) {
  return VectorType::get(at.width, element);
}

/// An integer constant in every lane.
static Value splat(DecodeBuilder &at, unsigned bits, int64_t value) {
  auto type = lanes(at, at.builder.getIntegerType(bits));
  return arith::ConstantOp::create(
      at.builder, at.loc,
      DenseElementsAttr::get(
          type, at.builder.getIntegerAttr(type.getElementType(), value)));
}

/// A table of the values of consecutive codes, its length a power of two: what
/// lies beyond `values` repeats its last entry.
static Value emitLookup(DecodeBuilder &at, Value codes,
                        ArrayRef<float> values) {
  SmallVector<float> entries(values);
  entries.resize(llvm::PowerOf2Ceil(values.size()), values.back());
  auto type = VectorType::get(entries.size(), at.builder.getF32Type());
  Value table = arith::ConstantOp::create(
      at.builder, at.loc, DenseElementsAttr::get(type, ArrayRef(entries)));
  return LookupOp::create(at.builder, at.loc,
                          lanes(at, at.builder.getF32Type()), codes, table);
}

//===----------------------------------------------------------------------===//
// Stages without state
//===----------------------------------------------------------------------===//

FailureOr<Value> HadamardAttr::emitDecode(DecodeBuilder &at, Value) const {
  return emitError(at.loc, "a rotation is not part of a decoder; "
                           "zq-move-rotations takes it out of the codec");
}

FailureOr<Value> ScaleAttr::emitDecode(DecodeBuilder &at, Value main) const {
  SmallVector<int64_t> group(getBlock());
  if (isPerTensor())
    group.assign(at.shape.size(), 0);
  OpBuilder &b = at.builder;
  Value scale = emitToF32(b, at.loc, at.loadPerGroup(at.streams[0], group));
  if (getZero()) {
    Value zero = at.loadPerGroup(at.streams[1], group);
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

FailureOr<Value> QuantizeAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  auto f32 = lanes(at, b.getF32Type());
  if (auto integer = dyn_cast<IntegerType>(getType())) {
    auto i32 = lanes(at, b.getI32Type());
    Value wide = arith::ExtUIOp::create(b, at.loc, i32, main);
    if (integer.isSigned()) {
      Value places = splat(at, 32, 32 - integer.getWidth());
      wide = arith::ShLIOp::create(b, at.loc, wide, places);
      wide = arith::ShRSIOp::create(b, at.loc, wide, places);
    }
    return arith::SIToFPOp::create(b, at.loc, f32, wide).getResult();
  }
  auto format = *toMinifloat(getType());
  // Where the values fit one or two registers a lookup is the shortest way.
  if (format.bits() > 5)
    return emitMinifloatToF32(b, at.loc, main, format);
  SmallVector<float> values;
  for (int code = 0; code < (1 << format.bits()); ++code)
    values.push_back(::zq::codec::decodeMinifloat(format, code));
  return emitLookup(at, main, values);
}

FailureOr<Value> LookupAttr::emitDecode(DecodeBuilder &at, Value main) const {
  return emitLookup(at, main, getTable().asArrayRef());
}

FailureOr<Value> FieldsAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  auto i16 = lanes(at, b.getI16Type());
  Value rest = at.load(at.streams[0], at.position, at.width, at.isExact());
  rest = arith::ExtUIOp::create(b, at.loc, i16, rest);
  Value exponent = arith::ExtUIOp::create(b, at.loc, i16, main);
  Value sign = arith::ShLIOp::create(
      b, at.loc, arith::AndIOp::create(b, at.loc, rest, splat(at, 16, 0x80)),
      splat(at, 16, 8));
  Value mantissa = arith::AndIOp::create(b, at.loc, rest, splat(at, 16, 0x7f));
  Value bits = arith::ShLIOp::create(b, at.loc, exponent, splat(at, 16, 7));
  bits = arith::OrIOp::create(b, at.loc, bits, mantissa);
  bits = arith::OrIOp::create(b, at.loc, bits, sign);
  return arith::BitcastOp::create(b, at.loc, lanes(at, getType()), bits)
      .getResult();
}

FailureOr<Value> PackAttr::emitDecode(DecodeBuilder &at, Value) const {
  OpBuilder &b = at.builder;
  int64_t bits = cast<IntegerType>(at.input).getWidth();
  SmallVector<Value> place(at.position);
  if (bits != 8) {
    // Blocks begin on a byte: eight codes fill `bits` of them, so that the
    // product is divided without a rest.
    place.back() = arith::DivUIOp::create(
        b, at.loc,
        arith::MulIOp::create(b, at.loc, place.back(), at.index(bits)),
        at.index(8));
  }
  Value bytes =
      at.load(at.streams[0], place, at.width * bits / 8, at.isExact());
  if (bits == 8)
    return bytes;
  return UnpackOp::create(b, at.loc, lanes(at, b.getI8Type()), bytes, bits)
      .getResult();
}

//===----------------------------------------------------------------------===//
// Huffman: the state is a position in the stream, in bits
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> HuffmanAttr::emitInit(DecodeBuilder &at) const {
  OpBuilder &b = at.builder;
  SmallVector<Value> chunk(at.position);
  chunk.back() =
      arith::DivUIOp::create(b, at.loc, chunk.back(), at.index(getChunk()));
  Value offset = tensor::ExtractOp::create(b, at.loc, at.streams[1], chunk);
  offset = arith::IndexCastUIOp::create(b, at.loc, b.getIndexType(), offset);
  Value bit = arith::MulIOp::create(b, at.loc, offset, at.index(8));
  return SmallVector<Value>{bit};
}

FailureOr<Value> HuffmanAttr::emitDecode(DecodeBuilder &at, Value) const {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  Value table = at.streams[0], bits = at.streams[2];
  Type i64 = b.getI64Type();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  };

  // A word of 64 bits that begins on a byte has at least 57 unread ones.
  const int64_t perWord = std::max<int64_t>(1, 57 / getLength());
  // Whatever the stream says, a word is read inside of it: its slack of eight
  // bytes makes the clamp harmless for a stream that is intact.
  Value size = tensor::DimOp::create(b, loc, bits, 0);
  Value lastWord = arith::SubIOp::create(b, loc, size, at.index(8));

  Value position = at.state[0], word;
  SmallVector<Value> symbols;
  for (int64_t lane = 0; lane < at.width; ++lane) {
    if (lane % perWord == 0) {
      Value byte = arith::ShRUIOp::create(b, loc, position, at.index(3));
      byte = arith::MinUIOp::create(b, loc, byte, lastWord);
      Value bytes = at.load(bits, byte, 8, /*exact=*/true);
      Value loaded =
          vector::BitCastOp::create(b, loc, VectorType::get(1, i64), bytes);
      word = vector::ExtractOp::create(b, loc, loaded, 0);
      Value within = arith::AndIOp::create(b, loc, position, at.index(7));
      word = arith::ShRUIOp::create(
          b, loc, word, arith::IndexCastUIOp::create(b, loc, i64, within));
    }
    Value slot = arith::AndIOp::create(
        b, loc, word, constant((int64_t(1) << getLength()) - 1));
    slot = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), slot);
    Value entry = tensor::ExtractOp::create(b, loc, table, slot);
    symbols.push_back(arith::TruncIOp::create(b, loc, b.getI8Type(), entry));
    // Masked, so that no table can ask for a shift beyond the word.
    Value length = arith::AndIOp::create(
        b, loc,
        arith::ShRUIOp::create(
            b, loc, arith::ExtUIOp::create(b, loc, i64, entry), constant(8)),
        constant(31));
    word = arith::ShRUIOp::create(b, loc, word, length);
    position = arith::AddIOp::create(
        b, loc, position,
        arith::IndexCastUIOp::create(b, loc, b.getIndexType(), length));
  }
  at.state = {position};
  return vector::FromElementsOp::create(b, loc, lanes(at, b.getI8Type()),
                                        symbols)
      .getResult();
}

//===----------------------------------------------------------------------===//
// A decoder of the module
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> CustomAttr::emitInit(DecodeBuilder &at) const {
  auto decoder =
      SymbolTable::lookupNearestSymbolFrom<DecoderOp>(at.scope, getDecoder());
  return decoder.inlineRegion(at.builder, at.loc, decoder.getInit(), at.streams,
                              at.position, {});
}

FailureOr<Value> CustomAttr::emitDecode(DecodeBuilder &at, Value) const {
  OpBuilder &b = at.builder;
  auto decoder =
      SymbolTable::lookupNearestSymbolFrom<DecoderOp>(at.scope, getDecoder());
  int64_t block = decoder.getBlockLength();

  // A block of ours is one or more of the decoder's. The last one of a row has
  // `left` elements.
  int64_t length = at.shape.back();
  int64_t left = length - (length - 1) / at.width * at.width;
  Value lastBlock = left <= at.width - block
                        ? at.index((length - 1) / block * block)
                        : Value();
  Value result;
  for (int64_t begin = 0; begin < at.width; begin += block) {
    SmallVector<Value> place(at.position);
    if (begin)
      place.back() =
          arith::AddIOp::create(b, at.loc, place.back(), at.index(begin));
    // The decoder knows of no block that lies beyond the end of a row as a
    // whole; ours may, and drops what it gets there.
    if (begin >= left)
      place.back() = arith::MinUIOp::create(b, at.loc, place.back(), lastBlock);
    SmallVector<Value> yielded = decoder.inlineRegion(
        b, at.loc, decoder.getBody(), at.streams, place, at.state);
    Value part = yielded.front();
    at.state.assign(yielded.begin() + 1, yielded.end());
    if (block == at.width)
      return part;
    if (!result)
      result = arith::ConstantOp::create(
          b, at.loc, b.getZeroAttr(lanes(at, decoder.getYieldedElementType())));
    result = vector::InsertStridedSliceOp::create(b, at.loc, part, result,
                                                  ArrayRef<int64_t>{begin},
                                                  ArrayRef<int64_t>{1});
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Hadamard as a transform
//===----------------------------------------------------------------------===//

Value HadamardAttr::emitTransform(OpBuilder &b, Location loc, Value values,
                                  Value begin, int64_t length,
                                  bool inverse) const {
  auto type = cast<VectorType>(values.getType());
  int64_t size = type.getNumElements();

  // The signs of the whole axis, of which the block's are a slice.
  SmallVector<float> signs;
  for (int64_t i = 0; i < length; ++i)
    signs.push_back(::zq::codec::hadamardSign(getSeed(), i));
  auto signsType = RankedTensorType::get(length, b.getF32Type());
  Value allSigns = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(signsType, ArrayRef(signs)));
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  bool inBounds[] = {true};
  Value sign = vector::TransferReadOp::create(b, loc, type, allSigns, begin,
                                              std::optional<Value>(zero),
                                              ArrayRef<bool>(inBounds));

  if (!inverse)
    values = arith::MulFOp::create(b, loc, values, sign);
  for (int64_t stride = 1; stride < size; stride *= 2) {
    // Lanes that differ in one bit of their index meet: (a + b, a - b).
    SmallVector<int64_t> low, high, back(size);
    for (int64_t i = 0; i < size; ++i) {
      bool isHigh = i & stride;
      back[i] = isHigh ? size / 2 + high.size() : low.size();
      (isHigh ? high : low).push_back(i);
    }
    Value a = vector::ShuffleOp::create(b, loc, values, values, low);
    Value c = vector::ShuffleOp::create(b, loc, values, values, high);
    Value sum = arith::AddFOp::create(b, loc, a, c);
    Value difference = arith::SubFOp::create(b, loc, a, c);
    values = vector::ShuffleOp::create(b, loc, sum, difference, back);
  }
  float factor = static_cast<float>(1.0 / std::sqrt(double(size)));
  values = arith::MulFOp::create(
      b, loc, values,
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, factor)));
  if (inverse)
    values = arith::MulFOp::create(b, loc, values, sign);
  return values;
}
