//===- Rans.cpp - Codes to table-driven rANS ------------------------------===//
#include "EntropySupport.h"

#include "zq/Codec/Rans.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::ransLanes;

LogicalResult RansAttr::verify(ErrorFn emitError, int64_t precision,
                               int64_t chunk) {
  if (precision < 1 || precision > 12)
    return emitError() << "(rans 1) the precision is 1 to 12 bits, and not "
                       << precision;
  return verifyChunk(emitError, chunk, "(rans 2)");
}

LogicalResult RansAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                    Type input) const {
  if (failed(verifyCodes(emitError, input, "rans")))
    return failure();
  if (getPrecision() < getBits(input))
    return emitError() << "(T3) 'rans' with a precision of " << getPrecision()
                       << " bits cannot tell " << (1 << getBits(input))
                       << " symbols apart";
  return success();
}

Type RansAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult RansAttr::getParts(int64_t rank, Type, Operation *,
                                 SmallVectorImpl<Part> &parts) const {
  MLIRContext *context = getContext();
  Type i32 = IntegerType::get(context, 32);
  SmallVector<AffineExpr> chunks = getDims(context, rank);
  chunks.back() = chunks.back().ceilDiv(getChunk());
  addStream(parts, context, "table", i32, rank,
            getAffineConstantExpr(int64_t(1) << getPrecision(), context));
  addStream(parts, context, "offsets", i32, rank, chunks);
  addDataStream(parts, context, "words", 16, rank);
  return success();
}

int64_t RansAttr::getChunk(Operation *) const { return getChunk(); }
int64_t RansAttr::getGranule(Type, Operation *) const { return ransLanes; }

Reference RansAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Rans>(getBits(input), getPrecision(),
                                             getChunk());
}

// Entries of the table come one by one, the rest in 32 lanes.
StageCost RansAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {20, 7};
}

bool RansAttr::isLossless() const { return true; }

// 1.25e9 codes a second (docs/Rationale.md, "Placement").
double RansAttr::getCodesCost(Type) const { return 340; }

//===----------------------------------------------------------------------===//
// Decoding: the states of the lanes, and a position in the words
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> RansAttr::emitInit(DecodeBuilder &at) const {
  OpBuilder &b = at.builder;
  SmallVector<Value> chunk(at.position);
  chunk.back() =
      arith::DivUIOp::create(b, at.loc, chunk.back(), at.index(getChunk()));
  Value position = emitOffset(at, 1, chunk);
  Value words = emitLoad(at, 2, position, 2 * ransLanes);
  Value states = vector::BitCastOp::create(
      b, at.loc, VectorType::get(ransLanes, b.getI32Type()), words);
  position =
      arith::AddIOp::create(b, at.loc, position, at.index(2 * ransLanes));
  return SmallVector<Value>{states, position};
}

/// One symbol of each lane.
static Value emitStep(DecodeBuilder &at, int64_t precision) {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  Value states = at.state[0], position = at.state[1];
  auto type = cast<VectorType>(states.getType());
  auto bytes = type.clone(b.getI8Type());
  auto constant = [&](int64_t value) { return emitConstant(at, type, value); };

  // Entries one by one: gathers are no faster on CPUs.
  Value slots = arith::AndIOp::create(b, loc, states,
                                      constant((int64_t(1) << precision) - 1));
  SmallVector<Value> found;
  for (int64_t lane = 0; lane < ransLanes; ++lane) {
    Value slot = vector::ExtractOp::create(b, loc, slots, lane);
    slot = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), slot);
    found.push_back(tensor::ExtractOp::create(b, loc, at.stream(0), slot));
  }
  Value entries = vector::FromElementsOp::create(b, loc, type, found);

  // x = frequency * (x >> precision) + slot - start
  Value frequencies = arith::AndIOp::create(
      b, loc, arith::ShRUIOp::create(b, loc, entries, constant(8)),
      constant(0xFFF));
  frequencies = arith::AddIOp::create(b, loc, frequencies, constant(1));
  Value next = arith::MulIOp::create(
      b, loc, frequencies,
      arith::ShRUIOp::create(b, loc, states, constant(precision)));
  next = arith::AddIOp::create(
      b, loc, next, arith::ShRUIOp::create(b, loc, entries, constant(20)));

  // Lanes below 2^16 take up a word each, by its two bytes.
  Value needy = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, next,
                                      constant(1 << 16));
  Value words = emitLoad(at, 2, position, ransLanes);
  Value taken = arith::ShLIOp::create(b, loc, next, constant(16));
  for (int64_t shift : {0, 8}) {
    Value byte = arith::ShRUIOp::create(
        b, loc, words, emitConstant(at, words.getType(), shift));
    byte = arith::TruncIOp::create(b, loc, bytes, byte);
    byte = ExpandOp::create(b, loc, byte, needy, emitConstant(at, bytes, 0));
    taken = arith::OrIOp::create(
        b, loc, taken,
        arith::ShLIOp::create(b, loc,
                              arith::ExtUIOp::create(b, loc, type, byte),
                              constant(shift)));
  }
  at.state = {arith::SelectOp::create(b, loc, needy, taken, next),
              arith::AddIOp::create(b, loc, position, emitCount(at, needy))};
  return arith::TruncIOp::create(b, loc, bytes, entries);
}

FailureOr<Value> RansAttr::emitDecode(DecodeBuilder &at, Value) const {
  // The value that is cut into pieces has nothing in it but their number.
  Value lanes = emitConstant(at, getLanes(at, at.builder.getI8Type()), 0);
  return emitPieces(at, lanes, ransLanes,
                    [&](Value) { return emitStep(at, getPrecision()); });
}
