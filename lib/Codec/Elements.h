//===- Elements.h - The elements of an array as C++ numbers ---------------===//
//
// What loops over whole arrays read and write by, where `Array::get` and `set`
// would ask for the element type at every step.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_CODEC_ELEMENTS_H
#define ZQ_LIB_CODEC_ELEMENTS_H

#include "zq/Codec/Array.h"

#include <optional>
#include <utility>

namespace zq::codec {

/// How many elements are a piece of work for a thread: a few tenths of a
/// millisecond of a simple stage.
inline constexpr int64_t elementGrain = 1 << 17;

/// The elements of `array`, whose type has the width of `T`.
template <typename T>
const T *elements(const Array &array) {
  return reinterpret_cast<const T *>(array.bytes.data());
}
template <typename T>
T *elements(Array &array) {
  return reinterpret_cast<T *>(array.bytes.data());
}

/// Asks for large pages: the first touch of small ones takes longer than most
/// stages do. Nothing but speed depends on it.
void adviseLargePages(void *begin, size_t size);

/// Gives an empty vector `count` elements, in large pages where it has many.
template <typename T>
void resizeLarge(std::vector<T> &elements, size_t count) {
  elements.reserve(count);
  adviseLargePages(elements.data(), count * sizeof(T));
  elements.resize(count);
}

inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// A floating-point array with its elements converted to `type` as by
/// `Array::getFloat` and `setFloat`.
Array converted(const Array &array, ElementType type);
inline Array converted(Array &&array, ElementType type) {
  return array.type == type ? std::move(array)
                            : converted(std::as_const(array), type);
}

/// A floating-point array as f32: itself where it is, and must then outlive
/// this, else a conversion.
class F32View {
public:
  explicit F32View(const Array &array) {
    if (array.type == ElementType::F32)
      given = &array;
    else
      own = converted(array, ElementType::F32);
  }
  const Array &operator*() const { return own ? *own : *given; }
  const Array *operator->() const { return &**this; }

private:
  const Array *given = nullptr;
  std::optional<Array> own;
};

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_ELEMENTS_H
