//===- ConstantArrays.cpp - Constants as reference arrays, and back -------===//
#include "ConstantArrays.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;

FailureOr<Array> mlir::zq::getArray(ElementsAttr attr) {
  auto element = toReferenceType(attr.getElementType());
  if (!element)
    return failure();
  ArrayRef<int64_t> shape = attr.getShapedType().getShape();
  Array array(*element, std::vector<int64_t>(shape.begin(), shape.end()));
  ArrayRef<char> raw;
  bool splat = false;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    raw = dense.getRawData();
    splat = dense.isSplat();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return failure();
    raw = blob->getData();
  } else {
    return failure();
  }
  size_t width = ::zq::codec::byteWidth(*element);
  if (splat && raw.size() == width) {
    for (size_t i = 0; i < array.bytes.size(); i += width)
      memcpy(array.bytes.data() + i, raw.data(), width);
  } else if (raw.size() == array.bytes.size()) {
    memcpy(array.bytes.data(), raw.data(), raw.size());
  } else {
    return failure();
  }
  return array;
}

Value mlir::zq::emitCompressed(OpBuilder &b, Location loc,
                               CompressedTensorType type,
                               const std::vector<::zq::codec::Stream> &streams,
                               Operation *scope) {
  SmallVector<Value> constants;
  for (const auto &stream : streams) {
    auto streamType = RankedTensorType::get(
        stream.array.shape,
        fromReferenceType(b.getContext(), stream.array.type));
    ArrayRef bytes(reinterpret_cast<const char *>(stream.array.bytes.data()),
                   stream.array.bytes.size());
    constants.push_back(arith::ConstantOp::create(
        b, loc, DenseElementsAttr::getFromRawBuffer(streamType, bytes)));
  }
  // Sizes that depend on the data are dynamic in the streams' types.
  auto types = *type.getStreamTypes(scope);
  for (auto [value, wanted] : llvm::zip(constants, types))
    if (value.getType() != wanted)
      value = tensor::CastOp::create(b, loc, wanted, value);
  return AssembleOp::create(b, loc, type, constants).getResult();
}
