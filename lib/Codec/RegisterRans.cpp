//===- RegisterRans.cpp - rANS whose model fits vector registers ----------===//

#include "zq/Codec/RegisterRans.h"
#include "Chunks.h"
#include "Histogram.h"
#include "Validate.h"
#include "zq/Codec/Division.h"
#include "zq/Codec/RansModel.h"

#include <cassert>
#include <cmath>
#include <numeric>

using namespace zq::codec;

/// The least state: its high byte, by which a frequency is multiplied, is not
/// zero.
static constexpr uint32_t leastState = 1 << 8;
static constexpr int escapeRank = registerRansRanks - 1;

RegisterRans::RegisterRans(int symbolBits, int64_t lanes, int64_t rowsPerChunk)
    : symbolBits(symbolBits), lanes(lanes), rowsPerChunk(rowsPerChunk) {
  assert(1 <= symbolBits && symbolBits <= 8 && "symbols have 1 to 8 bits");
  assert(lanes >= 1 && "there is a lane");
  assert(rowsPerChunk >= 1 && "a chunk has rows");
}

/// The length of the axis that chunks are cut along.
static int64_t rowsOf(const std::vector<int64_t> &shape) {
  return shape.size() > 1 ? shape[shape.size() - 2] : 1;
}

std::vector<int64_t>
RegisterRans::offsetsShape(const std::vector<int64_t> &shape) const {
  std::vector<int64_t> result(shape.begin(),
                              shape.end() - std::min<size_t>(shape.size(), 2));
  result.push_back(ceilDiv(rowsOf(shape), rowsPerChunk));
  result.push_back(hasEscapes() ? 2 : 1);
  return result;
}

