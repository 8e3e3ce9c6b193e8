//===- Validate.cpp - What the stages refuse, and in which words ----------===//

#include "Validate.h"
#include "Elements.h"
#include "zq/Codec/Parallel.h"

#include <cmath>

using namespace zq::codec;

std::string zq::codec::toString(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string zq::codec::elementName(const std::vector<int64_t> &shape,
                                   int64_t index) {
  std::vector<int64_t> position(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    position[i] = index % shape[i];
    index /= shape[i];
  }
  return "element " + toString(position);
}

Status zq::codec::checkShape(const std::vector<int64_t> &shape) {
  // 2^56 elements of 8 bytes of 8 bits still fit a signed 64-bit integer.
  const int64_t limit = int64_t(1) << 56;
  int64_t product = 1;
  for (int64_t dim : shape) {
    if (dim < 0)
      return Error{"shape " + toString(shape) + " has a negative dimension"};
    // A zero must not hide that the other dimensions overflow.
    int64_t factor = dim == 0 ? 1 : dim;
    if (factor > limit / product)
      return Error{"shape " + toString(shape) + " is too large"};
    product *= factor;
  }
  return {};
}

Status zq::codec::checkRows(const std::string &keyword,
                            const std::vector<int64_t> &shape) {
  if (shape.empty())
    return Error{keyword + " needs a tensor of rank 1 or more"};
  return checkShape(shape);
}

Status zq::codec::checkArray(const std::string &what, const Array &array,
                             ElementType type,
                             const std::vector<int64_t> &shape) {
  if (array.type != type)
    return Error{what + " has element type " + name(array.type) +
                 ", expected " + name(type)};
  if (array.shape != shape)
    return Error{what + " has shape " + toString(array.shape) + ", expected " +
                 toString(shape)};
  if (Status valid = checkShape(shape); !valid)
    return valid;
  size_t expected = numElements(shape) * byteWidth(type);
  if (array.bytes.size() != expected)
    return Error{what + " holds " + std::to_string(array.bytes.size()) +
                 " bytes, expected " + std::to_string(expected)};
  return {};
}

Status zq::codec::checkCount(const std::string &keyword, size_t count,
                             size_t expected) {
  if (count == expected)
    return {};
  return Error{keyword + " has " + std::to_string(expected) +
               " side streams, got " + std::to_string(count)};
}

Status zq::codec::checkMain(const std::string &keyword, const Array *main,
                            const std::vector<int64_t> &shape,
                            ElementType type) {
  if (!main)
    return {};
  return checkArray("the main array of " + keyword, *main, type, shape);
}

Status zq::codec::checkLast(const std::string &keyword, const Array *main,
                            const std::vector<int64_t> &shape) {
  if (!main)
    return Error{keyword + " must be the last stage"};
  return checkRows(keyword, shape);
}

bool zq::codec::isFloat(ElementType type) {
  switch (type) {
  case ElementType::I8:
  case ElementType::I16:
  case ElementType::I32:
  case ElementType::I64:
    return false;
  default:
    return true;
  }
}

Array zq::codec::widened(const Array &array) {
  return converted(array, ElementType::F32);
}

Status zq::codec::checkFloat(const std::string &keyword, const Array &array) {
  if (!isFloat(array.type))
    return Error{keyword + " needs floating-point values, got " +
                 name(array.type)};
  return checkArray("the input of " + keyword, array, array.type, array.shape);
}

Status zq::codec::checkFinite(const std::string &keyword, const Array &f32) {
  const float *values = elements<float>(f32);
  return parallelCheck(
      f32.size(), elementGrain, [&](int64_t begin, int64_t end) -> Status {
        bool isFinite = true;
        for (int64_t i = begin; i < end; ++i)
          isFinite &= (bitsOf(values[i]) & 0x7F800000) != 0x7F800000;
        if (isFinite)
          return {};
        int64_t i = begin;
        while (std::isfinite(values[i]))
          ++i;
        const char *text = std::isnan(values[i]) ? "NaN"
                           : values[i] < 0       ? "-inf"
                                                 : "inf";
        return Error{elementName(f32.shape, i) + " is " + text + ": " +
                     keyword + " needs finite values"};
      });
}

Result<Array> zq::codec::finiteF32(const std::string &keyword,
                                   const Array &array) {
  if (Status valid = checkFloat(keyword, array); !valid)
    return valid.error();
  Array result = widened(array);
  if (Status valid = checkFinite(keyword, result); !valid)
    return valid.error();
  return result;
}

template <typename T>
static Status checkCodesOf(const std::string &keyword, const Array &codes,
                           T count) {
  const T *values = elements<T>(codes);
  return parallelCheck(
      codes.size(), elementGrain, [&](int64_t begin, int64_t end) -> Status {
        bool areCodes = true;
        for (int64_t i = begin; i < end; ++i)
          areCodes &= values[i] < count;
        if (areCodes)
          return {};
        int64_t i = begin;
        while (values[i] < count)
          ++i;
        return Error{elementName(codes.shape, i) + " is code " +
                     std::to_string(values[i]) + ": " + keyword +
                     " has codes below " + std::to_string(count)};
      });
}

Status zq::codec::checkCodes(const std::string &keyword, const Array &codes,
                             int64_t count) {
  if (count >= int64_t(1) << (8 * byteWidth(codes.type)))
    return {};
  switch (byteWidth(codes.type)) {
  case 1:
    return checkCodesOf<uint8_t>(keyword, codes, count);
  case 2:
    return checkCodesOf<uint16_t>(keyword, codes, count);
  default:
    return checkCodesOf<uint32_t>(keyword, codes, count);
  }
}

Status zq::codec::checkSymbols(const std::string &keyword, const Array &symbols,
                               int bits) {
  if (Status valid = checkArray("the input of " + keyword, symbols,
                                ElementType::I8, symbols.shape);
      !valid)
    return valid;
  if (Status valid = checkRows(keyword, symbols.shape); !valid)
    return valid;
  return checkCodes(keyword, symbols, int64_t(1) << bits);
}
