//===- Pack.cpp - Codes to a dense string of bits -------------------------===//

#include "zq/Codec/Pack.h"
#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/FieldString.h"
#include "zq/Codec/Parallel.h"

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

  /// Whether the codes of a string are consecutive elements, in their order.
  bool areRows() const { return tileRows == 0; }

  /// Calls `visit(code, element)` for the codes of string `string` that are no
  /// padding: the `code`-th is element `element` of the tensor, row-major.
  template <typename Visit>
  void forEachCode(int64_t string, Visit visit) const {
    if (areRows()) {
      for (int64_t j = 0; j < columns; ++j)
        visit(j, string * columns + j);
      return;
    }
    int64_t across = leading.back(), down = leading[leading.size() - 2];
    int64_t column = string % across * tileColumns;
    int64_t row = string / across % down * tileRows;
    int64_t first = (string / across / down * rows + row) * columns + column;
    for (int64_t i = 0; i < std::min(tileRows, rows - row); ++i)
      for (int64_t j = 0; j < std::min(tileColumns, columns - column); ++j)
        visit(depth ? (j / depth * tileRows + i) * depth + j % depth
                    : i * tileColumns + j,
              first + i * columns + j);
  }

  int64_t count() const { return numElements(leading); }

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
  /// Its width, but that digits of a radix are as they are.
  int width;
  /// Where it begins and ends in the bytes of a string.
  int64_t begin, end;
  /// The lowest bit of its segment in a code.
  int shift;
  /// The field of each code of a string.
  std::vector<int64_t> fieldOf;
  /// How many fields there are, padding included.
  int64_t count;
  /// Whether its fields are the codes, one after the other.
  bool isPlain;
};
} // namespace

/// The bytes of a string of `length` codes.
static int64_t stringBytes(const PackLayout &layout, int bits, int64_t length) {
  int64_t bytes = 0;
  for (int width : layout.segments(bits))
    bytes += FieldString(width, layout).numBytes(length);
  return bytes;
}

/// The planes of strings of `length` codes, in their order.
static std::vector<Plane> planesOf(const PackLayout &layout, int bits,
                                   int64_t length) {
  std::vector<Plane> planes;
  int64_t end = 0;
  int shift = bits;
  for (int width : layout.segments(bits)) {
    FieldString fields(width, layout);
    Plane plane{fields,
                width,
                end,
                end + fields.numBytes(length),
                shift -= width,
                {},
                fields.paddedCount(length),
                width == bits};
    end = plane.end;
    if (layout.halves || !layout.lanes.empty()) {
      plane.isPlain = false;
      for (int64_t j = 0; j < length; ++j)
        plane.fieldOf.push_back(fields.fieldOf(j, length));
    }
    planes.push_back(std::move(plane));
  }
  return planes;
}

Pack::Pack(int bits, PackLayout layout)
    : bits(bits), layout(std::move(layout)) {
  assert(this->layout.check(bits) && "not a layout of codes of these bits");
}

Shape Pack::streamShape(const Shape &shape) const {
  Strings strings(shape, layout, bits);
  Shape result = strings.leading;
  result.push_back(stringBytes(layout, bits, strings.length));
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

/// Writes one plane of a string of `length` codes. `fields` is room for them.
template <typename T>
static void writePlane(const Plane &plane, const T *codes, int64_t length,
                       std::vector<T> &fields, uint8_t *string) {
  uint8_t *begin = string + plane.begin, *end = string + plane.end;
  if (plane.isPlain)
    return plane.fields.writeAll(begin, end, codes, length);
  const T mask = static_cast<T>((uint64_t(1) << plane.width) - 1);
  fields.assign(plane.count, 0);
  for (int64_t j = 0; j < length; ++j)
    fields[plane.fieldOf.empty() ? j : plane.fieldOf[j]] =
        codes[j] >> plane.shift & mask;
  plane.fields.writeAll(begin, end, fields.data(), plane.count);
}

/// Its inverse, but that a code gets this plane's bits beside those it has.
template <typename T>
static void readPlane(const Plane &plane, const uint8_t *string,
                      std::vector<T> &fields, T *codes, int64_t length) {
  const uint8_t *begin = string + plane.begin, *end = string + plane.end;
  if (plane.isPlain)
    return plane.fields.readAll(begin, end, codes, length);
  fields.resize(plane.count);
  plane.fields.readAll(begin, end, fields.data(), plane.count);
  for (int64_t j = 0; j < length; ++j)
    codes[j] |= fields[plane.fieldOf.empty() ? j : plane.fieldOf[j]]
                << plane.shift;
}

template <typename T>
static void packStrings(const Strings &strings,
                        const std::vector<Plane> &planes, const Array &codes,
                        Array &packed) {
  const T *all = elements<T>(codes);
  const int64_t length = strings.length, bytes = planes.back().end;
  const int64_t grain = std::max<int64_t>(1, elementGrain / (length + 1));
  parallelFor(strings.count(), grain, [&](int64_t first, int64_t last) {
    std::vector<T> gathered, fields;
    for (int64_t i = first; i < last; ++i) {
      const T *own = all + i * length;
      if (!strings.areRows()) {
        gathered.assign(length, 0);
        strings.forEachCode(i, [&](int64_t code, int64_t element) {
          gathered[code] = all[element];
        });
        own = gathered.data();
      }
      for (const Plane &plane : planes)
        writePlane(plane, own, length, fields, packed.bytes.data() + i * bytes);
    }
  });
}

template <typename T>
static void unpackStrings(const Strings &strings,
                          const std::vector<Plane> &planes, const Array &packed,
                          Array &codes) {
  T *all = elements<T>(codes);
  const int64_t length = strings.length, bytes = planes.back().end;
  const int64_t grain = std::max<int64_t>(1, elementGrain / (length + 1));
  parallelFor(strings.count(), grain, [&](int64_t first, int64_t last) {
    std::vector<T> scattered, fields;
    for (int64_t i = first; i < last; ++i) {
      T *own = all + i * length;
      if (!strings.areRows()) {
        scattered.assign(length, 0);
        own = scattered.data();
      }
      for (const Plane &plane : planes)
        readPlane(plane, packed.bytes.data() + i * bytes, fields, own, length);
      if (!strings.areRows())
        strings.forEachCode(i, [&](int64_t code, int64_t element) {
          all[element] = own[code];
        });
    }
  });
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

  const Strings strings(shape, layout, bits);
  const std::vector<Plane> planes = planesOf(layout, bits, strings.length);
  Array packed(ElementType::I8, streamShape(shape));
  switch (byteWidth(input.type)) {
  case 1:
    packStrings<uint8_t>(strings, planes, input, packed);
    break;
  case 2:
    packStrings<uint16_t>(strings, planes, input, packed);
    break;
  default:
    packStrings<uint32_t>(strings, planes, input, packed);
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
  const Strings strings(shape, layout, bits);
  const std::vector<Plane> planes = planesOf(layout, bits, strings.length);
  Array codes(codeType(bits), shape);
  switch (byteWidth(codes.type)) {
  case 1:
    unpackStrings<uint8_t>(strings, planes, main, codes);
    break;
  case 2:
    unpackStrings<uint16_t>(strings, planes, main, codes);
    break;
  default:
    unpackStrings<uint32_t>(strings, planes, main, codes);
  }
  return codes;
}
