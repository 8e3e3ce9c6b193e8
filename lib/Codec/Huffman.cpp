//===- Huffman.cpp - Codes to chunks of a Huffman code --------------------===//

#include "zq/Codec/Huffman.h"
#include "Chunks.h"
#include "Histogram.h"
#include "Validate.h"
#include "zq/Codec/HuffmanCode.h"

#include <cassert>

using namespace zq::codec;

Huffman::Huffman(int symbolBits, int64_t chunk, int maxLength)
    : symbolBits(symbolBits), chunk(chunk), maxLength(maxLength) {
  assert(1 <= symbolBits && symbolBits <= 8 && "symbols have 1 to 8 bits");
  assert(chunk >= 1 && "a chunk has elements");
  assert(1 <= maxLength && maxLength <= 16 && "codes have 1 to 16 bits");
}

Result<Array> Huffman::encode(const Array &input, const Below &below,
                              std::vector<Stream> &sides) const {
  (void)below;
  const std::vector<int64_t> &shape = input.shape;
  if (Status valid = checkSymbols(keyword(), input, symbolBits); !valid)
    return valid.error();

  Result<std::vector<int>> lengths =
      huffmanLengths(symbolCounts(input, symbolBits), maxLength);
  if (!lengths)
    return lengths.error();
  std::vector<uint16_t> codes = canonicalCodes(*lengths);
  std::vector<uint16_t> entries = huffmanTable(*lengths, maxLength);
  std::vector<uint8_t> lengthOf(lengths->begin(), lengths->end());

  Array table(ElementType::I16, {int64_t(entries.size())});
  std::memcpy(table.bytes.data(), entries.data(), table.bytes.size());

  Array offsets(ElementType::I32, chunkShape(shape, chunk));
  const uint8_t *symbols = elements<uint8_t>(input);
  std::vector<std::vector<uint8_t>> streams = encodeChunks<uint8_t>(
      offsets.size(), chunkGrain(chunk), 1, offsets,
      [&](int64_t c, std::vector<uint8_t> *bits) {
        const ChunkSpan span = chunkSpan(c, shape, chunk);
        const size_t begin = bits->size();
        bits->resize(begin + span.count * maxLength / 8 + 8);
        BitWriter writer(bits->data() + begin);
        for (int64_t i = span.first; i < span.first + span.count; ++i)
          writer.write(codes[symbols[i]], lengthOf[symbols[i]]);
        bits->resize(writer.finish() - bits->data());
      });
  Result<Array> bits =
      byteStream(keyword(), "bits", std::move(streams[0]), huffmanSlack);
  if (!bits)
    return bits;
  sides.push_back({"table", std::move(table)});
  sides.push_back({"offsets", std::move(offsets)});
  return bits;
}

Status zq::codec::checkHuffman(const Array &table, const Array &offsets,
                               const Array &bits,
                               const std::vector<int64_t> &shape,
                               int symbolBits, int64_t chunk, int maxLength) {
  if (Status valid = checkRows("huffman", shape); !valid)
    return valid;
  if (Status valid = checkArray("stream 'table'", table, ElementType::I16,
                                {int64_t(1) << maxLength});
      !valid)
    return valid;
  if (Status valid = checkArray("stream 'offsets'", offsets, ElementType::I32,
                                chunkShape(shape, chunk));
      !valid)
    return valid;
  if (Status valid = checkStream("bits", bits, ElementType::I8, huffmanSlack);
      !valid)
    return valid;
  int64_t end = bits.size() - huffmanSlack;

  int64_t highest = 0; // bit of i
  for (int64_t i = 0, n = table.size(); i < n; ++i) {
    int entry = table.get<uint16_t>(i), length = entry >> 8;
    if (length < 1 || length > maxLength)
      return Error{"entry " + std::to_string(i) + " of stream 'table' has " +
                   "length " + std::to_string(length) + ", expected 1 to " +
                   std::to_string(maxLength)};
    if ((entry & 0xFF) >> symbolBits)
      return Error{"entry " + std::to_string(i) + " of stream 'table' is " +
                   "symbol " + std::to_string(entry & 0xFF) +
                   ", expected below " + std::to_string(1 << symbolBits)};
    // The bits after a code do not change it, so that a decoder may look at as
    // many as it likes: with no more bits than its own it is the same, and so
    // is what a highest bit is added to after a whole code.
    int64_t code = i & ((int64_t(1) << length) - 1);
    highest += i >> (highest + 1);
    int64_t begin = i & ~(int64_t(1) << highest);
    bool isWhole = table.get<uint16_t>(begin) >> 8 <= highest;
    for (int64_t same : {code, isWhole ? begin : code})
      if (table.get<uint16_t>(same) != entry)
        return Error{"entry " + std::to_string(i) + " of stream 'table' is a " +
                     "code of " + std::to_string(length) + " bits, but entry " +
                     std::to_string(same) + " is another one"};
  }
  for (int64_t i = 0, n = offsets.size(); i < n; ++i)
    if (Status valid = checkOffset(i, offsets.get<int32_t>(i), end, "byte");
        !valid)
      return valid;
  // An element takes a bit or more. Without this, a few bytes could ask for
  // any amount of memory.
  if (numElements(shape) > end * 8)
    return Error{std::to_string(numElements(shape)) +
                 " elements cannot be in a stream of " + std::to_string(end) +
                 " bytes"};
  return {};
}

Status Huffman::check(const Array *main, const std::vector<Stream> &sides,
                      const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 2); !valid)
    return valid;
  if (!main)
    return Error{"huffman must be the last stage"};
  return checkHuffman(sides[0].array, sides[1].array, *main, shape, symbolBits,
                      chunk, maxLength);
}

Result<Array> Huffman::decode(const Array &main,
                              const std::vector<Stream> &sides,
                              const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &offsets = sides[1].array;
  const uint16_t *table = elements<uint16_t>(sides[0].array);
  const uint8_t *bytes = elements<uint8_t>(main);
  const int64_t end = (main.size() - huffmanSlack) * 8;
  const uint32_t mask = (uint32_t(1) << maxLength) - 1;
  const int64_t perPeek = 57 / maxLength;

  Array symbols(ElementType::I8, shape);
  auto decodeChunk = [&](int64_t c) -> Status {
    const ChunkSpan span = chunkSpan(c, shape, chunk);
    uint8_t *to = elements<uint8_t>(symbols) + span.first;
    int64_t position = int64_t(offsets.get<int32_t>(c)) * 8;
    for (int64_t i = 0; i < span.count;) {
      uint64_t window = peekBits(bytes, position);
      const int64_t last = std::min(span.count, i + perPeek);
      for (; i < last; ++i) {
        int entry = table[window & mask], length = entry >> 8;
        to[i] = entry & 0xFF;
        window >>= length;
        position += length;
      }
      // Only now: what was peeked at lies within the slack.
      if (position > end)
        return pastTheEnd(c, "bits");
    }
    return {};
  };
  if (Status decoded =
          decodeChunks(offsets.size(), chunkGrain(chunk), decodeChunk);
      !decoded)
    return decoded.error();
  return symbols;
}
