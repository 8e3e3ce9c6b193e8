//===- FieldString.h - Fields of equal width in a string of bytes ---------===//
//
// One plane of a packed string: where field f lies, by bits or by digits.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_FIELDSTRING_H
#define ZQ_CODEC_FIELDSTRING_H

#include "zq/Codec/Pack.h"

namespace zq::codec {

/// The fields of one plane as `PackLayout` defines them.
class FieldString {
public:
  /// Fields of `width` bits; digits where the layout has a radix.
  FieldString(int width, const PackLayout &layout);

  /// The codes of a string of `count`, padded to whole runs.
  int64_t paddedCount(int64_t count) const;
  /// The bytes of a string of `count` codes.
  int64_t numBytes(int64_t count) const;

  /// The field of code `j` of a string of `count` codes.
  int64_t fieldOf(int64_t j, int64_t count) const;
  uint32_t read(const uint8_t *bytes, int64_t field) const;
  /// Writes into a field that is zero.
  void write(uint8_t *bytes, int64_t field, uint32_t value) const;

  /// `read` and `write` of the first `count` fields of the string
  /// [bytes, end). T is uint8_t, uint16_t or uint32_t and holds a field; values
  /// have no bits above it.
  template <typename T>
  void readAll(const uint8_t *bytes, const uint8_t *end, T *values,
               int64_t count) const;
  template <typename T>
  void writeAll(uint8_t *bytes, uint8_t *end, const T *values,
                int64_t count) const;

  /// Bytes of a word.
  int wordBytes() const { return word / 8; }
  /// Fields of a word; 0 where they straddle words.
  int fieldsPerWord() const { return perWord; }
  /// The largest word that is made of digits.
  uint64_t largestWord() const { return largest; }
  /// The little-endian word at `bytes`.
  uint64_t readWord(const uint8_t *bytes) const;

private:
  uint64_t digitWeight(int64_t digit) const;
  void locate(int64_t field, int bit, int64_t &byte, int &place) const;
  bool isBitString() const;
  template <typename T>
  void readWords(const uint8_t *bytes, T *values, int64_t count) const;
  template <typename T>
  void writeWords(uint8_t *bytes, const T *values, int64_t count) const;

  int width, word, perWord, radix;
  bool msb, halves;
  int64_t run;
  uint64_t largest = 0;
};

} // namespace zq::codec

#endif // ZQ_CODEC_FIELDSTRING_H
