//===- Rans.cpp - Codes to chunks of table-driven rANS --------------------===//

#include "zq/Codec/Rans.h"
#include "Chunks.h"
#include "Histogram.h"
#include "Validate.h"
#include "zq/Codec/RansModel.h"

#include <cassert>

using namespace zq::codec;

/// The least state, and the bits that a state takes up or gives off at a time.
static constexpr uint32_t leastState = 1 << 16;
static constexpr int wordBits = 16;

Rans::Rans(int symbolBits, int precision, int64_t chunk)
    : symbolBits(symbolBits), precision(precision), chunk(chunk) {
  assert(1 <= symbolBits && symbolBits <= 8 && "symbols have 1 to 8 bits");
  assert(1 <= precision && precision <= 12 && "entries hold 12 bits of it");
  assert(chunk >= 1 && "a chunk has elements");
}

namespace {
/// An entry of the table.
struct Slot {
  explicit Slot(uint32_t entry)
      : symbol(entry & 0xFF), frequency((entry >> 8 & 0xFFF) + 1),
        offset(entry >> 20) {}
  uint32_t symbol;
  uint32_t frequency;
  /// Its place among the slots of its symbol.
  uint32_t offset;
};
} // namespace

/// Appends the words of the symbols [first, first + count) of `input`. `starts`
/// has the first slot of each symbol.
static void encodeChunk(const Array &input, ChunkSpan span,
                        const std::vector<int> &slots,
                        const std::vector<int> &starts, int precision,
                        std::vector<uint16_t> &words) {
  std::vector<uint32_t> states(ransLanes, leastState);
  // Last in, first out: the decoder reads what is written here backwards, a
  // word for a symbol at most.
  std::vector<uint16_t> reversed(span.count + 1);
  uint16_t *next = reversed.data() + reversed.size();
  const uint8_t *symbols = elements<uint8_t>(input) + span.first;
  for (int64_t j = span.count; j-- > 0;) {
    const uint32_t frequency = slots[symbols[j]];
    uint32_t x = states[j % ransLanes];
    const bool isFull = x >= uint64_t(frequency) << (32 - precision);
    next[-1] = x & 0xFFFF;
    next -= isFull;
    x = isFull ? x >> wordBits : x;
    states[j % ransLanes] =
        (x / frequency << precision) + x % frequency + starts[symbols[j]];
  }
  for (uint32_t x : states) {
    words.push_back(x & 0xFFFF);
    words.push_back(x >> wordBits);
  }
  words.insert(words.end(), next, reversed.data() + reversed.size());
}

Result<Array> Rans::encode(const Array &input, const Below &,
                           std::vector<Stream> &sides) const {
  const std::vector<int64_t> &shape = input.shape;
  if (Status valid = checkSymbols(keyword(), input, symbolBits); !valid)
    return valid.error();

  Result<std::vector<int>> slots =
      ransSlots(symbolCounts(input, symbolBits), 1 << precision);
  if (!slots)
    return slots.error();
  Array table(ElementType::I32, {int64_t(1) << precision});
  std::vector<int> starts;
  int slot = 0;
  for (size_t symbol = 0; symbol < slots->size(); ++symbol) {
    starts.push_back(slot);
    for (int i = 0; i < (*slots)[symbol]; ++i)
      table.set<uint32_t>(slot++, uint32_t(symbol) |
                                      uint32_t((*slots)[symbol] - 1) << 8 |
                                      uint32_t(i) << 20);
  }

  Array offsets(ElementType::I32, chunkShape(shape, chunk));
  std::vector<uint16_t> words = std::move(
      encodeChunks<uint16_t>(offsets.size(), chunkGrain(chunk), 1, offsets,
                             [&](int64_t c, std::vector<uint16_t> *own) {
                               encodeChunk(input, chunkSpan(c, shape, chunk),
                                           *slots, starts, precision, own[0]);
                             })[0]);
  words.resize(words.size() + ransSlack);
  if (words.size() > INT32_MAX / 2)
    return Error{"stream 'words' of rans exceeds 2^31 - 1 bytes"};
  Array main(ElementType::I16, {int64_t(words.size())});
  std::memcpy(main.bytes.data(), words.data(), main.bytes.size());
  sides.push_back({"table", std::move(table)});
  sides.push_back({"offsets", std::move(offsets)});
  return main;
}

