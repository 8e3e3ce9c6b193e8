//===- Pack.cpp - Codes to a dense string of bits -------------------------===//

#include "zq/Codec/Pack.h"
#include "Validate.h"
#include "zq/Codec/FieldString.h"

#include <algorithm>

using namespace zq::codec;

Shape PackLayout::tileOf(int bits) const {
  if (lanes.empty())
    return tile;
  // The narrowest plane has the most fields in a byte.
  return {lanes[0], lanes[1] * (8 / segments(bits).front())};
}

std::vector<int> PackLayout::segments(int bits) const {
  if (planes == Planes::Whole && lanes.empty())
    return {bits};
  if (planes == Planes::EachBit)
    return std::vector<int>(bits, 1);
  std::vector<int> widths;
  for (int digit = 1; digit <= bits; digit *= 2)
    if (bits & digit)
      widths.push_back(digit);
  return widths;
}

Status PackLayout::checkLanes(int bits) const {
  if (lanes.size() != 2)
    return Error{"lanes of pack have a number and a depth, got " +
                 std::to_string(lanes.size()) + " sizes"};
  for (int64_t size : lanes)
    if (size < 1 || size > 255)
      return Error{"lanes of pack are 1 to 255, and as deep, got " +
                   std::to_string(size)};
  if (msb || word || radix || planes != Planes::Whole || halves ||
      !tile.empty())
    return Error{"no other option goes with lanes"};
  if (bits > 15)
    return Error{"lanes hold codes of at most 15 bits, got " +
                 std::to_string(bits)};
  return {};
}

Status PackLayout::check(int bits) const {
  if (bits < 1 || bits > 32)
    return Error{"pack needs codes of 1 to 32 bits, got " +
                 std::to_string(bits)};
  if (word != 0 && word != 8 && word != 16 && word != 32 && word != 64)
    return Error{"a word of pack has 8, 16, 32 or 64 bits, got " +
                 std::to_string(word)};
  if (radix) {
    if (radix < 3 || radix > 255)
      return Error{"the radix of pack is 3 to 255, got " +
                   std::to_string(radix)};
    if (radix > int64_t(1) << bits)
      return Error{"radix " + std::to_string(radix) + " needs codes of more " +
                   "than " + std::to_string(bits) + " bits"};
    if (planes != Planes::Whole)
      return Error{"digits of a radix have no planes"};
    if (halves)
      return Error{"digits of a radix have no halves"};
  }
  if (!lanes.empty())
    return checkLanes(bits);
  std::vector<int> widths = segments(bits);
  int widest = *std::max_element(widths.begin(), widths.end());
  if (!radix && word && widest > word)
    return Error{"a field of " + std::to_string(widest) +
                 " bits does not fit a word of " + std::to_string(word)};
  if (run && !halves)
    return Error{"runs belong to halves"};
  if (halves) {
    if (planes != Planes::Whole)
      return Error{"planes have no halves"};
    int parts = FieldString(bits, *this).fieldsPerWord();
    if (parts == 0)
      return Error{"halves need codes that divide a byte, or a word"};
    if (run < 0 || run > INT32_MAX || run % parts)
      return Error{"a run of " + std::to_string(run) +
                   " codes is not a multiple of the " + std::to_string(parts) +
                   " in a word"};
  }
  if (tile.empty())
    return {};
  if (tile.size() != 2)
    return Error{"a tile of pack has two dimensions, got " +
                 std::to_string(tile.size())};
  for (int64_t dim : tile)
    if (dim < 1 || dim > 65535)
      return Error{"a tile of pack is 1 to 65535 long, got " +
                   std::to_string(dim)};
  return {};
}

namespace {
/// A tensor of codes as a sequence of strings: rows, or tiles.
class Strings {
public:
  /// Requires a shape of the rank that the layout needs.
  Strings(const Shape &shape, const PackLayout &layout, int bits)
      : columns(shape.back()) {
    Shape tile = layout.tileOf(bits);
    if (!layout.lanes.empty())
      depth = layout.lanes[1];
    leading.assign(shape.begin(), shape.end() - 1);
    length = columns;
    if (tile.empty())
      return;
    rows = leading.back();
    tileRows = tile[0], tileColumns = tile[1];
    length = tileRows * tileColumns;
    leading.back() = ceilDiv(rows, tileRows);
    leading.push_back(ceilDiv(columns, tileColumns));
  }

  /// Element `i` of the tensor, row-major: the `code`-th of string `string`.
  struct Place {
    int64_t string;
    int64_t code;
  };
  Place at(int64_t i) const {
    int64_t row = i / columns, column = i % columns;
    if (!tileRows)
      return {row, column};
    int64_t outer = row / rows, inner = row % rows;
    int64_t tile =
        (outer * ceilDiv(rows, tileRows) + inner / tileRows) * leading.back() +
        column / tileColumns;
    row = inner % tileRows, column %= tileColumns;
    if (depth)
      return {tile, (column / depth * tileRows + row) * depth + column % depth};
    return {tile, row * tileColumns + column};
  }

