//===- DecodeToVector.cpp - Decoders inlined into loops over blocks -------===//
#include "PartOpsToVector.h"
#include "PassOptions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {
#define GEN_PASS_DEF_DECODETOVECTOR
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// Whether `expr` of `operands` is known to be a multiple of `factor`.
static bool isMultipleOf(OpFoldResult value, int64_t factor);

static bool isMultipleOf(AffineExpr expr, unsigned numDims, ValueRange operands,
                         int64_t factor) {
  if (expr.isMultipleOf(factor))
    return true;
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return isMultipleOf(operands[dim.getPosition()], factor);
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return isMultipleOf(operands[numDims + symbol.getPosition()], factor);
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  auto left = [&] {
    return isMultipleOf(binary.getLHS(), numDims, operands, factor);
  };
  auto right = [&] {
    return isMultipleOf(binary.getRHS(), numDims, operands, factor);
  };
  if (binary.getKind() == AffineExprKind::Add)
    return left() && right();
  if (binary.getKind() == AffineExprKind::Mul)
    return left() || right();
  return false;
}

static bool isMultipleOf(OpFoldResult value, int64_t factor) {
  if (auto constant = getConstantIntValue(value))
    return *constant % factor == 0;
  Value dynamic = cast<Value>(value);
  if (auto argument = dyn_cast<BlockArgument>(dynamic)) {
    auto loop =
        dyn_cast<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
    if (!loop)
      return false;
    auto ivs = loop.getLoopInductionVars();
    auto lower = loop.getLoopLowerBounds();
    auto steps = loop.getLoopSteps();
    if (!ivs || !lower || !steps)
      return false;
    for (auto [iv, low, step] : llvm::zip(*ivs, *lower, *steps))
      if (iv == dynamic)
        return isMultipleOf(low, factor) && isMultipleOf(step, factor);
    return false;
  }
  if (auto apply = dynamic.getDefiningOp<affine::AffineApplyOp>())
    return isMultipleOf(apply.getAffineMap().getResult(0),
                        apply.getAffineMap().getNumDims(), apply.getOperands(),
                        factor);
  if (auto add = dynamic.getDefiningOp<arith::AddIOp>())
    return isMultipleOf(add.getLhs(), factor) &&
           isMultipleOf(add.getRhs(), factor);
  if (auto mul = dynamic.getDefiningOp<arith::MulIOp>())
    return isMultipleOf(mul.getLhs(), factor) ||
           isMultipleOf(mul.getRhs(), factor);
  return false;
}

namespace {

/// Lanes whose states go side by side, where a row's come from the one before:
/// what a decoder needs for more of them does not fit the registers.
constexpr int64_t lanesInFlight = 256;

/// Lanes whose ops are in turn: a CPU looks only so far ahead for ops that do
/// not wait for one another, and has registers for so many.
constexpr int64_t lanesInStep = 128;

/// The ops of rows that are decoded side by side, as they are built: none but
/// the last one of a row uses what another row's ops compute.
class SideBySide {
public:
  explicit SideBySide(OpBuilder &b) : b(b), last(getLast()) {}

  /// What was built since the last call is a row's.
  void endRow();
  /// Puts the ops of `count` rows at a time in turn.
  void interleave(int64_t count);

private:
  Operation *getLast() {
    return b.getInsertionPoint() == b.getInsertionBlock()->begin()
               ? nullptr
               : &*std::prev(b.getInsertionPoint());
  }

  OpBuilder &b;
  Operation *last;
  SmallVector<SmallVector<Operation *>> rows;
};

/// One decode op on its way to vectors.
class Lowering {
public:
  Lowering(IRRewriter &b, DecodeOp op, DecoderOp decoder, ValueRange streams)
      : b(b), op(op), decoder(decoder), streams(streams), loc(op.getLoc()),
        width(decoder.getBlockLength()), chunk(decoder.getChunkLength()),
        codes(decoder.getChunkCodesType()), window(op.getWindowType()) {}

  LogicalResult run(int64_t unroll);

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }

  SmallVector<Value> emitInit(ValueRange position);
  std::pair<Value, SmallVector<Value>> emitBlock(ValueRange position,
                                                 ValueRange state);
  SmallVector<Value> emitStateAt(ValueRange position, OpFoldResult last);
  SmallVector<Value> emitRestart(ValueRange position, ValueRange state);

