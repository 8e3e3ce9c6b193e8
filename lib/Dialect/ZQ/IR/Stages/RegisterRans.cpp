//===- RegisterRans.cpp - rANS that fits vector registers -----------------===//
#include "EntropySupport.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "zq/Codec/RegisterRans.h"
#include "zq/Dialect/ZQ/IR/SharedBlocks.h"

using namespace mlir;
using namespace mlir::zq;

static constexpr int64_t numRanks = ::zq::codec::registerRansRanks;

/// Lanes that take up bytes at a time, within the slack of the streams.
static constexpr int64_t lanesAtOnce = ::zq::codec::registerRansSlack;

LogicalResult RegisterRansAttr::verify(ErrorFn emitError, int64_t lanes,
                                       int64_t rows) {
  if (lanes != 32 && lanes != 64 && lanes != 128 && lanes != 256)
    return emitError()
           << "(register_rans 1) there are 32, 64, 128 or 256 lanes, and not "
           << lanes;
  if (rows < 1)
    return emitError()
           << "(register_rans 2) a chunk has one row or more, and not " << rows;
  return success();
}

Attribute RegisterRansAttr::getRecoding(MLIRContext *context) {
  return get(context, /*lanes=*/64, /*rows=*/1);
}

LogicalResult RegisterRansAttr::verifyInput(ErrorFn emitError,
                                            ArrayRef<int64_t>,
                                            Type input) const {
  return verifyCodes(emitError, input, "register_rans");
}

Type RegisterRansAttr::getOutput(Type) const {
  return NoneType::get(getContext());
}

/// The stage for codes of type `input`.
static ::zq::codec::RegisterRans getStage(RegisterRansAttr stage, Type input) {
  return {int(getBits(input)), stage.getLanes(), stage.getRows()};
}

LogicalResult RegisterRansAttr::getParts(int64_t rank, Type input, Operation *,
                                         SmallVectorImpl<Part> &parts) const {
  MLIRContext *context = getContext();
  const bool hasEscapes = getStage(*this, input).hasEscapes();
  auto constant = [&](int64_t value) {
    return getAffineConstantExpr(value, context);
  };
  Type i8 = IntegerType::get(context, 8);
  addStream(parts, context, "frequencies", i8, rank, constant(numRanks));
  SmallVector<AffineExpr> chunks = getDims(context, rank);
  chunks.pop_back();
  if (chunks.empty())
    chunks.push_back(constant(1));
  else
    chunks.back() = chunks.back().ceilDiv(getRows());
  chunks.push_back(constant(hasEscapes ? 2 : 1));
  addStream(parts, context, "offsets", IntegerType::get(context, 32), rank,
            chunks);
  if (hasEscapes) {
    addStream(parts, context, "palette", i8, rank, constant(numRanks));
    addDataStream(parts, context, "escapes", 8, rank);
  }
  addDataStream(parts, context, "bits", 8, rank);
  return success();
}

/// Within a row the state never starts afresh.
int64_t RegisterRansAttr::getChunk(Operation *) const {
  return int64_t(1) << 40;
}

int64_t RegisterRansAttr::getRowsPerChunk() const { return getRows(); }

int64_t RegisterRansAttr::getGranule(Type, Operation *) const {
  return getLanes();
}

Reference RegisterRansAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::RegisterRans>(getStage(*this, input));
}

StageCost RegisterRansAttr::getCost(ArrayRef<int64_t>, Type,
                                    Operation *) const {
  return {16, 0};
}

bool RegisterRansAttr::isLossless() const { return true; }

// As measured, within a product and to bytes: 14.8e9 codes a second and, where
// escapes are compared, counted and expanded, 13.5e9, where 6.7e9 instructions
// are run.
double RegisterRansAttr::getCodesCost(Type input) const {
  return getStage(*this, input).hasEscapes() ? 32 : 29;
}

/// Lanes whose steps do not wait for one another, where codes are decoded in
/// registers: four vectors of 64.
static constexpr int64_t lanesInFlight = 256;

