//===- Values.cpp - Tensors of bounded numbers ----------------------------===//
#include "Values.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;
using ::zq::codec::Array;
using ::zq::codec::ElementType;

FailureOr<int64_t> Environment::getIndex(Operation *op, Value value) const {
  const Scalar &index = getScalar(value);
  if (!index.isExact())
    return op->emitError() << "an index of '" << op->getName()
                           << "' depends on how values round";
  return static_cast<int64_t>(index.value);
}

FailureOr<SmallVector<int64_t>>
Environment::getIndices(Operation *op, ArrayRef<OpFoldResult> mixed) const {
  SmallVector<int64_t> indices;
  for (OpFoldResult index : mixed) {
    if (std::optional<int64_t> constant = getConstantIntValue(index)) {
      indices.push_back(*constant);
      continue;
    }
    FailureOr<int64_t> value = getIndex(op, cast<Value>(index));
    if (failed(value))
      return failure();
    indices.push_back(*value);
  }
  return indices;
}

BoundedTensor mlir::zq::reference::makeTensor(ArrayRef<int64_t> shape) {
  BoundedTensor tensor;
  tensor.shape.assign(shape.begin(), shape.end());
  int64_t size = ::zq::codec::numElements(tensor.shape);
  tensor.values.assign(size, 0);
  tensor.errors.assign(size, 0);
  return tensor;
}

Scalar mlir::zq::reference::getElement(const BoundedTensor &tensor,
                                       int64_t index) {
  double value = tensor.values[index], error = tensor.errors[index];
  if (tensor.magnitudes.empty())
    return {value, error};
  return {value, error, tensor.magnitudes[index]};
}

void mlir::zq::reference::setElement(BoundedTensor &tensor, int64_t index,
                                     const Scalar &value) {
  tensor.values[index] = value.value;
  tensor.errors[index] = value.error;
  if (tensor.magnitudes.empty()) {
    if (!value.hasExcess())
      return;
    for (double other : tensor.values)
      tensor.magnitudes.push_back(std::fabs(other));
  }
  tensor.magnitudes[index] = value.magnitude;
}

BoundedTensor mlir::zq::reference::gather(const BoundedTensor &tensor,
                                          ArrayRef<int64_t> shape,
                                          ArrayRef<int64_t> from) {
  auto pick = [&](const std::vector<double> &source) {
    std::vector<double> result;
    if (source.empty())
      return result;
    result.reserve(from.size());
    for (int64_t index : from)
      result.push_back(source[index]);
    return result;
  };
  return {std::vector<int64_t>(shape.begin(), shape.end()), pick(tensor.values),
          pick(tensor.errors), pick(tensor.magnitudes)};
}

SmallVector<int64_t> mlir::zq::reference::getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i > 1; --i)
    strides[i - 2] = strides[i - 1] * shape[i - 1];
  return strides;
}

bool mlir::zq::reference::advancePoint(MutableArrayRef<int64_t> point,
                                       ArrayRef<int64_t> shape) {
  for (size_t i = shape.size(); i-- > 0;) {
    if (++point[i] < shape[i])
      return true;
    point[i] = 0;
  }
  return false;
}

std::string mlir::zq::reference::formatShape(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "a scalar" : text;
}

static double getNumber(const Array &array, int64_t index) {
  switch (array.type) {
  case ElementType::F64:
    return array.get<double>(index);
  case ElementType::I8:
    return array.get<int8_t>(index);
  case ElementType::I16:
    return array.get<int16_t>(index);
  case ElementType::I32:
    return array.get<int32_t>(index);
  case ElementType::I64:
    return static_cast<double>(array.get<int64_t>(index));
  default:
    return array.getFloat(index);
  }
}

BoundedTensor mlir::zq::reference::fromArray(const Array &array) {
  BoundedTensor tensor = makeTensor(array.shape);
  for (int64_t i = 0, n = tensor.size(); i < n; ++i) {
    tensor.values[i] = getNumber(array, i);
    // Beyond 53 bits a double does not hold an integer.
    if (array.type == ElementType::I64 && std::fabs(tensor.values[i]) > 0x1p53)
      tensor.errors[i] = infinity;
  }
  return tensor;
}

FailureOr<Array> mlir::zq::reference::toArray(Operation *op,
                                              const BoundedTensor &tensor,
                                              Type element) {
  std::optional<ElementType> type = toReferenceType(element);
  if (!type)
    return op->emitError() << "'" << op->getName()
                           << "' has no reference for elements of " << element;
  Array array(*type, tensor.shape);
  for (int64_t i = 0, n = tensor.size(); i < n; ++i) {
    if (tensor.errors[i] != 0)
      return op->emitError()
             << "'" << op->getName()
             << "' needs values that are known exactly, but they are computed "
                "with rounding";
    double value = tensor.values[i];
    switch (*type) {
    case ElementType::F64:
      array.set<double>(i, value);
      break;
    case ElementType::I8:
      array.set<int8_t>(i, value);
      break;
    case ElementType::I16:
      array.set<int16_t>(i, value);
      break;
    case ElementType::I32:
      array.set<int32_t>(i, value);
      break;
    case ElementType::I64:
      array.set<int64_t>(i, value);
      break;
    default:
      array.setFloat(i, static_cast<float>(value));
    }
  }
  return array;
}

FailureOr<StoredArray>
mlir::zq::reference::toStored(Operation *op, TensorRef tensor, Type element) {
  bool isExact =
      llvm::all_of(tensor->errors, [](double error) { return error == 0; });
  if (isExact || !element.isF32()) {
    FailureOr<Array> array = toArray(op, *tensor, element);
    if (failed(array))
      return failure();
    return StoredArray{std::move(*array), nullptr};
  }
  Array array(ElementType::F32, tensor->shape);
  for (int64_t i = 0, n = tensor->size(); i < n; ++i)
    array.set(i, static_cast<float>(tensor->values[i]));
  return StoredArray{std::move(array), std::move(tensor)};
}

BoundComparison mlir::zq::compareWithBound(const BoundedTensor &expected,
                                           const Array &actual) {
  assert(expected.shape == actual.shape && "shapes to compare agree");
  BoundComparison result;
  for (int64_t i = 0, n = expected.size(); i < n; ++i) {
    double value = getNumber(actual, i), wanted = expected.values[i];
    double bound = expected.errors[i];
    if (std::isinf(bound)) {
      ++result.unbounded;
      continue;
    }
    bool same = value == wanted || (std::isnan(value) && std::isnan(wanted));
    double difference = same ? 0 : std::fabs(value - wanted);
    if (std::isnan(difference))
      difference = infinity;
    double ratio = difference == 0 ? 0 : difference / bound;
    result.violations += difference > bound;
    if (result.largestAt < 0 || difference > result.largestDifference) {
      result.largestDifference = difference;
      result.largestAt = i;
    }
    if (result.ratioAt < 0 || ratio > result.largestRatio) {
      result.largestRatio = ratio;
      result.ratioAt = i;
    }
  }
  return result;
}