  using Positions = ArrayRef<SmallVector<Value>>;
  Value emitChunks(Positions rows, Value into);
  Value emitNoChunks(int64_t rows);
  Value emitChunksAt(Positions rows);
  Value emitChunksFrom(Positions rows, Value chunks);
  Value emitRowOf(Value chunks, int64_t row);

  scf::ForOp findCarryingLoop(ArrayRef<Value> position);
  /// A row of a window: where it begins in the source, and in the result.
  struct Row {
    SmallVector<Value> position;
    SmallVector<Value> place;
  };

  Value insertRow(Value values, Value into, ArrayRef<int64_t> place);
  Value emitInRegisters(ArrayRef<Value> position);
  Value emitRows(ArrayRef<Row> rows, Value into, bool isCover,
                 SmallVectorImpl<Value> *states = nullptr);
  int64_t getRowsInSequence();
  Value emitRowsInSequence(const Row &first, Value into, int64_t inSequence);
  Value emitLoops(ArrayRef<Value> position, Value init, bool isCover);

  IRRewriter &b;
  DecodeOp op;
  DecoderOp decoder;
  SmallVector<Value> streams;
  Location loc;
  int64_t width;
  int64_t chunk;
  /// Of one row's state, where that is the codes of its chunk; that of several
  /// rows is one tensor then.
  RankedTensorType codes;
  RankedTensorType window;
  /// Of the last dimension of a cover: where the blocks in it end.
  Value coverEnd;
};

} // namespace

void SideBySide::endRow() {
  Block::iterator begin =
      last ? std::next(last->getIterator()) : b.getInsertionBlock()->begin();
  auto &row = rows.emplace_back();
  for (Operation &op : llvm::make_range(begin, b.getInsertionPoint()))
    row.push_back(&op);
  last = getLast();
}

void SideBySide::interleave(int64_t count) {
  for (size_t begin = 0; begin < rows.size(); begin += count) {
    auto group = ArrayRef(rows).slice(begin).take_front(count);
    if (group.size() < 2)
      continue;
    size_t shared = group.front().size();
    for (ArrayRef<Operation *> row : group)
      shared = std::min(shared, row.size());
    // What only some rows have, such as sums with an offset, is before the
    // rest.
    assert(shared && "each row ends with what takes its values");
    Operation *first = ArrayRef(group.front()).take_back(shared).front();
    for (ArrayRef<Operation *> row : group.drop_front())
      for (Operation *op : row.drop_back(shared))
        op->moveBefore(first);
    for (size_t step = 0; step < shared; ++step) {
      Operation *before = ArrayRef(group.front()).take_back(shared)[step];
      for (ArrayRef<Operation *> row : group.drop_front()) {
        row.take_back(shared)[step]->moveAfter(before);
        before = row.take_back(shared)[step];
      }
    }
  }
}

SmallVector<Value> Lowering::emitInit(ValueRange position) {
  return decoder.inlineRegion(b, loc, decoder.getInit(), streams, position, {});
}

/// The values of the block at `position`, in the window's element type, and
/// the state after it.
std::pair<Value, SmallVector<Value>> Lowering::emitBlock(ValueRange position,
                                                         ValueRange state) {
  SmallVector<Value> yielded =
      decoder.inlineRegion(b, loc, decoder.getBody(), streams, position, state);
  Value values = yielded.front();
  auto type = VectorType::get(width, window.getElementType());
  if (values.getType() != type) {
    // Between f16 and bf16 by way of f32.
    auto wide = VectorType::get(width, b.getF32Type());
    unsigned from = getElementTypeOrSelf(values).getIntOrFloatBitWidth();
    unsigned to = type.getElementTypeBitWidth();
    if (from <= to)
      values = arith::ExtFOp::create(b, loc, from < to ? type : wide, values);
    if (from >= to)
      values = arith::TruncFOp::create(b, loc, type, values);
  }
  return {values, SmallVector<Value>(llvm::drop_begin(yielded))};
}