StageAttrInterface RegisterRansAttr::withLanes(Type, int64_t rank,
                                               int64_t lanes,
                                               int64_t depth) const {
  if (rank != 2)
    return *this;
  StageAttrInterface line = get(getContext(), lanesInFlight, /*rows=*/1);
  return PanelsAttr::get(getContext(), {lanes, depth},
                         CodecAttr::get(getContext(), line));
}

//===----------------------------------------------------------------------===//
// Decoding: low and high bytes of the lanes' states, and positions in the bits
// and the escapes
//===----------------------------------------------------------------------===//

namespace {
class Emitter {
public:
  Emitter(DecodeBuilder &at, RegisterRansAttr stage,
          SharedBlock *shared = nullptr)
      : at(at), b(at.builder), loc(at.loc), shared(shared),
        lanes(stage.getLanes()), threads(shared ? shared->threads : 1),
        own(lanes / threads),
        hasEscapes(getStage(stage, at.input).hasEscapes()),
        bits(hasEscapes ? 4 : 2), type(VectorType::get(own, b.getI8Type())) {
    loadModel();
  }

  SmallVector<Value> emitStart(ValueRange chunk);
  SmallVector<Value> skipRows(Value count, int64_t length,
                              SmallVector<Value> state);
  Value emitStep(SmallVectorImpl<Value> &state, Value used = {});

private:
  Value emitStepOfPieces(SmallVectorImpl<Value> &state, Value used);
  void loadModel();
  Value emitRanksOfSlots();
  Value emitRanks(Value low);
  Value emitFirst(int64_t count);
  std::pair<Value, Value> multiplyAddInWords(Value x, Value y, Value z);
  std::pair<Value, Value> multiplyAddEach(Value x, Value y, Value z);
  Value emitTakes(unsigned part, Value mask, Value passthru, Value &position);
  Value constant(Type type, int64_t value) {
    return emitConstant(at, type, value);
  }

  DecodeBuilder &at;
  OpBuilder &b;
  Location loc;
  /// The threads that share blocks; null where one decodes them.
  SharedBlock *shared;
  /// Lanes, the threads that share them, and how many this one has.
  int64_t lanes, threads, own;
  bool hasEscapes;
  /// The number of the part `bits`.
  unsigned bits;
  VectorType type;
  /// Of each rank.
  Value frequencies, starts, palette;
  /// The rank of each slot, or of this thread's part of them.
  Value ranksOfSlots;
};
} // namespace

void Emitter::loadModel() {
  frequencies = at.loadStream(0, at.index(0), numRanks, /*exact=*/true);
  if (hasEscapes)
    palette = at.loadStream(2, at.index(0), numRanks, /*exact=*/true);
  // The sum of the frequencies before: 256, of ranks without slots behind the
  // others, is 0 here.
  Value zero = constant(frequencies.getType(), 0);
  auto shiftUp = [&](Value value, int64_t shift) -> Value {
    SmallVector<int64_t> order;
    for (int64_t rank = 0; rank < numRanks; ++rank)
      order.push_back(rank < shift ? numRanks : rank - shift);
    return vector::ShuffleOp::create(b, loc, value, zero, order);
  };
  starts = shiftUp(frequencies, 1);
  for (int64_t shift = 1; shift < numRanks; shift *= 2)
    starts = arith::AddIOp::create(b, loc, starts, shiftUp(starts, shift));
  ranksOfSlots = emitRanksOfSlots();
}

