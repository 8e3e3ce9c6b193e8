//===- Huffman.h - Codes to chunks of a Huffman code ----------------------===//
//
// One code for the tensor, and an index of chunks so that decoding can start
// at any of them and run in all of them at once.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_HUFFMAN_H
#define ZQ_CODEC_HUFFMAN_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Bytes of zeros at the end of the bit stream, so that a decoder may load 64
/// bits wherever a code starts.
inline constexpr int64_t huffmanSlack = 8;

/// Whether three streams can be decoded as `Huffman(symbolBits, chunk,
/// maxLength)` of a tensor of `shape`: types and shapes, table entries legal
/// and equal where they begin with the same code, offsets inside the stream.
/// Does not say that no chunk runs past the end: only decoding tells.
Status checkHuffman(const Array &table, const Array &offsets, const Array &bits,
                    const std::vector<int64_t> &shape, int symbolBits,
                    int64_t chunk, int maxLength);

/// Codes the i8 symbols of a tensor by its own histogram. Terminal; lossless.
/// Streams:
///   table:   i16 [2^maxLength], see `huffmanTable`;
///   offsets: i32 [dims but the last..., ceil(last / chunk)], the byte at which
///            a chunk starts. Chunk c of a row holds its elements
///            [c * chunk, min((c + 1) * chunk, last));
///   bits:    (main) i8 [n], the chunks in row-major order, each starting on a
///            byte, least significant bit first; then `huffmanSlack` zeros.
class Huffman : public Stage {
public:
  /// Requires 1 <= symbolBits <= 8, chunk >= 1, 1 <= maxLength <= 16.
  Huffman(int symbolBits, int64_t chunk, int maxLength);

  std::string keyword() const override { return "huffman"; }
  /// Fails on symbols of more than `symbolBits`, on more than 2^maxLength
  /// different ones, on streams beyond 2^31 - 1 bytes and on rank 0.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails where `checkHuffman` does and where a chunk runs into the slack.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  size_t numSides() const override { return 2; }
  bool isTerminal() const override { return true; }
  std::string mainName() const override { return "bits"; }
  ElementType decodedType() const override { return ElementType::I8; }
  int64_t decodedCodes() const override { return int64_t(1) << symbolBits; }
  bool isLossless() const override { return true; }

private:
  int symbolBits;
  int64_t chunk;
  int maxLength;
};

} // namespace zq::codec

#endif // ZQ_CODEC_HUFFMAN_H
