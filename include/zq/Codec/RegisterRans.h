//===- RegisterRans.h - rANS whose model fits vector registers ------------===//
//
// Sixteen symbols, probabilities in units of 1/256 and states of 16 bits: every
// look-up is a byte permutation of a register and nothing is gathered from
// memory.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_REGISTERRANS_H
#define ZQ_CODEC_REGISTERRANS_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Slots of the model, and symbols that it has, the escape included.
inline constexpr int registerRansSlots = 256;
inline constexpr int registerRansRanks = 16;

/// Bytes of zeros at the end of `escapes` and `bits`, so that a decoder may
/// load one for each of 64 lanes wherever it stands.
inline constexpr int64_t registerRansSlack = 64;

/// Codes i8 symbols by rANS over ranks 0 to 15. Terminal; lossless. Symbols of
/// up to 4 bits are their own rank. Otherwise ranks 0 to 14 are the most
/// frequent symbols, as many as make the streams shortest, and rank 15 is an
/// escape: the symbol follows as a byte. Streams, the last two sides only where
/// there are escapes:
///   frequencies: i8 [16], of each rank, 0 to 255; their sum is 256. A rank
///   owns
///            as many slots, those of rank 0 first;
///   offsets: i32 [dims but the last two..., ceil(rows / rowsPerChunk), 2]: the
///            byte of `bits` at which a chunk starts and the index of its first
///            escape (only the former, and 1 for 2, without escapes). A chunk
///            holds `rowsPerChunk` rows, consecutive along the last axis but
///            one; a tensor of rank 1 is one row;
///   palette: i8 [16], the symbol of each rank, 0 of those without;
///   escapes: i8 [n], of the chunks in row-major order, in the order of their
///            elements; then `registerRansSlack` zeros;
///   bits:    (main) i8 [n], the chunks in row-major order: the low bytes of
///            `lanes` states, their high bytes, then what the states take up,
///            in order; then `registerRansSlack` zeros.
/// A state x is in [2^8, 2^16); element j of a row belongs to lane j % lanes.
/// Decoding it:
///   slot = low byte of x, owned by `rank` of frequency f from slot `start` on;
///   x = f * (high byte of x) + slot - start;
///   if x < 2^8: x = x << 8 | next byte.
/// Every row begins with lane 0; states go on from row to row. Encoding starts
/// at x = 2^8 in every lane.
class RegisterRans : public Stage {
public:
  /// Requires 1 <= symbolBits <= 8, lanes >= 1, rowsPerChunk >= 1.
  RegisterRans(int symbolBits, int64_t lanes, int64_t rowsPerChunk);

  std::string keyword() const override { return "register_rans"; }
  /// Fails on symbols of more than `symbolBits`, on streams beyond 2^31 - 1
  /// bytes and on rank 0.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails where a chunk runs into the slack of a stream.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  /// The frequencies add up; offsets leave room for the states of their chunk.
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  size_t numSides() const override { return hasEscapes() ? 4 : 2; }
  bool isTerminal() const override { return true; }
  std::string mainName() const override { return "bits"; }
  ElementType decodedType() const override { return ElementType::I8; }
  int64_t decodedCodes() const override { return int64_t(1) << symbolBits; }
  bool isLossless() const override { return true; }

  /// Whether there can be more symbols than ranks.
  bool hasEscapes() const { return symbolBits > 4; }

private:
  Status checkFrequencies(const Array &frequencies) const;
  Status checkEscapes(const Array &palette, const Array &escapes) const;
  std::vector<int64_t> offsetsShape(const std::vector<int64_t> &shape) const;

  int symbolBits;
  int64_t lanes;
  int64_t rowsPerChunk;
};

} // namespace zq::codec

#endif // ZQ_CODEC_REGISTERRANS_H
