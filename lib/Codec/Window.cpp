//===- Window.cpp - Frequent symbols in a few bits, the others apart ------===//

#include "zq/Codec/Window.h"
#include "Chunks.h"
#include "Histogram.h"
#include "Validate.h"
#include "zq/Codec/Pack.h"

#include <algorithm>
#include <cassert>
#include <numeric>

using namespace zq::codec;

Window::Window(int symbolBits, std::vector<int> widths, WindowKind kind,
               int64_t chunk)
    : symbolBits(symbolBits), widths(std::move(widths)), kind(kind),
      chunk(chunk) {
  assert(1 <= symbolBits && symbolBits <= 8 && "symbols have 1 to 8 bits");
  assert(!this->widths.empty() && "there is a window");
  for (int width : this->widths) {
    (void)width;
    assert(1 <= width && width <= symbolBits && "codes are no wider");
  }
  assert((kind == WindowKind::Palette || this->widths.size() == 1) &&
         "nested windows have a palette");
  assert(chunk >= 1 && "a chunk has elements");
}

/// The escape of a window, and how many symbols it holds.
static int escapeOf(int width) { return (1 << width) - 1; }

int64_t Window::numSymbols() const {
  int64_t count = 0;
  for (int width : widths)
    count += escapeOf(width);
  return count;
}

std::vector<int64_t>
Window::offsetsShape(const std::vector<int64_t> &shape) const {
  std::vector<int64_t> result = chunkShape(shape, chunk);
  result.push_back(widths.size());
  return result;
}

/// The stream `base` or `palette` that leaves the fewest escapes.
Array Window::chooseWindow(const Array &input) const {
  std::vector<int64_t> counts = symbolCounts(input, symbolBits);
  if (kind == WindowKind::Base) {
    Array base(ElementType::I8, {1});
    int64_t size = numSymbols(), most = -1;
    for (int64_t low = 0; low + size <= int64_t(counts.size()); ++low) {
      int64_t held = std::accumulate(counts.begin() + low,
                                     counts.begin() + low + size, int64_t(0));
      if (held > most) {
        most = held;
        base.set(0, static_cast<uint8_t>(low));
      }
    }
    return base;
  }

  std::vector<int> symbols = byFrequency(counts);
  // Windows may hold more than there are symbols: the rest is never used.
  symbols.resize(std::max(symbols.size(), size_t(numSymbols())));
  Array palette(ElementType::I8, {numSymbols()});
  for (int64_t i = 0; i < palette.size(); ++i)
    palette.set(i, static_cast<uint8_t>(symbols[i]));
  return palette;
}

/// The place of each symbol in the windows, counted through all of them; -1 for
/// symbols that no window holds.
static std::vector<int> placesOf(const Array &window, WindowKind kind,
                                 int64_t numSymbols) {
  std::vector<int> places(256, -1);
  for (int place = numSymbols - 1; place >= 0; --place)
    places[kind == WindowKind::Base ? window.get<uint8_t>(0) + place
                                    : window.get<uint8_t>(place)] = place;
  return places;
}

Result<Array> Window::encode(const Array &input, const Below &,
                             std::vector<Stream> &sides) const {
  const std::vector<int64_t> &shape = input.shape;
  if (Status valid =
          checkArray("the input of window", input, ElementType::I8, shape);
      !valid)
    return valid.error();
  if (shape.empty())
    return Error{"window needs a tensor of rank 1 or more"};
  if (Status valid = checkCodes(keyword(), input, int64_t(1) << symbolBits);
      !valid)
    return valid.error();

  Array window = chooseWindow(input);
  std::vector<int> places = placesOf(window, kind, numSymbols());
  size_t numNested = widths.size() - 1;
  Array codes(ElementType::I8, shape);
  Array offsets(ElementType::I32, offsetsShape(shape));
  std::vector<BitWriter> nested(numNested);
  std::vector<uint8_t> escapes;
  int64_t numChunks = numElements(chunkShape(shape, chunk));
  for (int64_t c = 0; c < numChunks; ++c) {
    for (size_t k = 0; k < numNested; ++k)
      offsets.set(c * widths.size() + k,
                  static_cast<int32_t>(nested[k].bytes.size()));
    offsets.set(c * widths.size() + numNested,
                static_cast<int32_t>(escapes.size()));
    ChunkSpan span = chunkSpan(c, shape, chunk);
    for (int64_t i = span.first; i < span.first + span.count; ++i) {
      uint8_t symbol = input.get<uint8_t>(i);
      int place = places[symbol];
      bool escaped = true;
      for (size_t k = 0; k < widths.size() && escaped; ++k) {
        int escape = escapeOf(widths[k]);
        escaped = place < 0 || place >= escape;
        int code = escaped ? escape : place;
        if (k == 0)
          codes.set(i, static_cast<uint8_t>(code));
        else
          nested[k - 1].write(code, widths[k]);
        place -= place < 0 ? 0 : escape;
      }
      if (escaped)
        escapes.push_back(symbol);
    }
    for (BitWriter &writer : nested)
      writer.align();
  }

  sides.push_back(
      {kind == WindowKind::Base ? "base" : "palette", std::move(window)});
  sides.push_back({"offsets", std::move(offsets)});
  for (BitWriter &writer : nested) {
    Result<Array> stream =
        byteStream(keyword(), "nested", std::move(writer.bytes), windowSlack);
    if (!stream)
      return stream;
    sides.push_back({"nested", std::move(*stream)});
  }
  Result<Array> stream =
      byteStream(keyword(), "escapes", std::move(escapes), windowSlack);
  if (!stream)
    return stream;
  sides.push_back({"escapes", std::move(*stream)});
  std::vector<Stream> none;
  return Pack(widths[0]).encode(codes, {}, none);
}

