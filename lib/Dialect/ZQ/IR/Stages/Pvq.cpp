//===- Pvq.cpp - Pyramid vector quantization ------------------------------===//
#include "VectorQuantizers.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "zq/Codec/Pvq.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Pvq;

LogicalResult PvqAttr::verify(ErrorFn emitError, int64_t length,
                              int64_t pulses) {
  if (length < 1 || length > Pvq::maxLength)
    return emitError() << "(pvq 1) the length is 1 to " << Pvq::maxLength
                       << ", and not " << length;
  if (pulses < 1 || pulses > Pvq::maxPulses)
    return emitError() << "(pvq 2) there are 1 to " << Pvq::maxPulses
                       << " pulses, and not " << pulses;
  if (Pvq::countPoints(length, pulses) > int64_t(1) << 32)
    return emitError() << "(pvq 3) there are more than 2^32 vectors of "
                       << length << " elements with " << pulses << " pulses";
  return success();
}

LogicalResult PvqAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                   Type input) const {
  return verifyValues(emitError, input, "pvq");
}

Type PvqAttr::getOutput(Type) const {
  return IntegerType::get(getContext(),
                          Pvq(getLength(), getPulses()).codeBits());
}

LogicalResult PvqAttr::getParts(int64_t, Type, Operation *,
                                SmallVectorImpl<Part> &) const {
  return success();
}

SmallVector<MainRatio> PvqAttr::getMainRatios(int64_t rank) const {
  return getRowRatios(rank, getLength());
}

Reference PvqAttr::getReference(Type) const {
  return std::make_shared<Pvq>(getLength(), getPulses());
}

// Each coordinate is counted down to, one after the other.
StageCost PvqAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {2, 100};
}

bool PvqAttr::isLossless() const { return false; }

namespace {
/// Emits the decoding of a block's codes.
class PvqDecode {
public:
  PvqDecode(DecodeBuilder &at, const Pvq &pvq, int64_t pulses)
      : b(at.builder), loc(at.loc), pvq(pvq), pulses(pulses), width(at.width),
        numVectors(at.width / pvq.length()) {
    // N(l, k) at l * (pulses + 1) + k, for l < length: they fit 32 bits.
    SmallVector<int32_t> counts;
    for (int l = 0; l < pvq.length(); ++l)
      for (int k = 0; k <= pulses; ++k)
        counts.push_back(static_cast<uint32_t>(pvq.points(l, k)));
    auto type = RankedTensorType::get(counts.size(), b.getI32Type());
    table = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, ArrayRef(counts)));
  }

  Value emit(Value codes);

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value integer(int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value subtract(Value x, Value y) {
    return arith::SubIOp::create(b, loc, x, y);
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }
  /// N of so many coordinates (as the beginning of their row in the table) and
  /// pulses.
  Value count(Value row, Value left) {
    Value entry = tensor::ExtractOp::create(b, loc, table, add(row, left));
    return arith::ExtUIOp::create(b, loc, b.getI64Type(), entry);
  }
  scf::WhileOp emitMagnitude(Value row, Value code, Value left);
  SmallVector<Value> emitCoordinate(Value first, Value i, ValueRange state);
  SmallVector<Value> emitVector(Value codes, Value number, ValueRange state);

  OpBuilder &b;
  Location loc;
  const Pvq &pvq;
  int64_t pulses, width, numVectors;
  Value table;
};
} // namespace

/// Passes over the vectors whose coordinate is 0, then 1 or -1, and so on.
/// Results: the code among those left, the magnitude, the number of vectors
/// with it.
scf::WhileOp PvqDecode::emitMagnitude(Value row, Value code, Value left) {
  SmallVector<Value> initial{code, index(0), count(row, left)};
  return scf::WhileOp::create(
      b, loc, TypeRange{b.getI64Type(), b.getIndexType(), b.getI64Type()},
      initial,
      [&](OpBuilder &, Location, ValueRange state) {
        Value passes = compare(arith::CmpIPredicate::uge, state[0], state[2]);
        scf::ConditionOp::create(b, loc, passes, state);
      },
      [&](OpBuilder &, Location, ValueRange state) {
        Value magnitude = add(state[1], index(1));
        Value either = count(row, subtract(left, magnitude));
        scf::YieldOp::create(b, loc,
                             ValueRange{subtract(state[0], state[2]), magnitude,
                                        add(either, either)});
      });
}