/// The state before the block at `position`: that of the chunk's beginning, and
/// from there block by block.
SmallVector<Value> Lowering::emitStateAt(ValueRange position,
                                         OpFoldResult last) {
  if (!chunk)
    return {};
  if (isMultipleOf(last, chunk))
    return emitInit(position);
  Value end = position.back();
  Value begin = arith::MulIOp::create(
      b, loc, arith::DivUIOp::create(b, loc, end, index(chunk)), index(chunk));
  SmallVector<Value> at(position);
  at.back() = begin;
  auto skip = scf::ForOp::create(
      b, loc, begin, end, index(width), emitInit(at),
      [&](OpBuilder &, Location, Value place, ValueRange state) {
        SmallVector<Value> inner(position);
        inner.back() = place;
        scf::YieldOp::create(b, loc, emitBlock(inner, state).second);
      });
  return SmallVector<Value>(skip.getResults());
}

/// `state`, or a fresh one where a chunk begins at `position`.
SmallVector<Value> Lowering::emitRestart(ValueRange position,
                                         ValueRange state) {
  Value within = arith::RemUIOp::create(b, loc, position.back(), index(chunk));
  Value begins =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, within, index(0));
  auto restart = scf::IfOp::create(
      b, loc, begins,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, loc, emitInit(position));
      },
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, state); });
  return SmallVector<Value>(restart.getResults());
}

/// The codes of the chunks that begin at the positions of `rows`, each in its
/// row of `into`.
Value Lowering::emitChunks(Positions rows, Value into) {
  SmallVector<PrefixChunksOp> single;
  SmallVector<Value> bits;
  for (const SmallVector<Value> &position : rows) {
    Value state = emitInit(position).front();
    single.push_back(state.getDefiningOp<PrefixChunksOp>());
    bits.push_back(single.back().getPositions().front());
  }
  PrefixChunksOp first = single.front();
  auto together =
      PrefixChunksOp::create(b, loc, first.getBits(), first.getCount(),
                             first.getTable(), first.getEntries(), into, bits);
  for (PrefixChunksOp op : single) {
    Operation *init = op.getInit().getDefiningOp();
    b.eraseOp(op);
    b.eraseOp(init);
  }
  return together.getResult();
}

/// A place for the codes of a chunk of each of `rows` rows.
Value Lowering::emitNoChunks(int64_t rows) {
  return tensor::EmptyOp::create(b, loc, {rows, codes.getDimSize(1)},
                                 codes.getElementType());
}

/// The codes of the chunks in which the positions of `rows` lie: of all at the
/// same place along the last axis.
Value Lowering::emitChunksAt(Positions rows) {
  SmallVector<SmallVector<Value>> begins(rows);
  Value begin = begins.front().back();
  begin = arith::MulIOp::create(
      b, loc, arith::DivUIOp::create(b, loc, begin, index(chunk)),
      index(chunk));
  for (SmallVector<Value> &position : begins)
    position.back() = begin;
  return emitChunks(begins, emitNoChunks(rows.size()));
}

/// `chunks`, or those that begin at the positions of `rows`.
Value Lowering::emitChunksFrom(Positions rows, Value chunks) {
  Value within =
      arith::RemUIOp::create(b, loc, rows.front().back(), index(chunk));
  Value begins =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, within, index(0));
  auto restart = scf::IfOp::create(
      b, loc, begins,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, loc, emitChunks(rows, chunks));
      },
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, chunks); });
  return restart.getResult(0);
}

/// The state of one of the rows whose chunks these are.
Value Lowering::emitRowOf(Value chunks, int64_t row) {
  if (chunks.getType() == codes)
    return chunks;
  OpFoldResult one = b.getIndexAttr(1);
  return tensor::ExtractSliceOp::create(
      b, loc, codes, chunks,
      ArrayRef<OpFoldResult>{b.getIndexAttr(row), b.getIndexAttr(0)},
      ArrayRef<OpFoldResult>{one, b.getIndexAttr(codes.getDimSize(1))},
      ArrayRef<OpFoldResult>{one, one});
}

