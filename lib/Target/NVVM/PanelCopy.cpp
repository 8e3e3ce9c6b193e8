//===- PanelCopy.cpp - Rows of a stream into a block's memory -------------===//
#include "PanelCopy.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::zq;

int64_t PanelCopy::Layout::getUnit() const {
  return int64_t(1) << llvm::countr_zero<uint64_t>(pitch | bytes | 16);
}

PanelCopy::PanelCopy(KernelBuilder &b, const Layout &layout, Value stream,
                     Int firstRow, Int thread,
                     function_ref<Int(Int, Int)> place)
    : b(b), layout(layout), stream(stream) {
  int64_t total = layout.panelRows * layout.chunks;
  for (int64_t first = 0; first < total; first += layout.threads) {
    Int index = thread + first;
    Int row = index / layout.chunks, chunk = index % layout.chunks;
    Chunk result;
    if (first + layout.threads > total)
      result.isChunk = index < total;
    result.place = place(row, chunk);
    row = firstRow + row;
    if (layout.rows % layout.panelRows != 0)
      result.isRow = row < layout.rows;
    // What goes through registers is read by all threads.
    if (result.isChunk && !layout.isAsync())
      result.isRow =
          result.isRow ? result.isRow & result.isChunk : result.isChunk;
    if (result.isRow)
      row = b.select(result.isRow, row, b.i32(0));
    result.column = chunk * layout.bytes;
    // Neighbouring chunks of a thread lie some whole rows apart: one address
    // serves them all.
    if (first && !result.isRow && layout.threads % layout.chunks == 0)
      result.from = b.at(chunks.front().from,
                         b.i64(first / layout.chunks * layout.pitch));
    else
      result.from =
          b.at(stream, row.wide() * layout.pitch + result.column.wide());
    chunks.push_back(result);
  }
}

Int PanelCopy::isInside(const Chunk &chunk, Int start, int64_t unit) {
  Int inside = chunk.isRow;
  if (layout.pitch % (layout.chunks * layout.bytes) != 0) {
    Int isColumn = start + chunk.column + unit < layout.pitch;
    inside = inside ? inside & isColumn : isColumn;
  }
  return inside;
}

void PanelCopy::copy(Int stretch, Value stage) {
  if (!layout.isAsync())
    return;
  Int start = stretch * (layout.chunks * layout.bytes);
  int64_t unit = layout.getUnit();
  for (const Chunk &chunk : chunks) {
    auto copyChunk = [&] {
      for (int64_t i = 0; i < layout.bytes; i += unit) {
        Int inside = isInside(chunk, start, i);
        Value from = b.at(chunk.from, start + i);
        // The address is to be one of the array even if nothing is read.
        if (inside)
          from = b.select(inside, from, stream);
        b.copyAsync(b.at(stage, chunk.place + i), from, unit, inside);
      }
    };
    if (chunk.isChunk)
      b.when(chunk.isChunk, copyChunk);
    else
      copyChunk();
  }
}

/// The chunk as words, the first byte lowest.
SmallVector<Value> PanelCopy::loadWords(const Chunk &chunk, Int start) {
  int64_t unit = layout.getUnit();
  Type word = b.getI32Type();
  SmallVector<Value> words;
  for (int64_t i = 0; i < layout.bytes; i += unit) {
    Int inside = isInside(chunk, start, i);
    Value from = b.at(chunk.from, start + i);
    if (inside)
      from = b.select(inside, from, stream);
    Type type = unit >= 8 ? Type(VectorType::get(unit / 4, word))
                          : Type(b.getIntegerType(8 * unit));
    Value value = b.load(type, from, unit);
    if (unit < 4)
      value = arith::ExtUIOp::create(b, word, value);
    for (Value part : b.unpack(value)) {
      if (inside)
        part = b.select(inside, part, Value(b.i32(0)));
      if (i % 4 == 0)
        words.push_back(part);
      else
        words.back() = Int(b, words.back()) | (Int(b, part) << (8 * (i % 4)));
    }
  }
  return words;
}

/// Four codes of `bits` in the low bits of a word to a byte each.
static Int spreadFour(Int word, int64_t bits) {
  if (bits == 4) {
    word = (word | (word << 8)) & 0x00FF00FF;
    word = (word | (word << 4)) & 0x0F0F0F0F;
    return word << 2;
  }
  word = (word & 0xFFF) | ((word & 0xFFF000) << 4);
  return (word & 0x003F003F) | ((word & 0x0FC00FC0) << 2);
}

SmallVector<Value> PanelCopy::spread(ArrayRef<Value> words) {
  auto word = [&](int64_t i) { return Int(b, words[i]); };
  SmallVector<Value> result;
  if (layout.form == Form::SpreadFours)
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t half = 0; half < 2; ++half)
        result.push_back(
            spreadFour(half ? word(i) >> 16 : word(i) & 0xFFFF, 4));
  else
    for (Int bits : {word(0), (word(0) >> 24) | (word(1) << 8),
                     (word(1) >> 16) | (word(2) << 16), word(2) >> 8})
      result.push_back(spreadFour(bits, 6));
  return result;
}

SmallVector<Value> PanelCopy::load(Int stretch) {
  SmallVector<Value> values;
  if (layout.isAsync())
    return values;
  Int start = stretch * (layout.chunks * layout.bytes);
  for (const Chunk &chunk : chunks)
    llvm::append_range(values, loadWords(chunk, start));
  return values;
}

SmallVector<Value> PanelCopy::zeros() {
  size_t words = layout.isAsync() ? 0 : chunks.size() * layout.bytes / 4;
  return SmallVector<Value>(words, words ? Value(b.i32(0)) : Value());
}

void PanelCopy::store(ArrayRef<Value> values, Value stage) {
  if (layout.isAsync())
    return;
  int64_t words = layout.bytes / 4;
  for (const Chunk &chunk : chunks) {
    SmallVector<Value> own(values.take_front(words));
    values = values.drop_front(words);
    auto storeChunk = [&] {
      if (layout.form != Form::AsIs)
        own = spread(own);
      // No vector has three words.
      for (size_t i = 0; i < own.size();) {
        size_t count = own.size() == 3 ? 1 : own.size();
        Value to = b.at(stage, chunk.place + 4 * i);
        b.store(b.pack(ArrayRef(own).slice(i, count)), to, 4 * count);
        i += count;
      }
    };
    if (chunk.isChunk)
      b.when(chunk.isChunk, storeChunk);
    else
      storeChunk();
  }
}

void PanelCopies::fill(Int stretch, Value stage, function_ref<void()> between) {
  Int exists = stretch < stretches;
  b.when(exists, [&] {
    for (PanelCopy &copy : copies)
      copy.copy(stretch, stage);
  });
  b.commitCopies();
  SmallVector<Value> zeros;
  for (PanelCopy &copy : copies)
    llvm::append_range(zeros, copy.zeros());
  if (zeros.empty())
    return between();
  SmallVector<Value> values = b.when(
      exists,
      [&] {
        SmallVector<Value> values;
        for (PanelCopy &copy : copies)
          llvm::append_range(values, copy.load(stretch));
        return values;
      },
      zeros);
  between();
  ArrayRef<Value> rest = values;
  for (PanelCopy &copy : copies) {
    size_t count = copy.zeros().size();
    copy.store(rest.take_front(count), stage);
    rest = rest.drop_front(count);
  }
}
