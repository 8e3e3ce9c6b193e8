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

/// The code of each symbol in each window: its place there, or the escape.
static std::vector<std::vector<uint8_t>>
codesOf(const Array &window, WindowKind kind, const std::vector<int> &widths) {
  std::vector<std::vector<uint8_t>> codes;
  int64_t first = 0;
  for (int width : widths) {
    const int escape = escapeOf(width);
    std::vector<uint8_t> own(256, static_cast<uint8_t>(escape));
    // Of places that hold the same symbol the first one counts.
    for (int place = escape - 1; place >= 0; --place)
      own[kind == WindowKind::Base ? window.get<uint8_t>(0) + place
                                   : window.get<uint8_t>(first + place)] =
          static_cast<uint8_t>(place);
    codes.push_back(std::move(own));
    first += escape;
  }
  return codes;
}

Result<Array> Window::encode(const Array &input, const Below &,
                             std::vector<Stream> &sides) const {
  const std::vector<int64_t> &shape = input.shape;
  if (Status valid = checkSymbols(keyword(), input, symbolBits); !valid)
    return valid.error();

  Array window = chooseWindow(input);
  const std::vector<std::vector<uint8_t>> codeOf =
      codesOf(window, kind, widths);
  const size_t numNested = widths.size() - 1;
  Array codes(ElementType::I8, shape);
  Array offsets(ElementType::I32, offsetsShape(shape));
  const uint8_t *symbols = elements<uint8_t>(input);
  uint8_t *codesTo = elements<uint8_t>(codes);
  auto encodeChunk = [&](int64_t c, std::vector<uint8_t> *streams) {
    const ChunkSpan span = chunkSpan(c, shape, chunk);
    // What escaped from the windows so far; what escapes from the next one
    // takes its place.
    std::vector<uint8_t> left(span.count);
    int64_t count = 0;
    for (int64_t i = span.first; i < span.first + span.count; ++i) {
      codesTo[i] = codeOf[0][symbols[i]];
      left[count] = symbols[i];
      count += codesTo[i] == escapeOf(widths[0]);
    }
    for (size_t k = 0; k < numNested; ++k) {
      const int width = widths[k + 1], escape = escapeOf(width);
      std::vector<uint8_t> &stream = streams[k];
      const size_t begin = stream.size();
      stream.resize(begin + count * width / 8 + 8);
      BitWriter writer(stream.data() + begin);
      int64_t escaped = 0;
      for (int64_t i = 0; i < count; ++i) {
        const uint8_t symbol = left[i], code = codeOf[k + 1][symbol];
        writer.write(code, width);
        left[escaped] = symbol;
        escaped += code == escape;
      }
      stream.resize(writer.finish() - stream.data());
      count = escaped;
    }
    streams[numNested].insert(streams[numNested].end(), left.begin(),
                              left.begin() + count);
  };
  std::vector<std::vector<uint8_t>> streams = encodeChunks<uint8_t>(
      numElements(chunkShape(shape, chunk)), chunkGrain(chunk), widths.size(),
      offsets, encodeChunk);

  sides.push_back(
      {kind == WindowKind::Base ? "base" : "palette", std::move(window)});
  sides.push_back({"offsets", std::move(offsets)});
  for (size_t k = 0; k < widths.size(); ++k) {
    const char *name = k < numNested ? "nested" : "escapes";
    Result<Array> stream =
        byteStream(keyword(), name, std::move(streams[k]), windowSlack);
    if (!stream)
      return stream;
    sides.push_back({name, std::move(*stream)});
  }
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
  if (Status valid = checkLast(keyword(), main, shape); !valid)
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
  const Array &offsets = sides[1].array, &escapes = sides.back().array;
  const size_t numLevels = widths.size(), numNested = numLevels - 1;
  const int firstEscape = escapeOf(widths[0]);
  // The symbol of each place, counted through all windows.
  std::vector<uint8_t> symbolOf(numSymbols() + 1);
  for (int64_t place = 0; place < numSymbols(); ++place)
    symbolOf[place] = kind == WindowKind::Base
                          ? sides[0].array.get<uint8_t>(0) + place
                          : sides[0].array.get<uint8_t>(place);

  Array symbols(ElementType::I8, shape);
  auto decodeChunk = [&](int64_t c) -> Status {
    // Of each window after the first the position in bits, then in `escapes`.
    std::vector<int64_t> positions;
    for (size_t k = 0; k < numLevels; ++k)
      positions.push_back(int64_t(offsets.get<int32_t>(c * numLevels + k)) *
                          (k < numNested ? 8 : 1));
    const ChunkSpan span = chunkSpan(c, shape, chunk);
    const uint8_t *from = elements<uint8_t>(*codes) + span.first;
    uint8_t *to = elements<uint8_t>(symbols) + span.first;
    for (int64_t i = 0; i < span.count; ++i) {
      int code = from[i], escape = firstEscape;
      if (code != escape) {
        to[i] = symbolOf[code];
        continue;
      }
      int place = code;
      for (size_t k = 0; k < numNested && code == escape; ++k) {
        const Array &stream = sides[2 + k].array;
        escape = escapeOf(widths[k + 1]);
        code = peekBits(stream.bytes.data(), positions[k]) & escape;
        place += code;
        positions[k] += widths[k + 1];
        if (positions[k] > (stream.size() - windowSlack) * 8)
          return pastTheEnd(c, "nested");
      }
      if (code != escape) {
        to[i] = symbolOf[place];
        continue;
      }
      if (positions.back() >= escapes.size() - windowSlack)
        return pastTheEnd(c, "escapes");
      to[i] = escapes.get<uint8_t>(positions.back()++);
    }
    return {};
  };
  if (Status decoded = decodeChunks(numElements(chunkShape(shape, chunk)),
                                    chunkGrain(chunk), decodeChunk);
      !decoded)
    return decoded.error();
  return symbols;
}
