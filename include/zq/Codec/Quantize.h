//===- Quantize.h - Values to small codes ---------------------------------===//
//
// The quantizers differ in their grid only.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_QUANTIZE_H
#define ZQ_CODEC_QUANTIZE_H

#include "zq/Codec/Minifloat.h"
#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Maps each value to the code of a nearby grid value, on its own. Takes
/// floating-point values but NaN, hands on i8 codes: one a byte, in its low
/// `codeBits()` bits, the others zero. Decodes to f32. No side streams.
class Quantize : public Stage {
public:
  /// Bits of a code.
  virtual int codeBits() const = 0;
  /// How many codes there are: 0 to numCodes() - 1.
  virtual int numCodes() const { return 1 << codeBits(); }
  /// The code of `value`, which is not NaN.
  virtual uint8_t encodeOne(float value) const = 0;
  /// The value of `code` < numCodes().
  virtual float decodeOne(uint8_t code) const = 0;

  std::string keyword() const override { return "quantize"; }
  /// Fails on NaN.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails on codes that do not exist.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  std::string mainName() const override { return "codes"; }
  bool isLossless() const override { return false; }
};

/// To a small float: nearest, ties to even, saturating. The code is the bit
/// pattern. Infinity survives in E5M2 only.
class QuantizeFloat : public Quantize {
public:
  /// Requires a format with sign and zero of at most 8 bits: E2M1, E2M3, E3M2,
  /// E4M3FN, E5M2.
  explicit QuantizeFloat(const Minifloat &format);

  int codeBits() const override { return format.bits(); }
  uint8_t encodeOne(float value) const override;
  float decodeOne(uint8_t code) const override;
  Range inputRange(Range target) const override;

private:
  Minifloat format;
};

/// To an integer: nearest, ties to even, then clamped to [-2^(b-1), 2^(b-1)-1]
/// or [0, 2^b - 1]. The code is its low b bits in two's complement.
class QuantizeInteger : public Quantize {
public:
  /// Requires 1 <= bits <= 8.
  QuantizeInteger(int bits, bool isSigned);

  int codeBits() const override { return bits; }
  uint8_t encodeOne(float value) const override;
  float decodeOne(uint8_t code) const override;
  /// The whole grid: it is up to a scale whether it aims at -2^(b-1), which has
  /// no opposite.
  Range inputRange(Range target) const override;

private:
  int bits;
  bool isSigned;
};

/// To the index of the nearest entry of a table; a value half way between two
/// entries goes to the lower one (as in bitsandbytes' NF4 and BitMoD).
class Lookup : public Quantize {
public:
  /// Requires 2 to 256 finite entries, strictly increasing.
  explicit Lookup(std::vector<float> table);

  std::string keyword() const override { return "lookup"; }
  int codeBits() const override;
  int numCodes() const override { return int(table.size()); }
  uint8_t encodeOne(float value) const override;
  float decodeOne(uint8_t code) const override { return table[code]; }
  Range inputRange(Range target) const override;

private:
  std::vector<float> table;
};

} // namespace zq::codec

#endif // ZQ_CODEC_QUANTIZE_H
