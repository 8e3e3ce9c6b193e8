//===- Chunks.h - Streams of data-dependent length and their index --------===//
//
// An entropy coder cuts a tensor into chunks of a fixed number of symbols, so
// that where the output of a chunk lies is known without decoding, and where
// its input lies is one number of an index.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_CODEC_CHUNKS_H
#define ZQ_LIB_CODEC_CHUNKS_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

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

/// Writes fields of bits, the first bit in the lowest of the first byte.
class BitWriter {
public:
  /// Appends the low `count` <= 16 bits of `value`, whose others are zero.
  void write(uint32_t value, int count);
  /// Fills the last byte up with zeros.
  void align();
  std::vector<uint8_t> bytes;

private:
  uint32_t pending = 0;
  int numPending = 0;
};

/// The 16 bits from bit `position` on, the first in bit 0; zeros past the end.
uint32_t peekBits(const std::vector<uint8_t> &bytes, int64_t position);

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_CHUNKS_H
