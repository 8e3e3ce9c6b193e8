//===- FormEncodeKernels.cpp - Encode what is computed --------------------===//
#include "EncodeKernels.h"
#include "RotationKernel.h"
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {
#define GEN_PASS_DEF_FORMENCODEKERNELS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

static MemRefType getBufferType(RankedTensorType type) {
  return MemRefType::get(type.getShape(), type.getElementType());
}

/// `value` rotated, in a loop that becomes a kernel with a thread for each
/// line.
static FailureOr<Value> emitRotate(RewriterBase &b, Location loc, Value value,
                                   StageAttrInterface transform) {
  auto type = cast<RankedTensorType>(value.getType());
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  auto rotate = RotateOp::create(b, loc, type, value, transform, ValueRange(),
                                 /*inverse=*/false, empty);
  SmallVector<OpFoldResult> sizes(type.getRank(), b.getIndexAttr(1));
  sizes[rotate.getAxis()] = b.getIndexAttr(0);
  scf::SCFTilingOptions options;
  options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  options.setTileSizes(sizes);
  auto tiled = scf::tileUsingSCF(
      b, cast<TilingInterface>(rotate.getOperation()), options);
  if (failed(tiled))
    return failure();
  value = tiled->replacements.front();
  b.eraseOp(rotate);
  return value;
}

namespace {
struct FormEncodeKernelsPass
    : mlir::zq::impl::FormEncodeKernelsBase<FormEncodeKernelsPass> {
  using FormEncodeKernelsBase::FormEncodeKernelsBase;

  void runOnOperation() override {
    SmallVector<EncodeOp> ops;
    getOperation().walk([&](EncodeOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (EncodeOp op : ops)
      if (failed(form(rewriter, op)))
        return signalPassFailure();
  }

  LogicalResult form(IRRewriter &b, EncodeOp op);
};
} // namespace

LogicalResult FormEncodeKernelsPass::form(IRRewriter &b, EncodeOp op) {
  Location loc = op.getLoc();
  auto type = cast<CompressedTensorType>(op.getResult().getType());
  std::string why;
  auto encoding = getOnlineEncoding(type, why);
  if (encoding && encoding->rows * encoding->columns == 0)
    why = "it has no elements", encoding = std::nullopt;
  if (encoding && encoding->rows * encoding->columns > (int64_t(1) << 30))
    why = "it has more than 2^30 elements", encoding = std::nullopt;
  if (!encoding)
    return op.emitOpError("cannot encode while a program runs: ") << why;
  auto types = type.getStreamTypes(op);
  if (failed(types))
    return failure();

  b.setInsertionPoint(op);
  Value value = op.getSource();
  for (StageAttrInterface stage : encoding->transforms) {
    auto transform = cast<TransformAttrInterface>(Attribute(stage));
    if (Value rotated = emitRotationKernels(b, loc, value, transform)) {
      value = rotated;
      continue;
    }
    auto rotated = emitRotate(b, loc, value, stage);
    if (failed(rotated))
      return op.emitOpError("cannot rotate line by line");
    value = *rotated;
  }
  EncodeSource source = EncodeSource::of(b, loc, value);
  SmallVector<Value> streams;
  for (Type stream : *types)
    streams.push_back(memref::AllocOp::create(
        b, loc, getBufferType(cast<RankedTensorType>(stream))));

  Value tensorScale;
  if (encoding->tensor) {
    tensorScale = streams.front();
    int64_t blocks = getMaximumBlocks(source.getSize());
    Value maxima = memref::AllocOp::create(
        b, loc, MemRefType::get(blocks, b.getI32Type()));
    int64_t shared = encodeThreads / 32 * 4;
    launchEncodeKernel(b, loc, blocks, shared,
                       [&](KernelBuilder &k, Int thread, Int block) {
                         emitMaximum(k, source, maxima, thread, block);
                       });
    launchEncodeKernel(
        b, loc, 1, shared, [&](KernelBuilder &k, Int thread, Int) {
          emitTensorScale(k, *encoding, maxima, blocks, tensorScale, thread);
        });
  }
  int64_t total = encoding->rows * encoding->getBlocksPerRow();
  launchEncodeKernel(b, loc, llvm::divideCeil(total, encodeThreads), 0,
                     [&](KernelBuilder &k, Int thread, Int block) {
                       emitEncode(k, *encoding, source, tensorScale,
                                  streams[streams.size() - 2], streams.back(),
                                  thread, block);
                     });

  op.emitRemark() << "encoded by " << (tensorScale ? 3 : 1)
                  << (tensorScale ? " kernels" : " kernel")
                  << (source.producer ? ", with what computes the elements"
                                      : "")
                  << (encoding->transforms.empty() ? "" : ", after a rotation");
  SmallVector<Value> tensors;
  for (auto [stream, type] : llvm::zip(streams, *types))
    tensors.push_back(bufferization::ToTensorOp::create(
        b, loc, type, stream, /*restrict=*/true, /*writable=*/true));
  b.replaceOpWithNewOp<AssembleOp>(op, type, tensors);
  if (source.producer)
    b.eraseOp(source.producer.getOp());
  return success();
}
