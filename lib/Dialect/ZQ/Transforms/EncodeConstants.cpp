//===- EncodeConstants.cpp - Encode constants at compile time -------------===//
#include "ConstantArrays.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"

namespace mlir::zq {
#define GEN_PASS_DEF_ENCODECONSTANTS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;

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
      FailureOr<Array> values = getArray(constant);
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
      op.replaceAllUsesWith(emitCompressed(b, op.getLoc(), type, *streams, op));
      op.erase();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
