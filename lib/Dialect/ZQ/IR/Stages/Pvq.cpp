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

/// Vectors that are decoded side by side, in a lane each; 0 where one is
/// decoded after the other: of those that are long, or whose numbers of pulses
/// a table in registers does not have.
static int64_t getVectorsAtOnce(PvqAttr stage) {
  return stage.getLength() <= 64 && stage.getPulses() < 256 ? 16 : 0;
}

int64_t PvqAttr::getGranule(Type, Operation *) const {
  return std::max<int64_t>(1, getVectorsAtOnce(*this)) * getLength();
}

// Of vectors side by side each element would be in a register of its own.
int64_t PvqAttr::getScalarGranule(Type, Operation *) const {
  return getLength();
}

// A lane's coordinate is passed by in a few steps of ten operations; alone,
// each is counted down to, one after the other.
StageCost PvqAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return getVectorsAtOnce(*this) ? StageCost{50, 0} : StageCost{2, 100};
}

bool PvqAttr::isLossless() const { return false; }

//===----------------------------------------------------------------------===//
// A vector in each lane
//===----------------------------------------------------------------------===//

namespace {
/// Emits the decoding of a block's codes side by side.
class PvqLanes {
public:
  PvqLanes(DecodeBuilder &at, const Pvq &pvq, int64_t pulses)
      : at(at), b(at.builder), loc(at.loc), pvq(pvq), pulses(pulses),
        type(VectorType::get(at.width / pvq.length(), b.getI32Type())) {}

  Value emit(Value codes);

private:
  Value constant(int64_t value) {
    return emitConstant(at, type,
                        SmallVector<int64_t>(type.getNumElements(), value));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value subtract(Value x, Value y) {
    return arith::SubIOp::create(b, loc, x, y);
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  Value emitCounts(int64_t after);
  Value emitCoordinate(int64_t after, Value &code, Value &left, Value &squares);
  Value interleave(SmallVector<Value> parts);

  DecodeBuilder &at;
  OpBuilder &b;
  Location loc;
  const Pvq &pvq;
  int64_t pulses;
  /// What there is of each vector.
  VectorType type;
};
} // namespace

/// N(`after`, k) for each number of pulses k, as bits of f32, which look-ups
/// move as they are.
Value PvqLanes::emitCounts(int64_t after) {
  SmallVector<int32_t> counts(llvm::PowerOf2Ceil(pulses + 1), 0);
  for (int64_t k = 0; k <= pulses; ++k)
    counts[k] = static_cast<uint32_t>(pvq.points(after, k));
  auto table = VectorType::get(counts.size(), b.getI32Type());
  return arith::BitcastOp::create(
      b, loc, table.clone(b.getF32Type()),
      arith::ConstantOp::create(
          b, loc, DenseElementsAttr::get(table, ArrayRef(counts))));
}

/// Passes over the vectors whose coordinate is 0, then 1 or -1, and so on,
/// until no lane has any left to pass. Returns the coordinate.
Value PvqLanes::emitCoordinate(int64_t after, Value &code, Value &left,
                               Value &squares) {
  Value table = emitCounts(after), zero = constant(0), one = constant(1);
  auto count = [&](Value pulsesLeft) -> Value {
    return arith::BitcastOp::create(b, loc, type,
                                    LookupOp::create(b, loc,
                                                     type.clone(b.getF32Type()),
                                                     pulsesLeft, table));
  };
  auto passes = [&](ValueRange state) {
    return compare(arith::CmpIPredicate::uge, state[0], state[2]);
  };
  // The code among those left, the pulses after the coordinate, the vectors
  // that have it, of either sign.
  SmallVector<Value> begin{code, left, count(left)};
  auto loop = scf::WhileOp::create(
      b, loc, TypeRange(ValueRange(begin)), begin,
      [&](OpBuilder &, Location, ValueRange state) {
        Value any = vector::ReductionOp::create(
            b, loc, vector::CombiningKind::OR, passes(state));
        scf::ConditionOp::create(b, loc, any, state);
      },
      [&](OpBuilder &, Location, ValueRange state) {
        Value pass = passes(state);
        Value next = subtract(state[1], one), either = count(next);
        scf::YieldOp::create(
            b, loc,
            ValueRange{select(pass, subtract(state[0], state[2]), state[0]),
                       select(pass, next, state[1]),
                       select(pass, add(either, either), state[2])});
      });
  code = loop.getResult(0);
  Value magnitude = subtract(left, loop.getResult(1));
  left = loop.getResult(1);
  Value half = arith::ShRUIOp::create(b, loc, loop.getResult(2), one);
  Value isNegative = arith::AndIOp::create(
      b, loc, compare(arith::CmpIPredicate::ne, magnitude, zero),
      compare(arith::CmpIPredicate::uge, code, half));
  code = select(isNegative, subtract(code, half), code);
  squares = add(squares, arith::MulIOp::create(b, loc, magnitude, magnitude));
  return select(isNegative, subtract(zero, magnitude), magnitude);
}

/// The first lanes of all parts, then the second ones: in pairs as long as that
/// goes, which are shuffles of two registers.
Value PvqLanes::interleave(SmallVector<Value> parts) {
  while (parts.size() % 2 == 0) {
    size_t half = parts.size() / 2;
    for (size_t i = 0; i < half; ++i)
      parts[i] =
          vector::InterleaveOp::create(b, loc, parts[i], parts[i + half]);
    parts.resize(half);
  }
  if (parts.size() == 1)
    return parts.front();
  int64_t count = parts.size(),
          length = cast<VectorType>(parts.front().getType()).getNumElements();
  SmallVector<int64_t> order;
  for (int64_t lane = 0; lane < count * length; ++lane)
    order.push_back(lane % count * length + lane / count);
  Value all = emitConcatenation(at, parts);
  return vector::ShuffleOp::create(b, loc, all, all, order);
}

Value PvqLanes::emit(Value codes) {
  if (codes.getType() != type)
    codes = arith::ExtUIOp::create(b, loc, type, codes);
  // A code that numbers no vector is taken for the last one, so that the loops
  // end.
  Value code = arith::MinUIOp::create(b, loc, codes,
                                      constant(int64_t(pvq.numCodes() - 1)));
  Value left = constant(pulses), squares = constant(0);
  SmallVector<Value> coordinates;
  for (int64_t i = 0; i < pvq.length(); ++i)
    coordinates.push_back(
        emitCoordinate(pvq.length() - i - 1, code, left, squares));
  auto f32 = type.clone(b.getF32Type());
  Value norm = math::SqrtOp::create(
      b, loc, arith::SIToFPOp::create(b, loc, f32, squares));
  for (Value &coordinate : coordinates)
    coordinate = arith::DivFOp::create(
        b, loc, arith::SIToFPOp::create(b, loc, f32, coordinate), norm);
  return interleave(std::move(coordinates));
}

//===----------------------------------------------------------------------===//
// Vector after vector
//===----------------------------------------------------------------------===//

namespace {
/// Emits the decoding of a block's codes, one after the other.
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
  if (getVectorsAtOnce(*this))
    return PvqLanes(at, reference, getPulses()).emit(main);
  emitRemark(at.loc)
      << "pvq decodes one coordinate after the other: vectors have "
      << getLength() << " elements and " << getPulses()
      << " pulses, and lanes are for at most 64 and 255";
  return PvqDecode(at, reference, getPulses()).emit(main);
}
