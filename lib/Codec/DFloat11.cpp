//===- DFloat11.cpp - Reading tensors published as DFloat11 ---------------===//

#include "zq/Codec/DFloat11.h"
#include "Validate.h"

using namespace zq::codec;

/// Bits of `encodedExponent` that a thread decodes, and of an entry of `gaps`.
static constexpr int64_t threadBits = 64;
static constexpr int64_t gapBits = 5;
/// Entries from here on point to another table.
static constexpr int firstPointer = 240;
static constexpr int maxLength = 32;

/// `count` <= 32 bits from bit `position` on, the first one on top; zeros past
/// the end.
static uint32_t bitsAt(const Array &array, int64_t position, int count) {
  uint64_t bytes = 0;
  for (int64_t i = position / 8, end = i + 5; i < end; ++i)
    bytes = bytes << 8 | (i < array.size() ? array.get<uint8_t>(i) : 0);
  return bytes >> (40 - position % 8 - count) & ((uint64_t(1) << count) - 1);
}

/// Entry `index` of the output positions.
static int64_t outputPosition(const Array &positions, int64_t index) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i)
    value = value << 8 | positions.get<uint8_t>(index * 4 + i);
  return value;
}

/// The code at bit `position`: exponent | length << 8, or -1 where there is
/// none.
static int codeAt(const DFloat11 &published, int64_t position) {
  const int64_t lengths = published.luts.shape[0] - 1;
  const uint32_t window =
      bitsAt(published.encodedExponent, position, maxLength);
  int64_t table = 0;
  for (int shift = maxLength - 8; shift >= 0; shift -= 8) {
    int entry =
        published.luts.get<uint8_t>(table * 256 + (window >> shift & 0xFF));
    if (entry < firstPointer) {
      int length = published.luts.get<uint8_t>(lengths * 256 + entry);
      return length >= 1 && length <= maxLength ? entry | length << 8 : -1;
    }
    table = 256 - entry;
    if (table >= lengths)
      return -1;
  }
  return -1;
}

static Status check(const DFloat11 &published,
                    const std::vector<int64_t> &shape) {
  if (Status valid = checkShape(shape); !valid)
    return valid;
  const int64_t count = numElements(shape);
  const Array &luts = published.luts, &codes = published.encodedExponent;
  if (luts.shape.size() != 2 || luts.shape[0] < 2)
    return Error{"buffer 'luts' has shape " + toString(luts.shape) +
                 ", expected [2 or more, 256]"};
  if (Status valid = checkArray("buffer 'luts'", luts, ElementType::I8,
                                {luts.shape[0], 256});
      !valid)
    return valid;
  if (codes.shape.size() != 1)
    return Error{"buffer 'encoded_exponent' has shape " +
                 toString(codes.shape) + ", expected one dimension"};
  if (Status valid = checkArray("buffer 'encoded_exponent'", codes,
                                ElementType::I8, codes.shape);
      !valid)
    return valid;
  if (Status valid =
          checkArray("buffer 'sign_mantissa'", published.signMantissa,
                     ElementType::I8, {count});
      !valid)
    return valid;
  if (published.threadsPerBlock < 1 || published.threadsPerBlock > int64_t(1)
                                                                       << 16)
    return Error{"a block of " + std::to_string(published.threadsPerBlock) +
                 " threads, expected 1 to 65536"};
  const int64_t blocks =
      ceilDiv(codes.size() * 8, published.threadsPerBlock * threadBits);
  if (Status valid =
          checkArray("buffer 'output_positions'", published.outputPositions,
                     ElementType::I8, {4 * (blocks + 1)});
      !valid)
    return valid;
  if (Status valid = checkArray(
          "buffer 'gaps'", published.gaps, ElementType::I8,
          {ceilDiv(blocks * published.threadsPerBlock * gapBits, 8)});
      !valid)
    return valid;
  int64_t total = outputPosition(published.outputPositions, blocks);
  if (total != count)
    return Error{"buffer 'output_positions' ends at " + std::to_string(total) +
                 " elements, expected " + std::to_string(count)};
  return {};
}

/// Whether the index says that thread `thread` begins with the code of
/// `element`, at bit `position`.
static Status checkIndex(const DFloat11 &published, int64_t thread,
                         int64_t element, int64_t position) {
  int64_t gap = bitsAt(published.gaps, thread * gapBits, gapBits);
  if (gap != position - thread * threadBits)
    return Error{"thread " + std::to_string(thread) + " has a gap of " +
                 std::to_string(gap) + " bits, but its first code is at bit " +
                 std::to_string(position - thread * threadBits)};
  if (thread % published.threadsPerBlock != 0)
    return {};
  int64_t block = thread / published.threadsPerBlock;
  int64_t first = outputPosition(published.outputPositions, block);
  if (first != element)
    return Error{"block " + std::to_string(block) + " begins at element " +
                 std::to_string(first) + ", but its first code is of element " +
                 std::to_string(element)};
  return {};
}

Result<Array> zq::codec::importDFloat11(const DFloat11 &published,
                                        const std::vector<int64_t> &shape) {
  if (Status valid = check(published, shape); !valid)
    return valid.error();
  const int64_t end = published.encodedExponent.size() * 8;
  Array values(ElementType::BF16, shape);
  int64_t position = 0, nextThread = 0;
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    if (int64_t thread = position / threadBits; thread >= nextThread) {
      if (position < end)
        if (Status valid = checkIndex(published, thread, i, position); !valid)
          return valid.error();
      nextThread = thread + 1;
    }
    int code = codeAt(published, position);
    if (code < 0)
      return Error{elementName(shape, i) + " has no code at bit " +
                   std::to_string(position)};
    position += code >> 8;
    if (position > end)
      return Error{elementName(shape, i) +
                   " runs past the end of buffer 'encoded_exponent'"};
    int exponent = code & 0xFF, rest = published.signMantissa.get<uint8_t>(i);
    values.set<uint16_t>(i, (rest & 0x80) << 8 | exponent << 7 | (rest & 0x7F));
  }
  return values;
}