/// Whether the slots fall into runs, each of one symbol and as long as its
/// frequency says.
Status Rans::checkTable(const Array &table) const {
  int64_t numSlots = int64_t(1) << precision;
  if (Status valid =
          checkArray("stream 'table'", table, ElementType::I32, {numSlots});
      !valid)
    return valid;
  for (int64_t start = 0; start < numSlots;) {
    const Slot first(table.get<uint32_t>(start));
    const int64_t end = start + first.frequency;
    if (first.symbol >> symbolBits)
      return Error{"slot " + std::to_string(start) + " of stream 'table' is " +
                   "symbol " + std::to_string(first.symbol) +
                   ", expected below " + std::to_string(1 << symbolBits)};
    if (end > numSlots || first.frequency == numSlots)
      return Error{"slot " + std::to_string(start) + " of stream 'table' has " +
                   "frequency " + std::to_string(first.frequency) + " of " +
                   std::to_string(numSlots - start)};
    for (int64_t i = start; i < end; ++i) {
      const Slot slot(table.get<uint32_t>(i));
      if (slot.symbol != first.symbol || slot.frequency != first.frequency ||
          slot.offset != i - start)
        return Error{"slot " + std::to_string(i) + " of stream 'table' does " +
                     "not continue slot " + std::to_string(start)};
    }
    start = end;
  }
  return {};
}

Status Rans::check(const Array *main, const std::vector<Stream> &sides,
                   const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 2); !valid)
    return valid;
  if (Status valid = checkLast(keyword(), main, shape); !valid)
    return valid;
  if (Status valid = checkTable(sides[0].array); !valid)
    return valid;
  const Array &offsets = sides[1].array;
  if (Status valid = checkArray("stream 'offsets'", offsets, ElementType::I32,
                                chunkShape(shape, chunk));
      !valid)
    return valid;
  if (Status valid = checkStream("words", *main, ElementType::I16, ransSlack);
      !valid)
    return valid;
  int64_t end = main->size() - ransSlack;
  for (int64_t i = 0, n = offsets.size(); i < n; ++i)
    if (Status valid = checkOffset(i, offsets.get<int32_t>(i),
                                   end - 2 * ransLanes, "word");
        !valid)
      return valid;
  // No symbol has all slots, so that each takes more than 2^-precision bits.
  // Without this, a few words could ask for any amount of memory.
  if (numElements(shape) > end * wordBits << precision)
    return Error{std::to_string(numElements(shape)) +
                 " elements cannot be in a stream of " + std::to_string(end) +
                 " words"};
  return {};
}

Result<Array> Rans::decode(const Array &main, const std::vector<Stream> &sides,
                           const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &table = sides[0].array, &offsets = sides[1].array;
  const int64_t end = main.size() - ransSlack;
  const uint32_t mask = (uint32_t(1) << precision) - 1;

  Array symbols(ElementType::I8, shape);
  auto decodeChunk = [&](int64_t c) -> Status {
    int64_t position = offsets.get<int32_t>(c);
    std::vector<uint32_t> states;
    for (int64_t lane = 0; lane < ransLanes; ++lane, position += 2)
      states.push_back(main.get<uint16_t>(position) |
                       uint32_t(main.get<uint16_t>(position + 1)) << wordBits);
    ChunkSpan span = chunkSpan(c, shape, chunk);
    uint8_t *to = elements<uint8_t>(symbols) + span.first;
    for (int64_t j = 0; j < span.count; ++j) {
      uint32_t &x = states[j % ransLanes];
      const Slot slot(table.get<uint32_t>(x & mask));
      to[j] = slot.symbol;
      x = slot.frequency * (x >> precision) + slot.offset;
      if (x >= leastState)
        continue;
      if (position >= end)
        return pastTheEnd(c, "words");
      x = x << wordBits | main.get<uint16_t>(position++);
    }
    return {};
  };
  if (Status decoded =
          decodeChunks(offsets.size(), chunkGrain(chunk), decodeChunk);
      !decoded)
    return decoded.error();
  return symbols;
}
