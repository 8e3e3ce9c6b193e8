//===- EntropySupport.cpp - Reading streams of data-dependent length ------===//
#include "EntropySupport.h"

#include "zq/Dialect/ZQ/IR/SharedBlocks.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult mlir::zq::verifyChunk(ErrorFn emitError, int64_t chunk,
                                    StringRef label) {
  // A multiple of 64 keeps every block of a vector unit inside one chunk.
  if (chunk >= 64 && chunk % 64 == 0 && chunk <= largestChunk)
    return success();
  return emitError() << label
                     << " a chunk is a multiple of 64 symbols, at most "
                        "1048576, and not "
                     << chunk;
}

void mlir::zq::addDataStream(SmallVectorImpl<Part> &parts, MLIRContext *context,
                             StringRef name, unsigned bits, int64_t rank) {
  addStream(parts, context, name, IntegerType::get(context, bits), rank,
            getAffineSymbolExpr(0, context), /*numSymbols=*/1);
}

Value mlir::zq::emitOffset(DecodeBuilder &at, unsigned index,
                           ValueRange place) {
  Value entry =
      tensor::ExtractOp::create(at.builder, at.loc, at.stream(index), place);
  return arith::IndexCastUIOp::create(at.builder, at.loc,
                                      at.builder.getIndexType(), entry);
}

Value mlir::zq::emitLoad(DecodeBuilder &at, unsigned index, Value position,
                         int64_t length) {
  OpBuilder &b = at.builder;
  Value size = tensor::DimOp::create(b, at.loc, at.stream(index), 0);
  Value last = arith::SubIOp::create(b, at.loc, size, at.index(length));
  position = arith::MinUIOp::create(b, at.loc, position, last);
  return at.loadStream(index, position, length, /*exact=*/true);
}

Value mlir::zq::emitCount(DecodeBuilder &at, Value mask) {
  OpBuilder &b = at.builder;
  auto type = cast<VectorType>(mask.getType()).clone(b.getI8Type());
  Value ones = arith::ExtUIOp::create(b, at.loc, type, mask);
  Value count =
      vector::ReductionOp::create(b, at.loc, vector::CombiningKind::ADD, ones);
  return arith::IndexCastUIOp::create(b, at.loc, b.getIndexType(), count);
}

Value mlir::zq::emitTake(DecodeBuilder &at, unsigned index, Value mask,
                         Value passthru, Value &position) {
  int64_t lanes = cast<VectorType>(mask.getType()).getNumElements();
  Value bytes = emitLoad(at, index, position, lanes);
  position =
      arith::AddIOp::create(at.builder, at.loc, position, emitCount(at, mask));
  return ExpandOp::create(at.builder, at.loc, bytes, mask, passthru);
}

Value mlir::zq::emitSharedLoad(DecodeBuilder &at, SharedBlock &shared,
                               unsigned index, Value position, int64_t length) {
  OpBuilder &b = at.builder;
  Value size = tensor::DimOp::create(b, at.loc, at.stream(index), 0);
  Value last = arith::SubIOp::create(b, at.loc, size, at.index(length));
  position = arith::MinUIOp::create(b, at.loc, position, last);
  int64_t own = length / shared.threads;
  Value before = arith::MulIOp::create(b, at.loc, shared.thread, at.index(own));
  position = arith::AddIOp::create(b, at.loc, position, before);
  return at.loadStream(index, position, own, /*exact=*/true);
}

Value mlir::zq::emitSharedTake(DecodeBuilder &at, SharedBlock &shared,
                               unsigned index, Value mask, Value passthru,
                               Value &position) {
  OpBuilder &b = at.builder;
  Value size = tensor::DimOp::create(b, at.loc, at.stream(index), 0), count;
  Value last = arith::SubIOp::create(b, at.loc, size, at.index(1));
  // Those that take none load the next one's, and do without it.
  SmallVector<Value> found;
  for (Value rank : shared.emitRanks(b, at.loc, mask, count)) {
    Value place = arith::AddIOp::create(b, at.loc, position, rank);
    place = arith::MinUIOp::create(b, at.loc, place, last);
    found.push_back(
        tensor::ExtractOp::create(b, at.loc, at.stream(index), place));
  }
  position = arith::AddIOp::create(b, at.loc, position, count);
  Value taken = vector::FromElementsOp::create(
      b, at.loc, cast<VectorType>(passthru.getType()), found);
  return arith::SelectOp::create(b, at.loc, mask, taken, passthru);
}

Value mlir::zq::emitPieces(DecodeBuilder &at, Value lanes, int64_t most,
                           function_ref<Value(Value piece)> emit) {
  OpBuilder &b = at.builder;
  int64_t count = cast<VectorType>(lanes.getType()).getNumElements();
  if (count <= most)
    return emit(lanes);
  Value result;
  for (int64_t begin = 0; begin < count; begin += most) {
    int64_t size = std::min(most, count - begin);
    Value part = emit(vector::ExtractStridedSliceOp::create(
        b, at.loc, lanes, ArrayRef<int64_t>{begin}, ArrayRef<int64_t>{size},
        ArrayRef<int64_t>{1}));
    if (!result) {
      auto element = getElementTypeOrSelf(part.getType());
      result = emitConstant(at, VectorType::get(count, element), 0);
    }
    result = vector::InsertStridedSliceOp::create(b, at.loc, part, result,
                                                  ArrayRef<int64_t>{begin},
                                                  ArrayRef<int64_t>{1});
  }
  return result;
}

Value mlir::zq::emitConstant(DecodeBuilder &at, Type type, int64_t value) {
  return splat(at.builder, at.loc, type, value);
}
