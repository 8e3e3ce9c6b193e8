//===- Scale.h - Scales and zero points shared by blocks ------------------===//
//
// Brings the values of every block into the range of the stage below.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_SCALE_H
#define ZQ_CODEC_SCALE_H

#include "zq/Codec/Blocks.h"
#include "zq/Codec/StoredFloats.h"

#include <optional>

namespace zq::codec {

/// What the scale of a block is chosen by. Sums are in f64, the result is
/// rounded to f32 before anything else is done with it.
enum class ScaleStatistic {
  /// The largest magnitude fills the target: amax / limit, where limit is
  /// min(-low, high) of the target [low, high], or, where only one side of zero
  /// is in the target, its farther end. With a zero point: (max - min) /
  /// (high - low).
  AbsMax,
  /// The mean magnitude itself, whatever the target is (binary and ternary
  /// weights: XNOR-Net, BitNet b1.58).
  MeanAbs,
  /// The Euclidean norm itself (TurboQuant, OCTOPUS).
  L2,
  /// The root of the mean square itself.
  Rms,
  /// Signed: the element of largest magnitude, the first of equals, maps to the
  /// end of the target that is farther from zero, the upper one of equals. GGUF
  /// Q4_0: d = max / -8.
  Peak,
  /// The scale of AbsMax times the factor among 1 and k/40, k = 20..44, whose
  /// squared error after all stages below is least; the first of equals. With a
  /// zero point both ends of the block's interval move, towards zero or the end
  /// next to it (GPTQ's `mse`). No block is worse than with AbsMax.
  Search,
};

/// How a scale becomes a power of two, where it is stored as f8E8M0FNU.
enum class PowerOfTwoRule {
  /// The least one not below extent / limit, so that nothing saturates further
  /// down ("INT v.s. FP").
  Ceil,
  /// 2^(floor(log2 extent) - floor(log2 limit)) (OCP Microscaling Formats 1.0,
  /// section 6.3: the shared exponent of the block minus that of the element
  /// format's largest number). Up to a binade of the block saturates.
  Floor,
  /// The greatest one not above extent / limit: up to a binade saturates
  /// (ZeroQuant-FP, arXiv:2307.09782, rounds the ratio of the largest scale of
  /// a group to each of the others up to a power of two).
  Down,
};

struct ScaleOptions {
  /// A zero point as an integer of the target, stored as i8.
  bool integerZero = false;
  /// A zero point of any value; not together with the integer one.
  std::optional<StoredFloats> zero = std::nullopt;
  /// With a zero point: AbsMax or Search.
  ScaleStatistic statistic = ScaleStatistic::AbsMax;
  PowerOfTwoRule rule = PowerOfTwoRule::Ceil;
  /// Decoding divides by what is stored, f32 or bf16, as the global scale of
  /// compressed-tensors' NVFP4 is meant: quotients round differently than
  /// products with an inverse. Not with a codec.
  bool divides = false;
  /// Not 0: side arrays that have no codec, at least one, are stored in panels
  /// of so many rows (`Panels.h`); the tensor has rank 2 or more.
  int64_t rows = 0;
};

/// The scale that maps `extent` onto `limit`, not 0, as `stored` holds it,
/// widened to f32. It is float(extent) / float(limit) in f32 rounded to nearest
/// even, saturating; for f8E8M0FNU, which holds no negative ones, instead the
/// power of two that `rule` makes of the exact quotient.
float roundScale(ElementType stored, float extent, double limit,
                 PowerOfTwoRule rule = PowerOfTwoRule::Ceil);

/// One scale, and perhaps one zero point, for every block of the tensor.
///
/// Takes finite floating-point values, hands on f32. Side arrays, of rank kept
/// and the blocks' count as shape, or that in panels:
///   scale: as `stored`;
///   zero:  with a zero point; i8, signed, or as `options.zero`.
///
/// Decoding, in f32 with a rounding after each operation:
///   without zero point  main * scale,
///   with zero point     (main - zero) * scale,
/// or a division by the scale where it divides.
///
/// Encoding a block for the target [low, high], s and z being what the side
/// arrays read back as once they are stored:
///   - without zero point s is as the statistic says and z = 0;
///   - with an integer one s = (max - min) / (high - low), max and min taken
///     with 0; z = rne(low - min / s), clamped to the integers of the target;
///   - with another one likewise, but z is not rounded before it is stored, and
///     max and min are taken with 0 only where that is needed: where s would be
///     0, or z would be stored with an error above half a code.
/// Hands on x / s (+ z), within f32's finite values; where s is 0, just z.
/// A scale that divides is limit / extent in f32, rounded as it is stored, or 1
/// where the extent is 0; what is handed on is x * s (+ z).
class Scale : public Stage {
public:
  /// Blocks as in `Blocks`; `stored` among f32, f16, bf16, f8E4M3FN, f8E5M2,
  /// f8E8M0FNU, or a codec. Rules but Ceil are for f8E8M0FNU only.
  Scale(std::vector<int64_t> blockShape, StoredFloats stored,
        ScaleOptions options);
  Scale(std::vector<int64_t> blockShape, ElementType stored,
        bool integerZero = false);

