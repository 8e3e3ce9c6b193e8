//===- FieldString.cpp - Fields of equal width in a string of bytes -------===//

#include "zq/Codec/FieldString.h"
#include "Validate.h"

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