/// The loop that walks along the window's last axis block by block, if there
/// is one; then the state need not be found anew for each window.
scf::ForOp Lowering::findCarryingLoop(ArrayRef<Value> position) {
  auto iv = dyn_cast<BlockArgument>(position.back());
  auto loop =
      iv ? dyn_cast<scf::ForOp>(iv.getOwner()->getParentOp()) : scf::ForOp();
  if (!loop || loop.getInductionVar() != iv ||
      op->getParentOp() != loop.getOperation() ||
      getConstantIntValue(loop.getStep()) != width ||
      window.getShape().back() != width ||
      !isMultipleOf(loop.getLowerBound(), chunk))
    return {};
  for (Value value : position.drop_back()) {
    if (loop.isDefinedOutsideOfLoop(value))
      continue;
    // Tiling leaves the sum of two offsets next to its use.
    Operation *def = value.getDefiningOp();
    if (!def || !isPure(def) || !llvm::all_of(def->getOperands(), [&](Value v) {
          return loop.isDefinedOutsideOfLoop(v);
        }))
      return {};
    loop.moveOutOfLoop(def);
  }
  return loop;
}

/// `into` with `values` for the row at `place`. As a slice: upstream makes one
/// op of all elements of `vector.insert`s that fill a vector, through which
/// nothing sees the rows.
Value Lowering::insertRow(Value values, Value into, ArrayRef<int64_t> place) {
  if (window.getNumElements() == window.getShape().back())
    return vector::BroadcastOp::create(b, loc, into.getType(), values);
  SmallVector<int64_t> offsets(place);
  offsets.push_back(0);
  return vector::InsertStridedSliceOp::create(b, loc, values, into, offsets,
                                              ArrayRef<int64_t>{1});
}

/// A window of one block a row, without loops; the result is one transfer of a
/// vector that its reader folds with.
Value Lowering::emitInRegisters(ArrayRef<Value> position) {
  ArrayRef<int64_t> shape = window.getShape();
  SmallVector<int64_t> rows(shape.drop_back());
  int64_t count = ShapedType::getNumElements(rows);
  auto type = VectorType::get(shape, window.getElementType());

  SmallVector<SmallVector<int64_t>> places;
  SmallVector<int64_t> strides = computeStrides(rows);
  for (int64_t row = 0; row < count; ++row)
    places.push_back(delinearize(row, strides));

  auto getPosition = [&](ArrayRef<int64_t> place) {
    SmallVector<Value> at(position);
    for (auto [value, offset] : llvm::zip(at, place))
      if (offset)
        value = add(value, index(offset));
    return at;
  };

  // One state per row, carried by the loop around.
  scf::ForOp loop = chunk ? findCarryingLoop(position) : scf::ForOp();
  // It starts afresh at each chunk, unless the loop is over with the first one.
  bool restarts = true;
  if (loop) {
    auto trips = loop.getStaticTripCount();
    restarts = !trips || trips->ugt(chunk / width);
  }
  SmallVector<Value> carried;
  unsigned stateSize = decoder.getStateTypes().size();
  if (loop) {
    SmallVector<Value> initial;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(loop);
      SmallVector<SmallVector<Value>> begins;
      for (ArrayRef<int64_t> place : places) {
        begins.push_back(getPosition(place));
        begins.back().back() = loop.getLowerBound();
        if (!codes)
          llvm::append_range(initial, emitInit(begins.back()));
      }
      if (codes)
        initial.push_back(restarts ? emitNoChunks(count)
                                   : emitChunksAt(begins));
    }
    unsigned first = loop.getNumRegionIterArgs();
    auto yieldSame = [](OpBuilder &, Location, ArrayRef<BlockArgument> args) {
      return SmallVector<Value>(args.begin(), args.end());
    };
    auto replaced = cast<scf::ForOp>(
        *loop.replaceWithAdditionalYields(b, initial,
                                          /*replaceInitOperandUsesInLoop=*/
                                          false, yieldSame));
    loop = replaced;
    carried =
        SmallVector<Value>(llvm::drop_begin(loop.getRegionIterArgs(), first));
    b.setInsertionPoint(op);
  }

  SmallVector<Value> newStates;
  auto getBlock = [&](ArrayRef<int64_t> place) {
    SmallVector<Value> at = getPosition(place);
    if (loop)
      at.back() = loop.getInductionVar();
    return at;
  };
  Value chunks = codes && loop ? carried[0] : Value();
  if (codes && (restarts || !loop)) {
    SmallVector<SmallVector<Value>> blocks;
    for (ArrayRef<int64_t> place : places)
      blocks.push_back(getBlock(place));
    chunks = loop ? emitChunksFrom(blocks, chunks) : emitChunksAt(blocks);
  }
  if (codes)
    newStates.push_back(chunks);
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  SideBySide sides(b);
  for (auto [row, place] : llvm::enumerate(places)) {
    SmallVector<Value> at = getBlock(place), state;
    if (codes) {
      state = {emitRowOf(chunks, row)};
    } else if (loop) {
      state =
          llvm::to_vector(ArrayRef(carried).slice(row * stateSize, stateSize));
      if (restarts)
        state = emitRestart(at, state);
    } else {
      state = emitStateAt(at, op.getMixedOffsets().back());
    }
    auto [values, next] = emitBlock(at, state);
    if (!codes)
      llvm::append_range(newStates, next);
    if (shape.back() < width)
      values = vector::ExtractStridedSliceOp::create(
          b, loc, values, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{shape.back()},
          ArrayRef<int64_t>{1});
    if (place.empty())
      result = values;
    else
      result = insertRow(values, result, place);
    sides.endRow();
  }
  if (chunk && !codes)
    sides.interleave(std::max<int64_t>(1, lanesInStep / width));
  if (loop) {
    auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
    unsigned first = yield.getNumOperands() - newStates.size();
    b.modifyOpInPlace(yield, [&] {
      for (auto [i, state] : llvm::enumerate(newStates))
        yield.setOperand(first + i, state);
    });
  }
  SmallVector<Value> zeros(window.getRank(), index(0));
  SmallVector<bool> inBounds(window.getRank(), true);
  return vector::TransferWriteOp::create(b, loc, result, op.getInit(), zeros,
                                         ArrayRef<bool>(inBounds))
      .getResult();
}