/// Whether every symbol of the windows is one.
Status Window::checkWindow(const Array &window) const {
  const bool isBase = kind == WindowKind::Base;
  const std::string name = isBase ? "base" : "palette";
  if (Status valid = checkArray("stream '" + name + "'", window,
                                ElementType::I8, {isBase ? 1 : numSymbols()});
      !valid)
    return valid;
  int64_t last = (int64_t(1) << symbolBits) - (isBase ? numSymbols() : 1);
  for (int64_t i = 0, n = window.size(); i < n; ++i)
    if (window.get<uint8_t>(i) > last)
      return Error{"entry " + std::to_string(i) + " of stream '" + name +
                   "' is " + std::to_string(window.get<uint8_t>(i)) +
                   ", expected at most " + std::to_string(last)};
  return {};
}

Status Window::check(const Array *main, const std::vector<Stream> &sides,
                     const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (!main)
    return Error{"window must be the last stage"};
  if (shape.empty())
    return Error{"window needs a tensor of rank 1 or more"};
  if (Status valid = checkShape(shape); !valid)
    return valid;
  if (Status valid = Pack(widths[0]).check(main, {}, shape); !valid)
    return valid;
  if (Status valid = checkWindow(sides[0].array); !valid)
    return valid;
  const Array &offsets = sides[1].array;
  if (Status valid = checkArray("stream 'offsets'", offsets, ElementType::I32,
                                offsetsShape(shape));
      !valid)
    return valid;
  const int64_t numLevels = widths.size();
  for (int64_t k = 0; k < numLevels; ++k) {
    const bool isLast = k + 1 == numLevels;
    const Array &stream = sides[2 + k].array;
    if (Status valid = checkStream(isLast ? "escapes" : "nested", stream,
                                   ElementType::I8, windowSlack);
        !valid)
      return valid;
    for (int64_t i = k, n = offsets.size(); i < n; i += numLevels)
      if (Status valid = checkOffset(i / numLevels, offsets.get<int32_t>(i),
                                     stream.size() - windowSlack,
                                     isLast ? "escape" : "byte");
          !valid)
        return valid;
  }
  return checkCodes("stream 'escapes' of window", sides.back().array,
                    int64_t(1) << symbolBits);
}

Result<Array> Window::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Result<Array> codes = Pack(widths[0]).decode(main, {}, shape);
  if (!codes)
    return codes;
  const Array &window = sides[0].array, &offsets = sides[1].array;
  const size_t numNested = widths.size() - 1;
  const Array &escapes = sides.back().array;

  Array symbols(ElementType::I8, shape);
  int64_t numChunks = numElements(chunkShape(shape, chunk));
  for (int64_t c = 0; c < numChunks; ++c) {
    // Of each window after the first the position in bits, then in `escapes`.
    std::vector<int64_t> positions;
    for (size_t k = 0; k <= numNested; ++k)
      positions.push_back(int64_t(offsets.get<int32_t>(c * widths.size() + k)) *
                          (k < numNested ? 8 : 1));
    ChunkSpan span = chunkSpan(c, shape, chunk);
    for (int64_t i = span.first; i < span.first + span.count; ++i) {
      int code = codes->get<uint8_t>(i), escape = escapeOf(widths[0]);
      int place = code;
      for (size_t k = 0; k < numNested && code == escape; ++k) {
        const Array &stream = sides[2 + k].array;
        escape = escapeOf(widths[k + 1]);
        code = peekBits(stream.bytes, positions[k]) & escape;
        place += code;
        positions[k] += widths[k + 1];
        if (positions[k] > (stream.size() - windowSlack) * 8)
          return pastTheEnd(c, "nested");
      }
      if (code != escape) {
        symbols.set<uint8_t>(i, kind == WindowKind::Base
                                    ? window.get<uint8_t>(0) + place
                                    : window.get<uint8_t>(place));
        continue;
      }
      if (positions.back() >= escapes.size() - windowSlack)
        return pastTheEnd(c, "escapes");
      symbols.set(i, escapes.get<uint8_t>(positions.back()++));
    }
  }
  return symbols;
}
