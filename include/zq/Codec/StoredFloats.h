//===- StoredFloats.h - How a stage stores floats at its side -------------===//
#ifndef ZQ_CODEC_STOREDFLOATS_H
#define ZQ_CODEC_STOREDFLOATS_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// The largest finite value of a floating-point element type.
double maxFinite(ElementType type);

/// How a side array of floating-point values (scales, zero points, offsets) is
/// stored: rounded to an element type, or by a codec of its own.
class StoredFloats {
public:
  /// Requires a floating-point type.
  StoredFloats(ElementType type);
  /// Requires a codec that decodes to a floating-point type.
  StoredFloats(CodecRef codec);

  /// The element type of the side array: the stored one, or what the codec
  /// decodes to, mostly f32.
  ElementType type() const { return element; }

  /// Null where the side array is stored as it is.
  const CodecRef &codec() const { return own; }

  /// Whether values below zero can be stored.
  bool isSigned() const;

  /// What the range of a stage grows by when its values are multiplied by
  /// scales stored like this: their largest value. 1 where they have f32's
  /// range of exponents (f32, bf16, f8E8M0FNU) or a codec: there is none to
  /// win, and aiming at FLT_MAX would only make the scale above subnormal, and
  /// what it hands on infinite.
  double largestScale() const;

  /// `value` rounded to the element type; one too large for it becomes the
  /// largest finite one.
  float round(float value) const;

  /// A side array of these values, each rounded to the element type.
  Array round(const Array &values) const;

  /// The range of values that are stored without saturating.
  Range range() const;

  /// What `side` reads as once it is stored. `what` names it in errors.
  Result<Array> readBack(const Array &side, const std::string &what) const;

private:
  ElementType element;
  CodecRef own;
};

} // namespace zq::codec

#endif // ZQ_CODEC_STOREDFLOATS_H
