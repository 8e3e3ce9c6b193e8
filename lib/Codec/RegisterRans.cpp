//===- RegisterRans.cpp - rANS whose model fits vector registers ----------===//

#include "zq/Codec/RegisterRans.h"
#include "Chunks.h"
#include "Histogram.h"
#include "Validate.h"
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

/// Appends the chunk of `span` rows of `length` elements.
static void encodeChunk(const Array &input, ChunkSpan span, int64_t length,
                        const Model &model, const std::vector<int> &starts,
                        int64_t lanes, std::vector<uint8_t> &bytes) {
  std::vector<uint32_t> states(lanes, leastState);
  // Last in, first out: the decoder reads what is written here backwards.
  std::vector<uint8_t> reversed;
  for (int64_t row = span.first + span.count; row-- > span.first;)
    for (int64_t j = length; j-- > 0;) {
      int rank = model.rankOf[input.get<uint8_t>(row * length + j)];
      uint32_t frequency = model.frequencies[rank];
      uint32_t &x = states[j % lanes];
      if (x >= frequency << 8) {
        reversed.push_back(x & 0xFF);
        x >>= 8;
      }
      x = (x / frequency << 8) + x % frequency + starts[rank];
    }
  for (uint32_t x : states)
    bytes.push_back(x & 0xFF);
  for (uint32_t x : states)
    bytes.push_back(x >> 8);
  bytes.insert(bytes.end(), reversed.rbegin(), reversed.rend());
}

Result<Array> RegisterRans::encode(const Array &input, const Below &,
                                   std::vector<Stream> &sides) const {
  const std::vector<int64_t> &shape = input.shape;
  if (Status valid = checkArray("the input of " + keyword(), input,
                                ElementType::I8, shape);
      !valid)
    return valid.error();
  if (shape.empty())
    return Error{keyword() + " needs a tensor of rank 1 or more"};
  if (Status valid = checkCodes(keyword(), input, int64_t(1) << symbolBits);
      !valid)
    return valid.error();

  std::vector<int64_t> counts = symbolCounts(input, symbolBits);
  Model model = hasEscapes() ? escapingModelOf(counts) : modelOf(counts);
  Array frequencies(ElementType::I8, {registerRansRanks});
  for (int rank = 0; rank < registerRansRanks; ++rank)
    frequencies.set<uint8_t>(rank, model.frequencies[rank]);
  const std::vector<int> starts = startsOf(frequencies);

  Array offsets(ElementType::I32, offsetsShape(shape));
  const int64_t perChunk = offsets.shape.back(), length = shape.back();
  std::vector<uint8_t> bytes, escapes;
  for (int64_t c = 0, n = offsets.size() / perChunk; c < n; ++c) {
    ChunkSpan span = rowSpan(c, shape, rowsPerChunk);
    offsets.set(c * perChunk, static_cast<int32_t>(bytes.size()));
    encodeChunk(input, span, length, model, starts, lanes, bytes);
    if (!hasEscapes())
      continue;
    offsets.set(c * perChunk + 1, static_cast<int32_t>(escapes.size()));
    for (int64_t i = span.first * length, end = i + span.count * length;
         i < end; ++i)
      if (model.rankOf[input.get<uint8_t>(i)] == escapeRank)
        escapes.push_back(input.get<uint8_t>(i));
  }

  sides.push_back({"frequencies", std::move(frequencies)});
  sides.push_back({"offsets", std::move(offsets)});
  if (hasEscapes()) {
    Array palette(ElementType::I8, {registerRansRanks});
    for (size_t i = 0; i < model.symbols.size(); ++i)
      palette.set<uint8_t>(i, model.symbols[i]);
    sides.push_back({"palette", std::move(palette)});
    Result<Array> stream =
        byteStream(keyword(), "escapes", std::move(escapes), registerRansSlack);
    if (!stream)
      return stream;
    sides.push_back({"escapes", std::move(*stream)});
  }
  return byteStream(keyword(), "bits", std::move(bytes), registerRansSlack);
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
  if (!main)
    return Error{keyword() + " must be the last stage"};
  if (shape.empty())
    return Error{keyword() + " needs a tensor of rank 1 or more"};
  if (Status valid = checkShape(shape); !valid)
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

Result<Array> RegisterRans::decode(const Array &main,
                                   const std::vector<Stream> &sides,
                                   const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &frequencies = sides[0].array, &offsets = sides[1].array;
  const std::vector<int> starts = startsOf(frequencies);
  const int64_t end = main.size() - registerRansSlack;
  const int64_t perChunk = offsets.shape.back(), length = shape.back();

  Array symbols(ElementType::I8, shape);
  for (int64_t c = 0, n = offsets.size() / perChunk; c < n; ++c) {
    ChunkSpan span = rowSpan(c, shape, rowsPerChunk);
    int64_t position = offsets.get<int32_t>(c * perChunk);
    int64_t escape = hasEscapes() ? offsets.get<int32_t>(c * perChunk + 1) : 0;
    std::vector<uint32_t> states;
    for (int64_t lane = 0; lane < lanes; ++lane)
      states.push_back(main.get<uint8_t>(position + lane) |
                       main.get<uint8_t>(position + lanes + lane) << 8);
    position += 2 * lanes;
    for (int64_t i = 0; i < span.count * length; ++i) {
      const int64_t element = span.first * length + i;
      uint32_t &x = states[i % length % lanes];
      int slot = x & 0xFF;
      // The last rank that begins no later, of those with slots.
      int rank = escapeRank;
      while (starts[rank] > slot || frequencies.get<uint8_t>(rank) == 0)
        --rank;
      x = frequencies.get<uint8_t>(rank) * (x >> 8) + slot - starts[rank];
      if (x < leastState) {
        if (position >= end)
          return pastTheEnd(c, "bits");
        x = x << 8 | main.get<uint8_t>(position++);
      }
      if (!hasEscapes()) {
        symbols.set<uint8_t>(element, rank);
      } else if (rank != escapeRank) {
        symbols.set(element, sides[2].array.get<uint8_t>(rank));
      } else {
        if (escape >= sides[3].array.size() - registerRansSlack)
          return pastTheEnd(c, "escapes");
        symbols.set(element, sides[3].array.get<uint8_t>(escape++));
      }
    }
  }
  return symbols;
}
