//===- Array.cpp - A dense array of one element type ----------------------===//

#include "zq/Codec/Array.h"
#include "Elements.h"
#include "zq/Codec/Minifloat.h"

#include <cassert>

using namespace zq::codec;

int64_t zq::codec::byteWidth(ElementType type) {
  switch (type) {
  case ElementType::F64:
  case ElementType::I64:
    return 8;
  case ElementType::F32:
  case ElementType::I32:
    return 4;
  case ElementType::F16:
  case ElementType::BF16:
  case ElementType::I16:
    return 2;
  case ElementType::F8E4M3FN:
  case ElementType::F8E5M2:
  case ElementType::F8E8M0FNU:
  case ElementType::I8:
    return 1;
  }
  assert(false && "not an element type");
  return 0;
}

const char *zq::codec::name(ElementType type) {
  switch (type) {
  case ElementType::F64:
    return "f64";
  case ElementType::F32:
    return "f32";
  case ElementType::F16:
    return "f16";
  case ElementType::BF16:
    return "bf16";
  case ElementType::F8E4M3FN:
    return "f8E4M3FN";
  case ElementType::F8E5M2:
    return "f8E5M2";
  case ElementType::F8E8M0FNU:
    return "f8E8M0FNU";
  case ElementType::I8:
    return "i8";
  case ElementType::I16:
    return "i16";
  case ElementType::I32:
    return "i32";
  case ElementType::I64:
    return "i64";
  }
  assert(false && "not an element type");
  return "";
}

int64_t zq::codec::numElements(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

Array::Array(ElementType type, std::vector<int64_t> shape)
    : type(type), shape(std::move(shape)) {
  resizeLarge(bytes, size() * byteWidth(this->type));
}

float Array::getFloat(int64_t index) const {
  switch (type) {
  case ElementType::F64:
    return static_cast<float>(get<double>(index));
  case ElementType::F32:
    return get<float>(index);
  case ElementType::F16:
    return decodeFloat(Half, get<uint16_t>(index));
  case ElementType::BF16:
    return decodeFloat(BFloat, get<uint16_t>(index));
  case ElementType::F8E4M3FN:
    return decodeMinifloat(E4M3FN, get<uint8_t>(index));
  case ElementType::F8E5M2:
    return decodeMinifloat(E5M2, get<uint8_t>(index));
  case ElementType::F8E8M0FNU:
    return decodeMinifloat(E8M0, get<uint8_t>(index));
  default:
    assert(false && "not a floating-point array");
    return 0;
  }
}

void Array::setFloat(int64_t index, float value) {
  switch (type) {
  case ElementType::F64:
    return set<double>(index, value);
  case ElementType::F32:
    return set<float>(index, value);
  case ElementType::F16:
    return set(index, encodeFloat(Half, value, /*saturate=*/false));
  case ElementType::BF16:
    return set(index, encodeFloat(BFloat, value, /*saturate=*/false));
  case ElementType::F8E4M3FN:
    return set(index, encodeMinifloat(E4M3FN, value));
  case ElementType::F8E5M2:
    return set(index, encodeMinifloat(E5M2, value));
  case ElementType::F8E8M0FNU:
    return set(index, encodeMinifloat(E8M0, value));
  default:
    assert(false && "not a floating-point array");
  }
}

ElementType zq::codec::codeType(int bits) {
  assert(1 <= bits && bits <= 32 && "codes have 1 to 32 bits");
  return bits <= 8    ? ElementType::I8
         : bits <= 16 ? ElementType::I16
                      : ElementType::I32;
}

uint32_t zq::codec::getCode(const Array &codes, int64_t index) {
  switch (byteWidth(codes.type)) {
  case 1:
    return codes.get<uint8_t>(index);
  case 2:
    return codes.get<uint16_t>(index);
  default:
    return codes.get<uint32_t>(index);
  }
}

void zq::codec::setCode(Array &codes, int64_t index, uint32_t code) {
  switch (byteWidth(codes.type)) {
  case 1:
    return codes.set(index, static_cast<uint8_t>(code));
  case 2:
    return codes.set(index, static_cast<uint16_t>(code));
  default:
    return codes.set(index, code);
  }
}