/// Blocks along `rows` of the last dimension of `into`: each row has the
/// position of its first element in the source and its place in the tensor.
/// Several rows go side by side, so that their states do not wait for one
/// another. A cover holds whole blocks only. Begins with `states`, if there are
/// any, and replaces them by those after the rows.
Value Lowering::emitRows(ArrayRef<Row> rows, Value into, bool isCover,
                         SmallVectorImpl<Value> *states) {
  auto type = cast<RankedTensorType>(into.getType());
  int64_t last = type.getRank() - 1;
  OpFoldResult offset = isCover ? OpFoldResult(rows.front().position[last])
                                : op.getMixedOffsets()[last];
  unsigned stateSize = decoder.getStateTypes().size();
  // A row may be over with its first chunk.
  bool restarts = chunk && !(isMultipleOf(offset, chunk) && !isCover &&
                             type.getDimSize(last) <= chunk);

  // One block of each row, `iv` elements after its beginning.
  auto emitStep = [&](Value iv, ValueRange carried, int64_t length) {
    Value tensor = carried[0];
    SmallVector<Value> next{tensor};
    auto getBlock = [&](const Row &row) {
      SmallVector<Value> at(row.position);
      at[last] = add(at[last], iv);
      return at;
    };
    Value chunks = codes ? carried[1] : Value();
    if (codes && restarts)
      chunks = emitChunksFrom(llvm::map_to_vector(rows, getBlock), chunks);
    if (codes)
      next.push_back(chunks);
    SideBySide sides(b);
    for (auto [i, row] : llvm::enumerate(rows)) {
      SmallVector<Value> at = getBlock(row), place(row.place), state;
      place[last] = iv;
      if (codes)
        state = {emitRowOf(chunks, i)};
      else
        state = llvm::to_vector(
            carried.drop_front().slice(i * stateSize, stateSize));
      if (restarts && !codes)
        state = emitRestart(at, state);
      auto [values, after] = emitBlock(at, state);
      if (length != width)
        values = vector::ExtractStridedSliceOp::create(
            b, loc, values, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{length},
            ArrayRef<int64_t>{1});
      bool inBounds[] = {true};
      tensor = vector::TransferWriteOp::create(b, loc, values, tensor, place,
                                               ArrayRef<bool>(inBounds))
                   .getResult();
      if (!codes)
        llvm::append_range(next, after);
      sides.endRow();
    }
    if (!codes)
      sides.interleave(std::max<int64_t>(1, lanesInStep / width));
    next[0] = tensor;
    return next;
  };

  SmallVector<Value> carried{into};
  if (states) {
    llvm::append_range(carried, *states);
  } else if (codes) {
    SmallVector<SmallVector<Value>> begins;
    for (const Row &row : rows)
      begins.push_back(row.position);
    carried.push_back(restarts && isMultipleOf(offset, chunk)
                          ? emitNoChunks(rows.size())
                          : emitChunksAt(begins));
  } else {
    for (const Row &row : rows)
      llvm::append_range(carried, emitStateAt(row.position, offset));
  }
  Value end = coverEnd;
  int64_t tail = 0;
  if (!isCover) {
    tail = type.getDimSize(last) % width;
    end = index(type.getDimSize(last) - tail);
  }
  if (getConstantIntValue(end) != 0) {
    auto loop = scf::ForOp::create(
        b, loc, index(0), end, index(width), carried,
        [&](OpBuilder &, Location, Value iv, ValueRange args) {
          scf::YieldOp::create(b, loc, emitStep(iv, args, width));
        });
    carried.assign(loop.result_begin(), loop.result_end());
  }
  if (states)
    states->assign(carried.begin() + 1, carried.end());
  return tail ? emitStep(end, carried, tail)[0] : carried[0];
}

