//===- Array.h - A dense array of one element type ------------------------===//
//
// What the reference codecs read and write: logical tensors, integer codes and
// streams alike.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_ARRAY_H
#define ZQ_CODEC_ARRAY_H

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace zq::codec {

/// The element types a stream or a logical tensor may have. Integers carry no
/// sign of their own; a stage says how it reads them.
enum class ElementType {
  F64,
  F32,
  F16,
  BF16,
  F8E4M3FN,
  F8E5M2,
  F8E8M0FNU,
  I8,
  I16,
  I32,
  I64,
};

/// Bytes per element.
int64_t byteWidth(ElementType type);

/// The MLIR spelling: "f32", "bf16", "f8E4M3FN", "i8".
const char *name(ElementType type);

/// The number of elements of `shape`.
int64_t numElements(const std::vector<int64_t> &shape);

/// A dense array in row-major order, its elements in the machine's byte order.
/// Holds raw bytes so that every bit pattern, signalling NaNs included,
/// survives a copy.
struct Array {
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;

  Array() = default;
  /// An array of zeros.
  Array(ElementType type, std::vector<int64_t> shape);

  int64_t size() const { return numElements(shape); }

  /// Element `index` (row-major) read as `T`, whose size must be that of the
  /// element type.
  template <typename T>
  T get(int64_t index) const {
    T value;
    std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
    return value;
  }
  template <typename T>
  void set(int64_t index, T value) {
    std::memcpy(bytes.data() + index * sizeof(T), &value, sizeof(T));
  }

  /// Element `index` of a floating-point array, converted to f32 (exact for
  /// every type but f64, which is rounded to nearest even).
  float getFloat(int64_t index) const;
  /// Stores `value` rounded to nearest even into a floating-point array. Too
  /// large a value becomes infinity in f16 and bf16 and the largest finite one
  /// in the 8-bit types (see `encodeMinifloat`).
  void setFloat(int64_t index, float value);

  bool operator==(const Array &other) const {
    return type == other.type && shape == other.shape && bytes == other.bytes;
  }
};

/// The type of an array of codes of `bits` bits, 1 to 32, one code to an
/// element: I8, I16 or I32. The bits above a code are zero.
ElementType codeType(int bits);

/// Code `index` of an I8, I16 or I32 array.
uint32_t getCode(const Array &codes, int64_t index);
void setCode(Array &codes, int64_t index, uint32_t code);

} // namespace zq::codec

#endif // ZQ_CODEC_ARRAY_H
