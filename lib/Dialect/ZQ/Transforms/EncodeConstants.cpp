//===- EncodeConstants.cpp - Encode constants at compile time -------------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

namespace mlir::zq {
#define GEN_PASS_DEF_ENCODECONSTANTS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;

/// The bytes of a constant, whichever attribute holds them.
static FailureOr<Array> getValues(ElementsAttr attr) {
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

namespace {
struct EncodeConstantsPass
    : mlir::zq::impl::EncodeConstantsBase<EncodeConstantsPass> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](EncodeOp op) {
      ElementsAttr constant;
      if (!matchPattern(op.getSource(), m_Constant(&constant)))
        return WalkResult::advance();
      auto type = cast<CompressedTensorType>(op.getResult().getType());
      auto codec = type.getCodec().getReference(type.getElementType());
      if (!codec) {
        op.emitOpError("cannot encode: the codec's decoder ")
            << type.getCodec().getDecoderSymbol() << " has no encoder";
        return WalkResult::interrupt();
      }
      FailureOr<Array> values = getValues(constant);
      if (failed(values)) {
        op.emitOpError("cannot read the constant it encodes");
        return WalkResult::interrupt();
      }
      auto streams = codec->encode(*values);
      if (!streams) {
        op.emitOpError("cannot encode: ") << streams.message();
        return WalkResult::interrupt();
      }
      OpBuilder b(op);
      SmallVector<Value> constants;
      for (const auto &stream : *streams) {
        auto streamType = RankedTensorType::get(
            stream.array.shape,
            fromReferenceType(op.getContext(), stream.array.type));
        constants.push_back(arith::ConstantOp::create(
            b, op.getLoc(),
            DenseElementsAttr::getFromRawBuffer(
                streamType, ArrayRef(reinterpret_cast<const char *>(
                                         stream.array.bytes.data()),
                                     stream.array.bytes.size()))));
      }
      // Sizes that depend on the data are dynamic in the streams' types.
      auto types = *type.getStreamTypes(op);
      for (auto [value, wanted] : llvm::zip(constants, types))
        if (value.getType() != wanted)
          value = tensor::CastOp::create(b, op.getLoc(), wanted, value);
      op.replaceAllUsesWith(
          AssembleOp::create(b, op.getLoc(), type, constants).getResult());
      op.erase();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