/// Decodes coordinate `i` of the vector that begins at lane `first`. The state
/// is the code, the pulses that are left, the sum of squares and the
/// coordinates of the block so far.
SmallVector<Value> PvqDecode::emitCoordinate(Value first, Value i,
                                             ValueRange state) {
  Value left = state[1];
  Value row = arith::MulIOp::create(
      b, loc, subtract(index(pvq.length() - 1), i), index(pulses + 1));
  scf::WhileOp found = emitMagnitude(row, state[0], left);
  Value code = found.getResult(0), magnitude = found.getResult(1);
  Value half = arith::ShRUIOp::create(b, loc, found.getResult(2), integer(1));
  Value isNegative = arith::AndIOp::create(
      b, loc, compare(arith::CmpIPredicate::ne, magnitude, index(0)),
      compare(arith::CmpIPredicate::uge, code, half));
  code = subtract(
      code, arith::SelectOp::create(b, loc, isNegative, half, integer(0)));

  Type f32 = b.getF32Type();
  Value size = arith::IndexCastUIOp::create(b, loc, b.getI32Type(), magnitude);
  Value value = arith::SIToFPOp::create(b, loc, f32, size);
  value = arith::SelectOp::create(b, loc, isNegative,
                                  arith::NegFOp::create(b, loc, value), value);
  Value squares = add(state[2], arith::MulIOp::create(b, loc, size, size));
  Value all = vector::InsertOp::create(b, loc, value, state[3],
                                       OpFoldResult(add(first, i)));
  return {code, subtract(left, magnitude), squares, all};
}

/// Decodes vector `number` of the block. The state is the coordinates and the
/// norms of the block so far.
SmallVector<Value> PvqDecode::emitVector(Value codes, Value number,
                                         ValueRange state) {
  Value code = vector::ExtractOp::create(b, loc, codes, OpFoldResult(number));
  code = arith::ExtUIOp::create(b, loc, b.getI64Type(), code);
  // A code that numbers no vector is taken for the last one, so that the loops
  // end and stay within the table.
  code = arith::MinUIOp::create(b, loc, code, integer(pvq.numCodes() - 1));
  Value first = arith::MulIOp::create(b, loc, number, index(pvq.length()));
  Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
  auto loop = scf::ForOp::create(
      b, loc, index(0), index(pvq.length()), index(1),
      ValueRange{code, index(pulses), zero, state[0]},
      [&](OpBuilder &, Location, Value i, ValueRange own) {
        scf::YieldOp::create(b, loc, emitCoordinate(first, i, own));
      });
  Value norm = math::SqrtOp::create(
      b, loc,
      arith::SIToFPOp::create(b, loc, b.getF32Type(), loop.getResult(2)));
  Value norms =
      vector::InsertOp::create(b, loc, norm, state[1], OpFoldResult(number));
  return {loop.getResult(3), norms};
}

Value PvqDecode::emit(Value codes) {
  auto zeros = [&](int64_t count) -> Value {
    auto type = VectorType::get(count, b.getF32Type());
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  };
  auto loop = scf::ForOp::create(
      b, loc, index(0), index(numVectors), index(1),
      ValueRange{zeros(width), zeros(numVectors)},
      [&](OpBuilder &, Location, Value number, ValueRange state) {
        scf::YieldOp::create(b, loc, emitVector(codes, number, state));
      });
  SmallVector<int64_t> owners;
  for (int64_t lane = 0; lane < width; ++lane)
    owners.push_back(lane / pvq.length());
  Value norms = loop.getResult(1);
  return arith::DivFOp::create(
      b, loc, loop.getResult(0),
      vector::ShuffleOp::create(b, loc, norms, norms, owners));
}

FailureOr<Value> PvqAttr::emitDecode(DecodeBuilder &at, Value main) const {
  Pvq reference(getLength(), getPulses());
  return PvqDecode(at, reference, getPulses()).emit(main);
}
