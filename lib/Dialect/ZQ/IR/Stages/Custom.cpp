//===- Custom.cpp - A decoder of the module ----------------------------===//
#include "StageSupport.h"

using namespace mlir;
using namespace mlir::zq;

static DecoderOp lookUpDecoder(CustomAttr custom, Operation *scope) {
  if (!scope)
    return {};
  return SymbolTable::lookupNearestSymbolFrom<DecoderOp>(scope,
                                                         custom.getDecoder());
}

LogicalResult CustomAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  return verifyValues(emitError, input, "decoder");
}

Type CustomAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult CustomAttr::getParts(int64_t rank, Type, Operation *scope,
                                   SmallVectorImpl<Part> &parts) const {
  DecoderOp decoder = lookUpDecoder(*this, scope);
  if (!decoder || decoder.getRank() != rank)
    return failure();
  for (StreamAttr stream : decoder.getStreamAttrs())
    parts.push_back({stream, CodecAttr()});
  return success();
}

int64_t CustomAttr::getGranule(Type, Operation *scope) const {
  DecoderOp decoder = lookUpDecoder(*this, scope);
  return decoder ? decoder.getBlockLength() : 1;
}

int64_t CustomAttr::getChunk(Operation *scope) const {
  DecoderOp decoder = lookUpDecoder(*this, scope);
  return decoder ? decoder.getChunkLength() : 0;
}

Reference CustomAttr::getReference(Type) const { return nullptr; }

// What its region computes; a loop in it is counted once.
StageCost CustomAttr::getCost(ArrayRef<int64_t>, Type, Operation *scope) const {
  StageCost cost;
  DecoderOp decoder = lookUpDecoder(*this, scope);
  if (!decoder)
    return cost;
  decoder.getBody().walk([&](Operation *op) {
    bool isVector =
        llvm::any_of(op->getResultTypes(), llvm::IsaPred<VectorType>);
    if (op->getNumResults() && !op->hasTrait<OpTrait::ConstantLike>())
      (isVector ? cost.vector : cost.scalar) += 1;
  });
  // An op on a vector is one for each value, a scalar one for a block.
  cost.scalar /= decoder.getBlockLength();
  return cost;
}

bool CustomAttr::isLossless() const { return false; }

/// The streams of the decoder.
static SmallVector<Value> getAllStreams(DecodeBuilder &at) {
  SmallVector<Value> streams;
  for (size_t i = 0; i < at.parts.size(); ++i)
    streams.push_back(at.stream(i));
  return streams;
}

FailureOr<SmallVector<Value>> CustomAttr::emitInit(DecodeBuilder &at) const {
  auto decoder =
      SymbolTable::lookupNearestSymbolFrom<DecoderOp>(at.scope, getDecoder());
  return decoder.inlineRegion(at.builder, at.loc, decoder.getInit(),
                              getAllStreams(at), at.position, {});
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
        b, at.loc, decoder.getBody(), getAllStreams(at), place, at.state);
    Value part = yielded.front();
    at.state.assign(yielded.begin() + 1, yielded.end());
    if (block == at.width)
      return part;
    if (!result)
      result = arith::ConstantOp::create(
          b, at.loc,
          b.getZeroAttr(getLanes(at, decoder.getYieldedElementType())));
    result = vector::InsertStridedSliceOp::create(b, at.loc, part, result,
                                                  ArrayRef<int64_t>{begin},
                                                  ArrayRef<int64_t>{1});
  }
  return result;
}
