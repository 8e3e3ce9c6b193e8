//===- Pvq.h - Pyramid vector quantization --------------------------------===//
//
// Directions as a number of unit pulses shared out among the coordinates.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_PVQ_H
#define ZQ_CODEC_PVQ_H

#include "zq/Codec/VectorQuantize.h"

namespace zq::codec {

/// Codes the direction of each vector of L values as an integer vector p with
/// sum |p_i| = K pulses (Fischer, "A pyramid vector quantizer", 1986). Of those
/// there are N(L, K), where
///   N(l, 0) = 1, N(0, k) = 0 for k > 0,
///   N(l, k) = N(l-1, k) + N(l, k-1) + N(l-1, k-1);
/// a code is the index of p, of ceil(log2 N) bits. Indices count first the
/// vectors with p_0 = 0, then those with +1, -1, +2, -2, ..., each time in the
/// same manner over the other coordinates.
///
/// Decodes to p / ||p||_2, a vector of length 1 (gain-shape coding: the length
/// is for a scale of the same blocks, by l2, above). In f32: the sum of
/// squares, which is exact, its square root, then one division per element.
///
/// Encodes x, of any length, in f64: p_i = floor(K |x_i| / ||x||_1), then the
/// missing pulses one by one where they make x.p / ||p|| largest, the first
/// coordinate among equals; at last the signs of x. Without a direction (all
/// zeros) all pulses go to coordinate 0.
class Pvq : public VectorQuantize {
public:
  static constexpr int maxLength = 1024;
  static constexpr int maxPulses = 1024;

  /// N(length, pulses), or 2^32 + 1 where it is larger than 2^32. Requires
  /// 0 <= length <= maxLength and 0 <= pulses <= maxPulses.
  static int64_t countPoints(int length, int pulses);

  /// Requires 1 <= length <= maxLength, 1 <= pulses <= maxPulses and
  /// countPoints(length, pulses) <= 2^32.
  Pvq(int length, int pulses);

  std::string keyword() const override { return "pvq"; }
  int length() const override { return vectorLength; }
  int codeBits() const override;
  int64_t numCodes() const override { return points(vectorLength, pulses); }
  uint32_t encodeVector(const float *values) const override;
  void decodeVector(uint32_t code, float *values) const override;
  /// Only the direction counts; unit vectors stay within [-1, 1].
  Range inputRange(Range target) const override;

  /// N(l, k) for l <= length and k <= pulses.
  int64_t points(int l, int k) const { return table[l * (pulses + 1) + k]; }

  /// The index of an integer vector of K pulses, and back.
  uint32_t indexOf(const int *vector) const;
  void vectorOf(uint32_t index, int *vector) const;

private:
  int vectorLength;
  int pulses;
  std::vector<int64_t> table;
};

} // namespace zq::codec

#endif // ZQ_CODEC_PVQ_H