/// The rank of each slot: the last one that begins no later, of those with
/// slots.
Value Emitter::emitRanksOfSlots() {
  const int64_t numSlots = ::zq::codec::registerRansSlots / threads;
  auto table = VectorType::get(numSlots, b.getI8Type());
  SmallVector<int8_t> places;
  for (int64_t slot = 0; slot < numSlots; ++slot)
    places.push_back(static_cast<int8_t>(slot));
  Value slots = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(table, ArrayRef<int8_t>(places)));
  if (shared) {
    Value first =
        arith::MulIOp::create(b, loc, shared->thread, at.index(numSlots));
    first = arith::IndexCastOp::create(b, loc, b.getI8Type(), first);
    slots = arith::AddIOp::create(
        b, loc, slots, vector::BroadcastOp::create(b, loc, table, first));
  }
  Value ranks = constant(table, 0);
  auto maskType = table.clone(b.getI1Type());
  Value hasSlots =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, frequencies,
                            constant(frequencies.getType(), 0));
  for (int64_t rank = 1; rank < numRanks; ++rank) {
    auto broadcast = [&](Type type, Value values) -> Value {
      return vector::BroadcastOp::create(
          b, loc, type, vector::ExtractOp::create(b, loc, values, rank));
    };
    Value begins = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge,
                                         slots, broadcast(table, starts));
    begins =
        arith::AndIOp::create(b, loc, begins, broadcast(maskType, hasSlots));
    ranks =
        arith::SelectOp::create(b, loc, begins, constant(table, rank), ranks);
  }
  return ranks;
}

/// The ranks of the slots that the states' low bytes name.
Value Emitter::emitRanks(Value low) {
  if (shared)
    return shared->emitLookup(b, loc, low, ranksOfSlots);
  return LookupOp::create(b, loc, type, low, ranksOfSlots);
}

/// A mask of the first `count` lanes.
Value Emitter::emitFirst(int64_t count) {
  auto maskType = type.clone(b.getI1Type());
  if (!shared) {
    SmallVector<bool> used(lanes, false);
    std::fill_n(used.begin(), count, true);
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(maskType, ArrayRef<bool>(used)));
  }
  Value first = arith::MulIOp::create(b, loc, shared->thread, at.index(own));
  SmallVector<Value> used;
  for (int64_t i = 0; i < own; ++i)
    used.push_back(arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::ult,
        arith::AddIOp::create(b, loc, first, at.index(i)), at.index(count)));
  return vector::FromElementsOp::create(b, loc, maskType, used);
}

/// `emitTake` for this thread's lanes.
Value Emitter::emitTakes(unsigned part, Value mask, Value passthru,
                         Value &position) {
  return shared ? emitSharedTake(at, *shared, part, mask, passthru, position)
                : emitTake(at, part, mask, passthru, position);
}

/// The state at the beginning of a chunk.
SmallVector<Value> Emitter::emitStart(ValueRange chunk) {
  SmallVector<Value> place(chunk);
  place.push_back(at.index(0));
  Value position = emitOffset(at, 1, place);
  SmallVector<Value> state;
  for (int part = 0; part < 2; ++part) {
    state.push_back(shared ? emitSharedLoad(at, *shared, bits, position, lanes)
                           : emitLoad(at, bits, position, lanes));
    position = arith::AddIOp::create(b, loc, position, at.index(lanes));
  }
  state.push_back(position);
  if (hasEscapes) {
    place.back() = at.index(1);
    state.push_back(emitOffset(at, 1, place));
  }
  return state;
}

/// x * y + z of bytes: its low and high bytes. On words, those of even lanes
/// and those of odd ones, so that no byte changes its place.
std::pair<Value, Value> Emitter::multiplyAddInWords(Value x, Value y, Value z) {
  auto wide = VectorType::get(lanes / 2, b.getI16Type());
  Value byte = constant(wide, 0xff), eight = constant(wide, 8);
  Value upper = constant(wide, 0xff00);
  auto getBytes = [&](Value bytes, Value which) -> Value {
    bytes = vector::BitCastOp::create(b, loc, wide, bytes);
    return arith::AndIOp::create(b, loc, bytes, which);
  };
  Value even = arith::AddIOp::create(
      b, loc,
      arith::MulIOp::create(b, loc, getBytes(x, byte), getBytes(y, byte)),
      getBytes(z, byte));
  // Two bytes that stand in the upper halves have their product in the upper
  // word: a mask each, for which CPUs have more units than for shifts.
  Value product = arith::MulUIExtendedOp::create(b, loc, getBytes(x, upper),
                                                 getBytes(y, upper))
                      .getHigh();
  Value odd = arith::AddIOp::create(
      b, loc, product,
      arith::ShRUIOp::create(b, loc, vector::BitCastOp::create(b, loc, wide, z),
                             eight));
  auto join = [&](Value even, Value odd) -> Value {
    return vector::BitCastOp::create(b, loc, type,
                                     arith::OrIOp::create(b, loc, even, odd));
  };
  Value low = join(arith::AndIOp::create(b, loc, even, byte),
                   arith::ShLIOp::create(b, loc, odd, eight));
  Value high = join(arith::ShRUIOp::create(b, loc, even, eight),
                    arith::AndIOp::create(b, loc, odd, upper));
  return {low, high};
}

