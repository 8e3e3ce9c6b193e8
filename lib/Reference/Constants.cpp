//===- Constants.cpp - Constants, dense ones and resources ----------------===//
#include "Interpreter.h"
#include "ScalarRules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;
using ::zq::codec::Array;

/// Elements that a reference array holds, as their raw bytes.
static FailureOr<BoundedTensor> fromBytes(ShapedType type,
                                          ArrayRef<char> bytes) {
  auto element = toReferenceType(type.getElementType());
  if (!element)
    return failure();
  Array array(*element, std::vector<int64_t>(type.getShape().begin(),
                                             type.getShape().end()));
  if (bytes.size() != array.bytes.size())
    return failure();
  memcpy(array.bytes.data(), bytes.data(), bytes.size());
  return fromArray(array);
}

static FailureOr<BoundedTensor> fromAttr(ElementsAttr attr) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return failure();
    return fromBytes(resource.getType(), blob->getData());
  }
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense)
    return failure();
  if (!dense.isSplat()) {
    auto fast = fromBytes(dense.getType(), dense.getRawData());
    if (succeeded(fast))
      return fast;
  }
  BoundedTensor tensor = makeTensor(dense.getType().getShape());
  if (tensor.size() == 0)
    return tensor;
  if (dense.isSplat()) {
    Scalar value = getConstant(dense.getSplatValue<Attribute>());
    llvm::fill(tensor.values, value.value);
    return tensor;
  }
  for (auto [i, element] : llvm::enumerate(dense.getValues<Attribute>()))
    tensor.values[i] = getConstant(element).value;
  return tensor;
}

FailureOr<bool> mlir::zq::reference::runConstant(Operation *op,
                                                 Environment &environment) {
  auto constant = dyn_cast<arith::ConstantOp>(op);
  if (!constant)
    return false;
  if (isa<FloatAttr, IntegerAttr>(constant.getValue())) {
    environment.bind(constant.getResult(), getConstant(constant.getValue()));
    return true;
  }
  auto attr = dyn_cast<ElementsAttr>(constant.getValue());
  FailureOr<BoundedTensor> tensor =
      attr && isa<RankedTensorType>(constant.getType())
          ? fromAttr(attr)
          : FailureOr<BoundedTensor>(failure());
  if (failed(tensor))
    return op->emitError() << "the reference evaluator cannot read this "
                              "constant, of type "
                           << constant.getType();
  environment.bind(constant.getResult(), std::move(*tensor));
  return true;
}
