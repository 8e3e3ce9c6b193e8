//===- Pack.h - Codes to a dense string of bits ---------------------------===//
//
// Fixed width, so that every element can be found without an index.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_PACK_H
#define ZQ_CODEC_PACK_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// How `pack` lays out the codes of a string: of a row (last axis), or of a
/// tile. Without any option: fields as wide as the codes, one after the other,
/// from the least significant bit of the first byte on.
struct PackLayout {
  /// Fills every byte (every word, with `word`) from its most significant bit
  /// down, each field with its own most significant bit first; with `radix` the
  /// first code is the most significant digit.
  bool msb = false;

  /// 8, 16, 32 or 64: a field does not straddle a little-endian word of so many
  /// bits, and the string is padded to whole words. The bits of a word that are
  /// too few for a field come last and are zero (GPTQ, VPTQ). 0: a field begins
  /// where the one before it ends.
  int word = 0;

  /// 3 to 255: codes are digits of this base, as many to a word as fit: c[0] +
  /// c[1] K + c[2] K^2 ... `word` is 8 unless given. 5 ternary digits go to a
  /// byte, 9 of base 11 to 32 bits. 0: codes are fields of bits.
  int radix = 0;

  /// Into how many segments a code is cut, from the top; segment k of all codes
  /// of a string forms plane k, a string of its own that begins on a byte. The
  /// planes of a string follow one another.
  enum class Planes {
    /// One segment: the code.
    Whole,
    /// Segments of one bit, so that the first planes alone hold the upper bits
    /// (any-precision, bipolar-INT).
    EachBit,
    /// One segment for each binary digit of the codes' width, the smallest
    /// first: 6 = 2 + 4 (FP6-LLM), 7 = 1 + 2 + 4.
    BinaryDigits,
  };
  Planes planes = Planes::Whole;

  /// A word (without `word`: a byte) holds codes that are far apart: a run of
  /// codes is cut into m equal parts, m the fields of a word, and word j of the
  /// run holds code j of each part, the first part's first. For 4 bits byte j
  /// is c[j] + 16 c[j + n/2] (ZipCache; GGUF's Q4_0 with runs of 32, its Q2_K
  /// with runs of 128 codes of 2 bits).
  bool halves = false;
  /// The length of a run, a multiple of m; the last one is padded with zero
  /// codes. 0: the string, padded to a multiple of m.
  int64_t run = 0;

  /// Two sizes a, b: the last two dimensions are cut into tiles, padded with
  /// zero codes at the edges, and each tile, row-major, is a string. None: each
  /// row is.
  Shape tile;

  /// Two sizes l, d, for vector units that have a row in each of l lanes; no
  /// other option goes with it. Tiles of l rows, whose columns are taken d at a
  /// time: code [i, j] of a tile is the ((j / d) l + i) d + j % d-th of its
  /// string. A string has the planes of BinaryDigits, each in halves with parts
  /// of l d codes: a byte of a plane holds codes of one row, d columns apart.
  /// As many columns are a tile as fill the bytes of the narrowest plane.
  Shape lanes;

  /// The tile that codes of `bits` bits are cut into; empty for rows.
  Shape tileOf(int bits) const;

  /// Whether codes of `bits` bits can be laid out like this.
  Status check(int bits) const;
  /// The widths of the segments of codes of `bits` bits, from the top.
  std::vector<int> segments(int bits) const;

private:
  Status checkLanes(int bits) const;
};

/// Packs codes of `bits` bits. Terminal; lossless. Main stream:
///   codes: i8, the tensor's shape but for the last dimension, which is the
///          bytes of a row: ceil(last * bits / 8) without options. With tiles:
///          the last two dimensions are the numbers of tiles, a further one the
///          bytes of a tile.
/// Every string starts on a byte; what is left over of the last byte or word is
/// written as zero and not looked at in decoding, but for the words of a radix,
/// which must be made of digits.
class Pack : public Stage {
public:
  /// Requires 1 <= bits <= 32 and a layout that passes its check.
  explicit Pack(int bits, PackLayout layout = {});

  std::string keyword() const override { return "pack"; }
  /// Fails on codes that need more bits or do not exist in the radix, and on
  /// tensors of rank 0 (with tiles, 1).
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  bool isTerminal() const override { return true; }
  std::string mainName() const override { return "codes"; }
  ElementType decodedType() const override { return codeType(bits); }
  int64_t decodedCodes() const override {
    return layout.radix ? layout.radix : int64_t(1) << bits;
  }
  bool isLossless() const override { return true; }

  /// The shape of the stream for a tensor of `shape`, which has the rank that
  /// the layout needs.
  Shape streamShape(const Shape &shape) const;

private:
  Status checkTensor(const Shape &shape) const;

  int bits;
  PackLayout layout;
};

} // namespace zq::codec

#endif // ZQ_CODEC_PACK_H
