//===- Elements.cpp - The elements of an array as C++ numbers -------------===//

#include "Elements.h"
#include "FloatCoder.h"
#include "zq/Codec/Parallel.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

using namespace zq::codec;

void zq::codec::adviseLargePages(void *begin, size_t size) {
#ifdef MADV_HUGEPAGE
  const size_t page = 1 << 21;
  const size_t skipped = -reinterpret_cast<uintptr_t>(begin) % page;
  if (size >= 2 * page)
    (void)madvise(static_cast<char *>(begin) + skipped,
                  (size - skipped) / page * page, MADV_HUGEPAGE);
#else
  (void)begin, (void)size;
#endif
}

namespace {
/// `Array::getFloat` and `setFloat` of one type each.
template <typename T>
struct Plain {
  float load(T value) const { return static_cast<float>(value); }
  T store(float value) const { return value; }
};
template <typename T, typename Coder = FloatCoder>
struct Coded {
  Coder coder;
  float load(T code) const { return coder.decode(code); }
  T store(float value) const { return static_cast<T>(coder.encode(value)); }
};
} // namespace

template <typename T, typename Format>
static Array convert(const Array &array, ElementType type, Format format) {
  Array result(type, array.shape);
  parallelFor(array.size(), elementGrain, [&](int64_t begin, int64_t end) {
    if (type == ElementType::F32) {
      const T *from = elements<T>(array);
      float *to = elements<float>(result);
      for (int64_t i = begin; i < end; ++i)
        to[i] = format.load(from[i]);
    } else {
      const float *from = elements<float>(array);
      T *to = elements<T>(result);
      for (int64_t i = begin; i < end; ++i)
        to[i] = format.store(from[i]);
    }
  });
  return result;
}

Array zq::codec::converted(const Array &array, ElementType type) {
  if (array.type == type) {
    Array copy(type, array.shape);
    std::memcpy(copy.bytes.data(), array.bytes.data(), array.bytes.size());
    return copy;
  }
  if (array.type != ElementType::F32 && type != ElementType::F32)
    return converted(converted(array, ElementType::F32), type);
  switch (type == ElementType::F32 ? array.type : type) {
  case ElementType::F64:
    return convert<double>(array, type, Plain<double>());
  case ElementType::F16:
    return convert<uint16_t>(array, type,
                             Coded<uint16_t>{FloatCoder(Half, false)});
  case ElementType::BF16:
    return convert<uint16_t>(array, type,
                             Coded<uint16_t>{FloatCoder(BFloat, false)});
  case ElementType::F8E4M3FN:
    return convert<uint8_t>(array, type,
                            Coded<uint8_t>{FloatCoder(E4M3FN, true)});
  case ElementType::F8E5M2:
    return convert<uint8_t>(array, type,
                            Coded<uint8_t>{FloatCoder(E5M2, true)});
  case ElementType::F8E8M0FNU:
    return convert<uint8_t>(array, type, Coded<uint8_t, E8M0Coder>());
  default:
    assert(false && "not a floating-point array");
    return array;
  }
}
