//===- Rans.h - Codes to chunks of table-driven rANS ----------------------===//
//
// For storage, the wire and a warp per chunk: 32 interleaved states, one table
// for the tensor. The decoder's arithmetic is that of htscodecs and dietgpu.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_RANS_H
#define ZQ_CODEC_RANS_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Interleaved states: element j of a chunk belongs to lane j % ransLanes.
inline constexpr int64_t ransLanes = 32;

/// Words of zeros at the end of the stream, so that a decoder may load one for
/// every lane wherever it stands.
inline constexpr int64_t ransSlack = ransLanes;

/// Codes i8 symbols by rANS with probabilities in units of 2^-precision.
/// Terminal; lossless. Streams:
///   table:   i32 [2^precision], what a slot stands for:
///            symbol | (frequency - 1) << 8 | (slot - start) << 20, where a
///            symbol owns the slots [start, start + frequency);
///   offsets: i32 [dims but the last..., ceil(last / chunk)], the word at which
///            a chunk starts. Chunk c of a row holds its elements
///            [c * chunk, min((c + 1) * chunk, last));
///   words:   (main) i16 [n], the chunks in row-major order, each `ransLanes`
///            states of two words, low word first, then what the states take
///            up, in order; then `ransSlack` zeros.
/// A state x is in [2^16, 2^32). Decoding an element of its lane:
///   slot = x mod 2^precision, whose entry gives the symbol;
///   x = frequency * (x >> precision) + slot - start;
///   if x < 2^16: x = x << 16 | next word.
/// Encoding starts at x = 2^16 in every lane.
class Rans : public Stage {
public:
  /// Requires 1 <= symbolBits <= 8, 1 <= precision <= 12, chunk >= 1.
  Rans(int symbolBits, int precision, int64_t chunk);

  std::string keyword() const override { return "rans"; }
  /// Fails on symbols of more than `symbolBits`, on more than 2^precision
  /// different ones, on streams beyond 2^31 - 1 bytes and on rank 0.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails where a chunk runs into the slack.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  /// The table is one of frequencies that add up; offsets leave room for the
  /// states of their chunk.
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  size_t numSides() const override { return 2; }
  bool isTerminal() const override { return true; }
  std::string mainName() const override { return "words"; }
  ElementType decodedType() const override { return ElementType::I8; }
  int64_t decodedCodes() const override { return int64_t(1) << symbolBits; }
  bool isLossless() const override { return true; }

private:
  Status checkTable(const Array &table) const;

  int symbolBits;
  int precision;
  int64_t chunk;
};

} // namespace zq::codec

#endif // ZQ_CODEC_RANS_H