/// The same for as few lanes as a thread has of a block, each on its own.
std::pair<Value, Value> Emitter::multiplyAddEach(Value x, Value y, Value z) {
  auto wide = type.clone(b.getI32Type());
  auto extend = [&](Value bytes) -> Value {
    return arith::ExtUIOp::create(b, loc, wide, bytes);
  };
  Value sum = arith::AddIOp::create(
      b, loc, arith::MulIOp::create(b, loc, extend(x), extend(y)), extend(z));
  Value low = arith::TruncIOp::create(b, loc, type, sum);
  sum = arith::ShRUIOp::create(b, loc, sum, constant(wide, 8));
  return {low, arith::TruncIOp::create(b, loc, type, sum)};
}

/// Decodes so many lanes after the others as take bytes up together. Those have
/// their new states while the next ones are decoded. With the same op of all
/// lanes next to each other every lane would wait where the last one does: for
/// the count of the bytes before, and then for its byte.
Value Emitter::emitStepOfPieces(SmallVectorImpl<Value> &state, Value used) {
  Emitter piece = *this;
  piece.lanes = piece.own = lanesAtOnce;
  piece.type = VectorType::get(lanesAtOnce, b.getI8Type());
  Value symbols = constant(type, 0), low = symbols, high = symbols;
  for (int64_t begin = 0; begin < lanes; begin += lanesAtOnce) {
    auto cut = [&](Value value) -> Value {
      return vector::ExtractStridedSliceOp::create(
          b, loc, value, ArrayRef<int64_t>{begin},
          ArrayRef<int64_t>{lanesAtOnce}, ArrayRef<int64_t>{1});
    };
    auto put = [&](Value value, Value &into) {
      into = vector::InsertStridedSliceOp::create(
          b, loc, value, into, ArrayRef<int64_t>{begin}, ArrayRef<int64_t>{1});
    };
    SmallVector<Value> next(state.begin(), state.end());
    next[0] = cut(state[0]);
    next[1] = cut(state[1]);
    put(piece.emitStep(next, used ? cut(used) : Value()), symbols);
    put(next[0], low);
    put(next[1], high);
    std::copy(next.begin() + 2, next.end(), state.begin() + 2);
  }
  state[0] = low;
  state[1] = high;
  return symbols;
}

/// Decodes one symbol of each lane, or of the lanes in `used`, and replaces the
/// state.
Value Emitter::emitStep(SmallVectorImpl<Value> &state, Value used) {
  if (!shared && own > lanesAtOnce)
    return emitStepOfPieces(state, used);
  auto among = [&](Value mask) -> Value {
    return used ? arith::AndIOp::create(b, loc, mask, used) : mask;
  };
  Value low = state[0], high = state[1];
  Value ranks = emitRanks(low);

  // x = f * (high byte of x) + slot - start.
  Value f = LookupOp::create(b, loc, type, ranks, frequencies);
  Value start = LookupOp::create(b, loc, type, ranks, starts);
  Value bias = arith::SubIOp::create(b, loc, low, start);
  auto [newLow, newHigh] = shared ? multiplyAddEach(f, high, bias)
                                  : multiplyAddInWords(f, high, bias);

  // Without a high byte a lane takes a byte up.
  Value needy = among(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                            newHigh, constant(type, 0)));
  newHigh = arith::SelectOp::create(b, loc, needy, newLow, newHigh);
  newLow = emitTakes(bits, needy, newLow, state[2]);
  state[0] = used ? arith::SelectOp::create(b, loc, used, newLow, low) : newLow;
  state[1] =
      used ? arith::SelectOp::create(b, loc, used, newHigh, high) : newHigh;
  if (!hasEscapes)
    return ranks;

  Value escaped = among(arith::CmpIOp::create(
      b, loc, arith::CmpIPredicate::eq, ranks, constant(type, numRanks - 1)));
  Value symbols = LookupOp::create(b, loc, type, ranks, palette);
  return emitTakes(3, escaped, symbols, state[3]);
}

