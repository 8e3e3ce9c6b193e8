//===- ArrayTypes.cpp - Arrays and the tensor types they stand for --------===//
#include "zq/Runtime/ArrayTypes.h"

#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Status;

std::string mlir::zq::describe(const Array &array) {
  std::string text = "tensor<";
  for (int64_t size : array.shape)
    text += std::to_string(size) + "x";
  return text + ::zq::codec::name(array.type) + ">";
}

Status mlir::zq::checkArray(const Array &array, RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  bool same = toReferenceType(type.getElementType()) == array.type &&
              shape.size() == array.shape.size();
  for (size_t i = 0; same && i < shape.size(); ++i)
    same = ShapedType::isDynamic(shape[i]) || shape[i] == array.shape[i];
  if (same)
    return {};
  std::string message;
  llvm::raw_string_ostream(message)
      << "expected " << type << ", got " << describe(array);
  return Error{message};
}

Status mlir::zq::checkArrays(ArrayRef<const Array *> arrays,
                             ArrayRef<RankedTensorType> types) {
  if (arrays.size() != types.size())
    return Error{"the function takes " + std::to_string(types.size()) +
                 " arrays, got " + std::to_string(arrays.size())};
  for (auto [i, array] : llvm::enumerate(arrays))
    if (Status fits = checkArray(*array, types[i]); !fits)
      return Error{"array " + std::to_string(i) + ": " + fits.message()};
  return {};
}

Array mlir::zq::makeArray(RankedTensorType type) {
  return Array(*toReferenceType(type.getElementType()), type.getShape().vec());
}

void mlir::zq::appendDescriptor(std::vector<int64_t> &words, const void *memory,
                                ArrayRef<int64_t> shape) {
  int64_t pointer = reinterpret_cast<intptr_t>(memory);
  words.insert(words.end(), {pointer, pointer, 0});
  words.insert(words.end(), shape.begin(), shape.end());
  size_t strides = words.size();
  words.resize(strides + shape.size(), 1);
  for (size_t dim = shape.size(); dim-- > 1;)
    words[strides + dim - 1] = words[strides + dim] * shape[dim];
}

FailureOr<SmallVector<RankedTensorType>>
mlir::zq::getStoredTypes(Type type, Operation *scope) {
  SmallVector<RankedTensorType> stored;
  if (auto compressed = dyn_cast<CompressedTensorType>(type)) {
    FailureOr<SmallVector<Type>> streams = compressed.getStreamTypes(scope);
    if (failed(streams))
      return failure();
    for (Type stream : *streams)
      stored.push_back(cast<RankedTensorType>(stream));
    return stored;
  }
  auto dense = dyn_cast<RankedTensorType>(type);
  if (!dense)
    return failure();
  stored.push_back(dense);
  return stored;
}
