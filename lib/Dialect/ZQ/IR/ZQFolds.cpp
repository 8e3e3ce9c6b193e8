//===- ZQFolds.cpp - What folds, and only where it is exact ---------------===//
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

OpFoldResult EncodeOp::fold(FoldAdaptor) {
  // Re-encoding what was decoded gives the same streams only where nothing was
  // rounded on the way.
  auto decode = getSource().getDefiningOp<DecodeOp>();
  if (decode && decode.isWhole() &&
      decode.getSource().getType() == getResult().getType() &&
      cast<CompressedTensorType>(getResult().getType()).getCodec().isLossless())
    return decode.getSource();
  return {};
}

OpFoldResult DecodeOp::fold(FoldAdaptor) {
  auto encode = getSource().getDefiningOp<EncodeOp>();
  if (encode && isWhole() &&
      cast<CompressedTensorType>(getSource().getType()).getCodec().isLossless())
    return encode.getSource();
  return {};
}

OpFoldResult AssembleOp::fold(FoldAdaptor) {
  // assemble(disassemble(w)) is w, where all streams come in order.
  if (getStreams().empty())
    return {};
  auto source = getStreams().front().getDefiningOp<DisassembleOp>();
  if (!source || source.getSource().getType() != getResult().getType() ||
      !llvm::equal(getStreams(), source.getStreams()))
    return {};
  return source.getSource();
}

LogicalResult DisassembleOp::fold(FoldAdaptor,
                                  SmallVectorImpl<OpFoldResult> &results) {
  auto source = getSource().getDefiningOp<AssembleOp>();
  if (!source)
    return failure();
  llvm::append_range(results, source.getStreams());
  return success();
}
