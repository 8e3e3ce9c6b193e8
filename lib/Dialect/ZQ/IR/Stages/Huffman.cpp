//===- Huffman.cpp - Codes to a Huffman code ---------------------------===//
#include "EntropySupport.h"

#include "zq/Codec/Huffman.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult HuffmanAttr::verify(ErrorFn emitError, int64_t chunk,
                                  int64_t length) {
  if (failed(verifyChunk(emitError, chunk, "(huffman 1)")))
    return failure();
  if (length < 1 || length > 16)
    return emitError()
           << "(huffman 2) the longest code has 1 to 16 bits, and not "
           << length;
  return success();
}

LogicalResult HuffmanAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                       Type input) const {
  if (failed(verifyCodes(emitError, input, "huffman")))
    return failure();
  if (getLength() < getBits(input))
    return emitError() << "(T3) 'huffman' with codes of at most " << getLength()
                       << " bits cannot tell " << (1 << getBits(input))
                       << " symbols apart";
  return success();
}

Type HuffmanAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult HuffmanAttr::getParts(int64_t rank, Type, Operation *,
                                    SmallVectorImpl<Part> &parts) const {
  MLIRContext *context = getContext();
  SmallVector<AffineExpr> chunks = getDims(context, rank);
  chunks.back() = chunks.back().ceilDiv(getChunk());
  addStream(parts, context, "table", IntegerType::get(context, 16), rank,
            getAffineConstantExpr(int64_t(1) << getLength(), context));
  addStream(parts, context, "offsets", IntegerType::get(context, 32), rank,
            chunks);
  addDataStream(parts, context, "bits", 8, rank);
  return success();
}

int64_t HuffmanAttr::getChunk(Operation *) const { return getChunk(); }
int64_t HuffmanAttr::getGranule(Type, Operation *) const { return 1; }

Reference HuffmanAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Huffman>(getBits(input), getChunk(),
                                                getLength());
}

/// The most codes of a chunk that are decoded at once: those of eight rows fit
/// a first cache.
static constexpr int64_t largestBuffer = 2048;

// A lookup for several codes; one by one, on GPUs and in long chunks, bits, a
// lookup and a shift wait for the one before.
StageCost HuffmanAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {0, getChunk() <= largestBuffer ? 4.0 : 16.0};
}

bool HuffmanAttr::isLossless() const { return true; }

// 2.6e9 codes a second, and 0.7e9 one by one.
double HuffmanAttr::getCodesCost(Type) const {
  return getChunk() <= largestBuffer ? 160 : 600;
}

/// Whether the state is the codes of a chunk, and not a place in the bits.
static bool isBuffered(const DecodeBuilder &at, int64_t chunk) {
  return at.buffersChunks && chunk <= largestBuffer;
}

FailureOr<SmallVector<Value>> HuffmanAttr::emitInit(DecodeBuilder &at) const {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  SmallVector<Value> chunk(at.position);
  chunk.back() =
      arith::DivUIOp::create(b, loc, chunk.back(), at.index(getChunk()));
  Value bit =
      arith::MulIOp::create(b, loc, emitOffset(at, 1, chunk), at.index(8));
  if (!isBuffered(at, getChunk()))
    return SmallVector<Value>{bit};

  const int64_t length = at.shape.back();
  Value left =
      arith::SubIOp::create(b, loc, at.index(length), at.position.back());
  Value count = arith::MinUIOp::create(b, loc, left, at.index(getChunk()));
  Value entries = PrefixTableOp::create(
      b, loc,
      RankedTensorType::get(int64_t(1) << PrefixTableOp::lookupBits,
                            b.getI64Type()),
      at.stream(0));
  // Whole blocks are read from it, if there are any.
  int64_t columns = std::min<int64_t>(
      getChunk(), llvm::alignTo(std::max<int64_t>(length, 1), at.width));
  Value codes = tensor::EmptyOp::create(
      b, loc, {1, columns + PrefixChunksOp::slack}, b.getI8Type());
  return SmallVector<Value>{PrefixChunksOp::create(
      b, loc, at.stream(2), count, at.stream(0), entries, codes, bit)};
}

/// The block's codes, which lie in the state.
static Value emitBufferedCodes(DecodeBuilder &at, int64_t chunk) {
  OpBuilder &b = at.builder;
  Value within =
      arith::RemUIOp::create(b, at.loc, at.position.back(), at.index(chunk));
  Value zero = arith::ConstantOp::create(b, at.loc, b.getI8IntegerAttr(0));
  bool inBounds[] = {true};
  return vector::TransferReadOp::create(
      b, at.loc, VectorType::get(at.width, b.getI8Type()), at.state.front(),
      ValueRange{at.index(0), within}, std::optional<Value>(zero),
      ArrayRef<bool>(inBounds));
}

FailureOr<Value> HuffmanAttr::emitDecode(DecodeBuilder &at, Value) const {
  if (isBuffered(at, getChunk()))
    return emitBufferedCodes(at, getChunk());
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  Value table = at.stream(0);
  Type i64 = b.getI64Type();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  };

  // A word of 64 bits that begins on a byte has at least 57 unread ones.
  const int64_t perWord = std::max<int64_t>(1, 57 / getLength());
  Value position = at.state[0], word;
  SmallVector<Value> symbols;
  for (int64_t lane = 0; lane < at.width; ++lane) {
    if (lane % perWord == 0) {
      Value byte = arith::ShRUIOp::create(b, loc, position, at.index(3));
      Value bytes = emitLoad(at, 2, byte, 8);
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
  return vector::FromElementsOp::create(b, loc, getLanes(at, b.getI8Type()),
                                        symbols)
      .getResult();
}
