//===- Patterns.cpp - Values that rewrites are tried with -----------------===//
#include "Patterns.h"

#include "llvm/Support/ErrorHandling.h"

using namespace mlir::zq::verification;
using ::zq::codec::Array;
using ::zq::codec::ElementType;

const char *mlir::zq::verification::getName(ValuePattern pattern) {
  switch (pattern) {
  case ValuePattern::Gaussian:
    return "Gaussian";
  case ValuePattern::Cancelling:
    return "cancelling";
  case ValuePattern::OneHot:
    return "one-hot";
  case ValuePattern::Zeros:
    return "zero";
  }
  llvm_unreachable("unknown pattern");
}

bool mlir::zq::verification::isFloat(ElementType type) {
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

static void setNumber(Array &array, int64_t index, float value) {
  switch (array.type) {
  case ElementType::I8:
    return array.set<int8_t>(index, value);
  case ElementType::I16:
    return array.set<int16_t>(index, value);
  case ElementType::I32:
    return array.set<int32_t>(index, value);
  case ElementType::I64:
    return array.set<int64_t>(index, value);
  default:
    return array.setFloat(index, value);
  }
}

Array mlir::zq::verification::makeArray(ElementType type,
                                        const std::vector<int64_t> &shape,
                                        ValuePattern pattern, Random &random,
                                        float magnitude) {
  Array array(type, shape);
  std::normal_distribution<float> normal(0, magnitude);
  int64_t size = array.size(), hot = size ? int64_t(random() % size) : 0;
  float last = 0;
  for (int64_t i = 0; i < size; ++i) {
    float value = isFloat(type) ? normal(random) : float(random() % 16) - 8;
    switch (pattern) {
    case ValuePattern::Gaussian:
      break;
    case ValuePattern::Cancelling:
      if (isFloat(type))
        value = i % 2 ? -last * (1 + std::ldexp(value / magnitude, -12))
                      : value * 1000;
      break;
    case ValuePattern::OneHot:
      value = i == hot ? value : 0;
      break;
    case ValuePattern::Zeros:
      value = 0;
      break;
    }
    setNumber(array, i, value);
    last = value;
  }
  return array;
}

void mlir::zq::verification::fillWithBits(Array &array, Random &random) {
  for (uint8_t &byte : array.bytes)
    byte = random();
}
