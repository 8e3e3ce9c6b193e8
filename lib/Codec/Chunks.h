//===- Chunks.h - Streams of data-dependent length and their index --------===//
//
// An entropy coder cuts a tensor into chunks of a fixed number of symbols, so
// that where the output of a chunk lies is known without decoding, and where
// its input lies is one number of an index.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_CODEC_CHUNKS_H
#define ZQ_LIB_CODEC_CHUNKS_H

#include "Elements.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>

namespace zq::codec {

/// The elements [first, first + count) of a chunk, row-major.
struct ChunkSpan {
  int64_t first;
  int64_t count;
};

/// The shape of the index of chunks of `chunk` elements along the last axis;
/// rank 1 or more. Rows begin a chunk.
std::vector<int64_t> chunkShape(const std::vector<int64_t> &shape,
                                int64_t chunk);

/// The elements of chunk `index`, counted in row-major order over the index.
ChunkSpan chunkSpan(int64_t index, const std::vector<int64_t> &shape,
                    int64_t chunk);

/// Whether `stream`, called `name`, is of one dimension and `type`, ends in
/// `slack` elements that belong to no chunk, and has at most 2^31 - 1 elements.
Status checkStream(const std::string &name, const Array &stream,
                   ElementType type, int64_t slack);

/// Whether `entry` of the chunk index, of chunk `chunk`, is in [0, end]; `unit`
/// names what is counted, in the singular.
Status checkOffset(int64_t chunk, int64_t entry, int64_t end,
                   const std::string &unit);

/// "chunk 3 runs past the end of stream 'bits'".
Error pastTheEnd(int64_t chunk, const std::string &name);

/// An i8 stream of these bytes and `slack` zeros. Fails where it would have
/// more than 2^31 - 1 bytes; `keyword` and `name` say whose it is.
Result<Array> byteStream(const std::string &keyword, const std::string &name,
                         std::vector<uint8_t> bytes, int64_t slack);

/// Writes fields of bits, the first bit in the lowest of the first byte, to
/// where there is room for them and seven bytes more.
class BitWriter {
public:
  explicit BitWriter(uint8_t *bytes) : next(bytes) {}

  /// Appends the low `count` <= 16 bits of `value`, whose others are zero.
  void write(uint32_t value, int count) {
    pending |= uint64_t(value) << numPending;
    numPending += count;
    if (numPending < 32)
      return;
    std::memcpy(next, &pending, 4);
    next += 4;
    pending >>= 32;
    numPending -= 32;
  }
  /// Fills the last byte up with zeros; returns where the next one goes.
  uint8_t *finish() {
    std::memcpy(next, &pending, 4);
    return next + (numPending + 7) / 8;
  }

private:
  uint8_t *next;
  uint64_t pending = 0;
  int numPending = 0;
};

/// The bits from bit `position` on, the first in bit 0, at least 57 of them.
/// Eight bytes can be read there.
inline uint64_t peekBits(const uint8_t *bytes, int64_t position) {
  uint64_t window;
  std::memcpy(&window, bytes + position / 8, 8);
  return window >> position % 8;
}

/// How many chunks of `chunk` symbols are a piece of work for a thread.
inline int64_t chunkGrain(int64_t chunk) {
  return std::max<int64_t>(1, elementGrain / std::max<int64_t>(1, chunk));
}

/// Encodes chunks on several threads, each a piece of `grain` chunks at a time.
/// `encode(chunk, streams)` appends a chunk to `numStreams` streams. These are
/// returned, the chunks in order; offsets[chunk * numStreams + k], an i32
/// array, becomes where the chunk starts in stream k.
template <typename T, typename Encode>
std::vector<std::vector<T>> encodeChunks(int64_t numChunks, int64_t grain,
                                         size_t numStreams, Array &offsets,
                                         Encode encode) {
  std::vector<std::vector<std::vector<T>>> pieces(
      (numChunks + grain - 1) / grain, std::vector<std::vector<T>>(numStreams));
  parallelFor(numChunks, grain, [&](int64_t begin, int64_t end) {
    std::vector<std::vector<T>> &own = pieces[begin / grain];
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      for (size_t k = 0; k < numStreams; ++k)
        offsets.set(chunk * numStreams + k,
                    static_cast<int32_t>(own[k].size()));
      encode(chunk, own.data());
    }
  });
  std::vector<std::vector<T>> result(numStreams);
  for (size_t k = 0; k < numStreams; ++k) {
    size_t total = 0;
    for (const std::vector<std::vector<T>> &piece : pieces)
      total += piece[k].size();
    result[k].reserve(total);
    for (size_t i = 0; i < pieces.size(); ++i) {
      const int64_t before = result[k].size();
      const int64_t end = std::min<int64_t>(numChunks, (i + 1) * grain);
      for (int64_t chunk = i * grain; chunk < end; ++chunk) {
        int64_t at = chunk * numStreams + k;
        offsets.set(at,
                    static_cast<int32_t>(offsets.get<int32_t>(at) + before));
      }
      result[k].insert(result[k].end(), pieces[i][k].begin(),
                       pieces[i][k].end());
      pieces[i][k] = {};
    }
  }
  return result;
}

/// Decodes chunks on several threads by `decode(chunk)`, which may fail; the
/// error of the first one that does.
template <typename Decode>
Status decodeChunks(int64_t numChunks, int64_t grain, Decode decode) {
  return parallelCheck(numChunks, grain,
                       [&](int64_t begin, int64_t end) -> Status {
                         for (int64_t chunk = begin; chunk < end; ++chunk)
                           if (Status status = decode(chunk); !status)
                             return status;
                         return {};
                       });
}

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_CHUNKS_H