/// The state after `count` rows of `length` elements.
SmallVector<Value> Emitter::skipRows(Value count, int64_t length,
                                     SmallVector<Value> state) {
  auto rows = scf::ForOp::create(
      b, loc, at.index(0), count, at.index(1), state,
      [&](OpBuilder &, Location, Value, ValueRange carried) {
        auto groups = scf::ForOp::create(
            b, loc, at.index(0), at.index(length / lanes), at.index(1), carried,
            [&](OpBuilder &, Location, Value, ValueRange inner) {
              SmallVector<Value> next(inner);
              emitStep(next);
              scf::YieldOp::create(b, loc, next);
            });
        SmallVector<Value> next(groups.getResults());
        if (int64_t left = length % lanes)
          emitStep(next, emitFirst(left));
        scf::YieldOp::create(b, loc, next);
      });
  return SmallVector<Value>(rows.getResults());
}

/// The state at the beginning of the row at the builder's position.
static SmallVector<Value> emitRowInit(DecodeBuilder &at, RegisterRansAttr stage,
                                      Emitter emitter) {
  OpBuilder &b = at.builder;
  SmallVector<Value> chunk(ArrayRef(at.position).drop_back());
  if (chunk.empty())
    return emitter.emitStart(at.index(0));
  Value row = chunk.back(), rows = at.index(stage.getRows());
  chunk.back() = arith::DivUIOp::create(b, at.loc, row, rows);
  SmallVector<Value> state = emitter.emitStart(chunk);
  if (stage.getRows() == 1)
    return state;
  Value before = arith::RemUIOp::create(b, at.loc, row, rows);
  return emitter.skipRows(before, at.shape.back(), std::move(state));
}

FailureOr<SmallVector<Value>>
RegisterRansAttr::emitInit(DecodeBuilder &at) const {
  return emitRowInit(at, *this, Emitter(at, *this));
}

FailureOr<Value> RegisterRansAttr::emitDecode(DecodeBuilder &at, Value) const {
  Emitter emitter(at, *this);
  // The value that is cut into pieces has nothing in it but their number.
  Value lanes = emitConstant(at, zq::getLanes(at, at.builder.getI8Type()), 0);
  return emitPieces(at, lanes, getLanes(),
                    [&](Value) { return emitter.emitStep(at.state); });
}

//===----------------------------------------------------------------------===//
// Blocks that threads decode together
//===----------------------------------------------------------------------===//

namespace {
struct SharedLanes
    : SharedBlockAttrInterface::ExternalModel<SharedLanes, RegisterRansAttr> {
  bool canShareBlocks(Attribute stage, int64_t threads) const {
    return cast<RegisterRansAttr>(stage).getLanes() % threads == 0;
  }
  SmallVector<Value> emitSharedInit(Attribute attr, DecodeBuilder &at,
                                    SharedBlock &shared) const {
    auto stage = cast<RegisterRansAttr>(attr);
    return emitRowInit(at, stage, Emitter(at, stage, &shared));
  }
  Value emitSharedDecode(Attribute attr, DecodeBuilder &at,
                         SharedBlock &shared) const {
    return Emitter(at, cast<RegisterRansAttr>(attr), &shared)
        .emitStep(at.state);
  }
};
} // namespace

void mlir::zq::attachSharedBlocks(MLIRContext *context) {
  RegisterRansAttr::attachInterface<SharedLanes>(*context);
}
