//===- Bitmap.cpp - Nonzero elements and where they are -------------------===//

#include "zq/Codec/Bitmap.h"
#include "Validate.h"
#include "zq/Codec/FieldString.h"

#include <algorithm>

using namespace zq::codec;

Bitmap::Bitmap(int64_t tile, int bits) : tile(tile), bits(bits) {
  assert(8 <= tile && tile <= 512 && tile % 8 == 0 && "not a tile size");
  assert(1 <= bits && bits <= 8 && "codes have 1 to 8 bits");
}

Bitmap::Bitmap(int64_t tile, ElementType stored) : tile(tile), stored(stored) {
  assert(8 <= tile && tile <= 512 && tile % 8 == 0 && "not a tile size");
  assert((stored == ElementType::F32 || stored == ElementType::F16 ||
          stored == ElementType::BF16) &&
         "not a type that values are stored in");
}

/// The elements of `values` that `count` elements of a tile take.
int64_t Bitmap::extent(int64_t count) const {
  return stored ? count : ceilDiv(count * bits, 8);
}

Shape Bitmap::offsetsShape(const Shape &shape) const {
  Shape result = shape;
  result.back() = ceilDiv(shape.back(), tile);
  return result;
}

Shape Bitmap::bitmapShape(const Shape &shape) const {
  Shape result = offsetsShape(shape);
  result.back() *= tile / 8;
  return result;
}

namespace {
/// The elements [first, first + count) of a tile, row-major.
struct TileSpan {
  int64_t first;
  int64_t count;
};
} // namespace

/// The elements of tile `index`, counted in row-major order over the tiles.
static TileSpan tileSpan(int64_t index, const Shape &shape, int64_t tile) {
  int64_t length = shape.back(), perRow = ceilDiv(length, tile);
  int64_t row = index / perRow, start = index % perRow * tile;
  return {row * length + start, std::min(tile, length - start)};
}

static bool getBit(const Array &bitmap, int64_t bit) {
  return bitmap.bytes[bit / 8] >> bit % 8 & 1;
}

Result<Array> Bitmap::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below;
  const Shape &shape = input.shape;
  if (Status valid = checkRows(keyword(), shape); !valid)
    return valid.error();
  Array elements = input;
  if (stored) {
    if (Status valid = checkFloat(keyword(), input); !valid)
      return valid.error();
    elements = Array(*stored, shape);
    for (int64_t i = 0, n = input.size(); i < n; ++i)
      elements.setFloat(i, input.getFloat(i));
  } else {
    if (Status valid = checkSymbols(keyword(), input, bits); !valid)
      return valid.error();
  }

  Array bitmap(ElementType::I8, bitmapShape(shape));
  Array offsets(ElementType::I32, offsetsShape(shape));
  FieldString fields(bits, {});
  int64_t width = byteWidth(valuesType());
  Array values(valuesType(), {0});
  for (int64_t t = 0, n = offsets.size(); t < n; ++t) {
    int64_t begin = values.bytes.size();
    offsets.set(t, static_cast<int32_t>(begin / width));
    TileSpan span = tileSpan(t, shape, tile);
    int64_t count = 0;
    for (int64_t j = 0; j < span.count; ++j) {
      int64_t i = span.first + j;
      if (stored ? elements.getFloat(i) == 0 : getCode(elements, i) == 0)
        continue;
      bitmap.bytes[(t * tile + j) / 8] |= 1 << j % 8;
      values.bytes.resize(begin + extent(count + 1) * width);
      if (stored)
        std::copy_n(elements.bytes.data() + i * width, width,
                    values.bytes.data() + begin + count * width);
      else
        fields.write(values.bytes.data() + begin, count, getCode(elements, i));
      ++count;
    }
    if (values.bytes.size() / width + tile > INT32_MAX)
      return Error{"the values of bitmap are more than 2^31 - 1"};
  }
  values.bytes.resize(values.bytes.size() + tile * width);
  values.shape = {int64_t(values.bytes.size()) / width};
  sides.push_back({"bitmap", std::move(bitmap)});
  sides.push_back({"offsets", std::move(offsets)});
  return values;
}

Status Bitmap::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 2); !valid)
    return valid;
  if (Status valid = checkLast(keyword(), main, shape); !valid)
    return valid;
  // A tile may be much longer than a row.
  if (Status valid = checkShape(bitmapShape(shape)); !valid)
    return valid;
  const Array &bitmap = sides[0].array, &offsets = sides[1].array;
  if (Status valid = checkArray("stream 'bitmap'", bitmap, ElementType::I8,
                                bitmapShape(shape));
      !valid)
    return valid;
  if (Status valid = checkArray("stream 'offsets'", offsets, ElementType::I32,
                                offsetsShape(shape));
      !valid)
    return valid;
  if (main->shape.size() != 1)
    return Error{"stream 'values' has shape " + toString(main->shape) +
                 ", expected one dimension"};
  if (Status valid =
          checkArray("stream 'values'", *main, valuesType(), main->shape);
      !valid)
    return valid;
  int64_t end = main->size() - tile;
  if (end < 0 || main->size() > INT32_MAX)
    return Error{"stream 'values' has " + std::to_string(main->size()) +
                 " elements, expected " + std::to_string(tile) +
                 " to 2^31 - 1"};

  int64_t next = 0;
  for (int64_t t = 0, n = offsets.size(); t < n; ++t) {
    TileSpan span = tileSpan(t, shape, tile);
    int64_t count = 0;
    for (int64_t j = 0; j < tile; ++j) {
      if (!getBit(bitmap, t * tile + j))
        continue;
      if (j >= span.count)
        return Error{"tile " + std::to_string(t) + " has " +
                     std::to_string(span.count) + " elements, but bit " +
                     std::to_string(j) + " of its bitmap is set"};
      ++count;
    }
    int64_t begin = offsets.get<int32_t>(t);
    if (begin < next || begin + extent(count) > end)
      return Error{"tile " + std::to_string(t) + " takes elements " +
                   std::to_string(begin) + " to " +
                   std::to_string(begin + extent(count)) +
                   " of stream 'values', expected within " +
                   std::to_string(next) + " to " + std::to_string(end)};
    next = begin + extent(count);
  }
  return {};
}

Result<Array> Bitmap::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &bitmap = sides[0].array, &offsets = sides[1].array;
  FieldString fields(bits, {});
  Array result(decodedType(), shape);
  for (int64_t t = 0, n = offsets.size(); t < n; ++t) {
    TileSpan span = tileSpan(t, shape, tile);
    int64_t begin = offsets.get<int32_t>(t), count = 0;
    for (int64_t j = 0; j < span.count; ++j) {
      if (!getBit(bitmap, t * tile + j))
        continue;
      if (stored)
        result.setFloat(span.first + j, main.getFloat(begin + count));
      else
        setCode(result, span.first + j,
                fields.read(main.bytes.data() + begin, count));
      ++count;
    }
  }
  return result;
}