/// Of how many rows each has its state from the one before; 1 where the window
/// is not made of such groups of whole rows.
int64_t Lowering::getRowsInSequence() {
  auto type = cast<CompressedTensorType>(op.getSource().getType());
  int64_t last = window.getRank() - 1;
  int64_t rows = type.getCodec().getRowsPerChunk(type.getRank());
  SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
  bool isWhole = last > 0 && getConstantIntValue(offsets[last]) == 0 &&
                 window.getDimSize(last) == type.getShape()[last] &&
                 window.getDimSize(last) % width == 0;
  if (rows == 1 || !isWhole || window.isDynamicDim(last - 1) ||
      window.getDimSize(last - 1) % rows ||
      !isMultipleOf(offsets[last - 1], rows))
    return 1;
  return rows;
}

/// The rows from `first` on of the last dimension but one of `into`, several
/// groups of `inSequence` rows side by side.
Value Lowering::emitRowsInSequence(const Row &first, Value into,
                                   int64_t inSequence) {
  int64_t last = window.getRank() - 1, count = window.getDimSize(last - 1);
  int64_t together = 1;
  for (int64_t groups : {2, 4, 8})
    if (groups * width <= lanesInFlight && count % (groups * inSequence) == 0)
      together = groups;
  auto getRow = [&](Value at) {
    Row row(first);
    for (auto *indices : {&row.position, &row.place})
      (*indices)[last - 1] = add((*indices)[last - 1], at);
    return row;
  };
  auto groups = scf::ForOp::create(
      b, loc, index(0), index(count), index(together * inSequence), into,
      [&](OpBuilder &, Location, Value begin, ValueRange outer) {
        SmallVector<Value> carried{outer[0]}, begins;
        for (int64_t i = 0; i < together; ++i) {
          begins.push_back(add(begin, index(i * inSequence)));
          llvm::append_range(carried, emitInit(getRow(begins.back()).position));
        }
        auto rows = scf::ForOp::create(
            b, loc, index(0), index(inSequence), index(1), carried,
            [&](OpBuilder &, Location, Value iv, ValueRange args) {
              SmallVector<Row> rows;
              for (Value at : begins)
                rows.push_back(getRow(add(at, iv)));
              SmallVector<Value> states(args.drop_front());
              Value tensor =
                  emitRows(rows, args[0], /*isCover=*/false, &states);
              states.insert(states.begin(), tensor);
              scf::YieldOp::create(b, loc, states);
            });
        scf::YieldOp::create(b, loc, rows.getResult(0));
      });
  return groups.getResult(0);
}

