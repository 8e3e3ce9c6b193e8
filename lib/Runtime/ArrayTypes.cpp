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
