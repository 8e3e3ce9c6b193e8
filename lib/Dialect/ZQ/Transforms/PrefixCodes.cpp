//===- PrefixCodes.cpp - Loops for prefix codes, symbols at a time --------===//
//
// A lookup of the next bits yields all codes that they hold whole, whose
// symbols are stored at once: so many bytes that the next ones overwrite what
// was too much. Several runs of codes go side by side, since the lookups of one
// wait for one another. One that has come to its end goes on reading and
// writing past it, and drops what it finds, until all have: no branch asks
// which.
//
//===----------------------------------------------------------------------===//
#include "PrefixCodes.h"
#include "LoopBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Symbols of an entry: what a word holds beside the numbers of bits and of
/// symbols.
constexpr int64_t symbolsPerEntry = 6;

/// Runs that go side by side: more do not fit the registers.
constexpr int64_t runsInStep = 4;

/// Emits arithmetic on words of 64 bits.
class WordBuilder : public LoopBuilder {
public:
  WordBuilder(IRRewriter &b, Location loc)
      : LoopBuilder(b, loc), b(b), loc(loc) {}

  Value word(int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  }
  Value toWord(Value value) {
    if (value.getType().isIndex())
      return arith::IndexCastUIOp::create(b, loc, b.getI64Type(), value);
    return arith::ExtUIOp::create(b, loc, b.getI64Type(), value);
  }
  Value toIndex(Value word) {
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), word);
  }
  Value mask(Value word, int64_t bits) {
    return arith::AndIOp::create(b, loc, word, this->word(bits));
  }
  Value shiftRight(Value word, Value by) {
    return arith::ShRUIOp::create(b, loc, word, by);
  }
  Value shiftLeft(Value word, Value by) {
    return arith::ShLIOp::create(b, loc, word, by);
  }
  Value unite(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  Value lesser(Value x, Value y) {
    return arith::MinUIOp::create(b, loc, x, y);
  }
  Value isLess(Value x, Value y) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }

  IRRewriter &b;
  Location loc;
};

/// A code's table: its entries are `symbol | length << 8`.
class CodeTable {
public:
  CodeTable(WordBuilder &at, Value table)
      : at(at), table(table),
        longest(llvm::Log2_64(
            cast<RankedTensorType>(table.getType()).getDimSize(0))) {}

  /// Whether a lookup may find no whole code.
  bool hasLongCodes() const { return longest > PrefixTableOp::lookupBits; }

  /// The symbol that `bits` begin with, and the length of its code: no more
  /// than the table may have, whatever it has.
  std::pair<Value, Value> find(Value bits) {
    Value slot = at.toIndex(at.mask(bits, (int64_t(1) << longest) - 1));
    Value entry = at.toWord(at.extract(table, slot));
    Value length = at.shiftRight(entry, at.word(8));
    return {at.mask(entry, 0xFF), hasLongCodes()
                                      ? at.mask(length, 31)
                                      : at.lesser(length, at.word(longest))};
  }

private:
  WordBuilder &at;
  Value table;
  int64_t longest;
};

/// One of the runs that are decoded side by side, as loops carry it.
struct Run {
  /// The bit at which its next code begins.
  Value position;
  /// How many symbols are decoded.
  Value done;
};

class ChunksBuilder {
public:
  ChunksBuilder(IRRewriter &b, PrefixChunksOp op)
      : at(b, op.getLoc()), op(op), table(at, op.getTable()),
        count(at.toWord(op.getCount())) {}

  /// Decodes the runs from row `first` on whose positions these are.
  Value emitRuns(int64_t first, ValueRange positions, Value into);

private:
  Value emitLoad(Value position);
  Value write(Value symbols, Value into, int64_t row, Value place);
  std::pair<Run, Value> emitLongCode(Run run, int64_t row, Value into);
  std::pair<Run, Value> emitStep(Run run, int64_t row, Value into);

  WordBuilder at;
  PrefixChunksOp op;
  CodeTable table;
  Value count;
};

} // namespace

/// The bits from `position` on, of which 57 are there: a word that begins on a
/// byte, or the last one of the stream, whatever the position is.
Value ChunksBuilder::emitLoad(Value position) {
  OpBuilder &b = at.b;
  Value size = tensor::DimOp::create(b, at.loc, op.getBits(), 0);
  Value last = arith::SubIOp::create(b, at.loc, size, at.index(8));
  Value byte = at.lesser(at.toIndex(at.shiftRight(position, at.word(3))), last);
  Value zero = arith::ConstantOp::create(b, at.loc, b.getI8IntegerAttr(0));
  bool inBounds[] = {true};
  Value bytes = vector::TransferReadOp::create(
      b, at.loc, VectorType::get(8, b.getI8Type()), op.getBits(), byte,
      std::optional<Value>(zero), ArrayRef<bool>(inBounds));
  Value loaded = vector::BitCastOp::create(
      b, at.loc, VectorType::get(1, b.getI64Type()), bytes);
  Value word = vector::ExtractOp::create(b, at.loc, loaded, 0);
  return at.shiftRight(word, at.mask(position, 7));
}

/// Writes the eight bytes of `symbols`.
Value ChunksBuilder::write(Value symbols, Value into, int64_t row,
                           Value place) {
  OpBuilder &b = at.b;
  Value word = vector::BroadcastOp::create(
      b, at.loc, VectorType::get(1, b.getI64Type()), symbols);
  Value bytes = vector::BitCastOp::create(
      b, at.loc, VectorType::get(8, b.getI8Type()), word);
  bool inBounds[] = {true};
  return vector::TransferWriteOp::create(
             b, at.loc, bytes, into,
             ValueRange{at.index(row), at.toIndex(place)},
             ArrayRef<bool>(inBounds))
      .getResult();
}

