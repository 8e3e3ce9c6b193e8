//===- BufferizeTiles.cpp - Products in tiles, on buffers -----------------===//
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Dialect/ZQ/Transforms/Bufferization.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::bufferization;

namespace {
/// What the op yields is its destination, which it reads and writes.
struct BufferizeMultiplyTiles
    : DstBufferizableOpInterfaceExternalModel<BufferizeMultiplyTiles,
                                              MultiplyTilesOp> {
  LogicalResult bufferize(Operation *operation, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto op = cast<MultiplyTilesOp>(operation);
    if (!op.hasPureTensorSemantics())
      return success();
    SmallVector<Value> buffers;
    for (Value tensor :
         {op.getLhs(), op.getRhs(), op.getInit(), op.getAhead()}) {
      if (!tensor) {
        buffers.push_back(tensor);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, tensor, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    MultiplyTilesOp::create(rewriter, op.getLoc(), TypeRange(), buffers[0],
                            buffers[1], op.getFresh(), buffers[3], buffers[2]);
    replaceOpWithBufferizedValues(rewriter, op, buffers[2]);
    return success();
  }
};
} // namespace

void mlir::zq::registerBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ZQDialect *) {
    MultiplyTilesOp::attachInterface<BufferizeMultiplyTiles>(*context);
  });
}