  /// The dimensions that count the strings.
  Shape leading;
  /// Codes of a string.
  int64_t length;

private:
  int64_t columns, rows = 0, tileRows = 0, tileColumns = 0;
  /// Consecutive codes of a row; 0 for all of a tile.
  int64_t depth = 0;
};

/// One plane of every string.
struct Plane {
  FieldString fields;
  /// Where it begins in the bytes of a string.
  int64_t begin;
  /// The lowest bit of its segment in a code.
  int shift;
};
} // namespace

/// The planes of strings of `length` codes, in their order; `bytes` becomes the
/// length of a string in bytes.
static std::vector<Plane> planesOf(const PackLayout &layout, int bits,
                                   int64_t length, int64_t &bytes) {
  std::vector<Plane> planes;
  bytes = 0;
  int shift = bits;
  for (int width : layout.segments(bits)) {
    FieldString fields(width, layout);
    shift -= width;
    planes.push_back({fields, bytes, shift});
    bytes += fields.numBytes(length);
  }
  return planes;
}

Pack::Pack(int bits, PackLayout layout)
    : bits(bits), layout(std::move(layout)) {
  assert(this->layout.check(bits) && "not a layout of codes of these bits");
}

Shape Pack::streamShape(const Shape &shape) const {
  Strings strings(shape, layout, bits);
  int64_t bytes;
  planesOf(layout, bits, strings.length, bytes);
  Shape result = strings.leading;
  result.push_back(bytes);
  return result;
}

/// Whether a tensor of `shape` can be packed: its rank, and that no size of its
/// strings, padding included, overflows.
Status Pack::checkTensor(const Shape &shape) const {
  bool hasTiles = !layout.tileOf(bits).empty();
  if (shape.size() < (hasTiles ? 2 : 1))
    return Error{std::string("pack needs a tensor of rank ") +
                 (hasTiles ? "2" : "1") + " or more"};
  if (Status valid = checkShape(shape); !valid)
    return valid;
  Strings strings(shape, layout, bits);
  Shape padded = strings.leading;
  padded.push_back(strings.length);
  if (layout.lanes.empty())
    padded.back() = FieldString(bits, layout).paddedCount(strings.length);
  return checkShape(padded);
}

Result<Array> Pack::encode(const Array &input, const Below &below,
                           std::vector<Stream> &sides) const {
  (void)below, (void)sides;
  const Shape &shape = input.shape;
  if (Status valid =
          checkArray("the input of pack", input, codeType(bits), shape);
      !valid)
    return valid.error();
  if (Status valid = checkTensor(shape); !valid)
    return valid.error();
  int64_t count = layout.radix ? layout.radix : int64_t(1) << bits;
  if (Status valid = checkCodes(keyword(), input, count); !valid)
    return valid.error();

  Strings strings(shape, layout, bits);
  int64_t stringBytes;
  std::vector<Plane> planes =
      planesOf(layout, bits, strings.length, stringBytes);
  Array packed(ElementType::I8, streamShape(shape));
  for (int64_t i = 0, n = input.size(); i < n; ++i) {
    Strings::Place at = strings.at(i);
    uint8_t *string = packed.bytes.data() + at.string * stringBytes;
    for (const Plane &plane : planes)
      plane.fields.write(string + plane.begin,
                         plane.fields.fieldOf(at.code, strings.length),
                         getCode(input, i) >> plane.shift);
  }
  return packed;
}

/// Whether every word of `stream` is made of digits.
static Status checkDigits(const Array &stream, const FieldString &digits) {
  for (int64_t i = 0, n = stream.size(); i < n; i += digits.wordBytes()) {
    uint64_t word = digits.readWord(stream.bytes.data() + i);
    if (word > digits.largestWord())
      return Error{"the word at " + elementName(stream.shape, i) +
                   " of stream 'codes' is " + std::to_string(word) +
                   ", expected at most " +
                   std::to_string(digits.largestWord())};
  }
  return {};
}

Status Pack::check(const Array *main, const std::vector<Stream> &sides,
                   const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (!main)
    return Error{"pack must be the last stage"};
  if (Status valid = checkTensor(shape); !valid)
    return valid;
  if (Status valid = checkArray("stream 'codes'", *main, ElementType::I8,
                                streamShape(shape));
      !valid)
    return valid;
  if (!layout.radix)
    return {};
  return checkDigits(*main, FieldString(bits, layout));
}

Result<Array> Pack::decode(const Array &main, const std::vector<Stream> &sides,
                           const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Strings strings(shape, layout, bits);
  int64_t stringBytes;
  std::vector<Plane> planes =
      planesOf(layout, bits, strings.length, stringBytes);
  Array codes(codeType(bits), shape);
  for (int64_t i = 0, n = codes.size(); i < n; ++i) {
    Strings::Place at = strings.at(i);
    const uint8_t *string = main.bytes.data() + at.string * stringBytes;
    uint32_t code = 0;
    for (const Plane &plane : planes)
      code |= plane.fields.read(string + plane.begin,
                                plane.fields.fieldOf(at.code, strings.length))
              << plane.shift;
    setCode(codes, i, code);
  }
  return codes;
}