/// One symbol by the code's own table.
std::pair<Run, Value> ChunksBuilder::emitLongCode(Run run, int64_t row,
                                                  Value into) {
  auto [symbol, length] = table.find(emitLoad(run.position));
  into = write(symbol, into, row, run.done);
  return {{at.add(run.position, length), at.add(run.done, at.word(1))}, into};
}

/// As many lookups as a word has bits for.
std::pair<Run, Value> ChunksBuilder::emitStep(Run run, int64_t row,
                                              Value into) {
  OpBuilder &b = at.b;
  // The bit above those that are read: where it ends up says how many were
  // used.
  Value bits =
      at.unite(emitLoad(run.position), at.word(int64_t(uint64_t(1) << 63)));
  Run next = run;
  Value found;
  constexpr int64_t lookupBits = PrefixTableOp::lookupBits;
  for (int64_t left = 57; left >= lookupBits; left -= lookupBits) {
    Value slot = at.toIndex(at.mask(bits, (int64_t(1) << lookupBits) - 1));
    Value entry = at.extract(op.getEntries(), slot);
    into = write(at.shiftRight(entry, at.word(16)), into, row, next.done);
    bits = at.shiftRight(bits, at.mask(entry, 63));
    found = at.mask(at.shiftRight(entry, at.word(8)), 0xFF);
    next.done = at.add(next.done, found);
  }
  next.position =
      at.add(run.position, math::CountLeadingZerosOp::create(b, at.loc, bits));
  if (table.hasLongCodes()) {
    Value isLong = arith::CmpIOp::create(b, at.loc, arith::CmpIPredicate::eq,
                                         found, at.word(0));
    auto choose = scf::IfOp::create(
        b, at.loc, isLong,
        [&](OpBuilder &, Location) {
          auto [after, written] = emitLongCode(next, row, into);
          scf::YieldOp::create(b, at.loc,
                               ValueRange{after.position, after.done, written});
        },
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(b, at.loc,
                               ValueRange{next.position, next.done, into});
        });
    next = {choose.getResult(0), choose.getResult(1)};
    into = choose.getResult(2);
  }
  Value goesOn = at.isLess(run.done, count);
  return {{at.select(goesOn, next.position, run.position),
           at.select(goesOn, next.done, run.done)},
          into};
}

Value ChunksBuilder::emitRuns(int64_t first, ValueRange positions, Value into) {
  OpBuilder &b = at.b;
  SmallVector<Value> initial{into};
  for (Value position : positions) {
    initial.push_back(at.toWord(position));
    initial.push_back(at.word(0));
  }
  auto step = [&](OpBuilder &, Location, ValueRange carried) {
    SmallVector<Value> next{carried[0]};
    Value more;
    for (size_t i = 0; i < positions.size(); ++i) {
      Run run{carried[1 + 2 * i], carried[2 + 2 * i]};
      auto [after, written] = emitStep(run, first + i, next[0]);
      next[0] = written;
      next.append({after.position, after.done});
      Value goesOn = at.isLess(after.done, count);
      more = more ? at.unite(more, goesOn) : goesOn;
    }
    scf::ConditionOp::create(b, at.loc, more, next);
  };
  auto loop = scf::WhileOp::create(
      b, at.loc, TypeRange(ValueRange(initial)), initial, step,
      [&](OpBuilder &, Location, ValueRange carried) {
        scf::YieldOp::create(b, at.loc, carried);
      });
  return loop.getResult(0);
}

Value mlir::zq::lowerPrefixCodes(IRRewriter &b, PrefixChunksOp op) {
  ChunksBuilder builder(b, op);
  Value into = op.getInit();
  ValueRange positions = op.getPositions();
  for (size_t first = 0; first < positions.size(); first += runsInStep) {
    size_t runs = std::min<size_t>(runsInStep, positions.size() - first);
    into = builder.emitRuns(first, positions.slice(first, runs), into);
  }
  return into;
}

Value mlir::zq::lowerPrefixCodes(IRRewriter &b, PrefixTableOp op) {
  WordBuilder at(b, op.getLoc());
  constexpr int64_t lookupBits = PrefixTableOp::lookupBits;
  constexpr int64_t size = int64_t(1) << lookupBits;
  CodeTable table(at, op.getTable());
  Value empty = tensor::EmptyOp::create(b, at.loc, size, b.getI64Type());
  return at.loop(
      at.index(0), at.index(size), 1, empty, [&](Value i, Value into) -> Value {
        Value bits = at.toWord(i), used = at.word(0), count = at.word(0);
        Value symbols = at.word(0), fits;
        for (int64_t k = 0; k < symbolsPerEntry; ++k) {
          auto [symbol, length] = table.find(at.shiftRight(bits, used));
          Value after = at.add(used, length);
          Value isWhole = at.isLess(after, at.word(lookupBits + 1));
          fits = fits ? Value(arith::AndIOp::create(b, at.loc, fits, isWhole))
                      : isWhole;
          symbol = at.shiftLeft(symbol, at.word(8 * k));
          symbols = at.unite(symbols, at.select(fits, symbol, at.word(0)));
          used = at.select(fits, after, used);
          count = at.add(count, at.toWord(fits));
        }
        Value entry = at.unite(at.shiftLeft(symbols, at.word(16)),
                               at.shiftLeft(count, at.word(8)));
        return at.insert(at.unite(entry, used), into, i);
      });
}