/// Loops over the rows of `init`, whose first element is at `position` in the
/// source.
Value Lowering::emitLoops(ArrayRef<Value> position, Value init, bool isCover) {
  auto type = cast<RankedTensorType>(init.getType());
  int64_t last = type.getRank() - 1;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, init);
  int64_t inSequence = isCover ? 1 : getRowsInSequence();
  int64_t together = 1;
  if (chunk && last > 0 && !type.isDynamicDim(last - 1))
    for (int64_t rows : {2, 4, 8})
      if (type.getDimSize(last - 1) % rows == 0)
        together = rows;

  Row row{SmallVector<Value>(position),
          SmallVector<Value>(type.getRank(), index(0))};
  // A tensor goes in and comes out at each level.
  std::function<Value(int64_t, Value)> emitDim = [&](int64_t dim,
                                                     Value tensor) -> Value {
    if (dim == last) {
      SmallVector<Row> rows(together, row);
      for (int64_t i = 1; i < together; ++i)
        for (auto *indices : {&rows[i].position, &rows[i].place})
          (*indices)[last - 1] = add((*indices)[last - 1], index(i));
      return emitRows(rows, tensor, isCover);
    }
    if (inSequence > 1 && dim == last - 1)
      return emitRowsInSequence(row, tensor, inSequence);
    Value size = getValueOrCreateConstantIndexOp(b, loc, sizes[dim]);
    auto loop = scf::ForOp::create(
        b, loc, index(0), size, index(dim == last - 1 ? together : 1), tensor,
        [&](OpBuilder &, Location, Value iv, ValueRange args) {
          row.position[dim] = add(position[dim], iv);
          row.place[dim] = iv;
          scf::YieldOp::create(b, loc, emitDim(dim + 1, args[0]));
        });
    return loop.getResult(0);
  };
  return emitDim(0, init);
}

LogicalResult Lowering::run(int64_t unroll) {
  b.setInsertionPoint(op);
  SmallVector<Value> position;
  for (OpFoldResult offset : op.getMixedOffsets())
    position.push_back(getValueOrCreateConstantIndexOp(b, loc, offset));
  int64_t last = window.getShape().back();
  bool isStatic = window.hasStaticShape();

  if (isStatic && window.getNumElements() == 0) {
    b.replaceOp(op, op.getInit());
    return success();
  }
  if (!ShapedType::isDynamic(last) &&
      isMultipleOf(op.getMixedOffsets().back(), width)) {
    bool inRegisters =
        isStatic && last <= width && window.getNumElements() / last <= unroll;
    b.replaceOp(op, inRegisters ? emitInRegisters(position)
                                : emitLoops(position, op.getInit(), false));
    return success();
  }

  // Decode the blocks that cover the window, and cut it out of them.
  op.emitRemark() << "the window is not known to "
                  << (ShapedType::isDynamic(last) ? "end" : "begin")
                  << " at a multiple of " << width
                  << " elements: decoding the blocks that cover it";
  Value offset = position.back();
  Value size = getValueOrCreateConstantIndexOp(
      b, loc, tensor::getMixedSize(b, loc, op.getInit(), window.getRank() - 1));
  Value begin = arith::MulIOp::create(
      b, loc, arith::DivUIOp::create(b, loc, offset, index(width)),
      index(width));
  Value before = arith::SubIOp::create(b, loc, offset, begin);
  Value covered = arith::MulIOp::create(
      b, loc,
      arith::CeilDivUIOp::create(b, loc, add(before, size), index(width)),
      index(width));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, op.getInit());
  SmallVector<OpFoldResult> cutSizes(sizes);
  coverEnd = covered;
  // No larger than it must be wherever the window begins.
  sizes.back() = covered;
  if (!ShapedType::isDynamic(last))
    sizes.back() = b.getIndexAttr(llvm::alignTo(last + width - 1, width));
  Value cover = tensor::EmptyOp::create(b, loc, sizes, window.getElementType());
  position.back() = begin;
  Value blocks = emitLoops(position, cover, /*isCover=*/true);
  SmallVector<OpFoldResult> cut(window.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(window.getRank(), b.getIndexAttr(1));
  cut.back() = before;
  b.replaceOpWithNewOp<tensor::ExtractSliceOp>(op, window, blocks, cut,
                                               cutSizes, strides);
  return success();
}