  std::string keyword() const override { return "scale"; }
  /// Fails on NaN and infinity; with an integer zero point on a target that
  /// does not fit i8 (8-bit unsigned codes); and with Peak where no negative
  /// scale can be stored.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  /// Fails on scales to divide by that are 0 or not finite.
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return hasZero() ? 2 : 1; }
  CodecRef sideCodec(size_t index) const override;
  Result<Shape> sideShape(size_t index, const Shape &shape,
                          const std::vector<Stream> &earlier) const override;
  Mapping mapping() const override { return Mapping::ToValues; }
  std::unique_ptr<ElementMap> elementMap(const std::vector<Stream> &sides,
                                         const Shape &shape) const override;
  /// The target times the largest scale: a scale above is to use the whole
  /// range of this one's, as in NVFP4. Just the target where scales are stored
  /// with f32's range of exponents (f32, bf16, f8E8M0FNU), or by a codec, which
  /// takes in f32.
  Range inputRange(Range target) const override;
  bool isLossless() const override { return false; }

  /// The shape of the side arrays for a tensor of `shape`, of the same rank as
  /// the block shape, before they are put in panels.
  Shape streamShape(const Shape &shape) const { return blocks.count(shape); }

private:
  struct Fit;
  class Map;
  float divideOne(float value, float scale, float zero) const;
  std::vector<Array> sidesAsFloats(const std::vector<Stream> &sides,
                                   const Shape &shape) const;
  using Statistics = std::vector<BlockStatistics>;
  bool hasZero() const { return options.integerZero || options.zero; }
  /// Rows of a panel of side array `index`; 0 where it is in none.
  int64_t rowsOf(size_t index) const;
  Status checkTarget(Range target) const;
  Status checkRank(size_t rank) const;
  Status checkDivisors(const Array &scales) const;
  float roundedScale(float extent, double limit) const;
  float chooseScale(const BlockStatistics &block, Range target, bool takeZeroIn,
                    float factor) const;
  float chooseZero(const BlockStatistics &block, Range target, bool takeZeroIn,
                   float factor, float scale) const;
  Result<Fit> fitOnce(const Statistics &statistics, Range target,
                      const std::vector<bool> &takeZeroIn,
                      const std::vector<float> &factors,
                      const Shape &shape) const;
  Result<Fit> fit(const Statistics &statistics, Range target,
                  const std::vector<float> &factors, const Shape &shape) const;
  Result<Fit> search(const Statistics &statistics, const Array &values,
                     const Below &below) const;
  Result<std::vector<double>> squaredErrors(const Array &values, const Fit &fit,
                                            const Below &below) const;
  Array divide(const Array &values, const Fit &fit) const;
  Array multiply(const Array &main, const Array &scale,
                 const Array *zero) const;

  Blocks blocks;
  StoredFloats stored;
  ScaleOptions options;
};

} // namespace zq::codec

#endif // ZQ_CODEC_SCALE_H