/// The rows of chunk `index`, counted through the whole tensor.
static ChunkSpan rowSpan(int64_t index, const std::vector<int64_t> &shape,
                         int64_t rowsPerChunk) {
  // Rows are to the last axis but one what elements are to the last.
  return chunkSpan(index, {rowsOf(shape)}, rowsPerChunk);
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

namespace {
struct Model {
  /// The rank of each symbol.
  std::vector<int> rankOf;
  /// The symbol of each rank that has one.
  std::vector<int> symbols;
  /// The frequency of each rank.
  std::vector<int> frequencies;
};
} // namespace

/// The model of the symbols that are their own rank.
static Model modelOf(std::vector<int64_t> counts) {
  counts.resize(registerRansRanks);
  Model model;
  model.frequencies = *ransSlots(counts, registerRansSlots);
  model.rankOf.resize(counts.size());
  std::iota(model.rankOf.begin(), model.rankOf.end(), 0);
  return model;
}

/// The model with an escape that makes the streams shortest.
static Model escapingModelOf(const std::vector<int64_t> &counts) {
  std::vector<int> order = byFrequency(counts);
  std::vector<int64_t> ofRanks(registerRansRanks);
  int64_t &escapes = ofRanks[escapeRank];
  escapes = std::accumulate(counts.begin(), counts.end(), int64_t(0));

  Model best;
  double least = HUGE_VAL;
  for (int ranked = 1; ranked <= escapeRank; ++ranked) {
    escapes -= ofRanks[ranked - 1] = counts[order[ranked - 1]];
    std::vector<int> frequencies = *ransSlots(ofRanks, registerRansSlots);
    double cost = ransCost(ofRanks, frequencies) + 8.0 * double(escapes);
    if (cost >= least)
      continue;
    least = cost;
    best.frequencies = std::move(frequencies);
    best.symbols.assign(order.begin(), order.begin() + ranked);
  }
  best.rankOf.assign(counts.size(), escapeRank);
  for (size_t i = 0; i < best.symbols.size(); ++i)
    best.rankOf[best.symbols[i]] = int(i);
  return best;
}

/// The first slot of each rank, by frequencies as they are stored.
static std::vector<int> startsOf(const Array &frequencies) {
  std::vector<int> starts;
  int slot = 0;
  for (int rank = 0; rank < registerRansRanks; ++rank) {
    starts.push_back(slot);
    slot += frequencies.get<uint8_t>(rank);
  }
  return starts;
}

//===----------------------------------------------------------------------===//
// Encoding
//===----------------------------------------------------------------------===//

namespace {
/// What encoding a symbol takes.
struct Step {
  uint32_t frequency, start;
  /// x / frequency for states x.
  Division division;
};
} // namespace

/// The step of each symbol that occurs.
static std::vector<Step> stepsOf(const Model &model,
                                 const std::vector<int> &starts) {
  std::vector<Step> steps;
  for (int rank : model.rankOf) {
    const int frequency = model.frequencies[rank];
    steps.push_back(
        {uint32_t(frequency), uint32_t(starts[rank]),
         frequency ? *findDivision(frequency, 0xFFFF, 64) : Division{}});
  }
  return steps;
}

/// Appends the chunk of `span` rows of `length` elements.
static void encodeChunk(const Array &input, ChunkSpan span, int64_t length,
                        const std::vector<Step> &steps, int64_t lanes,
                        std::vector<uint8_t> &bytes) {
  std::vector<uint32_t> states(lanes, leastState);
  // Last in, first out: the decoder reads what is written here backwards, a
  // byte for an element at most.
  std::vector<uint8_t> reversed(span.count * length + 1);
  uint8_t *next = reversed.data() + reversed.size();
  for (int64_t row = span.first + span.count; row-- > span.first;) {
    const uint8_t *symbols = elements<uint8_t>(input) + row * length;
    for (int64_t j = length, lane = length % lanes; j-- > 0;) {
      lane = lane == 0 ? lanes - 1 : lane - 1;
      const Step &step = steps[symbols[j]];
      uint32_t x = states[lane];
      const bool isFull = x >= step.frequency << 8;
      next[-1] = x & 0xFF;
      next -= isFull;
      x = isFull ? x >> 8 : x;
      uint32_t quotient = x * step.division.multiplier >> step.division.shift;
      states[lane] =
          (quotient << 8) + x - quotient * step.frequency + step.start;
    }
  }
  for (uint32_t x : states)
    bytes.push_back(x & 0xFF);
  for (uint32_t x : states)
    bytes.push_back(x >> 8);
  bytes.insert(bytes.end(), next, reversed.data() + reversed.size());
}

Result<Array> RegisterRans::encode(const Array &input, const Below &,
                                   std::vector<Stream> &sides) const {
  const std::vector<int64_t> &shape = input.shape;
  if (Status valid = checkSymbols(keyword(), input, symbolBits); !valid)
    return valid.error();

  std::vector<int64_t> counts = symbolCounts(input, symbolBits);
  Model model = hasEscapes() ? escapingModelOf(counts) : modelOf(counts);
  Array frequencies(ElementType::I8, {registerRansRanks});
  for (int rank = 0; rank < registerRansRanks; ++rank)
    frequencies.set<uint8_t>(rank, model.frequencies[rank]);
  const std::vector<int> starts = startsOf(frequencies);

  Array offsets(ElementType::I32, offsetsShape(shape));
  const int64_t perChunk = offsets.shape.back(), length = shape.back();
  const std::vector<Step> steps = stepsOf(model, starts);
  std::vector<std::vector<uint8_t>> streams = encodeChunks<uint8_t>(
      offsets.size() / perChunk, chunkGrain(rowsPerChunk * length), perChunk,
      offsets, [&](int64_t c, std::vector<uint8_t> *own) {
        ChunkSpan span = rowSpan(c, shape, rowsPerChunk);
        encodeChunk(input, span, length, steps, lanes, own[0]);
        if (!hasEscapes())
          return;
        for (int64_t i = span.first * length, end = i + span.count * length;
             i < end; ++i)
          if (model.rankOf[input.get<uint8_t>(i)] == escapeRank)
            own[1].push_back(input.get<uint8_t>(i));
      });

  sides.push_back({"frequencies", std::move(frequencies)});
  sides.push_back({"offsets", std::move(offsets)});
  if (hasEscapes()) {
    Array palette(ElementType::I8, {registerRansRanks});
    for (size_t i = 0; i < model.symbols.size(); ++i)
      palette.set<uint8_t>(i, model.symbols[i]);
    sides.push_back({"palette", std::move(palette)});
    Result<Array> stream = byteStream(keyword(), "escapes",
                                      std::move(streams[1]), registerRansSlack);
    if (!stream)
      return stream;
    sides.push_back({"escapes", std::move(*stream)});
  }
  return byteStream(keyword(), "bits", std::move(streams[0]),
                    registerRansSlack);
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

Status RegisterRans::checkFrequencies(const Array &frequencies) const {
  if (Status valid = checkArray("stream 'frequencies'", frequencies,
                                ElementType::I8, {registerRansRanks});
      !valid)
    return valid;
  int total = 0;
  for (int rank = 0; rank < registerRansRanks; ++rank) {
    int frequency = frequencies.get<uint8_t>(rank);
    total += frequency;
    if (frequency > 0 && !hasEscapes() && rank >> symbolBits)
      return Error{"rank " + std::to_string(rank) + " has frequency " +
                   std::to_string(frequency) + " but no symbol"};
  }
  if (total != registerRansSlots)
    return Error{"stream 'frequencies' sums to " + std::to_string(total) +
                 ", expected " + std::to_string(registerRansSlots)};
  return {};
}

Status RegisterRans::checkEscapes(const Array &palette,
                                  const Array &escapes) const {
  if (Status valid = checkArray("stream 'palette'", palette, ElementType::I8,
                                {registerRansRanks});
      !valid)
    return valid;
  if (Status valid = checkCodes("stream 'palette' of " + keyword(), palette,
                                int64_t(1) << symbolBits);
      !valid)
    return valid;
  if (Status valid =
          checkStream("escapes", escapes, ElementType::I8, registerRansSlack);
      !valid)
    return valid;
  return checkCodes("stream 'escapes' of " + keyword(), escapes,
                    int64_t(1) << symbolBits);
}

Status RegisterRans::check(const Array *main, const std::vector<Stream> &sides,
                           const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (Status valid = checkLast(keyword(), main, shape); !valid)
    return valid;
  if (Status valid = checkFrequencies(sides[0].array); !valid)
    return valid;
  const Array &offsets = sides[1].array;
  if (Status valid = checkArray("stream 'offsets'", offsets, ElementType::I32,
                                offsetsShape(shape));
      !valid)
    return valid;
  if (hasEscapes())
    if (Status valid = checkEscapes(sides[2].array, sides[3].array); !valid)
      return valid;
  if (Status valid =
          checkStream("bits", *main, ElementType::I8, registerRansSlack);
      !valid)
    return valid;

  int64_t end = main->size() - registerRansSlack;
  const int64_t perChunk = offsets.shape.back();
  for (int64_t c = 0, n = offsets.size() / perChunk; c < n; ++c) {
    if (Status valid = checkOffset(c, offsets.get<int32_t>(c * perChunk),
                                   end - 2 * lanes, "byte");
        !valid)
      return valid;
    if (!hasEscapes())
      continue;
    if (Status valid =
            checkOffset(c, offsets.get<int32_t>(c * perChunk + 1),
                        sides[3].array.size() - registerRansSlack, "escape");
        !valid)
      return valid;
  }
  // No rank has all slots, so that each symbol takes more than 1/512 of a bit.
  // Without this, a few bytes could ask for any amount of memory.
  if (numElements(shape) > end * 8 * 512)
    return Error{std::to_string(numElements(shape)) +
                 " elements cannot be in a stream of " + std::to_string(end) +
                 " bytes"};
  return {};
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

namespace {
/// What decoding a slot takes.
struct Slot {
  uint8_t frequency;
  /// Its place among the slots of its rank.
  uint8_t offset;
  uint8_t rank;
  uint8_t symbol;
};
} // namespace

/// The slots, by frequencies that sum to their number. Without a palette ranks
/// are symbols.
static std::vector<Slot> slotsOf(const Array &frequencies,
                                 const Array *palette) {
  std::vector<Slot> slots;
  for (int rank = 0; rank < registerRansRanks; ++rank) {
    const uint8_t frequency = frequencies.get<uint8_t>(rank);
    const uint8_t symbol = palette ? palette->get<uint8_t>(rank) : rank;
    for (int offset = 0; offset < frequency; ++offset)
      slots.push_back({frequency, uint8_t(offset), uint8_t(rank), symbol});
  }
  return slots;
}

Result<Array> RegisterRans::decode(const Array &main,
                                   const std::vector<Stream> &sides,
                                   const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &offsets = sides[1].array;
  const std::vector<Slot> slots =
      slotsOf(sides[0].array, hasEscapes() ? &sides[2].array : nullptr);
  const int escaping = hasEscapes() ? escapeRank : registerRansRanks;
  const int64_t end = main.size() - registerRansSlack;
  const int64_t endOfEscapes =
      hasEscapes() ? sides[3].array.size() - registerRansSlack : 0;
  const int64_t perChunk = offsets.shape.back(), length = shape.back();

  Array symbols(ElementType::I8, shape);
  auto decodeChunk = [&](int64_t c) -> Status {
    const uint8_t *bytes = elements<uint8_t>(main);
    const Slot *slotAt = slots.data();
    const ChunkSpan span = rowSpan(c, shape, rowsPerChunk);
    int64_t position = offsets.get<int32_t>(c * perChunk);
    int64_t escape = hasEscapes() ? offsets.get<int32_t>(c * perChunk + 1) : 0;
    std::vector<uint32_t> states(lanes);
    for (int64_t lane = 0; lane < lanes; ++lane)
      states[lane] = bytes[position + lane] | bytes[position + lanes + lane]
                                                  << 8;
    position += 2 * lanes;
    uint8_t *to = elements<uint8_t>(symbols) + span.first * length;
    for (int64_t row = 0; row < span.count; ++row, to += length)
      for (int64_t j = 0; j < length;) {
        // One symbol for each lane, and no more than the slack has bytes for:
        // only then is it asked where they came from.
        const int64_t first = j, lane = first % lanes;
        const int64_t last =
            std::min({length, first + lanes - lane, first + registerRansSlack});
        for (; j < last; ++j) {
          uint32_t &state = states[lane + j - first];
          const Slot slot = slotAt[state & 0xFF];
          const uint32_t x = slot.frequency * (state >> 8) + slot.offset;
          const uint32_t longer = x << 8 | bytes[position];
          position += x < leastState;
          state = x < leastState ? longer : x;
          to[j] = slot.symbol;
          if (slot.rank != escaping)
            continue;
          if (position > end)
            return pastTheEnd(c, "bits");
          if (escape >= endOfEscapes)
            return pastTheEnd(c, "escapes");
          to[j] = sides[3].array.get<uint8_t>(escape++);
        }
        if (position > end)
          return pastTheEnd(c, "bits");
      }
    return {};
  };
  if (Status decoded =
          decodeChunks(offsets.size() / perChunk,
                       chunkGrain(rowsPerChunk * length), decodeChunk);
      !decoded)
    return decoded.error();
  return symbols;
}
