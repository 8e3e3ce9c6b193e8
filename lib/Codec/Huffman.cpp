//===- Huffman.cpp - Codes to chunks of a Huffman code --------------------===//

#include "zq/Codec/Huffman.h"
#include "Validate.h"
#include "zq/Codec/HuffmanCode.h"

#include <algorithm>

using namespace zq::codec;

Huffman::Huffman(int symbolBits, int64_t chunk, int maxLength)
    : symbolBits(symbolBits), chunk(chunk), maxLength(maxLength) {
  assert(1 <= symbolBits && symbolBits <= 8 && "symbols have 1 to 8 bits");
  assert(chunk >= 1 && "a chunk has elements");
  assert(1 <= maxLength && maxLength <= 16 && "codes have 1 to 16 bits");
}

/// The shape of the chunk index of a tensor of `shape`.
static std::vector<int64_t> chunkShape(const std::vector<int64_t> &shape,
                                       int64_t chunk) {
  std::vector<int64_t> result = shape;
  result.back() = ceilDiv(shape.back(), chunk);
  return result;
}

namespace {
/// The elements [first, first + count) of a chunk, row-major.
struct ChunkSpan {
  int64_t first;
  int64_t count;
};
} // namespace

/// The elements of chunk `index`, counted in row-major order over the index.
static ChunkSpan chunkSpan(int64_t index, const std::vector<int64_t> &shape,
                           int64_t chunk) {
  int64_t length = shape.back(), perRow = ceilDiv(length, chunk);
  int64_t row = index / perRow, start = index % perRow * chunk;
  return {row * length + start, std::min(chunk, length - start)};
}

Result<Array> Huffman::encode(const Array &input, const Below &below,
                              std::vector<Stream> &sides) const {
  (void)below;
  const std::vector<int64_t> &shape = input.shape;
  if (Status valid =
          checkArray("the input of huffman", input, ElementType::I8, shape);
      !valid)
    return valid.error();
  if (shape.empty())
    return Error{"huffman needs a tensor of rank 1 or more"};
  if (Status valid = checkCodes(keyword(), input, int64_t(1) << symbolBits);
      !valid)
    return valid.error();

  std::vector<int64_t> counts(size_t(1) << symbolBits);
  for (uint8_t symbol : input.bytes)
    ++counts[symbol];
  Result<std::vector<int>> lengths = huffmanLengths(counts, maxLength);
  if (!lengths)
    return lengths.error();
  std::vector<uint16_t> codes = canonicalCodes(*lengths);
  std::vector<uint16_t> entries = huffmanTable(*lengths, maxLength);

  Array table(ElementType::I16, {int64_t(entries.size())});
  std::memcpy(table.bytes.data(), entries.data(), table.bytes.size());

  Array offsets(ElementType::I32, chunkShape(shape, chunk));
  std::vector<uint8_t> bytes;
  for (int64_t c = 0, n = offsets.size(); c < n; ++c) {
    offsets.set(c, static_cast<int32_t>(bytes.size()));
    ChunkSpan span = chunkSpan(c, shape, chunk);
    uint32_t pending = 0;
    int numPending = 0;
    for (int64_t i = span.first; i < span.first + span.count; ++i) {
      uint8_t symbol = input.get<uint8_t>(i);
      pending |= uint32_t(codes[symbol]) << numPending;
      for (numPending += (*lengths)[symbol]; numPending >= 8; numPending -= 8) {
        bytes.push_back(pending & 0xFF);
        pending >>= 8;
      }
    }
    if (numPending > 0)
      bytes.push_back(pending & 0xFF);
    if (bytes.size() + huffmanSlack > INT32_MAX)
      return Error{"the bit stream of huffman exceeds 2^31 - 1 bytes"};
  }
  bytes.resize(bytes.size() + huffmanSlack);

  Array bits;
  bits.type = ElementType::I8;
  bits.shape = {int64_t(bytes.size())};
  bits.bytes = std::move(bytes);
  sides.push_back({"table", std::move(table)});
  sides.push_back({"offsets", std::move(offsets)});
  return bits;
}

Status zq::codec::checkHuffman(const Array &table, const Array &offsets,
                               const Array &bits,
                               const std::vector<int64_t> &shape,
                               int symbolBits, int64_t chunk, int maxLength) {
  if (shape.empty())
    return Error{"huffman needs a tensor of rank 1 or more"};
  if (Status valid = checkShape(shape); !valid)
    return valid;
  if (Status valid = checkArray("stream 'table'", table, ElementType::I16,
                                {int64_t(1) << maxLength});
      !valid)
    return valid;
  if (Status valid = checkArray("stream 'offsets'", offsets, ElementType::I32,
                                chunkShape(shape, chunk));
      !valid)
    return valid;
  if (bits.shape.size() != 1)
    return Error{"stream 'bits' has shape " + toString(bits.shape) +
                 ", expected one dimension"};
  if (Status valid =
          checkArray("stream 'bits'", bits, ElementType::I8, bits.shape);
      !valid)
    return valid;
  int64_t end = bits.size() - huffmanSlack;
  if (end < 0 || bits.size() > INT32_MAX)
    return Error{"stream 'bits' has " + std::to_string(bits.size()) +
                 " bytes, expected 8 to 2^31 - 1"};

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
  }
  for (int64_t i = 0, n = offsets.size(); i < n; ++i) {
    int32_t offset = offsets.get<int32_t>(i);
    if (offset < 0 || offset > end)
      return Error{"chunk " + std::to_string(i) + " starts at byte " +
                   std::to_string(offset) + " of " + std::to_string(end)};
  }
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

/// The 16 bits from `position`, the first in bit 0; zeros past the end.
static uint32_t peek(const std::vector<uint8_t> &bytes, int64_t position) {
  uint32_t window = 0;
  for (int64_t i = 0; i < 3; ++i)
    if (position / 8 + i < int64_t(bytes.size()))
      window |= uint32_t(bytes[position / 8 + i]) << (8 * i);
  return window >> position % 8 & 0xFFFF;
}

Result<Array> Huffman::decode(const Array &main,
                              const std::vector<Stream> &sides,
                              const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &table = sides[0].array, &offsets = sides[1].array;
  int64_t end = (main.size() - huffmanSlack) * 8;
  uint32_t mask = (uint32_t(1) << maxLength) - 1;

  Array symbols(ElementType::I8, shape);
  for (int64_t c = 0, n = offsets.size(); c < n; ++c) {
    ChunkSpan span = chunkSpan(c, shape, chunk);
    int64_t position = int64_t(offsets.get<int32_t>(c)) * 8;
    for (int64_t i = span.first; i < span.first + span.count; ++i) {
      int entry = table.get<uint16_t>(peek(main.bytes, position) & mask);
      symbols.set<uint8_t>(i, entry & 0xFF);
      position += entry >> 8;
      if (position > end)
        return Error{"chunk " + std::to_string(c) +
                     " runs past the end of stream 'bits'"};
    }
  }
  return symbols;
}