/// Moves what depends on nothing but whole streams out of the loops around it:
/// tables, and what is made of them. Later, when streams are memory, nobody
/// knows that a loop does not write to them. They go to where `streams` takes
/// the streams apart, or to the beginning of the kernel that they are in; equal
/// ones, as of rows side by side, become one.
static void hoistTables(DisassembleOp streams) {
  DenseSet<Value> tables(llvm::from_range, streams.getResults());
  // The last op that went to each place, and all of them.
  DenseMap<Block *, Operation *> lasts;
  DenseMap<Block *, SmallVector<Operation *>> moved;
  SmallVector<Operation *> equal;
  auto isConstant = [](Value value) {
    Operation *def = value.getDefiningOp();
    return def && def->hasTrait<OpTrait::ConstantLike>();
  };
  streams->getBlock()->getParent()->walk<WalkOrder::PreOrder>(
      [&](Operation *op) {
        if (op->getNumRegions() || !op->getNumResults() || !isPure(op) ||
            op->hasTrait<OpTrait::ConstantLike>())
          return;
        bool isTable = false;
        for (Value operand : op->getOperands()) {
          isTable |= tables.contains(operand);
          if (!tables.contains(operand) && !isConstant(operand))
            return;
        }
        auto launch = op->getParentOfType<gpu::LaunchOp>();
        Block *block = launch ? &launch.getBody().front() : streams->getBlock();
        if (!isTable || op->getBlock() == block)
          return;
        for (Operation *other : moved[block])
          if (OperationEquivalence::isEquivalentTo(
                  op, other, OperationEquivalence::IgnoreLocations)) {
            op->replaceAllUsesWith(other);
            equal.push_back(op);
            return;
          }
        moved[block].push_back(op);
        Operation *&last = lasts[block];
        for (Value operand : op->getOperands()) {
          Operation *def = operand.getDefiningOp();
          Operation *at = def ? block->findAncestorOpInBlock(*def) : nullptr;
          if (!at || !isConstant(operand))
            continue;
          if (launch)
            def->moveBefore(block, block->begin());
          else if (streams->isBeforeInBlock(at))
            def->moveBefore(streams);
        }
        if (last)
          op->moveAfter(last);
        else if (launch)
          op->moveBefore(&*llvm::find_if(*block, [](Operation &other) {
            return !other.hasTrait<OpTrait::ConstantLike>();
          }));
        else
          op->moveAfter(streams);
        last = op;
        tables.insert_range(op->getResults());
      });
  for (Operation *op : equal)
    op->erase();
}

namespace {
struct DecodeToVectorPass
    : mlir::zq::impl::DecodeToVectorBase<DecodeToVectorPass> {
  using DecodeToVectorBase::DecodeToVectorBase;

  void runOnOperation() override {
    if (failed(checkAtLeast(1, getOperation(), "unroll", unroll)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    SmallVector<DecodeOp> decodes;
    getOperation().walk([&](DecodeOp op) { decodes.push_back(op); });

    // A compressed value is taken apart once, where it is defined.
    DenseMap<Value, DisassembleOp> parts;
    for (DecodeOp op : decodes) {
      if (!op.getDecoderAttr()) {
        op.emitOpError("names no decoder; run zq-materialize-decoders before");
        return signalPassFailure();
      }
      auto decoder = SymbolTable::lookupNearestSymbolFrom<DecoderOp>(
          op, op.getDecoderAttr());
      auto type = cast<CompressedTensorType>(op.getSource().getType());
      auto streamTypes = type.getStreamTypes(op);
      if (!decoder || failed(streamTypes)) {
        op.emitOpError("has no decoder");
        return signalPassFailure();
      }
      DisassembleOp &streams = parts[op.getSource()];
      if (!streams) {
        rewriter.setInsertionPointAfterValue(op.getSource());
        streams = DisassembleOp::create(rewriter, op.getLoc(), *streamTypes,
                                        op.getSource());
      }
      if (failed(Lowering(rewriter, op, decoder, streams.getStreams())
                     .run(unroll)))
        return signalPassFailure();
    }
    for (auto [source, streams] : parts)
      hoistTables(streams);
    lowerPartOps(rewriter, getOperation());
  }
};
} // namespace
