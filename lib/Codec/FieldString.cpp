//===- FieldString.cpp - Fields of equal width in a string of bytes -------===//

#include "zq/Codec/FieldString.h"
#include "Validate.h"

#include <algorithm>
#include <cassert>
#include <cstring>

using namespace zq::codec;

FieldString::FieldString(int width, const PackLayout &layout)
    : width(width), word(layout.word ? layout.word : 8), perWord(0),
      radix(layout.radix), msb(layout.msb), halves(layout.halves),
      run(layout.run) {
  if (radix) {
    // As many digits as fit: the largest word stays below 2^word.
    uint64_t limit = ~uint64_t(0) >> (64 - word);
    for (; largest <= (limit - (radix - 1)) / radix; ++perWord)
      largest = largest * radix + (radix - 1);
  } else if (layout.word || 8 % width == 0) {
    perWord = word / width;
  }
  if (!layout.lanes.empty()) {
    halves = true;
    run = perWord * layout.lanes[0] * layout.lanes[1];
  }
}

int64_t FieldString::paddedCount(int64_t count) const {
  if (!halves)
    return count;
  int64_t unit = run ? run : perWord;
  return ceilDiv(count, unit) * unit;
}

int64_t FieldString::numBytes(int64_t count) const {
  count = paddedCount(count);
  if (perWord)
    return ceilDiv(count, perWord) * wordBytes();
  return ceilDiv(count * width, 8);
}

int64_t FieldString::fieldOf(int64_t j, int64_t count) const {
  if (!halves)
    return j;
  int64_t length = run ? run : paddedCount(count), part = length / perWord;
  int64_t within = j % length;
  return j - within + within % part * perWord + within / part;
}

/// Where bit `bit` of the field (0 the least significant) lies.
void FieldString::locate(int64_t field, int bit, int64_t &byte,
                         int &place) const {
  int64_t begin = perWord ? field / perWord * word + field % perWord * width
                          : field * width;
  int64_t position = begin + (msb ? width - 1 - bit : bit);
  int inWord = static_cast<int>(position % word);
  if (msb)
    inWord = word - 1 - inWord;
  byte = position / word * wordBytes() + inWord / 8;
  place = inWord % 8;
}

/// The weight of the `digit`-th code of a word.
uint64_t FieldString::digitWeight(int64_t digit) const {
  uint64_t weight = 1;
  for (int64_t i = msb ? perWord - 1 - digit : digit; i > 0; --i)
    weight *= radix;
  return weight;
}

uint64_t FieldString::readWord(const uint8_t *bytes) const {
  uint64_t value = 0;
  for (int i = 0; i < wordBytes(); ++i)
    value |= uint64_t(bytes[i]) << (8 * i);
  return value;
}

uint32_t FieldString::read(const uint8_t *bytes, int64_t field) const {
  if (radix) {
    uint64_t value = readWord(bytes + field / perWord * wordBytes());
    return value / digitWeight(field % perWord) % radix;
  }
  uint32_t value = 0;
  for (int bit = 0; bit < width; ++bit) {
    int64_t byte;
    int place;
    locate(field, bit, byte, place);
    value |= uint32_t(bytes[byte] >> place & 1) << bit;
  }
  return value;
}

void FieldString::write(uint8_t *bytes, int64_t field, uint32_t value) const {
  if (radix) {
    uint8_t *at = bytes + field / perWord * wordBytes();
    uint64_t sum = readWord(at) + value * digitWeight(field % perWord);
    for (int i = 0; i < wordBytes(); ++i)
      at[i] = sum >> (8 * i) & 0xFF;
    return;
  }
  for (int bit = 0; bit < width; ++bit) {
    int64_t byte;
    int place;
    locate(field, bit, byte, place);
    bytes[byte] |= (value >> bit & 1) << place;
  }
}

//===----------------------------------------------------------------------===//
// Many fields
//===----------------------------------------------------------------------===//
//
// The same places as `locate` gives, a word or eight fields at a time.

/// Whether bit i of the string is bit i % width of field i / width, or with
/// `msb` the same from the top of every byte down.
bool FieldString::isBitString() const {
  return !radix && (perWord == 0 || perWord * width == word) &&
         (!msb || word == 8);
}

template <typename T>
void FieldString::writeWords(uint8_t *bytes, const T *values,
                             int64_t count) const {
  for (int64_t first = 0; first < count; first += perWord) {
    int here = static_cast<int>(std::min<int64_t>(perWord, count - first));
    uint64_t sum = 0;
    if (!radix && msb) {
      for (int k = 0; k < here; ++k)
        sum = sum << width | values[first + k];
      sum <<= word - here * width;
    } else if (!radix) {
      for (int k = here; k-- > 0;)
        sum = sum << width | values[first + k];
    } else if (msb) {
      for (int k = 0; k < perWord; ++k)
        sum = sum * radix + (k < here ? values[first + k] : 0);
    } else {
      for (int k = here; k-- > 0;)
        sum = sum * radix + values[first + k];
    }
    for (int i = 0; i < wordBytes(); ++i)
      *bytes++ = sum >> (8 * i) & 0xFF;
  }
}

template <typename T>
void FieldString::readWords(const uint8_t *bytes, T *values,
                            int64_t count) const {
  const uint64_t mask = (uint64_t(1) << width) - 1;
  for (int64_t first = 0; first < count; first += perWord) {
    int here = static_cast<int>(std::min<int64_t>(perWord, count - first));
    uint64_t rest = readWord(bytes);
    bytes += wordBytes();
    if (!radix && msb)
      rest >>= word - perWord * width;
    for (int place = 0; place < perWord; ++place) {
      int k = msb ? perWord - 1 - place : place;
      if (k < here)
        values[first + k] = radix ? rest % radix : rest & mask;
      rest = radix ? rest / radix : rest >> width;
    }
  }
}

