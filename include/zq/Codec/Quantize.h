//===- Quantize.h - Values to small codes ---------------------------------===//
//
// The quantizers differ in their grid only.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_QUANTIZE_H
#define ZQ_CODEC_QUANTIZE_H

#include "zq/Codec/Minifloat.h"
#include "zq/Codec/Rounding.h"
#include "zq/Codec/Stage.h"

namespace zq::codec {

/// The number of bits that tell `count` > 1 codes apart.
int bitsFor(int64_t count);

/// Maps each value to the code of a nearby grid value, on its own. Takes
/// floating-point values but NaN, hands on i8 codes: one a byte, in its low
/// `codeBits()` bits, the others zero. Decodes to f32. No side streams.
class Quantize : public Stage {
public:
  /// Bits of a code.
  virtual int codeBits() const = 0;
  /// How many codes there are: 0 to numCodes() - 1.
  virtual int numCodes() const { return 1 << codeBits(); }
  /// The code of `value`, which is not NaN and has the row-major `index`.
  virtual uint8_t encodeOne(float value, int64_t index) const = 0;
  /// The value of `code` < numCodes().
  virtual float decodeOne(uint8_t code) const = 0;
  /// `encodeOne` of `count` values, the first of which has the row-major index
  /// `first`; for those who can do many faster than one by one.
  virtual void encodeMany(const float *values, int64_t count, int64_t first,
                          uint8_t *codes) const;

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
  int64_t mainCodes() const override { return numCodes(); }
  Mapping mapping() const override { return Mapping::ToCodes; }
  std::unique_ptr<ElementMap> elementMap(const std::vector<Stream> &sides,
                                         const Shape &shape) const override;
  bool isLossless() const override { return false; }

private:
  class Map;
};

/// The value of each code.
std::vector<float> valuesOf(const Quantize &quantizer);

/// To a small float, saturating. The code is the bit pattern; zero keeps its
/// sign. Infinity survives in E5M2 only. Without a sign, what is negative goes
/// to the least value. Ties to even are those of `encodeFloat`.
class QuantizeFloat : public Quantize {
public:
  /// Requires a format of at most 8 bits.
  explicit QuantizeFloat(const Minifloat &format, Rounding rounding = {});

  int codeBits() const override { return format.bits(); }
  uint8_t encodeOne(float value, int64_t index) const override;
  float decodeOne(uint8_t code) const override;
  void encodeMany(const float *values, int64_t count, int64_t first,
                  uint8_t *codes) const override;
  Range inputRange(Range target) const override;

private:
  Minifloat format;
  Rounding rounding;
};

/// The integers low, low + step, ..., high, and their codes.
struct IntegerGrid {
  int low;
  int high;
  int step = 1;
  /// The code of an integer is its low `bits` bits in two's complement, or
  /// else its place on the grid, counted from `low`.
  bool isTwosComplement = false;
  int bits;

  /// [-2^(b-1), 2^(b-1)-1], or [0, 2^b - 1] where not signed. 1 <= bits <= 8.
  static IntegerGrid full(int bits, bool isSigned);
  /// [-(2^(b-1)-1), 2^(b-1)-1], 2 <= bits <= 8. The code of -2^(b-1) is not
  /// written; it reads as that integer.
  static IntegerGrid symmetric(int bits);
  /// The odd integers from -(2^b - 1) to 2^b - 1, 1 <= bits <= 8: bit i of a
  /// code stands for +-2^i ("bipolar-INT"). One bit is the sign, that of 0
  /// being +1 unless ties go down.
  static IntegerGrid bipolar(int bits);
  /// [-(n-1)/2, (n-1)/2] for an odd number of levels n, 3 <= n <= 255; 3 is
  /// ternary. A code is the integer plus (n-1)/2.
  static IntegerGrid levels(int count);
};

/// To the integers of a grid, saturating.
class QuantizeInteger : public Quantize {
public:
  explicit QuantizeInteger(IntegerGrid grid, Rounding rounding = {})
      : grid(grid), rounding(rounding) {}
  /// The full grid; ties to even. Requires 1 <= bits <= 8.
  QuantizeInteger(int bits, bool isSigned)
      : QuantizeInteger(IntegerGrid::full(bits, isSigned)) {}

  int codeBits() const override { return grid.bits; }
  int numCodes() const override;
  uint8_t encodeOne(float value, int64_t index) const override;
  float decodeOne(uint8_t code) const override;
  void encodeMany(const float *values, int64_t count, int64_t first,
                  uint8_t *codes) const override;
  /// The whole grid: it is up to a scale whether it aims at -2^(b-1), which has
  /// no opposite.
  Range inputRange(Range target) const override;

private:
  IntegerGrid grid;
  Rounding rounding;
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
  uint8_t encodeOne(float value, int64_t index) const override;
  float decodeOne(uint8_t code) const override { return table[code]; }
  void encodeMany(const float *values, int64_t count, int64_t first,
                  uint8_t *codes) const override;
  Range inputRange(Range target) const override;

private:
  std::vector<float> table;
};

} // namespace zq::codec

#endif // ZQ_CODEC_QUANTIZE_H