/// The low `width` bits of each of the eight bytes of `fields`, side by side.
static uint64_t gather(uint64_t fields, int width) {
  const uint64_t pairs = 0x00FF00FF00FF00FF, fours = 0x0000FFFF0000FFFF;
  fields = (fields & pairs) | (fields >> 8 & pairs) << width;
  fields = (fields & fours) | (fields >> 16 & fours) << 2 * width;
  return (fields & 0xFFFFFFFF) | fields >> 32 << 4 * width;
}

/// Its inverse.
static uint64_t spread(uint64_t bits, int width) {
  const uint64_t four = (uint64_t(1) << 4 * width) - 1;
  const uint64_t two = (uint64_t(1) << 2 * width) - 1;
  const uint64_t one = (uint64_t(1) << width) - 1;
  bits = (bits & four) | (bits >> 4 * width & four) << 32;
  bits = (bits & (two | two << 32)) | (bits >> 2 * width & (two | two << 32))
                                          << 16;
  const uint64_t ones = one | one << 16 | one << 32 | one << 48;
  return (bits & ones) | (bits >> width & ones) << 8;
}

/// Copies eight bytes, or as many as there are.
static void copyGroup(void *to, const void *from, int64_t available) {
  if (available >= 8)
    std::memcpy(to, from, 8);
  else
    std::memcpy(to, from, available);
}

/// Eight fields of up to 8 bits are `width` bytes.
static void writeBits(uint8_t *bytes, uint8_t *end, const uint8_t *values,
                      int64_t count, int width, bool msb) {
  for (int64_t i = 0; i < count; i += 8, bytes += width) {
    uint64_t group = 0;
    copyGroup(&group, values + i, count - i);
    if (msb)
      group = __builtin_bswap64(group);
    group = gather(group, width);
    if (msb)
      group = __builtin_bswap64(group << (64 - 8 * width));
    // What is beyond the group is zero and written next, if it is written.
    copyGroup(bytes, &group, end - bytes);
  }
}

static void readBits(const uint8_t *bytes, const uint8_t *end, uint8_t *values,
                     int64_t count, int width, bool msb) {
  for (int64_t i = 0; i < count; i += 8, bytes += width) {
    uint64_t group = 0;
    copyGroup(&group, bytes, end - bytes);
    if (msb)
      group = __builtin_bswap64(group) >> (64 - 8 * width);
    group = spread(group, width);
    if (msb)
      group = __builtin_bswap64(group);
    copyGroup(values + i, &group, count - i);
  }
}

/// Wider fields go bit by bit through a buffer.
template <typename T>
static void writeBits(uint8_t *bytes, uint8_t *end, const T *values,
                      int64_t count, int width, bool msb) {
  uint64_t pending = 0;
  int numPending = 0;
  for (int64_t i = 0; i < count; ++i) {
    pending = msb ? pending << width | values[i]
                  : pending | uint64_t(values[i]) << numPending;
    numPending += width;
    for (; numPending >= 8; numPending -= 8) {
      *bytes++ = msb ? pending >> (numPending - 8) : pending;
      pending = msb ? pending : pending >> 8;
    }
  }
  if (numPending)
    *bytes++ = msb ? pending << (8 - numPending) : pending;
  assert(bytes <= end && "fields beyond their string");
}

template <typename T>
static void readBits(const uint8_t *bytes, const uint8_t *end, T *values,
                     int64_t count, unsigned width, bool msb) {
  uint64_t pending = 0;
  unsigned numPending = 0;
  for (int64_t i = 0; i < count; ++i) {
    for (; numPending < width; numPending += 8) {
      assert(bytes < end && "fields beyond their string");
      pending = msb ? pending << 8 | *bytes++
                    : pending | uint64_t(*bytes++) << numPending;
    }
    numPending -= width;
    uint64_t mask = (uint64_t(1) << width) - 1;
    values[i] = (msb ? pending >> numPending : pending) & mask;
    pending = msb ? pending : pending >> width;
  }
}

template <typename T>
void FieldString::writeAll(uint8_t *bytes, uint8_t *end, const T *values,
                           int64_t count) const {
  if (isBitString())
    writeBits(bytes, end, values, count, width, msb);
  else
    writeWords(bytes, values, count);
}

template <typename T>
void FieldString::readAll(const uint8_t *bytes, const uint8_t *end, T *values,
                          int64_t count) const {
  if (isBitString())
    readBits(bytes, end, values, count, width, msb);
  else
    readWords(bytes, values, count);
}

namespace zq::codec {
template void FieldString::writeAll(uint8_t *, uint8_t *, const uint8_t *,
                                    int64_t) const;
template void FieldString::writeAll(uint8_t *, uint8_t *, const uint16_t *,
                                    int64_t) const;
template void FieldString::writeAll(uint8_t *, uint8_t *, const uint32_t *,
                                    int64_t) const;
template void FieldString::readAll(const uint8_t *, const uint8_t *, uint8_t *,
                                   int64_t) const;
template void FieldString::readAll(const uint8_t *, const uint8_t *, uint16_t *,
                                   int64_t) const;
template void FieldString::readAll(const uint8_t *, const uint8_t *, uint32_t *,
                                   int64_t) const;
} // namespace zq::codec
